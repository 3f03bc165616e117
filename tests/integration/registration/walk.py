"""A random walk over requirements, authenticators, vouchers, demands and bypasses, and what must always hold.

The walk keeps its own book of who proved what and what was given to whom, and says from that who may register
something: what the house does is held against it, step by step.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from tests.houses import PASSWORD, TENANT, Person
from tests.integration.registration.desk import Desk
from vestibule.crypto.secret import Secret
from vestibule.interfaces.transaction.sign_in import Subject
from vestibule.model.actor import SYSTEM
from vestibule.model.authenticator import Authenticator, AuthenticatorStatus
from vestibule.model.user import Requirement
from vestibule.model.voucher import Vouch
from vestibule.services.refusal import Refused
from vestibule.services.sessions import SignedIn
from vestibule.wire.oath import hotp, totp

OFFICE: Final = "192.0.2.7"
ELSEWHERE: Final = "198.51.100.7"
_FORTNIGHT_MS: Final = 14 * 24 * 3_600_000
_FRESH_MS: Final = 300_000
_METHODS: Final = ((), ("totp",), ("hotp",), ("totp", "hotp"))


@dataclass(slots=True)
class Known:
    """What the book says of one person."""

    person: Person
    secrets: dict[str, bytes] = field(default_factory=dict)
    """Of what he holds, by authenticator."""
    presses: Counter[str] = field(default_factory=Counter)
    since: int = 0
    """When registering anew was last demanded and not finished or taken back."""
    is_demanded: bool = False
    window_until: int = 0
    code: str = ""
    code_until: int = 0
    is_enforced_by_hand: bool = False
    has_finished: bool = False


@dataclass(slots=True)
class Visit:
    """A session at the portal, as who sits there knows it."""

    known: Known
    signed_in: SignedIn
    proven_at: int
    is_proven: bool = False
    has_used_code: bool = False


@dataclass(slots=True)
class Walk:
    desk: Desk
    chance: random.Random
    people: list[Known] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)
    vouching: tuple[Vouch, ...] = tuple(Vouch)
    methods: tuple[str, ...] = ()
    began: int = 0
    done: Counter[str] = field(default_factory=Counter)

    async def furnish(self) -> None:
        self.began = self.desk.house.clock.now()
        await self.desk.house.change_settings(
            trusted_addresses=("192.0.2.0/24",), lockout_threshold=100, hard_stop=100
        )
        for name in ("Alice", "Bob"):
            self.people.append(Known(await self.desk.house.add_bare_person(name)))
        held = await self.desk.house.add_person("Carol")
        self.people.append(Known(held, {held.authenticator_id: held.secret}))

    async def step(self) -> None:
        steps = {
            self._sign_in: 10,
            self._begin_registering: 10,
            self._keep_codes: 5,
            self._finish: 8,
            self._use_code: 5,
            self._step_up: 5,
            self._open_a_door: 5,
            self._require: 4,
            self._demand: 2,
            self._forgo: 1,
            self._give_code: 3,
            self._open_window: 2,
            self._withdraw: 1,
            self._bypass: 2,
            self._switch_methods: 1,
            self._choose_vouching: 2,
            self._pass_time: 6,
        }
        (act,) = self.chance.choices(list(steps), list(steps.values()))
        self.done[act.__name__] += 1
        self.desk.house.clock.advance(self.chance.randrange(1, 20))
        await act()
        await self._check()

    # --- people -----------------------------------------------------------------------------------------

    async def _sign_in(self) -> None:
        known = self._somebody()
        address = self.chance.choice((OFFICE, ELSEWHERE))
        passcode = await self._passcode(known) if self.chance.random() < 0.6 else None
        progress = await self.desk.house.start(
            known.person.user.username, PASSWORD, passcode, "portal", user_address=address
        )
        if not progress.is_approved:
            return
        signed_in = await self.desk.begin(progress.verification, address)
        is_proven = signed_in.session.is_second_factor_proven
        assert not is_proven or passcode is not None, "nothing but a right passcode proves a second factor"
        self.visits = [*self.visits[-6:], Visit(known, signed_in, self._now(), is_proven)]

    async def _begin_registering(self) -> None:
        visit = self._some_visit()
        if visit is None:
            return
        signed_in = await self._current(visit)
        if signed_in is None:
            return
        subject = await self._subject(visit.known)
        expected = self._may_enroll(visit, subject)
        assert await self.desk.house.services.sessions.may_enroll(signed_in) is expected
        if not expected:
            return
        before = {held.authenticator_id for held in subject.authenticators}
        try:
            secret = await self.desk.register_app(signed_in)
        except Refused:
            return  # The method is switched off, or there are too many.
        visit.is_proven, visit.proven_at = True, self._now()
        after = await self._subject(visit.known)
        (new,) = {
            held.authenticator_id
            for held in after.authenticators
            if held.status is AuthenticatorStatus.ACTIVE
        } - before
        visit.known.secrets[new] = secret
        self.done["registered"] += 1

    async def _keep_codes(self) -> None:
        visit = self._some_visit()
        signed_in = await self._current(visit) if visit is not None else None
        if signed_in is not None and await self.desk.house.services.sessions.may_enroll(signed_in):
            await self.desk.keep_codes(signed_in)

    async def _finish(self) -> None:
        visit = self._some_visit()
        signed_in = await self._current(visit) if visit is not None else None
        if visit is None or signed_in is None:
            return
        if self.chance.random() < 0.7 and await self.desk.house.services.sessions.may_enroll(signed_in):
            await self.desk.keep_codes(signed_in)
        subject = await self._subject(visit.known)
        try:
            await self.desk.house.services.registrations.finish(signed_in, "totp")
        except Refused:
            return
        assert any(held.method == "totp" for held in self._counting(visit.known, subject)), (
            "nothing is proven"
        )
        known = visit.known
        known.has_finished = True
        known.is_demanded = False
        known.window_until, known.code = 0, ""
        old = {
            held.authenticator_id
            for held in (await self._subject(known)).authenticators
            if held.created_at < known.since
        }
        assert not old, "what was registered before the demand is gone"
        self.done["finished"] += 1

    async def _use_code(self) -> None:
        visit = self._some_visit()
        signed_in = await self._current(visit) if visit is not None else None
        if visit is None or signed_in is None:
            return
        known = visit.known
        is_right = bool(known.code) and self.chance.random() < 0.7 and self._now() < known.code_until
        typed = known.code if is_right else "AAAAA-AAAAA"
        try:
            await self.desk.house.services.vouching.use_code(signed_in.session, Secret(typed))
        except Refused:
            assert not is_right
            return
        assert is_right
        known.code = ""
        for each in self.visits:
            each.has_used_code = each is visit or (each.has_used_code and each.known is not known)
        visit.proven_at = self._now()

    async def _step_up(self) -> None:
        visit = self._some_visit()
        signed_in = await self._current(visit) if visit is not None else None
        if visit is None or signed_in is None:
            return
        passcode = await self._passcode(visit.known)
        try:
            await self.desk.house.services.sessions.step_up(signed_in, passcode or Secret("000000"))
        except Refused:
            return
        assert passcode is not None
        visit.is_proven, visit.proven_at = True, self._now()

    async def _open_a_door(self) -> None:
        known = self._somebody()
        passcode = await self._passcode(known) if self.chance.random() < 0.7 else None
        subject = await self._subject(known)
        progress = await self.desk.house.start(known.person.user.username, PASSWORD, passcode)
        if not progress.is_approved:
            return
        assert not known.is_demanded, "who must register anew is let in nowhere"
        if subject.user.bypass_until <= self._now():
            assert passcode is not None, "no password alone"
            assert self._counting(known, subject), "what counts no more opens nothing"
        self.done["let in"] += 1

    # --- administrators ---------------------------------------------------------------------------------

    async def _require(self) -> None:
        known, wanted = self._somebody(), self.chance.choice(list(Requirement))
        before = await self._subject(known)
        await self.desk.require(wanted, known.person.user.username)
        after = await self._subject(known)
        assert after.authenticators == before.authenticators, "no requirement takes a method away"
        if before.user.requirement is not wanted:
            known.is_enforced_by_hand, known.has_finished = wanted is Requirement.ENFORCED, False

    async def _demand(self) -> None:
        known = self._somebody()
        known.since, known.is_demanded = self._now() + 1, True
        await self.desk.house.services.requirements.demand_registration(
            SYSTEM, TENANT, known.person.user.user_id
        )
        self.visits = [each for each in self.visits if each.known is not known]

    async def _forgo(self) -> None:
        known = self._somebody()
        await self.desk.house.services.requirements.withdraw_demand(SYSTEM, TENANT, known.person.user.user_id)
        if known.is_demanded:
            known.since, known.is_demanded = 0, False

    async def _give_code(self) -> None:
        known = self._somebody()
        vouchers = self.desk.house.services.vouchers
        try:
            code = await vouchers.make_code(SYSTEM, TENANT, known.person.user.user_id)
        except Refused:
            assert Vouch.LETTER not in self.vouching
            return
        known.code, known.code_until = code.reveal(), self._now() + _FORTNIGHT_MS
        for visit in self.visits:
            visit.has_used_code = visit.has_used_code and visit.known is not known

    async def _open_window(self) -> None:
        known = self._somebody()
        try:
            await self.desk.house.services.vouchers.open_window(SYSTEM, TENANT, known.person.user.user_id, 1)
        except Refused:
            assert Vouch.HELP_DESK not in self.vouching
            return
        known.window_until = self._now() + 3_600_000

    async def _withdraw(self) -> None:
        known = self._somebody()
        await self.desk.house.services.vouchers.withdraw(SYSTEM, TENANT, known.person.user.user_id)
        known.window_until, known.code = 0, ""
        for visit in self.visits:
            visit.has_used_code = visit.has_used_code and visit.known is not known

    async def _bypass(self) -> None:
        await self.desk.house.change_user(self._somebody().person, bypass_until=self._now() + 60_000)

    async def _switch_methods(self) -> None:
        self.methods = self.chance.choice(_METHODS)
        await self.desk.house.change_settings(methods=self.methods)

    async def _choose_vouching(self) -> None:
        self.vouching = tuple(way for way in Vouch if self.chance.random() < 0.6)
        await self.desk.house.change_settings(vouching=self.vouching)

    async def _pass_time(self) -> None:
        self.desk.house.clock.advance(self.chance.choice((30, 400, 3600, 3 * 24 * 3600)))

    # --- what must hold ---------------------------------------------------------------------------------

    def _may_enroll(self, visit: Visit, subject: Subject) -> bool:
        """Say from the book alone whether this visit may register something."""
        if self._now() >= visit.proven_at + _FRESH_MS:
            return False
        if visit.is_proven:
            return True
        known, now = visit.known, self._now()
        if self._counting(known, subject, with_codes=True):
            return False
        holds_nothing = all(held.status is AuthenticatorStatus.PENDING for held in subject.authenticators)
        return (
            (Vouch.HELP_DESK in self.vouching and now < known.window_until)
            or (Vouch.LETTER in self.vouching and visit.has_used_code)
            or (Vouch.TRUSTED_NETWORK in self.vouching and visit.signed_in.address == OFFICE)
            or (Vouch.OPEN_WINDOW in self.vouching and holds_nothing and now < self.began + _FORTNIGHT_MS)
        )

    async def _check(self) -> None:
        for known in self.people:
            user = (await self._subject(known)).user
            if user.requirement is Requirement.ENFORCED:
                assert known.is_enforced_by_hand or known.has_finished, "enforced, and nobody has done it"
            assert user.must_register is known.is_demanded

    # --- parts --------------------------------------------------------------------------------------------

    def _counting(self, known: Known, subject: Subject, *, with_codes: bool = False) -> list[Authenticator]:
        return [
            held
            for held in subject.authenticators
            if held.status is not AuthenticatorStatus.PENDING
            and held.created_at >= known.since
            and (
                (with_codes and held.method == "recovery_code")
                or (held.method != "recovery_code" and (not self.methods or held.method in self.methods))
            )
        ]

    async def _passcode(self, known: Known) -> Secret[str] | None:
        """A passcode of one of his authenticators, whether or not it counts still."""
        held = [
            one
            for one in (await self._subject(known)).authenticators
            if one.authenticator_id in known.secrets
        ]
        if not held:
            return None
        one = self.chance.choice(held)
        secret = known.secrets[one.authenticator_id]
        if one.method == "hotp":
            known.presses[one.authenticator_id] += 1
            return Secret(hotp(secret, known.presses[one.authenticator_id] - 1))
        self.desk.house.clock.advance(31)
        return Secret(totp(secret, self._now()))

    async def _current(self, visit: Visit) -> SignedIn | None:
        """The session as its next request finds it, None if it has ended."""
        session = await self.desk.house.store.read(lambda tx: tx.session(visit.signed_in.session.token_hash))
        if session is None or self._now() >= session.expires_at:
            return None
        user = (await self._subject(visit.known)).user
        return SignedIn(session, user, self._now() < session.proven_at + _FRESH_MS, visit.signed_in.address)

    async def _subject(self, known: Known) -> Subject:
        return await self.desk.subject(known.person.user)

    def _somebody(self) -> Known:
        return self.chance.choice(self.people)

    def _some_visit(self) -> Visit | None:
        return self.chance.choice(self.visits) if self.visits else None

    def _now(self) -> int:
        return self.desk.house.clock.now()
