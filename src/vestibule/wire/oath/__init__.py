"""OATH passcodes (RFC 4226, RFC 6238), their key URI, and the shape of one token in a token file.

No input or output, no clock, no randomness, nothing of the project outside this folder. What each clause
demands and which test shows it: docs/protocols/oath.md.
"""

from vestibule.wire.oath.base32 import decode_base32, encode_base32
from vestibule.wire.oath.key_uri import KeyUri, KeyUriFault, build_key_uri, parse_key_uri
from vestibule.wire.oath.passcode import (
    INTERVALS,
    LONGEST_SEARCH,
    MAX_COUNTER,
    MAX_DIGITS,
    MIN_DIGITS,
    HashAlgorithm,
    hotp,
    is_passcode,
    matching_counters,
    totp,
    totp_step,
)
from vestibule.wire.oath.token import (
    LEAST_SECRET_BITS,
    MIN_SECRET_BITS,
    FileProblem,
    FileRefused,
    OathAlgorithm,
    RowFault,
    RowProblem,
    TokenKey,
    TokenRow,
)

__all__ = [
    "INTERVALS",
    "LEAST_SECRET_BITS",
    "LONGEST_SEARCH",
    "MAX_COUNTER",
    "MAX_DIGITS",
    "MIN_DIGITS",
    "MIN_SECRET_BITS",
    "FileProblem",
    "FileRefused",
    "HashAlgorithm",
    "KeyUri",
    "KeyUriFault",
    "OathAlgorithm",
    "RowFault",
    "RowProblem",
    "TokenKey",
    "TokenRow",
    "build_key_uri",
    "decode_base32",
    "encode_base32",
    "hotp",
    "is_passcode",
    "matching_counters",
    "parse_key_uri",
    "totp",
    "totp_step",
]
