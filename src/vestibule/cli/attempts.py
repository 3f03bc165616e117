"""`vestibule attempts`: every sign-in that was asked for, how it ended, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from cyclopts import App, Parameter

from vestibule.catalog import has, text, wordings
from vestibule.cli import finding
from vestibule.cli.desk import Desk, at_desk
from vestibule.cli.finding import SHORT_ID
from vestibule.cli.listing import show_pages
from vestibule.cli.output import NOTHING, harmless, moment
from vestibule.cli.parameters import HERE, Json, Limit, Scope
from vestibule.cli.records import attempt_record, traced_attempt_record
from vestibule.cli.terminal import Terminal
from vestibule.cli.values import moment_before
from vestibule.interfaces.transaction.attempts import VerificationFilter
from vestibule.model.application import ClientKind
from vestibule.model.device_record import AskedDevice
from vestibule.model.verification import Reason, TraceLine, Verification, VerificationState

app = App(name="attempts", help="Sign-in attempts: how each ended, and why.", help_format="plaintext")


@app.command(name="list")
def list_attempts(
    *,
    user: str = "",
    state: VerificationState | None = None,
    reason: Annotated[Reason | None, Parameter(show_choices=False)] = None,
    application: str | None = None,
    client: str | None = None,
    channel: str = "",
    since: str | None = None,
    until: str | None = None,
    limit: Limit = None,
    as_json: Json = False,
    scope: Scope = HERE,
) -> int:
    """List attempts, newest first.

    For example:

      vestibule attempts list --since 2h
      vestibule attempts list --user alice --state denied
      vestibule attempts list --application VPN --since 2026-11-01 --until 2026-12-01 --json
      vestibule attempts list --reason passcode-replayed

    Parameters
    ----------
    user
        Beginning of the user name, as it was typed or as it is.
    state
        Only attempts that stand so.
    reason
        Only attempts with this reason, such as passcode-wrong, locked-out, no-authenticator.
    application
        Only attempts for this application: its name or identifier.
    client
        Only attempts through this RADIUS client: its name, address or identifier.
    channel
        Only attempts through this door: radius, api, portal or console.
    since
        Not before: 90m, 2h, 7d, 2w ago, or a day or time such as 2026-11-03 or 2026-11-03T14:00.
    until
        Before: the same.
    """

    async def work(desk: Desk) -> None:
        terminal, now = desk.terminal, desk.now
        where = VerificationFilter(
            text=user,
            state=state.value if state else "",
            reason=reason.value if reason else "",
            application_id=finding.application(desk, application).application_id if application else "",
            client_id=finding.client(desk, client, ClientKind.RADIUS).client_id if client else "",
            channel=channel,
            since=moment_before(since, now) if since else None,
            until=moment_before(until, now) if until else None,
        )
        await show_pages(
            terminal,
            lambda page: desk.services.attempts.list(desk.actor, desk.tenant_id, where, page),
            limit,
            as_json=as_json,
            record=attempt_record,
            header=("when", "user", "outcome", "reason", "application", "id"),
            row=lambda attempt: attempt_cells(terminal, attempt),
            empty="list.no_attempts",
        )

    return at_desk(scope, work)


@app.command
def show(attempt: str, /, *, as_json: Json = False, scope: Scope = HERE) -> int:
    """Show one attempt and, step by step, why it ended as it did.

    For example:

      vestibule attempts show 019f2c6d1a2b3c4d

    Parameters
    ----------
    attempt
        Its identifier, or the beginning of it that the list shows.
    """

    async def work(desk: Desk) -> None:
        found = await finding.attempt(desk, attempt)
        devices = await desk.services.device_records.of(desk.actor, found)
        if as_json:
            desk.terminal.json(traced_attempt_record(found, devices))
            return
        _show(desk.terminal, found, desk.services.countries.of(found.user_address))
        if devices:
            _show_devices(desk.terminal, found, devices)

    return at_desk(scope, work)


def attempt_cells(terminal: Terminal, attempt: Verification, *, with_user: bool = True) -> Sequence[str]:
    """Return the cells of one attempt in a list: when, (user,) outcome, reason, application, id."""
    who = [attempt.username or attempt.claimed_username] if with_user else []
    when = moment(attempt.started_at)
    outcome = terminal.named("state", attempt.state.value)
    reason = terminal.named("reason", attempt.reason.value)
    told = (outcome, reason, attempt.application_name, attempt.verification_id[:SHORT_ID])
    return (when, *who, *told)


def explain(terminal: Terminal, line: TraceLine) -> str:
    """Return one line of a why-trace as a sentence, or as plain facts if the catalog has none for it."""
    spoken = {name: _spoken(terminal, name, value) for name, value in line.facts.items()}
    detail = spoken.pop("detail", "")
    if has(detail) and not wordings(detail)[terminal.language].placeholders:
        detail = text(terminal.language, detail)
    key = f"trace.{line.step}.{line.result}"
    if has(key):
        wanted = wordings(key)[terminal.language].placeholders
        said = text(terminal.language, key, **{name: spoken.get(name) or NOTHING for name in wanted})
    elif has(f"reason.{line.result}"):
        said = terminal.named("reason", line.result)
    else:
        plain = [f"{name} = {fact}" for name, fact in spoken.items()]
        said = ", ".join([f"{line.step}: {line.result}", *plain])
    return harmless(f"{said} ({detail})" if detail else said)


def _spoken(terminal: Terminal, name: str, value: str) -> str:
    match name:
        case "method":
            return terminal.method(value)
        case "limit":
            return terminal.named("limit.kind", value)
        case _:
            return value


def _show(terminal: Terminal, attempt: Verification, country: str) -> None:
    client = " ".join(part for part in (attempt.client_name, attempt.client_address) if part)
    method = " ".join(part for part in (terminal.method(attempt.method), attempt.authenticator_label) if part)
    terminal.facts(
        [
            ("outcome", terminal.named("state", attempt.state.value)),
            ("reason", terminal.named("reason", attempt.reason.value)),
            ("user", attempt.username or terminal.words("word.nobody")),
            ("claimed", attempt.claimed_username),
            ("name", f"{attempt.given_name} {attempt.family_name}".strip()),
            ("email", attempt.email),
            ("application", attempt.application_name),
            ("client", client),
            ("user_address", " ".join(part for part in (attempt.user_address, country) if part)),
            ("channel", terminal.named("cli.channel", attempt.channel)),
            ("method", method),
            ("phone", attempt.phone),
            ("device", attempt.device),
            ("authenticated", terminal.yes_no(attempt.is_authenticated)),
            ("legacy_result", attempt.legacy_result),
            ("started", moment(attempt.started_at)),
            ("decided", moment(attempt.decided_at)),
            ("node", f"{attempt.node_name} {attempt.node_address}"),
            ("id", attempt.verification_id),
        ]
    )
    terminal.line()
    terminal.say("attempt.why")
    for number, line in enumerate(attempt.trace, start=1):
        terminal.line(f"  {number}. {explain(terminal, line)}")
    if not attempt.trace:
        terminal.line(f"  {NOTHING}")


def _show_devices(terminal: Terminal, attempt: Verification, devices: Sequence[AskedDevice]) -> None:
    language = terminal.language
    terminal.line()
    terminal.line(f"{text(language, 'app_device.asked')}:")
    for device in devices:
        terminal.line(f"  {harmless(device.label) or text(language, 'app_device.unnamed')}")
        for each in device.facts:
            terminal.line(f"    {moment(each.at)}  {terminal.named('app_device.fact', each.fact.value)}")
        if device.decision:
            when = moment(attempt.decided_at)
            terminal.line(f"    {when}  {terminal.named('app_device.decision', device.decision)}")
