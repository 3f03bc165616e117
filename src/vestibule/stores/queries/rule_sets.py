"""The access rules: every version stays, the newest holds."""

from __future__ import annotations

from typing import Final

from vestibule.model.access_rule import RuleSet
from vestibule.stores.queries.generation import RAISE_GENERATION
from vestibule.stores.rows import RULE_SET, record_values, rule_set_of
from vestibule.stores.statement import Statement, insert, select
from vestibule.stores.transaction import Requests

ADD_RULE_SET: Final = Statement(insert("rule_sets", RULE_SET) + " on conflict do nothing")
NEWEST_RULE_SETS: Final = Statement(
    f"""
    select {select(RULE_SET)} from rule_sets r
     where version = (select max(version) from rule_sets o where o.tenant_id = r.tenant_id)
     order by tenant_id
    """  # noqa: S608 - made of constants
)
RULE_SETS: Final = Statement(
    f"""
    select {select(RULE_SET)} from rule_sets
     where tenant_id = :tenant_id and version < :before::bigint order by version desc limit :count
    """  # noqa: S608 - made of constants
)


class RuleSets(Requests):
    __slots__ = ()

    async def add_rule_set(self, rules: RuleSet) -> bool:
        if not await self.execute(ADD_RULE_SET(**record_values(rules))):
            return False
        await self.execute(RAISE_GENERATION())
        return True

    async def rule_sets(self, tenant_id: str, before: int, limit: int) -> tuple[RuleSet, ...]:
        rows = await self.fetch(RULE_SETS(tenant_id=tenant_id, before=before, count=limit))
        return tuple([rule_set_of(row) for row in rows])
