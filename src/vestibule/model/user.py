"""User: an enrolled person."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from vestibule.crypto.secret import Secret


class UserStatus(StrEnum):
    ACTIVE = "active"
    DISABLED = "disabled"


class Role(StrEnum):
    """What a person may do beyond signing in. Administrators live in the system tenant."""

    NONE = ""
    ADMINISTRATOR = "administrator"


class User(msgspec.Struct, frozen=True, kw_only=True):
    """A person; `username` is spelled as people like to see it, `names` are all canonical spellings."""

    tenant_id: str
    user_id: str
    username: str
    names: tuple[str, ...]
    given_name: str = ""
    family_name: str = ""
    email: str = ""
    phone: str = ""
    language: str = ""
    directory_id: str = ""
    """Which directory checks the password; empty: the hash below does."""
    directory_reference: str = ""
    """The directory's own immutable identifier of this person, once known."""
    password_hash: str = ""
    """argon2id, or empty if this person has no local password."""
    status: UserStatus = UserStatus.ACTIVE
    role: Role = Role.NONE
    created_at: int
    updated_at: int
    version: int = 1
    default_method: str = ""
    """The method asked for first; empty: what the rules of the house prefer."""

    @property
    def is_active(self) -> bool:
        return self.status is UserStatus.ACTIVE

    @property
    def display_name(self) -> str:
        return f"{self.given_name} {self.family_name}".strip() or self.username

    def __repr__(self) -> str:
        return f"User({self.tenant_id}/{self.user_id} {self.username!r} {self.status})"


PasswordSecret = Secret[str]
