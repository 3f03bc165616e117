"""What every kind of gateway that carries texts promises (`interfaces/gateway.py`), whatever it speaks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import msgspec
import pytest
from structlog.testing import capture_logs

from tests.conformance.gateways.far_ends import FAR_ENDS, FarEnd
from tests.inboxes import KeepingInbox
from tests.until import until
from vestibule.crypto.secret import Secret
from vestibule.interfaces.gateway import (
    Carries,
    Gateway,
    GatewayKind,
    NotSent,
    Sending,
    Sent,
    ShowsPasscodes,
    StaysConnected,
    Surroundings,
    Text,
    Unsure,
)
from vestibule.runtime import registry
from vestibule.services.gateways import SERVICE_KIND

# A simulated phone has no network that could fail; what it promises is in tests/unit/gateways. What goes to a
# service goes over a link, and has no settings; what it promises is in tests/integration/relay.
KINDS = {
    name: kind
    for name, kind in registry.gateways().items()
    if Carries.TEXT in kind.carries and not isinstance(kind, ShowsPasscodes) and name != SERVICE_KIND
}
SEND_SECONDS = 10
ALICE, SERVICE = "+4917612345678", "+4930901820"
CALLBACK = "https://vestibule.example/callbacks/g/"


@dataclass
class Case:
    """A gateway of one kind with its far end and its inbox; `run` has been started if it has one."""

    kind: GatewayKind
    far_end: FarEnd
    inbox: KeepingInbox
    gateway: Gateway
    running: asyncio.Task[None] | None

    async def send(self, body: str = "Your passcode: 123456", delivery_id: str = "d-1") -> Sending:
        text = Text(delivery_id=delivery_id, to=ALICE, body=Secret(body), valid_seconds=600)
        async with asyncio.timeout(SEND_SECONDS):
            return await self.gateway.send(text)

    async def is_ready(self) -> None:
        """Wait until the gateway is connected, if it is one that stays connected."""
        if isinstance(self.gateway, StaysConnected):
            connected = self.gateway
            await until(lambda: connected.is_connected)


@pytest.fixture(params=sorted(KINDS))
async def case(request: pytest.FixtureRequest) -> AsyncIterator[Case]:
    kind = KINDS[request.param]
    async with FAR_ENDS[request.param]() as far_end:
        inbox = KeepingInbox()
        surroundings = Surroundings(gateway_id="g", inbox=inbox, callback_url=CALLBACK)
        gateway = kind.open(far_end.settings, Secret(far_end.secret), surroundings)
        running = asyncio.create_task(gateway.run()) if isinstance(gateway, StaysConnected) else None
        case = Case(kind, far_end, inbox, gateway, running)
        await case.is_ready()
        yield case
        await gateway.close()
        if running is not None:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


def test_every_kind_that_carries_texts_has_a_far_end() -> None:
    assert KINDS.keys() - FAR_ENDS.keys() == set()


async def test_a_text_that_was_taken_has_a_reference_of_its_own(case: Case) -> None:
    first, second = await case.send("code 1", "d-1"), await case.send("code 2", "d-2")
    assert isinstance(first, Sent)
    assert isinstance(second, Sent)
    assert "" != first.reference != second.reference
    assert case.far_end.texts() == [(ALICE, "code 1"), (ALICE, "code 2")]


@pytest.mark.parametrize(
    "body",
    [
        "Grüße für 5 € [{~}]",
        "Ваш код: 123456",
        "Your code 👍 123456",
        "123456&to=+4911111&x=%0a\r\nTo: 1",
        "Ihr Code lautet 123456. " * 17,
    ],
)
async def test_a_text_arrives_as_it_was_written(case: Case, body: str) -> None:
    """SMS-09: nothing in a text reaches out of it."""
    assert isinstance(await case.send(body), Sent)
    assert case.far_end.texts() == [(ALICE, body)]


async def test_many_at_once_are_all_sent(case: Case) -> None:
    bodies = [f"code {number}" for number in range(30)]
    sent = await asyncio.gather(*(case.send(body, body) for body in bodies))
    assert len({one.reference for one in sent if isinstance(one, Sent)}) == 30
    assert sorted(case.far_end.texts()) == sorted((ALICE, body) for body in bodies)


async def test_a_far_end_that_is_gone_is_no_final_answer(case: Case) -> None:
    """SMS-06: it says so within the limit, nothing raises, and it recovers by itself."""
    await case.far_end.vanish()
    result = await case.send()
    assert isinstance(result, (NotSent, Unsure))
    assert not (isinstance(result, NotSent) and result.is_final)
    assert result.cause
    await case.far_end.come_back()
    await case.is_ready()
    assert isinstance(await case.send(), Sent)


async def test_a_far_end_that_hangs_costs_no_more_than_the_limit(case: Case) -> None:
    """SMS-05: it was handed over and no answer came, so nobody knows; and it is not handed over again."""
    case.far_end.go_silent()
    result = await case.send()
    assert isinstance(result, Unsure)
    assert case.far_end.texts() == [(ALICE, "Your passcode: 123456")]


async def test_a_send_that_is_canceled_leaves_the_gateway_usable(case: Case) -> None:
    case.far_end.go_silent()
    sending = asyncio.create_task(case.send("given up"))
    await case.far_end.is_handed(1)
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    await case.far_end.come_back()
    await case.is_ready()
    assert isinstance(await case.send(), Sent)


@pytest.mark.parametrize("is_delivered", [True, False])
async def test_receipts_reach_the_inbox(case: Case, is_delivered: bool) -> None:
    """SMS-07: the same one twice is told twice, or once."""
    sent = await case.send()
    assert isinstance(sent, Sent)
    for _ in range(2):
        await case.far_end.tell_receipt(case.gateway, sent.reference, is_delivered=is_delivered)
    told = {(receipt.reference, receipt.is_delivered, receipt.is_final) for receipt in case.inbox.receipts}
    assert told == {(sent.reference, is_delivered, True)}
    assert all(is_delivered or receipt.cause for receipt in case.inbox.receipts)


async def test_a_receipt_of_a_text_that_nobody_sent_breaks_nothing(case: Case) -> None:
    await case.far_end.tell_receipt(case.gateway, "nobody's", is_delivered=True)
    assert isinstance(await case.send(), Sent)


@pytest.mark.parametrize("body", ["1234", "STOP", " 12 34\n", "Ja 👍", "Да"])
async def test_replies_reach_the_inbox_as_they_were_written(case: Case, body: str) -> None:
    """SMS-03: what a reply means is not the gateway's to say."""
    await case.far_end.tell_reply(case.gateway, ALICE, SERVICE, body)
    (reply,) = case.inbox.replies
    assert (reply.sender, reply.recipient, reply.body) == (ALICE, SERVICE, body)


