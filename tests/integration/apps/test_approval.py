"""A sign-in is decided in the app: number, denial, fraud, and answers that are altered, repeated or late."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.houses import TENANT
from tests.integration.apps.conftest import PLACE, AppHouse
from tests.peers.app_device import AppDevice, AppError
from tests.until import until
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.actor import SYSTEM
from vestibule.model.verification import Reason, VerificationState
from vestibule.services.apps import Shown
from vestibule.services.outcome import Progress


def number_of(progress: Progress) -> str:
    assert progress.challenge is not None
    assert len(progress.challenge.number) == 2
    return progress.challenge.number


def another(number: str) -> str:
    return f"{(int(number) + 1) % 100:02d}"


async def asked(apps: AppHouse) -> tuple[Progress, AppDevice, dict[str, Any]]:
    """Let Alice sign in; return where it stands, her device, and what it shows."""
    _, (device,) = await apps.alice()
    progress = await apps.sign_in()
    return progress, device, await device.next_request()


async def reason(apps: AppHouse) -> Reason:
    return (await apps.house.attempts())[-1].reason


async def test_the_number_opens_the_door(apps: AppHouse) -> None:
    progress, device, request = await asked(apps)
    assert progress.is_answered_elsewhere
    assert (request["application"], request["account"], request["place"]) == ("vpn", "alice", PLACE)
    assert (request["digits"], request["tries_left"], request["fraud"]) == (2, 3, "blocks")
    assert 0 < request["seconds_left"] <= 60
    waiting = asyncio.create_task(apps.house.wait("alice", progress, user_address=PLACE))
    done = await device.approve(request, number_of(progress))
    assert done["outcome"] == "approved"
    waited = await waiting
    assert waited is not None
    assert waited.is_approved
    attempt = (await apps.house.attempts())[-1]
    assert (attempt.reason, attempt.legacy_result) == (
        Reason.APP_APPROVED,
        "SUCCESS_PHONE_APP_AUTHENTICATED",
    )
    assert (attempt.method, attempt.authenticator_label) == ("app", "Test phone")
    assert await device.requests() == []


async def test_nothing_is_shown_without_the_right_password(apps: AppHouse) -> None:
    """PU-02."""
    _, (device,) = await apps.alice()
    assert not (await apps.sign_in("wrong")).is_pending
    assert await device.requests() == []


async def test_a_wrong_number_ends_it_after_three(apps: AppHouse) -> None:
    """PU-03, PU-04: each counts like a wrong passcode."""
    progress, device, request = await asked(apps)
    wrong = another(number_of(progress))
    outcomes = [await device.approve(request, wrong) for _ in range(3)]
    assert [(one["outcome"], one["tries_left"]) for one in outcomes] == [
        ("number_wrong", 2),
        ("number_wrong", 1),
        ("number_wrong", 0),
    ]
    attempt = (await apps.house.attempts())[-1]
    assert (attempt.state, attempt.reason) == (VerificationState.DENIED, Reason.APP_TRIES_SPENT)
    assert attempt.legacy_result == "FAILED_PHONE_APP_INVALID_RESULT"
    with pytest.raises(AppError, match="over"):
        await device.approve(request, number_of(progress))


async def test_guessing_numbers_locks_like_guessing_passcodes(apps: AppHouse) -> None:
    """PU-04: over many sign-ins."""
    _, (device,) = await apps.alice()
    await apps.house.change_settings(lockout_threshold=3)
    progress = await apps.sign_in()
    request = await device.next_request()
    for _ in range(2):
        await device.approve(request, another(number_of(progress)))
    await device.approve(request, another(number_of(progress)))
    locked = await apps.sign_in()
    request = await device.next_request() if locked.is_pending else None
    if request is not None:
        assert (await device.approve(request, number_of(locked)))["outcome"] == "refused"
    assert await reason(apps) is Reason.LOCKED_OUT


@pytest.mark.parametrize("decision", ["deny", "fraud"])
@pytest.mark.parametrize("blocks", [True, False])
async def test_a_denial_is_one(apps: AppHouse, decision: str, blocks: bool) -> None:
    """PU-09: and fraud blocks where that is set."""
    _, (device,) = await apps.alice()
    await apps.house.change_settings(fraud_blocks=blocks)
    progress = await apps.sign_in()
    request = await device.next_request()
    assert request["fraud"] == ("blocks" if blocks else "reports")
    done = await device.answer(request, decision)
    assert done["outcome"] == {"deny": "denied", "fraud": "reported"}[decision]
    waited = await apps.house.wait("alice", progress, user_address=PLACE)
    assert waited is not None
    assert waited.reason is (Reason.APP_DENIED if decision == "deny" else Reason.FRAUD_REPORTED)
    again = await apps.sign_in()
    is_out = decision == "fraud" and blocks
    assert again.is_pending is not is_out
    if is_out:
        with pytest.raises(AppError, match="not for an activated account"):
            await device.requests()


async def test_a_passcode_of_the_app_opens_the_door_without_it(apps: AppHouse) -> None:
    """S48: no network is needed, and one passcode counts once."""
    progress, device, _ = await asked(apps)
    assert progress.challenge is not None
    apps.house.clock.advance(30)
    passcode = device.passcode(apps.house.clock.now())
    done = await apps.house.answer("alice", progress.challenge.challenge_id, passcode, user_address=PLACE)
    assert done.is_approved
    again = await apps.sign_in(passcode=passcode)
    assert not again.is_approved


async def test_the_number_typed_at_the_door_opens_nothing(apps: AppHouse) -> None:
    """Whoever stands at the door sees it."""
    progress, _, _ = await asked(apps)
    assert progress.challenge is not None
    number = number_of(progress)
    answered = await apps.house.answer("alice", progress.challenge.challenge_id, number, user_address=PLACE)
    assert not answered.is_approved


ALTERED = {
    "decision": "deny",
    "number": "00",
    "signature": "A" * 86,
}


@pytest.mark.parametrize("altered", sorted(ALTERED))
async def test_an_altered_answer_is_refused(apps: AppHouse, altered: str) -> None:
    """PU-07: what is not signed as it came, decides nothing."""
    progress, device, request = await asked(apps)
    number = number_of(progress)
    change = {altered: ALTERED[altered]} if altered != "number" else {"number": another(number)}
    body = device.answer_body(request, "approve", number) | change
    with pytest.raises(AppError) as error:
        await device.send(request, body)
    assert error.value.code == "signature_wrong"
    assert (await device.requests())[0]["tries_left"] == 3, "it cost no try"


@pytest.mark.parametrize(
    "field", ["verification", "id", "application_id", "expires_at", "tenant", "user", "authenticator"]
)
async def test_every_field_is_signed(apps: AppHouse, field: str) -> None:
    """PU-07."""
    progress, device, request = await asked(apps)
    place: dict[str, Any] = request if field in request else device.account
    right = place[field]
    place[field] = 1 if field == "expires_at" else "0" * 32
    body = device.answer_body(request, "approve", number_of(progress))
    place[field] = right
    with pytest.raises(AppError) as error:
        await device.send(request, body)
    assert error.value.code == "signature_wrong"


async def test_a_repeated_answer_changes_nothing(apps: AppHouse) -> None:
    """PU-06: not even for the next sign-in."""
    progress, device, request = await asked(apps)
    body = device.answer_body(request, "approve", number_of(progress))
    await device.send(request, body)
    with pytest.raises(AppError, match="over"):
        await device.send(request, body)
    await apps.house.wait("alice", progress, user_address=PLACE)
    apps.house.clock.advance(1)
    await apps.sign_in()
    following = await device.next_request()
    with pytest.raises(AppError) as error:
        await device.send(following, body)
    assert error.value.code == "signature_wrong"


async def test_a_device_that_was_removed_decides_nothing(apps: AppHouse) -> None:
    """PU-08: between the request and the answer."""
    alice, (device, _) = await apps.alice("Phone", "Tablet")
    progress = await apps.sign_in()
    request = await device.next_request()
    await device.remove()
    with pytest.raises(AppError) as error:
        await device.approve(request, number_of(progress))
    assert error.value.code == "not_activated"
    del alice


async def test_anothers_device_decides_nothing(apps: AppHouse) -> None:
    """PU-08: neither by his own token nor by hers."""
    progress, device, request = await asked(apps)
    bob = await apps.house.add_bare_person("bob")
    bob.secret = b""
    his = await apps.activated(await apps.session_of(bob), "Bob's")
    for decision in ("approve", "deny", "fraud"):
        with pytest.raises(AppError, match="over"):
            await his.answer(request, decision, number_of(progress) if decision == "approve" else "")
    assert len(await device.requests()) == 1, "he cannot deny it, either"
    his.account |= {"token": device.account["token"]}
    with pytest.raises(AppError) as error:
        await his.approve(request, number_of(progress))
    assert error.value.code == "signature_wrong"


async def test_of_two_devices_the_first_decides_and_the_other_is_told(apps: AppHouse) -> None:
    _, (first, second) = await apps.alice("Phone", "Tablet")
    progress = await apps.sign_in()
    one, other = await first.next_request(), await second.next_request()
    waiting = asyncio.create_task(second.requests(20))
    assert (await first.approve(one, number_of(progress)))["outcome"] == "approved"
    async with asyncio.timeout(10):
        assert await waiting == []
    with pytest.raises(AppError, match="over"):
        await second.answer(other, "deny")
    attempt = (await apps.house.attempts())[-1]
    assert attempt.authenticator_label == "Phone"


async def test_sixteen_answers_have_one_outcome(apps: AppHouse) -> None:
    """PU-09: approvals, denials and reports together."""
    _, (first, second) = await apps.alice("Phone", "Tablet")
    progress = await apps.sign_in()
    requests = [await first.next_request(), await second.next_request()]
    number = number_of(progress)
    answers = [
        (first, second)[turn % 2].answer(
            requests[turn % 2],
            ("approve", "deny", "fraud")[turn % 3],
            number if turn % 3 == 0 else "",
        )
        for turn in range(16)
    ]
    outcomes = await asyncio.gather(*answers, return_exceptions=True)
    decided = [one["outcome"] for one in outcomes if isinstance(one, dict)]
    refused = [one.code for one in outcomes if isinstance(one, AppError)]
    assert len(decided) == 1, outcomes
    assert set(refused) <= {"over", "not_activated"}
    attempt = (await apps.house.attempts())[-1]
    assert (
        attempt.reason
        is {
            "approved": Reason.APP_APPROVED,
            "denied": Reason.APP_DENIED,
            "reported": Reason.FRAUD_REPORTED,
        }[decided[0]]
    )


@pytest.mark.parametrize("most", [5, 2])
async def test_too_many_unanswered_requests_are_silent(apps: AppHouse, most: int) -> None:
    """PU-01: so many that nobody approved, then none for an hour, and an alert that names the user; approvals
    do not count."""
    _, (device,) = await apps.alice()
    await apps.house.change_settings(app_unapproved_per_hour=most)
    for _ in range(most + 2):
        progress = await apps.sign_in()
        await device.approve(await device.next_request(), number_of(progress))
        await apps.house.wait("alice", progress, user_address=PLACE)
    for _ in range(most):
        await apps.sign_in()
        await device.answer(await device.next_request(), "deny")
    silent = await apps.sign_in()
    assert await device.requests() == []
    assert silent.challenge is None or not silent.challenge.number
    listed = await apps.house.store.read(lambda tx: tx.limits_reached(TENANT, 0, 10))
    assert [one.kind.value for one in listed] == ["app"]
    standing = await apps.house.services.sending_limits.standing(SYSTEM, TENANT)
    assert [one.shown_key for one in standing.reached] == ["alice"]
    events = (await apps.house.services.attempts.events(SYSTEM, TENANT, "limit.reached", Page())).rows
    assert [(one.subject_name, one.facts) for one in events] == [
        ("alice", {"limit": "app", "window": "hour"})
    ]


async def test_a_request_waits_as_long_as_the_tenant_says(apps: AppHouse) -> None:
    _, (device,) = await apps.alice()
    await apps.house.change_settings(app_seconds=20)
    await apps.sign_in()
    request = await device.next_request()
    assert request["expires_at"] - request["asked_at"] == 20_000
    apps.house.clock.advance(21)
    assert await device.requests() == []


async def test_what_nobody_answers_ends_by_itself(apps: AppHouse) -> None:
    _, device, _ = await asked(apps)
    apps.house.clock.advance(61)
    assert await device.requests() == []
    await apps.expire()
    attempt = (await apps.house.attempts())[-1]
    assert (attempt.state, attempt.reason) == (VerificationState.EXPIRED, Reason.APP_NO_ANSWER)
    assert attempt.legacy_result == "FAILED_PHONE_APP_NO_RESPONSE"


@pytest.mark.parametrize("lost", ["wake-up", "look"])
async def test_an_open_app_shows_a_request_by_itself(
    apps: AppHouse, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    """Told at once, or found by the look of a second: either is enough."""

    async def no_look() -> None:
        pass

    if lost == "look":
        monkeypatch.setattr(apps.house.services.app_lists, "look", no_look)
    else:
        monkeypatch.setattr(apps.house.store, "wake", lambda name: None)
    _, (device,) = await apps.alice()
    await device.requests()
    waiting = asyncio.create_task(device.requests(20))
    await asyncio.sleep(0)
    await apps.sign_in()
    async with asyncio.timeout(5):
        (request,) = await waiting
    assert request["kind"] == "sign_in"


async def test_a_request_that_is_asked_while_the_list_is_read_is_shown(
    apps: AppHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the read and the wait nothing is missed; no look helps here."""
    services = apps.house.services
    _, (device,) = await apps.alice()
    await device.requests()
    read = services.apps.shown

    async def read_too_early(token: str) -> Shown:
        shown = await read(token)
        if not shown.requests:
            await apps.sign_in()
        return shown

    async def no_look() -> None:
        pass

    monkeypatch.setattr(services.app_lists, "look", no_look)
    monkeypatch.setattr(services.apps, "shown", read_too_early)
    async with asyncio.timeout(5):
        assert len(await device.requests(20)) == 1


