"""Notices: of which kinds of events somebody is told. One line makes a kind told; its words are those of the
list of events (`event.KIND` in the catalog).

The person is told of all that could help a stranger into his account, by whomever it was done, so that he can
say that it was not he (ENR-08). An alert goes to administrators without their asking; every other kind they
can ask for.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Flag, auto
from typing import Any, Final

ALERTS: Final = "*"
"""In place of a kind: all alerts that have no addresses of their own."""


class Told(Flag):
    PERSON = auto()
    """Whom the event is about."""
    ALERT = auto()
    """The administrators of the tenant."""
    ON_REQUEST = 0
    """Administrators who ask for it."""


_BOTH: Final = Told.PERSON | Told.ALERT

TOLD: Final[Mapping[str, Told]] = {
    "administrator.added": Told.ALERT,
    "app_password.all_revoked": Told.PERSON,
    "app_password.made": Told.PERSON,
    "app_password.revoked": Told.PERSON,
    "administrator.roles": _BOTH,
    "authenticator.assigned": Told.PERSON,
    "authenticator.enrolled": Told.PERSON,
    "authenticator.removed": Told.PERSON,
    "authenticator.replayed": Told.ON_REQUEST,
    "break_glass.marked": Told.ALERT,
    "break_glass.unmarked": Told.ALERT,
    "break_glass.used": Told.ALERT,
    "breaker.closed": Told.ON_REQUEST,
    "breaker.opened": Told.ALERT,
    "browsers.forgotten": Told.PERSON,
    "budget.reached": Told.ALERT,
    "bypass.made": _BOTH,
    "bypass.used": Told.PERSON,
    "bypass.withdrawn": Told.ON_REQUEST,
    "client.signing_lowered": Told.ALERT,
    "client.unsigned": Told.ALERT,
    "limit.reached": Told.ALERT,
    "pass.made": _BOTH,
    "phone.added": Told.PERSON,
    "pin.change_required": Told.ON_REQUEST,
    "pin.changed": Told.PERSON,
    "pin.cleared": Told.PERSON,
    "pin.locked": Told.PERSON,
    "pin.set": Told.PERSON,
    "proposal.made": Told.ALERT,
    "recovery_codes.made": Told.PERSON,
    "registration.code_made": Told.ON_REQUEST,
    "registration.code_used": Told.PERSON,
    "registration.demanded": Told.PERSON,
    "registration.finished": Told.PERSON,
    "registration.window_opened": Told.PERSON,
    "rules.changed": Told.ON_REQUEST,
    "role.changed": Told.ALERT,
    "settings.changed": Told.ON_REQUEST,
    "spraying.noticed": Told.ALERT,
    "statement.issued": Told.ON_REQUEST,
    "sync.approval_needed": Told.ALERT,
    "sync.failed": Told.ALERT,
    "sync.finished": Told.ON_REQUEST,
    "user.added": Told.ON_REQUEST,
    "user.attempt_disowned": _BOTH,
    "user.blocked": _BOTH,
    "user.changed": Told.PERSON,
    "user.fraud_reported": Told.ALERT,
    "user.locked": _BOTH,
    "user.password_changed": Told.PERSON,
    "user.password_reset": Told.PERSON,
    "user.password_reset_refused": Told.PERSON,
    "user.questions_answered": Told.PERSON,
    "user.questions_removed": Told.PERSON,
    "user.removed": Told.ON_REQUEST,
    "user.source_locked": Told.ON_REQUEST,
    "user.unblocked": _BOTH,
    "user.unlocked": Told.PERSON,
}

GIVES_FACTOR: Final = frozenset({"authenticator.assigned", "authenticator.enrolled", "phone.added"})
"""Kinds of events after which a person has one factor more."""

COURTESIES: Final = frozenset(
    {
        "browsers.forgotten",
        "registration.demanded",
        "registration.finished",
        "user.unblocked",
        "user.unlocked",
    }
)
"""Of what a person is told, that which gives nobody anything: who wants no mails is not told of it. All else
he is told whether he wants it or not, for it might be a stranger who does not want him told."""

_OF_A_STRANGER_S_INTEREST: Final = frozenset(
    {"password_hash", "email", "phone", "status", "username", "role"}
)


def is_person_told(kind: str, facts: Mapping[str, Any], *, wants_mail: bool) -> bool:
    """Tell whether the person is told; of what changed about him only if it says who he is or lets him in."""
    if Told.PERSON not in TOLD.get(kind, Told.ON_REQUEST):
        return False
    if kind in COURTESIES and not wants_mail:
        return False
    return kind != "user.changed" or not _OF_A_STRANGER_S_INTEREST.isdisjoint(facts.get("fields", ()))


def alerted(kind: str, addresses: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return which of `addresses`, by kind or `ALERTS`, are told of a kind."""
    if kind in addresses:
        return addresses[kind]
    return addresses.get(ALERTS, ()) if Told.ALERT in TOLD.get(kind, Told.ON_REQUEST) else ()


def is_asked_for(kind: str, kinds: tuple[str, ...]) -> bool:
    """Tell whether a webhook that asks for these kinds is told of `kind`; who asks for none means alerts."""
    return kind in kinds if kinds else Told.ALERT in TOLD.get(kind, Told.ON_REQUEST)
