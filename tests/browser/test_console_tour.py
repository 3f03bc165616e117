"""Every page of the console, at work: what an administrator does besides users and attempts."""

from __future__ import annotations

import os
from pathlib import Path

from playwright.async_api import expect

from tests.browser.scene import (
    ADMINISTRATOR_PASSWORD,
    Phone,
    Window,
    add_free_token,
    add_user,
    enter_console,
    sign_in,
)
from tests.houses import TENANT
from vestibule.interfaces.transaction.held import AuthenticatorFilter
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.actor import SYSTEM
from vestibule.model.application import ClientKind
from vestibule.wire.oath import encode_base32, totp


async def test_an_application_with_a_radius_client_and_its_secrets(window: Window) -> None:
    """A secret is shown once, beside others while it is rotated, and ends when told to."""
    await enter_console(window)
    await window.go(f"{window.site.console}/clients/new")
    assert "First add the application" in await window.text()
    await window.go(f"{window.site.console}/applications/new")
    await window.shoot("20-application-new")
    await window.fill(name="VPN Berlin")
    await window.press("Add application")
    await window.shoot("21-applications")
    await window.go(f"{window.site.console}/clients/new")
    await window.fill(name="gateway", address="nonsense")
    await window.press("Add RADIUS client")
    assert "neither an IP address nor a network" in await window.text()
    await window.shoot("22-client-new")
    await window.fill(address="192.0.2.1")
    await window.page.get_by_label("No, but warn").check()
    await window.press("Add RADIUS client")
    secret = await window.page.inner_text("#new-secret")
    assert len(secret) == 32
    await window.shoot("23-client-added")

    services = window.site.house.services
    client = services.applications.clients(SYSTEM, TENANT, ClientKind.RADIUS)[0]
    assert client.settings == {
        "mode": "challenge",
        "message_authenticator": "warn",
        "limit_proxy_state": True,
        "require_user_match": True,
        "require_inner_name": True,
        "require_radius_1_1": False,
        "passcode_length": 6,
        "response_seconds": 55,
    }
    await window.go(f"{window.site.console}/clients/{client.client_id}")
    assert secret not in await window.page.content()
    await window.press("Add secret")
    second = await window.page.inner_text("#new-secret")
    await window.press("End in 24 hours")
    await window.confirm("End now")
    left = services.configuration.current.peers[client.client_id].secrets
    assert {value.reveal().decode() for _, value in left} < {secret, second}
    await window.page.get_by_text("The client already has a secret").click()
    await window.fill(chosen="too short")
    await window.press("Add secret", within="details")
    assert "at least 16 characters" in await window.text()
    await window.shoot("24-client")
    await window.press("Edit")
    await window.fill(name="gateway one")
    await window.page.get_by_label("Password and passcode in one field").check()
    await window.fill(passcode_length="8")
    await window.press("Save")
    assert "gateway one" in await window.heading()
    changed = services.configuration.current.peers[client.client_id].client.settings
    assert (changed["mode"], changed["passcode_length"]) == ("combined", 8)
    await window.go(f"{window.site.console}/clients")
    await window.shoot("25-clients")


async def test_api_keys_settings_directories_tenants_and_account(window: Window) -> None:
    phone = await enter_console(window)
    site = window.site

    await window.go(f"{site.console}/applications/new")
    await window.fill(name="Wiki")
    await window.press("Add application")
    await window.go(f"{site.console}/api-keys")
    await window.fill(name="wiki server", days="30")
    await window.press("Create key")
    key = await window.page.inner_text("#new-key")
    assert key.startswith("vst_")
    await window.shoot("30-api-keys")
    await window.confirm("Revoke")
    assert "The key “wiki server” is revoked." in await window.text()

    await window.go(f"{site.console}/settings")
    await window.shoot("31-settings")
    await window.fill(hard_stop="5")
    await window.press("Save")
    assert "outside its bounds" in await window.text()
    await window.fill(hard_stop="50", issuer="Acme")
    await window.page.get_by_label("First and last name").check()
    await window.press("Save")
    settings = site.house.services.configuration.current.tenants[TENANT].settings
    assert (settings.hard_stop, settings.issuer, settings.record_names) == (50, "Acme", True)

    await window.go(f"{site.console}/directories")
    await window.press("Add LDAP directory")
    await window.fill(name="Head office", urls="ldap//wrong", base_dn="dc=example,dc=org")
    await window.press("Add LDAP directory")
    assert "begins neither with ldap:// nor" in await window.text()
    await window.shoot("32-directory-new")
    await window.fill(urls="ldap://127.0.0.1:9", password="", timeout_seconds="1")
    await window.press("Add LDAP directory")
    await window.page.fill("#field-try", "alice")
    await window.press("Look up")
    assert "cannot be reached" in await window.text()
    await window.shoot("33-directory")

    await window.go(f"{site.console}/tenants")
    await window.fill(name="Second", tenant_id="Not Possible")
    await window.press("Add tenant")
    assert "small letters, digits and hyphens" in await window.text()
    await window.fill(tenant_id="second")
    await window.press("Add tenant")
    assert window.page.url.endswith("/console/tenants/second/") or window.page.url.endswith("/second")
    await window.go(f"{site.url}/console/tenants/second/tenants")
    await window.shoot("34-tenants")

    await window.go(f"{site.url}/console/tenants/system/users/new")
    await window.press("Make a link")
    assert "/console/setup/" in await window.page.inner_text("#new-link")
    await window.shoot("35-invite")

    await window.go(f"{site.console}/account")
    await window.shoot("36-account")
    await window.fill(
        password="wrong password",
        passcode=phone.passcode(),
        new_password="quite another sentence",
        new_password_again="quite another sentence",
    )
    await window.press("Change password")
    assert "That did not work" in await window.text()
    await window.fill(
        password=ADMINISTRATOR_PASSWORD,
        passcode=phone.passcode(),
        new_password="quite another sentence",
        new_password_again="quite another sentence",
    )
    await window.press("Change password")
    assert "Your password is changed." in await window.text()


