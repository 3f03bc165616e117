"""`vestibule gateway`: what carries texts, calls, mails and events, whether it works, what was sent."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, TypeAlias

import msgspec
from cyclopts import App, Parameter

from vestibule.cli import finding
from vestibule.cli.desk import Desk, at_desk
from vestibule.cli.gateway_routes import close_range, ranges, route
from vestibule.cli.gateway_spending import show_spending, tell_spending
from vestibule.cli.gateway_values import settings_in_file, shown_default, typed_settings
from vestibule.cli.listing import show_pages, show_rows
from vestibule.cli.output import moment
from vestibule.cli.parameters import HERE, Json, Limit, Scope, Yes
from vestibule.cli.records import delivery_record, dispatch_record, gateway_record, spending_record
from vestibule.cli.terminal import NotDone, choices
from vestibule.cli.values import plain_name
from vestibule.crypto.secret import Secret
from vestibule.interfaces.transaction.sending import DeliveryFilter
from vestibule.model.delivery import TO_PHONES, Carries, Delivery, DeliveryState
from vestibule.model.dispatch import Dispatch, DispatchState
from vestibule.model.gateway import GatewayConfiguration
from vestibule.services.gateway_words import cause_words, kind_name, setting_label
from vestibule.services.refusal import Refusal, Refused

app = App(
    name="gateway",
    help="Gateways that carry texts, calls, e-mails and webhooks: add, change, test.",
    help_format="plaintext",
)
app.command(route)
app.command(ranges)
app.command(close_range)

_USUAL_PRIORITY = 10
_TEST_SECONDS = {Carries.TEXT: 20.0, Carries.CALL: 90.0}

Settings: TypeAlias = Annotated[
    list[str] | None,
    Parameter(
        name="--set",
        negative="",
        help="A setting of its kind, as name=value; may be repeated, and named twice for a list.",
    ),
]
SettingsFile: TypeAlias = Annotated[
    Path | None,
    Parameter(name="--settings", help="A TOML or JSON file with settings of its kind; --set goes before it."),
]
AskSecret: TypeAlias = Annotated[
    bool,
    Parameter(
        name="--ask-secret",
        negative="",
        show_default=False,
        help="Ask for its password or token; a script gives it on one line.",
    ),
]
AskSecondSecret: TypeAlias = Annotated[
    bool,
    Parameter(
        name="--ask-second-secret",
        negative="",
        show_default=False,
        help="Ask for both secrets, where callbacks have one of their own; a script gives two lines.",
    ),
]
TextPrice: TypeAlias = Annotated[
    str | None,
    Parameter(help="What a text costs, such as 0.10, or '0.10 49:0.07' by the beginning of numbers."),
]
Serves: TypeAlias = Annotated[
    str | None,
    Parameter(help="Beginnings of the numbers it carries to, such as '49 4366', or '*' for all; '' for all."),
]
CallPrice: TypeAlias = Annotated[str | None, Parameter(help="What a call costs, in the same way.")]
Priority: TypeAlias = Annotated[
    int | None, Parameter(help="1 to 1000; of those that can be used, the lowest is.")
]


@app.command
def kinds(*, as_json: Json = False, scope: Scope = HERE) -> int:
    """List the kinds of gateways, and the settings of each.

    For example:

      vestibule gateway kinds
    """

    async def work(desk: Desk) -> None:
        service, terminal = desk.services.gateway_settings, desk.terminal
        if as_json:
            terminal.json(
                [
                    {"kind": kind, "carries": sorted(carries), "settings": service.fields(kind)}
                    for kind, carries in service.kinds.items()
                ]
            )
            return
        for kind, carries in service.kinds.items():
            terminal.line(f"{kind}: {kind_name(terminal.language, kind)} ({_carried(desk, carries)})")
            for field in service.fields(kind):
                label = setting_label(terminal.language, kind, field.name)
                terminal.line(f"  {field.name}{shown_default(field)}: {label}")
            terminal.line()

    return at_desk(scope, work)


@app.command(name="list")
def list_gateways(*, as_json: Json = False, scope: Scope = HERE) -> int:
    """List the gateways in the order in which they are used.

    For example:

      vestibule gateway list
    """

    async def work(desk: Desk) -> None:
        service = desk.services.gateway_settings
        show_rows(
            desk.terminal,
            service.list(desk.actor, desk.tenant_id),
            as_json=as_json,
            record=lambda one: gateway_record(one, service.callback_url(one)),
            header=("priority", "name", "kind", "state", "added", "id"),
            row=lambda one: (
                str(one.priority),
                one.name,
                one.kind,
                _on_off(desk, one),
                moment(one.created_at),
                one.gateway_id,
            ),
            empty="list.no_gateways",
        )
        if not as_json:
            tell_spending(desk, await desk.services.sending_limits.standing(desk.actor, desk.tenant_id))

    return at_desk(scope, work)


@app.command
def show(gateway: str, /, *, as_json: Json = False, scope: Scope = HERE) -> int:
    """Show the settings of one gateway. Its secret is never shown.

    For example:

      vestibule gateway show "Text provider"

    Parameters
    ----------
    gateway
        Its name or identifier.
    """

    async def work(desk: Desk) -> None:
        one, terminal = finding.gateway(desk, gateway), desk.terminal
        callback_url = desk.services.gateway_settings.callback_url(one)
        if as_json:
            terminal.json(gateway_record(one, callback_url))
            return
        terminal.facts(
            [
                ("name", one.name),
                ("kind", f"{one.kind}: {kind_name(terminal.language, one.kind)}"),
                ("priority", str(one.priority)),
                ("state", _on_off(desk, one)),
                ("text_price", one.text_price),
                ("call_price", one.call_price),
                ("serves", one.serves),
                ("secret", terminal.words("word.kept" if one.secret else "word.none_kept")),
                ("callback_url", callback_url),
                ("added", moment(one.created_at)),
                ("id", one.gateway_id),
            ]
        )
        terminal.line()
        for name, value in sorted(one.settings.items()):
            terminal.line(f"  {name} = {msgspec.json.encode(value).decode()}")

    return at_desk(scope, work)


@app.command
def add(
    kind: str,
    name: str,
    /,
    *,
    settings: Settings = None,
    settings_file: SettingsFile = None,
    ask_secret: AskSecret = False,
    ask_second_secret: AskSecondSecret = False,
    priority: Priority = None,
    text_price: TextPrice = None,
    call_price: CallPrice = None,
    serves: Serves = None,
    off: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    as_json: Json = False,
    scope: Scope = HERE,
) -> int:
    """Add a gateway; it is used from the next text or call on.

    For example:

      vestibule gateway add smpp "Operator" --set host=smpp.example.org --set system_id=example --ask-secret
      vestibule gateway add http_text "Text provider" --settings kurier.json --ask-second-secret
      vestibule gateway add smtp "Mail" --set host=mail.example.org --set sender=vestibule@example.org \\
          --set username=vestibule --ask-secret
      vestibule gateway add http_call "Calls" --set account=AC0123 --set caller_id=+4930901820 --ask-secret

    Parameters
    ----------
    kind
        What kind of gateway; see: vestibule gateway kinds
    name
        What it is called.
    off
        Add it without using it yet.
    """

    async def work(desk: Desk) -> None:
        known = desk.services.gateway_settings.kinds
        if kind not in known:
            raise NotDone("cli.unknown.gateway_kind", name=kind, kinds=choices(list(known)))
        typed = typed_settings(desk.services.gateway_settings.fields(kind), settings)
        chosen = {**settings_in_file(settings_file), **typed}
        secret = _asked(desk, first=ask_secret, second=ask_second_secret)
        with _saying():
            added = await desk.services.gateway_settings.add(
                desk.actor,
                desk.tenant_id,
                kind,
                plain_name(name),
                chosen,
                secret or Secret(""),
                priority=_USUAL_PRIORITY if priority is None else priority,
                is_enabled=not off,
                text_price=text_price or "",
                call_price=call_price or "",
                serves=serves or "",
            )
        if as_json:
            callback_url = desk.services.gateway_settings.callback_url(added)
            desk.terminal.json(gateway_record(added, callback_url))
            return
        desk.terminal.say("gateway.added", name=added.name)
        able = desk.services.gateway_settings.kinds[kind]
        whom = "NUMBER" if able & TO_PHONES else "ADDRESS" if Carries.MAIL in able else ""
        test_it = desk.command(f"gateway test {shlex.quote(added.name)} {whom}".rstrip())
        desk.terminal.note("gateway.next_test", command=test_it)

    return at_desk(scope, work)


@app.command
def change(
    gateway: str,
    /,
    *,
    name: str | None = None,
    settings: Settings = None,
    settings_file: SettingsFile = None,
    unset: Annotated[list[str] | None, Parameter(negative="")] = None,
    ask_secret: AskSecret = False,
    ask_second_secret: AskSecondSecret = False,
    priority: Priority = None,
    text_price: TextPrice = None,
    call_price: CallPrice = None,
    serves: Serves = None,
    scope: Scope = HERE,
) -> int:
    """Change a gateway; it holds from the next text or call on. What is left out stays as it is.

    For example:

      vestibule gateway change Operator --set per_second=20 --unset ca_file
      vestibule gateway change Operator --ask-secret --priority 5
      vestibule gateway change Operator --text-price "0.10 49:0.07" --serves "49 43"

    Parameters
    ----------
    gateway
        Its name or identifier.
    name
        The new name.
    unset
        A setting that gets its default again; may be repeated.
    """

    async def work(desk: Desk) -> None:
        one = finding.gateway(desk, gateway)
        gone = {entry.replace("-", "_") for entry in unset or ()}
        kept = {key: value for key, value in one.settings.items() if key not in gone}
        typed = typed_settings(desk.services.gateway_settings.fields(one.kind), settings)
        changed = msgspec.structs.replace(
            one,
            name=plain_name(name) if name is not None else one.name,
            settings={**kept, **settings_in_file(settings_file), **typed},
            priority=one.priority if priority is None else priority,
            text_price=one.text_price if text_price is None else text_price,
            call_price=one.call_price if call_price is None else call_price,
            serves=one.serves if serves is None else serves,
        )
        secret = _asked(desk, first=ask_secret, second=ask_second_secret)
        if changed == one and secret is None:
            raise NotDone("cli.nothing_to_change")
        with _saying():
            put = await desk.services.gateway_settings.change(desk.actor, changed, secret)
        desk.terminal.say("gateway.changed", name=put.name)

    return at_desk(scope, work)


@app.command
def enable(gateway: str, /, *, scope: Scope = HERE) -> int:
    """Use a gateway again.

    For example:

      vestibule gateway enable Operator

    Parameters
    ----------
    gateway
        Its name or identifier.
    """
    return _switch(gateway, scope, is_enabled=True)


@app.command
def disable(gateway: str, /, *, scope: Scope = HERE) -> int:
    """Stop using a gateway; its settings stay.

    For example:

      vestibule gateway disable Operator

    Parameters
    ----------
    gateway
        Its name or identifier.
    """
    return _switch(gateway, scope, is_enabled=False)


@app.command
def remove(gateway: str, /, *, yes: Yes = False, scope: Scope = HERE) -> int:
    """Remove a gateway with its settings and its secret.

    For example:

      vestibule gateway remove Operator

    Parameters
    ----------
    gateway
        Its name or identifier.
    """

    async def work(desk: Desk) -> None:
        one = finding.gateway(desk, gateway)
        desk.terminal.confirm(yes, "ask.remove_gateway", name=one.name)
        await desk.services.gateway_settings.remove(desk.actor, desk.tenant_id, one.gateway_id)
        desk.terminal.say("gateway.removed", name=one.name)

    return at_desk(scope, work)


@app.command(name="test")
def try_out(
    gateway: str,
    number: str = "",
    /,
    *,
    call: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    as_json: Json = False,
    scope: Scope = HERE,
) -> int:
    """Send a test text, call, mail or event through exactly this gateway, and wait for what comes of it.

    It may cost what a text or call costs. Receipts and calls need a running server to call back to.

    For example:

      vestibule gateway test Operator +4930123456
      vestibule gateway test Calls +4930123456 --call
      vestibule gateway test Mail admin@example.org

    Parameters
    ----------
    gateway
        Its name or identifier.
    number
        The phone, as its owner would write it; for mails the address; a webhook needs none.
    call
        Place a call instead of sending a text; the only thing there is for a gateway that carries calls only.
    """

    async def work(desk: Desk) -> None:
        one = finding.gateway(desk, gateway)
        able = desk.services.gateway_settings.kinds.get(one.kind, frozenset())
        if not able & TO_PHONES:
            made = await desk.services.outbox.send_test(desk.actor, desk.tenant_id, one.gateway_id, number)
            if as_json:
                desk.terminal.json(dispatch_record(made))
            _tell_dispatch(desk, made, is_said=not as_json)
            return
        carries = Carries.CALL if call or Carries.TEXT not in able else Carries.TEXT
        sent = await desk.services.gateway_settings.send_test(
            desk.actor,
            desk.tenant_id,
            one.gateway_id,
            number,
            carries,
            wait_seconds=_TEST_SECONDS[carries],
        )
        if as_json:
            desk.terminal.json(delivery_record(sent))
        _tell(desk, sent, is_said=not as_json)

    return at_desk(scope, work)


@app.command
def deliveries(
    *,
    gateway: str | None = None,
    state: DeliveryState | None = None,
    limit: Limit = None,
    as_json: Json = False,
    scope: Scope = HERE,
) -> int:
    """List the texts and calls of the last day, newest first. What was said is never kept.

    For example:

      vestibule gateway deliveries --state failed
      vestibule gateway deliveries --gateway Operator --limit 20

    Parameters
    ----------
    gateway
        Only those of this gateway: its name or identifier.
    state
        Only those that stand so.
    """

    async def work(desk: Desk) -> None:
        service = desk.services.gateway_settings
        names = {one.gateway_id: one.name for one in service.list(desk.actor, desk.tenant_id)}
        only = finding.gateway(desk, gateway).gateway_id if gateway else ""
        where = DeliveryFilter(gateway_id=only, state=state.value if state else "")
        await show_pages(
            desk.terminal,
            lambda page: service.deliveries(desk.actor, desk.tenant_id, where, page),
            limit,
            as_json=as_json,
            record=delivery_record,
            header=("when", "kind", "phone", "gateway", "state", "cause"),
            row=lambda one: _cells(desk, names, one),
            empty="list.no_deliveries",
        )

    return at_desk(scope, work)


@app.command
def spending(*, as_json: Json = False, scope: Scope = HERE) -> int:
    """Show what texts and calls cost today, and which limits have refused some within the last day.

    For example:

      vestibule gateway spending
    """

    async def work(desk: Desk) -> None:
        standing = await desk.services.sending_limits.standing(desk.actor, desk.tenant_id)
        if as_json:
            desk.terminal.json(spending_record(standing))
        else:
            show_spending(desk, standing)

    return at_desk(scope, work)


# --- parts ----------------------------------------------------------------------------------------------


def _switch(gateway: str, scope: Scope, *, is_enabled: bool) -> int:
    async def work(desk: Desk) -> None:
        one = finding.gateway(desk, gateway)
        service = desk.services.gateway_settings
        await service.set_enabled(desk.actor, desk.tenant_id, one.gateway_id, is_enabled=is_enabled)
        desk.terminal.say("gateway.enabled" if is_enabled else "gateway.disabled", name=one.name)

    return at_desk(scope, work)


class _saying:  # noqa: N801 - read as a word of the statement
    """Say which setting was refused, as the plug-in names it."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, problem: object, trace: object) -> None:
        if isinstance(problem, Refused) and problem.why is Refusal.SETTING_INVALID:
            raise NotDone("cli.gateway.wrong", why=problem.key) from None


