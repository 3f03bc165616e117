"""Callbacks of a call: forged, replayed, out of order, and from nowhere."""

from __future__ import annotations

import asyncio
from urllib.parse import urlencode

import pytest

from tests.integration.http_gateways.conftest import BASE, CallOpening, RecordingInbox, TextOpening
from tests.peers.http_server import Behavior, HttpServer, Told
from tests.peers.telephony import ACCOUNT, TOKEN, TelephonyPeer, signature
from vestibule.crypto.secret import Secret
from vestibule.gateways.http_call.addresses import ANSWERED, KEYS, STATUS, Addresses
from vestibule.gateways.http_call.twiml import HANG_UP
from vestibule.interfaces.gateway import (
    Call,
    CallbackAnswer,
    CallbackRequest,
    CallsEnd,
    NotSent,
    Sent,
    TakesCallbacks,
    Text,
    Unsure,
)
from vestibule.model.call import Ask, CallEvent, Instruction, Spoken

FORM = "application/x-www-form-urlencoded"
DELIVERY = "0123456789abcdef0123456789abcdef"
QUESTION = Ask((Spoken("de", "Code?"),))
URL = "https://api.example"
ADDRESSES = Addresses(BASE, Secret(TOKEN), "gateway-1")


def told(url: str, *, token: str = TOKEN, account: str = ACCOUNT, **form: str) -> CallbackRequest:
    """A callback as the provider makes it."""
    content = {"AccountSid": account, "CallSid": "CA1", "CallStatus": "in-progress", **form}
    headers = (("content-type", FORM), ("x-twilio-signature", signature(token, url, content)))
    body = urlencode(content).encode()
    path = url.removeprefix(BASE)
    return CallbackRequest(method="POST", url=url, path=path, headers=headers, body=body)


def changed(request: CallbackRequest, **changes: object) -> CallbackRequest:
    fields = {name: getattr(request, name) for name in request.__struct_fields__}
    return CallbackRequest(**{**fields, **changes})


async def test_a_forged_callback_is_refused_and_told_nothing(
    open_call: CallOpening, inbox: RecordingInbox
) -> None:
    """VOI-01: keys that did not come through the provider are no keys."""
    gateway = open_call(URL)
    good = told(ADDRESSES.step(KEYS, DELIVERY, 1), Digits="1234", FinishedOnKey="#")
    other_step = ADDRESSES.step(KEYS, DELIVERY, 2)
    other_key = Addresses(BASE, Secret("other"), "gateway-1").step(KEYS, DELIVERY, 1)
    other_gateway = Addresses(BASE, Secret(TOKEN), "gateway-2").step(KEYS, DELIVERY, 1)
    forged = [
        changed(good, body=good.body.replace(b"1234", b"9999")),
        changed(good, body=good.body + b"&Digits=9999"),
        changed(good, body=b""),
        changed(good, headers=good.headers[:1]),
        changed(good, headers=good.headers[1:]),
        changed(good, url=other_step, path=other_step.removeprefix(BASE)),
        told(ADDRESSES.step(KEYS, DELIVERY, 1), token="wrong", Digits="1"),
        told(ADDRESSES.step(KEYS, DELIVERY, 1), account="AC1", Digits="1"),
        told(ADDRESSES.step(KEYS, DELIVERY, 1).replace("/1/", "/2/"), Digits="1"),
        told(ADDRESSES.step(KEYS, DELIVERY, 1).replace("keys/", "said/"), Digits="1"),
        told(ADDRESSES.step(KEYS, DELIVERY, 1).replace(DELIVERY, "f" * 32), Digits="1"),
        told(other_key, Digits="1"),
        told(other_gateway, Digits="1"),
        told(BASE + "keys", Digits="1"),
        told(BASE, Digits="1"),
    ]
    for request in forged:
        assert await gateway.callback(request) == CallbackAnswer(status=403)
    assert inbox.events == []
    assert (await gateway.callback(changed(good, method="GET"))).status == 405
    assert (await gateway.callback(changed(good, body=b"x" * 65_537))).status == 413
    assert (await gateway.callback(good)).status == 200


async def test_a_replayed_step_is_answered_and_not_told(
    open_call: CallOpening, inbox: RecordingInbox
) -> None:
    gateway = open_call(URL)
    inbox.plan = [[QUESTION], [QUESTION]]
    first = told(ADDRESSES.step(ANSWERED, DELIVERY, 0))
    second = told(ADDRESSES.step(KEYS, DELIVERY, 1), Digits="1")
    assert await gateway.callback(first) == await gateway.callback(first)
    answer = await gateway.callback(second)
    assert await gateway.callback(second) == answer
    # What lies behind has no answer any more.
    assert await gateway.callback(first) == CallbackAnswer(status=409)
    assert inbox.kinds == ["answered", "keys"]


