"""Usage, price lists, statements and what phones have cost. Prices and bills are the operator's to make."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated

from litestar import Controller, Response, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta

from vestibule.frontends.http.api.caller import Caller
from vestibule.frontends.http.api.description import problems
from vestibule.frontends.http.api.records.listing import Listing, Record, whole
from vestibule.frontends.http.api.request import Discreet
from vestibule.frontends.http.api.values import Cursor, PathId, Reason
from vestibule.frontends.http.downloads import download
from vestibule.frontends.http.rights import needs
from vestibule.model.actor import Right
from vestibule.model.budget import Budget
from vestibule.model.phone_cost import PhoneCost
from vestibule.model.price_list import PriceList
from vestibule.model.statement import Statement, days_of
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.model.usage import Usage
from vestibule.policy.rating import units_of
from vestibule.services.metering import MOST_USERS_SHOWN
from vestibule.services.statement_files import counted
from vestibule.services.statement_formats import FileFormat, statement_file
from vestibule.services.statements import RunResult

_DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
Month = Annotated[str, Meta(pattern=r"^2[0-9]{3}-(0[1-9]|1[0-2])$", description="Such as 2026-11.")]
Amount = Annotated[
    str, Meta(max_length=20, pattern=r"^[0-9]+([.][0-9]{1,6})?$", description="Such as 12.50.")
]
AskedMonth = Annotated[
    str,
    QueryParameter(
        pattern=r"^(2[0-9]{3}-(0[1-9]|1[0-2]))?$", description="Such as 2026-11; left out: this one."
    ),
]
AskedFormat = Annotated[FileFormat, QueryParameter(description="Of a PDF, `lang` says in which language.")]
AskedLanguage = Annotated[str, QueryParameter(pattern=r"^(en|de)$")]
_BILLS = needs(Right.READ_BILLING)


class UsageRecord(Record):
    """What a day came to for one provider. `count` is what is paid for, `units` the exact fraction of it that
    is priced."""

    provider_id: str
    day: str
    usage_model: str
    service_users: int
    server_users: int
    licensed: int
    is_synchronised: bool
    service_attempts: int
    server_attempts: int
    metered_at: int
    count: int
    units: str


class MeteredUserRecord(Record):
    user_id: str
    username: str
    from_day: str
    until_day: str
    is_licensed: bool


class LineRecord(Record):
    kind: str
    provider_id: str
    provider_name: str
    from_day: str
    last_day: str
    count: int
    units: str
    price: str
    amount: str


class StatementRecord(Record):
    """Without a number it is a draft. Amounts are decimal texts."""

    tenant_id: str
    number: str
    month: str
    currency: str
    customer: str
    lines: list[LineRecord]
    total: str
    issued_at: int
    issued_by: str
    credits_number: str
    reason: str


class IssuedRecord(Record):
    """What came of a run for one customer; `problem` says why there are no statements."""

    tenant_id: str
    customer: str
    is_new: bool
    problem: str
    statements: list[StatementRecord]


class PriceListRecord(Record):
    named = "price_list_id"

    id: str
    currency: str
    from_day: str
    per_user: str
    per_pack: str
    per_licence: str
    created_at: int


class PhoneCostRecord(Record):
    """`cost` is in 1/10,000 of the currency unit of the gateways' prices."""

    gateway_id: str
    calling_code: str
    carries: str
    count: int
    cost: int


class BudgetRecord(Record):
    provider_id: str
    amount: str
    percents: list[int]
    version: int


class NewPriceList(Discreet):
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]
    from_day: Annotated[str, Meta(pattern=_DAY)]
    per_user: Amount
    per_pack: Amount
    per_licence: Amount = "0"
    dry_run: bool = False


class NewStatements(Discreet):
    month: Month
    dry_run: bool = False


class NewCredit(Discreet):
    reason: Reason
    amount: Amount | None = None
    """Left out: all that is left of the statement."""
    dry_run: bool = False


class NewBudget(Discreet):
    amount: Amount | None
    """In the provider's currency; null: there is no budget any more."""


