"""How providers sign what they call back with, and the comparison in constant time.

What is signed: the body as it came, or the URL with the sorted form behind it (Twilio, "Webhooks Security"),
or the sorted fields as `&name=value` (Vonage, "Signing messages"). Always with a key: a hash without one,
MD5 among them, proves nothing and is not offered.

Twilio's way runs names and values together, so that `Digits=12` and `Digits1=2` have one signature. Who could
make use of it would have to hold a request that was signed for this very address, and change it on the way.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from enum import StrEnum
from urllib.parse import urlsplit, urlunsplit

Pairs = Iterable[tuple[str, str]]

_PORTS = {"https": 443, "http": 80}
_UNDERSCORES = str.maketrans("&=", "__")


class Algorithm(StrEnum):
    SHA1 = "sha1"
    SHA256 = "sha256"


class Spelling(StrEnum):
    BASE64 = "base64"
    HEX = "hex"


def is_signed(content: bytes, key: bytes, told: str, algorithm: Algorithm, spelling: Spelling) -> bool:
    """Tell whether `told` is the HMAC of `content`; never true without a key."""
    digest = hmac.digest(key, content, getattr(hashlib, algorithm))
    if spelling is Spelling.HEX:
        return bool(key) and is_same(digest.hex(), told.lower())
    return bool(key) and is_same(base64.b64encode(digest).decode(), told)


def is_same(expected: str, told: str) -> bool:
    """Compare two texts in constant time; an empty expectation is met by nothing."""
    return bool(expected) and hmac.compare_digest(_bytes(expected), _bytes(told))


def url_and_form(url: str, form: Pairs) -> bytes:
    """The URL and behind it each name with its values, sorted; a value that is there twice counts once."""
    values: dict[str, set[str]] = {}
    for name, value in form:
        values.setdefault(name, set()).add(value)
    return _bytes(url + "".join(name + value for name in sorted(values) for value in sorted(values[name])))


def spellings(url: str) -> tuple[str, ...]:
    """The URL as it is, and with and without the port that its scheme implies.

    The provider signs what it was given, and that may name a port which proxies on the way leave out.
    """
    parts = urlsplit(url)
    port = _PORTS.get(parts.scheme)
    host = parts.netloc.rpartition("@")[2]
    if port is None or not host:
        return (url,)
    bare = host.removesuffix(f":{port}")
    if ":" in bare.rpartition("]")[2]:
        return (url,)
    user = parts.netloc[: len(parts.netloc) - len(host)]
    others = (urlunsplit(parts._replace(netloc=user + name)) for name in (bare, f"{bare}:{port}"))
    return tuple(dict.fromkeys((url, *others)))


def sorted_pairs(fields: Pairs, without: str) -> bytes:
    """`&name=value` of all fields but the signature itself, sorted; separators in values are underscores."""
    chosen = sorted((name, value) for name, value in fields if name != without)
    return _bytes("".join(f"&{name}={value.translate(_UNDERSCORES)}" for name, value in chosen))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
