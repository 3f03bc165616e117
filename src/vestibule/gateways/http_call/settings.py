"""What an administrator says about a provider of calls, checked before anything connects.

A ValueError names the setting that is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import msgspec

from vestibule.interfaces.plugin_settings import values_of

_MOST_SECONDS: Final = 9.5
_ACCOUNT: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NUMBER: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")


class HttpCallSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of one provider whose interface has the shape of Twilio's."""

    base_url: str = "https://api.twilio.com"
    """Where `/2010-04-01/Accounts/…` begins."""
    allow_plain_http: bool = False
    """Numbers and the secret may cross the network in the clear."""
    account: str = ""
    """The account SID."""
    username: str = ""
    """SID of an API key, if one is used instead of the account and its auth token."""
    caller_id: str = ""
    """The number that is shown to those who are called, with its plus sign, where no other is given."""
    machine_detection: bool = False
    """The provider listens for some seconds whether a machine has answered, and charges for it."""
    hash_ends: bool = True
    """# ends an entry at once. For a provider that says nothing of a # with no digit in front of it: false.
    An entry then ends in silence, which costs the person some seconds."""
    speech: Literal["provider", "own"] = "provider"
    """Who speaks texts: a voice of the provider, or the engine here. Recordings always come from here."""
    languages: dict[str, str] = {}
    """The provider's names of languages, where they differ from `de-DE` and `en-US`."""
    voices: dict[str, str] = {}
    """The provider's voice for each language, such as `{"de": "Polly.Vicki"}`."""
    final_codes: tuple[int, ...] = (13223, 13224, 21211, 21217)
    """The provider's numbers of errors that mean: this is no number that can be called."""
    timeout_seconds: float = 8.0
    proxy: str = ""
    """URL of an HTTP proxy; empty: none, whatever the environment says."""
    ca_file: str = ""
    """PEM file of the authorities to trust; empty: the system's."""


def from_mapping(settings: Mapping[str, Any]) -> HttpCallSettings:
    """Return the settings; raises ValueError naming the one that is wrong."""
    complete = HttpCallSettings(**values_of(HttpCallSettings, settings))
    _check(complete)
    return complete


def _check(settings: HttpCallSettings) -> None:
    _check_url(settings)
    if _ACCOUNT.fullmatch(settings.account) is None:
        raise ValueError("account: the account SID is needed")
    if settings.username and _ACCOUNT.fullmatch(settings.username) is None:
        raise ValueError("username: not the SID of an API key")
    if _NUMBER.fullmatch(settings.caller_id) is None:
        raise ValueError("caller_id: a number with its plus sign is needed")
    if any(_LANGUAGE.fullmatch(name) is None for name in settings.languages.values()):
        raise ValueError("languages: not the name of a language, such as de-DE")
    if not 0 < settings.timeout_seconds <= _MOST_SECONDS:
        raise ValueError(f"timeout_seconds: more than 0, at most {_MOST_SECONDS:g}")


def _check_url(settings: HttpCallSettings) -> None:
    try:
        parts = urlsplit(settings.base_url)
        has_host = bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise ValueError("base_url: not a URL") from None
    if parts.scheme not in ("https", "http") or not has_host or parts.query or parts.fragment:
        raise ValueError("base_url: https:// and a host are needed")
    if parts.scheme == "http" and not settings.allow_plain_http:
        raise ValueError("base_url: without https everybody on the way can read numbers and the secret")
    if parts.username is not None:
        raise ValueError("base_url: name and password do not belong here")
