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
    issuer: str = "Vestibule"
    """Name that authenticator apps show beside the account."""


class Tenant(msgspec.Struct, frozen=True, kw_only=True):
    tenant_id: str
    name: str
    settings: TenantSettings = TenantSettings()
    created_at: int
    version: int = 1
