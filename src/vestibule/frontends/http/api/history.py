"""What happened: attempts with their why-trace, and what was changed by whom."""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import QueryParameter

from vestibule.frontends.http.api.caller import Caller
from vestibule.frontends.http.api.description import problems
from vestibule.frontends.http.api.listing import USUAL_LIMIT, page_of
from vestibule.frontends.http.api.records.history import (
    AttemptRecord,
    EventRecord,
    TracedAttemptRecord,
    attempt_record,
    event_record,
    traced_attempt_record,
)
from vestibule.frontends.http.api.records.listing import Listing
from vestibule.frontends.http.api.values import Cursor, Limit, PathId, SearchId, SearchText, SearchTime
from vestibule.frontends.http.rights import needs, needs_over_everybody
from vestibule.interfaces.transaction.attempts import VerificationFilter
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.actor import Right
from vestibule.model.verification import Reason, VerificationState

State = Annotated[
    VerificationState | None, QueryParameter(name="state", description="Only attempts that stand so.")
]
Why = Annotated[Reason | None, QueryParameter(description="Only attempts with this reason.")]


class Attempts(Controller):
    path = "/attempts"
    tags = ("Attempts",)

    @get(responses=problems(404), opt=needs(Right.READ_HISTORY))
    async def list_attempts(
        self,
        caller: NamedDependency[Caller],
        text: SearchText = "",
        user_id: SearchId = "",
        application_id: SearchId = "",
        client_id: SearchId = "",
        standing: State = None,
        reason: Why = None,
        channel: SearchId = "",
        since: SearchTime = None,
        until: SearchTime = None,
        limit: Limit = USUAL_LIMIT,
        cursor: Cursor = "",
    ) -> Listing[AttemptRecord]:
        """List attempts, newest first. `text` is the beginning of the claimed or the real name."""
        where = VerificationFilter(
            text=text,
            user_id=user_id,
            application_id=application_id,
            client_id=client_id,
            state=standing.value if standing else "",
            reason=reason.value if reason else "",
            channel=channel,
            since=since,
            until=until,
        )
        attempts = caller.services.attempts
        asked = attempts.list(caller.actor, caller.tenant_id, where, Page(limit, cursor))
        return await page_of(asked, attempt_record)

    @get("/{attempt_id:str}", responses=problems(404), opt=needs(Right.READ_HISTORY))
    async def read_attempt(self, caller: NamedDependency[Caller], attempt_id: PathId) -> TracedAttemptRecord:
        """Read one attempt with each step that led to its result, and what became of it at each device that
        was asked in its app."""
        attempts = caller.services.attempts
        found = await attempts.find(caller.actor, caller.tenant_id, attempt_id)
        if found is None:
            raise NotFoundException
        return traced_attempt_record(found, await caller.services.device_records.of(caller.actor, found))


class Events(Controller):
    path = "/events"
    tags = ("Events",)

    @get(responses=problems(404), opt=needs_over_everybody(Right.READ_HISTORY))
    async def list_events(
        self,
        caller: NamedDependency[Caller],
        text: SearchText = "",
        limit: Limit = USUAL_LIMIT,
        cursor: Cursor = "",
    ) -> Listing[EventRecord]:
        """List what was changed and by whom, newest first. `text` is the beginning of a kind or name."""
        asked = caller.services.attempts.events(caller.actor, caller.tenant_id, text, Page(limit, cursor))
        return await page_of(asked, event_record)
