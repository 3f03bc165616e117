"""What a person decides in the app, and the texts that the app signs (docs/protocols/authenticator-app.md):
lines, each ended by a line feed, none of whose values has one in it.

All that a decision depends on is in the text, so that a signature is good for nothing else (PU-07).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Decision(StrEnum):
    APPROVE = "approve"
    DENY = "deny"
    FRAUD = "fraud"


class Old(StrEnum):
    """What becomes of the device that moves, once the new one is proven."""

    REMOVE = "remove"
    KEEP = "keep"


@dataclass(frozen=True, slots=True, kw_only=True)
class AppAnswer:
    """A decision, and what it is about."""

    tenant_id: str
    user_id: str
    authenticator_id: str
    verification_id: str
    request_id: str
    application_id: str
    number: str
    decision: Decision
    expires_at: int


def activation_text(code: str, public_key: str) -> bytes:
    """Return what is signed with a new key; `public_key` is its base64url."""
    return _lines("vestibule activate 1", code, public_key)


def answer_text(answer: AppAnswer) -> bytes:
    """Return what is signed with a decision."""
    return _lines(
        "vestibule answer 1",
        answer.tenant_id,
        answer.user_id,
        answer.authenticator_id,
        answer.verification_id,
        answer.request_id,
        answer.application_id,
        answer.number,
        answer.decision.value,
        str(answer.expires_at),
    )


def move_text(tenant_id: str, user_id: str, authenticator_id: str, old: Old, at: int) -> bytes:
    """Return what is signed to begin a move; `at` is in epoch milliseconds."""
    return _lines("vestibule move 1", tenant_id, user_id, authenticator_id, old.value, str(at))


def _lines(*values: str) -> bytes:
    assert not any("\n" in value for value in values), "a value with a line feed would be two lines"
    return "".join(f"{value}\n" for value in values).encode("utf-8", "replace")
