"""One PDU as octets and as a value (SMPP 3.4 §3.2, §4).

`decode` accepts any octets of a right length and answers with a `Pdu` or a `Malformed`; it never raises.
`encode` raises ValueError for a value that does not fit, which is the caller's mistake.
Invariant: what `encode` has written, `decode` reads as the same value.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final

from vestibule.wire.smpp.fields import (
    MalformedField,
    Reader,
    address_octets,
    c_octets,
    parameter_octets,
)
from vestibule.wire.smpp.messages import (
    BindTransceiver,
    BindTransceiverResp,
    Carried,
    DeliverSm,
    DeliverSmResp,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    Malformed,
    Opaque,
    Operation,
    Pdu,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    UnbindResp,
)
from vestibule.wire.smpp.numbers import (
    BIND_TRANSCEIVER,
    DELIVER_SM,
    ENQUIRE_LINK,
    GENERIC_NACK,
    HEADER_SIZE,
    LARGEST_PDU,
    RESPONSE,
    SUBMIT_SM,
    UNBIND,
)

HEADER: Final = struct.Struct(">IIII")
_LONGEST_CREDENTIAL: Final = 64
"""§5.2.1 and §5.2.2 have room for 15 and 8 characters; providers give longer ones, and theirs is the word."""
_LONGEST_SHORT_MESSAGE: Final = 254


def decode(octets: bytes) -> Pdu | Malformed:
    """Read one PDU whose command_length is right, which is the stream's business."""
    _, command, status, sequence = HEADER.unpack_from(octets)
    read = _READERS.get(command)
    if read is None:
        return Pdu(Opaque(command, octets[HEADER_SIZE:]), sequence, status)
    try:
        return Pdu(read(Reader(octets[HEADER_SIZE:])), sequence, status)
    except MalformedField as problem:
        return Malformed(str(problem), command, sequence)


def encode(pdu: Pdu) -> bytes:
    """Return the octets of a PDU; raises ValueError for what does not fit."""
    command, body = _written(pdu.operation)
    length = HEADER_SIZE + len(body)
    if length > LARGEST_PDU:
        raise ValueError(f"a PDU of {length} octets; at most {LARGEST_PDU} fit")
    return HEADER.pack(length, command, pdu.status, pdu.sequence) + body


def _written(operation: Operation) -> tuple[int, bytes]:
    match operation:
        case SubmitSm():
            return SUBMIT_SM, _carried(operation)
        case DeliverSm():
            return DELIVER_SM, _carried(operation)
        case BindTransceiver():
            return BIND_TRANSCEIVER, _bind(operation)
        case BindTransceiverResp(system_id, parameters):
            body = c_octets("system_id", system_id, _LONGEST_CREDENTIAL) + parameter_octets(parameters)
            return BIND_TRANSCEIVER | RESPONSE, body
        case SubmitSmResp(message_id, parameters):
            return SUBMIT_SM | RESPONSE, c_octets("message_id", message_id, 64) + parameter_octets(parameters)
        case DeliverSmResp():
            return DELIVER_SM | RESPONSE, b"\x00"
        case Opaque(command, body):
            return command, body
        case _:
            return _COMMANDS[type(operation)], b""


def _bind(bind: BindTransceiver) -> bytes:
    return b"".join(
        (
            c_octets("system_id", bind.system_id, _LONGEST_CREDENTIAL),
            c_octets("password", bind.password, _LONGEST_CREDENTIAL),
            c_octets("system_type", bind.system_type, 12),
            bytes((bind.version,)),
            address_octets("address_range", bind.addresses, 40),
        )
    )


def _carried(message: Carried) -> bytes:
    if len(message.short_message) > _LONGEST_SHORT_MESSAGE:
        raise ValueError("short_message holds more than 254 octets")
    return b"".join(
        (
            c_octets("service_type", message.service_type, 5),
            address_octets("source_addr", message.source),
            address_octets("destination_addr", message.destination),
            bytes((message.esm_class, message.protocol_id, message.priority)),
            c_octets("schedule_delivery_time", message.schedule, 16),
            c_octets("validity_period", message.validity, 16),
            bytes(
                (
                    message.registered_delivery,
                    message.replace_if_present,
                    message.data_coding,
                    message.default_message,
                    len(message.short_message),
                )
            ),
            message.short_message,
            parameter_octets(message.parameters),
        )
    )


def _read_bind(reader: Reader) -> BindTransceiver:
    system_id, password, system_type = reader.text(), reader.text(), reader.text()
    return BindTransceiver(system_id, password, system_type, reader.octet(), reader.address())


def _read_bind_resp(reader: Reader) -> BindTransceiverResp:
    # §4.1.2: there is no body behind an error, and some leave it out behind a success.
    if reader.is_finished:
        return BindTransceiverResp()
    return BindTransceiverResp(reader.text(), reader.parameters())


def _read_submit_resp(reader: Reader) -> SubmitSmResp:
    if reader.is_finished:  # §4.4.2: no body behind an error
        return SubmitSmResp()
    return SubmitSmResp(reader.text(), reader.parameters())


def _carried_reader(kind: type[SubmitSm] | type[DeliverSm]) -> Callable[[Reader], Operation]:
    def read(reader: Reader) -> Operation:
        return kind(
            service_type=reader.text(),
            source=reader.address(),
            destination=reader.address(),
            esm_class=reader.octet(),
            protocol_id=reader.octet(),
            priority=reader.octet(),
            schedule=reader.text(),
            validity=reader.text(),
            registered_delivery=reader.octet(),
            replace_if_present=reader.octet(),
            data_coding=reader.octet(),
            default_message=reader.octet(),
            short_message=reader.octets(reader.octet()),
            parameters=reader.parameters(),
        )

    return read


def _empty_reader(value: Operation) -> Callable[[Reader], Operation]:
    """Whatever follows the header of these is not looked at: nothing is decided by it."""
    return lambda reader: value


_COMMANDS: Final[dict[type[Operation], int]] = {
    EnquireLink: ENQUIRE_LINK,
    EnquireLinkResp: ENQUIRE_LINK | RESPONSE,
    Unbind: UNBIND,
    UnbindResp: UNBIND | RESPONSE,
    GenericNack: GENERIC_NACK,
}

_READERS: Final[dict[int, Callable[[Reader], Operation]]] = {
    BIND_TRANSCEIVER: _read_bind,
    BIND_TRANSCEIVER | RESPONSE: _read_bind_resp,
    SUBMIT_SM: _carried_reader(SubmitSm),
    SUBMIT_SM | RESPONSE: _read_submit_resp,
    DELIVER_SM: _carried_reader(DeliverSm),
    DELIVER_SM | RESPONSE: _empty_reader(DeliverSmResp()),
    ENQUIRE_LINK: _empty_reader(EnquireLink()),
    ENQUIRE_LINK | RESPONSE: _empty_reader(EnquireLinkResp()),
    UNBIND: _empty_reader(Unbind()),
    UNBIND | RESPONSE: _empty_reader(UnbindResp()),
    GENERIC_NACK: _empty_reader(GenericNack()),
}
