"""What the HTTP front end is told when it is built; nothing in it changes while it runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from vestibule.crypto.secret import Secret
from vestibule.crypto.tokens import new_token

MIB = 1024 * 1024
MAX_UPLOAD_BYTES = 512 * MIB
"""Of a file of hardware tokens: more than a million of them."""


@dataclass(frozen=True, slots=True)
class HttpOptions:
    """Every value has a usable default: loopback, no TLS, nobody's forwarded addresses believed."""

    listen: tuple[tuple[str, int], ...] = (("127.0.0.1", 8080),)
    """Hosts and ports; port 0 takes any free one."""
    public_url: str = ""
    """The origin browsers see, e.g. `https://mfa.example.org`; links for people are built from it and never
    from a request. Empty: the first address it is bound to."""
    trusted_proxies: tuple[str, ...] = ()
    """Networks (CIDR) of peers whose `X-Forwarded-For` is believed."""
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    form_key: Secret[str] = field(default_factory=lambda: Secret(new_token(32)))
    """Signs the tokens in forms; the same on every node, or a form is good on one node only."""
    max_body_bytes: int = MIB
    max_headers: int = 100
    max_header_bytes: int = 32 * 1024
    header_seconds: float = 10.0
    """How long a client may take to send the head of a request."""
    body_seconds: float = 30.0
    """How long a body may stand still before the connection is closed."""
    keep_alive_seconds: int = 75
    max_connections: int = 16_000
    """At the same time; fewer where the system allows this process fewer open files. An app that is open
    keeps one, of about 40 KiB."""

    @property
    def has_own_tls(self) -> bool:
        return self.tls_certificate is not None and self.tls_key is not None

    @property
    def is_https(self) -> bool:
        """Whether browsers reach it by https, here or at a proxy: then cookies are Secure."""
        return self.has_own_tls or self.public_url.startswith("https://")
