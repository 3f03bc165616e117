"""What an administrator says about RADIUS servers that check passwords, judged before anything is sent.

A ValueError names the setting that is wrong. The shared secret is a `Secret` and is never part of the mapping
that the other settings come from.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from vestibule.crypto.secret import Secret
from vestibule.interfaces.plugin_settings import values_of

_PORTS: Final = {"": 1812, "tls": 2083}
_SHARED_BY_ALL: Final = "radsec"
"""RFC 6614 §2.3."""
_MOST_SECONDS: Final = 60.0
_MOST_TRIES: Final = 10
_LONGEST_NAME: Final = 253
_SHORTEST_SECRET: Final = 16


class Transport(StrEnum):
    UDP = ""
    TLS = "tls"
    """RFC 6614."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RadiusSettings:
    """Settings of servers that know the same people by the same shared secret."""

    servers: tuple[str, ...]
    """`host`, `host:port` or `[IPv6 address]:port`; the first that answers is used."""
    shared_secret: Secret[str] = field(default_factory=lambda: Secret(""))
    nas_identifier: str = "vestibule"
    """How this server introduces itself (RFC 2865 §5.32)."""
    require_message_authenticator: bool = True
    """Take no answer without a Message-Authenticator. Without it answers can be forged on the way
    (CVE-2024-3596)."""
    timeout_seconds: float = 5.0
    """For one check as a whole, whatever the number of servers and tries."""
    tries: int = 3
    """How often each server is sent the same request."""

    accounting_port: int = 0
    """The port of these servers for accounting, to which it is passed on; 0: it is not. Over TLS it takes the
    connection of sign-ins, whatever the number."""
    transport: Transport = Transport.UDP
    """Empty: UDP."""
    ca_file: str = ""
    """TLS: PEM file of the authorities to trust for the servers' certificates; empty: the system's."""
    certificate_file: str = ""
    """TLS: PEM file of the certificate that this server shows."""
    key_file: str = ""
    """TLS: PEM file of its key; empty: it is in the same file."""

    def __post_init__(self) -> None:
        if not self.servers:
            raise ValueError("servers: at least one server is needed")
        self.endpoints()
        if self.transport is Transport.TLS:
            self.context()
        elif len(self.shared_secret.reveal().encode()) < _SHORTEST_SECRET:
            # RFC 2865 §3; what is sent can be tried against short ones at leisure.
            raise ValueError(f"shared_secret: at least {_SHORTEST_SECRET} characters")
        if not 0 < len(self.nas_identifier.encode()) <= _LONGEST_NAME:
            raise ValueError(f"nas_identifier: 1 to {_LONGEST_NAME} octets")
        if not 0 < self.timeout_seconds <= _MOST_SECONDS:
            raise ValueError(f"timeout_seconds: more than 0, at most {_MOST_SECONDS:g}")
        if not 1 <= self.tries <= _MOST_TRIES:
            raise ValueError(f"tries: 1 to {_MOST_TRIES}")
        if not 0 <= self.accounting_port < 1 << 16:
            raise ValueError("accounting_port: 0 to 65535")

    @property
    def octets_shared(self) -> bytes:
        """The shared secret; over TLS one that all know, unless there is another."""
        return (self.shared_secret.reveal() or _SHARED_BY_ALL).encode()

    def context(self) -> ssl.SSLContext:
        """Return how connections are protected; raises ValueError for a file that cannot be used."""
        try:
            context = ssl.create_default_context(cafile=self.ca_file or None)
        except OSError as problem:
            raise ValueError(f"ca_file: {problem}") from None
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["radius/1.1", "radius/1.0"])  # RFC 9765 §3.3
        if not self.certificate_file:
            raise ValueError("certificate_file: over TLS the servers know this server by its certificate")
        try:
            context.load_cert_chain(self.certificate_file, self.key_file or None)
        except OSError as problem:
            raise ValueError(f"certificate_file: {problem}") from None
        return context

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Return the servers in the order they are asked; raises ValueError for a bad one."""
        return tuple(_endpoint(server, _PORTS[self.transport]) for server in self.servers)


def _endpoint(text: str, usual_port: int) -> Endpoint:
    is_with_port = text.count(":") == 1 or "]:" in text
    host, _, port = text.rpartition(":") if is_with_port else (text, "", "")
    host = host.removeprefix("[").removesuffix("]")
    number = int(port) if port.isascii() and port.isdecimal() else 0 if is_with_port else usual_port
    if not host or not 0 < number < 1 << 16:
        raise ValueError(f"servers: {text!r} is neither a host nor host:port")
    return Endpoint(host, number)


def from_mapping(settings: Mapping[str, Any], secret: Secret[str]) -> RadiusSettings:
    """Return the settings in `settings`, with `secret` as the shared secret.

    Raises ValueError for a setting that is unknown, missing, of the wrong type or wrong.
    """
    given = values_of(RadiusSettings, settings, needed=("servers",), apart="shared_secret")
    return RadiusSettings(**given, shared_secret=secret)
