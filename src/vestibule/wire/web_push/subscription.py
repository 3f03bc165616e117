"""A subscription: where a browser is reached, and the keys that only it can read with (RFC 8291).

A browser hands it to us, so it is hostile until proven otherwise; what is no subscription by the letter never
becomes a `Subscription`. Its endpoint is a capability and `auth` a secret: neither is in a representation or
in an error. Whether a host may be asked at all is not decided here.
"""

import hmac
import re
from typing import Final, Self

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from vestibule.wire.web_push.base64url import decode_base64url
from vestibule.wire.web_push.content_encoding import encode_aes128gcm

LONGEST_ENDPOINT: Final = 2048
POINT_OCTETS: Final = 65
AUTH_OCTETS: Final = 16
LONGEST_PAYLOAD: Final = 3993
"""RFC 8291 §4: a push service need not take more than 4096 octets, of which header and record need 103."""

_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST: Final = re.compile(rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*")
_PORT: Final = re.compile(r"[1-9][0-9]{0,4}")
_TARGET: Final = re.compile(r"/[A-Za-z0-9\-._~!$&'()*+,;=:@/?%]*")


class Endpoint:
    """Where a browser's messages go. `port` is a number in any case, `target` is path and query."""

    __slots__ = ("endpoint", "host", "origin", "port", "target")

    def __init__(self, endpoint: str) -> None:
        """Raises ValueError saying what is wrong with it."""
        self.host, self.port, self.target = _read_endpoint(endpoint)
        self.origin = f"https://{self.host}" + (f":{self.port}" if self.port != 443 else "")
        self.endpoint = endpoint


class Subscription(Endpoint):
    """One browser on one device."""

    __slots__ = ("_key", "auth", "p256dh")

    def __init__(self, endpoint: str, p256dh: bytes, auth: bytes) -> None:
        """Raises ValueError saying which field is wrong, and why."""
        super().__init__(endpoint)
        self._key = _read_point(p256dh)
        if len(auth) != AUTH_OCTETS:
            raise ValueError("auth: not 16 octets long")
        self.p256dh = p256dh
        self.auth = auth

    @classmethod
    def read(cls, endpoint: str, p256dh: str, auth: str) -> Self:
        """Make one of the texts in a browser's `PushSubscription`; raises ValueError as the class does."""
        return cls(endpoint, _decode("p256dh", p256dh), _decode("auth", auth))

    def encrypt(
        self, payload: bytes, sender: ec.EllipticCurvePrivateKey, salt: bytes, padded_to: int = 1
    ) -> bytes:
        """Return the body of a message, one record that only this browser can read (RFC 8291 §3, §4).

        `sender` is a key on P-256 made for this message alone, `salt` 16 octets likewise. The payload is
        padded to a multiple of `padded_to` as far as there is room. Raises ValueError if it is too long.
        """
        room = LONGEST_PAYLOAD - len(payload)
        if room < 0:
            raise ValueError("payload: longer than 3993 octets")
        public = sender.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        secret = hmac.digest(self.auth, sender.exchange(ec.ECDH(), self._key), "sha256")
        keying_material = hmac.digest(secret, b"WebPush: info\0" + self.p256dh + public + b"\x01", "sha256")
        padding = min(-len(payload) % padded_to, room)
        return encode_aes128gcm([(payload, padding)], keying_material, salt, key_id=public)


def _read_endpoint(endpoint: str) -> tuple[str, int, str]:
    """Return host, port and target. Browsers serialize URLs; what is written otherwise is not from one."""
    if len(endpoint) > LONGEST_ENDPOINT:
        raise ValueError("endpoint: longer than 2048 characters")
    if not endpoint.startswith("https://"):
        raise ValueError("endpoint: not https")
    if "#" in endpoint:
        raise ValueError("endpoint: has a fragment")
    authority, target = re.split(r"(?=[/?\\])|$", endpoint.removeprefix("https://"), maxsplit=1)
    if "@" in authority:
        raise ValueError("endpoint: has user information")
    host, colon, port = authority.partition(":")
    if not _HOST.fullmatch(host):
        raise ValueError("endpoint: the host is not a name")
    if colon and not (_PORT.fullmatch(port) and int(port) < 65536):
        raise ValueError("endpoint: the port is not a number from 1 to 65535")
    if not _TARGET.fullmatch(target):
        raise ValueError("endpoint: the path is missing or has characters that no URL has")
    return host, int(port or 443), target


def _read_point(p256dh: bytes) -> ec.EllipticCurvePublicKey:
    if len(p256dh) != POINT_OCTETS or p256dh[0] != 4:
        raise ValueError("p256dh: not an uncompressed point of 65 octets")
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), p256dh)
    except ValueError:
        raise ValueError("p256dh: not on the curve P-256") from None


def _decode(field: str, text: str) -> bytes:
    try:
        return decode_base64url(text)
    except ValueError as problem:
        raise ValueError(f"{field}: {problem}") from None
