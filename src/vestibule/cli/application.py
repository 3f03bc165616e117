"""`vestibule application`: what is protected, and what its door asks for."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import msgspec
from cyclopts import App, Parameter

from vestibule.cli import finding
from vestibule.cli.desk import Desk, at_desk
from vestibule.cli.listing import show_rows
from vestibule.cli.output import moment
from vestibule.cli.parameters import HERE, DryRun, Json, Scope, Yes
from vestibule.cli.records import application_record
from vestibule.cli.terminal import NotDone, Terminal
from vestibule.cli.values import plain_name
from vestibule.model.application import Application, Caching, FirstFactor, Purpose, SecondFactor

app = App(
    name="application",
    help="What is protected: who checks the password, when a second factor is needed.",
    help_format="plaintext",
)

First: TypeAlias = Annotated[
    FirstFactor | None,
    Parameter(
        name="--first-factor",
        help="Who checks the password: local (Vestibule itself), directory (see --directory), client (it has "
        "done so before it asks).",
    ),
]
DirectoryName: TypeAlias = Annotated[
    str | None, Parameter(name="--directory", help="The directory that checks the password.")
]
Second: TypeAlias = Annotated[
    SecondFactor | None,
    Parameter(
        name="--second-factor",
        help="always; if-enrolled: who has registered nothing gets in with the password alone; by-rules: "
        "only of those of whom their state or an access rule demands one.",
    ),
]
Methods: TypeAlias = Annotated[
    list[str] | None,
    Parameter(
        name="--method",
        negative="--all-methods",
        help="A method that may open it; may be repeated. Every method may, if none is named.",
    ),
]
Legacy: TypeAlias = Annotated[
    bool | None,
    Parameter(
        name="--legacy",
        negative="--no-legacy",
        help="Its clients can ask for nothing but name and password: users sign in with app passwords.",
    ),
]
TrustedAddresses: TypeAlias = Annotated[
    list[str] | None,
    Parameter(
        name="--trusted-address",
        negative="--no-trusted-addresses",
        help="A network, range or address from which no second factor is asked for here; may be repeated.",
    ),
]


@app.command(name="list")
def list_applications(*, as_json: Json = False, scope: Scope = HERE) -> int:
    """List the applications.

    For example:

      vestibule application list
    """

    async def work(desk: Desk) -> None:
        show_rows(
            desk.terminal,
            desk.services.applications.applications(desk.actor, desk.tenant_id),
            as_json=as_json,
            record=application_record,
            header=("name", "first_factor", "second_factor", "clients", "status", "id"),
            row=lambda one: _cells(desk, one),
            empty="list.no_applications",
        )

    return at_desk(scope, work)


@app.command
def show(application: str, /, *, as_json: Json = False, scope: Scope = HERE) -> int:
    """Show one application.

    For example:

      vestibule application show VPN

    Parameters
    ----------
    application
        Its name or identifier.
    """

    async def work(desk: Desk) -> None:
        one, terminal = finding.application(desk, application), desk.terminal
        if as_json:
            terminal.json(application_record(one))
            return
        methods = ", ".join(map(terminal.method, one.methods)) or terminal.words("word.every_method")
        terminal.facts(
            [
                ("name", one.name),
                ("first_factor", _first(desk, one)),
                ("second_factor", terminal.words(f"second_factor.{one.second_factor.value}")),
                ("methods", methods),
                ("legacy", terminal.yes_no(one.is_legacy)),
                ("clients", ", ".join(_client_names(desk, one))),
                ("skipping", "; ".join(_skipping(terminal, one))),
                ("status", terminal.on_or_off(one.is_enabled)),
                ("added", moment(one.created_at)),
                ("id", one.application_id),
            ]
        )

    return at_desk(scope, work)


@app.command
def add(
    name: str,
    /,
    *,
    first_factor: First = None,
    directory: DirectoryName = None,
    second_factor: Second = None,
    methods: Methods = None,
    legacy: Legacy = None,
    as_json: Json = False,
    scope: Scope = HERE,
) -> int:
    """Add an application. Nothing asks on its behalf until it has a client.

    For example:

      vestibule application add VPN
      vestibule application add VPN --first-factor directory --directory "Corporate LDAP"
      vestibule application add Web --first-factor client --method totp
      vestibule application add Mail --legacy

    Parameters
    ----------
    name
        What people call it.
    """

    async def work(desk: Desk) -> None:
        first = first_factor or (FirstFactor.DIRECTORY if directory else FirstFactor.LOCAL)
        added = await desk.services.applications.add_application(
            desk.actor,
            desk.tenant_id,
            plain_name(name),
            first_factor=first,
            directory_id=_directory_id(desk, first, directory, ""),
            second_factor=second_factor or SecondFactor.ALWAYS,
            methods=finding.methods(desk, methods) or (),
            is_legacy=bool(legacy),
        )
        if as_json:
            desk.terminal.json(application_record(added))
            return
        desk.terminal.say("application.added", name=added.name)
        add_client = desk.command("client add NAME ADDRESS --application NAME")
        desk.terminal.note("application.next_client", command=add_client)

    return at_desk(scope, work)


@app.command
def change(
    application: str,
    /,
    *,
    name: str | None = None,
    first_factor: First = None,
    directory: DirectoryName = None,
    second_factor: Second = None,
    methods: Methods = None,
    legacy: Legacy = None,
    enable: Annotated[bool | None, Parameter(name="--enable", negative="--disable")] = None,
    purpose: Purpose | None = None,
    trusted_addresses: TrustedAddresses = None,
    skips_trusted: bool | None = None,
    remember_days: int | None = None,
    caching: Caching | None = None,
    caching_seconds: int | None = None,
    scope: Scope = HERE,
) -> int:
    """Change an application; it holds from the next sign-in on. What is left out stays as it is.

    For example:

      vestibule application change VPN --first-factor directory --directory "Corporate LDAP"
      vestibule application change VPN --method totp --method recovery_code
      vestibule application change VPN --disable
      vestibule application change VPN --trusted-address 192.0.2.0/24 --trusted-address 2001:db8::/48
      vestibule application change VPN --caching address --caching-seconds 60
      vestibule application change portal --remember-days 14

    Parameters
    ----------
    application
        Its name or identifier.
    name
        The new name.
    enable
        Switched off, every sign-in to it is denied.
    purpose
        What is done behind the door, where that is more than signing in.
    skips_trusted
        Take the addresses that the whole tenant trusts for a second factor here, too.
    remember_days
        For how many days a browser may be remembered after a second factor; 0: not at all.
    caching
        For whom a second factor that was proven a moment ago need not be proven again: for the user wherever
        he proved it, at the application where he did, or there and from the same address.
    caching_seconds
        How long that moment is.
    """

    async def work(desk: Desk) -> None:
        one = finding.application(desk, application)
        first = first_factor or (FirstFactor.DIRECTORY if directory else one.first_factor)
        given = {
            "name": plain_name(name) if name is not None else None,
            "first_factor": first,
            "directory_id": _directory_id(desk, first, directory, one.directory_id),
            "second_factor": second_factor,
            "methods": finding.methods(desk, methods),
            "is_enabled": enable,
            "is_legacy": legacy,
            "purpose": purpose,
            "trusted_addresses": None if trusted_addresses is None else tuple(trusted_addresses),
            "skips_trusted": skips_trusted,
            "remember_days": remember_days,
            "caching": caching,
            "caching_seconds": caching_seconds,
        }
        changed = msgspec.structs.replace(
            one, **{field: value for field, value in given.items() if value is not None}
        )
        if changed == one:
            raise NotDone("cli.nothing_to_change")
        await desk.services.applications.change_application(desk.actor, changed)
        desk.terminal.say("application.changed", name=changed.name)

    return at_desk(scope, work)


@app.command
def remove(application: str, /, *, yes: Yes = False, dry_run: DryRun = False, scope: Scope = HERE) -> int:
    """Remove an application that has no clients any more. Attempts stay in the list.

    For example:

      vestibule application remove VPN

    Parameters
    ----------
    application
        Its name or identifier.
    """

    async def work(desk: Desk) -> None:
        one = finding.application(desk, application)
        if dry_run:
            desk.terminal.say("application.goes", name=one.name)
            desk.terminal.note("dry_run")
            return
        desk.terminal.confirm(yes, "ask.remove", name=one.name)
        await desk.services.applications.remove_application(desk.actor, desk.tenant_id, one.application_id)
        desk.terminal.say("application.removed", name=one.name)

    return at_desk(scope, work)


# --- parts ----------------------------------------------------------------------------------------------


def _cells(desk: Desk, one: Application) -> tuple[str, ...]:
    return (
        one.name,
        _first(desk, one),
        desk.terminal.words(f"second_factor.{one.second_factor.value}"),
        str(len(_client_names(desk, one))),
        desk.terminal.on_or_off(one.is_enabled),
        one.application_id,
    )


def _first(desk: Desk, one: Application) -> str:
    if one.first_factor is FirstFactor.DIRECTORY:
        directory = desk.snapshot.directories.get((one.tenant_id, one.directory_id))
        return directory.name if directory else one.directory_id
    return desk.terminal.words(f"first_factor.{one.first_factor.value}")


def _client_names(desk: Desk, one: Application) -> list[str]:
    peers = desk.snapshot.peers.values()
    return sorted(
        peer.client.name
        for peer in peers
        if (peer.client.tenant_id, peer.client.application_id) == (one.tenant_id, one.application_id)
    )


def _skipping(terminal: Terminal, one: Application) -> list[str]:
    """Return what stands for a second factor there, each in a few words."""
    found = list(one.trusted_addresses)
    if one.skips_trusted:
        found.append(terminal.words("skipping.trusted"))
    if one.remember_days:
        found.append(terminal.words("skipping.remembered", count=one.remember_days))
    if one.caching is not Caching.OFF:
        found.append(terminal.words(f"skipping.cached_{one.caching.value}", count=one.caching_seconds))
    return found


def _directory_id(desk: Desk, first: FirstFactor, wanted: str | None, before: str) -> str:
    """Return the directory's identifier, empty where no directory is asked."""
    if first is not FirstFactor.DIRECTORY:
        return ""
    if wanted is None and not before:
        raise NotDone("cli.application.which_directory", command=desk.command("directory list"))
    return finding.directory(desk, wanted).directory_id if wanted is not None else before
