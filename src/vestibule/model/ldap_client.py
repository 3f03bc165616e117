"""What an administrator may set for one client of the LDAP proxy. It lies in `Client.settings`; all defaults
are safe.

It stands in the model, because services check it whoever asks for the change, and several faces show it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

import msgspec

from vestibule.model.distinguished_name import NormalizedName, normalized_name
from vestibule.model.networks import Networks, contains, parse_address, parse_range
from vestibule.model.username import canonical_name


class Passcodes(StrEnum):
    """How the second factor comes to a bind, which can ask for nothing."""

    OUT_OF_BAND = "out_of_band"
    """The bind waits while the person answers in the app, in a call or by a text."""
    APPENDED = "appended"
    """The passcode stands directly behind the password; see combined_password.py."""


class LdapClientSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of one client."""

    passcodes: Passcodes = Passcodes.OUT_OF_BAND
    passcode_length: Annotated[int, msgspec.Meta(ge=6, le=10)] = 6
    """`appended`: how many digits at the end are the passcode."""
    response_seconds: Annotated[int, msgspec.Meta(ge=3, le=300)] = 55
    """How long a bind may wait for an answer: a little less than the application waits."""
    keep_asking: bool = False
    """Ask on when the application has given up: an answer that comes then lets in its next bind, once."""
    demand_tls: bool = True
    """Refuse everything until the connection is protected. Without it passwords cross the network in the
    clear."""
    allow_anonymous: bool = False
    """Let connections search and compare that have not proven who they are."""
    require_user_match: bool = True
    """Refuse people of the directory who are no users here. Without it they need no second factor."""
    exempt_binds: Annotated[tuple[str, ...], msgspec.Meta(max_length=32)] = ()
    """Service accounts that need no second factor, each as `ADDRESS NAME`: the address or network it binds
    from, and the name it binds with."""


class ExemptBind(msgspec.Struct, frozen=True):
    """One entry of `exempt_binds`."""

    sources: Networks
    name: str
    """As the administrator has written it."""
    meaning: NormalizedName | str


def read_settings(settings: Mapping[str, Any]) -> LdapClientSettings:
    """Read the settings of a client; raises ValueError naming the one that is wrong."""
    read = msgspec.convert(settings, LdapClientSettings)
    for entry in read.exempt_binds:
        read_exempt_bind(entry)
    return read


def read_exempt_bind(entry: str) -> ExemptBind:
    """Read one entry of `exempt_binds`; raises ValueError if it is none."""
    address, _, name = entry.strip().partition(" ")
    name, sources = name.strip(), parse_range(address)
    meaning = _meaning(name)
    if sources is None or meaning is None:
        raise ValueError(f"exempt_binds: {entry[:80]!r} is no address or network, a blank and a name")
    return ExemptBind((sources,), name, meaning)


def exempt_name(settings: LdapClientSettings, bind_name: str, source: str) -> str | None:
    """Return the name of the exempt account that `bind_name` means, as the administrator has written it, if
    it may bind from `source` (LD-05). Nothing but that name may then be given to the directory."""
    address, meaning = parse_address(source), _meaning(bind_name)
    for entry in map(read_exempt_bind, settings.exempt_binds):
        if meaning == entry.meaning and contains(entry.sources, address):
            return entry.name
    return None


def _meaning(name: str) -> NormalizedName | str | None:
    """Return what is compared of a name: the parts of a distinguished one, else its canonical spelling."""
    return normalized_name(name) or canonical_name(name)
