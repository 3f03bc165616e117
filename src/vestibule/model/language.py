"""In which language a person is spoken to: on pages, in calls, texts and the app, and beside passcodes.

What is empty falls back: that of a call to that of pages, that of pages to the tenant's. Values are BCP 47
primary subtags; whether there are texts in them is the catalog's to say.
"""

from __future__ import annotations

from enum import StrEnum

from vestibule.model.user import User
from vestibule.model.verification import Challenge, Channel


class Medium(StrEnum):
    """By what he is spoken to; the fields of a user are called so, behind `language_`."""

    CALL = "call"
    TEXT = "text"
    APP = "app"
    TOKEN = "token"  # noqa: S105 - no secret
    """Where a passcode of an app or a hardware token is asked for, outside our own pages."""


def language_for(user: User, by: Medium, tenant_language: str) -> str:
    own: str = getattr(user, f"language_{by}")
    return own or user.language or tenant_language


def medium_of(challenge: Challenge) -> Medium:
    """Return by what a challenge asks a person."""
    match challenge.channel:
        case Channel.CALL:
            return Medium.CALL
        case Channel.APP:
            return Medium.APP
        case Channel.REPLY:
            return Medium.TEXT
        case Channel.TYPED:
            return Medium.TEXT if challenge.address else Medium.TOKEN