async def test_a_wrong_setting_is_named(case: Case) -> None:
    surroundings = Surroundings(gateway_id="g", inbox=case.inbox, callback_url=CALLBACK)
    wrong = {**case.far_end.wrong_settings, "no_such_setting": {"no_such_setting": 1}}
    for named, changes in wrong.items():
        with pytest.raises(ValueError, match=rf"^{named}: .") as problem:
            case.kind.open({**case.far_end.settings, **changes}, Secret(case.far_end.secret), surroundings)
        assert "canary" not in str(problem.value)


def test_every_setting_has_a_type_and_a_place() -> None:
    """Forms are drawn from them."""
    for kind in KINDS.values():
        assert msgspec.structs.fields(kind.settings)


async def test_nothing_secret_is_shown_or_logged(case: Case) -> None:
    """SMS-08, LOG-02: neither the secret of the account nor what texts say."""
    assert "canary" in case.far_end.secret
    shown: list[str] = [repr(case.gateway), repr(getattr(case.gateway, "__dict__", ""))]
    with capture_logs() as logs:
        shown.append(repr(await case.send("canary-text")))
        await case.far_end.tell_reply(case.gateway, ALICE, SERVICE, "canary-reply")
        await case.far_end.vanish()
        shown.append(repr(await case.send("canary-text")))
    assert "canary" not in "\n".join([*shown, repr(logs)])


async def test_it_can_be_closed_twice_and_sends_nothing_afterwards(case: Case) -> None:
    await case.gateway.close()
    await case.gateway.close()
    assert isinstance(await case.send(), NotSent)
    assert case.far_end.texts() == []
