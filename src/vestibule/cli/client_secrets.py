"""`vestibule client secret`: the shared secrets of a RADIUS client, and how secrets and keys are listed.

A secret is shown once, when it is made; after that only its last characters tell it from others.
"""

from __future__ import annotations

import shlex
from typing import Annotated

from cyclopts import App, Parameter

from vestibule.cli import finding
from vestibule.cli.desk import Desk, at_desk
from vestibule.cli.listing import show_rows
from vestibule.cli.output import moment
from vestibule.cli.parameters import HERE, Json, Scope, Yes
from vestibule.cli.records import secret_record
from vestibule.cli.terminal import NotDone, Terminal
from vestibule.cli.values import moment_after
from vestibule.crypto.secret import Secret
from vestibule.model.application import ClientKind, ClientSecret

secrets = App(
    name="secret",
    help="The shared secrets of a RADIUS client; several may be valid while one is replaced.",
    help_format="plaintext",
)

_SHORT = 8


@secrets.command(name="add")
def add_secret(
    client: str,
    /,
    *,
    ask: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    as_json: Json = False,
    scope: Scope = HERE,
) -> int:
    """Add a shared secret beside those there are: random, and shown once.

    To replace a secret without interruption: add one, enter it at the client, end the old one.

    For example:

      vestibule client secret add vpn-1

    Parameters
    ----------
    client
        Its name, address or identifier.
    ask
        Ask for the secret that the client has already, instead of making one.
    """

    async def work(desk: Desk) -> None:
        one = finding.client(desk, client, ClientKind.RADIUS)
        chosen = asked_secret(desk) if ask else None
        secret = await desk.services.applications.add_shared_secret(
            desk.actor, desk.tenant_id, one.client_id, chosen
        )
        if chosen:
            desk.terminal.say("client.secret_added", name=one.name)
        elif as_json:
            desk.terminal.json({"secret": secret.reveal()})
        else:
            desk.terminal.secret(secret, "client.secret_shown")
            end = desk.command(f"client secret end {shlex.quote(one.name)} SECRET")
            desk.terminal.note("client.next_end", command=end)

    return at_desk(scope, work)


@secrets.command(name="list")
def list_secrets(client: str, /, *, as_json: Json = False, scope: Scope = HERE) -> int:
    """List the shared secrets of a client: their last characters, never more.

    For example:

      vestibule client secret list vpn-1

    Parameters
    ----------
    client
        Its name, address or identifier.
    """

    async def work(desk: Desk) -> None:
        one = finding.client(desk, client, ClientKind.RADIUS)
        stored = await desk.services.applications.secrets(desk.actor, desk.tenant_id, one.client_id)
        show_secrets(desk, stored, as_json=as_json)

    return at_desk(scope, work)


@secrets.command(name="end")
def end_secret(
    client: str,
    secret: str,
    /,
    *,
    at: str | None = None,
    yes: Yes = False,
    scope: Scope = HERE,
) -> int:
    """End a shared secret at once, or at a time.

    For example:

      vestibule client secret end vpn-1 x7Q
      vestibule client secret end vpn-1 x7Q --at 24h

    Parameters
    ----------
    client
        Its name, address or identifier.
    secret
        Its last characters as `client secret list` shows them, or the beginning of its identifier.
    at
        When it ends: in 90m, 2h, 7d, or a day or time such as 2026-12-01T08:00. Left out: now, for good.
    """

    async def work(desk: Desk) -> None:
        one = finding.client(desk, client, ClientKind.RADIUS)
        stored = await finding.secret(desk, one, secret)
        not_after = moment_after(at, desk.now) if at is not None else None
        told = {"hint": stored.hint, "name": one.name}
        desk.terminal.confirm(yes or not_after is not None, "ask.end_secret", **told)
        await desk.services.applications.end_secret(
            desk.actor, desk.tenant_id, one.client_id, stored.secret_id, not_after
        )
        if not_after is None:
            desk.terminal.say("client.secret_ended", **told)
        else:
            desk.terminal.say("client.secret_ends", at=moment(not_after), **told)

    return at_desk(scope, work)


def secret_validity(terminal: Terminal, secret: ClientSecret, now: int) -> str:
    """Return until when a secret or key holds, in words."""
    if secret.not_after is None:
        return terminal.words("secret.valid")
    key = "secret.over" if secret.not_after <= now else "secret.until"
    return terminal.words(key, at=moment(secret.not_after))


def show_secrets(desk: Desk, stored: tuple[ClientSecret, ...], *, as_json: bool) -> None:
    """Write the stored secrets of a client: what tells them apart, never what they are."""
    show_rows(
        desk.terminal,
        stored,
        as_json=as_json,
        record=secret_record,
        header=("ends_with", "validity", "added", "id"),
        row=lambda secret: (
            f"…{secret.hint}",
            secret_validity(desk.terminal, secret, desk.now),
            moment(secret.created_at),
            secret.secret_id[:_SHORT],
        ),
        empty="list.no_secrets",
    )


def asked_secret(desk: Desk) -> Secret[str]:
    """Return the secret that the client has already, judged before anything is written for it."""
    from vestibule.services.applications import MIN_SHARED_SECRET_CHARACTERS
    from vestibule.services.refusal import Refusal, Refused

    secret = desk.terminal.ask_hidden("ask.shared_secret")
    revealed = secret.reveal()
    if not revealed.isascii() or not revealed.isprintable() or " " in revealed:
        raise NotDone("cli.wrong.secret")
    if len(secret) < MIN_SHARED_SECRET_CHARACTERS:
        raise Refused(Refusal.SECRET_TOO_SHORT, str(MIN_SHARED_SECRET_CHARACTERS))
    return secret
