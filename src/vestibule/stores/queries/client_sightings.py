"""What is seen of RADIUS clients: added up by the hour, read as sums."""

from __future__ import annotations

from typing import Final

from vestibule.model.client_sighting import KEPT_MS, Seen, Sighting
from vestibule.stores.rows import record_values
from vestibule.stores.statement import Statement
from vestibule.stores.transaction import Requests

_KEY: Final = "tenant_id, client_id, kind, began_at"

ADD: Final = Statement(
    f"""
    insert into client_sightings as old ({_KEY}, count, first_at, last_at, least, most, source)
    values (:tenant_id, :client_id, :kind, :began_at::bigint, :count::bigint, :first_at::bigint,
            :last_at::bigint, :least::bigint, :most::bigint, :source)
    on conflict ({_KEY}) do update
       set count = old.count + excluded.count,
           first_at = case when excluded.first_at < old.first_at then excluded.first_at else old.first_at end,
           source = case when excluded.last_at >= old.last_at then excluded.source else old.source end,
           last_at = case when excluded.last_at > old.last_at then excluded.last_at else old.last_at end,
           least = case when excluded.least < old.least then excluded.least else old.least end,
           most = case when excluded.most > old.most then excluded.most else old.most end
    """  # noqa: S608 - made of constants
)

SUMS: Final = Statement(
    """
    select tenant_id, client_id, kind, max(began_at), cast(sum(count) as bigint), min(first_at), max(last_at),
           min(least), max(most),
           (select one.source from client_sightings one
             where one.tenant_id = found.tenant_id and one.client_id = found.client_id
               and one.kind = found.kind order by one.began_at desc limit 1)
      from client_sightings found
     where tenant_id = :tenant_id and (:client_id = '' or client_id = :client_id)
       and last_at >= :since::bigint
     group by tenant_id, client_id, kind order by client_id, kind
    """
)

# Strangers choose their addresses: of these only the latest stay.
FORGET: Final = Statement(
    """
    delete from client_sightings
     where tenant_id = :tenant_id and kind = :kind and last_at <=
           (select last_at from client_sightings where tenant_id = :tenant_id and kind = :kind
             order by last_at desc limit 1 offset :most::bigint)
    """
)

SWEEP: Final = Statement(
    f"""
    with old as materialized (
        select {_KEY} from client_sightings where began_at <= :now::bigint - {KEPT_MS}
         order by began_at limit :limit for update skip locked)
    delete from client_sightings where ({_KEY}) in (select {_KEY} from old)
    returning tenant_id
    """  # noqa: S608 - made of constants
)


class ClientSightings(Requests):
    __slots__ = ()

    async def add_sightings(self, sightings: tuple[Sighting, ...]) -> None:
        # In one order, so that two nodes never wait for one another.
        for each in sorted(sightings, key=lambda one: (one.tenant_id, one.client_id, one.kind, one.began_at)):
            await self.execute(ADD(**(record_values(each) | {"kind": each.kind.value})))

    async def sightings(self, tenant_id: str, client_id: str, since: int) -> tuple[Sighting, ...]:
        rows = await self.fetch(SUMS(tenant_id=tenant_id, client_id=client_id, since=since))
        return tuple(
            Sighting(
                tenant_id=tenant,
                client_id=client,
                kind=Seen(kind),
                began_at=began,
                count=count,
                first_at=first,
                last_at=last,
                least=least,
                most=most,
                source=source,
            )
            for tenant, client, kind, began, count, first, last, least, most, source in rows
        )

    async def forget_strangers(self, tenant_id: str, most: int) -> None:
        await self.execute(FORGET(tenant_id=tenant_id, kind=Seen.UNKNOWN_CLIENT.value, most=most))
