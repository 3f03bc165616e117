"""Providers and licences at the console: what the operator does, what a tenant's administrator sees."""

from __future__ import annotations

from tests.houses import TENANT
from tests.integration.console.desk import ConsoleWindow, at_console, words
from tests.integration.http_api.house import HttpHouse
from tests.unit.model.test_branding import png
from vestibule.model.actor import SYSTEM
from vestibule.model.role import Grant
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.model.user import Role


async def test_the_operator_sells_at_the_console(house: HttpHouse, console: ConsoleWindow) -> None:
    """S20, S22, S25: the page of a provider says what its deletion takes away."""
    await house.add_person("alice")
    office = SYSTEM_TENANT
    typed = {"name": "Acme", "usage_model": "per_user", "currency": "eur", "linked_to": TENANT}
    bad = await console.post("providers", typed | {"currency": "euro"}, office)
    assert (bad.status_code, "is no currency" in words(bad)) == (422, True)
    made = await console.post("providers", typed, office)
    assert "The provider Acme was created" in words(made)
    assert "Users and settings of “Acme” stay as they are" in words(made)
    path = str(made.url.path)
    assert "Acme, all sites" in words(await console.post(path, {"name": "Acme, all sites", "version": "1"}))
    alone = await console.post("providers", typed | {"name": "Servers", "linked_to": ""}, office)
    assert "is deleted with it, for good" in words(alone)
    [lonely] = [t for t in house.inside.services.configuration.current.tenants.values() if t.is_standalone]
    menu = (await console.get("licences", lonely.tenant_id)).text
    assert ('/users"' in menu, '/gateways"' in menu) == (False, True)

    added = await console.post(
        "licences", {"quantity": "1", "first_day": "2027-01-01", "last_day": "2027-12-31", "product": ""}
    )
    bundle = str(added.url.path)
    assert "Licences added: 1." in words(added)
    assert "given a licence: 1." in words(await console.post(f"{bundle}/assign", {"names": "ALICE"}))
    alice = await house.inside.services.users.find_by_name(SYSTEM, TENANT, "alice")
    assert alice is not None
    assert "2027-01-01 to 2027-12-31" in words(await console.get(f"users/{alice.user.user_id}"))
    twice = await console.post(f"{bundle}/assign", {"names": "alice"})
    assert (twice.status_code, "has a licence for this time already" in words(twice)) == (422, True)
    assert "was taken back" in words(await console.post(f"{bundle}/take", {"user_id": alice.user.user_id}))
    assert "The licences end on" in words(await console.post(f"{bundle}/end"))
    assert "was deleted" in words(await console.post(f"{path}/delete"))
    assert (await console.get(path)).status_code == 404


async def test_a_tenants_administrator_sees_what_he_has_and_sells_nothing(house: HttpHouse) -> None:
    """TEN-05: his page has no forms of the operator, and none of them does anything."""
    helper = await house.inside.add_person("helper", tenant_id=SYSTEM_TENANT, role=Role.LIMITED)
    grant = Grant(role_id="administrator", tenant_id=TENANT)
    await house.inside.store.transact(
        lambda tx: tx.replace_grants(SYSTEM_TENANT, helper.user.user_id, (grant,))
    )
    async with at_console(house, helper.user) as window:
        page = await window.get("licences")
        assert (page.status_code, "Add licences" in words(page)) == (200, False)
        assert "/providers" not in page.text
        form = {"quantity": "1", "first_day": "2027-01-01", "last_day": "2027-12-31"}
        assert (await window.post("licences", form)).status_code == 404
        assert (await window.get("providers", SYSTEM_TENANT)).status_code == 404
        assert (await window.post("edition", {"edition": "full"})).status_code == 404


async def test_the_operator_says_what_a_tenant_may_send_in_a_day(
    house: HttpHouse, console: ConsoleWindow
) -> None:
    """The tenant's administrator reads it where his own limits are, and has no form for it."""
    typed = {"sendings_ceiling": "2000", "cost_ceiling": "150"}
    bad = await console.post("ceiling", typed | {"cost_ceiling": "much"})
    assert (bad.status_code, "whole number from 0 to 1000000" in words(bad)) == (422, True)
    saved = await console.post("ceiling", typed)
    assert "What the tenant “Acme” may send in a day is saved" in words(saved)
    assert 'value="2000"' in saved.text
    events = words(await console.get("events"))
    assert "Texts and calls in a day: 2000 · cost" in events
    helper = await house.inside.add_person("helper", tenant_id=SYSTEM_TENANT, role=Role.LIMITED)
    grant = Grant(role_id="administrator", tenant_id=TENANT)
    await house.inside.store.transact(
        lambda tx: tx.replace_grants(SYSTEM_TENANT, helper.user.user_id, (grant,))
    )
    async with at_console(house, helper.user) as window:
        for path in ("gateways", "settings"):
            told = words(await window.get(path))
            assert "The operator lets this tenant send 2000 texts and calls in a day" in told
            assert "The operator lets the texts and calls of this tenant cost 150 in a day" in told
        assert "ceiling" not in (await window.get("tenants")).text
        assert (await window.post("ceiling", typed)).status_code == 404
    assert "operator" not in words(await console.get("settings", SYSTEM_TENANT))


async def test_a_tenant_chooses_how_it_looks(house: HttpHouse, console: ConsoleWindow) -> None:
    light = await console.post("settings/branding", {"name": "Acme", "color": "#ffee00"})
    assert (light.status_code, "Choose a darker one" in words(light)) == (422, True)
    await console.post("settings/branding", {"name": "Acme signs in", "color": "#7a1fa2"})
    bad = await console.post("settings/branding/logo", files={"file": ("x.svg", b"<svg/>")})
    assert (bad.status_code, "A logo is a PNG picture" in words(bad)) == (422, True)
    shown = await console.post("settings/branding/logo", files={"file": ("x.png", png(64, 64))})
    assert f"/brand/{TENANT}/logo/" in shown.text
    assert "Acme signs in" in words(await console.caller.get(f"/portal/{TENANT}/sign-in"))
    assert "/logo/" not in (await console.post("settings/branding/logo/remove")).text
