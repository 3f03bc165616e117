"""Access rules: the list in its order, one rule, the versions, the tenant's trusted addresses, a rehearsal.

Each change is a new version that says which one it was made from. A change after which its author could not
come back is asked about once more.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from litestar import Response, get, post
from litestar.exceptions import NotFoundException

from vestibule.crypto.tokens import new_id
from vestibule.frontends.http.console.access_rule_form import (
    names_of,
    read_rule,
    rule_page,
    typed_rule,
)
from vestibule.frontends.http.console.desk import (
    CHANGED_MEANWHILE,
    Desk,
    desk,
    refused_notice,
    refused_words,
)
from vestibule.frontends.http.console.skipping import addresses
from vestibule.frontends.http.door import address_of
from vestibule.frontends.http.fields import LONG, Fields, InPath, asked, read_fields, whole_number
from vestibule.frontends.http.rights import needs
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.templates.views import Choice, Form, Notice, Words
from vestibule.interfaces.store import Conflict
from vestibule.model.access_rule import AccessRule, RuleSet
from vestibule.model.actor import Right
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.rule_sets import LONGEST_NOTE, never_asked

VERSIONS: Final = 20


@get("/tenants/{tenant:str}/access-rules", opt=needs(Right.READ_CONFIGURATION))
async def access_rules(request: AnyRequest, tenant: InPath) -> Response[Any]:
    return await _list_page(await desk(request, tenant))


@get("/tenants/{tenant:str}/access-rules/new", opt=needs(Right.RULES))
async def new_rule(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    return await rule_page(at, _current(at), None, Form())


@get("/tenants/{tenant:str}/access-rules/rules/{rule:str}", opt=needs(Right.READ_CONFIGURATION))
async def show_rule(request: AnyRequest, tenant: InPath, rule: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    current = _current(at)
    return await rule_page(at, current, _rule(current, rule), Form())


@post("/tenants/{tenant:str}/access-rules", opt=needs(Right.RULES))
async def add_rule(request: AnyRequest, tenant: InPath) -> Response[Any]:
    """Add a rule behind all others: it takes nothing from them."""
    at = await desk(request, tenant)
    fields = await read_fields(request)
    return await _saved(at, fields, None)


@post("/tenants/{tenant:str}/access-rules/rules/{rule:str}", opt=needs(Right.RULES))
async def change_rule(request: AnyRequest, tenant: InPath, rule: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    fields = await read_fields(request)
    return await _saved(at, fields, _rule(_current(at), rule))


@post("/tenants/{tenant:str}/access-rules/rules/{rule:str}/move", opt=needs(Right.RULES))
async def move_rule(request: AnyRequest, tenant: InPath, rule: InPath) -> Response[Any]:
    """Have a rule asked one place earlier or later."""
    at = await desk(request, tenant)
    fields = await read_fields(request)
    rules = list(_current(at).rules)
    place = rules.index(_rule(_current(at), rule))
    other = place + (-1 if fields.text("to") == "earlier" else 1)
    if 0 <= other < len(rules):
        rules[place], rules[other] = rules[other], rules[place]
    return await _changed(at, fields, tuple(rules), f"access-rules/rules/{rule}/move", "form.saved")


@post("/tenants/{tenant:str}/access-rules/rules/{rule:str}/remove", opt=needs(Right.RULES))
async def remove_rule(request: AnyRequest, tenant: InPath, rule: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    fields = await read_fields(request)
    gone = _rule(_current(at), rule)
    rules = tuple(each for each in _current(at).rules if each.rule_id != gone.rule_id)
    path = f"access-rules/rules/{rule}/remove"
    return await _changed(at, fields, rules, path, "console.access.removed", name=gone.name)


@get("/tenants/{tenant:str}/access-rules/versions", opt=needs(Right.READ_CONFIGURATION))
async def rule_versions(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    current = _current(at)
    before = int(asked(request, "before", 9) or 0) if asked(request, "before", 9).isdecimal() else 0
    older = before or current.version + 1
    found = await at.services.rule_sets.versions(at.actor, tenant, older, VERSIONS)
    return at.page(
        "console/access_rule_versions.html",
        version=current.version,
        versions=found,
        before=found[-1].version if len(found) == VERSIONS and found[-1].version > 1 else 0,
    )


@post("/tenants/{tenant:str}/access-rules/versions/{version:str}/restore", opt=needs(Right.RULES))
async def restore_version(request: AnyRequest, tenant: InPath, version: InPath) -> Response[Any]:
    """Make the rules of an older version those that hold; as a new version."""
    at = await desk(request, tenant)
    fields, number = await read_fields(request), whole_number(version) or 0
    found = await at.services.rule_sets.versions(at.actor, tenant, number + 1, 1)
    if not found or found[0].version != number:
        raise NotFoundException
    path = f"access-rules/versions/{number}/restore"
    return await _changed(at, fields, found[0].rules, path, "console.access.restored", version=str(number))


@post("/tenants/{tenant:str}/access-rules/trusted-addresses", opt=needs(Right.SETTINGS))
async def change_trusted_addresses(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    fields = await read_fields(request)
    typed = {"trusted_addresses": fields.text("trusted_addresses", LONG)}
    if fields.whole("tenant_version") != at.tenant.version:
        return await _list_page(at, form=Form(typed, problem=CHANGED_MEANWHILE), status=409)
    settings = at.tenant.settings
    wanted = msgspec.structs.replace(settings, trusted_addresses=addresses(fields, "trusted_addresses"))
    try:
        await at.services.applications.change_settings(at.actor, tenant, wanted)
    except Refused as refused:
        form = Form(typed, {"trusted_addresses": refused_words(refused)})
        return await _list_page(at, form=form, status=422)
    except Conflict:
        return await _list_page(at, form=Form(typed, problem=CHANGED_MEANWHILE), status=409)
    return at.done(at.path("access-rules"), "form.saved")


@get("/tenants/{tenant:str}/access-rules/rehearsal", opt=needs(Right.READ_CONFIGURATION))
async def rehearse(request: AnyRequest, tenant: InPath) -> Response[Any]:
    """Show what would be decided about somebody, and why. Changes nothing, so it is a question in the
    address line that can be kept."""
    at = await desk(request, tenant)
    typed = {name: asked(request, name) for name in ("username", "application", "address")}
    rehearsal, form = None, Form(typed)
    if typed["username"]:
        try:
            rehearsal = await at.services.rule_sets.rehearse(
                at.actor,
                tenant,
                username=typed["username"],
                application_id=typed["application"],
                address=typed["address"],
            )
        except Refused as refused:
            field = "address" if refused.why is Refusal.ADDRESS_INVALID else "username"
            form = Form(typed, {field: refused_words(refused)})
    found = at.services.applications.applications(at.actor, tenant)
    return at.page(
        "console/access_rehearsal.html",
        status=422 if form.errors else 200,
        form=form,
        applications=tuple(Choice(one.application_id, one.name) for one in found),
        rehearsal=rehearsal,
    )


# --- parts ----------------------------------------------------------------------------------------------


def _current(at: Desk) -> RuleSet:
    return at.services.rule_sets.current(at.actor, at.tenant_id)


def _rule(rules: RuleSet, rule_id: str) -> AccessRule:
    found = next((rule for rule in rules.rules if rule.rule_id == rule_id), None)
    if found is None:
        raise NotFoundException
    return found


async def _saved(at: Desk, fields: Fields, before: AccessRule | None) -> Response[Any]:
    """Write one rule: a new one behind all others, an old one in its place."""
    current = _current(at)
    wanted = await read_rule(at, fields, before.rule_id if before else new_id())
    if isinstance(wanted, Form):
        return await rule_page(at, current, before, wanted, fields)
    kept = [wanted if each.rule_id == wanted.rule_id else each for each in current.rules]
    rules = (*kept, wanted) if before is None else tuple(kept)
    try:
        await _write(at, fields, rules)
    except Refused as refused:
        form = Form(typed_rule(fields), problem=refused_words(refused))
        asks = refused.why is Refusal.LOCKS_OUT
        return await rule_page(at, current, before, form, fields, asks_anyway=asks)
    return at.done(at.path("access-rules"), "console.access.saved", name=wanted.name)


async def _changed(
    at: Desk, fields: Fields, rules: tuple[AccessRule, ...], path: str, key: str, **values: str
) -> Response[Any]:
    """Write rules that a button of a list makes; where that would lock its user out, ask once more."""
    try:
        await _write(at, fields, rules)
    except Refused as refused:
        if refused.why is not Refusal.LOCKS_OUT:
            return await _list_page(at, refused_notice(refused), status=409)
        again = {name: fields.text(name) for name in ("to", "version") if fields.text(name)}
        return at.page(
            "console/access_anyway.html",
            status=409,
            path=f"{at.base}/{path}",
            again=again,
            problem=refused_words(refused),
        )
    return at.done(at.path("access-rules"), key, **values)


async def _write(at: Desk, fields: Fields, rules: tuple[AccessRule, ...]) -> None:
    await at.services.rule_sets.write(
        at.actor,
        at.tenant_id,
        rules,
        seen=fields.whole("version") or 0,
        note=fields.text("note", LONGEST_NOTE),
        address=address_of(at.request),
        anyway=fields.is_ticked("anyway"),
    )


async def _list_page(
    at: Desk, notices: tuple[Notice, ...] = (), form: Form | None = None, status: int = 200
) -> Response[Any]:
    current = _current(at)
    idle = never_asked(current.rules)
    if idle:
        words = Words("console.access.never_asked", {"names": ", ".join(rule.name for rule in idle)})
        notices = (*notices, Notice("wait", words))
    return at.page(
        "console/access_rules.html",
        status=status,
        notices=notices,
        version=current.version,
        rules=current.rules,
        names=await names_of(at, current.rules),
        form=form or Form(),
        trusted_addresses=at.tenant.settings.trusted_addresses,
        tenant_version=at.tenant.version,
    )


ROUTES: Final = [
    access_rules,
    new_rule,
    show_rule,
    add_rule,
    change_rule,
    move_rule,
    remove_rule,
    rule_versions,
    restore_version,
    change_trusted_addresses,
    rehearse,
]
