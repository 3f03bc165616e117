"""What is asked and said inside the tunnel: name and password with EAP-TTLS/PAP, a dialogue with PEAP/GTC.

Whatever is heard comes from nobody known. There is one name, told once: who it is of is decided by nothing
that stands outside (RFC 5281 §14.2.2).
"""

from __future__ import annotations

from typing import Final, Protocol, TypeAlias

import msgspec

from vestibule.crypto.secret import Secret
from vestibule.wire.eap.avps import read_avps
from vestibule.wire.eap.inner import has_confirmed, inner_request, read_inner_response, result_request
from vestibule.wire.eap.packet import GTC, IDENTITY, NAK, PEAP

_LONGEST_NAME: Final = 253
_LONGEST_TYPED: Final = 128
"""As in User-Password (RFC 2865 §5.2): what can be typed at one door of RADIUS can be typed at each."""
_USER_NAME: Final = 1
_USER_PASSWORD: Final = 2


class Typed(msgspec.Struct, frozen=True):
    """What the person has typed; with a name the first time, which all later answers keep."""

    name: str
    text: Secret[str]


class Say(msgspec.Struct, frozen=True):
    """What is to be said inside next."""

    octets: bytes


class Confirmed(msgspec.Struct, frozen=True):
    """The peer has agreed that it is let in."""


class Unfit(msgspec.Struct, frozen=True):
    """Nothing that can be gone on with. `speaks_other`: the peer wants a method that is not spoken here."""

    speaks_other: bool = False


Heard: TypeAlias = Typed | Say | Confirmed | Unfit


class Inside(Protocol):
    """One dialogue inside a tunnel."""

    can_ask: bool
    """Whether the person can be asked something more."""

    def opening(self) -> bytes:
        """Return what is said as soon as the tunnel is open; empty where the peer begins."""
        ...

    def hear(self, octets: bytes) -> Heard:
        """Take what the peer has said."""
        ...

    def question(self, words: str) -> bytes:
        """Return the question to the person; only where he can be asked."""
        ...

    def acceptance(self) -> bytes:
        """Return what has to be confirmed inside before the end; empty where nothing has."""
        ...


class TtlsPap:
    """RFC 5281 §11.2.5: name and password in one message, and no more."""

    can_ask = False

    def opening(self) -> bytes:
        return b""

    def hear(self, octets: bytes) -> Heard:
        avps = read_avps(octets)
        if not avps:
            return Unfit()
        known = (_USER_NAME, _USER_PASSWORD)
        told = [(avp.code, avp.value) for avp in avps if avp.vendor == 0 and avp.code in known]
        # A proof of another kind is mandatory, and so is whatever must not be passed over (§10.1).
        if any(avp.is_mandatory and (avp.vendor != 0 or avp.code not in known) for avp in avps):
            return Unfit(speaks_other=True)
        if sorted(code for code, _ in told) != list(known):
            return Unfit()
        values = dict(told)
        # The peer may pad the password with NULs to a multiple of 16.
        return _typed(values[_USER_NAME], values[_USER_PASSWORD].rstrip(b"\0"))

    def question(self, words: str) -> bytes:
        raise NotImplementedError(f"EAP-TTLS/PAP asks nothing: {words}")

    def acceptance(self) -> bytes:
        return b""


class PeapGtc:
    """PEAP version 0 with a generic token card inside (RFC 3748 §5.6): questions and typed answers.

    `password_question` is what the person reads before he types the first time.
    """

    can_ask = True

    def __init__(self, password_question: str) -> None:
        self._password_question = password_question
        self._name: bytes | None = None
        self._is_accepted = False

    def opening(self) -> bytes:
        return inner_request(IDENTITY)

    def hear(self, octets: bytes) -> Heard:
        response = read_inner_response(octets)
        if response is None:
            return Unfit()
        if self._is_accepted:
            return Confirmed() if has_confirmed(response) else Unfit()
        if self._name is None:
            if response.type != IDENTITY:
                return Unfit()
            self._name = response.data
            return Say(self.question(self._password_question))
        if response.type != GTC:
            return Unfit(speaks_other=response.type == NAK)
        return _typed(self._name, response.data)

    def question(self, words: str) -> bytes:
        return inner_request(GTC, words.encode())

    def acceptance(self) -> bytes:
        self._is_accepted = True
        return result_request(0)


def open_inside(eap_type: int, password_question: str) -> Inside:
    """Return the dialogue of a method, `TTLS` or `PEAP`."""
    return PeapGtc(password_question) if eap_type == PEAP else TtlsPap()


def _typed(name: bytes, typed: bytes) -> Typed | Unfit:
    try:
        read, text = name.decode(), typed.decode()
    except UnicodeDecodeError:
        return Unfit()
    if not 0 < len(name) <= _LONGEST_NAME or len(typed) > _LONGEST_TYPED or "\0" in read + text:
        return Unfit()
    return Typed(read, Secret(text))
