"""What became of a text, as networks tell it (SMPP 3.4 Appendix B and optional parameters)."""

from __future__ import annotations

import pytest

from vestibule.wire.smpp.messages import DeliverSm
from vestibule.wire.smpp.numbers import DELIVERY_RECEIPT, INTERMEDIATE_NOTIFICATION
from vestibule.wire.smpp.receipts import DeliveryReceipt, is_receipt, read_receipt

DATES = "sub:001 dlvrd:001 submit date:2611291200 done date:2611291201"


def receipt(text: str = "", *parameters: tuple[int, bytes], esm_class: int = DELIVERY_RECEIPT) -> DeliverSm:
    return DeliverSm(short_message=text.encode(), parameters=parameters, esm_class=esm_class)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"id:0123456789 {DATES} stat:DELIVRD err:000 text:Your code", ("0123456789", "DELIVRD", "000")),
        (f"id:a-b_c {DATES} stat:UNDELIV err:069 Text:x", ("a-b_c", "UNDELIV", "069")),
        ("id:7 sub:1 dlvrd:0 stat:EXPIRED err:1", ("7", "EXPIRED", "1")),
        ("ID:7 STAT:delivrd", ("7", "DELIVRD", "")),
        ("id: 7 stat: REJECTD", ("7", "REJECTD", "")),
        # What stands in the text itself is no field.
        ("id:7 stat:UNDELIV text:id:8 stat:DELIVRD", ("7", "UNDELIV", "")),
        ("id:7 stat:UNDELIV stat:DELIVRD", ("7", "UNDELIV", "")),
        ("id:7 stat:DELIVRD\x00", ("7", "DELIVRD", "")),
    ],
)
def test_appendix_b(text: str, told: tuple[str, str, str]) -> None:
    assert read_receipt(receipt(text)) == DeliveryReceipt(*told)


@pytest.mark.parametrize(
    ("state", "name", "is_delivered", "is_final"),
    [
        (0, "SCHEDLD", False, False),
        (1, "ENROUTE", False, False),
        (2, "DELIVRD", True, True),
        (3, "EXPIRED", False, True),
        (4, "DELETED", False, True),
        (5, "UNDELIV", False, True),
        (6, "ACCEPTD", False, False),
        (7, "UNKNOWN", False, False),
        (8, "REJECTD", False, True),
        (9, "SKIPPED", False, True),
        (77, "STATE 77", False, False),
    ],
)
def test_the_parameters_win_over_the_text(state: int, name: str, is_delivered: bool, is_final: bool) -> None:
    message = receipt("id:1 stat:DELIVRD err:5", (0x001E, b"abc\x00"), (0x0427, bytes((state,))))
    told = read_receipt(message)
    assert told == DeliveryReceipt("abc", name, "5")
    assert (told.is_delivered, told.is_final) == (is_delivered, is_final)


def test_parameters_alone_are_enough() -> None:
    parameters = ((0x001E, b"abc"), (0x0427, b"\x02"))
    assert read_receipt(receipt("", *parameters)) == DeliveryReceipt("abc", "DELIVRD")
    assert is_receipt(receipt("", *parameters, esm_class=0))


def test_a_receipt_in_ucs_2() -> None:
    message = DeliverSm(
        short_message="id:a_1 stat:DELIVRD".encode("utf-16-be"), data_coding=8, esm_class=DELIVERY_RECEIPT
    )
    assert read_receipt(message) == DeliveryReceipt("a_1", "DELIVRD")
    assert read_receipt(receipt("id:a_1 stat:DELIVRD")) == DeliveryReceipt("a_1", "DELIVRD")


def test_an_intermediate_notification_is_never_the_end() -> None:
    told = read_receipt(receipt("id:1 stat:UNDELIV", esm_class=INTERMEDIATE_NOTIFICATION))
    assert told is not None
    assert not told.is_final


@pytest.mark.parametrize(
    "text", ["", "hello", "id:1", "stat:DELIVRD", "idle:1 stat:DELIVRD", "text:id:1 stat:X"]
)
def test_a_receipt_of_nothing_is_none(text: str) -> None:
    assert read_receipt(receipt(text)) is None


def test_a_person_cannot_write_a_receipt() -> None:
    """SMS-07: what a phone can send is a text, whatever it says."""
    assert not is_receipt(receipt("id:1 stat:DELIVRD", esm_class=0))
    assert not is_receipt(receipt("id:1 stat:DELIVRD", esm_class=0x40))
    assert not is_receipt(receipt("id:1 stat:DELIVRD", (0x001E, b"1"), esm_class=0))
