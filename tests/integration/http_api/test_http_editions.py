"""Editions over the API: who changes one, and what is outside is refused with the edition it needs."""

from __future__ import annotations

import msgspec

from tests.houses import TENANT
from tests.integration.http_api.house import API, HttpHouse
from vestibule.model.edition import Edition
from vestibule.model.tenant import SYSTEM_TENANT, Tenant


async def test_s18_an_edition_is_changed_by_the_installation(house: HttpHouse) -> None:
    """S18, TEN-05: not by a key of the tenant itself."""
    await house.add_tenant("other")
    path = f"{API}/tenants/other/edition"
    async with house.caller(await house.add_key("admin", tenant_id=SYSTEM_TENANT)) as office:
        changed = await office.put(path, json={"edition": "free-suite"})
        assert (changed.status_code, changed.json()["edition"]) == (200, "free-suite")
        assert (await office.put(path, json={"edition": "gold"})).status_code == 400
        assert (await office.put(f"{API}/tenants/none/edition", json={"edition": "full"})).status_code == 404
        assert (await office.put(path, json={"edition": "full"})).json()["edition"] == "full"
        own = await house.add_key("admin")
        exceeded = await office.put(f"{API}/tenants/{TENANT}/edition", json={"edition": "free-admins"})
        assert (exceeded.status_code, exceeded.json()["code"]) == (409, "edition_exceeded")
        assert "api" in exceeded.json()["detail"]
    async with house.caller(own) as tenant:
        refused = await tenant.put(f"{API}/tenants/{TENANT}/edition", json={"edition": "full"})
        assert refused.status_code == 404


async def test_a_ceiling_is_set_by_the_installation_and_read_by_the_tenant(house: HttpHouse) -> None:
    """TEN-05: not by a key of the tenant itself."""
    path = f"{API}/tenants/{TENANT}/ceiling"
    async with house.caller(await house.add_key("admin", tenant_id=SYSTEM_TENANT)) as office:
        changed = (await office.put(path, json={"sendings": 2000, "cost": 150})).json()
        assert (changed["sendings_ceiling"], changed["cost_ceiling"]) == (2000, 150)
        assert (await office.put(path, json={"sendings": -1, "cost": 0})).status_code == 400
        unknown = await office.put(f"{API}/tenants/none/ceiling", json={"sendings": 1, "cost": 1})
        assert unknown.status_code == 404
    async with house.caller(await house.add_key("admin")) as tenant:
        assert (await tenant.put(path, json={"sendings": 0, "cost": 0})).status_code == 404
        spending = (await tenant.get(f"{API}/spending")).json()
        assert (spending["sendings_ceiling"], spending["cost_ceiling"]) == (2000, 150)


async def test_b6_what_is_outside_names_the_edition_it_needs(house: HttpHouse) -> None:
    """B6: the code and the edition, in both languages."""
    key = await house.add_key("admin")
    services = house.inside.services
    tenant = services.configuration.current.tenants[TENANT]
    await house.inside.store.transact(lambda tx: tx.put(_free(tenant)))
    await services.configuration.refresh()
    async with house.caller(key) as own:
        for language, words in (("en", "needs the edition “full”"), ("de", "ist die Edition „full“ nötig")):
            refused = await own.post(
                f"{API}/applications", json={"name": "VPN"}, headers={"accept-language": language}
            )
            assert (refused.status_code, refused.json()["code"]) == (422, "edition_needed")
            assert words in refused.json()["detail"]


def _free(tenant: Tenant) -> Tenant:
    return msgspec.structs.replace(tenant, edition=Edition.FREE_ADMINS)
