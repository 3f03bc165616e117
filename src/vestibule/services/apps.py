"""Apps: a person's device shows him who asks to sign in, and signs what he decides.

Invariants:
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

import msgspec

from vestibule.crypto.signing import is_signed, read_public_key
from vestibule.crypto.tokens import is_id, token_hash
from vestibule.interfaces.countries import Countries
from vestibule.interfaces.store import Store, Transaction
from vestibule.interfaces.transaction.sign_in import Subject
from vestibule.model.actor import self_of
from vestibule.model.app_answer import AppAnswer, Decision, answer_text
from vestibule.model.app_check import AppCheck
from vestibule.model.authenticator import Authenticator, AuthenticatorStatus
from vestibule.model.device_record import DeviceFact
from vestibule.model.pin import PinStatus
from vestibule.model.tenant import TenantSettings
from vestibule.model.user import User
from vestibule.model.verification import (
    Challenge,
    Channel,
    Verification,
    VerificationState,
)
from vestibule.services.answering import is_number_of
from vestibule.services.app_activations import METHOD, MOST_WAIT_SECONDS, Unsigned, device_name, open_test_of
from vestibule.services.app_checks import AppChecks, Given, WantsNewPin
from vestibule.services.app_lists import AppLists
from vestibule.services.app_pushes import PARAMETER, AppPushes
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.device_records import DeviceRecords
from vestibule.services.enrollment import Enrollments
from vestibule.services.outcome import Progress
from vestibule.services.verification import Verifications


class Closed(Exception):
    """An account has nothing to say here."""


class NotActivated(Closed):
    """There is no such account, or not any more."""


class ActivationFailed(Closed):
    """The test at the end of an activation was not passed: there never was this account."""


class Over(Exception):
    """The request was answered, has ended, or was never this account's."""


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
        verifications: Verifications,
        lists: AppLists,
        checks: AppChecks,
        pushes: AppPushes,
        records: DeviceRecords,
        countries: Countries,
    ) -> None:
        self._store = store
        self._configuration = configuration
        self._enrollments = enrollments
        self._verifications = verifications
        self._lists = lists
        self._checks = checks
        self.pushes = pushes
        self._records = records
        self._countries = countries

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
        if subject is None or not subject.user.may_enter(tx.now):
            raise NotActivated
        if held.used_at is None and await open_test_of(tx, held) is None:
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
        tenant = self._configuration.current.tenants[tenant_id]
        settings = msgspec.structs.replace(tenant.settings, fraud_reports=tenant.takes_fraud_reports)
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
            and methods[held.method].descriptor.is_own
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
        tenant = self._configuration.current.tenants[challenge.tenant_id]
        match answer.decision:
            case Decision.APPROVE:
                is_right = is_number_of(challenge, answer.number)
                text = answer_text(answer)
                pin = await self._checks.passed(challenge, device, given, text, is_right=is_right)
                if isinstance(pin, WantsNewPin):
                    return pin
                return await self._verifications.answered_by_app(challenge, answer.number, by, pin)
            case Decision.FRAUD if tenant.takes_fraud_reports and not challenge.is_activation:
                blocks = tenant.settings.fraud_blocks
                return await self._verifications.fraud_reported(challenge, blocks=blocks, by=by)
            case Decision.DENY | Decision.FRAUD:
                return await self._verifications.denied_by_app(challenge, by)

    # --- names and the end ---------------------------------------------------------------------------

    async def rename(self, account: Account, name: str) -> None:
        user = account.user
        actor = self_of(user.tenant_id, user.user_id, user.username)
        authenticator_id = account.authenticator.authenticator_id
        await self._enrollments.rename(
            actor, user.tenant_id, user.user_id, authenticator_id, device_name(name)
        )

    async def remove(self, account: Account) -> None:
        """Take the device away from its person; `Refused` if it is his last authenticator."""
        user = account.user
        actor = self_of(user.tenant_id, user.user_id, user.username)
        authenticator_id = account.authenticator.authenticator_id
        await self._enrollments.remove(actor, user.tenant_id, user.user_id, authenticator_id)


async def _challenge(tx: Transaction, tenant_id: str, challenge_id: str) -> tuple[Challenge | None, bool]:
    """Return a challenge, and whether it still waits."""
    found = await tx.challenge(tenant_id, challenge_id)
    return found, found is not None and found.is_open and found.expires_at > tx.now


def _is_for(challenge: Challenge, account: Account) -> bool:
    """Tell whether this device has a say in a request: in its own test, and in all sign-ins once active."""
    if challenge.user_id != account.user.user_id:
        return False
    if challenge.is_activation:
        return challenge.authenticator_id == account.authenticator.authenticator_id
    return account.authenticator.status is AuthenticatorStatus.ACTIVE
