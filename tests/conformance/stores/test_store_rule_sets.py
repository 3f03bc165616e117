"""Access rules: every version stays, the newest is in the configuration, two who write one make one."""

from __future__ import annotations

from tests.conformance.stores.records import START, tenant
from vestibule.interfaces.store import Store
from vestibule.model.access_rule import AccessRule, Effect, RuleSet, RuleState

RULE = AccessRule(
    rule_id="r1",
    name="Nobody from elsewhere",
    effect=Effect.DENY,
    state=RuleState.REPORT_ONLY,
    groups=("g1",),
    except_places=("192.0.2.0/24", "trusted"),
)


def rule_set(tenant_id: str, version: int, *rules: AccessRule) -> RuleSet:
    return RuleSet(tenant_id=tenant_id, version=version, rules=rules, note="why", actor="a", created_at=START)


async def test_a_version_comes_back_as_it_was_written(store: Store, tenant_id: str) -> None:
    await store.transact(lambda tx: tx.put(tenant(tenant_id)))
    before = await store.read(lambda tx: tx.generation())
    for version in (1, 2):
        assert await store.transact(lambda tx, v=version: tx.add_rule_set(rule_set(tenant_id, v, RULE)))
    whole = await store.read(lambda tx: tx.configuration())
    mine = [rules for rules in whole.rule_sets if rules.tenant_id == tenant_id]
    assert mine == [rule_set(tenant_id, 2, RULE)]
    assert whole.generation > before
    older = await store.read(lambda tx: tx.rule_sets(tenant_id, 2, 5))
    assert older == (rule_set(tenant_id, 1, RULE),)


async def test_a_version_is_written_once(store: Store, tenant_id: str) -> None:
    await store.transact(lambda tx: tx.put(tenant(tenant_id)))
    assert await store.transact(lambda tx: tx.add_rule_set(rule_set(tenant_id, 1, RULE)))
    assert not await store.transact(lambda tx: tx.add_rule_set(rule_set(tenant_id, 1)))
    assert await store.read(lambda tx: tx.rule_sets(tenant_id, 9, 5)) == (rule_set(tenant_id, 1, RULE),)


async def test_versions_of_one_tenant_are_none_of_another(store: Store, tenant_id: str) -> None:
    other = tenant_id + "-other"
    for each in (tenant_id, other):
        await store.transact(lambda tx, each=each: tx.put(tenant(each)))
        assert await store.transact(lambda tx, each=each: tx.add_rule_set(rule_set(each, 1)))
    assert await store.transact(lambda tx: tx.add_rule_set(rule_set(other, 2, RULE)))
    assert await store.read(lambda tx: tx.rule_sets(tenant_id, 9, 5)) == (rule_set(tenant_id, 1),)