async def test_a_repeat_that_comes_while_it_is_thought_about_waits_for_the_same_answer(
    open_call: CallOpening, inbox: RecordingInbox
) -> None:
    """A provider repeats after its time-out, and its first request may be gone by then."""
    gateway = open_call(URL)
    reached, goes_on = asyncio.Event(), asyncio.Event()

    async def slow(delivery_id: str, event: CallEvent) -> tuple[Instruction, ...]:
        inbox.events.append(event)
        reached.set()
        await goes_on.wait()
        return (QUESTION,)

    inbox.on_call = slow  # type: ignore[method-assign]
    request = told(ADDRESSES.step(ANSWERED, DELIVERY, 0))
    first = asyncio.ensure_future(gateway.callback(request))
    await reached.wait()
    first.cancel()
    second = asyncio.ensure_future(gateway.callback(request))
    third = asyncio.ensure_future(gateway.callback(request))
    goes_on.set()
    assert (await second).body == (await third).body != HANG_UP
    assert inbox.kinds == ["answered"]
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_a_step_that_failed_here_may_be_tried_again(
    open_call: CallOpening, inbox: RecordingInbox
) -> None:
    gateway = open_call(URL)
    request = told(ADDRESSES.step(ANSWERED, DELIVERY, 0))
    working = inbox.on_call

    async def failing(delivery_id: str, event: CallEvent) -> tuple[Instruction, ...]:
        raise OSError("disk")

    inbox.on_call = failing  # type: ignore[method-assign]
    with pytest.raises(OSError, match="disk"):
        await gateway.callback(request)
    inbox.on_call = working  # type: ignore[method-assign]
    inbox.plan = [[QUESTION]]
    assert b"<Gather" in (await gateway.callback(request)).body


async def test_keys_of_a_call_that_is_over_are_no_keys(open_call: CallOpening, inbox: RecordingInbox) -> None:
    gateway = open_call(URL)
    request = told(ADDRESSES.step(KEYS, DELIVERY, 1), Digits="1234", CallStatus="completed")
    assert (await gateway.callback(request)).body == HANG_UP
    assert inbox.kinds == ["hung_up"]


async def test_states_on_the_way_are_not_the_end(open_call: CallOpening, inbox: RecordingInbox) -> None:
    gateway = open_call(URL)
    url = ADDRESSES.step(STATUS, DELIVERY, 0)
    for status in ("queued", "initiated", "ringing", "in-progress", "nonsense", ""):
        assert (await gateway.callback(told(url, CallStatus=status))).status == 204
    assert inbox.events == []
    for _ in range(2):
        assert (await gateway.callback(told(url, CallStatus="busy"))).status == 204
    assert inbox.kinds == ["busy", "busy"]


async def test_after_the_end_there_is_nothing_to_say(open_call: CallOpening, inbox: RecordingInbox) -> None:
    gateway = open_call(URL)
    answer = await gateway.callback(told(ADDRESSES.step(ANSWERED, DELIVERY, 0)))
    assert answer == CallbackAnswer(status=200, content_type="text/xml", body=HANG_UP)


async def test_a_dialogue_that_goes_round_in_a_circle_ends(
    open_call: CallOpening, inbox: RecordingInbox
) -> None:
    gateway = open_call(URL)
    inbox.plan = [[QUESTION]]
    answer = await gateway.callback(told(ADDRESSES.step(KEYS, DELIVERY, 200), Digits="1"))
    assert answer.body == HANG_UP


async def test_memory_is_bounded_whatever_calls_come(open_call: CallOpening, inbox: RecordingInbox) -> None:
    gateway = open_call(URL)
    for number in range(2_500):
        await gateway.callback(told(ADDRESSES.step(ANSWERED, f"{number}", 0)))
    calls = gateway._calls.all(gateway._now())
    assert len(calls) == 2_000
    assert len(gateway._dialogues._last) == 2_000
    assert gateway._calls.all(gateway._now() + 601) == ()
    for delivery_id in calls:
        gateway._calls.end(delivery_id)


