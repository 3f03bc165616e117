"""`vestibule server`: at a service, the servers that are activated there, their groups and credentials."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter

from vestibule.cli import finding
from vestibule.cli.desk import Desk, at_desk
from vestibule.cli.listing import show_rows
from vestibule.cli.output import moment
from vestibule.cli.parameters import HERE, Json, Scope, Yes
from vestibule.cli.records import (
    activated_server_record,
    activation_credentials_record,
    replication_group_record,
)
from vestibule.cli.values import plain_name
from vestibule.model.replication import HOURS

app = App(
    name="server",
    help="Servers that are activated at this service: credentials, status, groups.",
    help_format="plaintext",
)


@app.command(name="list")
def list_servers(*, as_json: Json = False, scope: Scope = HERE) -> int:
    """List the servers: version, address, whether they are connected, and when they were heard of last.

    For example:

      vestibule server list
    """

    async def work(desk: Desk) -> None:
        fleet = await desk.services.replication.fleet(desk.actor, desk.tenant_id)
        show_rows(
            desk.terminal,
            fleet.servers,
            as_json=as_json,
            record=lambda server: activated_server_record(server, desk.now),
            header=("name", "replication_group", "version", "address", "status", "last_contact"),
            row=lambda server: (
                server.name,
                fleet.group_name(server.group_id),
                server.version,
                server.address,
                desk.terminal.named("link", f"status.{server.status(desk.now)}"),
                moment(server.last_contact_at),
            ),
            empty="list.no_servers",
        )

    return at_desk(scope, work)


@app.command
def credentials(
    group: str,
    /,
    *,
    hours: Annotated[int, Parameter(name="--hours", help="For how long they are good, 1 to 720.")] = HOURS,
    as_json: Json = False,
    scope: Scope = HERE,
) -> int:
    """Make activation credentials for one server; they are shown this one time.

    For example:

      vestibule server credentials "Head office"
      vestibule server credentials "Head office" --hours 2

    Parameters
    ----------
    group
        The replication group that the server joins; it is made if there is none of that name.
    """

    async def work(desk: Desk) -> None:
        made = await desk.services.replication.make_credentials(
            desk.actor, desk.tenant_id, plain_name(group), hours
        )
        if as_json:
            desk.terminal.json(
                activation_credentials_record(made.credentials) | {"credentials": made.shown.reveal()}
            )
            return
        end = moment(made.credentials.expires_at)
        desk.terminal.secret(made.shown, "server.credentials", group=made.group.name, at=end)
        desk.terminal.note(
            "server.next", service=desk.services.public_url, pin=desk.services.replication.own_pin or "–"
        )

    return at_desk(scope, work)


@app.command
def waiting(*, as_json: Json = False, scope: Scope = HERE) -> int:
    """List the activation credentials that no server has used yet.

    For example:

      vestibule server waiting
    """

    async def work(desk: Desk) -> None:
        fleet = await desk.services.replication.fleet(desk.actor, desk.tenant_id)
        show_rows(
            desk.terminal,
            fleet.waiting,
            as_json=as_json,
            record=activation_credentials_record,
            header=("id", "replication_group", "made", "by", "valid_until"),
            row=lambda each: (
                each.credentials_id,
                fleet.group_name(each.group_id),
                moment(each.created_at),
                each.made_by,
                moment(each.expires_at),
            ),
            empty="list.no_credentials",
        )

    return at_desk(scope, work)


@app.command
def withdraw(credentials_id: str, /, *, scope: Scope = HERE) -> int:
    """Take activation credentials back that no server has used yet.

    For example:

      vestibule server withdraw 4f1c

    Parameters
    ----------
    credentials_id
        The beginning of their identifier, as vestibule server waiting shows it.
    """

    async def work(desk: Desk) -> None:
        fleet = await desk.services.replication.fleet(desk.actor, desk.tenant_id)
        one = finding.activation_credentials(desk, fleet, credentials_id)
        await desk.services.replication.withdraw(desk.actor, desk.tenant_id, one.credentials_id)
        desk.terminal.say("server.withdrawn", group=fleet.group_name(one.group_id))

    return at_desk(scope, work)


@app.command
def remove(server: str, /, *, yes: Yes = False, scope: Scope = HERE) -> int:
    """Forget a server: it is let in no more until it is activated anew.

    For example:

      vestibule server remove mfa-1

    Parameters
    ----------
    server
        Its name or identifier.
    """

    async def work(desk: Desk) -> None:
        fleet = await desk.services.replication.fleet(desk.actor, desk.tenant_id)
        one = finding.activated_server(desk, fleet, server)
        desk.terminal.confirm(yes, "ask.remove_server", name=one.name)
        await desk.services.replication.remove_server(desk.actor, desk.tenant_id, one.server_id)
        desk.terminal.say("server.removed", name=one.name)

    return at_desk(scope, work)


@app.command
def groups(*, as_json: Json = False, scope: Scope = HERE) -> int:
    """List the replication groups and how many servers are in each.

    For example:

      vestibule server groups
    """

    async def work(desk: Desk) -> None:
        fleet = await desk.services.replication.fleet(desk.actor, desk.tenant_id)
        show_rows(
            desk.terminal,
            fleet.groups,
            as_json=as_json,
            record=lambda group: replication_group_record(group, fleet.size(group.group_id)),
            header=("name", "servers", "added", "id"),
            row=lambda group: (
                group.name,
                str(fleet.size(group.group_id)),
                moment(group.created_at),
                group.group_id,
            ),
            empty="list.no_replication_groups",
        )

    return at_desk(scope, work)


@app.command
def rename_group(group: str, name: str, /, *, scope: Scope = HERE) -> int:
    """Call a replication group otherwise.

    For example:

      vestibule server rename-group "Head office" "Berlin"

    Parameters
    ----------
    group
        Its name or identifier.
    name
        Its new name.
    """

    async def work(desk: Desk) -> None:
        fleet = await desk.services.replication.fleet(desk.actor, desk.tenant_id)
        one = finding.replication_group(desk, fleet, group)
        renamed = await desk.services.replication.rename_group(
            desk.actor, desk.tenant_id, one.group_id, plain_name(name)
        )
        desk.terminal.say("server.group_renamed", name=renamed.name)

    return at_desk(scope, work)


@app.command
def remove_group(group: str, /, *, yes: Yes = False, scope: Scope = HERE) -> int:
    """Remove a replication group that no server is in; its credentials go with it.

    For example:

      vestibule server remove-group "Head office"

    Parameters
    ----------
    group
        Its name or identifier.
    """

    async def work(desk: Desk) -> None:
        fleet = await desk.services.replication.fleet(desk.actor, desk.tenant_id)
        one = finding.replication_group(desk, fleet, group)
        desk.terminal.confirm(yes, "ask.remove", name=one.name)
        await desk.services.replication.remove_group(desk.actor, desk.tenant_id, one.group_id)
        desk.terminal.say("server.group_removed", name=one.name)

    return at_desk(scope, work)
