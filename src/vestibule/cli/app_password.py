"""`vestibule app-password`: app passwords of users. List and revoke them; only the user makes one.

The passwords themselves are never seen here: each is shown once, to its user, in the portal.
"""

from __future__ import annotations

from cyclopts import App

from vestibule.cli import finding
from vestibule.cli.desk import Desk, at_desk
from vestibule.cli.listing import show_rows
from vestibule.cli.output import moment
from vestibule.cli.parameters import HERE, DryRun, Json, Scope, Yes
from vestibule.cli.records import app_password_record
from vestibule.model.app_password import AppPassword

app = App(
    name="app-password",
    help="App passwords of users: list and revoke them.",
    help_format="plaintext",
)


@app.command(name="list")
def list_app_passwords(user: str, /, *, as_json: Json = False, scope: Scope = HERE) -> int:
    """List the app passwords of a user.

    For example:

      vestibule app-password list alice

    Parameters
    ----------
    user
        A name of the user, in any spelling.
    """

    async def work(desk: Desk) -> None:
        person = (await finding.user(desk, user)).user
        show_rows(
            desk.terminal,
            await desk.services.app_passwords.list(desk.actor, desk.tenant_id, person.user_id),
            as_json=as_json,
            record=app_password_record,
            header=("name", "applications", "added", "used", "id"),
            row=lambda one: (
                one.name,
                _applications(desk, one),
                moment(one.created_at),
                moment(one.used_at),
                one.app_password_id,
            ),
            empty="list.no_app_passwords",
        )

    return at_desk(scope, work)


@app.command
def revoke(user: str, app_password: str, /, *, yes: Yes = False, scope: Scope = HERE) -> int:
    """Revoke one app password of a user. It opens nothing from now on.

    For example:

      vestibule app-password revoke alice "Thunderbird on the laptop"

    Parameters
    ----------
    user
        A name of the user, in any spelling.
    app_password
        Its name, its identifier or the beginning of that.
    """

    async def work(desk: Desk) -> None:
        person = (await finding.user(desk, user)).user
        one = await finding.app_password(desk, person, app_password)
        desk.terminal.confirm(yes, "ask.revoke_app_password", label=one.name, name=person.username)
        await desk.services.app_passwords.revoke(
            desk.actor, desk.tenant_id, person.user_id, one.app_password_id
        )
        desk.terminal.say("app_password.revoked", label=one.name, name=person.username)

    return at_desk(scope, work)


@app.command
def revoke_all(user: str, /, *, yes: Yes = False, dry_run: DryRun = False, scope: Scope = HERE) -> int:
    """Revoke all app passwords of a user, e.g. when a phone is lost. They open nothing from now on.

    For example:

      vestibule app-password revoke-all alice --yes

    Parameters
    ----------
    user
        A name of the user, in any spelling.
    """

    async def work(desk: Desk) -> None:
        person = (await finding.user(desk, user)).user
        passwords = desk.services.app_passwords
        if dry_run:
            held = await passwords.list(desk.actor, desk.tenant_id, person.user_id)
            desk.terminal.say("app_password.would_go", count=len(held), name=person.username)
            desk.terminal.note("dry_run")
            return
        desk.terminal.confirm(yes, "ask.revoke_app_passwords", name=person.username)
        count = await passwords.revoke_all(desk.actor, desk.tenant_id, person.user_id)
        desk.terminal.say("app_password.all_revoked", count=count, name=person.username)

    return at_desk(scope, work)


def _applications(desk: Desk, one: AppPassword) -> str:
    names = desk.services.app_passwords.application_names(one.tenant_id)
    return ", ".join(names[each] for each in one.applications if each in names)
