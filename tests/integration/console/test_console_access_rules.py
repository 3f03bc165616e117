"""Access rules in the console: written, moved, restored, rehearsed; and asked once more before a lock-out."""

from __future__ import annotations

from tests.houses import TENANT
from tests.integration.console.desk import ConsoleWindow, words
from tests.integration.http_api.house import SYSTEM_TENANT, HttpHouse
from vestibule.model.access_rule import RuleSet
from vestibule.model.actor import SYSTEM


def rules_of(house: HttpHouse, tenant_id: str = TENANT) -> RuleSet:
    return house.inside.services.rule_sets.current(SYSTEM, tenant_id)


RULE = {"name": "Guests", "effect": "deny", "state": "on", "places": "192.0.2.0/24", "version": "0"}


async def test_life_of_a_rule(house: HttpHouse, console: ConsoleWindow) -> None:
    alice = await house.add_person("alice")
    await console.post("access-rules", RULE | {"users": "ALICE", "note": "first of all"})
    [rule] = rules_of(house).rules
    assert (rule.users, rule.places) == ((alice.user.user_id,), ("192.0.2.0/24",))
    shown = words(await console.get("access-rules"))
    assert "Guests alice · all applications · from 192.0.2.0/24" in shown
    await console.post("access-rules", {"name": "Second", "effect": "require", "state": "on", "version": "1"})
    second = rules_of(house).rules[1]
    move = {"to": "earlier", "version": "2"}
    await console.post(f"access-rules/rules/{second.rule_id}/move", move)
    assert [rule.name for rule in rules_of(house).rules] == ["Second", "Guests"]
    assert "they never decide: Guests" in words(await console.get("access-rules"))
    await console.post(f"access-rules/rules/{second.rule_id}/remove", {"version": "3"})
    assert [rule.name for rule in rules_of(house).rules] == ["Guests"]
    assert "first of all" in words(await console.get("access-rules/versions"))
    await console.post("access-rules/versions/3/restore", {"version": "4"})
    assert [rule.name for rule in rules_of(house).rules] == ["Second", "Guests"]
    assert rules_of(house).version == 5


async def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(
    house: HttpHouse, console: ConsoleWindow
) -> None:
    answer = words(await console.post("access-rules", RULE | {"users": "nobody-here"}))
    assert "No user has the name nobody-here." in answer
    page = await console.post("access-rules", RULE | {"places": "somewhere"})
    assert "This rule cannot be used: Guests: places: somewhere" in words(page)
    assert 'value="Guests"' in page.text
    assert rules_of(house).version == 0
    await console.post("access-rules", RULE)
    stale = words(await console.post("access-rules", RULE | {"name": "Too late"}))
    assert "meanwhile" in stale
    assert len(rules_of(house).rules) == 1


async def test_trusted_addresses_of_the_tenant(house: HttpHouse, console: ConsoleWindow) -> None:
    version = str(house.inside.services.configuration.current.tenants[TENANT].version)
    path = "access-rules/trusted-addresses"
    typed = {"trusted_addresses": "192.0.2.0/24\n\n 2001:db8::/48 ", "tenant_version": version}
    await console.post(path, typed | {"trusted_addresses": "192.0.2.1/24"})
    await console.post(path, typed)
    settings = house.inside.services.configuration.current.tenants[TENANT].settings
    assert settings.trusted_addresses == ("192.0.2.0/24", "2001:db8::/48")


async def test_a_rehearsal_on_the_page(house: HttpHouse, console: ConsoleWindow) -> None:
    await house.inside.services.setup.ensure_portal(TENANT)
    await house.add_person("alice")
    await console.post("access-rules", RULE)
    query = "username=alice&application=portal&address="
    shown = words(await console.get(f"access-rules/rehearsal?{query}192.0.2.9"))
    assert "is denied" in shown
    assert "Rule “Guests” (version 1) denies access." in shown
    assert "is asked for a second factor" in words(await console.get(f"access-rules/rehearsal?{query}"))
    assert (await console.get(f"access-rules/rehearsal?{query}here")).status_code == 422


async def test_a_lock_out_is_asked_about_once_more(house: HttpHouse, console: ConsoleWindow) -> None:
    harmful = {"name": "Nobody", "effect": "deny", "state": "on", "version": "0"}
    asked = words(await console.post("access-rules", harmful, SYSTEM_TENANT))
    assert "you, root, could not sign in to the console again" in asked
    assert "I want it anyway" in asked
    assert rules_of(house, SYSTEM_TENANT).version == 0
    await console.post("access-rules", harmful | {"anyway": "yes"}, SYSTEM_TENANT)
    assert rules_of(house, SYSTEM_TENANT).version == 1


async def test_a_move_that_locks_out_is_asked_about_on_a_page_of_its_own(
    house: HttpHouse, console: ConsoleWindow
) -> None:
    for number, (name, effect) in enumerate((("Everybody", "require"), ("Nobody", "deny"))):
        sent = {"name": name, "effect": effect, "state": "on", "version": str(number)}
        await console.post("access-rules", sent, SYSTEM_TENANT)
    nobody = rules_of(house, SYSTEM_TENANT).rules[1].rule_id
    path, move = f"access-rules/rules/{nobody}/move", {"to": "earlier", "version": "2"}
    assert "You would lock yourself out" in words(await console.post(path, move, SYSTEM_TENANT))
    assert rules_of(house, SYSTEM_TENANT).version == 2
    await console.post(path, move | {"anyway": "yes"}, SYSTEM_TENANT)
    assert [rule.name for rule in rules_of(house, SYSTEM_TENANT).rules] == ["Nobody", "Everybody"]


async def test_what_an_application_lets_be_skipped(house: HttpHouse, console: ConsoleWindow) -> None:
    await house.inside.services.setup.ensure_portal(TENANT)
    applications = house.inside.services.configuration
    version = str(applications.current.applications[TENANT, "portal"].version)
    sent = {
        "purpose": "sign_in",
        "trusted_addresses": "192.0.2.0/24",
        "skips_trusted": "yes",
        "remember_days": "14",
        "caching": "address",
        "caching_seconds": "60",
        "version": version,
    }
    wrong = words(await console.post("applications/portal/skipping", sent | {"remember_days": "400"}))
    assert "365" in wrong
    await console.post("applications/portal/skipping", sent | {"trusted_addresses": "nowhere"})
    await console.post("applications/portal/skipping", sent)
    portal = applications.current.applications[TENANT, "portal"]
    assert (portal.remember_days, portal.caching.value, portal.caching_seconds) == (14, "address", 60)
    assert (portal.trusted_addresses, portal.skips_trusted) == (("192.0.2.0/24",), True)
