"""`vestibule ldap-client`: the applications that bind at the LDAP proxy, known by their addresses."""

from __future__ import annotations

from typing import Annotated, Any, Final, TypeAlias

import msgspec
from cyclopts import App, Parameter

from vestibule.cli import finding
from vestibule.cli.desk import Desk, at_desk
from vestibule.cli.gateway_values import typed_settings
from vestibule.cli.listing import show_rows
from vestibule.cli.output import moment
from vestibule.cli.parameters import HERE, DryRun, Json, Scope, Yes
from vestibule.cli.records import client_record
from vestibule.cli.terminal import NotDone
from vestibule.cli.values import plain_name
from vestibule.model.application import ClientKind
from vestibule.model.ldap_client import LdapClientSettings, read_settings
from vestibule.services.setting_fields import fields_of

app = App(
    name="ldap-client",
    help="LDAP clients: applications that bind at the proxy in front of a directory.",
    help_format="plaintext",
)

_FIELDS: Final = fields_of(LdapClientSettings)

Settings: TypeAlias = Annotated[
    list[str] | None,
    Parameter(
        name="--set",
        negative="",
        help="A setting, as name=value; may be repeated, and named twice for a list. Those there are: "
        + ", ".join(field.name for field in _FIELDS)
        + ".",
    ),
]


@app.command(name="list")
def list_clients(*, as_json: Json = False, scope: Scope = HERE) -> int:
    """List the LDAP clients.

    For example:

      vestibule ldap-client list
    """

    async def work(desk: Desk) -> None:
        show_rows(
            desk.terminal,
            desk.services.applications.clients(desk.actor, desk.tenant_id, ClientKind.LDAP),
            as_json=as_json,
            record=client_record,
            header=("name", "address", "application", "passcodes", "status", "id"),
            row=lambda one: (
                one.name,
                one.address,
                finding.application_name(desk, one),
                read_settings(one.settings).passcodes.value,
                desk.terminal.on_or_off(one.is_enabled),
                one.client_id,
            ),
            empty="list.no_ldap_clients",
        )

    return at_desk(scope, work)


@app.command
def show(client: str, /, *, as_json: Json = False, scope: Scope = HERE) -> int:
    """Show one LDAP client with all its settings.

    For example:

      vestibule ldap-client show wiki
      vestibule ldap-client show 192.0.2.20

    Parameters
    ----------
    client
        Its name, address or identifier.
    """

    async def work(desk: Desk) -> None:
        one, terminal = finding.client(desk, client, ClientKind.LDAP), desk.terminal
        if as_json:
            terminal.json(client_record(one))
            return
        terminal.facts(
            [
                ("name", one.name),
                ("address", one.address),
                ("application", finding.application_name(desk, one)),
                ("status", terminal.on_or_off(one.is_enabled)),
                ("added", moment(one.created_at)),
                ("id", one.client_id),
            ]
        )
        terminal.line()
        settings = msgspec.to_builtins(read_settings(one.settings))
        for name, value in settings.items():
            terminal.line(f"  {name} = {msgspec.json.encode(value).decode()}")

    return at_desk(scope, work)


@app.command
def add(
    name: str,
    address: str,
    /,
    *,
    application: Annotated[str, Parameter(help="The application whose directory stands behind it.")],
    settings: Settings = None,
    as_json: Json = False,
    scope: Scope = HERE,
) -> int:
    """Add an LDAP client: an application that binds at the proxy.

    For example:

      vestibule ldap-client add wiki 192.0.2.20 --application Wiki
      vestibule ldap-client add wiki 192.0.2.20 --application Wiki --set response_seconds=25 \\
          --set "exempt_binds=192.0.2.20 cn=wiki,ou=services,dc=example,dc=org"
      vestibule ldap-client add printers 198.51.100.0/24 --application Printers --set passcodes=appended

    Parameters
    ----------
    name
        What it is called.
    address
        The IP address it connects from, or a network such as 192.0.2.0/24.
    """

    async def work(desk: Desk) -> None:
        asks_for = finding.application(desk, application)
        added = await desk.services.applications.add_client(
            desk.actor,
            desk.tenant_id,
            asks_for.application_id,
            ClientKind.LDAP,
            plain_name(name),
            address=address,
            settings=_typed(settings),
        )
        if as_json:
            desk.terminal.json(client_record(added))
        else:
            desk.terminal.say("ldap_client.added", name=added.name, address=added.address)

    return at_desk(scope, work)


@app.command
def change(
    client: str,
    /,
    *,
    name: str | None = None,
    address: str | None = None,
    application: str | None = None,
    settings: Settings = None,
    enable: Annotated[bool | None, Parameter(name="--enable", negative="--disable")] = None,
    scope: Scope = HERE,
) -> int:
    """Change an LDAP client; it holds within a second. What is left out stays as it is.

    For example:

      vestibule ldap-client change wiki --address 192.0.2.21
      vestibule ldap-client change wiki --set passcodes=out_of_band --set response_seconds=25
      vestibule ldap-client change wiki --disable

    Parameters
    ----------
    client
        Its name, address or identifier.
    name
        The new name.
    address
        The IP address or network it connects from.
    application
        The application whose directory stands behind it.
    enable
        Switched off, its connections are closed.
    """

    async def work(desk: Desk) -> None:
        one = finding.client(desk, client, ClientKind.LDAP)
        asks_for = finding.application(desk, application).application_id if application else None
        given = {
            "name": plain_name(name) if name is not None else None,
            "address": address,
            "application_id": asks_for,
            "settings": {**one.settings, **_typed(settings)},
            "is_enabled": enable,
        }
        changed = msgspec.structs.replace(
            one, **{field: value for field, value in given.items() if value is not None}
        )
        if changed == one:
            raise NotDone("cli.nothing_to_change")
        await desk.services.applications.change_client(desk.actor, changed)
        desk.terminal.say("ldap_client.changed", name=changed.name)

    return at_desk(scope, work)


@app.command
def remove(client: str, /, *, yes: Yes = False, dry_run: DryRun = False, scope: Scope = HERE) -> int:
    """Remove an LDAP client. Its connections are closed from then on.

    For example:

      vestibule ldap-client remove wiki

    Parameters
    ----------
    client
        Its name, address or identifier.
    """

    async def work(desk: Desk) -> None:
        one = finding.client(desk, client, ClientKind.LDAP)
        if dry_run:
            desk.terminal.say("ldap_client.goes", name=one.name, address=one.address)
            desk.terminal.note("dry_run")
            return
        desk.terminal.confirm(yes, "ask.remove", name=one.name)
        await desk.services.applications.remove_client(desk.actor, desk.tenant_id, one.client_id)
        desk.terminal.say("ldap_client.removed", name=one.name)

    return at_desk(scope, work)


# --- parts ----------------------------------------------------------------------------------------------


def _typed(settings: list[str] | None) -> dict[str, Any]:
    return typed_settings(_FIELDS, settings)
