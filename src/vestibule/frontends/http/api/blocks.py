"""Blocks: deny every attempt of a user for a while, lift it, and see who was blocked."""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta

from vestibule.frontends.http.api.caller import Caller
from vestibule.frontends.http.api.description import problems
from vestibule.frontends.http.api.listing import USUAL_LIMIT, page_of
from vestibule.frontends.http.api.records.blocks import BlockRecord, block_record
from vestibule.frontends.http.api.records.listing import Listing
from vestibule.frontends.http.api.request import Discreet
from vestibule.frontends.http.api.values import Cursor, Limit, PathId, Reason, SearchId, SearchText, ShortText
from vestibule.frontends.http.rights import needs
from vestibule.interfaces.transaction.blocks import BlockFilter
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.actor import Right
from vestibule.services.blocks import MOST_DAYS

Days = Annotated[int, Meta(ge=1, le=MOST_DAYS)]
OnlyActive = Annotated[bool, QueryParameter(description="Only blocks that hold now.")]


class NewBlock(Discreet):
    reason: Reason
    days: Days | None = None
    """Left out: as many as the tenant has set."""
    phone: ShortText = ""
    """One of his numbers, which is called and texted for nobody meanwhile."""


class BlockEnd(Discreet):
    reason: Reason


class Blocks(Controller):
    tags = ("Blocks",)

    @get("/blocks", responses=problems(404), opt=needs(Right.READ_PEOPLE))
    async def list_blocks(
        self,
        caller: NamedDependency[Caller],
        text: SearchText = "",
        user_id: SearchId = "",
        active: OnlyActive = False,
        limit: Limit = USUAL_LIMIT,
        cursor: Cursor = "",
    ) -> Listing[BlockRecord]:
        """List blocks, newest first, those that are over as well. `text` is the beginning of a user name."""
        now = caller.services.clock.now()
        where = BlockFilter(text=text, user_id=user_id, is_active=active)
        asked = caller.services.blocks.list(caller.actor, caller.tenant_id, where, Page(limit, cursor))
        return await page_of(asked, lambda block: block_record(block, now))

    @post("/users/{user_id:str}/block", responses=problems(404, 409, 422), opt=needs(Right.BLOCKS))
    async def block_user(
        self, caller: NamedDependency[Caller], user_id: PathId, data: JSONBody[NewBlock]
    ) -> BlockRecord:
        """Deny every attempt of a user, who is not called or texted for it. His sessions and pending sign-ins
        end at once."""
        block = await caller.services.blocks.block(
            caller.actor, caller.tenant_id, user_id, data.reason, data.days, data.phone
        )
        return block_record(block, block.begun_at)

    @post(
        "/users/{user_id:str}/unblock",
        status_code=200,
        responses=problems(404, 409, 422),
        opt=needs(Right.BLOCKS),
    )
    async def unblock_user(
        self, caller: NamedDependency[Caller], user_id: PathId, data: JSONBody[BlockEnd]
    ) -> BlockRecord:
        """Lift the block of a user."""
        lifted = await caller.services.blocks.lift(caller.actor, caller.tenant_id, user_id, data.reason)
        return block_record(lifted, lifted.ended_at or lifted.until)
