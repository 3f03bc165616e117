"""Calls: what happens in a call is turned into what is said next, and in the end into the answer.

The dialogue (a method's, pure) says what follows; here its state is stored, PINs are judged outside any
transaction, and its result decides the verification. Invariants:
- What is said after a result is said only after the commit of that result; if that came too late, it is not
  said (CH-05).
- Any node goes on with a call whose events reach it; an event that is told twice moves it once.
- A call ends within two seconds after its challenge is over, whatever ended it (VOI-06).
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
import structlog

from vestibule.catalog import LANGUAGES, text, wordings
from vestibule.crypto.passwords import hash_password, verify_password
from vestibule.crypto.secret import Secret
from vestibule.interfaces.dialogue import (
    Asks,
    CallMode,
    CallPlan,
    Converses,
    DialogueEvent,
    DialogueState,
    PinChange,
    PinChanged,
    PinChanging,
    PinCheck,
    PinChecked,
    PinChecking,
    PinProposal,
    PinProposed,
    Step,
)
from vestibule.interfaces.gateway import CallsEnd, Gateway
from vestibule.interfaces.method import Method
from vestibule.interfaces.store import Conflict, Store, Transaction
from vestibule.interfaces.transaction.sign_in import Subject
from vestibule.model.call import CallEvent, HangUp, Instruction, Spoken
from vestibule.model.call_result import CallResult
from vestibule.model.delivery import Delivery
from vestibule.model.language import Medium, language_for
from vestibule.model.pin import PinProblem, PinRules, PinState
from vestibule.model.verification import Challenge, Reason, Verification
from vestibule.model.voice_message import MessageType, VoiceMessage, spoken
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.pins import PinCheck as PinJudgment
from vestibule.services.pins import Pins
from vestibule.services.refusal import Refused
from vestibule.services.relayed_calls import ENDED, RelayedCalls
from vestibule.services.trial_calls import is_trial, on_trial_event
from vestibule.services.verification import Verifications

log = structlog.get_logger(__name__)

LOOK_SECONDS: Final = 1.0
_MOST_AT_ONCE: Final = 1000

REASONS: Final[dict[CallResult, Reason]] = {
    CallResult.APPROVED: Reason.CALL_CONFIRMED,
    CallResult.APPROVED_WITH_PIN: Reason.CALL_PIN_ENTERED,
    CallResult.HASH_ONLY_IN_PIN_MODE: Reason.CALL_PIN_MISSING,
    CallResult.PIN_IN_STANDARD_MODE: Reason.CALL_INVALID_INPUT,
    CallResult.NOT_FINISHED: Reason.CALL_NOT_FINISHED,
    CallResult.SILENCE: Reason.CALL_SILENCE,
    CallResult.PIN_WRONG: Reason.CALL_PIN_WRONG,
    CallResult.PIN_EXPIRED_NOT_CHANGED: Reason.CALL_PIN_EXPIRED,
    CallResult.INVALID_INPUT: Reason.CALL_INVALID_INPUT,
    CallResult.FRAUD: Reason.FRAUD_REPORTED,
    CallResult.HUNG_UP: Reason.CALL_HUNG_UP,
    CallResult.BUSY: Reason.CALL_BUSY,
    CallResult.DECLINED: Reason.CALL_DECLINED,
    CallResult.NO_ANSWER: Reason.CALL_NO_ANSWER,
    CallResult.UNREACHABLE: Reason.CALL_UNREACHABLE,
    CallResult.WRONG_NUMBER: Reason.CALL_WRONG_NUMBER,
    CallResult.MACHINE: Reason.CALL_MACHINE,
    CallResult.FAILED: Reason.CALL_FAILED,
    CallResult.TIME_IS_OVER: Reason.CALL_TOO_LATE,
}
_NOBODY_THERE: Final = frozenset(
    {
        CallResult.SILENCE,
        CallResult.BUSY,
        CallResult.NO_ANSWER,
        CallResult.UNREACHABLE,
        CallResult.WRONG_NUMBER,
        CallResult.MACHINE,
        CallResult.FAILED,
        CallResult.NOT_FINISHED,
    }
)
"""Results that tell nothing against the person: he may be asked another way."""

_CHECKED: Final = {
    PinState.RIGHT: PinChecking.RIGHT,
    PinState.MUST_CHANGE: PinChecking.MUST_CHANGE,
    PinState.EXPIRED: PinChecking.MUST_CHANGE,
    PinState.LOCKED: PinChecking.LOCKED,
    PinState.WRONG: PinChecking.WRONG,
    PinState.NONE_SET: PinChecking.LOCKED,
}


class Progress(msgspec.Struct, frozen=True):
    """What a challenge keeps of its call."""

    dialogue: DialogueState
    pin_version: int = 0
    """Of the PIN that was proven in this call."""
    number: int = 0
    """Of the newest event, where the gateway counts them."""
    said: tuple[Instruction, ...] = ()
    """What was answered to it."""
    result: CallResult | None = None
    """How the call has ended; decides as soon as it can be committed."""


class Placed(msgspec.Struct, eq=False):
    """A call of this node that rings or is up. `version` is that of its verification at the last look."""

    delivery: Delivery
    gateway: Gateway
    version: int | None = None


class Line(msgspec.Struct, frozen=True):
    """A call of a challenge that is still open."""

    challenge: Challenge
    verification: Verification
    subject: Subject
    plan: CallPlan
    converses: Converses


class Calls:
    def __init__(
        self,
        store: Store,
        verifications: Verifications,
        configuration: ConfigurationCache,
        methods: Mapping[str, Method],
        pins: Pins,
        relayed: RelayedCalls,
    ) -> None:
        self._store = store
        self._verifications = verifications
        self._configuration = configuration
        self._methods = methods
        self._pins = pins
        self._relayed = relayed
        self._placed: dict[str, Placed] = {}
        """Calls of this node that ring or are up, by verification."""
        self._moved: set[str] = set()
        """Those of them that somebody says have moved on."""
        self._look_now = asyncio.Event()
        store.on_wake(self._woken)

    # --- events -------------------------------------------------------------------------------------

    async def on_event(
        self, tenant_id: str, gateway_id: str, delivery_id: str, event: CallEvent
    ) -> tuple[Instruction, ...]:
        """Take what happened in a call of this very gateway; return what to do in it now."""
        delivery = await self._store.read(lambda tx: tx.delivery(tenant_id, delivery_id))
        if delivery is None or delivery.gateway_id != gateway_id:
            return (HangUp(),)
        if delivery.is_relayed:
            return await self._relayed.on_event(delivery, event)
        if is_trial(delivery):
            language = self._configuration.current.tenants[tenant_id].settings.language
            return await on_trial_event(self._store, delivery, event, language)
        if event.kind in ENDED:
            self._forget(delivery)
        step, line = await self._advance(delivery, event)
        while line is not None and step.asks is not None:
            step, line = await self._advance(delivery, *await self._judged(line, step.asks))
        if line is None:
            return () if event.kind in ENDED else (HangUp(),)
        if step.result is not None:
            self._forget(delivery)
            if not await self._conclude(line, step.result, event.detail):
                return () if event.kind in ENDED else (HangUp(),)
        return step.instructions

    async def _advance(
        self, delivery: Delivery, event: DialogueEvent, pin_version: int | None = None
    ) -> tuple[Step, Line | None]:
        """Move the dialogue on by one event and store where it stands; no line if the challenge is over."""
        status = await self._pins.stands(delivery.tenant_id, delivery.user_id)

        async def body(tx: Transaction) -> tuple[Step, Line | None]:
            line = await self._line(tx, delivery, must_change=status.wants_change)
            if line is None:
                return Step(DialogueState(tries_left=0)), None
            progress = _progress(line)
            number = event.number if isinstance(event, CallEvent) else 0
            if number and number <= progress.number:
                said = progress.said if number == progress.number else ()
                # Nothing is said that is not committed: if the result could not be, it is tried again here.
                return Step(progress.dialogue, said, result=progress.result), line
            step = line.converses.advance(line.plan, progress.dialogue, event)
            version = progress.pin_version if pin_version is None else pin_version
            moved = msgspec.to_builtins(
                Progress(step.state, version, max(number, progress.number), step.instructions, step.result)
            )
            if not await tx.replace_challenge(msgspec.structs.replace(line.challenge, progress=moved)):
                raise Conflict
            return step, line

        return await self._store.transact(body)

    async def _line(self, tx: Transaction, delivery: Delivery, *, must_change: bool) -> Line | None:
        tenant_id = delivery.tenant_id
        challenge = await tx.challenge(tenant_id, delivery.challenge_id)
        if challenge is None or not challenge.is_open or challenge.expires_at <= tx.now:
            return None
        verification = await tx.verification(tenant_id, challenge.verification_id)
        subject = await tx.subject(tenant_id, challenge.user_id)
        method: object = self._methods.get(challenge.method)
        if verification is None or subject is None or not isinstance(method, Converses):
            return None
        recorded = await tx.voice_messages(tenant_id)
        plan = self._plan(challenge, verification, subject, recorded, must_change=must_change)
        return None if plan is None else Line(challenge, verification, subject, plan, method)

    def _plan(
        self,
        challenge: Challenge,
        verification: Verification,
        subject: Subject,
        recorded: tuple[VoiceMessage, ...],
        *,
        must_change: bool,
    ) -> CallPlan | None:
        tenant = self._configuration.current.tenants.get(challenge.tenant_id)
        held = [h for h in subject.authenticators if h.authenticator_id == challenge.authenticator_id]
        if tenant is None or not held:
            return None
        parameters, settings = held[0].parameters, tenant.settings
        language = language_for(subject.user, Medium.CALL, settings.language)
        with_pin = bool(parameters.get("with_pin", False))
        return CallPlan(
            mode=CallMode.PIN if with_pin else CallMode.STANDARD,
            language=language,
            application=verification.application_name,
            texts=_texts(recorded, language, verification, settings.fraud_code, parameters),
            extension=str(parameters.get("extension", "")),
            is_activation=challenge.is_activation,
            # Whoever is called by a wrong number has no account that a report could protect.
            takes_fraud_reports=tenant.takes_fraud_reports and not challenge.is_activation,
            blocks_on_fraud=settings.fraud_blocks,
            fraud_code=settings.fraud_code,
            must_change_pin=with_pin and must_change,
            most_seconds=settings.call_seconds,
        )

    # --- PINs ---------------------------------------------------------------------------------------

    async def _judged(self, line: Line, asks: Asks) -> tuple[DialogueEvent, int | None]:
        """Judge a PIN, outside any transaction; return what the dialogue is told, and the version proven."""
        tenant_id, user_id = line.challenge.tenant_id, line.challenge.user_id
        match asks:
            case PinCheck(pin):
                judged: PinJudgment = await self._pins.check(tenant_id, user_id, pin)
                return PinChecked(_CHECKED[judged.state]), judged.version
            case PinProposal(pin):
                if wrong := await self._pins.wrong_with(tenant_id, user_id, pin):
                    why = _spoken(line.plan.language, wrong[0], self._pins.rules(tenant_id))
                    return PinProposed(why=why), None
                return PinProposed(kept=await asyncio.to_thread(hash_password, pin.reveal())), None
            case PinChange(kept, pin):
                return PinChanged(await self._changed(line, kept, pin)), None

    async def _changed(self, line: Line, kept: str, pin: Secret[str]) -> PinChanging:
        if not await asyncio.to_thread(verify_password, kept, pin.reveal()):
            return PinChanging.DIFFERS
        tenant_id, user_id = line.challenge.tenant_id, line.challenge.user_id
        current = await self._store.read(lambda tx: tx.challenge(tenant_id, line.challenge.challenge_id))
        version = msgspec.convert(current.progress, Progress).pin_version if current is not None else 0
        try:
            made = await self._pins.change_proven(tenant_id, user_id, version, pin)
        except Refused:  # It was changed elsewhere meanwhile.
            return PinChanging.FAILED
        return PinChanging.CHANGED if made.is_changed else PinChanging.FAILED

    # --- the end ------------------------------------------------------------------------------------

    async def _conclude(self, line: Line, result: CallResult, said: str) -> bool:
        """Let the result decide; False if it came too late to. `said` is the network's word for the end."""
        challenge, reason = line.challenge, REASONS[result]
        if result.is_authenticated:
            return await self._verifications.confirmed_elsewhere(challenge, reason)
        if result is CallResult.FRAUD:
            tenant = self._configuration.current.tenants[challenge.tenant_id]
            blocks = tenant.settings.fraud_blocks
            return await self._verifications.fraud_reported(challenge, blocks=blocks) is not None
        may_go_on = result in _NOBODY_THERE
        return await self._verifications.failed_elsewhere(challenge, reason, may_go_on=may_go_on, said=said)

    def placed(self, delivery: Delivery, gateway: Gateway) -> None:
        """Note a call of this node, to be ended with its challenge."""
        if delivery.is_relayed:
            self._relayed.placed(delivery, gateway)
            return
        self._placed[delivery.verification_id] = Placed(delivery, gateway)

    def _forget(self, delivery: Delivery) -> None:
        """It has ended by itself; a backup phone that rings for the same sign-in has not."""
        placed = self._placed.get(delivery.verification_id)
        if placed is not None and placed.delivery.delivery_id == delivery.delivery_id:
            del self._placed[delivery.verification_id]

    async def watch(self) -> None:
        """End calls whose challenge is over, for ever: at once when told, and once a second without."""
        while True:
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._look_now.wait()
            except TimeoutError:
                self._moved.update(self._placed)
            self._look_now.clear()
            moved, self._moved = self._moved, set()
            try:
                await self.look(moved)
            except Exception as error:
                log.warning("calls cannot be looked at", error=type(error).__name__)

    async def look(self, verification_ids: Iterable[str]) -> None:
        """End those of these calls whose challenge is over. One query tells which have moved at all."""
        by_tenant: defaultdict[str, list[str]] = defaultdict(list)
        for verification_id in verification_ids:
            if verification_id in self._placed:
                by_tenant[self._placed[verification_id].delivery.tenant_id].append(verification_id)
        for tenant_id, ids in by_tenant.items():
            for start in range(0, len(ids), _MOST_AT_ONCE):
                await self._look_at(tenant_id, ids[start : start + _MOST_AT_ONCE])

    async def _look_at(self, tenant_id: str, ids: list[str]) -> None:
        async def body(tx: Transaction) -> tuple[int, dict[str, int]]:
            return tx.now, await tx.versions(tenant_id, ids)

        now, versions = await self._store.read(body)
        for verification_id in ids:
            placed, version = self._placed.get(verification_id), versions.get(verification_id)
            if placed is None or (placed.version == version and now < placed.delivery.expires_at):
                continue
            placed.version = version
            try:
                await self._end_if_over(placed)
            except Exception as error:
                placed.version = None
                log.warning("a call does not end", error=type(error).__name__)

    async def _end_if_over(self, placed: Placed) -> None:
        delivery = placed.delivery

        async def is_over(tx: Transaction) -> bool:
            challenge = await tx.challenge(delivery.tenant_id, delivery.challenge_id)
            return challenge is None or not challenge.is_open or challenge.expires_at <= tx.now

        if await self._store.read(is_over):
            if self._placed.get(delivery.verification_id) is placed:
                del self._placed[delivery.verification_id]
            if isinstance(placed.gateway, CallsEnd):
                await placed.gateway.hang_up(delivery.delivery_id)

    def _woken(self, verification_id: str) -> None:
        if verification_id in self._placed:
            self._moved.add(verification_id)
            self._look_now.set()


def _progress(line: Line) -> Progress:
    if line.challenge.progress:
        return msgspec.convert(line.challenge.progress, Progress)
    return Progress(line.converses.begin(line.plan))


def _texts(
    recorded: tuple[VoiceMessage, ...],
    language: str,
    verification: Verification,
    code: str,
    parameters: Mapping[str, Any],
) -> dict[MessageType, Spoken]:
    """Return what was recorded for this person's language and application; the rest has built-in texts."""
    said = {
        each: spoken(
            recorded,
            language,
            verification.application_id,
            each,
            application=verification.application_name,
            extension=str(parameters.get("extension", "")).removeprefix("@"),
            code=code,
        )
        for each in {message.type for message in recorded if message.language == language}
    }
    return {each: words for each, words in said.items() if words.sound_id}


def _spoken(language: str, problem: PinProblem, rules: PinRules) -> str:
    key = f"pin.problem.{problem}"
    known = language if language in LANGUAGES else LANGUAGES[0]
    values = {"least": rules.least_digits, "most": rules.most_digits}
    asked = wordings(key)[known].placeholders
    return text(known, key, **{name: value for name, value in values.items() if name in asked})
