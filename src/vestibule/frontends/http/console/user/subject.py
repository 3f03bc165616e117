"""Whom a page is about, and what every page of him shows."""

from __future__ import annotations

from typing import Any

from litestar import Response
from litestar.exceptions import NotFoundException

from vestibule.frontends.http.console.desk import Desk, refused_notice
from vestibule.frontends.http.templates.views import Form
from vestibule.interfaces.transaction.attempts import VerificationFilter
from vestibule.interfaces.transaction.lists import Page as Rows
from vestibule.interfaces.transaction.sign_in import Person
from vestibule.model.actor import Right
from vestibule.model.verification import Verification
from vestibule.services.refusal import Refused


async def subject_of(at: Desk, user_id: str) -> Person:
    """Return whom the path names; raise `NotFoundException` if nobody of this tenant, or out of reach."""
    subject = await at.services.users.find(at.actor, at.tenant_id, user_id)
    if subject is None:
        raise NotFoundException
    return subject


def page_of(
    at: Desk, subject: Person, name: str, refused: Refused | None, *forms: Form | None, **variables: Any
) -> Response[Any]:
    """Return the page `name` of one user. It has status 422 if it tells of something refused, above itself
    or in one of its `forms`."""
    now = at.services.clock.now()
    return at.page(
        f"console/user/{name}.html",
        status=422 if refused or any(forms) else 200,
        notices=refused_notice(refused) if refused else (),
        user=subject.user,
        locks=tuple(throttle for throttle in subject.throttles.values() if throttle.is_locked(now)),
        now=now,
        **variables,
    )


async def latest_attempts(at: Desk, user_id: str, rows: int) -> tuple[Verification, ...]:
    """Return none to who may not see them."""
    if not at.has(Right.READ_HISTORY):
        return ()
    where = VerificationFilter(user_id=user_id)
    return (await at.services.attempts.list(at.actor, at.tenant_id, where, Rows(rows))).rows
