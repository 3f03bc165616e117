"""What an approval in the app needs besides the number: the person's PIN, or the unlock of the device.

Invariants:
- The PIN is judged outside any transaction and counted like every other; it is good for the one request whose
  answer brought it.
- The unlock is proven for the very text that the app signs, so it is good for no other answer, request or
  device (PU-06 to PU-08).
- A device makes its credential in the test at the end of its activation, and at no other time: later it would
  be proven by nothing but the app that it is to protect.
- Who cannot give what is asked for cannot approve; deny he can.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from vestibule.crypto.device_unlock import Assertion, Credential, Made, NotUnlocked, credential_of, used
from vestibule.crypto.secret import Secret
from vestibule.interfaces.store import Conflict, Store, Transaction
from vestibule.model.app_check import AppCheck
from vestibule.model.authenticator import Authenticator, AuthenticatorStatus
from vestibule.model.pin import PinProblem, PinRules, PinState, PinStatus
from vestibule.model.verification import Challenge
from vestibule.services.pins import Pins
from vestibule.services.refusal import Refused

_CREDENTIAL = "unlock"
"""The parameter of an authenticator that holds its credential."""


class Hindrance(StrEnum):
    """Why a person cannot approve on this device."""

    NO_PIN = "no_pin"
    """He has none."""
    NO_UNLOCK = "no_unlock"
    """The device was activated when its unlock was not asked for."""


class Hindered(Exception):
    def __init__(self, hindrance: Hindrance) -> None:
        super().__init__(hindrance.value)
        self.hindrance = hindrance


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer brings along for it."""

    pin: Secret[str] = Secret("")
    new_pin: Secret[str] = Secret("")
    unlock: Assertion | Made | None = None
    origin: str = ""
    """Of this server, as browsers see it."""


class WantsNewPin(msgspec.Struct, frozen=True):
    """The PIN was right, but must be changed first; `problem` is what is wrong with the new one."""

    rules: PinRules
    tries_left: int
    problem: PinProblem | None = None


class Wanted(msgspec.Struct, frozen=True):
    """What a request asks of a device."""

    with_pin: bool = False
    is_pin_due: bool = False
    """The PIN must be changed with the answer."""
    makes_credential: bool = False
    credential_id: str = ""
    """Of the credential to use; empty: none."""
    hindrance: Hindrance | None = None


def wanted(challenge: Challenge, device: Authenticator, pin: PinStatus) -> Wanted:
    """Return what this device must bring to approve a request."""
    match challenge.app_check:
        case AppCheck.PIN if not challenge.is_activation:
            hindrance = None if pin.is_set else Hindrance.NO_PIN
            return Wanted(with_pin=True, is_pin_due=pin.wants_change, hindrance=hindrance)
        case AppCheck.UNLOCK if challenge.is_activation:
            return Wanted(makes_credential=True)
        case AppCheck.UNLOCK:
            credential = _credential(device)
            if credential is None:
                return Wanted(hindrance=Hindrance.NO_UNLOCK)
            return Wanted(credential_id=credential.credential_id)
    return Wanted()


def move_credential(check: AppCheck, device: Authenticator) -> str:
    """Return by which credential a device is unlocked to begin a move; empty where that is not asked for, or
    it has none."""
    credential = _credential(device) if check is AppCheck.UNLOCK else None
    return credential.credential_id if credential is not None else ""


class AppChecks:
    def __init__(self, store: Store, pins: Pins) -> None:
        self._store = store
        self._pins = pins

    async def pin_status(self, device: Authenticator) -> PinStatus:
        return await self._pins.stands(device.tenant_id, device.user_id)

    async def passed(
        self, challenge: Challenge, device: Authenticator, given: Given, text: bytes, *, is_right: bool
    ) -> PinState | WantsNewPin | None:
        """Check what an approval brings; `text` is what the app signs, `is_right` its number.

        Returns what came of the PIN where one is asked for. Raises `Hindered`, and NotUnlocked.
        """
        match challenge.app_check:
            case AppCheck.PIN if not challenge.is_activation:
                return await self._judge_pin(challenge, given, is_right=is_right)
            case AppCheck.UNLOCK:
                await self._prove_unlock(device, given, text, makes=challenge.is_activation)
        return None

    async def unlocked(self, device: Authenticator, given: Given, text: bytes) -> None:
        """Check that the device was unlocked for this text, which is no answer. Raises `Hindered`, and
        NotUnlocked."""
        await self._prove_unlock(device, given, text, makes=False)

    async def _judge_pin(
        self, challenge: Challenge, given: Given, *, is_right: bool
    ) -> PinState | WantsNewPin:
        tenant_id, user_id, left = challenge.tenant_id, challenge.user_id, challenge.tries_left
        checked = await self._pins.check(tenant_id, user_id, given.pin)
        if checked.state is PinState.NONE_SET:
            raise Hindered(Hindrance.NO_PIN)
        if not checked.state.is_proven or checked.state is PinState.RIGHT or not is_right:
            return checked.state
        rules = self._pins.rules(tenant_id)
        if not given.new_pin:
            return WantsNewPin(rules, left)
        try:
            made = await self._pins.change_proven(tenant_id, user_id, checked.version, given.new_pin)
        except Refused:  # It was changed elsewhere meanwhile: what was proven is not his PIN any more.
            return PinState.WRONG
        return PinState.RIGHT if made.is_changed else WantsNewPin(rules, left, made.problems[0])

    async def _prove_unlock(self, device: Authenticator, given: Given, text: bytes, *, makes: bool) -> None:
        async def body(tx: Transaction) -> None:
            held = await tx.authenticator(device.tenant_id, device.authenticator_id)
            if held is None or (makes and held.status is not AuthenticatorStatus.PENDING):
                raise NotUnlocked
            before = _credential(held)
            after = _made(given, text) if makes else _used(before, given, text)
            if after != before:
                parameters = {**held.parameters, _CREDENTIAL: msgspec.to_builtins(after)}
                if not await tx.replace_authenticator(msgspec.structs.replace(held, parameters=parameters)):
                    raise Conflict

        await self._store.transact(body)


def _made(given: Given, text: bytes) -> Credential:
    if not isinstance(given.unlock, Made):
        raise NotUnlocked
    return credential_of(given.unlock, text, given.origin)


def _used(held: Credential | None, given: Given, text: bytes) -> Credential:
    if held is None:
        raise Hindered(Hindrance.NO_UNLOCK)
    if not isinstance(given.unlock, Assertion):
        raise NotUnlocked
    return used(held, given.unlock, text, given.origin)


def _credential(device: Authenticator) -> Credential | None:
    kept = device.parameters.get(_CREDENTIAL)
    return None if kept is None else msgspec.convert(kept, Credential)
