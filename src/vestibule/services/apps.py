"""Apps: a person's device is activated, shows him who asks to sign in, and signs what he decides.

Invariants:
- A code of activation counts once, for a few minutes, and only together with the number that the page which
  showed the code shows afterwards: who stole the code alone gets nothing (PU-10).
- What a device is shown it learns by a token that can do no more; what it decides is signed, over all that
  the decision depends on, as the server itself knows it (PU-06, PU-07).
- An account that is not active is told so, in the same words whatever the reason (S73).
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

import msgspec

from vestibule.crypto.sealing import Sealer
from vestibule.crypto.secret import Secret
from vestibule.crypto.signing import is_signed, read_public_key
from vestibule.crypto.tokens import is_id, new_token, token_hash
from vestibule.interfaces.countries import Countries
from vestibule.interfaces.method import RandomBytes
from vestibule.interfaces.store import Conflict, Store, Subject, Transaction
from vestibule.model.activation_code import CODE_OCTETS, code_of, read_code
from vestibule.model.actor import NotAllowed, self_of
from vestibule.model.app_answer import AppAnswer, Decision, activation_text, answer_text
from vestibule.model.app_check import AppCheck
from vestibule.model.authenticator import Authenticator, AuthenticatorStatus
from vestibule.model.device_record import DeviceFact
from vestibule.model.pin import PinStatus
from vestibule.model.session import Link
from vestibule.model.tenant import TenantSettings
from vestibule.model.user import User
from vestibule.model.verification import (
    ACTIVATION,
    Challenge,
    Channel,
    Reason,
    TraceLine,
    Verification,
    VerificationState,
)
from vestibule.services.activating import Activating, Began
from vestibule.services.activations import attempt_at, session_name
from vestibule.services.answering import is_number_of
from vestibule.services.app_checks import AppChecks, Given, WantsNewPin
from vestibule.services.app_lists import AppLists
from vestibule.services.app_pushes import PARAMETER, AppPushes
from vestibule.services.attempt import Node, pending, verification_row
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.device_records import DeviceRecords
from vestibule.services.enrollment import PENDING_MS, Enrollments, take_away
from vestibule.services.out_of_band import OutOfBand
from vestibule.services.outcome import Progress, added
from vestibule.services.proving import Prover
from vestibule.services.sessions import Sessions, SignedIn
from vestibule.services.verification import Verifications
from vestibule.services.ways import Way

METHOD: Final = "app"
PURPOSE: Final = "app"
"""Of the links that codes of activation are."""
MOST_WAIT_SECONDS: Final = 25.0


class Closed(Exception):
    """An account has nothing to say here."""


class NotActivated(Closed):
    """There is no such account, or not any more."""


class ActivationFailed(Closed):
    """The test at the end of an activation was not passed: there never was this account."""


class UnknownCode(Exception):
    """No activation waits for this code."""


class Unsigned(Exception):
    """The signature does not hold."""


class Over(Exception):
    """The request was answered, has ended, or was never this account's."""


class Begun(msgspec.Struct, frozen=True):
    """An activation that waits for its device."""

    authenticator_id: str
    code: Secret[str]


class Activated(msgspec.Struct, frozen=True):
    """What a device is told once."""

    authenticator: Authenticator
    user: User
    issuer: str
    token: Secret[str]
    passcode_secret: Secret[bytes]


class Account(msgspec.Struct, frozen=True):
    """A device and whose it is."""

    subject: Subject
    authenticator: Authenticator

    @property
    def tenant_id(self) -> str:
        return self.authenticator.tenant_id

    @property
    def user(self) -> User:
        return self.subject.user

    @property
    def is_woken(self) -> bool:
        """Whether the server knows where to wake this device."""
        return PARAMETER in self.authenticator.parameters


class Request(msgspec.Struct, frozen=True):
    """What waits for a decision."""

    challenge: Challenge
    verification: Verification
    country: str = ""
    """Two letters, where the address of who asks is known to be."""


class Shown(msgspec.Struct, frozen=True):
    """The list of an account as it stands at `at`."""

    account: Account
    requests: tuple[Request, ...]
    everybodys: frozenset[str]
    """All requests in apps of this person, the tests of other devices among them."""
    settings: TenantSettings
    push_key: str
    has_other_way: bool
    """Somebody who loses this device can still sign in."""
    at: int
    pin: PinStatus = PinStatus()
    """Where a request asks for it."""

    @property
    def version(self) -> str:
        named = ",".join(sorted(each.challenge.challenge_id for each in self.requests))
        return sha256(named.encode()).hexdigest()[:16]


