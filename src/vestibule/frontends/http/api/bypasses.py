"""One-time bypasses and temporary access passes: ways in for who has lost his second factor."""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, delete, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from vestibule.frontends.http.api.caller import Caller
from vestibule.frontends.http.api.description import problems
from vestibule.frontends.http.api.listing import USUAL_LIMIT, page_of
from vestibule.frontends.http.api.records.blocks import BypassRecord, bypass_record
from vestibule.frontends.http.api.records.held import TemporaryPassRecord, temporary_pass_record
from vestibule.frontends.http.api.records.listing import Listing
from vestibule.frontends.http.api.request import Discreet
from vestibule.frontends.http.api.values import Cursor, Id, Limit, PathId, Reason, SearchId, SearchText
from vestibule.frontends.http.rights import needs
from vestibule.interfaces.transaction.blocks import BypassFilter
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.actor import Right
from vestibule.model.bypass import MOST_SECONDS, USUAL_SECONDS
from vestibule.services.bypasses import NewBypass
from vestibule.services.passes import LEAST_MINUTES, MOST_MINUTES, USUAL_MINUTES

Seconds = Annotated[int, Meta(ge=1, le=MOST_SECONDS)]
Minutes = Annotated[int, Meta(ge=LEAST_MINUTES, le=MOST_MINUTES)]


class WantedBypass(Discreet):
    reason: Reason
    seconds: Seconds = USUAL_SECONDS
    application_id: Id = ""
    """Where it holds; left out: at every application but the console."""


class WantedPass(Discreet):
    minutes: Minutes = USUAL_MINUTES
    is_reusable: bool = False
    """Good for more than one sign-in."""


class Bypasses(Controller):
    tags = ("Bypasses and passes",)

    @get("/bypasses", responses=problems(404), opt=needs(Right.READ_PEOPLE))
    async def list_bypasses(
        self,
        caller: NamedDependency[Caller],
        text: SearchText = "",
        user_id: SearchId = "",
        limit: Limit = USUAL_LIMIT,
        cursor: Cursor = "",
    ) -> Listing[BypassRecord]:
        """List one-time bypasses, newest first, with what became of them. `text` is the beginning of a user
        name."""
        now = caller.services.clock.now()
        where = BypassFilter(text=text, user_id=user_id)
        asked = caller.services.bypasses.list(caller.actor, caller.tenant_id, where, Page(limit, cursor))
        return await page_of(asked, lambda bypass: bypass_record(bypass, now))

    @post("/users/{user_id:str}/bypass", responses=problems(404, 409, 422), opt=needs(Right.BYPASSES))
    async def make_bypass(
        self, caller: NamedDependency[Caller], user_id: PathId, data: JSONBody[WantedBypass]
    ) -> BypassRecord:
        """Let the next sign-in of a user need no second factor, from now on. The first one consumes it."""
        wanted = NewBypass(reason=data.reason, seconds=data.seconds, application_id=data.application_id)
        made = await caller.services.bypasses.make(caller.actor, caller.tenant_id, user_id, wanted)
        return bypass_record(made, made.made_at)

    @delete("/users/{user_id:str}/bypass", responses=problems(404), opt=needs(Right.BYPASSES))
    async def withdraw_bypass(self, caller: NamedDependency[Caller], user_id: PathId) -> None:
        """Take away a bypass that no sign-in has used yet."""
        await caller.services.bypasses.withdraw(caller.actor, caller.tenant_id, user_id)

    @post("/users/{user_id:str}/temporary-pass", responses=problems(404, 409, 422), opt=needs(Right.BYPASSES))
    async def make_pass(
        self, caller: NamedDependency[Caller], user_id: PathId, data: JSONBody[WantedPass]
    ) -> TemporaryPassRecord:
        """Make a temporary access pass, shown this one time. The one before is void at once."""
        made = await caller.services.passes.make(
            caller.actor, caller.tenant_id, user_id, data.minutes, is_reusable=data.is_reusable
        )
        return temporary_pass_record(made)

    @delete("/users/{user_id:str}/temporary-pass", responses=problems(404, 422), opt=needs(Right.BYPASSES))
    async def withdraw_pass(self, caller: NamedDependency[Caller], user_id: PathId) -> None:
        """Make the temporary access pass of a user void."""
        await caller.services.passes.withdraw(caller.actor, caller.tenant_id, user_id)
