"""Dialogs: routes, targets, tags, order (RFC 3261 §12)."""

from __future__ import annotations

import pytest

from vestibule.gateways.sip.dialog import Dialog
from vestibule.wire.sip import Request, Response

VIA = ("via", "SIP/2.0/UDP h;branch=z9hG4bKa")


def begun() -> Dialog:
    return Dialog(
        call_id="i", local="<sip:a@b>", local_tag="1", remote="<sip:c@b>", target="sip:c@b", home=("h", 1)
    )


def confirmed(*routes: str) -> Dialog:
    dialog = begun()
    dialog.request("INVITE", VIA)
    fields = (("to", "<sip:c@b>;tag=2"), ("contact", "C <sip:c@192.0.2.9:5080>"))
    records = tuple(("record-route", route) for route in routes)
    dialog.confirm(Response(status=200, fields=(*fields, *records)))
    return dialog


def incoming(method: str, number: int, to: str = "1", sender: str = "2", call_id: str = "i") -> Request:
    fields = (
        VIA,
        ("from", f"<sip:c@b>;tag={sender}"),
        ("to", f"<sip:a@b>;tag={to}"),
        ("call-id", call_id),
        ("cseq", f"{number} {method}"),
    )
    return Request(method=method, uri="sip:a@h", fields=fields)


def test_requests_go_to_the_contact_with_growing_numbers() -> None:
    dialog = confirmed()
    ack = dialog.request("ACK", VIA, sequence=1)
    bye = dialog.request("BYE", VIA)
    assert (ack.uri, ack.first("cseq"), ack.first("to")) == (
        "sip:c@192.0.2.9:5080", "1 ACK", "<sip:c@b>;tag=2",
    )  # fmt: skip
    assert (bye.first("cseq"), bye.first("from")) == ("2 BYE", "<sip:a@b>;tag=1")
    assert dialog.next_hop == "sip:c@192.0.2.9:5080"


def test_routes_are_followed_in_reverse_order() -> None:
    """§12.1.2, §12.2.1.1: loose routing."""
    dialog = confirmed("<sip:p2;lr>, <sip:p1;lr>", "<sip:p0;lr>")
    bye = dialog.request("BYE", VIA)
    assert bye.uri == "sip:c@192.0.2.9:5080"
    assert bye.values("route") == ["<sip:p0;lr>", "<sip:p1;lr>", "<sip:p2;lr>"]
    assert dialog.next_hop == "sip:p0;lr"


def test_a_strict_router_is_addressed_itself() -> None:
    """§12.2.1.1."""
    dialog = confirmed("<sip:p2;lr>", "<sip:p1>")
    bye = dialog.request("BYE", VIA)
    assert bye.uri == "sip:p1"
    assert bye.values("route") == ["<sip:p2;lr>", "<sip:c@192.0.2.9:5080>"]
    assert dialog.next_hop == "sip:p1"


@pytest.mark.parametrize(
    ("changes", "is_ours"),
    [({}, True), ({"to": "9"}, False), ({"sender": "9"}, False), ({"call_id": "j"}, False)],
)
def test_a_request_is_of_the_dialog_by_its_call_id_and_both_tags(
    changes: dict[str, str], is_ours: bool
) -> None:
    """VOI-07."""
    assert confirmed().has(incoming("BYE", 1, **changes)) is is_ours


def test_nothing_is_of_a_dialog_that_nobody_has_answered() -> None:
    dialog = begun()
    assert not dialog.has(incoming("INFO", 1, sender=""))


def test_older_requests_are_out_of_order() -> None:
    """§12.2.2."""
    dialog = confirmed()
    assert dialog.is_in_order(incoming("INFO", 5))
    assert not dialog.is_in_order(incoming("INFO", 5))
    assert not dialog.is_in_order(incoming("INFO", 4))
    assert dialog.is_in_order(incoming("ACK", 3))
    assert dialog.is_in_order(incoming("BYE", 9))


def test_a_fork_has_its_own_tag_and_target() -> None:
    dialog = confirmed("<sip:p;lr>")
    fork = dialog.forked()
    fork.confirm(Response(status=200, fields=(("to", "<sip:c@b>;tag=3"), ("contact", "<sip:d@e>"))))
    assert fork.request("BYE", VIA).uri == "sip:d@e"
    assert fork.request("BYE", VIA).values("route") == []
    assert dialog.remote_tag == "2"
