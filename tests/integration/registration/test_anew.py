"""Registration demanded anew, and methods that were switched off."""

from __future__ import annotations

import pytest

from tests.houses import TENANT, Person
from tests.integration.registration.desk import LONG_AGO, Desk
from vestibule.crypto.secret import Secret
from vestibule.model.actor import SYSTEM
from vestibule.model.application import SecondFactor
from vestibule.model.user import Requirement
from vestibule.model.verification import Reason
from vestibule.policy.registration import RegistrationReason
from vestibule.services.refusal import Refusal, Refused
from vestibule.wire.oath import totp


async def locked_out(desk: Desk, name: str = "Alice") -> Person:
    """Somebody who has lost his phone, guessed at the passcode, and is locked."""
    person = await desk.house.add_person(name)
    for _ in range(10):
        await desk.house.start(name, passcode="000000")
    assert (await desk.house.start(name, passcode="000000")).reason is Reason.LOCKED_OUT
    return person


async def test_s39_a_locked_out_person_registers_anew_at_his_next_sign_in(desk: Desk) -> None:
    """S39: vouched for by the help desk; what he had registered before is gone at the end."""
    alice = await locked_out(desk)
    desk.house.clock.advance(LONG_AGO)
    await desk.demand(alice)
    signed_in = await desk.sign_in("alice")
    standing = await desk.standing(signed_in)
    assert standing.asked is not None
    assert standing.asked.reason is RegistrationReason.DEMANDED_AGAIN
    assert not await desk.house.services.sessions.may_enroll(signed_in)
    await desk.house.services.vouchers.open_window(SYSTEM, TENANT, alice.user.user_id, 4)
    secret = await desk.register_app(signed_in)
    await desk.keep_codes(signed_in)
    await desk.house.services.registrations.finish(signed_in, "totp")
    subject = await desk.subject(alice.user)
    assert not subject.user.must_register
    assert alice.authenticator_id not in {held.authenticator_id for held in subject.authenticators}
    passcode = Secret(totp(secret, desk.house.clock.now() + 30_000))
    assert (await desk.house.start("alice", passcode=passcode)).is_approved


async def test_s39_until_he_has_no_door_opens_and_old_methods_count_for_nothing(desk: Desk) -> None:
    """S39: not with what was lost, whoever has it now."""
    alice = await desk.house.add_person("Alice")
    await desk.house.add_application("wiki", second_factor=SecondFactor.BY_RULES)
    assert (await desk.house.start("alice", door="wiki")).is_approved
    await desk.demand(alice)
    now = desk.house.clock.now()
    for door in ("vpn", "wiki"):
        progress = await desk.house.start("alice", passcode=alice.passcode(now), door=door)
        assert progress.reason is Reason.REGISTRATION_REQUIRED
    signed_in = await desk.sign_in("alice", alice.passcode(now))
    assert not signed_in.session.is_second_factor_proven
    await desk.keep_codes(signed_in)
    with pytest.raises(Refused) as refused:
        await desk.house.services.registrations.finish(signed_in, "totp")
    assert refused.value.why is Refusal.REGISTRATION_UNFINISHED


async def test_s39_what_he_still_has_vouches_for_him(desk: Desk) -> None:
    """S39, ENR-02: the old method, proven, is better than a code in a letter."""
    alice = await desk.house.add_person("Alice")
    desk.house.clock.advance(LONG_AGO)
    await desk.demand(alice)
    signed_in = await desk.sign_in("alice")
    assert (await desk.standing(signed_in)).can_prove_old
    caller = await desk.house.add_bare_person("Carol")
    await desk.house.add_phone(caller, "voice", number="+4930123456")
    await desk.demand(caller)
    assert not (await desk.standing(await desk.sign_in("carol"))).can_prove_old, "it shows no passcodes"
    await desk.house.services.sessions.step_up(signed_in, alice.passcode(desk.house.clock.now()))
    user = await desk.register(await desk.again(signed_in))
    assert not user.must_register


async def test_s39_the_open_window_vouches_for_newcomers_only(desk: Desk) -> None:
    """ENR-02: a demand does not make the password alone enough for who had a second factor."""
    alice = await desk.house.add_person("Alice")
    await desk.demand(alice)
    assert not await desk.house.services.sessions.may_enroll(await desk.sign_in("alice"))


async def test_s39_sessions_and_remembered_browsers_end_with_the_demand(desk: Desk) -> None:
    """S39: the next sign-in is a new one."""
    alice = await desk.house.add_person("Alice")
    signed_in = await desk.sign_in("alice", alice.passcode(desk.house.clock.now()))
    await desk.demand(alice)
    session = await desk.house.store.read(lambda tx: tx.session(signed_in.session.token_hash))
    assert session is None


async def test_s39_a_demand_is_withdrawn_and_all_is_as_before(desk: Desk) -> None:
    alice = await desk.house.add_person("Alice")
    await desk.demand(alice)
    await desk.house.services.requirements.withdraw_demand(SYSTEM, TENANT, alice.user.user_id)
    now = desk.house.clock.now()
    assert (await desk.house.start("alice", passcode=alice.passcode(now))).is_approved


