"""Certificate: by what a server and its clients know one another on connections with TLS."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class CertificateKind(StrEnum):
    AUTHORITY = "authority"
    """Signs the others."""
    SERVER = "server"
    """Shown by every node to who connects."""
    CLIENT = "client"
    """Shown by one client; it alone says whose the connection is."""


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """Authority and servers are the installation's, clients are their tenants'."""

    tenant_id: str
    certificate_id: str
    """SHA-256 of the certificate, in hexadecimal digits: no two tenants have the same."""
    kind: CertificateKind
    client_id: str = ""
    name: str
    """Whom it names, as certificates write it: `CN=vpn`."""
    hosts: tuple[str, ...] = ()
    """Host names and addresses of a server."""
    pem: str
    key: bytes = b""
    """Sealed private key of an authority or a server; a client's is kept nowhere."""
    not_before: int
    not_after: int
    revoked_at: int | None = None
    created_at: int

    def is_valid(self, now: int) -> bool:
        return self.revoked_at is None and self.not_before <= now < self.not_after
