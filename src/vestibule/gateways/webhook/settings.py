"""What an administrator says about a webhook, checked before anything connects. A ValueError reads
`setting: why`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import SplitResult, urlsplit

import msgspec
from msgspec import Meta

from vestibule.interfaces.plugin_settings import values_of
from vestibule.model.notice import TOLD


class WebhookSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of one webhook. Only `url` has no default."""

    url: Annotated[str, Meta(max_length=1000)]
    """Where events are sent to."""
    events: tuple[str, ...] = ()
    """Which kinds of events; none: all that are alerts."""
    ca_file: str = ""
    """PEM file of the authorities to trust for the certificate; empty: the system's."""
    timeout_seconds: Annotated[float, Meta(gt=0, le=11)] = 8.0
    """How long the receiver may take to answer."""


def from_mapping(settings: Mapping[str, Any], private_hosts: frozenset[str]) -> WebhookSettings:
    """Return the settings; raises ValueError naming the one that is wrong."""
    read = WebhookSettings(**values_of(WebhookSettings, settings, needed=("url",)))
    for kind in read.events:
        if kind not in TOLD:
            raise ValueError(f"events: nobody can be told of {kind[:64]!r}")
    _check_url(read.url, private_hosts)
    return read


def place(url: str) -> tuple[str, int]:
    """Return host and port of a URL that was checked."""
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def is_named(host: str, port: int, private_hosts: frozenset[str]) -> bool:
    """Tell whether the administrator of the installation has named a host: without a port it is 443."""
    return f"{host}:{port}" in private_hosts or (port == 443 and host in private_hosts)


def _check_url(url: str, private_hosts: frozenset[str]) -> None:
    try:
        parts: SplitResult = urlsplit(url)
        is_url = bool(parts.hostname) and parts.port != 0 and url.isascii() and url.isprintable()
    except ValueError:
        is_url = False
    if not is_url or " " in url or parts.scheme not in ("https", "http"):
        raise ValueError("url: not a URL such as https://tickets.example.org/hook")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise ValueError("url: no user, no password and no fragment in it")
    if parts.scheme == "http" and not is_named(*place(url), private_hosts):
        raise ValueError("url: events leave over https only")
