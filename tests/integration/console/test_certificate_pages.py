"""Certificates at the desk: of the authority, servers and clients; told once, watched and revoked."""

from __future__ import annotations

from cryptography.hazmat.primitives.serialization import pkcs12

from tests.houses import START, TENANT
from tests.integration.console.desk import ConsoleWindow, words
from tests.integration.http_api.house import HttpHouse
from vestibule.crypto.certificates import issue, make_authority
from vestibule.model.actor import SYSTEM
from vestibule.model.application import Client, ClientKind
from vestibule.model.tenant import SYSTEM_TENANT


async def client_of(house: HttpHouse, console: ConsoleWindow) -> Client:
    """Add a client without an address at the desk."""
    applications = house.inside.services.applications
    application = await applications.add_application(SYSTEM, TENANT, "VPN")
    form = {
        "application_id": application.application_id,
        "name": "vpn-1",
        "address": "",
        "mode": "challenge",
        "message_authenticator": "require",
        "passcode_length": "6",
        "response_seconds": "55",
        "is_enabled": "yes",
    }
    said = words(await console.post("clients", form))
    assert "issue or enter its certificate" in said
    (client,) = applications.clients(SYSTEM, TENANT, ClientKind.RADIUS)
    assert await applications.secrets(SYSTEM, TENANT, client.client_id) == ()
    return client


async def test_a_client_is_given_its_certificate_at_the_desk(
    house: HttpHouse, console: ConsoleWindow
) -> None:
    """The file is the only place of the key; the list says when it ends, and lets it be revoked."""
    client = await client_of(house, console)
    assert "no certificate authority yet" in words(await console.get("certificates"))
    there = f"/console/tenants/{SYSTEM_TENANT}/certificates"
    assert "Of tests" in words(await console.post(f"{there}/authority", {"name": "Of tests"}))
    assert "host" in words(await console.post(f"{there}/server", {"hosts": "no_host!"}))
    said = words(await console.post(f"{there}/server", {"hosts": "radius.example.org\r\n192.0.2.1"}))
    assert "radius.example.org, 192.0.2.1" in said

    wanted = {"client_id": client.client_id, "days": "20", "format": "pkcs12", "passphrase": "short"}
    assert (await console.post("certificates/issue", wanted)).status_code == 422
    file = await console.post("certificates/issue", wanted | {"passphrase": "long enough for all"})
    assert "vpn-1.p12" in file.headers["content-disposition"]
    assert file.headers["cache-control"] == "no-store"
    key, certificate, _ = pkcs12.load_key_and_certificates(file.content, b"long enough for all")
    assert key is not None
    assert certificate is not None
    pem = await console.post("certificates/issue", wanted | {"format": "pem"})
    assert b"BEGIN PRIVATE KEY" in pem.content

    listed = await console.get("certificates")
    assert "Ends soon" in words(listed)
    assert "PRIVATE" not in listed.text
    authority = await console.get("certificates/authority")
    assert authority.content.count(b"BEGIN CERTIFICATE") == 1
    one, _ = house.inside.services.certificates.list(SYSTEM, TENANT)
    assert "is revoked" in words(await console.post(f"certificates/{one.certificate_id}/revoke", {}))


async def test_one_made_elsewhere_is_entered_at_the_desk(house: HttpHouse, console: ConsoleWindow) -> None:
    client = await client_of(house, console)
    authority = make_authority("Own", START, START + 10**10)
    own = issue(authority, "device", (), START, START + 10**10, for_server=False)
    typed = {"owner_id": client.client_id}
    refused = await console.post(
        "certificates/enter", typed, files={"file": ("a.pem", authority.certificate)}
    )
    assert "of an authority" in words(refused)
    assert "CN=device" in words(
        await console.post("certificates/enter", typed, files={"file": ("b.pem", own.certificate)})
    )
    assert "in use already" in words(
        await console.post("certificates/enter", typed, files={"file": ("b.pem", own.certificate)})
    )


async def test_a_tenant_has_no_authority_of_its_own(house: HttpHouse, console: ConsoleWindow) -> None:
    assert (await console.post("certificates/authority", {"name": "Mine"})).status_code == 404
    assert (await console.post("certificates/server", {"hosts": "h"})).status_code == 404