async def test_s39_app_passwords_go_on_working_and_the_password_does_not_come_back(desk: Desk) -> None:
    """S39, inventory 1.10: they are deleted by who wants them gone; a legacy client that took the password of
    who had registered nothing does not take it again."""
    alice = await desk.house.add_person("Alice", requirement=Requirement.ENABLED)
    await desk.house.change_settings(app_passwords=True)
    await desk.house.add_application("mail", is_legacy=True)
    signed_in = await desk.sign_in("alice", alice.passcode(desk.house.clock.now()))
    made = await desk.house.services.app_passwords.make(signed_in, "laptop", ("mail",))
    await desk.demand(alice)
    assert (await desk.house.start("alice", made.shown.reveal(), door="mail")).is_approved
    assert (await desk.house.start("alice", door="mail")).reason is Reason.APP_PASSWORD_REQUIRED


async def test_s39_who_is_enabled_and_registers_anew_is_enforced(desk: Desk) -> None:
    """Inventory 1.10: enabled again, an old user jumps to enforced only by registering anew."""
    alice = await desk.house.add_person("Alice")
    await desk.require(Requirement.ENABLED, "alice")
    await desk.demand(alice)
    signed_in = await desk.sign_in("alice")
    await desk.house.services.sessions.step_up(signed_in, alice.passcode(desk.house.clock.now()))
    assert (await desk.register(await desk.again(signed_in))).requirement is Requirement.ENFORCED


async def test_s39_a_hardware_token_of_his_own_is_registered_anew(desk: Desk) -> None:
    """S39: what lies on his desk need not be handed in and out; proven again, it counts."""
    alice = await desk.house.add_bare_person("Alice")
    token = await desk.house.add_authenticator(alice.user, "hotp", serial="SN1")
    desk.house.clock.advance(LONG_AGO)
    await desk.demand(alice)
    enrollments, user_id = desk.house.services.enrollments, alice.user.user_id
    signed_in = await desk.sign_in("alice")
    await desk.house.services.vouchers.open_window(SYSTEM, TENANT, user_id, 1)
    at = desk.house.clock.now()
    await enrollments.register_hardware(signed_in.actor, TENANT, user_id, "SN1", token.passcode(at))
    assert [held.serial for held in (await desk.standing(signed_in)).registered] == ["SN1"]
    await desk.house.services.sessions.mark_proven(signed_in)
    await desk.keep_codes(signed_in)
    await desk.house.services.registrations.finish(signed_in, "hotp")
    assert [each.serial for each in (await desk.subject(alice.user)).authenticators if each.serial] == ["SN1"]


async def test_s72_whose_chosen_method_was_switched_off_registers_anew_and_chooses(desk: Desk) -> None:
    """S72: the old one still tells at the portal that it is he, opens nothing else, and is his default no
    more."""
    alice = await desk.house.add_person("Alice", "hotp", default_method="hotp")
    await desk.house.change_settings(methods=("totp", "sms"))
    at = desk.house.clock.now()
    assert (await desk.house.start("alice", passcode=alice.passcode(at))).reason is (
        Reason.REGISTRATION_REQUIRED
    )
    progress = await desk.house.start("alice", door="portal")
    assert progress.reason is Reason.PASSCODE_PENDING
    signed_in = await desk.sign_in("alice", alice.passcode(at))
    standing = await desk.standing(signed_in)
    assert standing.asked is not None
    assert standing.asked.reason is RegistrationReason.METHOD_SWITCHED_OFF
    with pytest.raises(Refused) as refused:
        await desk.house.services.enrollments.begin(signed_in.actor, TENANT, alice.user.user_id, "hotp")
    assert refused.value.why is Refusal.METHOD_OFF
    await desk.register_app(signed_in)
    await desk.keep_codes(signed_in)
    with pytest.raises(Refused) as refused:
        await desk.house.services.registrations.finish(signed_in, "hotp")
    assert refused.value.why is Refusal.METHOD_NOT_HELD
    assert (await desk.house.services.registrations.finish(signed_in, "totp")).default_method == "totp"
    assert (await desk.standing(signed_in)).asked is None


async def test_s72_a_method_that_is_left_goes_on_opening_doors(desk: Desk) -> None:
    """S72: he is asked at the portal; his VPN does not stop."""
    alice = await desk.house.add_person("Alice", "hotp", default_method="hotp")
    app = await desk.house.add_authenticator(alice.user, "totp")
    await desk.house.change_settings(methods=("totp",))
    at = desk.house.clock.now()
    assert (await desk.house.start("alice", passcode=app.passcode(at))).is_approved
    signed_in = await desk.sign_in("alice", app.passcode(at, steps=1))
    standing = await desk.standing(signed_in)
    assert standing.asked is not None
    assert standing.asked.reason is RegistrationReason.METHOD_SWITCHED_OFF
