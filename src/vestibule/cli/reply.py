"""`vestibule reply`: attributes that RADIUS clients are told of whom they may let in."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from cyclopts import App, Parameter

from vestibule.cli import finding
from vestibule.cli.desk import Desk, at_desk
from vestibule.cli.listing import show_rows
from vestibule.cli.parameters import HERE, DryRun, Json, Scope, Yes
from vestibule.cli.records import reply_attribute_record
from vestibule.crypto.secret import Secret
from vestibule.model.application import ClientKind
from vestibule.model.reply_attribute import ReplyAttribute

app = App(
    name="reply",
    help="Reply attributes: what RADIUS clients are told of whom they may let in.",
    help_format="plaintext",
)

User: TypeAlias = Annotated[str, Parameter(help="A name of the user, in any spelling.")]
Client: TypeAlias = Annotated[str, Parameter(help="Name, address or identifier of the RADIUS client.")]
_HIDDEN = "***"


@app.command(name="list")
def list_replies(*, user: User = "", as_json: Json = False, scope: Scope = HERE) -> int:
    """List the attributes that are for many; with a user, those for that user.

    For example:

      vestibule reply list
      vestibule reply list --user alice
    """

    async def work(desk: Desk) -> None:
        _show(desk, await _lines(desk, user), as_json=as_json)

    return at_desk(scope, work)


@app.command
def add(
    attribute: str,
    value: str = "",
    /,
    *,
    user: User = "",
    group: str = "",
    client: Client = "",
    application: str = "",
    besides: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
    scope: Scope = HERE,
) -> int:
    """Give an attribute from now on, to those of whom all is true that is named; to everybody if nothing is.

    A user counts more than a group, a group more than a client, a client more than an application: of the
    same attribute, only what counts most is sent.

    For example:

      vestibule reply add Class "OU=staff;" --group Staff --application VPN
      vestibule reply add Tunnel-Private-Group-Id:1 42 --client switch-3
      vestibule reply add Framed-IP-Address 192.0.2.7 --user alice --dry-run
      vestibule reply add Cisco-AVPair "shell:priv-lvl=15" --group Admins --besides
      vestibule reply add Tunnel-Password:1

    Parameters
    ----------
    attribute
        Its name, with a colon and the tag behind it if it has one.
    value
        The value; octets as text, or in hexadecimal behind 0x. Left out, it is asked for.
    group
        Name or identifier of a group.
    application
        Name or identifier of an application.
    besides
        Send it besides what others say of the same attribute, and not instead of it.
    """

    async def work(desk: Desk) -> None:
        from vestibule.services.reply_attributes import WantedReply

        wanted = WantedReply(
            attribute=attribute,
            user_id=await _user_id(desk, user),
            group_id=finding.group(desk, group).group_id if group else "",
            client_id=_client_id(desk, client) if client else "",
            application_id=finding.application(desk, application).application_id if application else "",
            adds=besides,
            value=Secret(value) if value else desk.terminal.ask_hidden("ask.reply_value", name=attribute),
        )
        added = await desk.services.reply_attributes.add(
            desk.actor, desk.tenant_id, wanted, is_dry_run=dry_run
        )
        if as_json:
            desk.terminal.json(reply_attribute_record(added))
            return
        desk.terminal.say("reply.added", name=added.attribute)
        if dry_run:
            desk.terminal.note("dry_run")

    return at_desk(scope, work)


@app.command
def preview(client: Client, /, *, user: User = "", as_json: Json = False, scope: Scope = HERE) -> int:
    """List what a client would be told of a user, or of somebody who is no user here.

    For example:

      vestibule reply preview asa --user alice
    """

    async def work(desk: Desk) -> None:
        found = await desk.services.reply_attributes.preview(
            desk.actor, desk.tenant_id, _client_id(desk, client), await _user_id(desk, user)
        )
        _show(desk, found, as_json=as_json)

    return at_desk(scope, work)


@app.command
def remove(reply: str, /, *, user: User = "", yes: Yes = False, scope: Scope = HERE) -> int:
    """Give an attribute no more.

    For example:

      vestibule reply remove 2f6b1c0e
      vestibule reply remove Framed-IP-Address --user alice

    Parameters
    ----------
    reply
        Its name, if there is only one such, or its identifier or the beginning of that.
    """

    async def work(desk: Desk) -> None:
        one = finding.reply(desk, await _lines(desk, user), reply)
        desk.terminal.confirm(yes, "ask.remove", name=one.attribute)
        await desk.services.reply_attributes.remove(desk.actor, desk.tenant_id, one.reply_id)
        desk.terminal.say("reply.removed", name=one.attribute)

    return at_desk(scope, work)


# --- parts ----------------------------------------------------------------------------------------------


async def _lines(desk: Desk, user: str) -> tuple[ReplyAttribute, ...]:
    user_id = await _user_id(desk, user)
    return await desk.services.reply_attributes.list(desk.actor, desk.tenant_id, user_id)


async def _user_id(desk: Desk, user: str) -> str:
    return (await finding.user(desk, user)).user.user_id if user else ""


def _client_id(desk: Desk, client: str) -> str:
    return finding.client(desk, client, ClientKind.RADIUS).client_id


def _show(desk: Desk, lines: tuple[ReplyAttribute, ...], *, as_json: bool) -> None:
    show_rows(
        desk.terminal,
        lines,
        as_json=as_json,
        record=reply_attribute_record,
        header=("attribute", "value", "given_to", "id"),
        row=lambda one: (
            one.attribute,
            _HIDDEN if one.is_secret else one.value,
            _whom(desk, one),
            one.reply_id,
        ),
        empty="list.no_replies",
    )


def _whom(desk: Desk, line: ReplyAttribute) -> str:
    """For whom a line is, in words."""
    snapshot, words = desk.snapshot, []
    if line.user_id:
        words.append(desk.terminal.words("reply.user"))
    if line.group_id:
        group = snapshot.groups[line.tenant_id, line.group_id].name
        words.append(desk.terminal.words("reply.group", name=group))
    if line.client_id:
        client = snapshot.peers[line.client_id].client.name
        words.append(desk.terminal.words("reply.client", name=client))
    if line.application_id:
        application = snapshot.applications[line.tenant_id, line.application_id].name
        words.append(desk.terminal.words("reply.application", name=application))
    if line.adds:
        words.append(desk.terminal.words("reply.besides"))
    return ", ".join(words) or desk.terminal.words("reply.everybody")
