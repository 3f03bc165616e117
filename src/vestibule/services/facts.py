"""The facts that the rules are asked with, gathered inside the deciding transaction."""

from __future__ import annotations

import msgspec

from vestibule.interfaces.store import Subject, Transaction
from vestibule.model.authenticator import Authenticator
from vestibule.model.networks import parse_address
from vestibule.policy.evaluate import Facts
from vestibule.services.attempt import Attempt
from vestibule.services.proving import is_enrolled


async def gathered(
    tx: Transaction,
    attempt: Attempt,
    subject: Subject | None,
    usable: tuple[Authenticator, ...],
    *,
    may_skip: bool = True,
) -> Facts:
    """Return what is known of an attempt and its person now. Groups are read only where a rule names any."""
    facts = Facts(
        application=attempt.application,
        user=subject.user if subject else None,
        held=frozenset([authenticator.method for authenticator in usable]),
        is_first_factor_proven=attempt.is_first_factor_proven,
        is_enrolled=subject is not None and is_enrolled(subject),
        is_app_password_proven=attempt.is_app_password_proven,
        rules=attempt.rules,
        address=parse_address(attempt.origin.user_address) if attempt.origin.user_address else None,
        now=tx.now,
        may_skip=may_skip,
    )
    if subject is None or not attempt.rules.names_groups:
        return facts
    user = subject.user
    return msgspec.structs.replace(facts, groups=await tx.groups_of(user.tenant_id, user.user_id))