class Usages(Controller):
    tags = ("Billing",)

    @get("/usage", responses=problems(404), opt=_BILLS)
    async def read_usage(
        self, caller: NamedDependency[Caller], month: AskedMonth = ""
    ) -> Listing[UsageRecord]:
        """List what the tenant has used in a month, by day and provider."""
        first, last = days_of(month or _this_month(caller))
        found = await caller.services.metering.usage(caller.actor, caller.tenant_id, first, last)
        return whole(map(usage_record, found))

    @get("/usage/{provider_id:str}/{day:str}/users", responses=problems(404), opt=_BILLS)
    async def list_counted_users(
        self, caller: NamedDependency[Caller], provider_id: PathId, day: PathId, cursor: Cursor = ""
    ) -> Listing[MeteredUserRecord]:
        """List who counted on a day, by user id."""
        found = await caller.services.metering.users(caller.actor, caller.tenant_id, provider_id, day, cursor)
        following = found[-1].user_id if len(found) == MOST_USERS_SHOWN else ""
        return Listing([MeteredUserRecord.of(user) for user in found], following)

    @get("/phone-costs", responses=problems(404), opt=needs(Right.BILLING))
    async def list_phone_costs(
        self, caller: NamedDependency[Caller], month: AskedMonth = ""
    ) -> Listing[PhoneCostRecord]:
        """List what texts and calls of the tenant have cost the operator, by gateway and country. For keys of
        the system tenant."""
        first, last = days_of(month or _this_month(caller))
        found = await caller.services.phone_costs.of_tenant(caller.actor, caller.tenant_id, first, last)
        return whole(map(phone_cost_record, found))

    @put(
        "/budgets/{provider_id:str}",
        responses=problems(404, 409, 422),
        opt=needs(Right.BILLING, Right.SETTINGS),
    )
    async def change_budget(
        self, caller: NamedDependency[Caller], provider_id: PathId, data: JSONBody[NewBudget]
    ) -> BudgetRecord | None:
        """Say what a month of a provider may cost: when 80 and 100 percent are spent, somebody is told."""
        budget = await caller.services.budgets.put(
            caller.actor, caller.tenant_id, provider_id, data.amount or ""
        )
        return budget_record(budget) if budget is not None else None


class PriceLists(Controller):
    tags = ("Billing",)
    path = "/price-lists"
    opt = needs(Right.BILLING)

    @get("/", responses=problems(404))
    async def list_price_lists(self, caller: NamedDependency[Caller]) -> Listing[PriceListRecord]:
        """List the price lists by currency, the newest first. For keys of the system tenant."""
        return whole(map(price_list_record, await caller.services.price_lists.list(caller.actor)))

    @post("/", responses=problems(404, 409, 422))
    async def add_price_list(
        self, caller: NamedDependency[Caller], data: JSONBody[NewPriceList]
    ) -> PriceListRecord:
        """Add a price list; it holds from its day on, after the last month billed in its currency."""
        prices = (data.per_user, data.per_pack, data.per_licence)
        added = await caller.services.price_lists.add(
            caller.actor, data.currency, data.from_day, *prices, dry_run=data.dry_run
        )
        return price_list_record(added)

    @delete("/{price_list_id:str}", responses=problems(404, 409, 422))
    async def remove_price_list(self, caller: NamedDependency[Caller], price_list_id: PathId) -> None:
        """Remove a price list by which nothing was billed yet."""
        await caller.services.price_lists.remove(caller.actor, price_list_id)


