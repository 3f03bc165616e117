"""Numbers of SMPP 3.4: commands (§5.1.2.1), statuses (§5.1.3), optional parameters (§5.3.2).

Plain constants: they are compared for every PDU. A status or a tag that is not named here is passed on as
the number it is.
"""

from __future__ import annotations

from typing import Final

GENERIC_NACK: Final = 0x80000000
SUBMIT_SM: Final = 0x00000004
DELIVER_SM: Final = 0x00000005
UNBIND: Final = 0x00000006
BIND_TRANSCEIVER: Final = 0x00000009
ENQUIRE_LINK: Final = 0x00000015
ALERT_NOTIFICATION: Final = 0x00000102
RESPONSE: Final = 0x80000000
"""A response bears the number of its request with this bit set."""

VERSION: Final = 0x34
HEADER_SIZE: Final = 16
LARGEST_PDU: Final = 68 * 1024
"""Room for a message_payload of 65,535 octets (§5.3.2.32) and what stands around it."""
MOST_PARAMETERS: Final = 256
LARGEST_SEQUENCE: Final = 0x7FFFFFFF

# esm_class (§5.2.12).
MESSAGE_TYPE: Final = 0x3C
DELIVERY_RECEIPT: Final = 0x04
INTERMEDIATE_NOTIFICATION: Final = 0x20
HAS_USER_DATA_HEADER: Final = 0x40

# registered_delivery (§5.2.17).
RECEIPT_AT_THE_END: Final = 0x01

# Optional parameters (§5.3.2).
RECEIPTED_MESSAGE_ID: Final = 0x001E
SAR_REFERENCE: Final = 0x020C
SAR_TOTAL: Final = 0x020E
SAR_NUMBER: Final = 0x020F
MESSAGE_PAYLOAD: Final = 0x0424
MESSAGE_STATE: Final = 0x0427

# Statuses that Vestibule itself acts upon.
OK: Final = 0x00
INVALID_LENGTH: Final = 0x02
INVALID_COMMAND: Final = 0x03
ALREADY_BOUND: Final = 0x05
SYSTEM_ERROR: Final = 0x08
INVALID_DESTINATION: Final = 0x0B
BIND_FAILED: Final = 0x0D
INVALID_PASSWORD: Final = 0x0E
INVALID_SYSTEM_ID: Final = 0x0F
QUEUE_FULL: Final = 0x14
THROTTLED: Final = 0x58
RECEIVER_IS_BUSY: Final = 0x64
RECEIVER_REFUSES: Final = 0x65

STATUS_NAMES: Final = {
    OK: "ESME_ROK",
    0x01: "ESME_RINVMSGLEN",
    INVALID_LENGTH: "ESME_RINVCMDLEN",
    INVALID_COMMAND: "ESME_RINVCMDID",
    0x04: "ESME_RINVBNDSTS",
    ALREADY_BOUND: "ESME_RALYBND",
    0x06: "ESME_RINVPRTFLG",
    0x07: "ESME_RINVREGDLVFLG",
    SYSTEM_ERROR: "ESME_RSYSERR",
    0x0A: "ESME_RINVSRCADR",
    INVALID_DESTINATION: "ESME_RINVDSTADR",
    0x0C: "ESME_RINVMSGID",
    BIND_FAILED: "ESME_RBINDFAIL",
    INVALID_PASSWORD: "ESME_RINVPASWD",
    INVALID_SYSTEM_ID: "ESME_RINVSYSID",
    0x11: "ESME_RCANCELFAIL",
    0x13: "ESME_RREPLACEFAIL",
    QUEUE_FULL: "ESME_RMSGQFUL",
    0x15: "ESME_RINVSERTYP",
    0x33: "ESME_RINVNUMDESTS",
    0x34: "ESME_RINVDLNAME",
    0x40: "ESME_RINVDESTFLAG",
    0x42: "ESME_RINVSUBREP",
    0x43: "ESME_RINVESMCLASS",
    0x44: "ESME_RCNTSUBDL",
    0x45: "ESME_RSUBMITFAIL",
    0x48: "ESME_RINVSRCTON",
    0x49: "ESME_RINVSRCNPI",
    0x50: "ESME_RINVDSTTON",
    0x51: "ESME_RINVDSTNPI",
    0x53: "ESME_RINVSYSTYP",
    0x54: "ESME_RINVREPFLAG",
    0x55: "ESME_RINVNUMMSGS",
    THROTTLED: "ESME_RTHROTTLED",
    0x61: "ESME_RINVSCHED",
    0x62: "ESME_RINVEXPIRY",
    0x63: "ESME_RINVDFTMSGID",
    RECEIVER_IS_BUSY: "ESME_RX_T_APPN",
    RECEIVER_REFUSES: "ESME_RX_P_APPN",
    0x66: "ESME_RX_R_APPN",
    0x67: "ESME_RQUERYFAIL",
    0xC0: "ESME_RINVOPTPARSTREAM",
    0xC1: "ESME_ROPTPARNOTALLWD",
    0xC2: "ESME_RINVPARLEN",
    0xC3: "ESME_RMISSINGOPTPARAM",
    0xC4: "ESME_RINVOPTPARAMVAL",
    0xFE: "ESME_RDELIVERYFAILURE",
    0xFF: "ESME_RUNKNOWNERR",
}


def status_name(status: int) -> str:
    """The name of a command_status; a vendor's own one is shown as its number."""
    return STATUS_NAMES.get(status, f"0x{status:08X}")