async def test_a_list_that_stays_as_it_was_tells_how_much_time_is_left(apps: AppHouse) -> None:
    _, device, request = await asked(apps)
    await device.requests()
    waiting = asyncio.create_task(device.requests(1))
    await until(lambda: len(apps.house.services.app_lists) == 1)
    apps.house.clock.advance(10)
    (still,) = await waiting
    assert still["seconds_left"] == request["seconds_left"] - 10


async def test_a_door_that_can_show_nothing_asks_for_a_passcode(apps: AppHouse) -> None:
    """PU-03: nobody could see a number there, and nothing is approved without one."""
    _, (device,) = await apps.alice()
    progress = await apps.sign_in(can_show=False)
    assert progress.is_pending
    assert not progress.is_answered_elsewhere
    assert await device.requests() == []


async def test_nobody_without_a_token_is_shown_anything(apps: AppHouse) -> None:
    _, (device,) = await apps.alice()
    await apps.sign_in()
    tenant, identifier, secret = device.account["token"].rsplit(".", 2)
    for token in (
        "",
        "x",
        f"{tenant}.{identifier}.x",
        f"other.{identifier}.{secret}",
        f"..{secret}",
        "." * 9,
    ):
        device.account["token"] = token
        with pytest.raises(AppError) as error:
            await device.requests()
        assert (error.value.status, error.value.code) == (401, "not_activated")
