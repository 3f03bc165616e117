"""One user: what is required of him, what keeps him out, and what lets him in without what he has lost.

What the page posts is beside its subject: registration.py, blocks.py, bypasses.py, standing_out.py.
"""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get

from vestibule.frontends.http.console.desk import Desk, desk
from vestibule.frontends.http.console.user.subject import page_of, subject_of
from vestibule.frontends.http.fields import InPath
from vestibule.frontends.http.rights import needs
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.templates.views import Form, Standing
from vestibule.interfaces.transaction.sign_in import Person
from vestibule.model.actor import Right
from vestibule.model.application import CONSOLE_APPLICATION
from vestibule.services.phones import numbers_of
from vestibule.services.refusal import Refused

PAGE: Final = "access"


@get("/tenants/{tenant:str}/users/{user:str}/access", opt=needs(Right.READ_PEOPLE))
async def show_access(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    return await access_page(await desk(request, tenant), user)


async def access_page(
    at: Desk,
    user_id: str,
    refused: Refused | None = None,
    *,
    block_form: Form | None = None,
    bypass_form: Form | None = None,
    new_pass: str = "",
) -> Response[Any]:
    """Return the page, with what was refused above it or in one of its forms."""
    services, subject = at.services, await subject_of(at, user_id)
    return page_of(
        at,
        subject,
        PAGE,
        refused,
        block_form,
        bypass_form,
        has_registered=bool(services.enrollments.prover.registered(subject)),
        vouchers=await services.vouchers.standing(at.actor, at.tenant_id, user_id),
        vouching=tuple(way.value for way in at.tenant.settings.vouching),
        browsers=await services.remembered_browsers.list(at.actor, at.tenant_id, user_id),
        standing=await _standing(at, subject, block_form or Form(), bypass_form or Form()),
        new_pass=new_pass,
    )


async def _standing(at: Desk, subject: Person, block_form: Form, bypass_form: Form) -> Standing:
    services, tenant_id, user_id = at.services, at.tenant_id, subject.user.user_id
    applications = sorted(
        (each for each in at.snapshot.applications.values() if each.tenant_id == tenant_id),
        key=lambda application: application.name.casefold(),
    )
    return Standing(
        block=await services.blocks.of(at.actor, tenant_id, user_id),
        block_days=services.blocks.usual_days(tenant_id),
        numbers=tuple(number for number in numbers_of(subject) if number.startswith("+")),
        bypass=await services.bypasses.of(at.actor, tenant_id, user_id),
        applications=tuple(
            (each.application_id, each.name)
            for each in applications
            if each.application_id != CONSOLE_APPLICATION
        ),
        access_pass=services.passes.of(subject, services.clock.now()),
        can_pass=bool(services.passes.method),
        block_form=block_form,
        bypass_form=bypass_form,
    )


ROUTES: Final = [show_access]
