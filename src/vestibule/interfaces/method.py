"""Method: a kind of authenticator and its procedure. Pure: no clock, no store, no network.

A method is one file or folder under `methods/` with one constant `METHOD`. It describes itself; its
name appears nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, runtime_checkable

import msgspec

from vestibule.model.app_check import AppCheck
from vestibule.model.delivery import Carries
from vestibule.model.tenant import TenantSettings
from vestibule.model.verdict import Verdict
from vestibule.model.verification import Channel, Reason

RandomBytes = Callable[[int], bytes]


class MethodDescriptor(msgspec.Struct, frozen=True, kw_only=True):
    """What others would otherwise hard-code."""

    name: str
    """Machine name, e.g. `totp`; texts are in the catalog under `method.<name>`."""
    amr: str
    """Authentication method reference (RFC 8176)."""
    takes_passcode: bool
    """The user types the answer; the same field serves every such method."""
    out_of_band: bool = False
    verified_reason: Reason
    """Reason of an approval by this method."""
    pending_reason: Reason = Reason.PASSCODE_PENDING
    wrong_reason: Reason = Reason.PASSCODE_WRONG
    spent_reason: Reason = Reason.CHALLENGE_FAILED
    """When the last try was wrong."""
    unsent_reason: Reason = Reason.CHALLENGE_FAILED
    """When what asks a person cannot be sent."""
    passcode_digits: tuple[int, ...] = ()
    """Lengths of passcodes made of digits only; empty if they are not."""
    self_enrolled: bool = False
    """A person may enroll it in the portal."""
    can_be_hardware: bool = False
    asks_all: bool = False
    """All authenticators of this method that a person has are asked at once, and one of them answers."""
    rank: int = 0
    """Of several methods a person has, the lowest is asked for first, unless he has chosen one."""
    keywords: tuple[str, ...] = ()
    """What a person may type at a door to be asked by this method instead: lower case, any language."""
    is_recovery: bool = False
    """For when everything else is lost: a new one replaces the old one, and none is asked for by name."""
    is_temporary: bool = False
    """An administrator hands it out for a while; a new one replaces the old one, and nobody registers it."""
    documentation: str = ""

    @property
    def is_own(self) -> bool:
        """Whether it is a person's own: something that he registers and signs in with every day."""
        return not (self.is_recovery or self.is_temporary)


class NewAuthenticator(msgspec.Struct, frozen=True, kw_only=True):
    """What enrollment makes. `secret` is not yet sealed; `shown` is shown to the person once: for a
    method with a QR code first its URI, then the secret as people type it; for codes the codes."""

    parameters: dict[str, Any]
    secret: bytes
    state: dict[str, Any]
    shown: tuple[str, ...] = ()


@runtime_checkable
class Method(Protocol):
    descriptor: MethodDescriptor

    def enroll(self, options: Mapping[str, Any], random_bytes: RandomBytes) -> NewAuthenticator:
        """Return a new authenticator. `options` may name `issuer` and `account` (for what is shown) and
        the method's own parameters; an unknown or unsuitable one raises ValueError."""
        ...

    def verify(
        self,
        parameters: Mapping[str, Any],
        secret: bytes,
        state: Mapping[str, Any],
        answer: str,
        at: int,
    ) -> Verdict:
        """Judge `answer` (as typed) at `at` (epoch ms). A match carries the new state to compare-and-set."""
        ...


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """What an out-of-band method wants done to ask a person."""

    channel: Channel
    carries: Carries | None
    """None: nothing is sent, the person's app asks for what there is."""
    address: str
    """E.164; empty where nothing is sent."""
    number: str = ""
    """What the door shows; the answer must hold it."""
    passcode: str = ""
    """What is sent, if a passcode is; the answer must hold it."""
    text_key: str = ""
    """The text that is sent: a key of the catalog with the placeholders `passcode` and `application`."""
    with_pin: bool = False
    """The person's PIN follows the passcode in the answer."""
    app_check: AppCheck = AppCheck.NOTHING
    """What an approval in the app needs besides the number."""
    seconds: int
    """How long an answer is awaited."""

    @property
    def is_out_of_band(self) -> bool:
        return self.channel is not Channel.TYPED


@runtime_checkable
class OpensChallenge(Protocol):
    """An out-of-band method: it asks a person by sending something."""

    def open(
        self, parameters: Mapping[str, Any], settings: TenantSettings, random_bytes: RandomBytes
    ) -> Opening: ...


@runtime_checkable
class Resynchronizes(Protocol):
    """A method whose counter or clock can drift away and be brought back by consecutive passcodes."""

    def resynchronize(
        self,
        parameters: Mapping[str, Any],
        secret: bytes,
        state: Mapping[str, Any],
        answers: tuple[str, str],
        at: int,
    ) -> Verdict:
        """Judge two consecutive passcodes, both beyond all used ones; a match spends both."""
        ...


@runtime_checkable
class Merges(Protocol):
    """A method whose stored state must never fall back when the same token is imported again."""

    def merge(self, stored: Mapping[str, Any], imported: Mapping[str, Any]) -> dict[str, Any]:
        """Return the state that keeps the higher counter, step and drift of the two."""
        ...


@runtime_checkable
class Generates(Protocol):
    """A method whose passcode can be computed here: for the demonstration, and only there."""

    def passcode(
        self, parameters: Mapping[str, Any], secret: bytes, state: Mapping[str, Any], at: int
    ) -> str:
        """Return the passcode that the user's device shows at `at` (epoch ms)."""
        ...
