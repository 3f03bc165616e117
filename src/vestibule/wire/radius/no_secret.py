"""RADIUS/1.1 (RFC 9765): the same packets without a shared secret, without MD5. TLS protects and proves.

The header has a Token where the authenticator began, and zeros for the rest and for the identifier. What was
hidden is plain, and a Message-Authenticator says nothing.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from vestibule.wire.radius.message import Attribute, Message, encode_attributes, header
from vestibule.wire.radius.numbers import ACCOUNTING_REQUEST
from vestibule.wire.radius.secret import HiddenPassword, SharedSecret

_TOKEN: Final = 4
_REST: Final = bytes(12)
_LONGEST_PASSWORD: Final = 128


class NoSecret(SharedSecret):
    """Stands in the place of a shared secret on connections of RADIUS/1.1."""

    __slots__ = ()

    signs = False

    def __init__(self) -> None:
        # Not one of the prepared states of a secret is ever used.
        super().__init__(b"none")

    def reveal(self, hidden: bytes, authenticator: bytes) -> bytes | HiddenPassword:
        """The password as it stands there (RFC 9765 §5.1.1); a NUL is refused as over UDP."""
        if len(hidden) > _LONGEST_PASSWORD:
            return HiddenPassword.LENGTH
        return HiddenPassword.EMBEDDED_NUL if b"\0" in hidden else hidden

    def hide(self, password: bytes, authenticator: bytes) -> bytes:
        """The password as it is. Raises ValueError above 128 octets or with a NUL inside."""
        if len(password) > _LONGEST_PASSWORD or b"\0" in password:
            raise ValueError("a password has at most 128 octets and no NUL")
        return password

    def has_signed(self, message: Message, authenticator: bytes | None = None) -> bool:
        """TLS has; what stands in a Message-Authenticator is passed over (RFC 9765 §5.2)."""
        return True

    def has_answered(self, reply: Message, authenticator: bytes) -> bool:
        """Whether a reply has the Token of its request."""
        return token_of(reply) == authenticator[:_TOKEN]

    def encode_request(
        self, code: int, identifier: int, authenticator: bytes, attributes: Iterable[Attribute]
    ) -> bytes:
        """A request whose Token is `identifier`; there is no authenticator."""
        body = encode_attributes(attributes)
        return header(code, 0, len(body)) + identifier.to_bytes(_TOKEN, "big") + _REST + body

    def encode_accounting(self, identifier: int, attributes: Iterable[Attribute]) -> bytes:
        """The same for an Accounting-Request."""
        return self.encode_request(ACCOUNTING_REQUEST, identifier, _REST, attributes)

    def has_accounted(self, message: Message) -> bool:
        """TLS has proven who sends it."""
        return True

    def encode_unsigned_reply(self, code: int, request: Message, attributes: Sequence[Attribute]) -> bytes:
        """A reply: the Token of its request, and the attributes."""
        body = encode_attributes(attributes)
        return header(code, 0, len(body)) + token_of(request) + _REST + body

    def encode_reply(self, code: int, request: Message, attributes: Sequence[Attribute]) -> bytes:
        """The same; nothing is signed (RFC 9765 §5.2)."""
        return self.encode_unsigned_reply(code, request, attributes)


def token_of(message: Message) -> bytes:
    """What tells a packet of RADIUS/1.1 from all others of its connection (RFC 9765 §4.2)."""
    return message.authenticator[:_TOKEN]
