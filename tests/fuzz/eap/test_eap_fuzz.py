"""EAP, its fragments and attributes, and a whole conversation, under octets that nobody sends on purpose."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from OpenSSL import SSL

from vestibule.crypto.certificates import issue, make_authority
from vestibule.frontends.radius.eap.inside import Confirmed, Proven, Say, TtlsPap, Typed, Unfit
from vestibule.frontends.radius.eap.peap import Peap
from vestibule.frontends.radius.eap.peer import Peer, Stopped
from vestibule.frontends.radius.eap.tunnel import open_context
from vestibule.wire.eap.avps import read_avps, write_avp
from vestibule.wire.eap.fragments import LONGEST, Reassembly, fragmented, read_fragment
from vestibule.wire.eap.inner import has_confirmed, read_inner_response
from vestibule.wire.eap.packet import EapResponse, read_response

HEARD = Typed | Proven | Say | Confirmed | Unfit
TLS = bytes.fromhex("16030100")


def read_everything(octets: bytes) -> None:
    response = read_response(octets)
    assert response is None or len(response.data) <= len(octets) - 5
    avps = read_avps(octets)
    assert avps is None or sum(len(avp.value) + 8 for avp in avps) <= len(octets)
    fragment = read_fragment(octets)
    if fragment is not None:
        Reassembly().add(fragment)
    inner = read_inner_response(octets)
    if inner is not None:
        has_confirmed(inner)
    assert isinstance(TtlsPap().hear(octets), HEARD)
    for before in ((), (b"\1alice",), (b"\1alice", b"\3\x1a")):
        inside = Peap("?", speaks_ms_chap=True)
        for said in before:
            inside.hear(said)
        for _ in range(3):
            assert isinstance(inside.hear(octets), HEARD)


@given(st.binary(max_size=200))
@example(b"")
def test_any_octets(octets: bytes) -> None:
    """RA-14."""
    read_everything(octets)


@given(st.integers(0, 3), st.integers(0, 255), st.integers(0, 40), st.binary(max_size=40))
def test_any_header(code: int, eap_type: int, length: int, rest: bytes) -> None:
    """RA-14: lengths that nearly fit."""
    read_everything(bytes((code, 1, 0, length, eap_type)) + rest)


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 255)), max_size=4), st.integers(0, 30))
def test_changed_attributes(changes: list[tuple[int, int]], cut: int) -> None:
    """RA-14: a real message with a few octets changed, or without its end."""
    octets = bytearray(write_avp(1, b"alice") + write_avp(2, b"secret") + write_avp(25, bytes(50), 311))
    for position, octet in changes:
        octets[position % len(octets)] = octet
    read_everything(bytes(octets[: len(octets) - cut]))


@given(st.binary(max_size=3000), st.integers(123, 1015))
def test_every_flight_survives_every_size(flight: bytes, size: int) -> None:
    assembled, whole = Reassembly(), b""
    for piece in fragmented(flight, size):
        fragment = read_fragment(piece)
        assert len(piece) <= size
        assert fragment is not None
        found = assembled.add(fragment)
        whole = found if isinstance(found, bytes) else whole
    assert whole == flight


@pytest.fixture(scope="module")
def context() -> SSL.Context:
    authority = make_authority("Authority", 0, 2_000_000_000_000)
    return open_context(issue(authority, "server", ["localhost"], 0, 2_000_000_000_000, for_server=True))


def hostile(context: SSL.Context, packets: list[tuple[int, bytes]]) -> None:
    peer = Peer(context, "?")
    sent = peer.begin(EapResponse(0, 1, b"x"))
    for eap_type, data in packets:
        answer = peer.take(EapResponse(sent[1], eap_type, data), 500)
        if isinstance(answer, Stopped):
            return
        assert isinstance(answer, bytes)  # nobody was heard who has not finished a handshake
        assert len(answer) <= 500
        sent = answer
    assert len(peer._reassembly._octets) <= LONGEST


PACKETS = st.lists(
    st.tuples(
        st.sampled_from([3, 21, 21, 21, 25]),
        st.one_of(
            st.binary(max_size=60),
            st.binary(max_size=60).map(lambda octets: b"\0" + TLS + bytes((len(octets),)) + octets),
            st.binary(min_size=1, max_size=60).map(lambda octets: b"\x40" + TLS + octets),
        ),
    ),
    max_size=6,
)


def test_many_conversations_with_anybody(context: SSL.Context, proof: Callable[[int, int], int]) -> None:
    """RA-14, RA-23: fragments and broken TLS end it, or are answered; nobody is let in."""

    @given(PACKETS)
    @settings(max_examples=proof(50, 100_000), deadline=None)
    def each(packets: list[tuple[int, bytes]]) -> None:
        hostile(context, packets)

    each()
