"""TLS without a socket: records in, records out, and the keys that come of it.

Sessions are neither kept nor put into tickets, so whoever comes back proves everything anew (RA-18).
"""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import load_pem_x509_certificates
from OpenSSL import SSL

from vestibule.crypto.certificates import KeyPair
from vestibule.wire.eap.packet import PEAP, TTLS

KEY_OCTETS: Final = 64
"""Of the master session key (RFC 3748 §7.10)."""

_MOST_AT_ONCE: Final = 65_536
# RFC 5281 §8 and [MS-PEAP] 3.1.5.5.2.2, up to TLS 1.2.
_LABELS: Final = {TTLS: b"ttls keying material", PEAP: b"client EAP encryption"}
# RFC 9427 §2.1, from TLS 1.3 on: the length is part of what is derived.
_LABEL_13: Final = b"EXPORTER_EAP_TLS_Key_Material"
_OCTETS_13: Final = 128


class TunnelBroken(Exception):
    """The peer and this side do not come, or stay, together; the text says why in TLS's own words."""


def open_context(own: KeyPair) -> SSL.Context:
    """Return the server's side of TLS 1.2 and 1.3; raises ValueError or SSL.Error for what cannot be read."""
    certificate, *chain = load_pem_x509_certificates(own.certificate)
    key = load_pem_private_key(own.key.reveal(), None)
    assert isinstance(key, (ec.EllipticCurvePrivateKey, rsa.RSAPrivateKey))  # no other kinds sign for servers
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.set_cipher_list(b"ECDHE+AESGCM:ECDHE+CHACHA20")
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_options(SSL.OP_NO_TICKET | SSL.OP_NO_RENEGOTIATION | SSL.OP_NO_COMPRESSION)
    context.set_mode(SSL.MODE_RELEASE_BUFFERS)
    context.use_certificate(certificate)
    for each in chain:
        context.add_extra_chain_cert(each)
    context.use_privatekey(key)
    return context


class Tunnel:
    """One connection, from our side."""

    def __init__(self, context: SSL.Context) -> None:
        self._connection = SSL.Connection(context, None)
        self._connection.set_accept_state()
        self.is_open = False

    def receive(self, records: bytes) -> bytes:
        """Take records of the peer and return what they say inside; raises `TunnelBroken`."""
        try:
            if records:
                self._connection.bio_write(records)
            if not self.is_open:
                self._connection.do_handshake()
                self.is_open = True
            return self._said()
        except SSL.WantReadError:
            return b""
        except SSL.ZeroReturnError:
            raise TunnelBroken("closed by the peer") from None
        except SSL.Error as problem:
            raise TunnelBroken(_words(problem)) from None

    def send(self, octets: bytes) -> None:
        """Say something inside; it is among the next `records`."""
        if octets:
            self._connection.sendall(octets)

    def records(self) -> bytes:
        """Return what is to be sent to the peer."""
        records = b""
        while True:
            try:
                records += self._connection.bio_read(_MOST_AT_ONCE)
            except SSL.WantReadError:
                return records

    def key(self, eap_type: int) -> bytes:
        """Return the master session key of an open tunnel that carries this EAP type."""
        if self._connection.get_protocol_version() >= SSL.TLS1_3_VERSION:
            context = bytes((eap_type,))
            return self._connection.export_keying_material(_LABEL_13, _OCTETS_13, context)[:KEY_OCTETS]
        return self._connection.export_keying_material(_LABELS[eap_type], KEY_OCTETS)

    def _said(self) -> bytes:
        said = b""
        while True:
            try:
                said += self._connection.recv(_MOST_AT_ONCE)
            except SSL.WantReadError:
                return said


def _words(problem: SSL.Error) -> str:
    """OpenSSL's reason, the last of what it tells: `tlsv1 alert unknown ca`."""
    told = problem.args[0] if problem.args else ()
    return str(told[-1][-1]) if isinstance(told, list) and told else "connection broken off"