class Statements(Controller):
    tags = ("Billing",)
    path = "/statements"

    @get("/", responses=problems(404), opt=_BILLS)
    async def list_statements(self, caller: NamedDependency[Caller]) -> Listing[StatementRecord]:
        """List the statements and credit notes of the tenant, the newest first."""
        found = await caller.services.statements.list(caller.actor, caller.tenant_id)
        return whole(map(statement_record, found))

    @get("/drafts", responses=problems(404, 422), opt=_BILLS)
    async def list_drafts(
        self, caller: NamedDependency[Caller], month: AskedMonth = ""
    ) -> Listing[StatementRecord]:
        """Return what a month comes to by the days that are counted until now, one for each currency; what is
        issued, as that."""
        wanted = month or _this_month(caller)
        found = await caller.services.statements.drafts(caller.actor, caller.tenant_id, wanted)
        return whole(map(statement_record, found))

    @post("/", responses=problems(404, 409, 422), opt=needs(Right.BILLING))
    async def issue_statements(
        self, caller: NamedDependency[Caller], data: JSONBody[NewStatements]
    ) -> Listing[IssuedRecord]:
        """Issue the statements of a month to every customer, those that are not issued yet. To repeat it is
        harmless. For keys of the system tenant."""
        results = await caller.services.statements.run(caller.actor, data.month, dry_run=data.dry_run)
        return whole(map(_issued_record, results))

    @get("/{number:str}", responses=problems(404), opt=_BILLS)
    async def read_statement(self, caller: NamedDependency[Caller], number: PathId) -> StatementRecord:
        """Read a statement or credit note. A key of the system tenant reads those of all customers."""
        billed = await caller.services.statements.find(caller.actor, caller.tenant_id, number)
        return statement_record(billed.statement)

    @get("/{number:str}/file", responses=problems(404), opt=_BILLS)
    async def read_statement_file(
        self,
        caller: NamedDependency[Caller],
        number: PathId,
        format: AskedFormat = FileFormat.PDF,
        lang: AskedLanguage = "en",
    ) -> Response[bytes]:
        """Return a statement as a file, with each day that its lines are made of."""
        billed = await caller.services.statements.find(caller.actor, caller.tenant_id, number)
        issuer = caller.services.configuration.current.tenants[SYSTEM_TENANT].settings.issuer
        return download(await asyncio.to_thread(statement_file, billed, format, lang, issuer))

    @post("/{number:str}/credit", responses=problems(404, 409, 422), opt=needs(Right.BILLING))
    async def credit_statement(
        self, caller: NamedDependency[Caller], number: PathId, data: JSONBody[NewCredit]
    ) -> StatementRecord:
        """Take back a part of what a statement asks for, by a credit note. For keys of the system tenant."""
        note = await caller.services.statements.credit(
            caller.actor, number, data.reason, data.amount or "", dry_run=data.dry_run
        )
        return statement_record(note)


def usage_record(usage: Usage) -> UsageRecord:
    made: UsageRecord = UsageRecord.of(
        usage,
        usage_model=usage.usage_model.value,
        count=counted(usage),
        units=str(units_of(usage)),
    )
    return made


def statement_record(statement: Statement) -> StatementRecord:
    lines = [
        LineRecord.of(line, kind=line.kind.value, price=str(line.price), amount=str(line.amount))
        for line in statement.lines
    ]
    made: StatementRecord = StatementRecord.of(statement, lines=lines, total=str(statement.total))
    return made


def price_list_record(prices: PriceList) -> PriceListRecord:
    amounts = {name: str(getattr(prices, name)) for name in ("per_user", "per_pack", "per_licence")}
    made: PriceListRecord = PriceListRecord.of(prices, **amounts)
    return made


def phone_cost_record(cost: PhoneCost) -> PhoneCostRecord:
    made: PhoneCostRecord = PhoneCostRecord.of(cost, carries=cost.carries.value)
    return made


def budget_record(budget: Budget) -> BudgetRecord:
    made: BudgetRecord = BudgetRecord.of(budget, amount=str(budget.amount), percents=list(budget.percents))
    return made


def _issued_record(result: RunResult) -> IssuedRecord:
    problem = result.refused.why.value if result.refused is not None else ""
    statements = [statement_record(one) for one in result.statements]
    made: IssuedRecord = IssuedRecord.of(result, problem=problem, statements=statements)
    return made


def _this_month(caller: Caller) -> str:
    return f"{datetime.fromtimestamp(caller.services.clock.now() / 1000, UTC):%Y-%m}"
