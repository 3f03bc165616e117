"""One's own account: change the password, end other sessions.

A new password asks for the old one and a passcode, judged like any sign-in, and begins a new session.
"""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post

from vestibule.frontends.http.console.desk import DOOR, Desk, desk, refused_words
from vestibule.frontends.http.console.entry import console_of
from vestibule.frontends.http.door import address_of, keep_session
from vestibule.frontends.http.fields import InPath, read_fields
from vestibule.frontends.http.rights import ANY_ROLE
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.templates.views import Form, Words
from vestibule.services.attempt import Origin
from vestibule.services.refusal import Refused
from vestibule.services.users import check_password_rules


@get("/tenants/{tenant:str}/account", opt=ANY_ROLE)
async def account(request: AnyRequest, tenant: InPath) -> Response[Any]:
    return _page(await desk(request, tenant), Form())


@post("/tenants/{tenant:str}/account/password", opt=ANY_ROLE)
async def change_password(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    fields = await read_fields(request)
    user = at.signed_in.user
    new = fields.secret("new_password")
    if new != fields.secret("new_password_again"):
        return _page(at, Form(errors={"new_password_again": Words("form.passwords_differ")}))
    try:
        check_password_rules(new, user.username, user.role)
    except Refused as refused:
        return _page(at, Form(errors={"new_password": refused_words(refused)}))
    origin = Origin(
        peer=console_of(request).peer,
        channel=DOOR,
        claimed_username=user.username,
        user_address=address_of(request),
    )
    old, passcode = fields.secret("password"), fields.passcode()
    if not old or not passcode:
        return _page(at, Form(problem=Words("sign_in.refused")))
    progress = await at.services.verifications.start(origin, old, passcode)
    if not progress.is_approved or progress.verification.user_id != user.user_id:
        return _page(at, Form(problem=Words("sign_in.refused")))
    await at.services.users.set_own_password(at.signed_in.himself, new)
    token = await at.services.sessions.begin(progress.verification)
    response = at.done(at.path("account"), "console.account.password_changed")
    keep_session(response, at.site.options, DOOR, token)
    return response


@post("/tenants/{tenant:str}/account/other-sessions/end", opt=ANY_ROLE)
async def end_other_sessions(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    await at.services.sessions.end_others(at.signed_in)
    return at.done(at.path("account"), "portal.sessions.others_ended")


def _page(at: Desk, form: Form) -> Response[Any]:
    status = 422 if form.errors or form.problem else 200
    return at.page("console/account.html", status=status, user=at.signed_in.user, form=form)


ROUTES: Final = [account, change_password, end_other_sessions]
