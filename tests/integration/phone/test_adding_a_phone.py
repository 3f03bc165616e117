"""A person adds a phone: proven live before it counts (ENR-02, ENR-04, ENR-07)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.houses import PASSWORD, TENANT, Person
from tests.integration.phone.conftest import NUMBER, PhoneHouse
from tests.integration.phone.test_calls import Handset, set_pin
from tests.integration.phone.test_texts import passcode_in
from vestibule.crypto.secret import Secret
from vestibule.interfaces.gateway import Errand, NotSent, Sending
from vestibule.model.actor import NotAllowed
from vestibule.model.application import PORTAL_APPLICATION
from vestibule.model.authenticator import Authenticator, AuthenticatorStatus
from vestibule.model.call import Ask, CallEventKind
from vestibule.model.verification import Reason, VerificationState
from vestibule.services.attempt import Origin
from vestibule.services.outcome import Progress
from vestibule.services.phones import NewPhone
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.sessions import SignedIn
from vestibule.services.setup import built_in_client_id

TEXT = NewPhone(method="sms", typed="+49 30 123456", label="Mine")
CALL = NewPhone(method="voice", typed="+49 30 123456 x12")


def portal_origin(phones: PhoneHouse, username: str) -> Origin:
    client = built_in_client_id(TENANT, PORTAL_APPLICATION)
    peer = phones.house.services.configuration.current.peers[client]
    return Origin(peer=peer, channel="portal", claimed_username=username)


async def session_of(phones: PhoneHouse, person: Person, *, proven: bool = True) -> SignedIn:
    """Sign somebody in to the portal: with his passcode, or, where he holds nothing, with his password."""
    services = phones.house.services
    await services.setup.ensure_portal(TENANT)
    passcode = person.passcode(phones.house.clock.now()) if proven else None
    origin = portal_origin(phones, person.user.username)
    progress = await services.verifications.start(origin, Secret(PASSWORD), passcode)
    assert progress.is_approved, progress.reason
    token = await services.sessions.begin(progress.verification)
    signed_in = await services.sessions.find(token.reveal(), PORTAL_APPLICATION)
    assert signed_in is not None
    return signed_in


async def newcomer(phones: PhoneHouse, **fields: Any) -> tuple[Person, SignedIn]:
    alice = await phones.house.add_bare_person("Alice", **fields)
    return alice, await session_of(phones, alice, proven=False)


async def held(phones: PhoneHouse, person: Person) -> list[Authenticator]:
    subject = await phones.house.store.read(lambda tx: tx.subject(TENANT, person.user.user_id))
    assert subject is not None
    return [one for one in subject.authenticators if one.method in ("sms", "voice")]


async def begin(phones: PhoneHouse, signed_in: SignedIn, wanted: NewPhone) -> Progress:
    return await phones.house.services.activations.begin(signed_in, wanted)


async def answer(
    phones: PhoneHouse, signed_in: SignedIn, progress: Progress, passcode: str
) -> Progress | None:
    assert progress.challenge is not None
    return await phones.house.services.activations.answer(
        signed_in, progress.challenge.challenge_id, Secret(passcode)
    )


async def test_the_texted_passcode_activates_the_phone(phones: PhoneHouse) -> None:
    alice, signed_in = await newcomer(phones)
    progress = await begin(phones, signed_in, TEXT)
    (pending,) = await held(phones, alice)
    assert pending.status is AuthenticatorStatus.PENDING
    _, text = await phones.far.next_text()
    assert text.to == NUMBER
    assert "register this phone" in text.body.reveal()
    done = await answer(phones, signed_in, progress, passcode_in(text))
    assert done is not None
    assert (done.state, done.reason) == (VerificationState.APPROVED, Reason.PHONE_PROVEN)
    (active,) = await held(phones, alice)
    assert (active.status, active.label) == (AuthenticatorStatus.ACTIVE, "Mine")
    assert await phones.house.services.activations.claim(signed_in, done)
    assert not await phones.house.services.activations.claim(signed_in, done), "one proof, once"
    again = await phones.house.start("alice")
    assert again.reason is Reason.TEXT_PENDING


async def test_a_call_with_extension_activates_the_phone(phones: PhoneHouse) -> None:
    alice, signed_in = await newcomer(phones)
    progress = await begin(phones, signed_in, CALL)
    assert progress.challenge is not None
    gateway, call = await phones.far.next_call()
    handset = Handset(gateway, call.delivery_id)
    _, greeting = await handset.answer()
    assert isinstance(greeting, Ask)
    activations = phones.house.services.activations
    waiting = asyncio.create_task(activations.wait(signed_in, progress.challenge.challenge_id, 10))
    await handset.press("#")
    done = await waiting
    assert done is not None
    assert done.reason is Reason.PHONE_PROVEN
    (active,) = await held(phones, alice)
    assert active.status is AuthenticatorStatus.ACTIVE
    assert active.parameters == {"number": NUMBER, "extension": "12", "with_pin": False}


async def test_a_call_with_pin_takes_nothing_but_the_pin(phones: PhoneHouse) -> None:
    alice, signed_in = await newcomer(phones)
    with pytest.raises(Refused) as refused:
        await begin(phones, signed_in, NewPhone(method="voice", typed=NUMBER, with_pin=True))
    assert refused.value.why is Refusal.NO_PIN
    await set_pin(phones, alice, "7391")
    progress = await begin(phones, signed_in, NewPhone(method="voice", typed=NUMBER, with_pin=True))
    gateway, call = await phones.far.next_call()
    handset = Handset(gateway, call.delivery_id)
    await handset.answer()
    await handset.press("#")
    await handset.press("7391#")
    assert progress.challenge is not None
    done = await phones.house.services.activations.find(signed_in, progress.challenge.challenge_id)
    assert done is not None
    assert done.reason is Reason.PHONE_PROVEN


async def test_a_call_that_nobody_answers_adds_nothing(phones: PhoneHouse) -> None:
    alice, signed_in = await newcomer(phones)
    progress = await begin(phones, signed_in, CALL)
    gateway, call = await phones.far.next_call()
    await Handset(gateway, call.delivery_id).tell(CallEventKind.BUSY)
    assert progress.challenge is not None
    done = await phones.house.services.activations.find(signed_in, progress.challenge.challenge_id)
    assert done is not None
    assert (done.state, done.reason) == (VerificationState.DENIED, Reason.CALL_BUSY)
    (pending,) = await held(phones, alice)
    assert pending.status is AuthenticatorStatus.PENDING


async def test_a_text_that_cannot_be_sent_ends_it(phones: PhoneHouse) -> None:
    async def refuses(_gateway: object, _errand: Errand) -> Sending:
        return NotSent("no such number", is_final=True)

    phones.far.answer = refuses
    _, signed_in = await newcomer(phones)
    progress = await begin(phones, signed_in, TEXT)
    assert progress.challenge is not None
    done = await phones.house.services.activations.wait(signed_in, progress.challenge.challenge_id, 10)
    assert done is not None
    assert done.reason is Reason.TEXT_NOT_SENT


async def test_nothing_is_sent_for_a_session_that_may_not_enroll(phones: PhoneHouse) -> None:
    """ENR-02, ENR-07: neither with a password alone where something is held, nor after five minutes."""
    alice = await phones.house.add_person("Alice")
    signed_in = await session_of(phones, alice)
    phones.house.clock.advance(6 * 60)
    found = await phones.house.services.sessions.find("", PORTAL_APPLICATION)
    assert found is None
    stale = SignedIn(signed_in.session, signed_in.user, is_fresh=False)
    with pytest.raises(NotAllowed):
        await begin(phones, stale, TEXT)
    bob = await phones.house.add_bare_person("Bob")
    of_bob = await session_of(phones, bob, proven=False)
    await phones.house.add_authenticator(bob.user)
    with pytest.raises(NotAllowed):
        await begin(phones, of_bob, TEXT)
    assert phones.far.errands == []
    assert await held(phones, alice) == []


async def test_who_holds_something_by_now_must_have_proven_it_when_he_began(phones: PhoneHouse) -> None:
    """ENR-02: a newcomer's session does not go on beside what was registered meanwhile."""
    alice, signed_in = await newcomer(phones)
    progress = await begin(phones, signed_in, TEXT)
    _, text = await phones.far.next_text()
    await phones.house.add_authenticator(alice.user)
    done = await answer(phones, signed_in, progress, passcode_in(text))
    assert done is not None
    assert (done.state, done.reason) == (VerificationState.DENIED, Reason.METHOD_NOT_ALLOWED)
    (pending,) = await held(phones, alice)
    assert pending.status is AuthenticatorStatus.PENDING


