"""What a key package means: its fields to a token, or to the reason why it is refused (RFC 6030 §4, §5, §10).

Nothing is guessed. A value that the profile of its algorithm demands and that is not there is a fault, and so
is every policy, usage or format that this server could not keep (RFC 6030 §5: what is not understood must not
be used). One default is the standards' own: HMAC-SHA-1 where no suite is named (RFC 4226 §5, RFC 6238 §1.2).
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from vestibule.wire.oath.passcode import INTERVALS, MAX_COUNTER, MAX_DIGITS, MIN_DIGITS, HashAlgorithm
from vestibule.wire.oath.token import (
    OathAlgorithm,
    RowFault,
    RowProblem,
    TokenKey,
    TokenRow,
    is_name,
    is_serial,
    nameable_serial,
    secret_problem,
    shown,
)
from vestibule.wire.pskc.names import (
    ALGORITHM,
    CHALLENGE,
    COUNTER,
    DEVICE_OWNER,
    EXPIRIES,
    KEY_ID,
    KEY_OWNER,
    KEY_USAGE,
    MANUFACTURER,
    MARK,
    MODEL,
    PIN_POLICY,
    PIN_USAGE,
    PSKC,
    REPEATED,
    RESPONSE_CHECK_DIGITS,
    RESPONSE_ENCODING,
    RESPONSE_LENGTH,
    SECRET,
    SERIAL,
    STARTS,
    SUITE,
    TIME_DRIFT,
    TIME_INTERVAL,
    TRANSACTIONS,
    UNKNOWN_POLICY,
    VALUES,
    Fields,
    ValuePaths,
)
from vestibule.wire.pskc.protection import EncryptedValue, Protection, decode_base64

MOST_DRIFT: Final = 1000
_BLANKS: Final = " \t\r\n"
# The drafts before RFC 6030 put the profile behind a number sign; vendors still do.
_ALGORITHMS: Final = {
    f"{PSKC}{mark}{algorithm}": algorithm for algorithm in OathAlgorithm for mark in (":", "#")
}
_HASHES: Final = {algorithm.name: algorithm for algorithm in HashAlgorithm}
_DATE: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})?"
)
_COUNTER_BYTES: Final = 8
_WHOLE_NUMBER: Final = re.compile(r"-?[0-9]{1,19}")

Values = dict[ValuePaths, bytes]
"""What was encrypted, decrypted."""


class _Bad(Exception):
    """Why the package is refused; becomes a RowFault before it leaves this module."""

    def __init__(self, problem: RowProblem, detail: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.detail = detail


def read_package(fields: Fields, line: int, protection: Protection, least_secret_bits: int) -> TokenRow:
    """Return the token of one key package that begins at `line`; raise FileRefused as Protection does."""
    # Encrypted values prove themselves before anything else is looked at: a package that is refused for
    # another reason must not hide that the file has been changed.
    opened = open_values(fields, line, protection)
    try:
        return _token(fields, line, opened, least_secret_bits)
    except _Bad as bad:
        serial = nameable_serial(_text(fields, SERIAL) or _text(fields, KEY_ID))
        return RowFault(line, bad.problem, serial, bad.detail)


def open_values(fields: Fields, line: int, protection: Protection) -> Values:
    """Return what of a package is encrypted, decrypted; raise FileRefused unless it proves itself."""
    opened: Values = {}
    for paths in VALUES:
        if paths.cipher_algorithm in fields or paths.cipher_text in fields:
            algorithm, cipher_text, mac = (fields.get(path, "") for path in paths[1:])
            opened[paths] = protection.open(EncryptedValue(algorithm.strip(_BLANKS), cipher_text, mac), line)
    return opened


def _token(fields: Fields, line: int, opened: Values, least_secret_bits: int) -> TokenKey:
    if REPEATED in fields or any(paths.plain in fields for paths in opened):
        raise _Bad(RowProblem.REPEATED_ELEMENT, fields.get(REPEATED, "EncryptedValue"))
    algorithm = _algorithm(fields)
    _check_policy(fields)
    is_totp = algorithm is OathAlgorithm.TOTP
    return TokenKey(
        line=line,
        serial=_serial(fields),
        algorithm=algorithm,
        secret=_secret(fields, opened, least_secret_bits),
        hash_algorithm=_hash(fields) if SUITE in fields else HashAlgorithm.SHA1,
        digits=_digits(fields),
        interval=_interval(fields, opened) if is_totp else None,
        counter=None if is_totp else _counter(fields, opened),
        drift=_drift(fields, opened),
        manufacturer=_name(fields, MANUFACTURER, RowProblem.NAME_INVALID),
        model=_name(fields, MODEL, RowProblem.NAME_INVALID),
        owner=_name(fields, KEY_OWNER if KEY_OWNER in fields else DEVICE_OWNER, RowProblem.OWNER_INVALID),
        valid_from=_limit(fields, STARTS, max),
        valid_until=_limit(fields, EXPIRIES, min),
    )


def _text(fields: Fields, path: str) -> str:
    value = fields.get(path)
    return value.strip(_BLANKS) if value else ""


def _serial(fields: Fields) -> str:
    # RFC 6030 §4.3: the serial number is optional; the identifier of the key is not.
    serial = _text(fields, SERIAL) or _text(fields, KEY_ID)
    if not serial:
        raise _Bad(RowProblem.SERIAL_MISSING)
    if not is_serial(serial):
        raise _Bad(RowProblem.SERIAL_INVALID)
    return serial


def _algorithm(fields: Fields) -> OathAlgorithm:
    uri = _text(fields, ALGORITHM)
    algorithm = _ALGORITHMS.get(uri)
    if algorithm is None:
        raise _Bad(RowProblem.ALGORITHM_UNSUPPORTED, shown(uri))
    return algorithm


def _hash(fields: Fields) -> HashAlgorithm:
    suite = _text(fields, SUITE)
    name = suite.upper().replace("-", "").replace("_", "").removeprefix("HMAC")
    if name not in _HASHES:
        raise _Bad(RowProblem.HASH_UNSUPPORTED, shown(suite))
    return _HASHES[name]


def _digits(fields: Fields) -> int:
    if CHALLENGE + MARK in fields:
        raise _Bad(RowProblem.RESPONSE_UNSUPPORTED, "ChallengeFormat")
    if fields.get(RESPONSE_CHECK_DIGITS, "false") not in ("false", "0"):
        raise _Bad(RowProblem.RESPONSE_UNSUPPORTED, "CheckDigits")
    length = fields.get(RESPONSE_LENGTH)
    if length is None:
        raise _Bad(RowProblem.DIGITS_MISSING)
    encoding = fields.get(RESPONSE_ENCODING, "")
    if encoding != "DECIMAL":
        raise _Bad(RowProblem.RESPONSE_UNSUPPORTED, shown(encoding))
    digits = _whole_number(length)
    if digits is None or not MIN_DIGITS <= digits <= MAX_DIGITS:
        raise _Bad(RowProblem.DIGITS_UNSUPPORTED, shown(length))
    return digits


def _check_policy(fields: Fields) -> None:
    """RFC 6030 §5: a policy that cannot be kept makes the key unusable."""
    if UNKNOWN_POLICY in fields:
        raise _Bad(RowProblem.POLICY_UNKNOWN, shown(fields[UNKNOWN_POLICY]))
    if TRANSACTIONS + MARK in fields:
        raise _Bad(RowProblem.POLICY_UNKNOWN, "NumberOfTransactions")
    # A PIN that the token asks for itself is no concern of the server; any other kind is.
    if PIN_POLICY + MARK in fields and fields.get(PIN_USAGE) != "Local":
        raise _Bad(RowProblem.POLICY_UNKNOWN, "PINPolicy")
    usages = _text(fields, KEY_USAGE)
    if usages and "OTP" not in usages.split():
        raise _Bad(RowProblem.USAGE_NOT_PASSCODE, shown(usages))


def _secret(fields: Fields, opened: Values, least_bits: int) -> bytes:
    plain = fields.get(SECRET.plain)
    secret = opened.get(SECRET) if plain is None else decode_base64(plain)
    if secret is None:
        raise _Bad(RowProblem.SECRET_MISSING if plain is None else RowProblem.SECRET_INVALID)
    problem = secret_problem(secret, least_bits)
    if problem is not None:
        raise _Bad(problem)
    return secret


def _counter(fields: Fields, opened: Values) -> int:
    counter = _number(fields, opened, COUNTER, RowProblem.COUNTER_MISSING)
    if counter is None or not 0 <= counter <= MAX_COUNTER:
        raise _Bad(RowProblem.COUNTER_INVALID)
    return counter


def _interval(fields: Fields, opened: Values) -> int:
    interval = _number(fields, opened, TIME_INTERVAL, RowProblem.INTERVAL_MISSING)
    if interval not in INTERVALS:
        raise _Bad(RowProblem.INTERVAL_UNSUPPORTED, "" if interval is None else str(interval))
    return interval


def _drift(fields: Fields, opened: Values) -> int:
    # `Time` only tells when the file was made; `TimeDrift` is how far the token is off, in steps.
    if TIME_DRIFT.plain not in fields and TIME_DRIFT not in opened:
        return 0
    drift = _number(fields, opened, TIME_DRIFT, RowProblem.DRIFT_INVALID)
    if drift is None or abs(drift) > MOST_DRIFT:
        raise _Bad(RowProblem.DRIFT_INVALID)
    return drift


def _number(fields: Fields, opened: Values, paths: ValuePaths, if_missing: RowProblem) -> int | None:
    plain = fields.get(paths.plain)
    if plain is not None:
        return _whole_number(plain)
    if paths not in opened:
        raise _Bad(if_missing)
    # RFC 6030 leaves open how a number is encrypted. Seen are decimal digits, and big-endian bytes. Where
    # both are possible, digits are: a counter read too low is caught up with, one read too high never is.
    value = opened[paths]
    if value.isdigit():
        return _whole_number(value.decode("ascii"))
    return int.from_bytes(value, "big") if 1 <= len(value) <= _COUNTER_BYTES else None


def _name(fields: Fields, path: str, problem: RowProblem) -> str:
    name = _text(fields, path)
    if name and not is_name(name):
        raise _Bad(problem, path)
    return name


def _limit(fields: Fields, paths: tuple[str, str], strictest: Callable[[int, int], int]) -> int | None:
    """Return the stricter of the dates that device and policy set, None if neither does."""
    device, policy = (_date(fields[path]) if path in fields else None for path in paths)
    if device is None or policy is None:
        return policy if device is None else device
    return strictest(device, policy)


def _date(text: str) -> int:
    at = _epoch_ms(text)
    if at is None:
        raise _Bad(RowProblem.DATE_INVALID, shown(text.strip(_BLANKS)))
    return at


@lru_cache(maxsize=1024)
def _whole_number(text: str) -> int | None:
    digits = text.strip(_BLANKS)
    return int(digits) if _WHOLE_NUMBER.fullmatch(digits) else None


@lru_cache(maxsize=1024)
def _epoch_ms(text: str) -> int | None:
    # RFC 6030 §5: dates are in UTC; one without a zone is taken to be.
    found = _DATE.fullmatch(text.strip(_BLANKS))
    if found is None:
        return None
    try:
        at = datetime.fromisoformat(found[1] + (found[2] or "Z"))
        return int(at.astimezone(UTC).timestamp()) * 1000
    except (ValueError, OverflowError):
        return None
