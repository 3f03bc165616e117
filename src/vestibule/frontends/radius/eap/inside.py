"""What is asked and said inside a tunnel, and what EAP-TTLS/PAP says in its: name and password.

Whatever is heard comes from nobody known. There is one name, told once: who it is of is decided by nothing
that stands outside (RFC 5281 §14.2.2).
"""

from __future__ import annotations

from typing import Final, Protocol, TypeAlias

import msgspec

from vestibule.crypto.secret import Secret
from vestibule.wire.eap.avps import read_avps
from vestibule.wire.radius.ms_chap import MsChap2

_LONGEST_NAME: Final = 253
_LONGEST_TYPED: Final = 128
"""As in User-Password (RFC 2865 §5.2): what can be typed at one door of RADIUS can be typed at each."""
_USER_NAME: Final = 1
_USER_PASSWORD: Final = 2


class Typed(msgspec.Struct, frozen=True):
    """What the person has typed; with a name the first time, which all later answers keep."""

    name: str
    text: Secret[str]


class Proven(msgspec.Struct, frozen=True):
    """What the device proves the password of a person with, who need type nothing."""

    name: str
    proof: MsChap2


class Say(msgspec.Struct, frozen=True):
    """What is to be said inside next."""

    octets: bytes


class Confirmed(msgspec.Struct, frozen=True):
    """The peer has agreed that it is let in."""


class Unfit(msgspec.Struct, frozen=True):
    """Nothing that can be gone on with. `speaks_other`: the peer wants a method that is not spoken here."""

    speaks_other: bool = False


Heard: TypeAlias = Typed | Proven | Say | Confirmed | Unfit


class Inside(Protocol):
    """One dialogue inside a tunnel."""

    @property
    def can_ask(self) -> bool:
        """Whether the person can be asked something more."""
        ...

    def opening(self) -> bytes:
        """Return what is said as soon as the tunnel is open; empty where the peer begins."""
        ...

    def hear(self, octets: bytes) -> Heard:
        """Take what the peer has said."""
        ...

    def question(self, words: str) -> bytes:
        """Return the question to the person; only where he can be asked."""
        ...

    def acceptance(self, confirmation: bytes = b"") -> bytes:
        """Return what has to be confirmed inside before the end; empty where nothing has. `confirmation`
        shows who has proven a password that it is known here."""
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
        return typed(values[_USER_NAME], values[_USER_PASSWORD].rstrip(b"\0"))

    def question(self, words: str) -> bytes:
        raise NotImplementedError(f"EAP-TTLS/PAP asks nothing: {words}")

    def acceptance(self, confirmation: bytes = b"") -> bytes:
        return b""


def typed(name: bytes, text: bytes) -> Typed | Unfit:
    """Return what a person has typed; `Unfit` for what no name or no password can be."""
    read = named(name)
    try:
        said = text.decode()
    except UnicodeDecodeError:
        return Unfit()
    if read is None or len(text) > _LONGEST_TYPED or "\0" in said:
        return Unfit()
    return Typed(read, Secret(said))


def named(name: bytes) -> str | None:
    """Return the name inside; None for what no name can be."""
    try:
        read = name.decode()
    except UnicodeDecodeError:
        return None
    return read if 0 < len(name) <= _LONGEST_NAME and "\0" not in read else None