async def test_another_session_sees_and_finishes_nothing(phones: PhoneHouse) -> None:
    alice, signed_in = await newcomer(phones)
    other = await session_of(phones, alice, proven=False)
    progress = await begin(phones, signed_in, TEXT)
    _, text = await phones.far.next_text()
    assert progress.challenge is not None
    activations, challenge_id = phones.house.services.activations, progress.challenge.challenge_id
    assert await activations.find(other, challenge_id) is None
    assert await answer(phones, other, progress, passcode_in(text)) is None
    done = await answer(phones, signed_in, progress, passcode_in(text))
    assert done is not None
    assert not await activations.claim(other, done)


async def test_an_activation_opens_no_door(phones: PhoneHouse) -> None:
    """Its challenge answers no sign-in, and its verification makes no session."""
    alice = await phones.house.add_person("Alice")
    signed_in = await session_of(phones, alice)
    progress = await begin(phones, signed_in, TEXT)
    _, text = await phones.far.next_text()
    assert progress.challenge is not None
    at_the_door = await phones.house.services.verifications.answer(
        portal_origin(phones, "alice"), progress.challenge.challenge_id, Secret(passcode_in(text))
    )
    assert at_the_door.reason is Reason.CHALLENGE_UNKNOWN
    done = await answer(phones, signed_in, progress, passcode_in(text))
    assert done is not None
    assert done.is_approved
    with pytest.raises(AssertionError):
        await phones.house.services.sessions.begin(done.verification)


