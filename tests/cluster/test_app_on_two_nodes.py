"""Asked at one node, answered in an app at another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.integration.apps.conftest import PLACE, AppHouse, app_house
from tests.integration.apps.test_approval import number_of
from tests.integration.apps.test_radius import challenged, go_on, number_in
from tests.integration.phone.test_radius_waits import door
from tests.peers.app_device import AppDevice, AppError
from vestibule.model.verification import Reason

DECISIONS = ("approve", "deny", "fraud")
OUTCOMES = {
    Reason.APP_APPROVED: "approved",
    Reason.APP_DENIED: "denied",
    Reason.FRAUD_REPORTED: "reported",
}


@pytest.fixture
async def nodes(tmp_path: Path, postgres_url: str) -> AsyncIterator[tuple[AppHouse, AppHouse]]:
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(app_house(tmp_path / "one", postgres_url))
        (tmp_path / "two").mkdir()
        (tmp_path / "two" / "master.key").write_bytes((tmp_path / "one" / "master.key").read_bytes())
        (tmp_path / "two" / "master.key").chmod(0o600)
        second = await stack.enter_async_context(app_house(tmp_path / "two", postgres_url))
        second.house.doors.update(first.house.doors)
        yield first, second


def moved(device: AppDevice, node: AppHouse) -> AppDevice:
    """Return the device as one that asks at another node."""
    found = node.device(device.name)
    found.key, found.account = device.key, device.account
    return found


async def test_an_approval_at_one_node_lets_in_at_the_other(nodes: tuple[AppHouse, AppHouse]) -> None:
    """The open app hears of it at its own node, and the VPN that waits gets its accept, once."""
    here, there = nodes
    _, (device,) = await here.alice()
    device = moved(device, there)
    waiting = asyncio.create_task(device.requests(20))
    async with door(here) as vpn:
        await there.house.services.configuration.refresh()
        shown = await challenged(vpn)
        (request,) = await waiting or await device.requests(20)
        answered = asyncio.create_task(go_on(vpn, shown))
        done = await device.approve(request, number_in(shown))
        assert done["outcome"] == "approved"
        assert "Received Access-Accept" in await answered
        assert "Received Access-Reject" in await go_on(vpn, shown)


async def test_an_approval_that_was_captured_counts_at_no_node(nodes: tuple[AppHouse, AppHouse]) -> None:
    """PU-06."""
    here, there = nodes
    _, (device,) = await here.alice()
    progress = await here.sign_in()
    request = await device.next_request()
    approval = device.answer_body(request, "approve", number_of(progress))
    await device.send(request, approval)
    for node in nodes:
        with pytest.raises(AppError, match="over"):
            await moved(device, node).send(request, approval)
    await here.house.wait("alice", progress, user_address=PLACE)
    await there.sign_in()
    following = await device.next_request()
    for node in nodes:
        with pytest.raises(AppError) as error:
            await moved(device, node).send(following, approval)
        assert error.value.code == "signature_wrong"


async def test_sixteen_answers_at_two_nodes_have_one_outcome(
    nodes: tuple[AppHouse, AppHouse], proof: Callable[[int, int], int]
) -> None:
    """PU-09: two devices, approvals, denials and reports; who waits at either node is told the same."""
    here, there = nodes
    _, (first, second) = await here.alice("Phone", "Tablet")
    await here.house.change_settings(fraud_blocks=False)
    await there.house.services.configuration.refresh()
    for number in range(proof(6, 120)):
        for node in nodes:  # Five in an hour that nobody has approved, and there are no more.
            node.house.clock.advance(3_600)
        decisions = [DECISIONS[(number + turn) % 3] for turn in range(16)]
        await one_race(here, there, first, moved(second, there), decisions)


async def one_race(
    here: AppHouse, there: AppHouse, first: AppDevice, second: AppDevice, decisions: list[str]
) -> None:
    """Let all decisions come at once, half of them from each device."""
    progress = await here.sign_in(idempotency_key="same")
    waits = [
        asyncio.create_task(node.house.wait("alice", progress, user_address=PLACE, idempotency_key="same"))
        for node in (here, there)
    ]
    asked = [(first, await first.next_request()), (second, await second.next_request())]
    answers = []
    for turn, decision in enumerate(decisions):
        device, request = asked[turn % 2]
        typed = number_of(progress) if decision == "approve" else ""
        answers.append(device.answer(request, decision, typed))
    told = await asyncio.gather(*answers, return_exceptions=True)
    decided = [one["outcome"] for one in told if isinstance(one, dict)]
    refused = {one.code for one in told if isinstance(one, AppError)}
    reason = (await here.house.attempts())[-1].reason
    assert decided == [OUTCOMES[reason]]
    assert refused == {"over"}
    heard = await asyncio.gather(*waits)
    assert {each.reason for each in heard if each is not None} == {reason}
    assert await first.requests() == await second.requests() == []
