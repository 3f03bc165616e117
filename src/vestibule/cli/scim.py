"""`vestibule scim`: keys with which identity providers push users and groups, and whom they pushed last."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any, Literal

from cyclopts import App

from vestibule.catalog import text
from vestibule.cli import finding
from vestibule.cli.desk import Desk, at_desk
from vestibule.cli.listing import show_rows
from vestibule.cli.output import moment
from vestibule.cli.parameters import HERE, Json, Scope, Yes
from vestibule.cli.person import status_words
from vestibule.cli.records import client_record
from vestibule.cli.values import plain_name
from vestibule.model.application import PORTAL_APPLICATION, Client, ClientKind
from vestibule.model.provisioning import PROVISION_SCOPE, read_settings
from vestibule.services.provisioned_users import KnownUser

app = App(name="scim", help="Users pushed by an identity provider (SCIM 2.0).", help_format="plaintext")

_LATEST = 50


@app.command(name="list")
def list_keys(*, as_json: Json = False, scope: Scope = HERE) -> int:
    """List the keys that push users.

    For example:

      vestibule scim list
    """

    async def work(desk: Desk) -> None:
        clients = desk.services.applications.clients(desk.actor, desk.tenant_id, ClientKind.API)
        show_rows(
            desk.terminal,
            [client for client in clients if PROVISION_SCOPE in client.scopes],
            as_json=as_json,
            record=client_record,
            header=("name", "when_deleted", "takes_over", "added", "id"),
            row=lambda client: _cells(desk, client),
            empty="list.no_scim_keys",
        )

    return at_desk(scope, work)


@app.command
def add(
    name: str,
    /,
    *,
    when_deleted: Literal["disable", "remove"] = "disable",
    takes_over: bool = False,
    requirement: Literal["disabled", "enabled", "enforced"] = "disabled",
    phones: Literal["sms", "voice"] | None = None,
    address: str = "",
    as_json: Json = False,
    scope: Scope = HERE,
) -> int:
    """Add a key for an identity provider, which is shown once.

    For example:

      vestibule scim add "Entra ID"
      vestibule scim add Okta --when-deleted remove --requirement enabled

    Parameters
    ----------
    name
        What the provider is called.
    when_deleted
        What becomes of a user whom the provider deletes.
    takes_over
        Let it change users and groups that were added here by hand, too.
    requirement
        What is required of those whom it adds.
    phones
        Phones that it gives are methods at once: texted or called.
    address
        The IP address or network it may push from; from anywhere if left out.
    """

    async def work(desk: Desk) -> None:
        settings: dict[str, Any] = {
            "when_deleted": when_deleted,
            "requirement": requirement,
            "takes_over": takes_over,
        }
        if phones is not None:
            settings["phone_method"] = phones
        applications = desk.services.applications
        client = await applications.add_client(
            desk.actor,
            desk.tenant_id,
            PORTAL_APPLICATION,
            ClientKind.API,
            plain_name(name),
            address=address,
            settings=settings,
            scopes=(PROVISION_SCOPE,),
        )
        key = await applications.add_api_key(desk.actor, desk.tenant_id, client.client_id)
        if as_json:
            desk.terminal.json({**client_record(client), "key": key.reveal()})
            return
        desk.terminal.secret(key, "api_key.shown", name=client.name)
        revoke_it = desk.command(f"scim revoke {shlex.quote(client.name)}")
        desk.terminal.note("scim.next", path="/scim/v2", command=revoke_it)

    return at_desk(scope, work)


@app.command
def revoke(name: str, /, *, yes: Yes = False, scope: Scope = HERE) -> int:
    """Remove a key. The provider is refused within a second; whom it has added stays.

    For example:

      vestibule scim revoke Okta

    Parameters
    ----------
    name
        The key's name.
    """

    async def work(desk: Desk) -> None:
        client = finding.client(desk, name, ClientKind.API)
        desk.terminal.confirm(yes, "ask.revoke", name=client.name)
        await desk.services.applications.remove_client(desk.actor, desk.tenant_id, client.client_id)
        desk.terminal.say("api_key.revoked", name=client.name)

    return at_desk(scope, work)


@app.command
def pushed(*, as_json: Json = False, scope: Scope = HERE) -> int:
    """List the users who were pushed last.

    For example:

      vestibule scim pushed
    """

    async def work(desk: Desk) -> None:
        found = await desk.services.provisioned_users.last(desk.actor, desk.tenant_id, _LATEST)
        show_rows(
            desk.terminal,
            found,
            as_json=as_json,
            record=lambda known: known.record,
            header=("user", "status", "key", "when", "id"),
            row=lambda known: _pushed_cells(desk, known),
            empty="list.nobody_pushed",
        )

    return at_desk(scope, work)


def _cells(desk: Desk, client: Client) -> Sequence[str]:
    settings = read_settings(client.settings)
    takes_over = desk.terminal.words("word.yes" if settings.takes_over else "word.no")
    when_deleted = text(desk.terminal.language, f"scim.when_deleted_is.{settings.when_deleted}")
    return (client.name, when_deleted, takes_over, moment(client.created_at), client.client_id)


def _pushed_cells(desk: Desk, known: KnownUser) -> Sequence[str]:
    assert known.record is not None
    peer = desk.snapshot.peers.get(known.record.client_id)
    return (
        known.user.username,
        desk.terminal.words("word.deleted")
        if known.record.is_gone
        else status_words(desk.terminal, known.user),
        peer.client.name if peer is not None else known.record.client_id,
        moment(known.record.pushed_at),
        known.record.external_id,
    )
