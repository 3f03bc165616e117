"""Transactions under a clock whose hands the test turns (RFC 3261 §17)."""

from __future__ import annotations

import pytest

from tests.unit.gateways.sip.hands import Hands
from vestibule.gateways.sip.transactions import MOST_ANSWERED, Answered, ClientTransaction, cancellation
from vestibule.wire.sip import Request, Response, decode


def request(method: str) -> Request:
    fields = (
        ("via", "SIP/2.0/UDP h:1;branch=z9hG4bKa;rport"),
        ("max-forwards", "70"),
        ("route", "<sip:p;lr>"),
        ("from", "<sip:a@b>;tag=1"),
        ("to", "<sip:c@b>"),
        ("call-id", "i"),
        ("cseq", f"4 {method}"),
        ("contact", "<sip:a@h:1>"),
    )
    return Request(method=method, uri="sip:c@b", fields=fields)


def response(status: int, method: str = "INVITE") -> Response:
    fields = (
        ("via", "SIP/2.0/UDP h:1;branch=z9hG4bKa"),
        ("from", "<sip:a@b>;tag=1"),
        ("to", "<sip:c@b>;tag=2"),
        ("call-id", "i"),
        ("cseq", f"4 {method}"),
    )
    return Response(status=status, reason="x", fields=fields)


class Scene:
    def __init__(self, method: str = "INVITE", *, is_reliable: bool = False) -> None:
        self.hands = Hands()
        self.sent: list[tuple[float, str]] = []
        self.statuses: list[int] = []
        self.ends: list[bool] = []
        self.transaction = ClientTransaction(
            request(method),
            self._send,
            self.hands,
            is_reliable=is_reliable,
            on_response=lambda one: self.statuses.append(one.status),
            on_end=self.ends.append,
        )
        self.transaction.start()

    def _send(self, data: bytes) -> None:
        message = decode(data)
        assert isinstance(message, Request)
        self.sent.append((self.hands.time, message.method))


def test_an_invite_is_repeated_with_doubled_pauses_until_it_is_given_up() -> None:
    """Timers A and B (§17.1.1.2)."""
    scene = Scene()
    scene.hands.turn(100)
    assert [time for time, _ in scene.sent] == [0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5]
    assert scene.ends == [True]
    assert scene.hands.count == 0


def test_other_requests_are_repeated_every_four_seconds_at_the_longest() -> None:
    """Timers E and F (§17.1.2.2)."""
    scene = Scene("BYE")
    scene.hands.turn(100)
    assert [time for time, _ in scene.sent] == [0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert scene.ends == [True]


@pytest.mark.parametrize("method", ["INVITE", "BYE"])
def test_nothing_is_repeated_over_a_connection(method: str) -> None:
    scene = Scene(method, is_reliable=True)
    scene.hands.turn(100)
    assert scene.sent == [(0, method)]
    assert scene.ends == [True]


def test_a_phone_that_rings_is_not_given_up() -> None:
    """§17.1.1.2: in the proceeding state there is no timer."""
    scene = Scene()
    scene.transaction.receive(response(180))
    scene.hands.turn(100)
    assert len(scene.sent) == 1
    assert scene.statuses == [180]
    assert scene.ends == []


def test_a_refusal_is_acknowledged_each_time_and_told_once() -> None:
    """§17.1.1.2, timer D."""
    scene = Scene()
    for _ in range(3):
        scene.transaction.receive(response(486))
        scene.hands.turn(1)
    assert [method for _, method in scene.sent] == ["INVITE", "ACK", "ACK", "ACK"]
    assert scene.statuses == [486]
    scene.hands.turn(100)
    assert scene.ends == [False]
    scene.transaction.receive(response(486))
    assert len(scene.sent) == 4


def test_every_answer_is_told() -> None:
    """RFC 6026 §7.2: the call acknowledges each."""
    scene = Scene()
    scene.transaction.receive(response(200))
    scene.transaction.receive(response(200))
    assert scene.statuses == [200, 200]
    assert [method for _, method in scene.sent] == ["INVITE"]


def test_what_is_given_up_is_listened_for_but_not_repeated() -> None:
    scene = Scene()
    scene.transaction.give_up()
    scene.hands.turn(10)
    scene.transaction.receive(response(180))
    assert scene.statuses == [180]
    assert len(scene.sent) == 1


def test_an_acknowledgment_and_a_cancellation_keep_the_branch() -> None:
    """§17.1.1.3, §9.1."""
    canceled = cancellation(request("INVITE"))
    assert canceled.method == "CANCEL"
    assert canceled.first("cseq") == "4 CANCEL"
    assert canceled.first("to") == "<sip:c@b>"
    assert canceled.first("via") == request("INVITE").first("via")
    assert canceled.first("route") == "<sip:p;lr>"
    assert not canceled.first("contact")


def test_a_repeated_request_is_answered_the_same_for_a_while() -> None:
    """§17.2.2."""
    hands = Hands()
    answered = Answered(hands)
    answered.keep(request("BYE"), b"yes")
    assert answered.find(request("BYE")) == b"yes"
    assert answered.find(request("INFO")) is None
    hands.turn(33)
    assert answered.find(request("BYE")) is None


def test_no_more_answers_are_kept_than_memory_allows() -> None:
    """VOI-08: flat memory under a flood of requests."""
    answered = Answered(Hands())
    last = request("BYE")
    for number in range(MOST_ANSWERED + 500):
        fields = tuple((n, f"c{number}" if n == "call-id" else v) for n, v in last.fields)
        answered.keep(Request(method="BYE", uri="sip:x", fields=fields), b"no")
    assert len(answered._responses) == MOST_ANSWERED
