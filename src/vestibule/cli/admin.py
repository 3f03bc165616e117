"""`vestibule admin`: the administrators and their roles. A new one is invited by a link."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter

from vestibule.cli import finding
from vestibule.cli.configuration import ConfigFile
from vestibule.cli.desk import Desk, in_the_house
from vestibule.cli.listing import show_rows
from vestibule.cli.parameters import Json
from vestibule.cli.program import command
from vestibule.cli.records import administrator_record
from vestibule.cli.role import called
from vestibule.cli.terminal import NotDone, choices
from vestibule.model.role import ADMINISTRATOR, Grant
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.model.user import User

app = App(name="admin", help="Administrators: list, invite, give and take roles.", help_format="plaintext")

ForTenant = Annotated[
    str,
    Parameter(name="--for-tenant", help="Where the role holds; in every tenant if left out."),
]
ForGroup = Annotated[
    list[str] | None,
    Parameter(
        name="--for-group",
        negative="",
        help="Over the people of this group of the tenant only; may be repeated.",
    ),
]


@app.command
def link(
    *,
    role: str = ADMINISTRATOR,
    for_tenant: ForTenant = "",
    for_group: ForGroup = None,
    as_json: Json = False,
    config: ConfigFile = None,
) -> int:
    """Make a one-time link with which somebody becomes an administrator. It is good for a day.

    Who opens it chooses a name and a password and registers an authenticator. It also helps when all
    administrators have lost theirs.

    For example:

      vestibule admin link
      vestibule admin link --role help_desk --for-tenant acme

    Parameters
    ----------
    role
        Which role that person gets, by name or identifier.
    """

    async def work(desk: Desk) -> None:
        if SYSTEM_TENANT not in desk.snapshot.tenants:
            await desk.services.setup.ensure_system()
        token = await desk.services.roles.invite(desk.actor, (_grant(desk, role, for_tenant, for_group),))
        url = f"{desk.house.settings.http.public_url}/console/setup/{token.reveal()}"
        if as_json:
            desk.terminal.json({"link": url})
            return
        desk.terminal.note("admin.link")
        desk.terminal.line(url)

    return in_the_house(config, work)


@app.command(name="list")
def list_administrators(*, as_json: Json = False, config: ConfigFile = None) -> int:
    """List who has which roles. `user` and `authenticator` work on these people with --tenant system.

    For example:

      vestibule admin list
      vestibule user unlock root --tenant system
    """

    async def work(desk: Desk) -> None:
        terminal = desk.terminal
        if not as_json and not await desk.services.setup.has_administrator():
            terminal.note("admin.none", command=command("admin link", config=config))
            return
        show_rows(
            terminal,
            await desk.services.roles.holders(desk.actor),
            as_json=as_json,
            record=administrator_record,
            header=("username", "roles", "email", "status"),
            row=lambda holder: (
                holder.user.username,
                _told(desk, holder.grants),
                holder.user.email,
                terminal.words(f"status.{holder.user.status.value}"),
            ),
            empty="list.no_users",
        )

    return in_the_house(config, work)


@app.command
def give(
    name: str,
    role: str,
    /,
    *,
    for_tenant: ForTenant = "",
    for_group: ForGroup = None,
    config: ConfigFile = None,
) -> int:
    """Give an administrator one more role. He is signed out.

    For example:

      vestibule admin give carol auditor
      vestibule admin give carol help_desk --for-tenant acme --for-group "Field sales"

    Parameters
    ----------
    name
        Who gets it: a user of the tenant system.
    role
        Which role, by name or identifier.
    """

    async def work(desk: Desk) -> None:
        user = await _administrator(desk, name)
        new = _grant(desk, role, for_tenant, for_group)
        had = (await desk.services.roles.of(desk.actor, user.user_id)).grants
        kept = [each for each in had if _place(each) != _place(new)]
        given = await desk.services.roles.give(desk.actor, user.user_id, [*kept, new])
        desk.terminal.say("role.given", name=user.username, roles=_told(desk, given.grants))

    return in_the_house(config, work)


@app.command
def take(name: str, role: str, /, *, for_tenant: ForTenant = "", config: ConfigFile = None) -> int:
    """Take a role from an administrator. He is signed out; without any role the console stays closed.

    For example:

      vestibule admin take carol auditor

    Parameters
    ----------
    name
        Who has it.
    role
        Which role, by name or identifier.
    """

    async def work(desk: Desk) -> None:
        user = await _administrator(desk, name)
        gone = _grant(desk, role, for_tenant, None)
        had = (await desk.services.roles.of(desk.actor, user.user_id)).grants
        kept = [each for each in had if _place(each) != _place(gone)]
        if len(kept) == len(had):
            raise NotDone(
                "cli.role.not_had", name=user.username, command=command("admin list", config=config)
            )
        left = await desk.services.roles.give(desk.actor, user.user_id, kept)
        if left.grants:
            desk.terminal.say("role.given", name=user.username, roles=_told(desk, left.grants))
        else:
            desk.terminal.say("role.none_left", name=user.username)

    return in_the_house(config, work)


async def _administrator(desk: Desk, name: str) -> User:
    found = await desk.services.users.find_by_name(desk.actor, SYSTEM_TENANT, name)
    if found is None:
        raise NotDone("cli.role.not_here", name=name, command=command("admin link"))
    return found.user


def _grant(desk: Desk, role: str, tenant_id: str, groups: list[str] | None) -> Grant:
    if tenant_id and tenant_id not in desk.snapshot.tenants:
        raise NotDone("cli.tenant.unknown", tenant=tenant_id, tenants=choices(list(desk.snapshot.tenants)))
    at = Desk(desk.house, desk.terminal, desk.scope, tenant_id)
    named = sorted({finding.group(at, group).group_id for group in groups or ()})
    return Grant(role_id=finding.role(desk, role).role_id, tenant_id=tenant_id, groups=tuple(named))


def _place(grant: Grant) -> tuple[str, str]:
    return grant.role_id, grant.tenant_id


def _told(desk: Desk, grants: tuple[Grant, ...]) -> str:
    roles = {role.role_id: role for role in desk.services.roles.list(desk.actor)}
    return ", ".join(
        f"{called(desk, roles[grant.role_id])} ({grant.tenant_id or '*'}{' …' if grant.groups else ''})"
        for grant in grants
        if grant.role_id in roles
    )
