"""`vestibule licence`: bundles of licences of a tenant, and who has one."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter

from vestibule.cli import finding
from vestibule.cli.desk import Desk, at_desk
from vestibule.cli.listing import show_rows
from vestibule.cli.parameters import HERE, Json, Scope, Yes
from vestibule.cli.records import coverage_record, licence_record
from vestibule.model.licence import LicenceKind

app = App(name="licence", help="Licences: users paid by the year.", help_format="plaintext")

From = Annotated[str, Parameter(name="--from", help="The first day on which they are good.")]
Until = Annotated[str, Parameter(name="--until", help="The last day on which they are good.")]


@app.command(name="list")
def list_licences(*, as_json: Json = False, scope: Scope = HERE) -> int:
    """List the bundles of a tenant, the latest period first.

    For example:

      vestibule licence list --tenant acme
    """

    async def work(desk: Desk) -> None:
        show_rows(
            desk.terminal,
            await desk.services.licences.list(desk.actor, desk.tenant_id),
            as_json=as_json,
            record=licence_record,
            header=("id", "licences", "assigned", "first_day", "last_day", "product"),
            row=lambda bundle: (
                bundle.licence.licence_id,
                str(bundle.licence.quantity),
                str(bundle.assigned),
                bundle.licence.first_day,
                bundle.licence.last_day,
                bundle.licence.product,
            ),
            empty="list.no_licences",
        )

    return at_desk(scope, work)


@app.command
def coverage(*, as_json: Json = False, scope: Scope = HERE) -> int:
    """Count today's configured users, those with a licence, and the licences.

    For example:

      vestibule licence coverage --tenant acme
    """

    async def work(desk: Desk) -> None:
        counted = await desk.services.licences.coverage(desk.actor, desk.tenant_id)
        if as_json:
            desk.terminal.json(coverage_record(counted))
            return
        desk.terminal.facts(
            (
                ("configured", str(counted.configured)),
                ("licensed", str(counted.licensed)),
                ("unlicensed", str(counted.unlicensed)),
                ("licences", str(counted.licences)),
            )
        )

    return at_desk(scope, work)


@app.command
def add(
    quantity: int,
    /,
    *,
    first_day: From,
    last_day: Until,
    product: str = "",
    as_json: Json = False,
    scope: Scope = HERE,
) -> int:
    """Add a bundle of licences. With one for everybody, the tenant has the full edition.

    For example:

      vestibule licence add 250 --from 2027-01-01 --until 2027-12-31 --tenant acme
      vestibule licence add 50 --from 2027-01-01 --until 2027-12-31 --product "Office suite"

    Parameters
    ----------
    quantity
        How many.
    product
        The other product of which they are a part. Left out: they were bought for themselves.
    """

    async def work(desk: Desk) -> None:
        licences = desk.services.licences
        kind = LicenceKind.BUNDLE if product.strip() else LicenceKind.OWN
        added = await licences.add(desk.actor, desk.tenant_id, kind, quantity, first_day, last_day, product)
        if as_json:
            desk.terminal.json(licence_record(await finding.bundle(desk, added.licence_id)))
            return
        desk.terminal.say(
            "licence.added",
            count=added.quantity,
            first=added.first_day,
            last=added.last_day,
            id=added.licence_id,
        )

    return at_desk(scope, work)


@app.command
def change(
    licence: str,
    /,
    *,
    quantity: int | None = None,
    last_day: Annotated[str | None, Parameter(name="--until")] = None,
    scope: Scope = HERE,
) -> int:
    """Let a bundle have more or fewer licences, or another end.

    For example:

      vestibule licence change 4f2a91c0 --quantity 300
      vestibule licence change 4f2a91c0 --until 2028-12-31

    Parameters
    ----------
    licence
        The identifier of the bundle, or its beginning.
    quantity
        How many there are now; never fewer than are assigned.
    last_day
        The last day on which they are good.
    """

    async def work(desk: Desk) -> None:
        one = (await finding.bundle(desk, licence)).licence
        wanted = one.quantity if quantity is None else quantity
        changed = await desk.services.licences.change(
            desk.actor, desk.tenant_id, one.licence_id, wanted, last_day or one.last_day
        )
        desk.terminal.say("licence.changed", count=changed.quantity, last=changed.last_day)

    return at_desk(scope, work)


@app.command
def end(licence: str, /, *, yes: Yes = False, scope: Scope = HERE) -> int:
    """Let a bundle end today. One that has not begun is deleted.

    For example:

      vestibule licence end 4f2a91c0

    Parameters
    ----------
    licence
        The identifier of the bundle, or its beginning.
    """

    async def work(desk: Desk) -> None:
        bundle = await finding.bundle(desk, licence)
        desk.terminal.confirm(yes, "ask.end_licence", count=bundle.assigned)
        ended = await desk.services.licences.end(desk.actor, desk.tenant_id, bundle.licence.licence_id)
        desk.terminal.say("licence.ended", last=ended.last_day)

    return at_desk(scope, work)


@app.command
def assign(
    licence: str,
    /,
    *users: str,
    everybody: Annotated[bool, Parameter(name="--everybody", negative="", show_default=False)] = False,
    scope: Scope = HERE,
) -> int:
    """Give users one of a bundle each.

    For example:

      vestibule licence assign 4f2a91c0 alice bob
      vestibule licence assign 4f2a91c0 --everybody

    Parameters
    ----------
    licence
        The identifier of the bundle, or its beginning.
    users
        Names of users, in any spelling.
    everybody
        Give one to each who is configured for verification and has none, as far as the bundle reaches.
    """

    async def work(desk: Desk) -> None:
        licence_id = (await finding.bundle(desk, licence)).licence.licence_id
        people = [(await finding.user(desk, name)).user.user_id for name in users]
        licences, given = desk.services.licences, 0
        for user_id in people:
            await licences.assign(desk.actor, desk.tenant_id, licence_id, user_id)
            given += 1
        if everybody:
            given += await licences.assign_all(desk.actor, desk.tenant_id, licence_id)
        desk.terminal.say("licence.assigned", count=given)

    return at_desk(scope, work)


@app.command
def take(licence: str, user: str, /, *, scope: Scope = HERE) -> int:
    """Take back the licence of a user.

    For example:

      vestibule licence take 4f2a91c0 alice

    Parameters
    ----------
    licence
        The identifier of the bundle, or its beginning.
    user
        A name of the user, in any spelling.
    """

    async def work(desk: Desk) -> None:
        licence_id = (await finding.bundle(desk, licence)).licence.licence_id
        person = (await finding.user(desk, user)).user
        await desk.services.licences.take(desk.actor, desk.tenant_id, licence_id, person.user_id)
        desk.terminal.say("licence.taken", name=person.username)

    return at_desk(scope, work)
