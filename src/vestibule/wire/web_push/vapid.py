"""VAPID (RFC 8292): a key that push services know us by, and the header that it signs.

The key is the identity: browsers subscribe to its public half, and whoever has the private one can send to
all of them. It is written only by `octets`, to be sealed, and never part of a representation.
"""

import json
import re
from collections.abc import Mapping
from typing import Final, Self

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from vestibule.wire.web_push.base64url import encode_base64url

LEAST_CHANCE: Final = 40
"""Octets of chance that a key is made of: 64 bits more than it has (FIPS 186-5 §A.2.1)."""
_KEY_OCTETS: Final = 32
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_SUBJECT: Final = re.compile(r"mailto:[!-~]+@[!-~]+|https://[!-~]+")
_HEADER: Final = {"typ": "JWT", "alg": "ES256"}


class VapidKey:
    """A private key on P-256. `public` is what a browser subscribes with: the point, in Base64url."""

    __slots__ = ("_key", "octets", "public")

    def __init__(self, octets: bytes) -> None:
        """Read what `octets` of another was; raises ValueError."""
        number = int.from_bytes(octets, "big")
        if len(octets) != _KEY_OCTETS or not 0 < number < _ORDER:
            raise ValueError("not a private key on P-256")
        self.octets = octets
        self._key = ec.derive_private_key(number, ec.SECP256R1())
        self.public = encode_base64url(
            self._key.public_key().public_bytes(
                serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
            )
        )

    @classmethod
    def make(cls, chance: bytes) -> Self:
        """Make a key of octets drawn by chance; raises ValueError for fewer than LEAST_CHANCE."""
        if len(chance) < LEAST_CHANCE:
            raise ValueError("too little chance for a key")
        number = int.from_bytes(chance, "big") % (_ORDER - 1) + 1
        return cls(number.to_bytes(_KEY_OCTETS, "big"))

    def authorization(self, origin: str, expires_at: int, subject: str) -> str:
        """Return the value of `Authorization` for the push service at `origin` (RFC 8292 §2, §3).

        `expires_at` are epoch milliseconds, at most 24 hours ahead. `subject` is how the service's people
        reach ours; raises ValueError unless it is a `mailto:` or `https:` URI.
        """
        if not _SUBJECT.fullmatch(subject):
            raise ValueError("subject: neither a mailto: nor an https: URI")
        claims = {"aud": origin, "exp": expires_at // 1000, "sub": subject}
        signed = f"{_part(_HEADER)}.{_part(claims)}"
        numbers = decode_dss_signature(self._key.sign(signed.encode("ascii"), ec.ECDSA(hashes.SHA256())))
        # RFC 7518 §3.4: both numbers in 32 octets each, not the structure that TLS uses.
        signature = b"".join(number.to_bytes(_KEY_OCTETS, "big") for number in numbers)
        return f"vapid t={signed}.{encode_base64url(signature)}, k={self.public}"


def _part(claims: Mapping[str, object]) -> str:
    return encode_base64url(json.dumps(claims, separators=(",", ":")).encode("ascii"))
