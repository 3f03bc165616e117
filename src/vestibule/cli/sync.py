"""`vestibule sync`: take over the people of a directory; say whom, try it out, run it, agree to losses."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from cyclopts import App, Parameter
from msgspec.structs import replace

from vestibule.catalog import text
from vestibule.cli import finding
from vestibule.cli.desk import Desk, at_desk
from vestibule.cli.directory import trouble_words
from vestibule.cli.listing import show_rows
from vestibule.cli.output import moment
from vestibule.cli.parameters import HERE, DryRun, Json, Scope, Yes
from vestibule.cli.sync_words import change_lines, problem_line, run_lines, settings_lines
from vestibule.cli.terminal import NotDone
from vestibule.cli.values import named_values, typed_value
from vestibule.model.application import DirectoryConfiguration
from vestibule.model.synchronisation import (
    ACTIVE_DIRECTORY,
    OPENLDAP,
    SEVERAL,
    Part,
    RunState,
    SyncItem,
    SyncRun,
    SyncSettings,
)
from vestibule.model.user import Requirement
from vestibule.services.synchronisations import SyncStatus

app = App(
    name="sync",
    help="Synchronise users from a directory: set up, try out, run, approve.",
    help_format="plaintext",
)

_SHOWN = 200

Named: TypeAlias = Annotated[list[str] | None, Parameter(negative="")]


@app.command(name="add-item")
def add_item(
    directory: str,
    /,
    *,
    unit: str | None = None,
    group: str | None = None,
    filter: str = "",
    flat: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    requirement: Requirement = Requirement.DISABLED,
    language: str = "",
    method: str = "",
    join: Named = None,
    phones: Literal["sms", "voice"] | None = None,
    mail: bool = True,
    first: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    scope: Scope = HERE,
) -> int:
    """Say who is taken over: everybody below a unit, or the members of a group. The first item that somebody
    is in is his.

    For example:

      vestibule sync add-item "Corporate LDAP" --unit ou=people,dc=example,dc=org
      vestibule sync add-item "Corporate LDAP" --group cn=vpn,ou=groups,dc=example,dc=org --first \\
        --requirement enabled --language de --join "Field sales"

    Parameters
    ----------
    directory
        Its name or identifier.
    unit
        The distinguished name of an organizational unit.
    group
        The distinguished name of a group.
    filter
        Only people whom this LDAP filter finds.
    flat
        Not what is below the unit's own level, or in groups of the group.
    requirement
        What is required of who is added.
    language
        The language of who is added, such as de.
    method
        The method that who is added is asked for first.
    join
        A group here that they are in; may be repeated.
    phones
        Phones of the directory are methods at once: texted or called.
    mail
        Whether who is added is sent welcomes and courtesies.
    first
        In front of all other items.
    """

    async def work(desk: Desk) -> None:
        if (unit is None) == (group is None):
            raise NotDone("sync.say.one_part")
        item = SyncItem(
            part=Part.UNIT if unit is not None else Part.GROUP,
            name=unit or group or "",
            filter=filter,
            is_nested=not flat,
            requirement=requirement,
            language=language,
            default_method=(finding.methods(desk, [method] if method else []) or ("",))[0],
            groups=tuple(finding.group(desk, name).group_id for name in join or ()),
            phone_method=phones or "",
            send_mail=mail,
        )

        def added(settings: SyncSettings) -> SyncSettings:
            items = (item, *settings.items) if first else (*settings.items, item)
            return replace(settings, items=items)

        await _change(desk, directory, added)

    return at_desk(scope, work)


@app.command(name="remove-item")
def remove_item(directory: str, number: int, /, *, scope: Scope = HERE) -> int:
    """Take an item out. Who is in no other item any more is disabled or removed at the next run.

    For example:

      vestibule sync remove-item "Corporate LDAP" 2

    Parameters
    ----------
    directory
        Its name or identifier.
    number
        Its place, as `vestibule sync show` lists them.
    """

    async def work(desk: Desk) -> None:
        def removed(settings: SyncSettings) -> SyncSettings:
            if not 1 <= number <= len(settings.items):
                show_it = desk.command(f"sync show {shlex.quote(directory)}")
                raise NotDone("sync.say.no_item", number=number, command=show_it)
            return replace(settings, items=(*settings.items[: number - 1], *settings.items[number:]))

        await _change(desk, directory, removed)

    return at_desk(scope, work)


@app.command(name="set")
def set_(
    directory: str,
    /,
    *settings: str,
    attributes: Annotated[list[str] | None, Parameter(name="--map", negative="")] = None,
    scope: Scope = HERE,
) -> int:
    """Change how a directory is synchronised: name=value, as `vestibule sync show` names them.

    For example:

      vestibule sync set "Corporate LDAP" is_enabled=true interval_minutes=15 leavers=remove
      vestibule sync set "Corporate LDAP" --map phones=mobile --map phones=telephoneNumber --map email=

    Parameters
    ----------
    directory
        Its name or identifier.
    settings
        The settings.
    attributes
        Where a field of a user stands, as field=attribute; may be repeated. Without an attribute the field is
        not taken over.
    """

    async def work(desk: Desk) -> None:
        one = finding.directory(desk, directory)
        if not settings and not attributes:
            raise NotDone("cli.nothing_to_change")

        def changed(current: SyncSettings) -> SyncSettings:
            plain: dict[str, Any] = msgspec.to_builtins(current)
            plain |= {name: typed_value(values[-1]) for name, values in named_values(settings).items()}
            if attributes:
                base = current.attributes or _usual(one)
                plain["attributes"] = msgspec.to_builtins(base) | _mapped(attributes)
            unknown = plain.keys() - set(SyncSettings.__struct_fields__)
            if unknown:
                raise NotDone("cli.directory.wrong", why=f"{min(unknown)}: there is no such setting")
            try:
                return msgspec.convert(plain, SyncSettings)
            except msgspec.ValidationError as wrong:
                raise NotDone("cli.directory.wrong", why=str(wrong)) from None

        await _change(desk, directory, changed)

    return at_desk(scope, work)


@app.command
def show(directory: str, /, *, as_json: Json = False, scope: Scope = HERE) -> int:
    """Show how a directory is synchronised.

    For example:

      vestibule sync show "Corporate LDAP"

    Parameters
    ----------
    directory
        Its name or identifier.
    """

    async def work(desk: Desk) -> None:
        one, status = await _status(desk, directory)
        settings = status.synchronisation.settings
        if as_json:
            desk.terminal.json(settings)
            return
        for line in settings_lines(desk, settings, settings.attributes or _usual(one)):
            desk.terminal.line(line)

    return at_desk(scope, work)


@app.command
def link(directory: str, /, *, yes: Yes = False, dry_run: DryRun = False, scope: Scope = HERE) -> int:
    """Link users who are here already to the entries that are called like them.

    They are shown first. To link one user to an entry of another name: vestibule user link

    For example:

      vestibule sync link "Corporate LDAP" --dry-run

    Parameters
    ----------
    directory
        Its name or identifier.
    """

    async def work(desk: Desk) -> None:
        one, _ = await _status(desk, directory)
        links = desk.services.directory_links
        try:
            alike = await links.alike(desk.actor, desk.tenant_id, one.directory_id)
        except OSError as silent:
            raise NotDone("sync.say.failed", why=str(silent)) from None
        show_rows(
            desk.terminal,
            alike,
            as_json=False,
            record=lambda each: each,
            header=("user", "directory", "reference"),
            row=lambda each: (each.username, each.entry, each.reference),
            empty="list.nobody_alike",
        )
        if dry_run or not alike:
            return
        desk.terminal.confirm(yes, "ask.link", count=len(alike), directory=one.name)
        chosen = [each.user_id for each in alike]
        linked = await links.link_alike(desk.actor, desk.tenant_id, one.directory_id, chosen)
        desk.terminal.say("user.linked_alike", count=len(linked))

    return at_desk(scope, work)


@app.command
def run(
    directory: str,
    /,
    *,
    dry_run: DryRun = False,
    changes: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    as_json: Json = False,
    scope: Scope = HERE,
) -> int:
    """Synchronise now, or show what would change.

    For example:

      vestibule sync run "Corporate LDAP" --dry-run
      vestibule sync run "Corporate LDAP"

    Parameters
    ----------
    directory
        Its name or identifier.
    changes
        Read only what has changed since the last run, as runs between full ones do.
    """

    async def work(desk: Desk) -> None:
        one, status = await _status(desk, directory)
        if dry_run:
            await _try_out(desk, one, status, as_json=as_json)
            return
        services = desk.services.synchronisations
        ended = await services.run(desk.actor, desk.tenant_id, one.directory_id, wants_all=not changes)
        if as_json:
            desk.terminal.json(ended)
        else:
            _tell(desk, one, ended)
        if ended.state is RunState.FAILED:
            raise NotDone("sync.say.failed", why=_cause(desk, one, ended))

    return at_desk(scope, work)


@app.command
def status(directory: str, /, *, as_json: Json = False, scope: Scope = HERE) -> int:
    """Show how the newest runs went, and whether one is at work.

    For example:

      vestibule sync status "Corporate LDAP"

    Parameters
    ----------
    directory
        Its name or identifier.
    """

    async def work(desk: Desk) -> None:
        one, found = await _status(desk, directory)
        if as_json:
            desk.terminal.json(found.runs)
            return
        if not found.runs:
            desk.terminal.aside(text(desk.terminal.language, "sync.say.never"))
            return
        for each in found.runs[:10]:
            desk.terminal.line(f"{moment(each.started_at)}  {'  '.join(run_lines(desk, each))}")
        _tell(desk, one, found.runs[0])

    return at_desk(scope, work)


@app.command
def approve(directory: str, /, *, yes: Yes = False, scope: Scope = HERE) -> int:
    """Agree that the users whom the newest run has withheld are disabled or removed.

    For example:

      vestibule sync approve "Corporate LDAP"

    Parameters
    ----------
    directory
        Its name or identifier.
    """

    async def work(desk: Desk) -> None:
        one, found = await _status(desk, directory)
        services, terminal = desk.services.synchronisations, desk.terminal
        if found.waiting is not None:
            count = len(found.waiting.leavers)
            for user in await services.leavers(desk.actor, desk.tenant_id, found.waiting, _SHOWN):
                terminal.line(f"  {user.username}  {user.display_name}")
            if count > _SHOWN:
                terminal.line(text(terminal.language, "sync.say.more", count=count - _SHOWN))
            terminal.confirm(yes, "ask.approve_sync", count=count, name=one.name)
        await services.approve(desk.actor, desk.tenant_id, one.directory_id)
        run_it = desk.command(f"sync run {shlex.quote(one.name)}")
        terminal.line(text(terminal.language, "sync.say.approved", command=run_it))

    return at_desk(scope, work)


@app.command
def remove(directory: str, /, *, yes: Yes = False, scope: Scope = HERE) -> int:
    """Synchronise a directory no more. Its users stay, and so does the directory.

    For example:

      vestibule sync remove "Corporate LDAP"

    Parameters
    ----------
    directory
        Its name or identifier.
    """

    async def work(desk: Desk) -> None:
        one, _ = await _status(desk, directory)
        desk.terminal.confirm(yes, "ask.remove", name=one.name)
        await desk.services.synchronisations.remove(desk.actor, desk.tenant_id, one.directory_id)
        desk.terminal.line(text(desk.terminal.language, "sync.say.removed", name=one.name))

    return at_desk(scope, work)


# --- parts ----------------------------------------------------------------------------------------------


async def _status(desk: Desk, directory: str) -> tuple[DirectoryConfiguration, SyncStatus]:
    one = finding.directory(desk, directory)
    status = await desk.services.synchronisations.status(desk.actor, desk.tenant_id, one.directory_id)
    if status is None:
        add = desk.command(f"sync add-item {shlex.quote(one.name)} --unit DN")
        raise NotDone("sync.say.not_set_up", name=one.name, command=add)
    return one, status


async def _change(desk: Desk, directory: str, change: Callable[[SyncSettings], SyncSettings]) -> None:
    one = finding.directory(desk, directory)
    services = desk.services.synchronisations
    status = await services.status(desk.actor, desk.tenant_id, one.directory_id)
    current = status.synchronisation.settings if status else SyncSettings()
    version = status.synchronisation.version if status else 0
    await services.put(desk.actor, desk.tenant_id, one.directory_id, change(current), version)
    try_it = desk.command(f"sync run {shlex.quote(one.name)} --dry-run")
    desk.terminal.line(text(desk.terminal.language, "sync.say.changed", name=one.name, command=try_it))


def _usual(one: DirectoryConfiguration) -> Any:
    is_active_directory = str(one.settings.get("reference_attribute", "")).lower() == "objectguid"
    return ACTIVE_DIRECTORY if is_active_directory else OPENLDAP


def _mapped(entries: list[str]) -> dict[str, Any]:
    found = named_values(entries)
    return {
        name: [value for value in values if value] if name in SEVERAL else values[-1]
        for name, values in found.items()
    }


async def _try_out(desk: Desk, one: DirectoryConfiguration, status: SyncStatus, *, as_json: bool) -> None:
    services, terminal = desk.services.synchronisations, desk.terminal
    try:
        found, read = await services.try_out(desk.actor, desk.tenant_id, one.directory_id)
    except OSError as silent:
        why = trouble_words(terminal.language, one.kind, str(silent))
        raise NotDone("sync.say.failed", why=why) from None
    if as_json:
        terminal.json(
            {"read": read, "unchanged": found.unchanged, "changes": found.changes, "problems": found.problems}
        )
        return
    for line in change_lines(desk, found, _SHOWN):
        terminal.line(line)
    limit = status.synchronisation.settings.approval_above
    if len(found.losses) > limit:
        count = len(found.losses)
        terminal.aside(text(terminal.language, "sync.say.would_wait", count=count, limit=limit))
    terminal.note("dry_run")


def _tell(desk: Desk, one: DirectoryConfiguration, ended: SyncRun) -> None:
    """Write how a run went, and what is to be done."""
    terminal = desk.terminal
    terminal.line("  ".join(run_lines(desk, ended)))
    for problem in ended.problems:
        terminal.line(f"  {problem_line(desk, problem)}")
    if ended.state is RunState.WAITING and not ended.approved_by:
        approve_it = desk.command(f"sync approve {shlex.quote(one.name)}")
        count = len(ended.leavers)
        terminal.aside(text(terminal.language, "sync.say.waits", count=count, command=approve_it))


def _cause(desk: Desk, one: DirectoryConfiguration, ended: SyncRun) -> str:
    if ended.cause == "lost":
        return text(desk.terminal.language, "sync.cause.lost")
    return trouble_words(desk.terminal.language, one.kind, ended.cause)
