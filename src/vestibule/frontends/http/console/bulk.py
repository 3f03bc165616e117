"""One act for many users: chosen in their list, tried, and done when the trial has been seen."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, post

from vestibule.frontends.http.console.desk import Desk, desk, refused_notice, refused_words
from vestibule.frontends.http.console.user_filters import NAMES, filter_of, words_of
from vestibule.frontends.http.fields import Fields, InPath, read_fields
from vestibule.frontends.http.rights import needs
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.templates.views import Notice, Words
from vestibule.model.actor import Right
from vestibule.services.bulk import Chosen, LeftOut
from vestibule.services.refusal import Refusal, Refused

WHERE: Final = "where_"
"""In front of the words of a filter: the form means the people that the list has shown."""
_FOUND: Final = "found"
_SHOWN: Final = 100


@post("/tenants/{tenant:str}/users/bulk", opt=needs(Right.CHANGE_PEOPLE, Right.GROUPS))
async def change_many(request: AnyRequest, tenant: InPath) -> Response[Any]:
    """Try an act, or do it after the trial."""
    at = await desk(request, tenant)
    fields = await read_fields(request)
    chosen = _chosen(fields)
    if not chosen:
        return _page(at, fields, notices=(Notice("bad", Words("bulk.nobody")),))
    act = fields.text("act", 64)
    try:
        report = await at.services.bulk.run(
            at.actor, tenant, act, chosen, _choice(at, act, fields), is_dry_run=fields.raw("step") != "do"
        )
    except Refused as refused:
        return _page(at, fields, notices=refused_notice(refused))
    left_out = tuple((one, _why(one)) for one in report.left_out[:_SHOWN])
    return _page(at, fields, report=report, left_out=left_out)


def _choice(at: Desk, act: str, fields: Fields) -> str:
    """Return what was chosen with the act; a group that is not there is refused before anybody is tried."""
    known = at.services.bulk.acts.get(act)
    if known is None or known.choice != "group":
        return ""
    return at.services.groups.find(at.actor, at.tenant_id, fields.text("choice", 64)).group_id


def _chosen(fields: Fields) -> Chosen:
    if fields.text("whom") == _FOUND:
        return filter_of(words_of(lambda name: fields.text(WHERE + name)))
    return fields.many("user_id")


def _why(one: LeftOut) -> Words:
    return refused_words(Refused(Refusal(one.why), one.key)) if one.why else Words("bulk.not_allowed")


def _page(at: Desk, fields: Fields, **more: Any) -> Response[Any]:
    kept = {name: fields.text(name) for name in ("act", "choice", "whom")}
    kept |= {WHERE + name: fields.text(WHERE + name) for name in NAMES}
    variables = {"report": None, "left_out": (), "kept": kept, "user_ids": fields.many("user_id"), **more}
    return at.page("console/bulk.html", status=422 if more.get("notices") else 200, **variables)


ROUTES: Final = [change_many]
