"""`vestibule client signing` and `raise-signing`: who signs requests, and one step more of a client."""

from __future__ import annotations

import msgspec

from vestibule.catalog import text
from vestibule.cli import finding
from vestibule.cli.desk import Desk, at_desk
from vestibule.cli.listing import show_rows
from vestibule.cli.output import moment
from vestibule.cli.parameters import HERE, DryRun, Json, Scope, Yes
from vestibule.cli.terminal import NotDone
from vestibule.model.application import ClientKind
from vestibule.model.radius_client import read_settings
from vestibule.policy.client_signing import Advice


def signing(*, as_json: Json = False, scope: Scope = HERE) -> int:
    """Show which RADIUS clients sign their requests (Message-Authenticator), by the last seven days.

    A client is ready for the next step when all that came from it was signed.

    For example:

      vestibule client signing
      vestibule client signing --json
    """

    async def work(desk: Desk) -> None:
        terminal = desk.terminal
        show_rows(
            terminal,
            await desk.services.client_sightings.signing(desk.actor, desk.tenant_id),
            as_json=as_json,
            record=msgspec.to_builtins,
            header=("name", "step", "signed", "last_signed", "unsigned", "last_unsigned", "advice"),
            row=lambda one: (
                one.name,
                one.step.value,
                str(one.signed),
                moment(one.signed_at),
                str(one.unsigned),
                moment(one.unsigned_at),
                text(terminal.language, f"client_doctor.advice.{one.advice.value}"),
            ),
            empty="list.no_clients",
        )

    return at_desk(scope, work)


def raise_signing(client: str, /, *, yes: Yes = False, dry_run: DryRun = False, scope: Scope = HERE) -> int:
    """Demand one step more of a RADIUS client: observe, warn, require.

    Asks first where requests of the last seven days would have been dropped.

    For example:

      vestibule client raise-signing vpn-1 --dry-run
      vestibule client raise-signing vpn-1

    Parameters
    ----------
    client
        Its name, address or identifier.
    """

    async def work(desk: Desk) -> None:
        one, terminal = finding.client(desk, client, ClientKind.RADIUS), desk.terminal
        higher = read_settings(one.settings).message_authenticator.next
        if higher is None:
            raise NotDone("cli.client.signing_highest", name=one.name)
        step = terminal.words(f"signing.{higher.value}")
        if dry_run:
            terminal.say("client.signing_raised", name=one.name, step=step)
            terminal.note("dry_run")
            return
        reports = await desk.services.client_sightings.signing(desk.actor, desk.tenant_id)
        report = next(each for each in reports if each.client_id == one.client_id)
        if report.advice is not Advice.READY and higher.next is None:
            terminal.confirm(yes, "ask.raise_signing", name=one.name, count=report.unsigned)
        await desk.services.applications.raise_signing(desk.actor, desk.tenant_id, one.client_id)
        terminal.say("client.signing_raised", name=one.name, step=step)

    return at_desk(scope, work)
