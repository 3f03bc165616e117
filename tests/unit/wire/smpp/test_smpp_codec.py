"""PDUs, the stream they come in, and phone numbers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vestibule.wire.smpp import BrokenStream, Malformed, Pdu, PduStream, decode, encode
from vestibule.wire.smpp.addresses import international, number_of, sender
from vestibule.wire.smpp.messages import (
    Address,
    BindTransceiver,
    DeliverSm,
    EnquireLink,
    GenericNack,
    Opaque,
    SubmitSm,
    SubmitSmResp,
)
from vestibule.wire.smpp.numbers import MESSAGE_PAYLOAD, status_name
from vestibule.wire.smpp.times import relative

TEXT = SubmitSm(
    source=Address(5, 0, "Vestibule"),
    destination=Address(1, 1, "4917612345678"),
    short_message=b"hello",
    registered_delivery=1,
    validity="000000001000000R",
)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"short_message": b"x" * 255}, "short_message"),
        ({"destination": Address(1, 1, "1" * 21)}, "destination_addr"),
        ({"source": Address(5, 0, "Büro")}, "source_addr"),
        ({"source": Address(5, 0, "a\x00b")}, "source_addr"),
        ({"validity": "0" * 17}, "validity_period"),
        ({"service_type": "toolong"}, "service_type"),
        ({"parameters": ((MESSAGE_PAYLOAD, b"x" * 65_536),)}, "0x0424"),
        ({"parameters": ((MESSAGE_PAYLOAD, b"x" * 65_535),) * 2}, "a PDU of"),
    ],
)
def test_what_does_not_fit_is_not_written(change: dict[str, object], named: str) -> None:
    """SMS-09: no field can reach into the next one."""
    with pytest.raises(ValueError, match=named):
        encode(Pdu(replace(TEXT, **change), 1))  # type: ignore[arg-type]


def test_an_error_about_the_password_does_not_hold_it() -> None:
    for password in ("canary" * 20, "canary\x00", "cänary"):
        with pytest.raises(ValueError, match="password") as problem:
            encode(Pdu(BindTransceiver("a", password), 1))
        assert "nary" not in str(problem.value)


def test_texts_and_passwords_are_not_shown() -> None:
    """SMS-08."""
    shown = repr(Pdu(replace(TEXT, parameters=((MESSAGE_PAYLOAD, b"hello"),)), 1))
    assert "hello" not in shown
    assert "123456" in shown
    assert "canary" not in repr(BindTransceiver("a", "canary"))
    assert "hello" not in repr(decode(encode(Pdu(Opaque(0x103, b"hello"), 1))))


def test_the_payload_takes_the_place_of_the_short_message() -> None:
    """§5.3.2.32."""
    assert DeliverSm(parameters=((MESSAGE_PAYLOAD, b"long"),)).content == b"long"
    assert DeliverSm(short_message=b"short").content == b"short"


@pytest.mark.parametrize("status", [0x45, 0x58])
def test_a_refusal_has_no_body(status: int) -> None:
    """§4.4.2."""
    octets = bytes.fromhex(f"00000010 80000004 {status:08x} 00000007")
    assert decode(octets) == Pdu(SubmitSmResp(), 7, status)


def test_an_unknown_command_is_kept_as_it_is() -> None:
    assert decode(bytes.fromhex("00000012 00000103 00000000 00000007 abcd")) == Pdu(
        Opaque(0x103, b"\xab\xcd"), 7
    )


@pytest.mark.parametrize("cut", range(1, 40))
def test_a_body_that_ends_too_early_is_malformed(cut: int) -> None:
    octets = encode(Pdu(TEXT, 9))[:-cut]
    found = decode(len(octets).to_bytes(4, "big") + octets[4:])
    assert isinstance(found, Malformed)
    assert (found.command, found.sequence) == (4, 9)


def test_a_stream_may_be_cut_anywhere() -> None:
    sent = [Pdu(TEXT, 1), Pdu(EnquireLink(), 2), Pdu(GenericNack(), 0, 3)]
    stream, found = PduStream(), []
    for octet in b"".join(map(encode, sent)):
        stream.feed(bytes((octet,)))
        while (pdu := stream.next_pdu()) is not None:
            found.append(pdu)
    assert found == sent


@pytest.mark.parametrize("length", [0, 15, 68 * 1024 + 1, 0xFFFFFFFF])
def test_a_wrong_length_breaks_the_stream_for_good(length: int) -> None:
    stream = PduStream()
    stream.feed(length.to_bytes(4, "big"))
    assert isinstance(stream.next_pdu(), BrokenStream)
    stream.feed(encode(Pdu(EnquireLink(), 2)))
    assert isinstance(stream.next_pdu(), BrokenStream)


def test_too_many_parameters_are_malformed() -> None:
    parameters = ((0x1400, b""),) * 257
    assert isinstance(decode(encode(Pdu(replace(TEXT, parameters=parameters), 1))), Malformed)


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("+4930123456", Address(1, 1, "4930123456")),
        ("12345", Address(3, 0, "12345")),
        ("004930123456", Address(0, 1, "004930123456")),
        ("Vestibule", Address(5, 0, "Vestibule")),
        ("", Address()),
    ],
)
def test_who_sends(name: str, address: Address) -> None:
    assert sender(name) == address


@pytest.mark.parametrize(
    ("address", "number"),
    [
        (Address(1, 1, "4917612345678"), "+4917612345678"),
        (Address(1, 1, "+4917612345678"), "+4917612345678"),
        (Address(0, 0, "+4917612345678"), "+4917612345678"),
        (Address(0, 0, "4917612345678"), "4917612345678"),
        (Address(2, 1, "017612345678"), "017612345678"),
        (Address(5, 0, "Bank"), "Bank"),
        (Address(1, 1, "12345"), "12345"),
        (Address(1, 1, "not a number"), "not a number"),
    ],
)
def test_a_number_is_e164_where_the_network_says_so(address: Address, number: str) -> None:
    assert number_of(address) == number
    assert number_of(international("+4917612345678")) == "+4917612345678"


def test_bare_numbers_where_the_provider_means_them_so() -> None:
    assert number_of(Address(0, 0, "4917612345678"), bare_is_international=True) == "+4917612345678"
    assert number_of(Address(0, 0, "12345"), bare_is_international=True) == "12345"
    assert number_of(Address(5, 0, "4917612345678"), bare_is_international=True) == "4917612345678"


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (600, "000000001000000R"),
        (0, "000000000001000R"),
        (90_061, "000001010101000R"),
        (10**9, "000028000000000R"),
    ],
)
def test_spans_of_time(seconds: int, written: str) -> None:
    """§7.1.1.1."""
    assert relative(seconds) == written


def test_statuses_have_names() -> None:
    assert status_name(0x58) == "ESME_RTHROTTLED"
    assert status_name(0x400) == "0x00000400"
