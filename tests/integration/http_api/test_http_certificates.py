"""Certificates over REST: the authority is the installation's, clients are their tenants'."""

from __future__ import annotations

from base64 import b64decode

from cryptography.hazmat.primitives.serialization import pkcs12

from tests.houses import START, TENANT
from tests.integration.http_api.house import API, HttpHouse
from vestibule.crypto.certificates import issue, make_authority
from vestibule.model.tenant import SYSTEM_TENANT


async def test_a_certificate_is_issued_told_once_and_revoked(house: HttpHouse) -> None:
    async with house.caller(await house.add_key("admin", tenant_id=SYSTEM_TENANT)) as installer:
        assert (await installer.get(f"{API}/certificates/authority")).json() == {"pem": ""}
        made = await installer.post(f"{API}/certificates/authority", json={"name": "Tests"})
        assert (made.status_code, made.json()["name"]) == (201, "CN=Tests")
        server = await installer.post(f"{API}/certificates/server", json={"hosts": ["r.example.org"]})
        assert (server.status_code, server.json()["hosts"]) == (201, ["r.example.org"])
        wrong = await installer.post(f"{API}/certificates/server", json={"hosts": ["no host"]})
        assert (wrong.status_code, wrong.json()["code"]) == (422, "setting_invalid")
        listed = (await installer.get(f"{API}/certificates")).json()["items"]
        assert {one["kind"] for one in listed} == {"authority", "server"}
    key = await house.add_key("verify")
    async with house.caller(await house.add_key("admin")) as caller:
        client = (
            await caller.post(
                f"{API}/radius-clients",
                json={"application_id": key.application_id, "name": "VPN", "address": ""},
            )
        ).json()
        home = f"{API}/radius-clients/{client['id']}/certificates"
        issued = (await caller.post(home, json={"days": 30})).json()
        assert issued["pem"].count("BEGIN CERTIFICATE") == 2
        pkcs12.load_key_and_certificates(b64decode(issued["pkcs12"]), issued["passphrase"].encode())
        authority = make_authority("Own", START, START + 10**9)
        own = issue(authority, "device", (), START, START + 10**9, for_server=False)
        entered = await caller.post(f"{home}/own", json={"pem": own.certificate.decode()})
        assert (entered.status_code, entered.json()["name"]) == (201, "CN=device")
        listed = (await caller.get(f"{API}/certificates")).text
        assert "PRIVATE" not in listed
        revoked = await caller.delete(f"{API}/certificates/{issued['certificate']['id']}")
        assert revoked.status_code == 204
        (still,) = [
            one
            for one in (await caller.get(f"{API}/certificates")).json()["items"]
            if one["id"] == issued["certificate"]["id"]
        ]
        assert still["revoked_at"] is not None


async def test_a_tenants_key_makes_no_authority_and_revokes_nothing_of_the_servers(house: HttpHouse) -> None:
    """RA-22, TEN-05: the port and its certificate are the installation's."""
    async with house.caller(await house.add_key("admin", tenant_id=SYSTEM_TENANT)) as installer:
        made = (await installer.post(f"{API}/certificates/authority", json={})).json()
    async with house.caller(await house.add_key("admin", tenant_id=TENANT)) as caller:
        assert (await caller.post(f"{API}/certificates/authority", json={})).status_code == 404
        server = await caller.post(f"{API}/certificates/server", json={"hosts": ["h"]})
        assert server.status_code == 404
        assert (await caller.delete(f"{API}/certificates/{made['id']}")).status_code == 404
        assert (await caller.get(f"{API}/certificates")).json()["items"] == []
