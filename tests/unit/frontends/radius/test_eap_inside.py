"""What is taken of what a device says inside the tunnel, and what is not."""

from __future__ import annotations

import pytest

from vestibule.crypto.secret import Secret
from vestibule.frontends.radius.eap.inside import Confirmed, Proven, Say, TtlsPap, Typed, Unfit
from vestibule.frontends.radius.eap.peap import Peap
from vestibule.wire.eap.avps import write_avp
from vestibule.wire.eap.packet import GTC, IDENTITY, NAK


def said(password: bytes, name: bytes = b"alice") -> bytes:
    return write_avp(1, name) + write_avp(2, password)


@pytest.mark.parametrize("password", ["a", "x" * 16, "x" * 17, "x" * 127, "x" * 128, "Grüße"])
def test_ra_13_a_password_is_taken_as_it_was_typed(password: str) -> None:
    """RA-13: of every length that a password may have, padded or not (RFC 5281 §11.2.5)."""
    octets = password.encode()
    padded = octets.ljust(-len(octets) % 16 + len(octets), b"\0")
    for written in {octets, padded}:
        assert TtlsPap().hear(said(written)) == Typed("alice", Secret(password))
    assert gtc(octets) == Typed("alice", Secret(password))


@pytest.mark.parametrize("password", [b"right\0wrong", b"\0right", b"x" * 129, b"\xff\xfe"])
def test_ra_13_a_password_is_never_cut(password: bytes) -> None:
    """RA-13: a NUL in the middle does not end it, what is too long or no text is none."""
    assert TtlsPap().hear(said(password)) == Unfit()
    assert gtc(password) == Unfit()


@pytest.mark.parametrize("name", [b"", b"a" * 254, b"al\0ice", b"\xff"])
def test_names_that_are_none(name: bytes) -> None:
    assert TtlsPap().hear(said(b"x", name)) == Unfit()
    assert gtc(b"x", name) == Unfit()


def test_one_name_and_one_password() -> None:
    """Two names, of which one reader sees the first and another the second, are how one person's proof
    becomes another's."""
    for octets in (
        said(b"x") + write_avp(1, b"bob"),
        said(b"x") + write_avp(2, b"y"),
        write_avp(1, b"alice"),
    ):
        assert TtlsPap().hear(octets) == Unfit()
    assert TtlsPap().hear(b"") == Unfit()


def test_ra_17_other_proofs_inside_are_refused() -> None:
    """RA-17: CHAP (3), EAP (79) and MS-CHAPv2 (311/25) stand for another method; whatever is mandatory must
    not be passed over (RFC 5281 §10.1), the rest is."""
    for other in (write_avp(3, bytes(17)), write_avp(79, b"\2\1\0\5\1"), write_avp(25, bytes(50), 311)):
        assert TtlsPap().hear(said(b"x") + other) == Unfit(speaks_other=True)
    optional = bytes.fromhex("000000ff 0000000c 61626364")
    assert TtlsPap().hear(said(b"x") + optional) == Typed("alice", Secret("x"))


def test_peap_asks_for_the_name_then_for_the_password_then_for_the_end() -> None:
    inside = Peap("Password?")
    assert inside.opening() == bytes((IDENTITY,))
    assert inside.hear(b"\1alice") == Say(b"\6Password?")
    assert inside.hear(b"\6secret") == Typed("alice", Secret("secret"))
    assert inside.question("Passcode?") == b"\6Passcode?"
    assert inside.hear(b"\6" + b"123456") == Typed("alice", Secret("123456"))
    inside.acceptance()
    assert inside.hear(b"\6again") == Unfit()
    assert inside.hear(bytes.fromhex("0200000b 21 8003 0002 0001")) == Confirmed()


def test_peap_takes_nothing_out_of_turn() -> None:
    assert Peap("?").hear(b"\6secret") == Unfit()
    inside = Peap("?")
    inside.hear(b"\1alice")
    assert inside.hear(bytes((NAK, 26))) == Unfit(speaks_other=True)
    assert inside.hear(b"\1mallory") == Unfit()
    assert inside.hear(bytes.fromhex("0200000b 21 8003 0002 0001")) == Unfit()


RESPONSE = b"\2\1\0\x3b\x31" + bytes(range(49)) + b"alice"


def test_a_device_proves_a_password_where_it_may() -> None:
    """draft-kamath-pppext-eap-mschapv2-02 §2: challenge, proof, and that it is known here; then the end."""
    inside = Peap("?", speaks_ms_chap=True)
    inside.hear(b"\1DOMAIN\\alice")
    challenged = inside.hear(bytes((NAK, 26)))
    assert isinstance(challenged, Say)
    assert challenged.octets[:6] == b"\x1a\1\1\0\x1e\x10"
    proven = inside.hear(b"\x1a" + RESPONSE)
    assert isinstance(proven, Proven)
    assert proven.name == "DOMAIN\\alice"
    assert proven.proof.authenticator_challenge == challenged.octets[6:22]
    assert proven.proof.peer_challenge == bytes(range(16))
    assert proven.proof.response == bytes(range(24, 48))
    assert not inside.can_ask
    assert inside.hear(b"\x1a" + RESPONSE) == Unfit(), "once"
    assert inside.acceptance(b"S=...") == b"\x1a\3\1\0\x09S=..."
    assert inside.hear(b"\x1a\3") == Say(bytes.fromhex("0100000b 21 8003 0002 0001"))
    assert inside.hear(bytes.fromhex("0200000b 21 8003 0002 0001")) == Confirmed()


@pytest.mark.parametrize(
    "response",
    [
        RESPONSE[:-1],  # another length than it says
        b"\2\2" + RESPONSE[2:],  # to another challenge
        b"\3\1" + RESPONSE[2:],
        RESPONSE[:4] + b"\x30" + RESPONSE[5:],
        RESPONSE.replace(b"alice", b"malic"),  # of another person
        b"\2\1\0\4",
    ],
)
def test_proofs_that_are_none(response: bytes) -> None:
    inside = Peap("?", speaks_ms_chap=True)
    inside.hear(b"\1alice")
    inside.hear(bytes((NAK, 26)))
    assert inside.hear(b"\x1a" + response) == Unfit()


def test_ra_17_a_proof_is_not_followed_by_anything_typed() -> None:
    """RA-17: nor does it follow a question that was answered."""
    inside = Peap("?", speaks_ms_chap=True)
    inside.hear(b"\1alice")
    inside.hear(bytes((NAK, 26)))
    assert inside.hear(b"\6typed") == Unfit()
    asked = Peap("?", speaks_ms_chap=True)
    asked.hear(b"\1alice")
    asked.hear(b"\6typed")
    assert asked.hear(bytes((NAK, 26))) == Unfit()


def gtc(typed: bytes, name: bytes = b"alice") -> object:
    inside = Peap("?")
    inside.hear(bytes((IDENTITY,)) + name)
    return inside.hear(bytes((GTC,)) + typed)
