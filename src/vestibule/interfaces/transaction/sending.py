"""Texts and calls, mails and webhooks that wait or have left, and what limits them."""

from __future__ import annotations

from typing import Protocol

import msgspec

from vestibule.interfaces.transaction.lists import Listed, Page
from vestibule.model.alert_count import AlertCount
from vestibule.model.delivery import Delivery
from vestibule.model.dispatch import Dispatch
from vestibule.model.event import Event
from vestibule.model.range_breaker import RangeBreaker
from vestibule.model.sending_limit import LimitReached, SendingLimit
from vestibule.model.sending_outcome import SendingOutcome


class DeliveryFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Filters of the list of deliveries; empty means any. Newest first."""

    gateway_id: str = ""
    state: str = ""
    carries: str = ""


class DispatchFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Filters of the list of mails and webhooks; empty means any. Newest first."""

    carries: str = ""
    state: str = ""
    address: str = ""
    user_id: str = ""


class SendingRecords(Protocol):
    """A part of `Transaction`."""

    async def add_delivery(self, delivery: Delivery) -> None: ...

    async def remove_delivery(self, tenant_id: str, delivery_id: str) -> None:
        """Take back one that this very body added."""
        ...

    async def delivery(self, tenant_id: str, delivery_id: str) -> Delivery | None: ...

    async def delivery_by_reference(
        self, tenant_id: str, gateway_id: str, reference: str
    ) -> Delivery | None: ...

    async def deliveries_of(self, tenant_id: str, challenge_id: str) -> tuple[Delivery, ...]: ...

    async def is_delivery_due(self) -> bool:
        """Tell whether `take_deliveries` would find something."""
        ...

    async def take_deliveries(self, node: str, limit: int, lease_ms: int) -> tuple[Delivery, ...]:
        """Take what is due, oldest first, for all tenants: state taken, `node`, `tries` + 1, and `due_at`
        the end of the lease, after which another node may take it."""
        ...

    async def replace_delivery(self, delivery: Delivery) -> bool:
        """Compare-and-set on `version`: writes all that moves, version + 1."""
        ...

    async def drop_deliveries_of(self, tenant_id: str, challenge_id: str) -> int:
        """Let what waits or is being handed over for a challenge be sent no more, and empty it."""
        ...

    async def deliveries(self, tenant_id: str, where: DeliveryFilter, page: Page) -> Listed:
        """Rows are `Delivery`, newest first; they stay for a day after their time is over."""
        ...

    async def add_dispatch(self, dispatch: Dispatch) -> None: ...

    async def dispatch(self, tenant_id: str, dispatch_id: str) -> Dispatch | None: ...

    async def is_dispatch_due(self) -> bool:
        """Tell whether `take_dispatches` would find something."""
        ...

    async def take_dispatches(self, node: str, limit: int, lease_ms: int) -> tuple[Dispatch, ...]:
        """As `take_deliveries`, for mails and webhooks."""
        ...

    async def replace_dispatch(self, dispatch: Dispatch) -> bool:
        """Compare-and-set on `version`: writes all that moves, version + 1."""
        ...

    async def dispatches(self, tenant_id: str, where: DispatchFilter, page: Page) -> Listed:
        """Rows are `Dispatch`, newest first; they stay for a week after their time is over."""
        ...

    async def take_untold(self, limit: int) -> tuple[Event, ...]:
        """Take events that somebody is to be told of, oldest first, for all tenants. This body writes down
        whom, or they are lost."""
        ...

    async def is_untold(self) -> bool:
        """Tell whether `take_untold` would find something."""
        ...

    async def count_alert(self, tenant_id: str, kind: str, address: str, most: int) -> bool:
        """Count one alert of a kind to an address, whose time begins with the first. False: there were `most`
        already, and it is among those to be summed up."""
        ...

    async def are_alerts_over(self) -> bool:
        """Tell whether `take_alert_counts` would find something."""
        ...

    async def take_alert_counts(self, limit: int) -> tuple[AlertCount, ...]:
        """Take the counts whose time is over, for all tenants. This body sums up what was held back, or it is
        lost."""
        ...

    async def spend_sending(self, tenant_id: str, limit: SendingLimit, cost: int) -> bool:
        """Count one more sending of `cost` in the limit's present window, in one conditional write. False: it
        would be more than the limit allows, and nothing was counted."""
        ...

    async def give_back_sending(self, tenant_id: str, limit: SendingLimit, cost: int) -> None:
        """Take back one that this very body counted: a wider limit has refused it."""
        ...

    async def note_limit_reached(self, tenant_id: str, limit: SendingLimit) -> bool:
        """Write that a limit has refused in its present window; True only for the first who says so."""
        ...

    async def limits_reached(self, tenant_id: str, since: int, most: int) -> tuple[LimitReached, ...]:
        """Return the limits that have refused in a window for the first time after `since`, the latest first;
        what a window counted stays for a day after its end."""
        ...

    async def sending_cost(self, tenant_id: str, limit: SendingLimit) -> int:
        """Return what was counted as cost in the limit's present window."""
        ...

    async def sending_outcomes(
        self, after: tuple[int, str], until: int, limit: int
    ) -> tuple[SendingOutcome, ...]:
        """Return what has become of texts and calls of all tenants, in the order in which their time was
        over, behind the time and identifier `after`, up to the time `until`: the worker's own. Texts of
        servers are in `relayed_outcomes`, their calls are here."""
        ...

    async def relayed_outcomes(
        self, after: tuple[int, str], until: int, limit: int, *, is_told: bool
    ) -> tuple[SendingOutcome, ...]:
        """Return the same of texts that servers have asked for: of those of whose attempt the server has told
        until now, or that are for none; or of the others, which nobody has answered."""
        ...

    async def note_sent(self, tenant_id: str, delivery_id: str, reference: str) -> bool:
        """Note that a gateway has taken what is being handed over, and what it calls it; the text is emptied.
        False if it is not being handed over any more."""
        ...

    async def open_range_breaker(self, breaker: RangeBreaker) -> bool:
        """Insert, or put in the place of one that is closed; True only for who opens it."""
        ...

    async def rest_range_breaker(self, breaker: RangeBreaker, until: int) -> bool:
        """Compare-and-set on `rests_until`: let it rest until then after one more trial that failed."""
        ...

    async def close_range_breaker(self, tenant_id: str, prefix: str, by: str, name: str) -> bool:
        """Close one that is not; True only for who does. `by` and `name` are those of a person, or empty."""
        ...

    async def all_range_breakers(self, since: int) -> tuple[RangeBreaker, ...]:
        """Return those of all tenants that are not closed, or were after `since`: the worker's own."""
        ...

    async def range_breakers(self, tenant_id: str, limit: int) -> tuple[RangeBreaker, ...]:
        """Return those of a tenant, those that are not closed first, the newest first; one that is closed
        stays for a day."""
        ...
