"""Statements: drafted from usage and prices, issued once with a number, taken back by credit notes.

A draft is kept nowhere: it is made of the days that are counted, so whoever makes it gets the same. Issuing
inserts it under a key that its month and currency make, with the next number, in one transaction; whoever
issues it again gets the one that is there.

Invariants:
- What is issued never changes; a month is issued only when each of its days is counted.
- Credit notes never take back more than the statement asks for.
- Nothing but users, attempts and licences makes a line (S11, S16).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import msgspec

from vestibule.interfaces.store import Store, Transaction
from vestibule.model.actor import Actor, Right
from vestibule.model.day import day_at
from vestibule.model.licence import LicenceKind
from vestibule.model.money import decimals, read_price
from vestibule.model.price_list import PriceList
from vestibule.model.provider import Provider
from vestibule.model.statement import (
    LineKind,
    Statement,
    StatementLine,
    credit_id,
    days_of,
    read_month,
    statement_id,
)
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.policy.rating import NoPrice, licence_line, rated, total_of, years_begun
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.statement_files import BilledStatement, with_days

LONGEST_REASON: Final = 500
MOST_CUSTOMERS_SHOWN: Final = 100


class RunResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a run over all customers came to for one of them: his statements, or why there are none."""

    tenant_id: str
    customer: str
    statements: tuple[Statement, ...] = ()
    is_new: bool = False
    """Whether this run has issued them."""
    refused: Refused | None = None


