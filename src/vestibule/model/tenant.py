"""Tenant: who is isolated. Every record and every query starts with a tenant."""

from __future__ import annotations

import msgspec

SYSTEM_TENANT = "system"
"""The tenant whose users are the administrators of the installation."""


class TenantSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What an administrator may change for a tenant; every value has a usable default."""

    language: str = "en"
    """Language of a person who has chosen none and whose browser names none we speak."""
    record_names: bool = False
    """Write first and last name into each attempt."""
    record_email: bool = False
    """Write the e-mail address into each attempt."""
    strip_domain_prefix: bool = True
    r"""Look up `alice` when `DOMAIN\alice` is no name of anyone."""
    lockout_threshold: int = 10
    """Failures in a row, per user and factor, after which further attempts are not evaluated for a while."""
    lockout_seconds: int = 900
    """How long that while is."""
    hard_stop: int = 100
    """Failures in a row after which only an administrator can let the user try again."""
    challenge_seconds: int = 180
    """How long a user has for the passcode after the password."""
    challenge_tries: int = 3
    """Wrong passcodes until a challenge fails and the sign-in starts anew."""
    text_one_way_seconds: int = 300
    """How long a texted passcode can be typed (S54)."""
    text_two_way_seconds: int = 300
    """How long the reply to a text is awaited (S51-S53)."""
    call_seconds: int = 120
    """How long a call may take, from the first ring to the last key."""
    texts_per_hour: int = 10
    """Texts and calls to one person within an hour; more are not sent."""
    phone_prefixes: tuple[str, ...] = ()
    """Beginnings of the numbers that may be texted or called, e.g. `+49`; empty: all."""
    text_templates: dict[str, str] = {}
    """By language: the text that is sent, with `{passcode}` and `{application}`; else the catalog's."""
    caller_id: str = ""
    """The number that calls show; carriers may suppress it."""
    issuer: str = "Vestibule"
    """Name that authenticator apps show beside the account."""


class Tenant(msgspec.Struct, frozen=True, kw_only=True):
    tenant_id: str
    name: str
    settings: TenantSettings = TenantSettings()
    created_at: int
    version: int = 1
