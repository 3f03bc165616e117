"""What happened: attempts and events, newest first, and how many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from vestibule.interfaces.transaction.attempts import VerificationFilter
from vestibule.interfaces.transaction.lists import Listed, Page
from vestibule.model.event import Event
from vestibule.model.notice import TOLD
from vestibule.model.username import canonical_name
from vestibule.model.verification import Reason
from vestibule.stores.paging import (
    Order,
    Where,
    beginning,
    merged,
    of_people_within,
    position_of_time,
    searched,
)
from vestibule.stores.queries.dispatches import UNTOLD
from vestibule.stores.rows import (
    EVENT,
    VERIFICATION,
    event_of,
    event_values,
    storable,
    untold_text,
    verification_of,
)
from vestibule.stores.statement import Statement, insert, select
from vestibule.stores.transaction import Requests

COUNT_BY_STATE: Final = Statement(
    """
    select state, count(*) from verifications
     where tenant_id = :tenant_id and started_at >= :since group by state
    """
)

ADD_EVENT: Final = Statement(insert("events", EVENT), joins=True, turn=13)

# The claimed name is stored as it was said; both engines fold ASCII letters, and what is beyond them is
# found by the canonical name.
_BY_NAME: Final = """(
    (username >= :name and username < :name_end)
    or (lower(claimed_username) >= :claimed and lower(claimed_username) < :claimed_end))
"""

_IS_WITHIN: Final = of_people_within("verifications")

_VERIFICATIONS: Final = Order(
    "verifications", select(VERIFICATION), "started_at", "verification_id", is_falling=True
)
_EVENTS: Final = Order("events", select(EVENT), "at", "event_id", is_falling=True)

_BY_WORD: Final = " or ".join(
    f"(lower({column}) >= :word and lower({column}) < :word_end)"
    for column in ("kind", "actor_name", "subject_name")
)


class History(Requests):
    __slots__ = ()

    async def verifications(self, tenant_id: str, where: VerificationFilter, page: Page) -> Listed:
        if where.user_ids:
            # Of each by his own index: of all at once, the list of the whole tenant would be read.
            own = [replace(where, user_id=user_id, user_ids=()) for user_id in where.user_ids]
            pages = [await self.verifications(tenant_id, one, page) for one in own]
            return merged(pages, lambda row: (row.started_at, row.verification_id), page.limit)
        known, sought = _of_tenant(tenant_id), Where()
        for name in ("user_id", "application_id"):
            if wanted := getattr(where, name):
                known.keep(f"{name} = :{name}", **{name: wanted})
        if where.reason == Reason.FRAUD_REPORTED:
            known.keep(f"reason = '{Reason.FRAUD_REPORTED.value}'")
        elif where.reason:
            sought.keep("reason = :reason", reason=where.reason)
        for name in ("client_id", "state", "channel"):
            if wanted := getattr(where, name):
                sought.keep(f"{name} = :{name}", **{name: wanted})
        if where.phones:
            sought.among("phone", self.texts(where.phones))
        if where.within:
            sought.look_up(_IS_WITHIN, within=self.texts(where.within))
        known.between("started_at", where.since, where.until)
        if where.text:
            wanted = storable(where.text)
            name, name_end = beginning(canonical_name(wanted) or wanted.lower())
            claimed, claimed_end = beginning(_lower(wanted))
            sought.keep(_BY_NAME, name=name, name_end=name_end, claimed=claimed, claimed_end=claimed_end)
        _after(page, _VERIFICATIONS, known)
        rows = await searched(self, _VERIFICATIONS, known, sought, page.limit)
        return rows.page(verification_of, lambda row: (row[2], row[1]))

    async def count_verifications(self, tenant_id: str, since: int) -> dict[str, int]:
        rows = await self.fetch(COUNT_BY_STATE(tenant_id=tenant_id, since=since))
        return {row[0]: row[1] for row in rows}

    async def add_event(self, event: Event) -> None:
        await self.execute(ADD_EVENT.of(event_values(event)))
        if event.kind in TOLD:
            await self.execute(UNTOLD.of((event.tenant_id, event.event_id, untold_text(event))))

    async def add_events(self, events: Sequence[Event]) -> None:
        await self.insert_many(ADD_EVENT, [event_values(event) for event in events])
        told = [(each.tenant_id, each.event_id, untold_text(each)) for each in events if each.kind in TOLD]
        if told:
            await self.insert_many(UNTOLD, told)

    async def events(self, tenant_id: str, text: str, page: Page) -> Listed:
        known, sought = _of_tenant(tenant_id), Where()
        if text:
            word, word_end = beginning(_lower(storable(text)))
            sought.keep(f"({_BY_WORD})", word=word, word_end=word_end)
        _after(page, _EVENTS, known)
        rows = await searched(self, _EVENTS, known, sought, page.limit)
        return rows.page(event_of, lambda row: (row[2], row[1]))


def _of_tenant(tenant_id: str) -> Where:
    where = Where()
    where.keep("tenant_id = :tenant_id", tenant_id=tenant_id)
    return where


def _after(page: Page, order: Order, known: Where) -> None:
    """Keep what comes after the page before."""
    if page.cursor:
        condition, values = order.after(*position_of_time(page.cursor))
        known.keep(condition, **values)


def _lower(text: str) -> str:
    """Fold as both engines do: the letters of ASCII and no others."""
    return "".join(each.lower() if each.isascii() else each for each in text)
