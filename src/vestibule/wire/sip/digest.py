"""Digest authentication as a client (RFC 7616, in SIP by RFC 3261 §22 and RFC 8760).

Pure: the client's nonce is passed in. The password is used for the hash and held nowhere. Must never answer a
challenge whose algorithm it does not know as if it were MD5.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Final

import msgspec

_PAIR: Final = re.compile(
    r"\s*(?P<name>[A-Za-z0-9_-]+)\s*=\s*(?:\"(?P<quoted>(?:[^\"\\]|\\.)*)\"|(?P<plain>[^\s,\"]+))\s*(?:,|$)"
)
_SCHEME: Final = re.compile(r"\s*digest\s+", re.IGNORECASE)
_MOST_PAIRS: Final = 32
_HASHES: Final = {"MD5": "md5", "SHA-256": "sha256"}


class Challenge(msgspec.Struct, frozen=True):
    """One demand in WWW-Authenticate or Proxy-Authenticate. Texts are as between the quotes, escapes kept:
    that is how they are hashed and given back."""

    realm: str
    nonce: str
    algorithm: str = "MD5"
    opaque: str | None = None
    has_qop: bool = False
    """Whether `auth` is among the qualities of protection on offer; if none is, the old form is meant."""
    is_stale: bool = False


def read_challenge(value: str) -> Challenge | None:
    """Read a challenge; None if it is none, or one that we cannot answer."""
    scheme = _SCHEME.match(value)
    pairs = None if scheme is None else _pairs(value[scheme.end() :])
    if pairs is None or "realm" not in pairs or not pairs.get("nonce"):
        return None
    algorithm = pairs.get("algorithm", "MD5").upper()
    offered = pairs.get("qop")
    has_qop = offered is not None and "auth" in [part.strip().lower() for part in offered.split(",")]
    if algorithm not in _HASHES or (offered is not None and not has_qop):
        return None
    is_stale = pairs.get("stale", "").lower() == "true"
    return Challenge(pairs["realm"], pairs["nonce"], algorithm, pairs.get("opaque"), has_qop, is_stale)


def choose_challenge(values: Iterable[str]) -> Challenge | None:
    """Return the topmost challenge that we can answer (RFC 8760 §2.4)."""
    for value in values:
        challenge = read_challenge(value)
        if challenge is not None:
            return challenge
    return None


def answer(
    challenge: Challenge, *, method: str, uri: str, user: str, password: str, cnonce: str, count: int = 1
) -> str:
    """Return the value of Authorization or Proxy-Authorization.

    `count` is how many times this nonce was answered, this time included. Raises ValueError for a quote or
    backslash in `user`.
    """
    if '"' in user or "\\" in user:
        raise ValueError("a quote in the name of a user")
    secret = _hash(challenge, f"{user}:{challenge.realm}:{password}")
    request = _hash(challenge, f"{method}:{uri}")
    used = f"{count:08x}"
    middle = f"{used}:{cnonce}:auth:" if challenge.has_qop else ""
    response = _hash(challenge, f"{secret}:{challenge.nonce}:{middle}{request}")
    parts = [
        f'username="{user}"',
        f'realm="{challenge.realm}"',
        f'nonce="{challenge.nonce}"',
        f'uri="{uri}"',
        f'response="{response}"',
        f"algorithm={challenge.algorithm}",
    ]
    if challenge.opaque is not None:
        parts.append(f'opaque="{challenge.opaque}"')
    if challenge.has_qop:
        parts += ["qop=auth", f"nc={used}", f'cnonce="{cnonce}"']
    return f"Digest {', '.join(parts)}"


def _hash(challenge: Challenge, text: str) -> str:
    data = text.encode("utf-8", "surrogateescape")
    # MD5 is what most trunks ask for still; a build of Python that bans it for security is told what it is.
    return hashlib.new(_HASHES[challenge.algorithm], data, usedforsecurity=False).hexdigest()


def _pairs(text: str) -> dict[str, str] | None:
    pairs: dict[str, str] = {}
    position = 0
    while position < len(text):
        found = _PAIR.match(text, position)
        if found is None or len(pairs) >= _MOST_PAIRS:
            return None
        quoted = found["quoted"]
        pairs.setdefault(found["name"].lower(), found["plain"] if quoted is None else quoted)
        position = found.end()
    return pairs
