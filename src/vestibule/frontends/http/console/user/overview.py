"""One user: who it is and how he stands; disabling, enabling, unlocking."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post

from vestibule.frontends.http.console.desk import Desk, desk
from vestibule.frontends.http.console.user.methods import shown_of
from vestibule.frontends.http.console.user.subject import latest_attempts, page_of, subject_of
from vestibule.frontends.http.fields import InPath
from vestibule.frontends.http.rights import needs
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.model.actor import Right
from vestibule.model.licence import Licence
from vestibule.model.user import UserStatus
from vestibule.services.refusal import Refused
from vestibule.services.users import UserFields

_RECENT: Final = 5


@get("/tenants/{tenant:str}/users/{user:str}", opt=needs(Right.READ_PEOPLE))
async def show_overview(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    return await overview_page(await desk(request, tenant), user)


async def overview_page(at: Desk, user_id: str, refused: Refused | None = None) -> Response[Any]:
    """Return the page, with what was refused above it."""
    services, subject = at.services, await subject_of(at, user_id)
    directory = at.snapshot.directories.get((at.tenant_id, subject.user.directory_id))
    now = services.clock.now()
    return page_of(
        at,
        subject,
        "overview",
        refused,
        failures=tuple(
            throttle
            for throttle in subject.throttles.values()
            if throttle.failures and not throttle.is_locked(now)
        ),
        sources=subject.sources,
        block=await services.blocks.of(at.actor, at.tenant_id, user_id),
        groups=await services.groups.of(at.actor, at.tenant_id, user_id),
        directory_name=directory.name if directory else "",
        methods=tuple(sorted({held.method for held in shown_of(at, subject)})),
        recovery_codes_left=services.enrollments.recovery_codes_left(subject),
        pin=await services.pins.status(at.actor, at.tenant_id, user_id),
        bypass=await services.bypasses.of(at.actor, at.tenant_id, user_id),
        access_pass=services.passes.of(subject, now),
        licences=await _licences(at, user_id),
        attempts=await latest_attempts(at, user_id, _RECENT),
    )


async def _licences(at: Desk, user_id: str) -> tuple[Licence, ...]:
    """Return the bundles of which he has one, for who may see what the tenant has bought."""
    if not at.may(Right.READ_BILLING):
        return ()
    return await at.services.licences.of_user(at.actor, at.tenant_id, user_id)


@post("/tenants/{tenant:str}/users/{user:str}/disable", opt=needs(Right.CHANGE_PEOPLE))
async def disable(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    return await _set_status(await desk(request, tenant), user, UserStatus.DISABLED)


@post("/tenants/{tenant:str}/users/{user:str}/enable", opt=needs(Right.CHANGE_PEOPLE))
async def enable(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    return await _set_status(await desk(request, tenant), user, UserStatus.ACTIVE)


async def _set_status(at: Desk, user_id: str, status: UserStatus) -> Response[Any]:
    try:
        await at.services.users.edit(at.actor, at.tenant_id, user_id, UserFields(status=status))
    except Refused as refused:
        return await overview_page(at, user_id, refused)
    return at.done(at.path("users", user_id), "form.saved")


@post("/tenants/{tenant:str}/users/{user:str}/unlock", opt=needs(Right.BLOCKS))
async def unlock(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    try:
        await at.services.users.unlock(at.actor, tenant, user)
    except Refused as refused:
        return await overview_page(at, user, refused)
    return at.done(at.path("users", user), "console.user.unlocked")


ROUTES: Final = [show_overview, disable, enable, unlock]
