"""HOTP and TOTP passcodes (RFC 4226, RFC 6238): numbers and a secret in, digits out.

It has no clock: the caller says what time it is. It must never accept what is not a passcode by the letter
(RFC 4226 §5.3 codes are strings of ASCII digits with their leading zeros), never search without a bound, and
never tell by its duration which of the compared passcodes was right.
"""

import hashlib
from collections.abc import Iterable
from enum import StrEnum
from typing import Final

MIN_DIGITS: Final = 6
MAX_DIGITS: Final = 8
INTERVALS: Final = (30, 60)
"""Lengths of a time step, in seconds."""
MAX_COUNTER: Final = 2**63 - 1
"""RFC 4226 §5.1 has 64 bits; the last one is left out, so that a database can hold every counter."""
LONGEST_SEARCH: Final = 1000

_MODULUS: Final = {digits: 10**digits for digits in range(MIN_DIGITS, MAX_DIGITS + 1)}
_INNER: Final = bytes(octet ^ 0x36 for octet in range(256))
_OUTER: Final = bytes(octet ^ 0x5C for octet in range(256))


class HashAlgorithm(StrEnum):
    """The hash below the HMAC (RFC 6238 §1.2); each value is its name in `hashlib`."""

    SHA1 = "sha1"
    SHA256 = "sha256"
    SHA512 = "sha512"


_HASHES: Final = {
    HashAlgorithm.SHA1: (hashlib.sha1, 64),
    HashAlgorithm.SHA256: (hashlib.sha256, 64),
    HashAlgorithm.SHA512: (hashlib.sha512, 128),
}
"""How each is computed, and the octets of its block."""


def hotp(secret: bytes, counter: int, digits: int = 6, algorithm: HashAlgorithm = HashAlgorithm.SHA1) -> str:
    """Return the passcode of `counter` (RFC 4226 §5.3), 6 to 8 digits long, leading zeros included.

    Raises OverflowError for a counter outside 64 bits, KeyError for another number of digits.
    """
    (number,) = _numbers(secret, (counter,), algorithm)
    return f"{number % _MODULUS[digits]:0{digits}d}"


def _numbers(secret: bytes, counters: Iterable[int], algorithm: HashAlgorithm) -> list[int]:
    """The 31 bits that RFC 4226 §5.3 cuts out of the HMAC, of each counter.

    HMAC is hash(outer + hash(inner + counter)); both prefixes are one block and hashed once for all (RFC 2104
    §4).
    """
    digest_of, block = _HASHES[algorithm]
    key = (digest_of(secret).digest() if len(secret) > block else secret).ljust(block, b"\0")
    inner, outer = digest_of(key.translate(_INNER)), digest_of(key.translate(_OUTER))
    numbers = []
    for counter in counters:
        inside, outside = inner.copy(), outer.copy()
        inside.update(counter.to_bytes(8, "big"))
        outside.update(inside.digest())
        digest = outside.digest()
        offset = digest[-1] & 15
        numbers.append(int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF)
    return numbers


def totp_step(at: int, interval: int) -> int:
    """Return the time step that `at` (epoch milliseconds) is in, counted from 1970 (RFC 6238 §4.2)."""
    return at // (interval * 1000)


def totp(
    secret: bytes,
    at: int,
    interval: int = 30,
    digits: int = 6,
    algorithm: HashAlgorithm = HashAlgorithm.SHA1,
) -> str:
    """Return the passcode at `at` (epoch milliseconds) for steps of `interval` seconds (RFC 6238 §4)."""
    return hotp(secret, totp_step(at, interval), digits, algorithm)


def is_passcode(text: str, digits: int) -> bool:
    """Tell whether `text` is exactly `digits` ASCII digits: no sign, no blank, no other script's digits."""
    if digits not in _MODULUS:
        raise KeyError(digits)
    return len(text) == digits and text.isascii() and text.isdigit()


def matching_counters(
    secret: bytes, passcode: str, counters: range, digits: int, algorithm: HashAlgorithm
) -> list[int]:
    """Return those of `counters` whose passcode is `passcode`, in order; usually none or one.

    Every counter of the range is computed and compared, whichever matches. Counters below 0 or above
    MAX_COUNTER match nothing. A text that is no passcode matches nothing. ValueError for a range longer than
    LONGEST_SEARCH.
    """
    if len(counters) > LONGEST_SEARCH:
        raise ValueError("the search is too long")
    if not is_passcode(passcode, digits):
        return []
    within = range(max(counters.start, 0), min(counters.stop, MAX_COUNTER + 1))
    wanted, modulus = int(passcode), _MODULUS[digits]
    # Numbers of one machine word, all of them computed: the duration tells nothing.
    numbers = _numbers(secret, within, algorithm)
    return [counter for counter, number in zip(within, numbers, strict=True) if number % modulus == wanted]