async def test_wrong_passcodes_count_and_spend_the_tries(phones: PhoneHouse) -> None:
    await phones.house.change_settings(lockout_threshold=2)
    _, signed_in = await newcomer(phones)
    progress = await begin(phones, signed_in, TEXT)
    _, text = await phones.far.next_text()
    wrong = f"{(int(passcode_in(text)) + 1) % 10**6:06d}"
    reasons = []
    for typed in (wrong, wrong, passcode_in(text)):
        done = await answer(phones, signed_in, progress, typed)
        reasons.append(done.reason if done is not None else None)
    assert reasons == [Reason.TEXT_WRONG, Reason.TEXT_WRONG, Reason.LOCKED_OUT]


async def test_texts_and_calls_of_an_hour_are_one_budget(phones: PhoneHouse) -> None:
    """SMS-04."""
    await phones.house.change_settings(texts_per_hour=2)
    _, signed_in = await newcomer(phones)
    await begin(phones, signed_in, TEXT)
    await begin(phones, signed_in, CALL)
    with pytest.raises(Refused) as refused:
        await begin(phones, signed_in, TEXT)
    assert refused.value.why is Refusal.NOTHING_SENT
    assert len(phones.far.errands) <= 2


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        (NewPhone(method="sms", typed="12"), Refusal.PHONE_INVALID),
        (NewPhone(method="sms", typed="+1 900 234 5678"), Refusal.PHONE_NOT_ALLOWED),
        (NewPhone(method="sms", typed=NUMBER, two_way=True), Refusal.NOT_POSSIBLE),
        (NewPhone(method="totp", typed=NUMBER), Refusal.NOT_POSSIBLE),
    ],
)
async def test_what_may_not_be_added_is_refused_unsent(
    phones: PhoneHouse, wanted: NewPhone, why: Refusal
) -> None:
    """VOI-09; and replying is the tenant's to allow."""
    _, signed_in = await newcomer(phones)
    with pytest.raises(Refused) as refused:
        await begin(phones, signed_in, wanted)
    assert refused.value.why is why
    assert phones.far.errands == []


async def test_a_newer_call_ends_the_older_activation(phones: PhoneHouse) -> None:
    alice, signed_in = await newcomer(phones)
    first = await begin(phones, signed_in, CALL)
    await phones.far.next_call()
    second = await begin(phones, signed_in, CALL)
    gateway, call = await phones.far.next_call()
    handset = Handset(gateway, call.delivery_id)
    await handset.answer()
    await handset.press("#")
    assert first.challenge is not None
    assert second.challenge is not None
    activations = phones.house.services.activations
    old = await activations.find(signed_in, first.challenge.challenge_id)
    new = await activations.find(signed_in, second.challenge.challenge_id)
    assert old is not None
    assert new is not None
    assert (old.state, new.state) == (VerificationState.CANCELED, VerificationState.APPROVED)
    states = [one.status for one in await held(phones, alice)]
    assert states.count(AuthenticatorStatus.ACTIVE) == 1
