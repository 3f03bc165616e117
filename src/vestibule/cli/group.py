"""`vestibule group`: groups of people. List, add, rename, remove, and who is in each."""

from __future__ import annotations

import shlex
from pathlib import Path

from cyclopts import App

from vestibule.cli import finding
from vestibule.cli.desk import Desk, at_desk
from vestibule.cli.listing import show_pages, show_rows
from vestibule.cli.names import names_in
from vestibule.cli.output import moment
from vestibule.cli.parameters import HERE, DryRun, Json, Limit, Scope, Yes
from vestibule.cli.person import full_name, status_words
from vestibule.cli.records import group_record, members_record, user_record
from vestibule.cli.terminal import NotDone, choices
from vestibule.cli.values import plain_name
from vestibule.model.group import Group
from vestibule.services.groups import MembersReport
from vestibule.services.name_list import NamedLine

app = App(
    name="group",
    help="Groups of users, which rules and roles name: add, fill, remove.",
    help_format="plaintext",
)

_SHOWN_UNKNOWN = 20


@app.command(name="list")
def list_groups(*, as_json: Json = False, scope: Scope = HERE) -> int:
    """List the groups and how many users are in each.

    For example:

      vestibule group list
    """

    async def work(desk: Desk) -> None:
        groups = desk.services.groups
        found = groups.list(desk.actor, desk.tenant_id)
        sizes = await groups.sizes(desk.actor, desk.tenant_id, found)
        show_rows(
            desk.terminal,
            found,
            as_json=as_json,
            record=lambda group: group_record(group, sizes.get(group.group_id, 0)),
            header=("name", "users", "added", "id"),
            row=lambda group: (
                group.name,
                str(sizes.get(group.group_id, 0)),
                moment(group.created_at),
                group.group_id,
            ),
            empty="list.no_groups",
        )

    return at_desk(scope, work)


@app.command
def add(name: str, /, *, as_json: Json = False, scope: Scope = HERE) -> int:
    """Add a group.

    For example:

      vestibule group add "Field sales"

    Parameters
    ----------
    name
        What people call it.
    """

    async def work(desk: Desk) -> None:
        added = await desk.services.groups.add(desk.actor, desk.tenant_id, plain_name(name))
        if as_json:
            desk.terminal.json(group_record(added, 0))
            return
        desk.terminal.say("group.added", name=added.name)
        fill = desk.command(f"group join {shlex.quote(added.name)} USER")
        desk.terminal.note("group.next", command=fill)

    return at_desk(scope, work)


@app.command
def rename(group: str, name: str, /, *, scope: Scope = HERE) -> int:
    """Call a group otherwise. What names it keeps meaning it.

    For example:

      vestibule group rename "Field sales" "Sales"

    Parameters
    ----------
    group
        Its name or identifier.
    name
        Its new name.
    """

    async def work(desk: Desk) -> None:
        one = finding.group(desk, group)
        renamed = await desk.services.groups.rename(
            desk.actor, desk.tenant_id, one.group_id, plain_name(name)
        )
        desk.terminal.say("group.renamed", name=renamed.name)

    return at_desk(scope, work)


@app.command
def remove(group: str, /, *, yes: Yes = False, scope: Scope = HERE) -> int:
    """Remove a group. Its users stay.

    For example:

      vestibule group remove "Field sales"

    Parameters
    ----------
    group
        Its name or identifier.
    """

    async def work(desk: Desk) -> None:
        one = finding.group(desk, group)
        desk.terminal.confirm(yes, "ask.remove", name=one.name)
        await desk.services.groups.remove(desk.actor, desk.tenant_id, one.group_id)
        desk.terminal.say("group.removed", name=one.name)

    return at_desk(scope, work)


@app.command
def members(group: str, /, *, limit: Limit = None, as_json: Json = False, scope: Scope = HERE) -> int:
    """List who is in a group.

    For example:

      vestibule group members "Field sales"

    Parameters
    ----------
    group
        Its name or identifier.
    """

    async def work(desk: Desk) -> None:
        terminal, one = desk.terminal, finding.group(desk, group)
        await show_pages(
            terminal,
            lambda page: desk.services.groups.members(desk.actor, desk.tenant_id, one.group_id, page),
            limit,
            as_json=as_json,
            record=user_record,
            header=("username", "name", "email", "status"),
            row=lambda user: (user.username, full_name(user), user.email, status_words(terminal, user)),
            empty="list.no_users",
        )

    return at_desk(scope, work)


@app.command
def join(group: str, user: str, /, *others: str, scope: Scope = HERE) -> int:
    """Put users into a group: all that are named, or nobody if one name is nobody's.

    For example:

      vestibule group join "Field sales" alice bob

    Parameters
    ----------
    group
        Its name or identifier.
    user
        A name of a user, in any spelling.
    others
        Further users.
    """

    async def work(desk: Desk) -> None:
        names = [NamedLine(number, name) for number, name in enumerate((user, *others), start=1)]
        one = finding.group(desk, group)
        report = await desk.services.groups.add_members(desk.actor, desk.tenant_id, one.group_id, names)
        if report.unknown:
            unknown = choices([named.name for named in report.unknown])
            raise NotDone("cli.group.unknown", names=unknown, command=desk.command("user list"))
        _tell(desk, one, report)

    return at_desk(scope, work)


@app.command
def leave(group: str, user: str, /, *others: str, scope: Scope = HERE) -> int:
    """Take users out of a group.

    For example:

      vestibule group leave "Field sales" alice

    Parameters
    ----------
    group
        Its name or identifier.
    user
        A name of a user, in any spelling.
    others
        Further users.
    """

    async def work(desk: Desk) -> None:
        one = finding.group(desk, group)
        people = [(await finding.user(desk, name)).user.user_id for name in (user, *others)]
        removed = await desk.services.groups.remove_members(desk.actor, desk.tenant_id, one.group_id, people)
        desk.terminal.say("group.left", name=one.name, count=removed)

    return at_desk(scope, work)


@app.command(name="import")
def import_members(
    group: str,
    file: Path,
    /,
    *,
    dry_run: DryRun = False,
    as_json: Json = False,
    scope: Scope = HERE,
) -> int:
    """Put the users of a file into a group: all of them, or nobody if one name is nobody's.

    For example:

      vestibule group import "Field sales" names.txt --dry-run

    Parameters
    ----------
    group
        Its name or identifier.
    file
        Text in UTF-8 with one user name a line; lines that begin with # are passed over.
    """

    async def work(desk: Desk) -> None:
        one = finding.group(desk, group)
        report = await desk.services.groups.add_members(
            desk.actor, desk.tenant_id, one.group_id, names_in(file), is_dry_run=dry_run
        )
        if as_json:
            desk.terminal.json(members_record(report, is_dry_run=dry_run))
        else:
            _tell(desk, one, report)
        if report.unknown:
            raise NotDone("cli.group.nothing_imported", count=len(report.unknown))
        if dry_run and not as_json:
            desk.terminal.note("dry_run")

    return at_desk(scope, work)


def _tell(desk: Desk, group: Group, report: MembersReport) -> None:
    for named in report.unknown[:_SHOWN_UNKNOWN]:
        desk.terminal.say("group.unknown_line", line=named.line, name=named.name)
    if not report.unknown:
        desk.terminal.say("group.joined", name=group.name, added=report.added, already=report.already)
