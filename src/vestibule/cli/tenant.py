"""`vestibule tenant`: who is isolated from whom. A new tenant comes with its portal."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from cyclopts import App

from vestibule.cli.configuration import ConfigFile
from vestibule.cli.desk import Desk, in_the_house
from vestibule.cli.listing import show_rows
from vestibule.cli.output import moment
from vestibule.cli.parameters import Json
from vestibule.cli.program import command
from vestibule.cli.records import tenant_record
from vestibule.cli.terminal import NotDone
from vestibule.cli.values import plain_name
from vestibule.model.edition import Edition
from vestibule.model.tenant import SYSTEM_TENANT

app = App(name="tenant", help="Tenants: customers isolated from one another.", help_format="plaintext")

# It stands in addresses for ever, so it is plain, and none of the words that mean something else there.
_IDENTIFIER: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_RESERVED: Final = frozenset({SYSTEM_TENANT, "troubleshooting", "sign-in", "signed-out"})


@app.command(name="list")
def list_tenants(*, as_json: Json = False, config: ConfigFile = None) -> int:
    """List the tenants. The one called system holds the administrators.

    For example:

      vestibule tenant list
    """

    async def work(desk: Desk) -> None:
        tenants = sorted(desk.snapshot.tenants.values(), key=lambda tenant: tenant.tenant_id)
        counts = {
            tenant.tenant_id: await desk.services.users.count(desk.actor, tenant.tenant_id)
            for tenant in tenants
        }
        show_rows(
            desk.terminal,
            tenants,
            as_json=as_json,
            record=tenant_record,
            header=("id", "name", "edition", "users", "portal", "added"),
            row=lambda tenant: (
                tenant.tenant_id,
                tenant.name,
                tenant.edition.value,
                str(counts[tenant.tenant_id]),
                "–" if tenant.is_standalone else _portal(desk, tenant.tenant_id),
                moment(tenant.created_at),
            ),
            empty="list.no_tenants",
        )

    return in_the_house(config, work)


@app.command
def add(tenant: str, name: str, /, *, as_json: Json = False, config: ConfigFile = None) -> int:
    """Add a tenant with its portal.

    For example:

      vestibule tenant add acme "Acme Corporation"

    Parameters
    ----------
    tenant
        Its identifier: small letters, digits and hyphens, at most 40. It cannot be changed later.
    name
        What people call it.
    """

    async def work(desk: Desk) -> None:
        from vestibule.services.refusal import Refusal, Refused

        if not _IDENTIFIER.fullmatch(tenant) or tenant in _RESERVED:
            raise NotDone("cli.wrong.tenant")
        if tenant in desk.snapshot.tenants:
            raise Refused(Refusal.NAME_TAKEN, tenant)
        added = await desk.services.applications.add_tenant(desk.actor, tenant, plain_name(name))
        await desk.services.setup.ensure_portal(tenant)
        if as_json:
            desk.terminal.json(tenant_record(added))
            return
        desk.terminal.say("tenant.added", name=added.name, portal=_portal(desk, tenant))
        desk.terminal.note("tenant.next", command=_next(tenant, config))

    return in_the_house(config, work)


@app.command
def edition(tenant: str, wanted: Edition, /, *, config: ConfigFile = None) -> int:
    """Give a tenant another edition; it holds for all its users at once.

    For example:

      vestibule tenant edition acme full
      vestibule tenant edition acme free-suite

    Parameters
    ----------
    tenant
        Its identifier.
    wanted
        free-admins, free-suite or full. One that lacks what the tenant uses is refused, naming that.
    """

    async def work(desk: Desk) -> None:
        if tenant not in desk.snapshot.tenants:
            raise NotDone("cli.unknown.tenant", name=tenant, command=desk.command("tenant list"))
        changed = await desk.services.editions.change(desk.actor, tenant, wanted)
        desk.terminal.say("tenant.edition", name=changed.name, edition=changed.edition.value)

    return in_the_house(config, work)


@app.command
def ceiling(
    tenant: str,
    /,
    *,
    sendings_per_day: int | None = None,
    cost_per_day: int | None = None,
    config: ConfigFile = None,
) -> int:
    """Say what a tenant may send in a day, whatever its own settings say. What is not named stays.

    For example:

      vestibule tenant ceiling acme --sendings-per-day 2000 --cost-per-day 150
      vestibule tenant ceiling acme --cost-per-day 0

    Parameters
    ----------
    tenant
        Its identifier.
    sendings_per_day
        Texts and calls within a day of UTC; 0 for as many as its settings say.
    cost_per_day
        What they may cost, in whole units of the currency of its gateways' prices; 0 for as much as its
        settings say.
    """

    async def work(desk: Desk) -> None:
        found = desk.snapshot.tenants.get(tenant)
        if found is None:
            raise NotDone("cli.unknown.tenant", name=tenant, command=desk.command("tenant list"))
        changed = await desk.services.ceilings.change(
            desk.actor,
            tenant,
            sendings=found.sendings_ceiling if sendings_per_day is None else sendings_per_day,
            cost=found.cost_ceiling if cost_per_day is None else cost_per_day,
        )
        none = desk.terminal.words("tenant.ceiling_none")
        desk.terminal.say(
            "tenant.ceiling",
            name=changed.name,
            sendings=str(changed.sendings_ceiling or none),
            cost=str(changed.cost_ceiling or none),
        )

    return in_the_house(config, work)


def _portal(desk: Desk, tenant: str) -> str:
    url = desk.house.settings.http.public_url
    return f"{url}/console" if tenant == SYSTEM_TENANT else f"{url}/portal/{tenant}"


def _next(tenant: str, config: Path | None) -> str:
    return command("application add NAME", tenant=tenant, config=config)
