"""The codec under octets that nobody would send on purpose, grown from the vectors."""

from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from vestibule.wire.radius import (
    AccessRequest,
    Malformed,
    Message,
    SharedSecret,
    Unusable,
    check_reply,
    decode,
    encode_attributes,
    read_access_request,
    vendor_attributes,
)
from vestibule.wire.radius.dictionary import name_of, show_value

SECRET = SharedSecret(b"xyzzy5461")
VECTORS = Path(__file__).parents[1] / "conformance" / "radius" / "vectors" / "exchanges.txt"
SEEDS = [
    bytes.fromhex(line.split(":")[1])
    for line in VECTORS.read_text(encoding="utf-8").splitlines()
    if line.startswith(("request:", "reply:"))
]
REQUEST = decode(SEEDS[0])


def read_everything(datagram: bytes) -> None:
    """Everything that is ever done with a datagram before it is proven: no exception, no endless loop."""
    message = decode(datagram)
    if isinstance(message, Malformed):
        return
    assert 20 <= len(message.octets) <= min(4096, len(datagram))
    assert encode_attributes(message.attributes) == message.octets[20:]
    SECRET.has_signed(message)
    assert isinstance(REQUEST, Message)
    check_reply(datagram, REQUEST, SECRET)
    read = read_access_request(message)
    assert isinstance(read, AccessRequest | Unusable)
    if isinstance(read, AccessRequest):
        SECRET.reveal(read.hidden_password or b"", message.authenticator)
        assert len(SECRET.encode_reply(3, message, [(33, value) for value in read.proxy_states])) <= 4096
    for number, value in message.attributes:
        assert isinstance(name_of(number), str)
        assert show_value(number, value).isprintable()
    for vendor in (9, 311):
        assert all(len(value) < 254 for _, value in vendor_attributes(message, vendor))


@given(st.binary(max_size=300))
@example(b"")
def test_any_octets(datagram: bytes) -> None:
    """RA-14."""
    read_everything(datagram)


@given(st.integers(0, 255), st.binary(max_size=400))
def test_any_attributes_under_a_right_length(code: int, body: bytes) -> None:
    """RA-14: past the header, where the interesting lengths are."""
    read_everything(bytes((code, 1)) + (20 + len(body)).to_bytes(2, "big") + bytes(16) + body)


@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.integers(0, 80), st.integers(0, 255)), max_size=4),
    st.integers(0, 80),
    st.booleans(),
)
def test_changed_vectors(seed: bytes, changes: list[tuple[int, int]], cut: int, is_cut: bool) -> None:
    """RA-14, RA-07: real packets with a few octets changed or the end missing."""
    datagram = bytearray(seed)
    for position, octet in changes:
        datagram[position % len(datagram)] = octet
    read_everything(bytes(datagram[:-cut] if is_cut and cut else datagram))


@given(st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=253)), max_size=12))
def test_whatever_is_written_is_read(attributes: list[tuple[int, bytes]]) -> None:
    """RA-16: attributes come out as they went in, or the packet is refused for one of its own rules."""
    message = decode(SECRET.encode_request(1, 9, bytes(16), attributes))
    if isinstance(message, Malformed):
        assert message in {Malformed.MESSAGE_AUTHENTICATOR, Malformed.VENDOR_ATTRIBUTE}
    else:
        assert list(message.attributes[1:]) == attributes
        assert SECRET.has_signed(message)