async def test_a_hardware_token_is_assigned_used_resynchronized_and_taken_back(window: Window) -> None:
    await enter_console(window)
    site = window.site
    secret = await add_free_token(site.house, "ACME-0001")
    await add_free_token(site.house, "ACME-0002")
    await add_user(window, "wendy", "a password of hers")
    await window.press("Methods")
    await window.fill(serial="acme-9999")
    await window.press("Assign")
    assert "no free token" in await window.text()
    await window.fill(serial=" acme-0001")
    await window.press("Assign")
    assert "The hardware token ACME-0001 is assigned." in await window.text()
    await window.go(f"{site.console}/tokens")
    await window.shoot("40-tokens")
    await window.press("ACME-0001")
    site.house.clock.advance(300)
    now = site.house.clock.now()
    await window.fill(passcode_first=totp(secret, now), passcode_second=totp(secret, now + 30_000))
    await window.press("Bring back in step")
    assert "back in step" in await window.text()
    await window.shoot("41-token")

    hers = await window.another()
    await sign_in(hers, site.portal, "wendy", "a password of hers", Phone(site, secret, lead=2))
    assert await hers.heading() == "Additional security verification"
    assert "ACME-0001" in await hers.text()
    await hers.press("Add hardware token")
    await hers.shoot("42-portal-add-token")
    await hers.page.context.close()
    assert hers.problems == []

    await window.confirm("Take back")
    assert "The token is free." in await window.text()
    await window.fill(username="nobody")
    await window.press("Assign")
    assert "No user has this name" in await window.text()


async def test_a_token_file_is_tried_out_and_then_imported(window: Window, tmp_path: Path) -> None:
    """S61, TOK-07: the dry run names each bad row and changes nothing; the same file is then imported."""
    await enter_console(window)
    site = window.site
    secrets = [os.urandom(20) for _ in range(3)]
    rows = [f"ACME-{number},{encode_base32(secret)},30" for number, secret in enumerate(secrets, 1)]
    file = tmp_path / "tokens.csv"
    file.write_text("\n".join([*rows, "ACME-9,not base32!,30", "ACME-8,,30"]) + "\n")
    await window.go(f"{site.console}/tokens/import")
    await window.control("Try it out").click()
    await expect(window.page.locator("#field-file")).to_be_focused()
    await window.page.set_input_files("#field-file", file)
    await window.shoot("45-import")
    await window.press("Try it out")
    seen = await window.text()
    assert "Nothing changed yet" in seen
    assert "ACME-9" in seen
    assert "tokens.csv · CSV, server form" in seen
    await window.shoot("46-import-tried")
    listed = site.house.services.enrollments.tokens
    assert not (await listed(SYSTEM, TENANT, AuthenticatorFilter(is_hardware=True), Page())).rows
    await window.press("Import 3 tokens")
    assert "Done" in await window.text()
    found = (await listed(SYSTEM, TENANT, AuthenticatorFilter(is_hardware=True), Page())).rows
    assert [token.serial for token in found] == ["ACME-1", "ACME-2", "ACME-3"]
    content = await window.page.content()
    assert not any(encode_base32(secret) in content for secret in secrets)
    # The file waited for one import only.
    await window.page.reload()
    assert "The file is no longer at hand" in await window.text()
    await window.page.set_input_files("#field-file", file)
    await window.page.get_by_text("The file is encrypted").click()
    await window.page.get_by_text("The file is unusual").click()
    await window.fill(key_hex="abc")
    await window.press("Import now")
    assert "32, 48 or 64 hexadecimal digits" in await window.text()


async def test_megabytes_are_taken_and_more_is_refused(window: Window, tmp_path: Path) -> None:
    """WEB-14: the limit of the import is its own, and what is above it is told in words."""
    await enter_console(window)
    line = "A-{number},GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ,30,{filler}\n"
    many = "".join(line.format(number=number, filler="x" * 400) for number in range(6000))
    file = tmp_path / "many.csv"
    file.write_text("serial number,secret key,time interval,comment\n" + many)
    assert file.stat().st_size > 2_500_000
    await window.go(f"{window.site.console}/tokens/import")
    await window.page.set_input_files("#field-file", file)
    await window.press("Try it out")
    assert "many.csv" in await window.text() or "cannot" in await window.text()
    huge = tmp_path / "huge.csv"
    huge.write_bytes(b"x" * (16 * 1024 * 1024 + 100))
    await window.go(f"{window.site.console}/tokens/import")
    await window.page.set_input_files("#field-file", huge)
    await window.press("Try it out")
    assert "The file is too large: at most 16 MB here." in await window.text()