async def test_a_sound_is_for_its_own_call_and_for_a_while(
    open_call: CallOpening, inbox: RecordingInbox
) -> None:
    clock = [1_000_000.0]
    gateway = open_call(URL)
    gateway._now = lambda: clock[0]
    url = ADDRESSES.sound(DELIVERY, Spoken("de", "4 8 1 5 1 6"), clock[0])
    assert url is not None
    path = url.removeprefix(BASE)

    async def status(path: str, method: str = "GET") -> int:
        request = CallbackRequest(method=method, url=BASE + path, path=path)
        return (await gateway.callback(request)).status

    assert await status(path) == 200
    assert await status(path, "POST") == 405
    for wrong in (
        path.replace(DELIVERY, "f" * 32),
        path[:-6] + "A.wav",
        path[:-4],
        "sound/x/AAAA.wav",
        "sound/",
    ):
        assert await status(wrong) == 404
    other = Addresses(BASE, Secret("other"), "gateway-1").sound(DELIVERY, Spoken("de", "x"), clock[0])
    assert other is not None
    assert await status(other.removeprefix(BASE)) == 404
    clock[0] += 600
    assert await status(path) == 404
    assert len(inbox.asked_for) == 1
    assert ADDRESSES.sound(DELIVERY, Spoken("de", "x" * 4000), 0) is None


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Behavior.HANG, Unsure("timed_out")),
        (Behavior.CLOSE, Unsure("broken_off")),
        (Told(201, b"<html>"), Unsure("garbled 201")),
        (Told(504), Unsure("unsure 504")),
        (Told(429, b'{"code": 20429}'), NotSent("busy 429 20429")),
        (Told(500), NotSent("busy 500")),
        (Told(301), NotSent("refused 301")),
    ],
    ids=str,
)
async def test_what_the_answer_leaves_open_stays_open(
    provider: HttpServer, open_call: CallOpening, answer: Behavior | Told, expected: NotSent | Unsure
) -> None:
    """SMS-05, SMS-06, for calls."""
    provider.answer = answer
    gateway = open_call(provider.url, timeout_seconds=0.4)
    result = await gateway.send(Call(delivery_id="1", to="+4930123456"))
    assert type(result) is type(expected)
    assert not isinstance(result, Sent)
    assert result.cause == f"http_gateway.trouble.{expected.cause}"


async def test_a_call_that_was_unsure_can_be_ended_once_it_is_heard_of(
    provider: HttpServer, open_call: CallOpening, inbox: RecordingInbox
) -> None:
    """VOI-06: the answer was lost, and yet the phone rings."""
    provider.answer = Behavior.CLOSE
    gateway = open_call(provider.url)
    assert isinstance(await gateway.send(Call(delivery_id=DELIVERY, to="+4930123456")), Unsure)
    await gateway.callback(told(ADDRESSES.step(ANSWERED, DELIVERY, 0)))
    provider.answer = Told(200, b"{}")
    await gateway.hang_up(DELIVERY)
    assert provider.asked[-1].path.endswith("/Calls/CA1.json")
    assert provider.asked[-1].form == [("Status", "completed")]


async def test_a_call_that_is_unwanted_before_it_has_a_name_is_ended_when_it_gets_one(
    provider: HttpServer, open_call: CallOpening
) -> None:
    """VOI-06."""
    goes_on = asyncio.Event()

    async def slowly(asked: object) -> Told:
        await goes_on.wait()
        return Told(201, b'{"sid": "CA7"}')

    provider.answer = slowly
    gateway = open_call(provider.url)
    sending = asyncio.ensure_future(gateway.send(Call(delivery_id=DELIVERY, to="+4930123456")))
    await provider.wait_for(1)
    await gateway.hang_up(DELIVERY)
    goes_on.set()
    assert await sending == Sent("CA7")
    await gateway.close()
    assert [asked.form for asked in provider.asked[1:]] == [
        [("Status", "canceled")],
        [("Status", "completed")],
    ]


async def test_without_a_secret_there_is_no_gateway(open_call: CallOpening) -> None:
    with pytest.raises(ValueError, match=r"^secret: "):
        open_call(URL, secret=" ")


async def test_a_call_that_is_unwanted_before_it_has_a_name_is_ended_when_it_is_answered(
    provider: HttpServer, open_call: CallOpening, inbox: RecordingInbox
) -> None:
    """VOI-06: whatever the dialogue would still like to say."""
    provider.answer = Behavior.CLOSE
    gateway = open_call(provider.url)
    assert isinstance(await gateway.send(Call(delivery_id=DELIVERY, to="+4930123456")), Unsure)
    await gateway.hang_up(DELIVERY)
    inbox.plan = [[QUESTION]]
    answer = await gateway.callback(told(ADDRESSES.step(ANSWERED, DELIVERY, 0)))
    assert answer.body == HANG_UP
    assert inbox.kinds == ["answered"]


async def test_the_gateways_keep_the_promises_they_are_found_by(
    open_call: CallOpening, open_text: TextOpening
) -> None:
    call = open_call(URL)
    text = open_text(url="https://provider.example/", fields={"to": "{to}"})
    assert isinstance(call, TakesCallbacks)
    assert isinstance(call, CallsEnd)
    assert isinstance(text, TakesCallbacks)
    assert not isinstance(text, CallsEnd)


async def test_a_text_is_not_carried(telephony: TelephonyPeer, open_call: CallOpening) -> None:
    gateway = open_call(telephony.url)
    text = Text(delivery_id="1", to="+4930123456", body=Secret("x"), valid_seconds=1)
    assert await gateway.send(text) == NotSent("http_gateway.trouble.not_carried")
    result = await gateway.send(Call(delivery_id="../1", to="+4930123456"))
    assert result == NotSent("http_gateway.trouble.not_encodable")
    assert telephony.calls == []
