"""What an administrator says about a mail server, checked before anything connects.

A ValueError reads `setting: why`. The password is a `Secret` and never part of these settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from vestibule.crypto.secret import Secret
from vestibule.interfaces.plugin_settings import values_of
from vestibule.model.mail_address import read_address

_MOST_SECONDS = 11.0
"""Whoever hands over waits little longer."""


class SmtpSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of one mail server. Only `host` and `sender` have no default."""

    host: Annotated[str, Meta(max_length=255, pattern=r"^[\w.:%-]+\Z")]
    """Name or address of the mail server."""
    port: Annotated[int, Meta(ge=1, le=65535)] = 587
    """587 for STARTTLS, 465 for TLS from the beginning."""
    security: Literal["starttls", "tls", "none"] = "starttls"
    """How the connection is protected. With `none` every mail crosses the network in the clear: only for a
    server on this machine or in one's own room, and never with a password."""
    sender: str
    """The address that mails come from."""
    sender_name: Annotated[str, Meta(max_length=100)] = "Vestibule"
    """The name beside it."""
    username: Annotated[str, Meta(max_length=255)] = ""
    """The account at the server; empty: it asks for none."""
    reply_to: str = ""
    """Where answers go; empty: to the sender."""
    ca_file: str = ""
    """PEM file of the authorities to trust for the certificate; empty: the system's."""
    hello_name: Annotated[str, Meta(max_length=255, pattern=r"^[A-Za-z0-9.:\[\]-]*\Z")] = ""
    """How Vestibule calls itself to the server; empty: the domain of the sender."""
    timeout_seconds: Annotated[float, Meta(gt=0, le=_MOST_SECONDS)] = 10.0
    """How long the server may take for one mail in all."""


def from_mapping(settings: Mapping[str, Any], secret: Secret[str]) -> SmtpSettings:
    """Return the settings in `settings`; `secret` is looked at but not kept.

    Raises ValueError for a setting that is unknown, missing, of the wrong type or wrong.
    """
    given = values_of(SmtpSettings, settings, needed=("host", "sender"))
    read = SmtpSettings(**given)
    for name in ("sender", "reply_to"):
        address = getattr(read, name)
        if (address or name == "sender") and read_address(address) is None:
            raise ValueError(f"{name}: not an e-mail address, such as vestibule@example.org")
    for name in ("sender_name", "username"):
        if not getattr(read, name).isprintable():
            raise ValueError(f"{name}: characters that cannot be seen")
    if read.security == "none" and (read.username or secret):
        raise ValueError("security: a password is never sent over a connection that is not protected")
    if secret and not read.username:
        raise ValueError("username: a password is of no use without it")
    if read.username and not secret:
        raise ValueError("secret: the password of the account is missing")
    return read
