"""One user: what happened."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get

from vestibule.frontends.http.console.desk import desk
from vestibule.frontends.http.console.user.subject import latest_attempts, page_of, subject_of
from vestibule.frontends.http.fields import InPath
from vestibule.frontends.http.rights import needs
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.model.actor import Right

_LATEST: Final = 25


@get("/tenants/{tenant:str}/users/{user:str}/history", opt=needs(Right.READ_HISTORY))
async def show_history(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    subject = await subject_of(at, user)
    return page_of(at, subject, "history", None, attempts=await latest_attempts(at, user, _LATEST))


ROUTES: Final = [show_history]
