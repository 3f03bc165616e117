"""`vestibule usage`: what a tenant has used, day by day, and what its phones have cost."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from cyclopts import App, Parameter

from vestibule.cli.desk import Desk, at_desk
from vestibule.cli.listing import show_rows
from vestibule.cli.parameters import HERE, Json, Scope
from vestibule.cli.terminal import NotDone
from vestibule.model.price import amount

if TYPE_CHECKING:
    from vestibule.model.phone_cost import PhoneCost
    from vestibule.model.usage import MeteredUser, Usage

app = App(name="usage", help="Usage: what tenants have used, day by day.", help_format="plaintext")

Month = Annotated[str, Parameter(show_default=False, help="Such as 2026-11; left out: this month (UTC).")]


@app.command(name="list")
def list_usage(month: Month = "", /, *, as_json: Json = False, scope: Scope = HERE) -> int:
    """List what a tenant has used, by day. A day is counted about a quarter of an hour after its end (UTC).

    For example:

      vestibule usage list
      vestibule usage list 2026-11 --tenant acme --json
    """

    async def work(desk: Desk) -> None:
        from vestibule.services.statement_files import counted, usage_record

        providers = await desk.services.providers.of(desk.actor, desk.tenant_id)
        names = {one.provider_id: one.name for one in providers}

        def cells(usage: Usage) -> tuple[str, ...]:
            numbers = (
                *(usage.service_users, usage.server_users, usage.licensed),
                *(usage.service_attempts, usage.server_attempts, counted(usage)),
            )
            provider = names.get(usage.provider_id, usage.provider_id)
            return (usage.day, provider, *map(str, numbers))

        first, last = days(desk, month)
        show_rows(
            desk.terminal,
            await desk.services.metering.usage(desk.actor, desk.tenant_id, first, last),
            as_json=as_json,
            record=usage_record,
            header=(
                *("day", "provider", "service_users", "server_users", "licensed"),
                *("service_attempts", "server_attempts", "counted"),
            ),
            row=cells,
            empty="list.no_usage",
        )

    return at_desk(scope, work)


@app.command
def users(provider: str, day: str, /, *, as_json: Json = False, scope: Scope = HERE) -> int:
    """List who counted on a day, and who of them had a licence.

    For example:

      vestibule usage users 0197e… 2026-11-30

    Parameters
    ----------
    provider
        The identifier of the provider, as `usage list --json` shows it.
    day
        Such as 2026-11-30 (UTC).
    """

    async def work(desk: Desk) -> None:
        found: list[MeteredUser] = []
        while page := await desk.services.metering.users(
            desk.actor, desk.tenant_id, provider, day, found[-1].user_id if found else ""
        ):
            found += page
        show_rows(
            desk.terminal,
            found,
            as_json=as_json,
            record=_user_record,
            header=("username", "from_day", "licensed"),
            row=lambda one: (one.username, one.from_day, desk.terminal.yes_no(one.is_licensed)),
            empty="list.no_usage",
        )

    return at_desk(scope, work)


@app.command
def costs(month: Month = "", /, *, as_json: Json = False, scope: Scope = HERE) -> int:
    """List what texts and calls of a tenant have cost, by gateway and country. No bill has them.

    For example:

      vestibule usage costs 2026-11 --tenant acme
    """

    async def work(desk: Desk) -> None:
        gateways = {key[1]: one.name for key, one in desk.snapshot.gateways.items()}

        def cells(one: PhoneCost) -> tuple[str, ...]:
            gateway = gateways.get(one.gateway_id, one.gateway_id)
            carries = desk.terminal.named("gateway.carries", one.carries.value)
            return (gateway, f"+{one.calling_code}", carries, str(one.count), amount(one.cost))

        first, last = days(desk, month)
        show_rows(
            desk.terminal,
            await desk.services.phone_costs.of_tenant(desk.actor, desk.tenant_id, first, last),
            as_json=as_json,
            record=_cost_record,
            header=("gateway", "country", "carries", "count", "cost"),
            row=cells,
            empty="list.no_phone_costs",
        )

    return at_desk(scope, work)


@app.command
def budget(provider: str, amount: str = "", /, *, scope: Scope = HERE) -> int:
    """Set what a month of a provider may cost: when 80 and 100 percent are spent, somebody is told.

    For example:

      vestibule usage budget 0197e… 500
      vestibule usage budget 0197e…

    Parameters
    ----------
    provider
        The identifier of the provider.
    amount
        In its currency; left out: there is no budget any more.
    """

    async def work(desk: Desk) -> None:
        await desk.services.budgets.put(desk.actor, desk.tenant_id, provider, amount)
        desk.terminal.say("budget.set" if amount else "budget.removed")

    return at_desk(scope, work)


def days(desk: Desk, month: str) -> tuple[str, str]:
    """Return the first and the last day of a month that somebody has typed, or of this one."""
    from vestibule.model.statement import days_of, read_month

    try:
        return days_of(read_month(month or f"{datetime.fromtimestamp(desk.now / 1000, UTC):%Y-%m}"))
    except ValueError:
        raise NotDone("refusal.month_invalid", key=month) from None


def _user_record(user: MeteredUser) -> dict[str, Any]:
    record: dict[str, Any] = msgspec.to_builtins(user)
    return {name: record[name] for name in ("user_id", "username", "from_day", "until_day", "is_licensed")}


def _cost_record(cost: PhoneCost) -> dict[str, Any]:
    record: dict[str, Any] = msgspec.to_builtins(cost)
    return {name: record[name] for name in ("gateway_id", "calling_code", "carries", "count", "cost")}
