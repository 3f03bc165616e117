"""`vestibule provider`: what is bought by usage, and for whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from vestibule.cli import finding
from vestibule.cli.configuration import ConfigFile
from vestibule.cli.desk import Desk, in_the_house
from vestibule.cli.listing import show_rows
from vestibule.cli.output import moment
from vestibule.cli.parameters import DryRun, Json, Yes
from vestibule.cli.records import ending_record, provider_record
from vestibule.cli.terminal import NotDone
from vestibule.cli.values import plain_name
from vestibule.model.provider import Provider, UsageModel

if TYPE_CHECKING:
    from vestibule.services.providers import Ending

app = App(name="provider", help="Providers: verification bought by usage.", help_format="plaintext")


@app.command(name="list")
def list_providers(*, as_json: Json = False, config: ConfigFile = None) -> int:
    """List the providers of all tenants.

    For example:

      vestibule provider list
    """

    async def work(desk: Desk) -> None:
        show_rows(
            desk.terminal,
            await desk.services.providers.list(desk.actor),
            as_json=as_json,
            record=provider_record,
            header=("name", "usage_model", "currency", "tenant", "linked", "added"),
            row=lambda one: (
                one.name,
                _model(desk, one),
                one.currency,
                one.tenant_id,
                desk.terminal.yes_no(one.is_linked),
                moment(one.created_at),
            ),
            empty="list.no_providers",
        )

    return in_the_house(config, work)


@app.command
def add(
    name: str,
    /,
    *,
    model: Annotated[UsageModel, Parameter(name="--model")],
    tenant: str = "",
    currency: str = "EUR",
    as_json: Json = False,
    config: ConfigFile = None,
) -> int:
    """Create a provider, linked to a tenant or with one of its own.

    A linked tenant has the full edition from now on. Without a tenant one is made that has no people at the
    service: activated servers and programs work, and it ends with its provider.

    For example:

      vestibule provider add "Acme sign-ins" --model per-user --tenant acme
      vestibule provider add "Branch servers" --model per-authentication --currency USD

    Parameters
    ----------
    name
        What people call it.
    model
        per-user or per-authentication; it can never be changed.
    tenant
        The tenant to which it is linked. Left out: it is linked to none.
    currency
        In which it is billed: three letters.
    """

    async def work(desk: Desk) -> None:
        if tenant and tenant not in desk.snapshot.tenants:
            raise NotDone("cli.unknown.tenant", name=tenant, command=desk.command("tenant list"))
        added = await desk.services.providers.create(
            desk.actor, plain_name(name), model, currency.strip().upper(), tenant
        )
        if as_json:
            desk.terminal.json(provider_record(added))
            return
        key = "provider.added_linked" if added.is_linked else "provider.added"
        desk.terminal.say(key, name=added.name, model=_model(desk, added), tenant=added.tenant_id)

    return in_the_house(config, work)


@app.command
def rename(provider: str, name: str, /, *, config: ConfigFile = None) -> int:
    """Call a provider otherwise.

    For example:

      vestibule provider rename "Acme sign-ins" "Acme, all sites"

    Parameters
    ----------
    provider
        Its name or identifier.
    name
        Its new name.
    """

    async def work(desk: Desk) -> None:
        one = await finding.provider(desk, provider)
        changed = await desk.services.providers.change(desk.actor, one.provider_id, name=plain_name(name))
        desk.terminal.say("provider.renamed", name=changed.name)

    return in_the_house(config, work)


@app.command
def delete(
    provider: str,
    /,
    *,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: Json = False,
    config: ConfigFile = None,
) -> int:
    """Delete a provider. Says first what goes with it, and asks.

    Of a linked one, users and settings stay in the tenant. One that is not linked takes its tenant with it.

    For example:

      vestibule provider delete "Branch servers" --dry-run
      vestibule provider delete "Acme sign-ins" --yes

    Parameters
    ----------
    provider
        Its name or identifier.
    """

    async def work(desk: Desk) -> None:
        one = await finding.provider(desk, provider)
        ending = await desk.services.providers.ending(desk.actor, one.provider_id)
        if as_json:
            desk.terminal.json(ending_record(ending))
        else:
            _tell(desk, ending)
        if dry_run:
            if not as_json:
                desk.terminal.note("dry_run")
            return
        desk.terminal.confirm(yes, "ask.delete_provider", name=one.name)
        await desk.services.providers.delete(desk.actor, one.provider_id)
        if not as_json:
            desk.terminal.say("provider.deleted", name=one.name)

    return in_the_house(config, work)


def _tell(desk: Desk, ending: Ending) -> None:
    """Say what goes, and what stays (S23, S25)."""
    say, tenant = desk.terminal.say, ending.tenant.name
    if not ending.provider.is_linked:
        say("provider.ends_tenant", tenant=tenant)
        for what, count in ending.lost.items():
            if count:
                desk.terminal.line(f"  {desk.terminal.words(f'provider.lost.{what}', count=count)}")
        return
    say("provider.keeps_tenant", tenant=tenant)
    if ending.edition is ending.tenant.edition:
        say("provider.keeps_edition", tenant=tenant, edition=ending.edition.value)
        return
    say("provider.loses_edition", tenant=tenant, edition=ending.edition.value)
    if ending.closed:
        say("provider.closes", applications=", ".join(ending.closed))


def _model(desk: Desk, one: Provider) -> str:
    return desk.terminal.named("provider.model", one.usage_model.value)
