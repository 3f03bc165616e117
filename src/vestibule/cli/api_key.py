"""`vestibule api-key`: programs that use the REST API, each with a key of its own.

A key is shown once, when it is made; only its hash is stored.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from vestibule.cli import finding
from vestibule.cli.client_secrets import secret_validity
from vestibule.cli.desk import Desk, at_desk
from vestibule.cli.listing import show_rows
from vestibule.cli.output import moment
from vestibule.cli.parameters import HERE, Json, Scope, Yes
from vestibule.cli.records import client_record, secret_record
from vestibule.cli.values import moment_after, plain_name
from vestibule.crypto.secret import Secret
from vestibule.model.application import Client, ClientKind, ClientSecret
from vestibule.model.role import ADMINISTRATOR

app = App(name="api-key", help="Keys of programs that use the REST API.", help_format="plaintext")


@app.command(name="list")
def list_keys(*, as_json: Json = False, scope: Scope = HERE) -> int:
    """List the programs that use the API and their keys: the last characters, never more.

    For example:

      vestibule api-key list
    """

    async def work(desk: Desk) -> None:
        keys = await _keys(desk)
        if as_json:
            clients = desk.services.applications.clients(desk.actor, desk.tenant_id, ClientKind.API)
            of: dict[str, list[Any]] = {client.client_id: [] for client in clients}
            for client, key in keys:
                if key is not None:
                    of[client.client_id].append(secret_record(key))
            show_rows(
                desk.terminal,
                clients,
                as_json=True,
                record=lambda client: {**client_record(client), "keys": of[client.client_id]},
                header=(),
                row=lambda _client: (),
                empty="list.no_keys",
            )
            return
        show_rows(
            desk.terminal,
            keys,
            as_json=False,
            record=lambda pair: pair,
            header=("name", "ends_with", "scopes", "application", "address", "validity", "added"),
            row=lambda pair: _cells(desk, *pair),
            empty="list.no_keys",
        )

    return at_desk(scope, work)


@app.command
def add(
    name: str,
    /,
    *,
    application: str,
    scopes: Annotated[
        list[Literal["verify", "admin"]] | None,
        Parameter(
            name="--scope",
            negative="",
            help="verify: ask for verifications of the application. admin: everything that administrators "
            "do in this tenant. May be repeated; verify if left out.",
        ),
    ] = None,
    role: str = ADMINISTRATOR,
    address: str = "",
    ends: str | None = None,
    as_json: Json = False,
    scope: Scope = HERE,
) -> int:
    """Add a program with its key, which is shown once.

    For example:

      vestibule api-key add intranet --application Intranet
      vestibule api-key add provisioning --application Intranet --scope admin --role people_administrator

    Parameters
    ----------
    name
        What the program is called.
    application
        The application on whose behalf it asks.
    role
        Of a key with --scope admin: the role whose rights it has, by name or identifier.
    address
        The IP address or network it may ask from; from anywhere if left out.
    ends
        When the key ends: in 90m, 24h, 30d, or a day such as 2027-01-01. Never if left out.
    """

    async def work(desk: Desk) -> None:
        applications = desk.services.applications
        asks_for = finding.application(desk, application)
        not_after = moment_after(ends, desk.now) if ends is not None else None
        client = await applications.add_client(
            desk.actor,
            desk.tenant_id,
            asks_for.application_id,
            ClientKind.API,
            plain_name(name),
            address=address,
            scopes=tuple(dict.fromkeys(scopes or ("verify",))),
            role_id=finding.role(desk, role).role_id,
        )
        key = await applications.add_api_key(desk.actor, desk.tenant_id, client.client_id)
        if not_after is not None:
            await _end_all(desk, client, not_after)
        _show_key(desk, client, key, as_json=as_json)

    return at_desk(scope, work)


@app.command
def renew(
    name: str,
    /,
    *,
    old_ends: Annotated[str, Parameter(name="--old-ends")] = "24h",
    as_json: Json = False,
    scope: Scope = HERE,
) -> int:
    """Give a program a new key, shown once, and let its older keys end a little later.

    For example:

      vestibule api-key renew intranet
      vestibule api-key renew intranet --old-ends 7d

    Parameters
    ----------
    name
        The program's name.
    old_ends
        When the older keys end: in 90m, 24h, 7d, or a day or time.
    """

    async def work(desk: Desk) -> None:
        client = finding.client(desk, name, ClientKind.API)
        await _end_all(desk, client, moment_after(old_ends, desk.now))
        key = await desk.services.applications.add_api_key(desk.actor, desk.tenant_id, client.client_id)
        _show_key(desk, client, key, as_json=as_json)

    return at_desk(scope, work)


@app.command
def revoke(name: str, /, *, yes: Yes = False, scope: Scope = HERE) -> int:
    """Remove a program with all its keys. It is refused within a second.

    For example:

      vestibule api-key revoke intranet

    Parameters
    ----------
    name
        The program's name.
    """

    async def work(desk: Desk) -> None:
        client = finding.client(desk, name, ClientKind.API)
        desk.terminal.confirm(yes, "ask.revoke", name=client.name)
        await desk.services.applications.remove_client(desk.actor, desk.tenant_id, client.client_id)
        desk.terminal.say("api_key.revoked", name=client.name)

    return at_desk(scope, work)


# --- parts ----------------------------------------------------------------------------------------------


async def _keys(desk: Desk) -> list[tuple[Client, ClientSecret | None]]:
    """Return each program with each of its keys; None for one that has none."""
    applications = desk.services.applications
    found: list[tuple[Client, ClientSecret | None]] = []
    for client in applications.clients(desk.actor, desk.tenant_id, ClientKind.API):
        stored = await applications.secrets(desk.actor, desk.tenant_id, client.client_id)
        found += [(client, key) for key in stored] or [(client, None)]
    return found


async def _end_all(desk: Desk, client: Client, not_after: int) -> None:
    """Let every key of the program end at `not_after`, unless it ends before."""
    applications = desk.services.applications
    for key in await applications.secrets(desk.actor, desk.tenant_id, client.client_id):
        if key.not_after is None or key.not_after > not_after:
            await applications.end_secret(
                desk.actor, desk.tenant_id, client.client_id, key.secret_id, not_after
            )


def _show_key(desk: Desk, client: Client, key: Secret[str], *, as_json: bool) -> None:
    if as_json:
        desk.terminal.json({**client_record(client), "key": key.reveal()})
        return
    revoke_it = desk.command(f"api-key revoke {shlex.quote(client.name)}")
    desk.terminal.secret(key, "api_key.shown", name=client.name)
    desk.terminal.note("api_key.next_revoke", command=revoke_it)


def _cells(desk: Desk, client: Client, key: ClientSecret | None) -> Sequence[str]:
    return (
        client.name,
        f"…{key.hint}" if key else "",
        " ".join(client.scopes),
        desk.snapshot.peers[client.client_id].application.name,
        client.address or desk.terminal.words("word.anywhere"),
        secret_validity(desk.terminal, key, desk.now) if key else desk.terminal.words("secret.none"),
        moment(key.created_at) if key else "",
    )
