"""The app passwords of a person, as an administrator revokes them; seen on the person's page."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, post

from vestibule.frontends.http.console.desk import desk
from vestibule.frontends.http.console.user.methods import PAGE, methods_page
from vestibule.frontends.http.fields import InPath
from vestibule.frontends.http.rights import needs
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.model.actor import Right
from vestibule.services.refusal import Refused


@post(
    "/tenants/{tenant:str}/users/{user:str}/app-passwords/{app_password:str}/revoke",
    opt=needs(Right.APP_PASSWORDS),
)
async def revoke_app_password(
    request: AnyRequest, tenant: InPath, user: InPath, app_password: InPath
) -> Response[Any]:
    at = await desk(request, tenant)
    try:
        revoked = await at.services.app_passwords.revoke(at.actor, tenant, user, app_password)
    except Refused as refused:
        return await methods_page(at, user, refused)
    return at.done(at.path("users", user, PAGE), "portal.app_passwords.revoked", name=revoked.name)


@post("/tenants/{tenant:str}/users/{user:str}/app-passwords/revoke-all", opt=needs(Right.APP_PASSWORDS))
async def revoke_app_passwords(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    await at.services.app_passwords.revoke_all(at.actor, tenant, user)
    return at.done(at.path("users", user, PAGE), "portal.app_passwords.all_revoked")


ROUTES: Final = [revoke_app_password, revoke_app_passwords]
