"""A device that speaks EAP-TTLS/PAP octet by octet, so that a test can send any of them again, or others."""

from __future__ import annotations

import ssl

from vestibule.wire.eap.avps import write_avp
from vestibule.wire.eap.fragments import Incomplete, Reassembly, fragmented, read_fragment
from vestibule.wire.eap.packet import IDENTITY, TTLS


class EapDevice:
    """Trusts any server; what it says inside is `inside`."""

    def __init__(self, inside: bytes, identity: str = "anonymous") -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        self._received, self._sent = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._received, self._sent)
        self._inside = inside
        self._reassembly = Reassembly()
        self.first = _response(1, IDENTITY, identity.encode())

    def answer(self, request: bytes) -> bytes:
        """Return the response to a request of the method."""
        identifier, data = request[1], request[5:]
        if data[0] & 0x20:
            return self._flight(identifier)
        fragment = read_fragment(data)
        assert fragment is not None
        flight = self._reassembly.add(fragment)
        if isinstance(flight, Incomplete):
            return _response(identifier, TTLS, b"\0")
        self._received.write(flight)
        return self._flight(identifier)

    def _flight(self, identifier: int) -> bytes:
        try:
            self._tls.do_handshake()
            self._tls.write(self._inside)
        except ssl.SSLWantReadError:
            pass
        (packet,) = fragmented(self._sent.read(), 2000)
        return _response(identifier, TTLS, packet)


def name_and_password(name: str, password: str) -> bytes:
    return write_avp(1, name.encode()) + write_avp(2, password.encode())


def _response(identifier: int, eap_type: int, data: bytes) -> bytes:
    return bytes((2, identifier)) + (5 + len(data)).to_bytes(2, "big") + bytes((eap_type,)) + data
