"""Application: a protected service. Client: a network peer that asks on its behalf.

Policy belongs to the application, addresses and secrets to the client.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

CONSOLE_APPLICATION = "console"
PORTAL_APPLICATION = "portal"


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


class ClientKind(StrEnum):
    RADIUS = "radius"
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
    """API clients: `verify`, `admin`."""
    is_enabled: bool = True
    created_at: int
    version: int = 1


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
