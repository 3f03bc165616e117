"""`vestibule role`: named sets of rights, built-in and your own. Who has which: `vestibule admin`."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter

from vestibule.cli import finding
from vestibule.cli.configuration import ConfigFile
from vestibule.cli.desk import Desk, in_the_house
from vestibule.cli.listing import show_rows
from vestibule.cli.parameters import Json, Yes
from vestibule.cli.records import role_record
from vestibule.cli.values import plain_name
from vestibule.model.role import AdminRole

app = App(name="role", help="Roles of administrators: named sets of rights.", help_format="plaintext")

_MANY = 3


@app.command(name="list")
def list_roles(*, as_json: Json = False, config: ConfigFile = None) -> int:
    """List the roles with their rights, the built-in ones first.

    For example:

      vestibule role list
    """

    async def work(desk: Desk) -> None:
        show_rows(
            desk.terminal,
            desk.services.roles.list(desk.actor),
            as_json=as_json,
            record=role_record,
            header=("name", "rights", "id"),
            row=lambda role: (called(desk, role), _rights(role), role.role_id),
            empty="list.no_roles",
        )

    return in_the_house(config, work)


@app.command
def add(name: str, /, *rights: str, as_json: Json = False, config: ConfigFile = None) -> int:
    """Add a role of your own.

    For example:

      vestibule role add "Front desk" people.read pins.change blocks.change

    Parameters
    ----------
    name
        What people call it.
    rights
        Names of rights; the reference of roles lists them.
    """

    async def work(desk: Desk) -> None:
        added = await desk.services.roles.add(desk.actor, plain_name(name), rights)
        if as_json:
            desk.terminal.json(role_record(added))
            return
        desk.terminal.say("role.added", name=added.name, count=len(added.rights))

    return in_the_house(config, work)


@app.command
def change(
    role: str,
    /,
    *,
    name: str | None = None,
    right: Annotated[list[str] | None, Parameter(negative="")] = None,
    config: ConfigFile = None,
) -> int:
    """Define a role of your own otherwise, for all who have it.

    For example:

      vestibule role change "Front desk" --right people.read --right pins.change

    Parameters
    ----------
    role
        Its name or identifier.
    name
        Its new name.
    right
        A right it has from now on; may be repeated. Left out: its rights stay.
    """

    async def work(desk: Desk) -> None:
        one = finding.role(desk, role)
        called_now = one.name if name is None else plain_name(name)
        rights = one.rights if right is None else tuple(right)
        changed = await desk.services.roles.change(desk.actor, one.role_id, called_now, rights)
        desk.terminal.say("role.changed", name=changed.name, count=len(changed.rights))

    return in_the_house(config, work)


@app.command
def remove(role: str, /, *, yes: Yes = False, config: ConfigFile = None) -> int:
    """Remove a role that nobody has.

    For example:

      vestibule role remove "Front desk"

    Parameters
    ----------
    role
        Its name or identifier.
    """

    async def work(desk: Desk) -> None:
        one = finding.role(desk, role)
        desk.terminal.confirm(yes, "ask.remove", name=called(desk, one))
        await desk.services.roles.remove(desk.actor, one.role_id)
        desk.terminal.say("role.removed", name=one.name)

    return in_the_house(config, work)


def called(desk: Desk, role: AdminRole) -> str:
    """Return the name of a role as people read it."""
    return role.name if role.version else desk.terminal.named("role.built_in", role.role_id)


def _rights(role: AdminRole) -> str:
    more = len(role.rights) - _MANY
    shown = ", ".join(role.rights[:_MANY])
    return f"{shown} +{more}" if more > 0 else shown