class CustomerMonth(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer pays for a month, beside what it has cost."""

    tenant_id: str
    customer: str
    statements: tuple[Statement, ...]
    """Issued, or drafts by what is counted until now."""
    refused: Refused | None
    """Why there are none."""
    phone_cost: int
    """In 1/10,000 of the currency unit of the gateways' prices; never on a bill (S11)."""


class Statements:
    def __init__(self, store: Store, configuration: ConfigurationCache) -> None:
        self._store = store
        self._configuration = configuration

    async def list(self, actor: Actor, tenant_id: str) -> tuple[Statement, ...]:
        """Return what was issued to a customer, credit notes too, the newest first."""
        actor.demand(Right.READ_BILLING, tenant_id)
        return await self._store.read(lambda tx: tx.statements(tenant_id))

    async def find(self, actor: Actor, tenant_id: str, number: str) -> BilledStatement:
        """Return one by its number, with the days that it is made of. The operator, at his own tenant, finds
        those of all customers, also of those who have gone."""
        is_operator = tenant_id == SYSTEM_TENANT and actor.may(Right.BILLING, "")
        if not is_operator:
            actor.demand(Right.READ_BILLING, tenant_id)

        async def body(tx: Transaction) -> BilledStatement:
            found = await tx.statement_numbered(number)
            if found is None or not (is_operator or found.tenant_id == tenant_id):
                raise Refused(Refusal.NOT_FOUND, number)
            return await _traced(tx, found)

        return await self._store.read(body)

    async def draft(self, actor: Actor, tenant_id: str, month: str, currency: str) -> BilledStatement:
        """Return the draft of a month in a currency with its days; once it is issued, that."""
        for one in await self.drafts(actor, tenant_id, month):
            if one.currency == currency:
                return await self._traced(one)
        raise Refused(Refusal.NOT_FOUND, f"{month} {currency}")

    async def drafts(self, actor: Actor, tenant_id: str, month: str) -> tuple[Statement, ...]:
        """Return what a month comes to by the days that are counted until now, one for each currency; of
        what is issued, that."""
        actor.demand(Right.READ_BILLING, tenant_id)
        wanted = _month(month)
        return await self._store.read(lambda tx: self._made(tx, tenant_id, wanted))

    async def issue(
        self, actor: Actor, tenant_id: str, month: str, *, dry_run: bool = False
    ) -> tuple[Statement, ...]:
        """Issue the statements of a month, those that are not issued yet. `dry_run`: only say what would
        be."""
        actor.demand(Right.BILLING, "")
        return (await self._issue(actor, tenant_id, _month(month), dry_run=dry_run))[0]

    async def run(self, actor: Actor, month: str, *, dry_run: bool = False) -> tuple[RunResult, ...]:
        """Issue the statements of a month to every customer, and say what came of each. To run it again is
        harmless: it issues what is missing."""
        actor.demand(Right.BILLING, "")
        wanted = _month(month)
        results = []
        for tenant_id in await self._store.read(_customers):
            try:
                issued, is_new = await self._issue(actor, tenant_id, wanted, dry_run=dry_run)
            except Refused as refused:
                customer = await self._customer(tenant_id)
                results.append(RunResult(tenant_id=tenant_id, customer=customer, refused=refused))
                continue
            if issued:
                customer = issued[0].customer
                results.append(
                    RunResult(tenant_id=tenant_id, customer=customer, statements=issued, is_new=is_new)
                )
        return tuple(results)

    async def overview(self, actor: Actor, month: str, after: str = "") -> tuple[CustomerMonth, ...]:
        """Return for each customer what a month comes to, issued or not, beside what his phones have cost: at
        most `MOST_CUSTOMERS_SHOWN` by tenant id behind `after`."""
        actor.demand(Right.BILLING, "")
        wanted = _month(month)
        customers = [each for each in await self._store.read(_customers) if each > after]
        return tuple([await self._of_customer(each, wanted) for each in customers[:MOST_CUSTOMERS_SHOWN]])

    async def of_month(self, actor: Actor, month: str) -> tuple[Statement, ...]:
        """Return what was issued to all customers for a month, the newest first."""
        actor.demand(Right.BILLING, "")
        wanted = _month(month)
        return await self._store.read(lambda tx: tx.statements_of_month(wanted))

    async def credit(
        self, actor: Actor, number: str, reason: str, amount: str = "", *, dry_run: bool = False
    ) -> Statement:
        """Take back a part of what a statement asks for, or all that is left of it where no amount is named.
        `dry_run`: only say what would be."""
        actor.demand(Right.BILLING, "")
        if not reason.strip() or len(reason) > LONGEST_REASON:
            raise Refused(Refusal.REASON_MISSING)

        async def body(tx: Transaction) -> Statement:
            of = await tx.statement_numbered(number)
            if of is None or of.is_credit:
                raise Refused(Refusal.NOT_FOUND, number)
            earlier = [one for one in await tx.statements(of.tenant_id) if one.credits_number == number]
            note = _credit_note(of, earlier, amount, reason.strip(), actor.name)
            if dry_run:
                return note
            issued = await tx.add_statement(note)
            await _tell(tx, actor, "credit_note.issued", issued)
            return issued

        return await (self._store.read if dry_run else self._store.transact)(body)

    # --- parts --------------------------------------------------------------------------------------

    async def _issue(
        self, actor: Actor, tenant_id: str, month: str, *, dry_run: bool
    ) -> tuple[tuple[Statement, ...], bool]:
        """Return the statements of a month, and whether any of them is issued by this."""

        async def body(tx: Transaction) -> tuple[tuple[Statement, ...], bool]:
            made = await self._made(tx, tenant_id, month)
            drafts = [one for one in made if one.is_draft]
            if (drafts or not made) and not await _is_counted(tx, tenant_id, month):
                raise Refused(Refusal.MONTH_OPEN, month)
            if dry_run:
                return made, bool(drafts)
            issued = {}
            for draft in drafts:
                signed = msgspec.structs.replace(draft, issued_by=actor.name)
                one = issued[draft.statement_id] = await tx.add_statement(signed)
                await _tell(tx, actor, "statement.issued", one)
            return tuple(issued.get(one.statement_id, one) for one in made), bool(drafts)

        return await (self._store.read if dry_run else self._store.transact)(body)

    async def _made(self, tx: Transaction, tenant_id: str, month: str) -> tuple[Statement, ...]:
        """Return the statements of a month: those that are issued, and drafts of the others."""
        issued = {
            one.statement_id: one
            for one in await tx.statements(tenant_id)
            if one.month == month and not one.is_credit
        }
        customer = await self._name(tx, tenant_id)
        lines = await _lines(tx, tenant_id, month, {one.currency for one in issued.values()})
        drafts = {
            statement_id(month, currency): Statement(
                tenant_id=tenant_id,
                statement_id=statement_id(month, currency),
                month=month,
                currency=currency,
                customer=customer,
                lines=tuple(of_currency),
                total=total_of(of_currency),
            )
            for currency, of_currency in lines.items()
        }
        return tuple(one for _, one in sorted((drafts | issued).items()))

    async def _of_customer(self, tenant_id: str, month: str) -> CustomerMonth:
        async def body(tx: Transaction) -> CustomerMonth:
            statements: tuple[Statement, ...] = ()
            refused = None
            try:
                statements = await self._made(tx, tenant_id, month)
            except Refused as missing:
                refused = missing
            return CustomerMonth(
                tenant_id=tenant_id,
                customer=await self._name(tx, tenant_id),
                statements=statements,
                refused=refused,
                phone_cost=sum(each.cost for each in await tx.phone_costs(tenant_id, *days_of(month))),
            )

        return await self._store.read(body)

    async def _customer(self, tenant_id: str) -> str:
        return await self._store.read(lambda tx: self._name(tx, tenant_id))

    async def _traced(self, statement: Statement) -> BilledStatement:
        return await self._store.read(lambda tx: _traced(tx, statement))

    async def _name(self, tx: Transaction, tenant_id: str) -> str:
        """Return what the customer is called; one who has gone with his provider is called as that was."""
        tenant = self._configuration.current.tenants.get(tenant_id)
        if tenant is not None:
            return tenant.name
        providers = await tx.providers(tenant_id)
        return providers[0].name if providers else tenant_id


async def _lines(
    tx: Transaction, tenant_id: str, month: str, billed: set[str]
) -> dict[str, list[StatementLine]]:
    """Return the lines of a month by currency, without those currencies that are billed already."""
    first, last = days_of(month)
    usages = await tx.usage(tenant_id, first, last)
    providers = sorted(await tx.providers(tenant_id), key=lambda each: each.created_at)
    lists = await tx.price_lists(SYSTEM_TENANT)
    lines: dict[str, list[StatementLine]] = {}
    try:
        for provider in providers:
            of_provider = [each for each in usages if each.provider_id == provider.provider_id]
            if of_provider and provider.currency not in billed:
                rated_lines = rated(of_provider, lists, provider.currency, provider.name)
                lines.setdefault(provider.currency, []).extend(rated_lines)
        currency = _licence_currency(providers, lists)
        if currency not in billed:
            for licence in await tx.licences(tenant_id):
                # One that is a part of another product is paid with that.
                years = years_begun(licence.first_day, licence.last_day)
                if licence.kind is LicenceKind.OWN:
                    lines.setdefault(currency, []).extend(
                        licence_line(licence.quantity, day, lists, currency)
                        for day in years
                        if first <= day <= last
                    )
    except NoPrice as missing:
        raise Refused(Refusal.PRICE_MISSING, f"{missing.currency} {missing.day}") from None
    return {currency: of_currency for currency, of_currency in lines.items() if of_currency}


def _licence_currency(providers: Sequence[Provider], lists: Sequence[PriceList]) -> str:
    """Return in which currency licences are billed: that of the customer's newest provider; of one who never
    had any, that of the operator's first price list."""
    if providers:
        return providers[-1].currency
    return min(lists, key=lambda each: each.created_at).currency if lists else ""


async def _is_counted(tx: Transaction, tenant_id: str, month: str) -> bool:
    """Tell whether the month is over and each of its days is counted for each provider."""
    first, last = days_of(month)
    if day_at(tx.now) <= last:
        return False
    meters = await tx.meters_of(tenant_id)
    for provider in await tx.providers(tenant_id):
        ended = day_at(provider.deleted_at) if provider.deleted_at is not None else last
        if day_at(provider.created_at) > last or ended < first:
            continue
        meter = meters.get(provider.provider_id)
        if meter is None or meter.next_day <= min(ended, last):
            return False
    return True


async def _customers(tx: Transaction) -> tuple[str, ...]:
    """Return who may have something to pay: who has or had a provider, or has licences."""
    found = {provider.tenant_id for provider in await tx.all_providers()}
    return tuple(sorted(found | set(await tx.licensed_tenants())))


async def _traced(tx: Transaction, statement: Statement) -> BilledStatement:
    return with_days(statement, await tx.usage(statement.tenant_id, *days_of(statement.month)))


def _credit_note(
    of: Statement, earlier: Sequence[Statement], amount: str, reason: str, issued_by: str
) -> Statement:
    left = of.total + sum((note.total for note in earlier), Decimal(0))
    back = _amount(amount, of.currency) if amount else left
    if not 0 < back <= left:
        raise Refused(Refusal.CREDIT_TOO_LARGE, f"{left} {of.currency}")
    first, last = days_of(of.month)
    line = StatementLine(
        kind=LineKind.CREDIT, from_day=first, last_day=last, count=1, units="1", price=-back, amount=-back
    )
    return Statement(
        tenant_id=of.tenant_id,
        statement_id=credit_id(of.statement_id, len(earlier) + 1),
        month=of.month,
        currency=of.currency,
        customer=of.customer,
        lines=(line,),
        total=-back,
        issued_by=issued_by,
        credits_number=of.number,
        reason=reason,
    )


def _amount(typed: str, currency: str) -> Decimal:
    try:
        read = read_price(typed)
    except ValueError:
        raise Refused(Refusal.AMOUNT_INVALID, typed) from None
    coins = read.quantize(Decimal(1).scaleb(-decimals(currency)))
    if coins != read:
        raise Refused(Refusal.AMOUNT_INVALID, typed)
    return coins


def _month(typed: str) -> str:
    try:
        return read_month(typed)
    except ValueError:
        raise Refused(Refusal.MONTH_INVALID, typed) from None


async def _tell(tx: Transaction, actor: Actor, kind: str, issued: Statement) -> None:
    name = f"{issued.total} {issued.currency}"
    await record(
        tx, actor, issued.tenant_id, kind, issued.statement_id, issued.number, month=issued.month, name=name
    )
