"""Whom a call listens to (VOI-01, VOI-03)."""

from __future__ import annotations

from tests.unit.gateways.sip.hands import Hands
from vestibule.gateways.sip.hearing import Hearing
from vestibule.wire.rtp import encode
from vestibule.wire.rtp.events import event_packets
from vestibule.wire.sip.sdp import Agreed, Codec, Direction

PHONE = ("192.0.2.9", 4_000)
STRANGER = ("198.51.100.66", 4_000)
AGREED = Agreed(*PHONE, Codec.PCMA, 8, 96, Direction.SENDRECV)


class Scene:
    def __init__(self, agreed: Agreed = AGREED, *, hears_elsewhere: bool = False) -> None:
        self.hands = Hands()
        self.keys = ""
        self._timestamp = 1_000
        self.hearing = Hearing(agreed, self._take, self.hands.now, hears_elsewhere=hears_elsewhere)

    def _take(self, key: str) -> None:
        self.keys += key

    def press(self, key: str, place: tuple[str, int] = PHONE, *, ssrc: int = 7, format: int = 96) -> None:
        self._timestamp += 2_000
        for number, payload in enumerate(event_packets(key, 4, 160)):
            data = encode(format, number, self._timestamp, ssrc, payload, number == 0)
            self.hearing.receive(data, place)

    def sound(self, place: tuple[str, int] = PHONE, *, ssrc: int = 7) -> None:
        self.hearing.receive(encode(8, 1, 160, ssrc, bytes(160)), place)


def test_keys_of_the_named_address_are_heard() -> None:
    scene = Scene()
    scene.press("1")
    scene.press("#", format=101)
    assert scene.keys == "1#"


def test_a_stranger_is_never_heard() -> None:
    """VOI-03: neither before the phone has sent anything nor later."""
    scene = Scene()
    scene.hands.turn(60)
    scene.press("1", STRANGER)
    scene.sound()
    scene.hands.turn(60)
    scene.press("1", STRANGER)
    assert scene.keys == ""
    assert scene.hearing.source == PHONE


def test_another_source_at_the_same_address_is_not_heard() -> None:
    """VOI-03: one SSRC."""
    scene = Scene()
    scene.press("1")
    scene.press("9", ssrc=8)
    scene.press("2")
    assert scene.keys == "12"


def test_a_new_source_takes_over_after_a_silence() -> None:
    scene = Scene()
    scene.press("1")
    scene.hands.turn(1.5)
    scene.press("2", ssrc=8)
    assert scene.keys == "12"


def test_another_port_of_the_named_address_is_heard_until_the_named_one_speaks() -> None:
    scene = Scene()
    other = (PHONE[0], 5_000)
    scene.press("1", other)
    assert scene.hearing.source == other
    scene.sound()
    scene.press("9", other)
    assert scene.keys == "1"
    assert scene.hearing.source == PHONE


def test_elsewhere_is_heard_only_where_it_is_allowed_and_the_named_address_is_silent() -> None:
    scene = Scene(hears_elsewhere=True)
    scene.press("1", STRANGER)
    assert scene.keys == ""
    scene.hands.turn(1.1)
    scene.press("2", STRANGER)
    assert scene.keys == "2"
    scene.sound()
    scene.press("3", STRANGER)
    assert scene.keys == "2"
    assert scene.hearing.source == PHONE


def test_other_formats_and_garbage_are_not_heard() -> None:
    """VOI-08."""
    scene = Scene()
    scene.press("1", format=97)
    for data in (b"", b"\x80", b"\x80\x60" + bytes(10), b"\xff" * 40, b"\x00" * 40):
        scene.hearing.receive(data, PHONE)
    assert scene.keys == ""


def test_a_peer_that_agreed_to_no_events_presses_no_keys() -> None:
    scene = Scene(Agreed(*PHONE, Codec.PCMA, 8, None, Direction.SENDRECV))
    scene.press("1", format=101)
    assert scene.keys == ""


def test_a_change_of_the_address_is_a_new_source() -> None:
    scene = Scene()
    scene.press("1")
    moved = ("192.0.2.10", 6_000)
    scene.hearing.change(Agreed(*moved, Codec.PCMA, 8, 96, Direction.SENDRECV))
    scene.press("9")
    scene.press("2", moved, ssrc=9)
    assert scene.keys == "12"
