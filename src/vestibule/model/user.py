"""User: an enrolled person."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from vestibule.crypto.secret import Secret


class UserStatus(StrEnum):
    ACTIVE = "active"
    DISABLED = "disabled"


class Requirement(StrEnum):
    """What is asked of a person by his own state, whatever doors and rules ask besides."""

    DISABLED = "disabled"
    """Nothing: doors and rules alone say when a second factor is asked for."""
    ENABLED = "enabled"
    """A second factor at every door; until he has registered, legacy clients still take his password."""
    ENFORCED = "enforced"
    """The same, and legacy clients take app passwords only. Who finishes his registration comes here."""


class Role(StrEnum):
    """What a person may do beyond signing in. Administrators live in the system tenant."""

    NONE = ""
    LIMITED = "limited"
    """Some rights: those of the roles that he was given."""
    ADMINISTRATOR = "administrator"
    """Every right, in every tenant."""


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
    requirement: Requirement = Requirement.DISABLED
    must_register: bool = False
    """An administrator demands that he registers his methods anew at his next sign-in."""
    is_break_glass: bool = False
    """Kept for the day on which the rules shut everybody out: no access rule denies him, each use alarms."""
    void_before: int = 0
    """What he proved, and what he was remembered by, until this time counts no more (epoch ms)."""
    blocked_until: int = 0
    """Until when every attempt of his is denied (epoch ms); the block itself says why and by whom."""
    bypass_until: int = 0
    """Until when a one-time bypass of his may be unused (epoch ms); the bypass itself is what is consumed."""
    language_call: str = ""
    """Languages of what he hears and reads elsewhere; empty: `language`."""
    language_text: str = ""
    language_app: str = ""
    language_token: str = ""
    has_made_app_password: bool = False
    """Once he has, a trusted address spares his programs no app password any more."""
    methods_since: int = 0
    """What he registered before this time counts no more: he was asked to register anew (epoch ms)."""
    registering_since: int = 0
    """When he was first asked to register what he has not finished yet (epoch ms); 0: he is not asked."""
    send_mail: bool = True
    """He is sent welcomes and courtesies by e-mail, too, and not only what could be a stranger's doing."""

    @property
    def is_active(self) -> bool:
        return self.status is UserStatus.ACTIVE

    def is_blocked(self, at: int) -> bool:
        return at < self.blocked_until

    def may_enter(self, at: int) -> bool:
        """Whether he is neither disabled nor blocked."""
        return self.is_active and not self.is_blocked(at)

    @property
    def display_name(self) -> str:
        return f"{self.given_name} {self.family_name}".strip() or self.username

    def __repr__(self) -> str:
        return f"User({self.tenant_id}/{self.user_id} {self.username!r} {self.status})"


PasswordSecret = Secret[str]
