"""Usage and bills: of a tenant, what it has used and owes; of the operator, all customers beside what they
cost. Prices and bills are the operator's to make, at his own tenant."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any, Final

from litestar import Response, get, post
from litestar.exceptions import NotFoundException

from vestibule.frontends.http.console.desk import Desk, desk, refused_form, refused_words, with_query
from vestibule.frontends.http.downloads import download
from vestibule.frontends.http.fields import InPath, asked, read_fields
from vestibule.frontends.http.pages import language_of
from vestibule.frontends.http.rights import needs
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.templates.views import Form
from vestibule.model.actor import Right
from vestibule.model.day import day_after
from vestibule.model.statement import Statement, days_of, read_month
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.services.metering import MOST_USERS_SHOWN
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.statement_formats import FileFormat, statement_file
from vestibule.services.statement_pdf import not_as_written
from vestibule.services.statements import MOST_CUSTOMERS_SHOWN

_READING: Final = needs(Right.READ_BILLING)
_OPERATOR: Final = needs(Right.BILLING)
_AT_CREDIT: Final = {
    Refusal.REASON_MISSING: "reason",
    Refusal.AMOUNT_INVALID: "amount",
    Refusal.CREDIT_TOO_LARGE: "amount",
}
_AT_PRICES: Final = {
    Refusal.CURRENCY_INVALID: "currency",
    Refusal.DAY_INVALID: "from_day",
    Refusal.BILLED_ALREADY: "from_day",
    Refusal.NAME_TAKEN: "from_day",
}
_PRICES: Final = ("currency", "from_day", "per_user", "per_pack", "per_licence")


@get("/tenants/{tenant:str}/billing", opt=_READING)
async def billing(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    month = _month(at, asked(request, "month"))
    if tenant == SYSTEM_TENANT:
        after = asked(request, "cursor", 200)
        customers = await at.services.statements.overview(at.actor, month, after)
        return at.page(
            "console/billing_overview.html",
            month=month,
            around=_around(month),
            customers=customers,
            cursor=after,
            next_cursor=customers[-1].tenant_id if len(customers) == MOST_CUSTOMERS_SHOWN else "",
            problems={one.tenant_id: refused_words(one.refused) for one in customers if one.refused},
            issued=await at.services.statements.of_month(at.actor, month),
        )
    return await _tenant_page(at, month)


@post("/tenants/{tenant:str}/billing/issue", opt=_OPERATOR)
async def issue(request: AnyRequest, tenant: InPath) -> Response[Any]:
    """Issue the statements of a month to every customer."""
    at = await desk(request, tenant)
    month = _month(at, (await read_fields(request)).text("month"))
    results = await at.services.statements.run(at.actor, month)
    count = str(sum(result.is_new for result in results))
    return at.done(with_query(at.path("billing"), month=month), "console.billing.issued", number=count)


@post("/tenants/{tenant:str}/budgets/{provider:str}", opt=needs(Right.SETTINGS, Right.BILLING))
async def set_budget(request: AnyRequest, tenant: InPath, provider: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    amount = (await read_fields(request)).text("amount", 20)
    try:
        await at.services.budgets.put(at.actor, tenant, provider, amount)
    except Refused as refused:
        if refused.why is Refusal.NOT_FOUND:
            raise NotFoundException from None
        form = refused_form(refused, {"amount": amount}, {Refusal.AMOUNT_INVALID: "amount"})
        return await _tenant_page(at, _month(at, ""), {provider: form})
    return at.done(at.path("billing"), "form.saved")


@get("/tenants/{tenant:str}/usage/{provider:str}/{day:str}", opt=_READING)
async def usage_of_day(request: AnyRequest, tenant: InPath, provider: InPath, day: InPath) -> Response[Any]:
    """Show who counted on a day, and where its attempts are."""
    at = await desk(request, tenant)
    usages = await at.services.metering.usage(at.actor, tenant, day, day)
    found = [usage for usage in usages if usage.provider_id == provider]
    if not found:
        raise NotFoundException
    after = asked(request, "cursor", 200)
    users = await at.services.metering.users(at.actor, tenant, provider, day, after)
    return at.page(
        "console/usage_day.html",
        usage=found[0],
        users=users,
        cursor=after,
        next_cursor=users[-1].user_id if len(users) == MOST_USERS_SHOWN else "",
    )


@get("/tenants/{tenant:str}/statements/{number:str}", opt=_READING)
async def show_statement(request: AnyRequest, tenant: InPath, number: InPath) -> Response[Any]:
    return await _statement_page(await desk(request, tenant), number, Form())


@get("/tenants/{tenant:str}/statements/{number:str}/{wanted:str}", opt=_READING)
async def statement_as_file(
    request: AnyRequest, tenant: InPath, number: InPath, wanted: InPath
) -> Response[bytes]:
    at = await desk(request, tenant)
    if wanted not in list(FileFormat):
        raise NotFoundException
    try:
        billed = await at.services.statements.find(at.actor, tenant, number)
    except Refused:
        raise NotFoundException from None
    issuer = at.snapshot.tenants[SYSTEM_TENANT].settings.issuer
    language = language_of(request, at.signed_in)
    return download(await asyncio.to_thread(statement_file, billed, FileFormat(wanted), language, issuer))


@post("/tenants/{tenant:str}/statements/{number:str}/credit", opt=_OPERATOR)
async def credit(request: AnyRequest, tenant: InPath, number: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    fields = await read_fields(request)
    typed = {"amount": fields.text("amount", 20), "reason": fields.text("reason", 500)}
    try:
        note = await at.services.statements.credit(at.actor, number, typed["reason"], typed["amount"])
    except Refused as refused:
        return await _statement_page(at, number, refused_form(refused, typed, _AT_CREDIT))
    return at.done(at.path("statements", note.number), "console.billing.credited", number=note.number)


@get("/tenants/{tenant:str}/prices", opt=_OPERATOR)
async def prices(request: AnyRequest, tenant: InPath) -> Response[Any]:
    return await _prices_page(await desk(request, tenant), Form())


@post("/tenants/{tenant:str}/prices", opt=_OPERATOR)
async def add_prices(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    fields = await read_fields(request)
    typed = {name: fields.text(name, 20) for name in _PRICES}
    try:
        await at.services.price_lists.add(at.actor, *typed.values())
    except Refused as refused:
        return await _prices_page(at, refused_form(refused, typed, _AT_PRICES))
    return at.done(at.path("prices"), "form.saved")


@post("/tenants/{tenant:str}/prices/{price_list:str}/remove", opt=_OPERATOR)
async def remove_prices(request: AnyRequest, tenant: InPath, price_list: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    try:
        await at.services.price_lists.remove(at.actor, price_list)
    except Refused as refused:
        return await _prices_page(at, Form(problem=refused_words(refused)))
    return at.done(at.path("prices"), "console.billing.prices_removed")


async def _tenant_page(at: Desk, month: str, forms: dict[str, Form] | None = None) -> Response[Any]:
    first, last = days_of(month)
    is_operator = at.actor.may(Right.BILLING, "")
    problem = None
    drafts: tuple[Statement, ...] = ()
    try:
        drafts = await at.services.statements.drafts(at.actor, at.tenant_id, month)
    except Refused as refused:
        problem = refused_words(refused)
    provider = at.snapshot.providers.get(at.tenant_id)
    budget = (
        await at.services.budgets.find(at.actor, at.tenant_id, provider.provider_id) if provider else None
    )
    gateways = {key[1]: one.name for key, one in at.snapshot.gateways.items() if key[0] == at.tenant_id}
    costs = (
        await at.services.phone_costs.of_tenant(at.actor, at.tenant_id, first, last) if is_operator else ()
    )
    form = (forms or {}).get(provider.provider_id) if provider else None
    return at.page(
        "console/billing.html",
        status=422 if forms else 200,
        month=month,
        around=_around(month),
        statements=drafts,
        problem=problem,
        usages=await at.services.metering.usage(at.actor, at.tenant_id, first, last),
        issued=await at.services.statements.list(at.actor, at.tenant_id),
        provider=provider,
        form=form or Form({"amount": str(budget.amount) if budget else ""}),
        costs=costs,
        gateways=gateways,
        is_operator=is_operator,
    )


async def _statement_page(at: Desk, number: str, form: Form) -> Response[Any]:
    try:
        billed = await at.services.statements.find(at.actor, at.tenant_id, number)
    except Refused:
        raise NotFoundException from None
    issuer = at.snapshot.tenants[SYSTEM_TENANT].settings.issuer
    return at.page(
        "console/statement.html",
        status=422 if form.errors or form.problem else 200,
        unwritten=await asyncio.to_thread(not_as_written, billed, issuer),
        statement=billed.statement,
        days=billed.days,
        form=form,
        formats=tuple(FileFormat),
        may_credit=at.actor.may(Right.BILLING, "") and not billed.statement.is_credit,
    )


async def _prices_page(at: Desk, form: Form) -> Response[Any]:
    return at.page(
        "console/prices.html",
        status=422 if form.errors or form.problem else 200,
        lists=await at.services.price_lists.list(at.actor),
        form=form,
    )


def _month(at: Desk, typed: str) -> str:
    """Return the month that is asked for; this one if none is, or none that there is."""
    try:
        return read_month(typed)
    except ValueError:
        return f"{datetime.fromtimestamp(at.services.clock.now() / 1000, UTC):%Y-%m}"


def _around(month: str) -> tuple[str, str]:
    """Return the month before and the month after."""
    first, last = days_of(month)
    return day_after(first, -1)[:7], day_after(last)[:7]


ROUTES: Final = [
    billing,
    issue,
    set_budget,
    usage_of_day,
    show_statement,
    statement_as_file,
    credit,
    prices,
    add_prices,
    remove_prices,
]
