"""Providers, licences and branding over the API."""

from __future__ import annotations

from tests.houses import TENANT
from tests.integration.http_api.house import API, HttpHouse
from tests.unit.model.test_branding import png
from vestibule.model.mail_template import MailTemplate
from vestibule.model.tenant import SYSTEM_TENANT


async def test_s20_s35_the_operator_sells_and_the_tenant_reads(house: HttpHouse) -> None:
    """S20, S25, S35, S36: created, never changed into the other model, deleted with what it says."""
    async with house.caller(await house.add_key("admin", tenant_id=SYSTEM_TENANT)) as office:
        wanted = {"name": "Acme", "usage_model": "per_user", "currency": "EUR", "linked_to": TENANT}
        made = (await office.post(f"{API}/providers", json=wanted)).json()
        path = f"{API}/providers/{made['id']}"
        assert (made["tenant_id"], made["is_linked"], made["deleted_at"]) == (TENANT, True, None)
        fixed = await office.patch(path, json={"name": "Acme", "usage_model": "per_authentication"})
        assert (fixed.status_code, fixed.json()["code"]) == (409, "model_fixed")
        again = await office.post(f"{API}/providers", json=wanted)
        assert (again.status_code, again.json()["code"]) == (409, "provider_there")
        ending = (await office.get(f"{path}/ending")).json()
        assert (ending["edition"], ending["lost"], ending["closed_applications"]) == ("full", {}, [])

        alone = {"name": "Servers", "usage_model": "per_authentication", "currency": "USD"}
        other = (await office.post(f"{API}/providers", json=alone)).json()
        of = {"tenant": other["tenant_id"]}
        refused = await office.post(f"{API}/users", params=of, json={"username": "ann"})
        assert (refused.status_code, refused.json()["code"]) == (422, "no_people_here")
        assert "Servers" in refused.json()["detail"]
        assert {each["name"] for each in (await office.get(f"{API}/providers")).json()["items"]} == {
            "Acme", "Servers",
        }  # fmt: skip
        assert (await office.delete(f"{API}/providers/{other['id']}")).status_code == 204
        assert (await office.get(f"{API}/users", params=of)).status_code == 404
    async with house.caller(await house.add_key("admin")) as own:
        listed = (await own.get(f"{API}/providers")).json()["items"]
        assert [each["id"] for each in listed] == [made["id"]]
        for answer in (await own.delete(path), await own.post(f"{API}/providers", json=wanted)):
            assert answer.status_code == 404


async def test_s29_a_licence_is_assigned_by_the_tenant(house: HttpHouse) -> None:
    """S29, S36: bought by the operator, given by the tenant's own administrator."""
    alice = await house.add_person("alice")
    await house.add_person("bob")
    async with house.caller(await house.add_key("admin", tenant_id=SYSTEM_TENANT)) as office:
        period = {"first_day": "2027-01-01", "last_day": "2027-12-31"}
        added = await office.post(
            f"{API}/licences", params={"tenant": TENANT}, json={"quantity": 1, **period}
        )
        path = f"{API}/licences/{added.json()['id']}"
        none = await office.post(
            f"{API}/licences", params={"tenant": TENANT}, json={"quantity": 1, **period, "kind": "bundle"}
        )
        assert (none.status_code, none.json()["code"]) == (422, "product_missing")
    async with house.caller(await house.add_key("admin")) as own:
        assert (await own.put(f"{path}/users/{alice.user.user_id}")).status_code == 204
        spent = await own.post(f"{path}/users")
        assert spent.json() == {"assigned": 0}
        holders = (await own.get(f"{path}/users")).json()["items"]
        assert [each["username"] for each in holders] == ["alice"]
        counted = (await own.get(f"{API}/licence-coverage")).json()
        assert counted == {"configured": 2, "licensed": 1, "unlicensed": 1, "licences": 1}
        assert (await own.delete(path)).status_code == 404
        assert (await own.delete(f"{path}/users/{alice.user.user_id}")).status_code == 204
        assert [each["assigned"] for each in (await own.get(f"{API}/licences")).json()["items"]] == [0]


async def test_a_tenant_shows_its_own_name_colour_and_logo(house: HttpHouse) -> None:
    """Each tenant its own, nothing but what it has chosen, and never what could not be read."""
    await house.add_tenant("other")
    async with house.caller(await house.add_key("admin")) as own:
        light = await own.put(f"{API}/branding", json={"color": "#ffee00"})
        assert (light.status_code, light.json()["code"]) == (422, "brand_color_light")
        assert (await own.put(f"{API}/branding", json={"color": "red;}"})).json()["code"] == "brand_color"
        changed = await own.put(f"{API}/branding", json={"name": "Acme <b>", "color": "#7A1FA2"})
        assert changed.json()["color"] == "#7a1fa2"
        bad = await own.put(f"{API}/branding/logo", files={"file": ("x.svg", b"<svg/>")})
        assert (bad.status_code, bad.json()["code"]) == (422, "brand_logo")
        logo = (await own.put(f"{API}/branding/logo", files={"file": ("x.png", png(9, 9))})).json()["logo"]
    async with house.caller() as browser:
        page = (await browser.get(f"/portal/{TENANT}/sign-in")).text
        assert "Acme &lt;b&gt;" in page
        style = await browser.get(f"/brand/{TENANT}/style/7a1fa2")
        assert style.headers["content-type"].startswith("text/css")
        mails = house.inside.services.mails
        tenant = house.inside.services.configuration.current.tenants[TENANT]
        mail = mails.written(tenant, "en", "welcome", MailTemplate("Hello", "Hello"), {})
        assert 'border-bottom:3px solid #7a1fa2;font-weight:bold">Acme &lt;b&gt;</p>' in mail.html
        assert (f"/brand/{TENANT}/style/7a1fa2" in page, "#7a1fa2" in style.text) == (True, True)
        picture = await browser.get(f"/brand/{TENANT}/logo/{logo}")
        assert (picture.content, picture.headers["content-type"]) == (png(9, 9), "image/png")
        assert "/brand/" not in (await browser.get("/portal/other/sign-in")).text
        for path in (
            f"/brand/other/logo/{logo}",
            "/brand/other/style/7a1fa2",
            f"/brand/{TENANT}/style/000000",
        ):
            assert (await browser.get(path)).status_code == 404
    async with house.caller(await house.add_key("admin")) as own:
        assert (await own.delete(f"{API}/branding/logo")).status_code == 204
        assert (await own.get(f"{API}/branding")).json()["logo"] == ""
