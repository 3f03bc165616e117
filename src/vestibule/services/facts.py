"""The facts that the rules are asked with, gathered inside the deciding transaction."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from vestibule.interfaces.store import Transaction
from vestibule.interfaces.transaction.sign_in import Subject
from vestibule.model.authenticator import Authenticator
from vestibule.model.networks import Address, parse_address
from vestibule.model.tenant import TenantSettings, Whom
from vestibule.policy.access import AccessRules
from vestibule.policy.evaluate import Facts
from vestibule.policy.registration import policy_days
from vestibule.services.attempt import Attempt
from vestibule.services.editions import is_in_effect
from vestibule.services.proving import Prover

_NO_GROUPS: Final[frozenset[str]] = frozenset()
_NOBODY: Final[dict[str, Any]] = {"user": None, "held": _NO_GROUPS}


async def gathered(
    tx: Transaction,
    attempt: Attempt,
    subject: Subject | None,
    prover: Prover,
    usable: tuple[Authenticator, ...],
    *,
    may_skip: bool = True,
) -> Facts:
    """Return what is known of an attempt and its person now."""
    settings = attempt.tenant.settings
    person = _NOBODY
    if subject is not None:
        person = await _of(tx, attempt.rules, subject, prover, usable, settings)
    return Facts(
        application=attempt.application,
        is_first_factor_proven=attempt.is_first_factor_proven,
        is_app_password_proven=attempt.is_app_password_proven,
        is_stranger_accepted=attempt.is_stranger_accepted,
        rules=attempt.rules,
        address=address_in(attempt.origin.user_address),
        now=tx.now,
        is_in_edition=is_in_effect(attempt.tenant, attempt.application, attempt.origin.peer.client.kind),
        may_skip=may_skip,
        **person,
    )


async def with_person(
    tx: Transaction,
    facts: Facts,
    subject: Subject,
    prover: Prover,
    usable: tuple[Authenticator, ...],
    settings: TenantSettings,
) -> Facts:
    """Return `facts` with what is known of a person."""
    return msgspec.structs.replace(facts, **await _of(tx, facts.rules, subject, prover, usable, settings))


async def _of(
    tx: Transaction,
    rules: AccessRules,
    subject: Subject,
    prover: Prover,
    usable: tuple[Authenticator, ...],
    settings: TenantSettings,
) -> dict[str, Any]:
    """Return the facts of a person. Groups are read only where a rule or the registration policy names
    any."""
    user = subject.user
    needs_groups = rules.names_groups or settings.registration_policy is not Whom.NOBODY
    groups = await tx.groups_of(user.tenant_id, user.user_id) if needs_groups else _NO_GROUPS
    return {
        "user": user,
        "held": frozenset([authenticator.method for authenticator in usable]),
        "is_enrolled": bool(usable) or prover.is_enrolled(subject, tx.now),
        "groups": groups,
        "policy_days": policy_days(settings, groups),
        "chosen_is_off": prover.chosen_is_off(subject),
    }


def address_in(told: str) -> Address | None:
    """Return the address that was told, None if none was or it is none."""
    return parse_address(told) if told else None
