"""SIP addresses: the URI itself (RFC 3261 §19.1) and, around it, a name and parameters (§20.10).

`read_uri` and `read_address` return None for what is none; they never raise. Only the schemes that lead to a
SIP peer are read, `sip` and `sips`.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from vestibule.wire.sip.fields import Parameter, parameter, read_parameters, unquoted

_LONGEST: Final = 2_048
_PLACE: Final = re.compile(
    r"(?P<scheme>sips?):"
    r"(?:(?P<user>[A-Za-z0-9_.!~*'()&=+$,;?/%-]+)(?::[^@\s]*)?@)?"
    r"(?P<host>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9.])?|\[[0-9A-Fa-f:.]+\])"
    r"(?::(?P<port>[0-9]{1,5}))?",
    re.IGNORECASE,
)


class Uri(msgspec.Struct, frozen=True):
    """`sip:user@host:port;parameters`. A password in it is read past and never kept (§19.1.1)."""

    host: str
    """Without the brackets of an IPv6 address, in lower case."""
    port: int = 0
    """0: not said."""
    user: str = ""
    scheme: str = "sip"
    parameters: tuple[Parameter, ...] = ()

    @property
    def place(self) -> str:
        """Host and port as they are written, an IPv6 address in brackets."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}" if self.port else host

    def __str__(self) -> str:
        user = f"{self.user}@" if self.user else ""
        more = "".join(f";{name}={value}" if value else f";{name}" for name, value in self.parameters)
        return f"{self.scheme}:{user}{self.place}{more}"


class Address(msgspec.Struct, frozen=True):
    """What stands in From, To, Contact, Route and their like."""

    uri: str
    parameters: tuple[Parameter, ...] = ()

    @property
    def tag(self) -> str:
        return parameter(self.parameters, "tag") or ""


def read_uri(text: str) -> Uri | None:
    """Read a `sip:` or `sips:` URI; headers behind a question mark are left out."""
    if len(text) > _LONGEST:
        return None
    # A user part may hold semicolons and question marks, so the end of the place is looked for behind the @.
    found = _PLACE.match(text)
    if found is None:
        return None
    rest = text[found.end() :].partition("?")[0]
    port = int(found["port"] or 0)
    if (rest and not rest.startswith(";")) or port > 65_535:
        return None
    parameters = read_parameters(rest)
    if parameters is None:
        return None
    host = found["host"].strip("[]").lower()
    return Uri(host, port, found["user"] or "", found["scheme"].lower(), parameters)


def read_address(text: str) -> Address | None:
    """Read `"Name" <uri>;parameters` or `uri;parameters`; without brackets all parameters are the field's
    own (§20.10)."""
    name, bracket, rest = _split_at_bracket(text)
    if not bracket:
        uri, semicolon, more = text.strip().partition(";")
        rest = semicolon + more
    else:
        if unquoted(name) is None:
            return None
        uri, closed, rest = rest.partition(">")
        if not closed:
            return None
    parameters = read_parameters(rest.strip())
    uri = uri.strip()
    if parameters is None or not uri or any(c.isspace() or c in '<>"' for c in uri):
        return None
    return Address(uri, parameters)


def _split_at_bracket(text: str) -> tuple[str, str, str]:
    """Split at the first `<` outside of quotes."""
    is_quoted = is_escaped = False
    for at, character in enumerate(text):
        if is_escaped:
            is_escaped = False
        elif is_quoted and character == "\\":
            is_escaped = True
        elif character == '"':
            is_quoted = not is_quoted
        elif character == "<" and not is_quoted:
            return text[:at], "<", text[at + 1 :]
    return text, "", ""
