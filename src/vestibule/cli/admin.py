"""`vestibule admin`: the administrators of the installation. A new one is invited by a one-time link."""

from __future__ import annotations

from cyclopts import App

from vestibule.cli.configuration import ConfigFile
from vestibule.cli.desk import Desk, in_the_house
from vestibule.cli.listing import show_pages
from vestibule.cli.output import moment
from vestibule.cli.parameters import Json, Limit
from vestibule.cli.program import command
from vestibule.cli.records import user_record
from vestibule.interfaces.store import UserFilter
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.model.user import Role

app = App(name="admin", help="Administrators: list them, invite another one.", help_format="plaintext")


@app.command
def link(*, as_json: Json = False, config: ConfigFile = None) -> int:
    """Make a one-time link with which somebody becomes an administrator. It is good for a day.

    Who opens it chooses a name and a password and registers an authenticator. It also helps when all
    administrators have lost theirs.

    For example:

      vestibule admin link
    """

    async def work(desk: Desk) -> None:
        if SYSTEM_TENANT not in desk.snapshot.tenants:
            await desk.services.setup.ensure_system()
        token = await desk.services.setup.make_link()
        url = f"{desk.house.settings.http.public_url}/console/setup/{token.reveal()}"
        if as_json:
            desk.terminal.json({"link": url})
            return
        desk.terminal.note("admin.link")
        desk.terminal.line(url)

    return in_the_house(config, work)


@app.command(name="list")
def list_administrators(*, limit: Limit = None, as_json: Json = False, config: ConfigFile = None) -> int:
    """List the administrators. `user` and `authenticator` work on them with --tenant system.

    For example:

      vestibule admin list
      vestibule user unlock root --tenant system
    """

    async def work(desk: Desk) -> None:
        terminal = desk.terminal
        if not as_json and not await desk.services.setup.has_administrator():
            terminal.note("admin.none", command=command("admin link", config=config))
            return
        where = UserFilter(role=Role.ADMINISTRATOR.value)
        await show_pages(
            terminal,
            lambda page: desk.services.users.list(desk.actor, SYSTEM_TENANT, where, page),
            limit,
            as_json=as_json,
            record=user_record,
            header=("username", "name", "email", "status", "added"),
            row=lambda user: (
                user.username,
                f"{user.given_name} {user.family_name}".strip(),
                user.email,
                terminal.words(f"status.{user.status.value}"),
                moment(user.created_at),
            ),
            empty="list.no_users",
        )

    return in_the_house(config, work)
