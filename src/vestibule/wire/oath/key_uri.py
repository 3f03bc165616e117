"""The `otpauth://` key URI that authenticator apps scan, built and read.

The format is a convention of the apps (github.com/google/google-authenticator/wiki/Key-Uri-Format), not a
standard. Building leaves out what equals the convention's defaults, which keeps the QR code small. Reading is
strict: a parameter that is repeated, out of range or missing is a fault, never replaced by a default that
would make other passcodes than the app does. Parameters it does not know are ignored.

The URI holds the secret: it must never be logged, and a fault never quotes it.
"""

from enum import Enum
from typing import Final
from urllib.parse import quote, unquote, urlsplit

import msgspec

from vestibule.wire.oath.base32 import decode_base32, encode_base32
from vestibule.wire.oath.passcode import INTERVALS, MAX_COUNTER, MAX_DIGITS, MIN_DIGITS, HashAlgorithm
from vestibule.wire.oath.token import MASK, OathAlgorithm

LONGEST_KEY_URI: Final = 2048
_HASHES: Final = {algorithm.name: algorithm for algorithm in HashAlgorithm}


class KeyUriFault(Enum):
    """Why a text is no key URI."""

    NOT_OTPAUTH = "not an otpauth:// URI of type totp or hotp"
    TOO_LONG = "longer than 2048 characters"
    REPEATED = "a parameter is given twice"
    SECRET = "the secret is missing or not Base32"  # noqa: S105 - a problem, no secret
    ALGORITHM = "the algorithm is not SHA1, SHA256 or SHA512"
    DIGITS = "digits is not 6, 7 or 8"
    PERIOD = "period is not 30 or 60"
    COUNTER = "a HOTP key needs a counter from 0 to 2^63-1"


class KeyUri(msgspec.Struct, frozen=True, kw_only=True):
    """What a key URI says. `interval` is None for HOTP, `counter` for TOTP."""

    kind: OathAlgorithm
    secret: bytes
    account: str
    issuer: str = ""
    algorithm: HashAlgorithm = HashAlgorithm.SHA1
    digits: int = MIN_DIGITS
    interval: int | None = None
    counter: int | None = None

    def __repr__(self) -> str:
        return f"KeyUri({self.kind}, account={self.account!r}, issuer={self.issuer!r}, secret={MASK})"


def build_key_uri(key: KeyUri) -> str:
    """Return the URI of `key`. A colon in a name becomes a hyphen: apps take it for the separator."""
    issuer, account = (_encode(name.replace(":", "-")) for name in (key.issuer, key.account))
    parameters = [("secret", encode_base32(key.secret))]
    if issuer:
        parameters.append(("issuer", issuer))
    if key.algorithm is not HashAlgorithm.SHA1:
        parameters.append(("algorithm", key.algorithm.name))
    if key.digits != MIN_DIGITS:
        parameters.append(("digits", str(key.digits)))
    if key.kind is OathAlgorithm.HOTP:
        parameters.append(("counter", str(key.counter or 0)))
    elif key.interval not in (None, INTERVALS[0]):
        parameters.append(("period", str(key.interval)))
    label = f"{issuer}:{account}" if issuer else account
    return f"otpauth://{key.kind}/{label}?" + "&".join(f"{name}={value}" for name, value in parameters)


def parse_key_uri(uri: str) -> KeyUri | KeyUriFault:
    """Read a key URI; where the issuer is both in the label and a parameter, the parameter counts."""
    if len(uri) > LONGEST_KEY_URI:
        return KeyUriFault.TOO_LONG
    try:
        parts = urlsplit(uri)
    except ValueError:
        return KeyUriFault.NOT_OTPAUTH
    if parts.scheme.lower() != "otpauth" or parts.netloc.lower() not in ("totp", "hotp"):
        return KeyUriFault.NOT_OTPAUTH
    parameters = _parameters(parts.query)
    if parameters is None:
        return KeyUriFault.REPEATED
    issuer, colon, account = unquote(parts.path.removeprefix("/")).partition(":")
    if not colon:
        issuer, account = "", issuer
    return _read(
        OathAlgorithm(parts.netloc.lower()),
        parameters.get("issuer", issuer).strip(),
        account.strip(),
        parameters,
    )


def _read(kind: OathAlgorithm, issuer: str, account: str, parameters: dict[str, str]) -> KeyUri | KeyUriFault:
    secret = decode_base32(parameters.get("secret", ""))
    if secret is None:
        return KeyUriFault.SECRET
    algorithm = _HASHES.get(parameters.get("algorithm", "SHA1").upper())
    if algorithm is None:
        return KeyUriFault.ALGORITHM
    digits = _number(parameters.get("digits", str(MIN_DIGITS)))
    if digits is None or not MIN_DIGITS <= digits <= MAX_DIGITS:
        return KeyUriFault.DIGITS
    interval = counter = None
    if kind is OathAlgorithm.HOTP:
        counter = _number(parameters.get("counter", ""))
        if counter is None:
            return KeyUriFault.COUNTER
    else:
        interval = _number(parameters.get("period", str(INTERVALS[0])))
        if interval not in INTERVALS:
            return KeyUriFault.PERIOD
    return KeyUri(
        kind=kind,
        secret=secret,
        account=account,
        issuer=issuer,
        algorithm=algorithm,
        digits=digits,
        interval=interval,
        counter=counter,
    )


def _parameters(query: str) -> dict[str, str] | None:
    # A plus stays a plus here (RFC 3986), unlike in web forms.
    parameters: dict[str, str] = {}
    for pair in filter(None, query.split("&")):
        name, _, value = pair.partition("=")
        name = unquote(name).lower()
        if name in parameters:
            return None
        parameters[name] = unquote(value)
    return parameters


def _number(text: str) -> int | None:
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MAX_COUNTER))):
        return None
    number = int(text)
    return number if number <= MAX_COUNTER else None


def _encode(name: str) -> str:
    return quote(name, safe="")
