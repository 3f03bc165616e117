"""Commands of `vestibule user` that block people: block, unblock, and who is and was blocked."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter, validators

from vestibule.catalog import text
from vestibule.cli import finding
from vestibule.cli.desk import Desk, at_desk
from vestibule.cli.listing import show_pages
from vestibule.cli.output import moment
from vestibule.cli.parameters import HERE, Json, Limit, Scope, Yes
from vestibule.cli.records import block_record
from vestibule.interfaces.transaction.blocks import BlockFilter
from vestibule.model.block import Block


def block(
    name: str,
    /,
    *,
    reason: str,
    days: Annotated[int | None, Parameter(validator=validators.Number(gte=1))] = None,
    phone: str = "",
    yes: Yes = False,
    scope: Scope = HERE,
) -> int:
    """Deny a user every sign-in for a while, without calling or texting him for it. Sessions and whatever is
    under way end at once.

    For example:

      vestibule user block bob --reason "Phone stolen" --yes
      vestibule user block bob --reason "Phone stolen" --days 7 --phone +4930123456

    Parameters
    ----------
    name
        A name of the user, in any spelling.
    reason
        Why; it stands in the list of changes.
    days
        How long; left out: as the setting block-days says.
    phone
        One of the user's numbers, which is called and texted for nobody meanwhile.
    """

    async def work(desk: Desk) -> None:
        user, blocks = (await finding.user(desk, name)).user, desk.services.blocks
        wanted = blocks.usual_days(desk.tenant_id) if days is None else days
        desk.terminal.confirm(yes, "ask.block", name=user.username, days=wanted)
        made = await blocks.block(desk.actor, desk.tenant_id, user.user_id, reason, wanted, phone)
        desk.terminal.say("user.blocked", name=user.username, at=moment(made.until))

    return at_desk(scope, work)


def unblock(name: str, /, *, reason: str, scope: Scope = HERE) -> int:
    """Let a blocked user sign in again.

    For example:

      vestibule user unblock bob --reason "The phone was found"

    Parameters
    ----------
    name
        A name of the user, in any spelling.
    reason
        Why; it stands in the list of changes.
    """

    async def work(desk: Desk) -> None:
        user = (await finding.user(desk, name)).user
        await desk.services.blocks.lift(desk.actor, desk.tenant_id, user.user_id, reason)
        desk.terminal.say("user.unblocked", name=user.username)

    return at_desk(scope, work)


def blocked(
    beginning: Annotated[str, Parameter(show_default=False)] = "",
    *,
    every: Annotated[bool, Parameter(name="--all", negative="", show_default=False)] = False,
    limit: Limit = None,
    as_json: Json = False,
    scope: Scope = HERE,
) -> int:
    """List who is blocked, newest first.

    For example:

      vestibule user blocked
      vestibule user blocked al --all
      vestibule user blocked --json

    Parameters
    ----------
    beginning
        Beginning of a user name.
    every
        Blocks that are over as well.
    """

    async def work(desk: Desk) -> None:
        where = BlockFilter(text=beginning, is_active=not every)

        def cells(block: Block) -> tuple[str, ...]:
            return (
                block.username,
                text(desk.terminal.language, f"block.state.{block.state(desk.now)}"),
                moment(block.begun_at),
                moment(block.ended_at or block.until),
                block.actor_name,
                block.reason or text(desk.terminal.language, f"block.cause.{block.cause}"),
            )

        await show_pages(
            desk.terminal,
            lambda page: desk.services.blocks.list(desk.actor, desk.tenant_id, where, page),
            limit,
            as_json=as_json,
            record=lambda block: block_record(block, desk.now),
            header=("username", "state", "begun", "until", "by", "why"),
            row=cells,
            empty="list.no_blocks",
        )

    return at_desk(scope, work)
