"""Session descriptions: what is offered, what is agreed, what is answered."""

from __future__ import annotations

import pytest

from vestibule.wire.sip.sdp import Agreed, Codec, Direction, Session, agree, answer, offer, read_session

BOTH = (Codec.PCMA, Codec.PCMU)
DESCRIPTION = (
    "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"
    "m=audio 4000 RTP/AVP 9 0 96\r\na=rtpmap:9 G722/8000\r\na=rtpmap:96 telephone-event/8000\r\n"
    "a=fmtp:96 0-16\r\n"
)


def session(text: str) -> Session:
    found = read_session(text.encode())
    assert found is not None
    return found


def test_what_we_offer_can_be_agreed_with() -> None:
    """RFC 3264 §5, RFC 4733 §2.4.1."""
    data = offer("192.0.2.1", 16_384, BOTH, session_id=5)
    assert b"m=audio 16384 RTP/AVP 8 0 101\r\n" in data
    assert b"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n" in data
    agreed = agree(session(data.decode()), BOTH)
    assert agreed == Agreed("192.0.2.1", 16_384, Codec.PCMA, 8, 101, Direction.SENDRECV)


def test_the_peers_first_codec_that_we_have_is_agreed() -> None:
    assert agree(session(DESCRIPTION), BOTH) == Agreed(
        "192.0.2.9", 4_000, Codec.PCMU, 0, 96, Direction.SENDRECV
    )
    assert agree(session(DESCRIPTION), [Codec.PCMA]) is None


def test_a_codec_may_bear_a_number_of_the_peers() -> None:
    text = DESCRIPTION.replace("9 0 96", "97 96") + "a=rtpmap:97 pcma/8000/1\r\n"
    agreed = agree(session(text), BOTH)
    assert agreed is not None
    assert (agreed.codec, agreed.codec_format) == (Codec.PCMA, 97)


def test_a_peer_without_events_is_agreed_with() -> None:
    agreed = agree(session(DESCRIPTION.replace("telephone-event", "x")), BOTH)
    assert agreed is not None
    assert agreed.event_format is None


@pytest.mark.parametrize(
    ("line", "may_send", "answered"),
    [
        ("a=sendrecv", True, Direction.SENDRECV),
        ("a=sendonly", False, Direction.RECVONLY),
        ("a=recvonly", True, Direction.SENDONLY),
        ("a=inactive", False, Direction.INACTIVE),
        ("c=IN IP4 0.0.0.0", False, Direction.SENDRECV),
    ],
)
def test_directions(line: str, may_send: bool, answered: Direction) -> None:
    """RFC 3264 §6.1, §8.4."""
    agreed = agree(session(DESCRIPTION + line + "\r\n"), BOTH)
    assert agreed is not None
    assert agreed.may_send is may_send
    assert agreed.direction.answered is answered


def test_further_streams_are_refused_in_their_place() -> None:
    """RFC 3264 §6."""
    text = (
        DESCRIPTION.replace("m=audio", "m=video 5000 RTP/AVP 99\r\nm=audio") + "m=audio 6000/2 RTP/SAVP 0\r\n"
    )
    offered = session(text)
    agreed = agree(offered, BOTH)
    assert agreed is not None
    data = answer("2001:db8::1", 16_384, offered, agreed, session_id=5, version=2)
    lines = [line for line in data.decode().split("\r\n") if line.startswith("m=")]
    assert lines == ["m=video 0 RTP/AVP 99", "m=audio 16384 RTP/AVP 0 96", "m=audio 0 RTP/SAVP 0"]
    assert b"c=IN IP6 2001:db8::1\r\n" in data


@pytest.mark.parametrize(
    "text",
    [
        "",
        "v=1\r\n",
        DESCRIPTION.replace("m=audio 4000", "m=audio x"),
        DESCRIPTION.replace("m=audio 4000", "m=audio 70000"),
        DESCRIPTION + "m=audio 1 RTP/AVP 0\r\n" * 16,
        DESCRIPTION + "a=x\r\n" * 4_000,
    ],
)
def test_what_is_no_description(text: str) -> None:
    """VOI-08."""
    assert read_session(text.encode()) is None


@pytest.mark.parametrize(
    "text",
    [
        DESCRIPTION.replace("m=audio 4000", "m=audio 0"),
        DESCRIPTION.replace("RTP/AVP", "RTP/SAVP"),
        DESCRIPTION.replace("c=IN IP4 192.0.2.9", "c=IN IP4 media.example"),
        DESCRIPTION.replace("c=IN IP4 192.0.2.9\r\n", ""),
        "v=0\r\n",
    ],
)
def test_what_cannot_be_agreed_with(text: str) -> None:
    assert agree(session(text), BOTH) is None
