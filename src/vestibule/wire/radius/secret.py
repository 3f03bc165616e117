"""What a shared secret does to a packet: hide and reveal passwords, sign and verify.

A SharedSecret never shows itself. The MD5 states that start with the secret are prepared once, so that a
request costs a few short digests. All comparisons of signatures take constant time. What is verified here
says "the sender holds the secret"; whether the sender had to prove it is the front end's rule.
"""

from collections.abc import Iterable, Sequence
from enum import Enum
from hmac import compare_digest
from typing import ClassVar, Final

from vestibule.wire.radius.digest import md5
from vestibule.wire.radius.message import Attribute, Message, encode_attributes, header
from vestibule.wire.radius.numbers import ACCOUNTING_REQUEST

_BLOCK: Final = 64
_UNSIGNED: Final = b"\x50\x12" + bytes(16)
_SIGNATURE_IN_BODY: Final = 2


class HiddenPassword(Enum):
    """Why a User-Password gives no password."""

    LENGTH = "not 16 to 128 octets in steps of 16"
    EMBEDDED_NUL = "a NUL octet inside the password"


class SharedSecret:
    """One shared secret of one client. Equal only to itself; masked wherever it is shown."""

    __slots__ = ("_hiding", "_inner", "_octets", "_outer")

    signs: ClassVar[bool] = True
    """Whether packets are signed and parts of them hidden at all."""

    def __init__(self, octets: bytes) -> None:
        if not octets:
            raise ValueError("a shared secret cannot be empty (RFC 2865 §3)")
        key = md5(octets).digest() if len(octets) > _BLOCK else octets
        key = key.ljust(_BLOCK, b"\0")
        self._octets = octets
        self._hiding = md5(octets)
        # HMAC is hash(outer + hash(inner + message)); both prefixes are one block and known now (RFC 2104
        # §4).
        self._inner = md5(bytes(octet ^ 0x36 for octet in key))
        self._outer = md5(bytes(octet ^ 0x5C for octet in key))

    def __repr__(self) -> str:
        return "SharedSecret(***)"

    def __reduce__(self) -> str:
        raise TypeError("a shared secret is not copied out of the process")

    def hide(self, password: bytes, authenticator: bytes) -> bytes:
        """User-Password as it travels (RFC 2865 §5.2). Raises ValueError above 128 octets or with a NUL
        inside.
        """
        if len(password) > 128 or b"\0" in password:
            raise ValueError("a password has at most 128 octets and no NUL")
        return self.mask(password.ljust(max(16, -len(password) % 16 + len(password)), b"\0"), authenticator)

    def reveal(self, hidden: bytes, authenticator: bytes) -> bytes | HiddenPassword:
        """The password out of User-Password (RFC 2865 §5.2); b"" if it was empty.

        Only padding at the end is cut. A NUL before the end is refused, because cutting there would let a
        longer input pass as a shorter password.
        """
        size = len(hidden)
        if size == 16:
            plain = _xor(hidden, self._keystream(authenticator))
        elif size % 16 or not 16 <= size <= 128:
            return HiddenPassword.LENGTH
        else:
            plain = self.unmask(hidden, authenticator)
        password = plain.rstrip(b"\0")
        return HiddenPassword.EMBEDDED_NUL if b"\0" in password else password

    def mask(self, padded: bytes, seed: bytes) -> bytes:
        """Octets in steps of 16 as they travel: the first 16 under `seed`, each next under the 16 before."""
        hidden = b""
        previous = seed
        for start in range(0, len(padded), 16):
            previous = _xor(padded[start : start + 16], self._keystream(previous))
            hidden += previous
        return hidden

    def unmask(self, hidden: bytes, seed: bytes) -> bytes:
        """What `mask` has made of `hidden`, padding and all."""
        keys = [self._keystream(seed)]
        keys += [self._keystream(hidden[start : start + 16]) for start in range(0, len(hidden) - 16, 16)]
        return _xor(hidden, b"".join(keys))

    def has_signed(self, message: Message, authenticator: bytes | None = None) -> bool:
        """Whether Message-Authenticator is present and made with this secret (RFC 3579 §3.2).

        For a reply, `authenticator` is the one of its request.
        """
        at = message.signature_at
        if not at:
            return False
        octets = message.octets
        if authenticator is not None:
            octets = octets[:4] + authenticator + octets[20:]
        expected = self._signature(octets[:at] + _UNSIGNED[2:] + octets[at + 16 :])
        return compare_digest(expected, octets[at : at + 16])

    def has_answered(self, reply: Message, authenticator: bytes) -> bool:
        """Whether the Response Authenticator fits the request's `authenticator` and this secret (RFC 2865
        §3).
        """
        octets = reply.octets
        expected = md5(octets[:4] + authenticator + octets[20:] + self._octets).digest()
        return compare_digest(expected, reply.authenticator)

    def encode_request(
        self, code: int, identifier: int, authenticator: bytes, attributes: Iterable[Attribute]
    ) -> bytes:
        """A signed request, Message-Authenticator first."""
        body = _UNSIGNED + encode_attributes(attributes)
        head = header(code, identifier, len(body)) + authenticator
        return head + self._signed(head, body)

    def encode_accounting(self, identifier: int, attributes: Iterable[Attribute]) -> bytes:
        """An Accounting-Request; its authenticator is made with the secret (RFC 2866 §3)."""
        body = encode_attributes(attributes)
        head = header(ACCOUNTING_REQUEST, identifier, len(body))
        return head + md5(head + bytes(16) + body + self._octets).digest() + body

    def has_accounted(self, message: Message) -> bool:
        """Whether the authenticator of an Accounting-Request is made with this secret (RFC 2866 §3)."""
        octets = message.octets
        expected = md5(octets[:4] + bytes(16) + octets[20:] + self._octets).digest()
        return compare_digest(expected, message.authenticator)

    def encode_unsigned_reply(self, code: int, request: Message, attributes: Sequence[Attribute]) -> bytes:
        """A reply without Message-Authenticator, as accounting has none: it grants nothing."""
        body = encode_attributes(attributes)
        head = header(code, request.identifier, len(body))
        return head + md5(head + request.authenticator + body + self._octets).digest() + body

    def encode_reply(self, code: int, request: Message, attributes: Sequence[Attribute]) -> bytes:
        """A signed reply to `request`: Message-Authenticator first, so that no prefix of an attacker's
        choice can stand before it (CVE-2024-3596), then `attributes` as given. The caller echoes
        Proxy-State.
        """
        body = _UNSIGNED + encode_attributes(attributes)
        head = header(code, request.identifier, len(body))
        body = self._signed(head + request.authenticator, body)
        return head + md5(head + request.authenticator + body + self._octets).digest() + body

    def _signed(self, head: bytes, body: bytes) -> bytes:
        return body[:_SIGNATURE_IN_BODY] + self._signature(head + body) + body[_SIGNATURE_IN_BODY + 16 :]

    def _signature(self, octets: bytes) -> bytes:
        inner = self._inner.copy()
        inner.update(octets)
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.digest()

    def _keystream(self, previous: bytes) -> bytes:
        state = self._hiding.copy()
        state.update(previous)
        return state.digest()


def signer(message: Message, secrets: Sequence[SharedSecret]) -> SharedSecret | None:
    """The first of a client's secrets that signed this request; None if none did, or if it carries no
    signature.
    """
    for secret in secrets:
        if secret.has_signed(message):
            return secret
    return None


def _xor(left: bytes, right: bytes) -> bytes:
    return (int.from_bytes(left, "big") ^ int.from_bytes(right, "big")).to_bytes(len(left), "big")
