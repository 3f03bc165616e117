"""`vestibule price`: what usage costs, in each currency from a day on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from cyclopts import App

from vestibule.cli.configuration import ConfigFile
from vestibule.cli.desk import Desk, in_the_house
from vestibule.cli.listing import show_rows
from vestibule.cli.parameters import DryRun, Json, Yes
from vestibule.model.money import shown_price

if TYPE_CHECKING:
    from vestibule.model.price_list import PriceList

app = App(name="price", help="Price lists: what usage costs.", help_format="plaintext")

_HEADER = ("currency", "from_day", "per_user", "per_pack", "per_licence", "id")


@app.command(name="list")
def list_prices(*, as_json: Json = False, config: ConfigFile = None) -> int:
    """List the price lists by currency, the newest first. Each holds until the next one begins.

    For example:

      vestibule price list
    """

    async def work(desk: Desk) -> None:
        _show(desk, await desk.services.price_lists.list(desk.actor), as_json=as_json)

    return in_the_house(config, work)


@app.command
def add(
    currency: str,
    from_day: str,
    /,
    *,
    per_user: str,
    per_pack: str,
    per_licence: str = "0",
    dry_run: DryRun = False,
    as_json: Json = False,
    config: ConfigFile = None,
) -> int:
    """Add a price list. It holds from its day on, after the last month that was billed in its currency.

    For example:

      vestibule price add EUR 2027-01-01 --per-user 1.40 --per-pack 1.40 --dry-run
      vestibule price add EUR 2027-01-01 --per-user 1.40 --per-pack 1.40 --per-licence 16.80

    Parameters
    ----------
    currency
        Its three letters.
    from_day
        The first day on which it holds (UTC), such as 2027-01-01.
    per_user
        What a configured user costs in a month of 31 days, without taxes.
    per_pack
        What ten authentications cost.
    per_licence
        What a licence costs in a year.
    """

    async def work(desk: Desk) -> None:
        added = await desk.services.price_lists.add(
            desk.actor, currency, from_day, per_user, per_pack, per_licence, dry_run=dry_run
        )
        _show(desk, [added], as_json=as_json)
        if dry_run:
            desk.terminal.note("dry_run")

    return in_the_house(config, work)


@app.command
def remove(
    price_list: str, /, *, yes: Yes = False, dry_run: DryRun = False, config: ConfigFile = None
) -> int:
    """Remove a price list by which nothing was billed yet.

    For example:

      vestibule price remove 0197e… --dry-run

    Parameters
    ----------
    price_list
        Its identifier, as the list shows it.
    """

    async def work(desk: Desk) -> None:
        lists = await desk.services.price_lists.list(desk.actor)
        found = [one for one in lists if one.price_list_id == price_list]
        _show(desk, found, as_json=False)
        if dry_run:
            desk.terminal.note("dry_run")
            return
        desk.terminal.confirm(yes, "ask.remove_price_list")
        await desk.services.price_lists.remove(desk.actor, price_list)
        desk.terminal.say("price.removed")

    return in_the_house(config, work)


def _show(desk: Desk, lists: Any, *, as_json: bool) -> None:
    show_rows(
        desk.terminal,
        lists,
        as_json=as_json,
        record=price_list_record,
        header=_HEADER,
        row=_cells,
        empty="list.no_price_lists",
    )


def price_list_record(prices: PriceList) -> dict[str, Any]:
    record: dict[str, Any] = msgspec.to_builtins(prices)
    record["id"] = record.pop("price_list_id")
    del record["tenant_id"]
    return record


def _cells(prices: PriceList) -> tuple[str, ...]:
    amounts = (prices.per_user, prices.per_pack, prices.per_licence)
    shown = [shown_price(amount, prices.currency) for amount in amounts]
    return (prices.currency, prices.from_day, *shown, prices.price_list_id)
