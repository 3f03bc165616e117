"""Our codec against two by others: smpp34 (Rust) and smpplib, in both directions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import smpp34
from smpplib import gsm, smpp

from vestibule.wire.smpp import Operation, Pdu, alphabet, decode, encode
from vestibule.wire.smpp.coding import encode_text
from vestibule.wire.smpp.messages import (
    Address,
    BindTransceiver,
    DeliverSm,
    DeliverSmResp,
    EnquireLink,
    EnquireLinkResp,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    UnbindResp,
)
from vestibule.wire.smpp.numbers import MESSAGE_PAYLOAD, RECEIPTED_MESSAGE_ID
from vestibule.wire.smpp.parts import cut

SAME = {
    "service_type": "OTP",
    "esm_class": 0x40,
    "protocol_id": 1,
    "registered_delivery": 1,
    "data_coding": 8,
    "short_message": b"\x05\x00\x03\x07\x02\x01\x04\x1a",
}
TEXT = SubmitSm(
    source=Address(5, 0, "Vestibule"),
    destination=Address(1, 1, "4917612345678"),
    priority=2,
    validity="000000001000000R",
    replace_if_present=1,
    default_message=3,
    parameters=((MESSAGE_PAYLOAD, b"payload"), (RECEIPTED_MESSAGE_ID, b"abc\x00")),
    **SAME,  # type: ignore[arg-type]
)
THEIRS = {
    "source_addr_ton": 5,
    "source_addr_npi": 0,
    "source_addr": "Vestibule",
    "dest_addr_ton": 1,
    "dest_addr_npi": 1,
    "destination_addr": "4917612345678",
    "priority_flag": 2,
    "validity_period": "000000001000000R",
    "replace_if_present_flag": 1,
    "sm_default_msg_id": 3,
    "tlvs": [smpp34.Tlv(MESSAGE_PAYLOAD, b"payload"), smpp34.Tlv(RECEIPTED_MESSAGE_ID, b"abc\x00")],
    **SAME,
}


def test_smpp34_writes_what_we_write() -> None:
    """§4.4.1, §4.6.1: every field in its place, octet by octet."""
    assert smpp34.SubmitSm(**THEIRS, sequence_number=77).encode() == encode(Pdu(TEXT, 77))
    ours = DeliverSm(**{name: getattr(TEXT, name) for name in TEXT_FIELDS})
    assert smpp34.DeliverSm(**THEIRS, sequence_number=78).encode() == encode(Pdu(ours, 78))


TEXT_FIELDS = (
    "source",
    "destination",
    "priority",
    "validity",
    "replace_if_present",
    "default_message",
    "parameters",
    *SAME,
)


def test_smpp34_reads_what_we_write() -> None:
    read = smpp34.decode(encode(Pdu(TEXT, 77)))
    assert read.validity_period == "000000001000000R"
    assert {name: getattr(read, name) for name in THEIRS if name != "tlvs"} == {
        name: value for name, value in THEIRS.items() if name != "tlvs"
    }
    assert [(tlv.tag, tlv.value) for tlv in read.tlvs] == list(TEXT.parameters)


class Numbering:
    """What smpplib asks for the number of a request."""

    def next_sequence(self) -> int:
        return 5


def _theirs(command: str, **fields: object) -> bytes:
    pdu = smpp.make_pdu(command, client=Numbering(), sequence=5, **fields)
    return bytes(pdu.generate())


def _read_by_them(operation: Operation, status: int = 0) -> Any:
    octets = encode(Pdu(operation, 7, status))
    return smpp.parse_pdu(octets, client=Numbering(), allow_unknown_opt_params=True)


def test_smpplib_writes_what_we_write() -> None:
    bind = BindTransceiver("esme", "secret", "VST", 0x34, Address(1, 1, ""))
    theirs = _theirs(
        "bind_transceiver",
        system_id="esme",
        password="secret",
        system_type="VST",
        interface_version=0x34,
        addr_ton=1,
        addr_npi=1,
        address_range="",
    )
    assert theirs == encode(Pdu(bind, 5))
    for command, operation in (
        ("enquire_link", EnquireLink()),
        ("enquire_link_resp", EnquireLinkResp()),
        ("unbind", Unbind()),
        ("unbind_resp", UnbindResp()),
    ):
        assert _theirs(command) == encode(Pdu(operation, 5))


def test_smpplib_reads_what_we_write() -> None:
    read = _read_by_them(SubmitSmResp("id-1"))
    assert (read.command, read.sequence, read.message_id) == ("submit_sm_resp", 7, b"id-1")
    read = _read_by_them(DeliverSmResp(), 0x64)
    assert (read.command, read.status) == ("deliver_sm_resp", 0x64)
    read = _read_by_them(replace(TEXT, parameters=()))  # it knows other parameters than we do
    assert (read.destination_addr, read.data_coding) == (b"4917612345678", 8)
    assert read.short_message == TEXT.short_message


def test_smpplib_encodes_the_same_septets() -> None:
    """3GPP TS 23.038; their table has a grave accent where § belongs, so that one is left to our own test."""
    text = "".join(alphabet.decode(bytes((code,))) for code in range(128) if code not in (0x1B, 0x5F))
    text += "^{}\\[~]|€"
    assert gsm.gsm_encode(text) == alphabet.encode(text)


def test_smpplib_cuts_the_same_parts() -> None:
    for text in ("x" * 400, "Д" * 200):
        encoded = encode_text(text)
        theirs, coding, _ = gsm.make_parts(text)
        assert coding == encoded.data_coding
        assert [part[:3] + part[4:] for part in theirs] == [part[:3] + part[4:] for part in cut(encoded, 0)]


def test_we_read_what_smpp34_writes() -> None:
    theirs = smpp34.SubmitSm(**THEIRS, sequence_number=77).encode()
    assert decode(theirs) == Pdu(TEXT, 77)
