"""What is kept for RADIUS: accounting, what is seen of clients, attributes of replies."""

from __future__ import annotations

from typing import Protocol

import msgspec

from vestibule.interfaces.transaction.lists import Listed, Page
from vestibule.model.accounting_record import AccountingRecord
from vestibule.model.client_sighting import Sighting
from vestibule.model.reply_attribute import RadiusDictionary, ReplyAttribute


class AccountingFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Filters of what clients have told of sessions; empty or None means any. Newest first."""

    username: str = ""
    """As the client has told it."""
    client_id: str = ""
    session: str = ""
    since: int | None = None
    until: int | None = None
    is_open: bool = False
    """Only sessions of which no end is known: the latest that was told of each."""


class RadiusRecords(Protocol):
    """A part of `Transaction`."""

    async def add_accounting_record(self, record: AccountingRecord) -> bool:
        """Insert; False if it is there already."""
        ...

    async def note_accounting_forwarded(self, tenant_id: str, record_id: str) -> None:
        """Write down that the server behind has confirmed a record."""
        ...

    async def accounting_records(self, tenant_id: str, where: AccountingFilter, page: Page) -> Listed: ...

    async def add_sightings(self, sightings: tuple[Sighting, ...]) -> None:
        """Add to what is counted already of the same client, kind and hour."""
        ...

    async def sightings(self, tenant_id: str, client_id: str, since: int) -> tuple[Sighting, ...]:
        """Return what was seen of one client or (empty) of all, one sum for each kind, of the hours in which
        it was last seen at or after `since`."""
        ...

    async def forget_strangers(self, tenant_id: str, most: int) -> None:
        """Delete what is counted of unknown clients but of the `most` that came last."""
        ...

    async def own_reply_attributes(self, tenant_id: str, user_id: str) -> tuple[ReplyAttribute, ...]:
        """Return those for one person, in the order in which they were added."""
        ...

    async def reply_attribute(self, tenant_id: str, reply_id: str) -> ReplyAttribute | None: ...

    async def put_radius_dictionary(self, dictionary: RadiusDictionary, text: str) -> None:
        """Insert, in place of the one of the same name."""
        ...

    async def radius_dictionaries(self, tenant_id: str) -> tuple[RadiusDictionary, ...]:
        """Return all of a tenant, by name."""
        ...

    async def radius_dictionary_texts(self, tenant_id: str) -> tuple[str, ...]:
        """Return the texts of all, by name."""
        ...

    async def remove_radius_dictionary(self, tenant_id: str, name: str) -> bool: ...