def _tell(desk: Desk, sent: Delivery, *, is_said: bool) -> None:
    why = cause_words(desk.terminal.language, sent.cause)
    if sent.state in (DeliveryState.FAILED, DeliveryState.DROPPED):
        raise NotDone("cli.gateway.not_sent", why=why)
    if not is_said:
        return
    if sent.state is DeliveryState.DELIVERED:
        desk.terminal.say("gateway.delivered", number=delivery_record(sent)["number"])
    elif sent.cause:
        desk.terminal.say("gateway.unsure", why=why)
    else:
        desk.terminal.say("gateway.sent", command=desk.command("gateway deliveries"))


def _tell_dispatch(desk: Desk, made: Dispatch, *, is_said: bool) -> None:
    if made.state is not DispatchState.SENT:
        raise NotDone("cli.gateway.not_sent", why=cause_words(desk.terminal.language, made.cause))
    if is_said:
        desk.terminal.say("gateway.taken")


def _cells(desk: Desk, names: dict[str, str], one: Delivery) -> tuple[str, ...]:
    terminal = desk.terminal
    return (
        moment(one.created_at),
        terminal.named("gateway.one", one.carries.value),
        delivery_record(one)["number"],
        names.get(one.gateway_id, one.gateway_id),
        terminal.named("gateway.delivery", one.state.value),
        cause_words(terminal.language, one.cause),
    )


def _asked(desk: Desk, *, first: bool, second: bool) -> Secret[str] | None:
    """Ask for the secret, and for the second one if there is to be one; None if neither is asked for."""
    if not (first or second):
        return None
    secret = desk.terminal.ask_hidden("ask.gateway_secret")
    if not second:
        return secret
    other = desk.terminal.ask_hidden("ask.gateway_second_secret")
    return Secret(f"{secret.reveal()}\n{other.reveal()}")


def _carried(desk: Desk, carries: Iterable[Carries]) -> str:
    return ", ".join(desk.terminal.named("gateway.carries", each.value) for each in sorted(carries))


def _on_off(desk: Desk, one: GatewayConfiguration) -> str:
    return desk.terminal.words("status.on" if one.is_enabled else "status.off")
