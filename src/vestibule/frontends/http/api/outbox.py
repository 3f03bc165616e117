"""The outbox: e-mails and webhooks, what became of each, one of them once more, and a test."""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta

from vestibule.frontends.http.api.caller import Caller
from vestibule.frontends.http.api.description import problems
from vestibule.frontends.http.api.listing import USUAL_LIMIT, page_of
from vestibule.frontends.http.api.records.listing import Listing
from vestibule.frontends.http.api.records.sending import DispatchRecord, dispatch_record
from vestibule.frontends.http.api.request import Discreet
from vestibule.frontends.http.api.values import Cursor, Limit, PathId, SearchId
from vestibule.frontends.http.rights import needs, needs_over_everybody
from vestibule.interfaces.transaction.lists import Page
from vestibule.interfaces.transaction.sending import DispatchFilter
from vestibule.model.actor import Right
from vestibule.model.dispatch import DispatchState

Address = Annotated[str, Meta(max_length=254, pattern=r"^[^\x00-\x1f\x7f]*$")]
State = Annotated[DispatchState | None, QueryParameter(name="state", description="Only those that stand so.")]


class DispatchTest(Discreet):
    address: Address = ""
    """Whom a test mail is for; a webhook has its own."""


class Outbox(Controller):
    tags = ("Outbox",)

    @get("/outbox", responses=problems(404), opt=needs_over_everybody(Right.READ_HISTORY))
    async def list_outbox(
        self,
        caller: NamedDependency[Caller],
        user_id: SearchId = "",
        standing: State = None,
        limit: Limit = USUAL_LIMIT,
        cursor: Cursor = "",
    ) -> Listing[DispatchRecord]:
        """List e-mails and webhooks, newest first: never what they say."""
        where = DispatchFilter(user_id=user_id, state=standing.value if standing else "")
        asked = caller.services.outbox.list(caller.actor, caller.tenant_id, where, Page(limit, cursor))
        return await page_of(asked, dispatch_record)

    @get("/outbox/{dispatch_id:str}", responses=problems(404), opt=needs_over_everybody(Right.READ_HISTORY))
    async def read_dispatch(self, caller: NamedDependency[Caller], dispatch_id: PathId) -> DispatchRecord:
        """Read what became of one."""
        found = await caller.services.outbox.find(caller.actor, caller.tenant_id, dispatch_id)
        return dispatch_record(found)

    @post("/outbox/{dispatch_id:str}/again", responses=problems(404, 422), opt=needs(Right.GATEWAYS))
    async def send_again(self, caller: NamedDependency[Caller], dispatch_id: PathId) -> DispatchRecord:
        """Send what has failed, or waits for its next try, once more and now."""
        due = await caller.services.outbox.again(caller.actor, caller.tenant_id, dispatch_id)
        return dispatch_record(due)

    @post("/gateways/{gateway_id:str}/test-mail", responses=problems(404, 422), opt=needs(Right.GATEWAYS))
    async def send_test_mail(
        self, caller: NamedDependency[Caller], gateway_id: PathId, data: JSONBody[DispatchTest]
    ) -> DispatchRecord:
        """Send a test mail, or a test event to a webhook, through exactly this gateway."""
        made = await caller.services.outbox.send_test(
            caller.actor, caller.tenant_id, gateway_id, data.address
        )
        return dispatch_record(made)