class Stage(msgspec.Struct, frozen=True):
    """How far an activation is: `device` is named once its code was used, `number` shown as long as it is
    asked for."""

    device: str = ""
    number: str = ""
    is_active: bool = False
    is_over: bool = False


class Decided(msgspec.Struct, frozen=True):
    """What came of a decision."""

    progress: Progress
    tries_left: int


class Apps:
    def __init__(
        self,
        store: Store,
        configuration: ConfigurationCache,
        enrollments: Enrollments,
        sessions: Sessions,
        verifications: Verifications,
        out_of_band: OutOfBand,
        prover: Prover,
        lists: AppLists,
        checks: AppChecks,
        sealer: Sealer,
        node: Node,
        random_bytes: RandomBytes,
        pushes: AppPushes,
        records: DeviceRecords,
        countries: Countries,
    ) -> None:
        self._store = store
        self._configuration = configuration
        self._enrollments = enrollments
        self._sessions = sessions
        self._verifications = verifications
        self._out_of_band = out_of_band
        self._prover = prover
        self._lists = lists
        self._checks = checks
        self._key = sealer.derive("codes of activation")
        self._node = node
        self._random_bytes = random_bytes
        self.pushes = pushes
        self._records = records
        self._countries = countries
        self._activating = Activating(out_of_band, prover.methods)

    # --- activation, at the portal ------------------------------------------------------------------

    async def begin(self, signed_in: SignedIn, label: str = "") -> Begun:
        """Make an authenticator that waits for a device, and the code that the device is to be given. Raises
        `NotAllowed` if the session may not enroll now, `Refused` if it cannot be."""
        if not await self._sessions.may_enroll(signed_in):
            raise NotAllowed("this needs a fresh proof of oneself")
        began = Began.PROVEN if signed_in.session.is_second_factor_proven else Began.NEWCOMER
        user = signed_in.user
        enrolled = await self._enrollments.begin(signed_in.actor, user.tenant_id, user.user_id, METHOD, label)
        return await self.invite(user, enrolled.authenticator, began, session_name(signed_in))

    async def invite(
        self, user: User, pending: Authenticator, began: Began, waiter: str, by_device: str = ""
    ) -> Begun:
        """Make the code of an authenticator that waits for a device. Only `waiter` is shown the number;
        `by_device` is the authenticator that began, if it was one."""
        authenticator_id = pending.authenticator_id
        code = code_of(self._random_bytes(CODE_OCTETS))
        bound = (user.user_id, authenticator_id, began.value, waiter, by_device)

        async def body(tx: Transaction) -> None:
            await tx.add_link(
                Link(
                    tenant_id=user.tenant_id,
                    token_hash=self._hash(code),
                    purpose=PURPOSE,
                    subject=" ".join(bound),
                    expires_at=tx.now + PENDING_MS,
                    created_at=tx.now,
                )
            )

        await self._store.transact(body)
        return Begun(authenticator_id, Secret(code))

    async def stage(self, signed_in: SignedIn, authenticator_id: str) -> Stage:
        """Return how far an activation is that this very session has begun."""
        return await self.stage_of(signed_in.user, authenticator_id, session_name(signed_in))

    async def stage_of(self, user: User, authenticator_id: str, waiter: str) -> Stage:
        async def body(tx: Transaction) -> Stage:
            subject = await tx.subject(user.tenant_id, user.user_id)
            held = _held(subject, authenticator_id)
            if subject is None or held is None or held.method != METHOD:
                return Stage(is_over=True)
            if held.status is AuthenticatorStatus.ACTIVE:
                return Stage(device=held.label, is_active=True)
            if "public_key" not in held.parameters:
                return Stage(is_over=held.created_at + PENDING_MS <= tx.now)
            challenge = await _test_of(tx, held)
            if challenge is None or challenge.waiter != waiter:
                return Stage(device=held.label, is_over=True)
            return Stage(device=held.label, number=challenge.number)

        return await self._store.read(body)

    async def next_stage(self, signed_in: SignedIn, authenticator_id: str, known: Stage) -> Stage:
        """Return the stage as soon as it is another than `known`, after a while at the latest."""
        user, waiter = signed_in.user, session_name(signed_in)
        return await self.next_stage_of(user, authenticator_id, waiter, known, MOST_WAIT_SECONDS)

    async def next_stage_of(
        self, user: User, authenticator_id: str, waiter: str, known: Stage, seconds: float
    ) -> Stage:
        deadline = asyncio.get_running_loop().time() + min(seconds, MOST_WAIT_SECONDS)
        with self._lists.registered(user.tenant_id, user.user_id, frozenset()) as moved:
            while True:
                stage = await self.stage_of(user, authenticator_id, waiter)
                if stage != known:
                    return stage
                moved.clear()
                try:
                    async with asyncio.timeout_at(deadline):
                        await moved.wait()
                except TimeoutError:
                    return stage

    async def cancel(self, user: User, authenticator_id: str) -> None:
        """End an activation that is not over: whoever used its code is no device of this person's."""
        actor = self_of(user.tenant_id, user.user_id, user.username)

        async def body(tx: Transaction) -> None:
            await tx.hold_user(user.tenant_id, user.user_id)
            held = _held(await tx.subject(user.tenant_id, user.user_id), authenticator_id)
            if held is not None and held.method == METHOD and held.status is AuthenticatorStatus.PENDING:
                await take_away(tx, actor, user, held)

        await self._store.transact(body)
        self._store.wake(user.user_id)

    async def claim(self, signed_in: SignedIn, authenticator_id: str) -> bool:
        """Let a device that was proven count as a proof of the session that began, once."""
        user, waiter = signed_in.user, session_name(signed_in)

        async def body(tx: Transaction) -> bool:
            for challenge in await tx.untaken_challenges(user.tenant_id, user.user_id):
                if challenge.authenticator_id == authenticator_id and challenge.waiter == waiter:
                    return await tx.take_challenge(user.tenant_id, challenge.challenge_id, waiter)
            return False

        if not await self._store.transact(body):
            return False
        await self._sessions.mark_proven(signed_in)
        return True

    # --- activation, at the device ------------------------------------------------------------------

    async def activate(self, typed_code: str, public_key: str, name: str, signature: str) -> Activated:
        """Bind a device's key to the authenticator that waits for it, and ask it the first request: its test.

        Raises `UnknownCode`, `Unsigned`, and BadKey for a key that is none.
        """
        key = read_public_key(public_key)
        code = read_code(typed_code)
        if code is None:
            raise UnknownCode
        if not is_signed(key, activation_text(code, public_key), signature):
            raise Unsigned
        secret = new_token()
        label = _name(name)

        async def body(tx: Transaction) -> tuple[Authenticator, User] | None:
            link = await tx.spend_link(self._hash(code), PURPOSE)
            if link is None:
                return None
            user_id, authenticator_id, began, waiter, by_device = link.subject.split(" ")
            subject = await tx.subject(link.tenant_id, user_id)
            held = _held(subject, authenticator_id)
            if subject is None or held is None or held.status is not AuthenticatorStatus.PENDING:
                return None
            if "public_key" in held.parameters or not subject.user.is_active:
                return None
            bound = msgspec.structs.replace(
                held,
                label=held.label or label,
                parameters={**held.parameters, "public_key": public_key, "token": token_hash(secret)},
            )
            if not await tx.replace_authenticator(bound):
                raise Conflict
            line = TraceLine("activation", began, {"method": METHOD, "by": by_device})
            await self._ask_test(tx, subject, bound, line, waiter)
            return bound, subject.user

        done = await self._store.transact(body)
        if done is None:
            raise UnknownCode
        authenticator, user = done
        self._store.wake(user.user_id)
        issuer = self._configuration.current.tenants[user.tenant_id].settings.issuer
        return Activated(
            authenticator,
            user,
            issuer,
            Secret(f"{user.tenant_id}.{authenticator.authenticator_id}.{secret}"),
            Secret(self._prover.unseal(authenticator)),
        )

    async def _ask_test(
        self, tx: Transaction, subject: Subject, device: Authenticator, line: TraceLine, waiter: str
    ) -> None:
        attempt = attempt_at(self._configuration.current, subject.user)
        way = Way(METHOD, device, ())
        opening = self._out_of_band.opening(way, attempt, self._prover.methods)
        assert opening is not None
        await self._activating.give_way(tx, subject)
        ending = pending(Reason.APP_PENDING, (line,))
        row = verification_row(attempt, subject, ending, self._node, tx.now)
        row = msgspec.structs.replace(row, expires_at=tx.now + opening.seconds * 1000)
        verification = await added(tx, row)
        await self._out_of_band.ask(
            tx, attempt, subject, verification, way, opening, origin=ACTIVATION, waiter=waiter
        )

    # --- the list ------------------------------------------------------------------------------------

    async def account(self, token: str) -> Account:
        """Return whose device has this token; raises `NotActivated`, `ActivationFailed`."""
        return await self._store.read(lambda tx: self._account(tx, token))

    async def _account(self, tx: Transaction, token: str) -> Account:
        named, _, secret = token.rpartition(".")
        tenant_id, _, authenticator_id = named.rpartition(".")
        if not is_id(authenticator_id) or tenant_id not in self._configuration.current.tenants:
            raise NotActivated
        held = await tx.authenticator(tenant_id, authenticator_id)
        if held is None or held.method != METHOD or not held.user_id:
            raise NotActivated
        expected = str(held.parameters.get("token", ""))
        if not hmac.compare_digest(expected, token_hash(secret)):
            raise NotActivated
        subject = await tx.subject(tenant_id, held.user_id)
        if subject is None or not subject.user.is_active:
            raise NotActivated
        if held.used_at is None and await _test_of(tx, held) is None:
            raise ActivationFailed
        if held.status is not AuthenticatorStatus.PENDING and not held.is_usable(tx.now):
            raise NotActivated
        return Account(subject, held)

    async def shown(self, token: str) -> Shown:
        """Return what waits for a decision on the device that has this token, the oldest first; raises
        `NotActivated`, `ActivationFailed`."""
        shown = await self._store.read(lambda tx: self._shown(tx, token))
        device = shown.account.authenticator
        for request in shown.requests:
            self._records.note(request.verification.verification_id, device, DeviceFact.SHOWN)
        if any(each.challenge.app_check is AppCheck.PIN for each in shown.requests):
            return msgspec.structs.replace(shown, pin=await self._checks.pin_status(device))
        return shown

    async def _shown(self, tx: Transaction, token: str) -> Shown:
        account = await self._account(tx, token)
        tenant_id, user_id = account.tenant_id, account.user.user_id
        found = [each for each in await tx.sent_challenges(tenant_id, user_id) if each.channel is Channel.APP]
        requests = []
        for challenge in found:
            verification = await tx.verification(tenant_id, challenge.verification_id)
            is_pending = verification is not None and verification.state is VerificationState.PENDING
            if verification is not None and is_pending and _is_for(challenge, account):
                country = self._countries.of(verification.user_address)
                requests.append(Request(challenge, verification, country))
        everybodys = frozenset(each.challenge_id for each in found)
        settings = self._configuration.current.tenants[tenant_id].settings
        return Shown(
            account,
            tuple(requests),
            everybodys,
            settings,
            self.pushes.public_key,
            self._has_other_way(account, tx.now),
            tx.now,
        )

    async def changed(self, seen: Sequence[tuple[str, str]], seconds: float) -> list[Shown | Closed]:
        """Return the list of each of these tokens, or why it is closed, as soon as one has another version
        than the one beside it, or is closed; after `seconds` at the latest."""
        looks = [asyncio.create_task(self._changed(token, version, seconds)) for token, version in seen]
        try:
            await asyncio.wait(looks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in looks:
                each.cancel()
            await asyncio.gather(*looks, return_exceptions=True)
        return [
            each.result() if not each.cancelled() else await self._changed(token, "", 0)
            for each, (token, _) in zip(looks, seen, strict=True)
        ]

    async def _changed(self, token: str, seen: str, seconds: float) -> Shown | Closed:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + min(seconds, MOST_WAIT_SECONDS)
        turn: contextlib.AbstractAsyncContextManager[object] = self._lists.turn
        while True:
            async with turn:
                with self._lists.overheard() as woken:
                    try:
                        shown = await self.shown(token)
                    except Closed as closed:
                        return closed
            turn = contextlib.nullcontext()
            read_at, account = loop.time(), shown.account
            if shown.version != seen or read_at >= deadline:
                return shown
            user_id = account.user.user_id
            with self._lists.registered(account.tenant_id, user_id, shown.everybodys) as moved:
                if user_id in woken:
                    continue
                try:
                    async with asyncio.timeout_at(deadline):
                        await moved.wait()
                except TimeoutError:
                    if shown.requests:
                        continue  # How many tries are left is no part of the version.
                    return msgspec.structs.replace(shown, at=shown.at + int((loop.time() - read_at) * 1000))

    def _has_other_way(self, account: Account, now: int) -> bool:
        methods, subject = self._enrollments.methods, account.subject
        return self._enrollments.recovery_codes_left(subject) > 0 or any(
            held.is_usable(now)
            and held.authenticator_id != account.authenticator.authenticator_id
            and not methods[held.method].descriptor.is_recovery
            for held in subject.authenticators
            if held.method in methods
        )

    # --- the decision --------------------------------------------------------------------------------

    async def decide(
        self,
        account: Account,
        request_id: str,
        decision: Decision,
        number: str,
        signature: str,
        given: Given,
    ) -> Decided | WantsNewPin:
        """Take a signed decision. Raises `Unsigned`, `Over`, `Hindered`, NotUnlocked."""
        tenant_id, device = account.tenant_id, account.authenticator
        if not is_id(request_id):
            raise Over
        challenge, is_open = await self._store.read(lambda tx: _challenge(tx, tenant_id, request_id))
        if challenge is None or challenge.channel is not Channel.APP or not _is_for(challenge, account):
            raise Over
        answer = AppAnswer(
            tenant_id=tenant_id,
            user_id=account.user.user_id,
            authenticator_id=device.authenticator_id,
            verification_id=challenge.verification_id,
            request_id=challenge.challenge_id,
            application_id=challenge.application_id,
            number=number,
            decision=decision,
            expires_at=challenge.expires_at,
        )
        key = read_public_key(device.parameters["public_key"])
        if not number.isprintable() or not is_signed(key, answer_text(answer), signature):
            raise Unsigned
        progress = await self._decided(challenge, answer, device, given) if is_open else None
        if isinstance(progress, WantsNewPin):
            return progress
        if progress is None:
            self._records.note(challenge.verification_id, device, DeviceFact.TOO_LATE)
            raise Over
        await self.pushes.heard_from(device)
        left = progress.challenge.tries_left if progress.is_pending and progress.challenge else 0
        return Decided(progress, left)

    async def _decided(
        self, challenge: Challenge, answer: AppAnswer, device: Authenticator, given: Given
    ) -> Progress | WantsNewPin | None:
        by = device.authenticator_id
        settings = self._configuration.current.tenants[challenge.tenant_id].settings
        match answer.decision:
            case Decision.APPROVE:
                is_right = is_number_of(challenge, answer.number)
                text = answer_text(answer)
                pin = await self._checks.passed(challenge, device, given, text, is_right=is_right)
                if isinstance(pin, WantsNewPin):
                    return pin
                return await self._verifications.answered_by_app(challenge, answer.number, by, pin)
            case Decision.FRAUD if settings.fraud_reports and not challenge.is_activation:
                blocks = settings.fraud_blocks
                return await self._verifications.fraud_reported(challenge, blocks=blocks, by=by)
            case Decision.DENY | Decision.FRAUD:
                return await self._verifications.denied_by_app(challenge, by)

    # --- names and the end ---------------------------------------------------------------------------

    async def rename(self, account: Account, name: str) -> None:
        user = account.user
        actor = self_of(user.tenant_id, user.user_id, user.username)
        authenticator_id = account.authenticator.authenticator_id
        await self._enrollments.rename(actor, user.tenant_id, user.user_id, authenticator_id, _name(name))

    async def remove(self, account: Account) -> None:
        """Take the device away from its person; `Refused` if it is his last authenticator."""
        user = account.user
        actor = self_of(user.tenant_id, user.user_id, user.username)
        authenticator_id = account.authenticator.authenticator_id
        await self._enrollments.remove(actor, user.tenant_id, user.user_id, authenticator_id)

    def _hash(self, code: str) -> str:
        return hmac.digest(self._key, code.encode(), "sha256").hex()


async def _challenge(tx: Transaction, tenant_id: str, challenge_id: str) -> tuple[Challenge | None, bool]:
    """Return a challenge, and whether it still waits."""
    found = await tx.challenge(tenant_id, challenge_id)
    return found, found is not None and found.is_open and found.expires_at > tx.now


async def _test_of(tx: Transaction, held: Authenticator) -> Challenge | None:
    """Return the open test of a device that is being activated."""
    for challenge in await tx.sent_challenges(held.tenant_id, held.user_id):
        if challenge.is_activation and challenge.authenticator_id == held.authenticator_id:
            return challenge
    return None


def _is_for(challenge: Challenge, account: Account) -> bool:
    """Tell whether this device has a say in a request: in its own test, and in all sign-ins once active."""
    if challenge.user_id != account.user.user_id:
        return False
    if challenge.is_activation:
        return challenge.authenticator_id == account.authenticator.authenticator_id
    return account.authenticator.status is AuthenticatorStatus.ACTIVE


def _held(subject: Subject | None, authenticator_id: str) -> Authenticator | None:
    held = subject.authenticators if subject is not None else ()
    return next((each for each in held if each.authenticator_id == authenticator_id), None)


def _name(typed: str) -> str:
    """Return the name of a device as it may be stored."""
    return "".join(each for each in typed if each.isprintable()).strip()[:64]
