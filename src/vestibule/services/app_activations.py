"""App activations: a person's device is given a code, proves that its owner sees a number, and is his from
then on.

Invariants:
- A code counts once, for a few minutes, and only together with the number that the page which showed the code
  shows afterwards: who stole the code alone gets nothing (PU-10).
- Only who began is shown the number.
"""

from __future__ import annotations

import asyncio
import hmac
from typing import Final

import msgspec

from vestibule.crypto.sealing import Sealer
from vestibule.crypto.secret import Secret
from vestibule.crypto.signing import is_signed, read_public_key
from vestibule.crypto.tokens import new_token, token_hash
from vestibule.interfaces.method import RandomBytes
from vestibule.interfaces.store import Conflict, Store, Transaction
from vestibule.interfaces.transaction.sign_in import Subject
from vestibule.model.activation_code import CODE_OCTETS, code_of, read_code
from vestibule.model.actor import NotAllowed, self_of
from vestibule.model.app_answer import activation_text
from vestibule.model.authenticator import Authenticator, AuthenticatorStatus
from vestibule.model.session import Link
from vestibule.model.user import User
from vestibule.model.verification import ACTIVATION, Challenge, Reason, TraceLine
from vestibule.services.activating import Activating, Began
from vestibule.services.activations import attempt_at, session_name
from vestibule.services.app_lists import AppLists
from vestibule.services.attempt import Node, pending, verification_row
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.enrollment import PENDING_MS, Enrollments, take_away
from vestibule.services.out_of_band import OutOfBand
from vestibule.services.outcome import added
from vestibule.services.proving import Prover
from vestibule.services.sessions import Sessions, SignedIn
from vestibule.services.ways import Way

METHOD: Final = "app"
PURPOSE: Final = "app"
"""Of the links that codes of activation are."""
MOST_WAIT_SECONDS: Final = 25.0


class UnknownCode(Exception):
    """No activation waits for this code."""


class Unsigned(Exception):
    """The signature does not hold."""


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


class Stage(msgspec.Struct, frozen=True):
    """How far an activation is: `device` is named once its code was used, `number` shown as long as it is
    asked for."""

    device: str = ""
    number: str = ""
    is_active: bool = False
    is_over: bool = False


class AppActivations:
    def __init__(
        self,
        store: Store,
        configuration: ConfigurationCache,
        enrollments: Enrollments,
        sessions: Sessions,
        out_of_band: OutOfBand,
        prover: Prover,
        lists: AppLists,
        sealer: Sealer,
        node: Node,
        random_bytes: RandomBytes,
    ) -> None:
        self._store = store
        self._configuration = configuration
        self._enrollments = enrollments
        self._sessions = sessions
        self._out_of_band = out_of_band
        self._prover = prover
        self._lists = lists
        self._key = sealer.derive("codes of activation")
        self._node = node
        self._random_bytes = random_bytes
        self._activating = Activating(out_of_band, prover)

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
            challenge = await open_test_of(tx, held)
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
        label = device_name(name)

        async def body(tx: Transaction) -> tuple[Authenticator, User] | None:
            link = await tx.spend_link(self._hash(code), PURPOSE)
            if link is None:
                return None
            user_id, authenticator_id, began, waiter, by_device = link.subject.split(" ")
            subject = await tx.subject(link.tenant_id, user_id)
            held = _held(subject, authenticator_id)
            if subject is None or held is None or held.status is not AuthenticatorStatus.PENDING:
                return None
            if "public_key" in held.parameters or not subject.user.may_enter(tx.now):
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

    def _hash(self, code: str) -> str:
        return hmac.digest(self._key, code.encode(), "sha256").hex()


async def open_test_of(tx: Transaction, held: Authenticator) -> Challenge | None:
    """Return the open test of a device that is being activated."""
    for challenge in await tx.sent_challenges(held.tenant_id, held.user_id):
        if challenge.is_activation and challenge.authenticator_id == held.authenticator_id:
            return challenge
    return None


def _held(subject: Subject | None, authenticator_id: str) -> Authenticator | None:
    held = subject.authenticators if subject is not None else ()
    return next((each for each in held if each.authenticator_id == authenticator_id), None)


def device_name(typed: str) -> str:
    """Return the name of a device as it may be stored."""
    return "".join(each for each in typed if each.isprintable()).strip()[:64]
