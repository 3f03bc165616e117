"""Application: a protected service. Client: a network peer that asks on its behalf.

Policy belongs to the application, addresses and secrets to the client.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

CONSOLE_APPLICATION = "console"
PORTAL_APPLICATION = "portal"
RESET_APPLICATION = "password-reset"
"""The door behind which a forgotten password is reset; there is none where the tenant does not allow it."""


class FirstFactor(StrEnum):
    """Who checks the password."""

    LOCAL = "local"
    DIRECTORY = "directory"
    CLIENT = "client"
    """The client has done it before it asked us."""


class SecondFactor(StrEnum):
    ALWAYS = "always"
    IF_ENROLLED = "if_enrolled"
    """For doors behind which a person enrolls the first authenticator."""
    BY_RULES = "by_rules"
    """Only of those of whom their own state or an access rule demands one."""


class Caching(StrEnum):
    """For whom a second factor that was proven a moment ago need not be proven again."""

    OFF = "off"
    USER = "user"
    """For the person, wherever he proved it."""
    APPLICATION = "application"
    """For the person at the application where he proved it, through the same front end."""
    ADDRESS = "address"
    """The same, from the same address only."""


class Purpose(StrEnum):
    """What is done behind a door, where that is more than signing in."""

    SIGN_IN = "sign_in"
    DEVICE_REGISTRATION = "device_registration"
    """A device is joined to the organization."""
    DEVICE_SIGN_IN_SETUP = "device_sign_in_setup"
    """A device's own sign-in (PIN, face, fingerprint) is set up, as with Windows Hello for Business."""
    SUITE_SERVICE = "suite_service"
    """A service of the office suite: what users with its licence have at no cost (S19)."""


class Application(msgspec.Struct, frozen=True, kw_only=True):
    tenant_id: str
    application_id: str
    name: str
    first_factor: FirstFactor = FirstFactor.LOCAL
    directory_id: str = ""
    """The directory that checks the password, if `first_factor` is a directory."""
    second_factor: SecondFactor = SecondFactor.ALWAYS
    methods: tuple[str, ...] = ()
    """Methods that may open this door; empty: every method there is."""
    is_enabled: bool = True
    created_at: int
    version: int = 1
    purpose: Purpose = Purpose.SIGN_IN
    trusted_addresses: tuple[str, ...] = ()
    """Networks (CIDR), ranges and single addresses from which no second factor is asked for here."""
    skips_trusted: bool = False
    """Whether the addresses that the whole tenant trusts hold here, too."""
    remember_days: int = 0
    """Days for which a browser may be remembered at this door; 0: not at all."""
    caching: Caching = Caching.OFF
    caching_seconds: int = 0
    is_legacy: bool = False
    """Its clients can ask for nothing but name and password: people sign in with app passwords."""


class ClientKind(StrEnum):
    RADIUS = "radius"
    LDAP = "ldap"
    API = "api"
    BUILT_IN = "built_in"
    """The portal and the console themselves."""


class Client(msgspec.Struct, frozen=True, kw_only=True):
    tenant_id: str
    client_id: str
    application_id: str
    kind: ClientKind
    name: str
    address: str = ""
    """IP address or network (CIDR) from which it asks; empty for API clients that may ask from anywhere."""
    settings: dict[str, Any] = {}
    """Settings of the front end it speaks to, e.g. the RADIUS mode."""
    scopes: tuple[str, ...] = ()
    """API clients: `verify`, `admin`, `scim`."""
    is_enabled: bool = True
    created_at: int
    version: int = 1
    role_id: str = "administrator"
    """Of a key with the scope `admin`: the role whose rights it has."""


class ClientSecret(msgspec.Struct, frozen=True, kw_only=True):
    """One shared secret or API key of a client; several may be valid at once while one is rotated."""

    tenant_id: str
    secret_id: str
    client_id: str
    sealed: bytes = b""
    """Sealed shared secret; empty for API keys, which are stored as a hash."""
    token_hash: str = ""
    hint: str = ""
    """The last characters, so that people can tell secrets apart."""
    not_after: int | None = None
    created_at: int


class DirectoryConfiguration(msgspec.Struct, frozen=True, kw_only=True):
    """Where passwords are checked: the kind names a plug-in, the settings are that plug-in's."""

    tenant_id: str
    directory_id: str
    kind: str
    name: str
    settings: dict[str, Any] = {}
    secret: bytes = b""
    """Sealed password of the service account."""
    created_at: int
    version: int = 1
