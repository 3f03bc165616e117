"""What an administrator says about an LDAP directory, checked before anything connects.

A ValueError names the setting that is wrong. The password of the service account is a `Secret` and is never
part of the mapping that the other settings come from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from vestibule.crypto.secret import Secret
from vestibule.interfaces.plugin_settings import values_of
from vestibule.wire.ldap.filters import is_attribute_description

_PORTS = {"ldap": 389, "ldaps": 636}
_MAX_TIMEOUT_SECONDS = 60.0
_MAX_CONNECTIONS = 256


class PasswordChangeBy(StrEnum):
    """By which operation a directory takes a new password."""

    NOTHING = ""
    """Passwords are not changed from here."""
    PASSWORD_MODIFY = "password_modify"  # noqa: S105 - an operation's name
    """RFC 3062; OpenLDAP, 389 Directory Server and others."""
    ACTIVE_DIRECTORY = "active_directory"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One server: where it is, and whether the connection is protected before or after the first bytes."""

    host: str
    port: int
    has_tls: bool

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'ldaps' if self.has_tls else 'ldap'}://{host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LdapSettings:
    """Settings of one directory. The defaults suit OpenLDAP; Active Directory needs other attributes."""

    urls: tuple[str, ...]
    """`ldap://host[:port]` or `ldaps://host[:port]`; the first that answers is used."""
    base_dn: str
    bind_dn: str = ""
    """The service account that searches; empty: the search is anonymous."""
    bind_password: Secret[str] = field(default_factory=lambda: Secret(""))
    name_attributes: tuple[str, ...] = ("uid", "mail")
    """A person is who has the claimed name in one of these."""
    object_class: str = "person"
    """Only entries of this class are people; empty: all are."""
    reference_attribute: str = "entryUUID"
    """The attribute that never changes and is never given to another entry."""
    start_tls: bool = True
    """Protect `ldap://` connections by StartTLS. Without it passwords cross the network in the clear."""
    ca_file: str = ""
    """PEM file of the authorities to trust for the servers' certificates; empty: the system's."""
    timeout_seconds: float = 5.0
    """For one check as a whole, whatever the number of servers."""
    max_connections: int = 8
    """How many checks run at the same time; further ones wait in line."""
    password_change: PasswordChangeBy = PasswordChangeBy.NOTHING
    """How people's passwords are changed from here; a reset needs a service account that may."""
    username_attribute: str = "uid"
    given_name_attribute: str = "givenName"
    family_name_attribute: str = "sn"
    email_attribute: str = "mail"
    phone_attribute: str = "mobile"

    def __post_init__(self) -> None:
        if not self.urls:
            raise ValueError("urls: at least one server is needed")
        self.endpoints()
        if self.bind_dn and not self.bind_password:
            # Such a bind succeeds without proving anything (RFC 4513 §5.1.2).
            raise ValueError("bind_password: a service account needs a password")
        if "\x00" in self.bind_password.reveal():
            raise ValueError("bind_password: no directory takes a NUL in a password")
        if not self.name_attributes:
            raise ValueError("name_attributes: at least one is needed")
        for name in ("name_attributes", "reference_attribute", *_DISPLAY_ATTRIBUTES):
            _check_attributes(name, getattr(self, name))
        if self.object_class and not is_attribute_description(self.object_class):
            raise ValueError("object_class: not the name of an object class")
        is_clear = not self.start_tls and not all(endpoint.has_tls for endpoint in self.endpoints())
        if self.password_change and is_clear:
            raise ValueError("password_change: needs StartTLS, or ldaps:// for every server")
        if not 0 < self.timeout_seconds <= _MAX_TIMEOUT_SECONDS:
            raise ValueError(f"timeout_seconds: more than 0, at most {_MAX_TIMEOUT_SECONDS:g}")
        if not 1 <= self.max_connections <= _MAX_CONNECTIONS:
            raise ValueError(f"max_connections: 1 to {_MAX_CONNECTIONS}")

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Return the servers in the order they are tried; raises ValueError for a bad URL."""
        return tuple(map(_endpoint, self.urls))

    def display_attributes(self) -> tuple[str, ...]:
        """Return the attributes that describe a person, without the empty ones."""
        return tuple(name for setting in _DISPLAY_ATTRIBUTES if (name := getattr(self, setting)))


_DISPLAY_ATTRIBUTES = (
    "username_attribute",
    "given_name_attribute",
    "family_name_attribute",
    "email_attribute",
    "phone_attribute",
)
_OPTIONAL = frozenset(_DISPLAY_ATTRIBUTES) - {"username_attribute"}


def _check_attributes(setting: str, value: str | tuple[str, ...]) -> None:
    names = (value,) if isinstance(value, str) else value
    for name in names:
        if not is_attribute_description(name) and not (name == "" and setting in _OPTIONAL):
            raise ValueError(f"{setting}: not the name of an attribute")


def _endpoint(url: str) -> Endpoint:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError(f"urls: {url!r} is not a URL") from None
    if parts.scheme not in _PORTS:
        raise ValueError(f"urls: {url!r} begins neither with ldap:// nor with ldaps://")
    if (
        not parts.hostname
        or parts.username is not None
        or parts.path.strip("/")
        or parts.query
        or parts.fragment
    ):
        raise ValueError(f"urls: {url!r} is more or less than scheme, host and port")
    return Endpoint(parts.hostname, port or _PORTS[parts.scheme], parts.scheme == "ldaps")


def from_mapping(settings: Mapping[str, Any], secret: Secret[str]) -> LdapSettings:
    """Return the settings in `settings`, with `secret` as the service account's password.

    Raises ValueError for a setting that is unknown, missing, of the wrong type or wrong.
    """
    given = values_of(LdapSettings, settings, needed=("urls", "base_dn"), apart="bind_password")
    return LdapSettings(**given, bind_password=secret)
