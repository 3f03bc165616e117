"""`vestibule client`: the VPN concentrators and servers that ask by RADIUS, and their shared secrets.

A secret is shown once, when it is made; after that only its last characters tell it from others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

import msgspec
from cyclopts import App, Parameter, validators

from vestibule.cli import finding
from vestibule.cli.client_secrets import asked_secret, secrets, show_secrets
from vestibule.cli.client_signing import raise_signing, signing
from vestibule.cli.desk import Desk, at_desk
from vestibule.cli.listing import show_rows
from vestibule.cli.output import moment
from vestibule.cli.parameters import HERE, DryRun, Json, Scope, Yes
from vestibule.cli.records import client_record, secret_record
from vestibule.cli.terminal import NotDone
from vestibule.cli.values import plain_name
from vestibule.model.application import Client, ClientKind
from vestibule.model.radius_client import Mode, Signing, read_settings

app = App(
    name="client",
    help="RADIUS clients, such as VPN concentrators, and their shared secrets.",
    help_format="plaintext",
)
app.command(secrets)
app.command(signing)
app.command(raise_signing)


ModeChoice: TypeAlias = Annotated[
    Mode | None,
    Parameter(
        name="--mode",
        help="challenge: the password first, then the client asks for the passcode. combined: password and "
        "passcode in one field. passcode-only: the client has checked the password. out-of-band: nothing "
        "is typed, as behind an RD Gateway: a call, a text or the app.",
    ),
]
SigningChoice: TypeAlias = Annotated[
    Signing | None,
    Parameter(
        name="--message-authenticator",
        help="What becomes of requests without it. require: dropped. warn: taken, and administrators are "
        "told. observe: taken and counted. Where they are taken, who changes packets on the way can forge "
        "answers.",
    ),
]
ProxyState: TypeAlias = Annotated[
    bool | None,
    Parameter(
        name="--limit-proxy-state",
        negative="--no-limit-proxy-state",
        help="Drop unsigned requests with Proxy-State, which every known forgery needs.",
    ),
]
UserMatch: TypeAlias = Annotated[
    bool | None,
    Parameter(
        name="--require-user-match",
        negative="--no-require-user-match",
        help="With a RADIUS server behind: let in only who is known here, too. Without it others get in with "
        "the first factor alone.",
    ),
]
InnerName: TypeAlias = Annotated[
    bool | None,
    Parameter(
        name="--require-inner-name",
        negative="--no-require-inner-name",
        help="With a RADIUS server behind, of EAP through a tunnel: let in only whom the server has named.",
    ),
]
Version11: TypeAlias = Annotated[
    bool | None,
    Parameter(
        name="--require-radius-1-1",
        negative="--no-require-radius-1-1",
        help="Take requests over TLS only, and only as RADIUS/1.1.",
    ),
]
ResponseSeconds: TypeAlias = Annotated[
    int | None,
    Parameter(
        name="--response-seconds",
        validator=validators.Number(gte=3, lte=300),
        help="How long a request waits for an answer by phone or app, 3 to 300: less than the client waits.",
    ),
]
PasscodeLength: TypeAlias = Annotated[
    int | None,
    Parameter(
        name="--passcode-length",
        validator=validators.Number(gte=6, lte=10),
        help="Mode combined: how many digits at the end are the passcode, 6 to 10.",
    ),
]


@app.command(name="list")
def list_clients(*, as_json: Json = False, scope: Scope = HERE) -> int:
    """List the RADIUS clients.

    For example:

      vestibule client list
    """

    async def work(desk: Desk) -> None:
        show_rows(
            desk.terminal,
            desk.services.applications.clients(desk.actor, desk.tenant_id, ClientKind.RADIUS),
            as_json=as_json,
            record=client_record,
            header=("name", "address", "application", "mode", "secrets", "status", "id"),
            row=lambda one: _cells(desk, one),
            empty="list.no_clients",
        )

    return at_desk(scope, work)


@app.command
def show(client: str, /, *, as_json: Json = False, scope: Scope = HERE) -> int:
    """Show one RADIUS client with the last characters of its secrets.

    For example:

      vestibule client show vpn-1
      vestibule client show 192.0.2.10

    Parameters
    ----------
    client
        Its name, address or identifier.
    """

    async def work(desk: Desk) -> None:
        one, terminal = finding.client(desk, client, ClientKind.RADIUS), desk.terminal
        stored = await desk.services.applications.secrets(desk.actor, desk.tenant_id, one.client_id)
        if as_json:
            terminal.json({**client_record(one), "secrets": [secret_record(secret) for secret in stored]})
            return
        settings = read_settings(one.settings)
        length = str(settings.passcode_length) if settings.mode is Mode.COMBINED else ""
        terminal.facts(
            [
                ("name", one.name),
                ("address", one.address),
                ("application", finding.application_name(desk, one)),
                ("mode", terminal.words(f"mode.{settings.mode.value}")),
                ("passcode_length", length),
                ("message_authenticator", terminal.words(f"signing.{settings.message_authenticator.value}")),
                ("limit_proxy_state", terminal.yes_no(settings.limit_proxy_state)),
                ("response_seconds", str(settings.response_seconds)),
                ("require_user_match", terminal.yes_no(settings.require_user_match)),
                ("require_inner_name", terminal.yes_no(settings.require_inner_name)),
                ("require_radius_1_1", terminal.yes_no(settings.require_radius_1_1)),
                ("status", terminal.on_or_off(one.is_enabled)),
                ("added", moment(one.created_at)),
                ("id", one.client_id),
            ]
        )
        terminal.line()
        show_secrets(desk, stored, as_json=False)

    return at_desk(scope, work)


@app.command
def add(
    name: str,
    address: Annotated[str, Parameter(show_default=False)] = "",
    /,
    *,
    application: Annotated[str, Parameter(help="The application on whose behalf it asks.")],
    mode: ModeChoice = None,
    message_authenticator: SigningChoice = None,
    limit_proxy_state: ProxyState = None,
    passcode_length: PasscodeLength = None,
    response_seconds: ResponseSeconds = None,
    require_user_match: UserMatch = None,
    require_inner_name: InnerName = None,
    require_radius_1_1: Version11 = None,
    ask_secret: Annotated[
        bool,
        Parameter(negative="", show_default=False, help="Ask for the secret that the client has already."),
    ] = False,
    as_json: Json = False,
    scope: Scope = HERE,
) -> int:
    """Add a RADIUS client with its first shared secret, which is random and shown once. A client without an
    address has none: it comes over TLS, known by its certificate.

    For example:

      vestibule client add vpn-1 192.0.2.10 --application VPN
      vestibule client add branches 198.51.100.0/24 --application VPN --mode combined --passcode-length 6
      vestibule client add old-vpn 192.0.2.11 --application VPN --ask-secret < file-with-the-secret
      vestibule client add vpn-2 --application VPN

    Parameters
    ----------
    name
        What it is called.
    address
        The IP address it asks from, or a network such as 192.0.2.0/24. Left out: from anywhere, over TLS.
    """

    async def work(desk: Desk) -> None:
        applications, terminal = desk.services.applications, desk.terminal
        asks_for = finding.application(desk, application)
        chosen = asked_secret(desk) if ask_secret else None
        added = await applications.add_client(
            desk.actor,
            desk.tenant_id,
            asks_for.application_id,
            ClientKind.RADIUS,
            plain_name(name),
            address=address,
            settings=_settings(
                {},
                mode,
                message_authenticator,
                limit_proxy_state=limit_proxy_state,
                passcode_length=passcode_length,
                response_seconds=response_seconds,
                require_user_match=require_user_match,
                require_inner_name=require_inner_name,
                require_radius_1_1=require_radius_1_1,
            ),
        )
        if not address:
            if as_json:
                terminal.json(client_record(added))
            else:
                terminal.say("client.added_over_tls", name=added.name)
            return
        secret = await applications.add_shared_secret(desk.actor, desk.tenant_id, added.client_id, chosen)
        if as_json:
            terminal.json({**client_record(added), **({} if chosen else {"secret": secret.reveal()})})
        elif chosen:
            terminal.say("client.added", name=added.name, address=added.address)
        else:
            terminal.note("client.added", name=added.name, address=added.address)
            terminal.secret(secret, "client.secret_shown")

    return at_desk(scope, work)


@app.command
def change(
    client: str,
    /,
    *,
    name: str | None = None,
    address: str | None = None,
    application: str | None = None,
    mode: ModeChoice = None,
    message_authenticator: SigningChoice = None,
    limit_proxy_state: ProxyState = None,
    passcode_length: PasscodeLength = None,
    response_seconds: ResponseSeconds = None,
    require_user_match: UserMatch = None,
    require_inner_name: InnerName = None,
    require_radius_1_1: Version11 = None,
    enable: Annotated[bool | None, Parameter(name="--enable", negative="--disable")] = None,
    scope: Scope = HERE,
) -> int:
    """Change a RADIUS client; it holds within a second. What is left out stays as it is.

    For example:

      vestibule client change vpn-1 --address 192.0.2.12
      vestibule client change vpn-1 --message-authenticator require
      vestibule client change rd-gateway --mode out-of-band --response-seconds 55
      vestibule client change vpn-1 --disable

    Parameters
    ----------
    client
        Its name, address or identifier.
    name
        The new name.
    address
        The IP address or network it asks from.
    application
        The application on whose behalf it asks.
    enable
        Switched off, its requests get no answer.
    """

    async def work(desk: Desk) -> None:
        one = finding.client(desk, client, ClientKind.RADIUS)
        asks_for = finding.application(desk, application).application_id if application else None
        settings = _settings(
            one.settings,
            mode,
            message_authenticator,
            limit_proxy_state=limit_proxy_state,
            passcode_length=passcode_length,
            response_seconds=response_seconds,
            require_user_match=require_user_match,
            require_inner_name=require_inner_name,
            require_radius_1_1=require_radius_1_1,
        )
        given = {
            "name": plain_name(name) if name is not None else None,
            "address": address,
            "application_id": asks_for,
            "settings": settings,
            "is_enabled": enable,
        }
        changed = msgspec.structs.replace(
            one, **{field: value for field, value in given.items() if value is not None}
        )
        if changed == one:
            raise NotDone("cli.nothing_to_change")
        await desk.services.applications.change_client(desk.actor, changed)
        desk.terminal.say("client.changed", name=changed.name)

    return at_desk(scope, work)


@app.command
def remove(client: str, /, *, yes: Yes = False, dry_run: DryRun = False, scope: Scope = HERE) -> int:
    """Remove a RADIUS client and its secrets. Its requests get no answer from then on.

    For example:

      vestibule client remove vpn-1

    Parameters
    ----------
    client
        Its name, address or identifier.
    """

    async def work(desk: Desk) -> None:
        one = finding.client(desk, client, ClientKind.RADIUS)
        if dry_run:
            desk.terminal.say("client.goes", name=one.name, address=one.address)
            desk.terminal.note("dry_run")
            return
        desk.terminal.confirm(yes, "ask.remove", name=one.name)
        await desk.services.applications.remove_client(desk.actor, desk.tenant_id, one.client_id)
        desk.terminal.say("client.removed", name=one.name)

    return at_desk(scope, work)


# --- parts ----------------------------------------------------------------------------------------------


def _cells(desk: Desk, one: Client) -> tuple[str, ...]:
    ends = [not_after for not_after, _ in desk.snapshot.peers[one.client_id].secrets]
    valid = sum(not_after is None or desk.now < not_after for not_after in ends)
    return (
        one.name,
        one.address,
        finding.application_name(desk, one),
        read_settings(one.settings).mode.value.replace("_", "-"),
        str(valid),
        desk.terminal.on_or_off(one.is_enabled),
        one.client_id,
    )


def _settings(
    before: Mapping[str, Any],
    mode: Mode | None,
    message_authenticator: Signing | None,
    **others: bool | int | None,
) -> dict[str, Any]:
    """Return the client's settings with what was given; what is the default need not be written."""
    given = {
        "mode": mode.value if mode else None,
        "message_authenticator": message_authenticator.value if message_authenticator else None,
        **others,
    }
    return {**before, **{name: value for name, value in given.items() if value is not None}}
