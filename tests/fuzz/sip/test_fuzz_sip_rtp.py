"""The decoders of calls under bytes that nobody would send on purpose (VOI-08)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vestibule.wire.rtp import KeyReader
from vestibule.wire.rtp import decode as decode_packet
from vestibule.wire.sip import Malformed, MessageStream, Request, Response, decode, encode
from vestibule.wire.sip.digest import answer, choose_challenge
from vestibule.wire.sip.fields import read_via, split
from vestibule.wire.sip.message import LARGEST_MESSAGE
from vestibule.wire.sip.sdp import Codec, agree, read_session
from vestibule.wire.sip.sdp import answer as answer_offer
from vestibule.wire.sip.uri import read_address, read_uri

INVITE = (
    b"INVITE sip:a@192.0.2.4;x=1 SIP/2.0\r\nv: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa;rport\r\n"
    b'From: "A \\" B" <sip:t@e>;tag=1\r\nTo: <sip:a@b>;tag=2\r\nCall-ID: i@h\r\nCSeq: 7 INVITE\r\n'
    b'Contact: <sip:c@[2001:db8::1]:5060;lr>;q="1"\r\nRecord-Route: <sip:p;lr>, <sip:q>\r\n'
    b'WWW-Authenticate: Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256\r\n'
    b"Content-Length: 135\r\n\r\n"
    b"v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"
    b"m=audio 4000 RTP/AVP 0 96\r\na=rtpmap:96 telephone-event/8000\r\na=sendonly\r\n"
)
PIECES = st.sampled_from(
    [b"\r\n", b" ", b"\t", b",", b";", b'"', b"\\", b"<", b">", b":", b"=", b"@", b"\0", b"\xff",
     b"m=audio ", b"a=rtpmap:", b"c=IN IP4 ", b"Content-Length: ", b"SIP/2.0", b"[", b"]", b"%", b"9" * 30]
)  # fmt: skip


def read_everything(data: bytes) -> None:
    """Everything that is ever done with a datagram: no exception, no endless loop."""
    message = decode(data)
    if not isinstance(message, Malformed):
        again = decode(encode(message))
        assert not isinstance(again, Malformed)
        assert again.sequence == message.sequence
        assert not isinstance(message, Response) or message.status_line.encode()
        for name in ("via", "from", "to", "contact", "record-route"):
            for value in split(message.values(name)):
                read_via(value)
                address = read_address(value)
                uri = read_uri(address.uri) if address is not None else None
                assert uri is None or isinstance(str(uri), str)
        challenge = choose_challenge(message.values("www-authenticate"))
        if challenge is not None:
            answer(challenge, method="REGISTER", uri="sip:x", user="a", password="b", cnonce="c")
        read_description(message.body)
    stream = MessageStream()
    stream.feed(data)
    for _ in range(len(data)):
        if stream.next_message() is None:
            break


def read_description(body: bytes) -> None:
    session = read_session(body)
    agreed = agree(session, list(Codec)) if session is not None else None
    if session is not None and agreed is not None:
        assert 0 < agreed.port < 65_536
        assert isinstance(agreed.may_send, bool)
        assert (
            read_session(answer_offer("192.0.2.1", 4, session, agreed, session_id=1, version=2)) is not None
        )


@given(st.binary(max_size=400))
@example(b"")
@example(INVITE)
def test_any_octets(data: bytes) -> None:
    read_everything(data)
    read_description(data)


def test_the_message_that_is_changed_is_a_right_one() -> None:
    message = decode(INVITE)
    assert isinstance(message, Request)
    session = read_session(message.body)
    assert session is not None
    assert agree(session, list(Codec)) is not None


def test_changed_messages(proof: Callable[[int, int], int]) -> None:
    """Real messages with pieces put in, taken out or repeated."""

    @settings(max_examples=proof(300, 20_000), deadline=None)
    @given(
        st.lists(
            st.tuples(st.integers(0, len(INVITE)), st.integers(0, 40), PIECES | st.binary(max_size=8)),
            min_size=1,
            max_size=6,
        )
    )
    def change(changes: list[tuple[int, int, bytes]]) -> None:
        data = INVITE
        for begin, length, piece in changes:
            data = data[:begin] + piece + data[begin + length :]
        read_everything(data)
        read_description(data.partition(b"\r\n\r\n")[2])

    change()


def test_any_packets(proof: Callable[[int, int], int]) -> None:
    @settings(max_examples=proof(300, 20_000), deadline=None)
    @given(st.lists(st.binary(max_size=40).map(lambda data: b"\x80\x65" + data) | st.binary(max_size=40)))
    def feed(datagrams: list[bytes]) -> None:
        reader = KeyReader()
        for data in datagrams:
            packet = decode_packet(data)
            if packet is not None:
                assert len(packet.payload) <= len(data) - 12
                assert len(reader.feed(packet)) <= 1

    feed()


@pytest.mark.timeout(30)
def test_repeated_signs_take_no_time() -> None:
    """Patterns that go back over what they have read would take minutes here."""
    for piece in ('"', "\\", ";", " ", ";a=", '"a" ', "a", ":", "a.", "<", ";a = ", "%", "[", "SIP/"):
        text = piece * (8_000 // len(piece))
        read_address(text)
        read_address("<" + text)
        read_uri("sip:" + text[:2_000])
        read_via("SIP/2.0/UDP h" + text)
        read_via(text)
        split([text])
        choose_challenge(["Digest " + text, 'Digest a="' + text])
        read_everything(b"a: " + text.encode() * 8)
        read_description(b"v=0\r\nm=" + text.encode())
    read_everything(b"\r\n" * (LARGEST_MESSAGE // 2))
