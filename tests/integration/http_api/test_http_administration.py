"""The part of the API that administrators use, end to end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.integration.http_api.house import API, PASSWORD, HttpHouse
from vestibule.model.throttle import Factor
from vestibule.wire.oath import decode_base32, totp

SECRETS = ("password_hash", "sealed", "token_hash", "argon2", '"secret":""', '"state":{')


@pytest.fixture
async def office(house: HttpHouse) -> AsyncIterator[httpx.AsyncClient]:
    async with house.caller(await house.add_key("admin")) as caller:
        yield caller


async def done(answer: httpx.Response, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    assert not any(word in answer.text for word in SECRETS)
    return answer.json() if answer.content else None


async def test_life_of_a_user(house: HttpHouse, office: httpx.AsyncClient) -> None:
    added = await done(
        await office.post(
            f"{API}/users",
            json={
                "username": "Bob",
                "other_names": ["bob@example.org"],
                "password": PASSWORD,
                "language": "de",
            },
        ),
        201,
    )
    assert (added["username"], added["other_names"], added["has_password"]) == (
        "Bob",
        ["bob@example.org"],
        True,
    )
    path = f"{API}/users/{added['id']}"

    taken = await office.post(f"{API}/users", json={"username": "BOB"})
    assert (taken.status_code, taken.json()["code"]) == (409, "name_taken")
    short = await office.post(f"{API}/users", json={"username": "eve", "password": "short"})
    assert (short.status_code, short.json()["code"]) == (422, "password_too_short")
    foreign = await office.post(f"{API}/users", json={"username": "eve", "language": "tlh"})
    assert foreign.json()["invalid"][0]["where"] == "language"

    changed = await done(await office.patch(path, json={"given_name": "Bob", "version": added["version"]}))
    assert (changed["given_name"], changed["other_names"]) == ("Bob", ["bob@example.org"])
    stale = await office.patch(path, json={"given_name": "Rob", "version": added["version"]})
    assert (stale.status_code, stale.json()["code"]) == (409, "changed_meanwhile")

    found = await done(await office.get(f"{API}/users", params={"username": "BOB@EXAMPLE.ORG"}))
    assert [user["id"] for user in found["items"]] == [added["id"]]
    assert (await done(await office.get(f"{API}/users", params={"username": "eve"})))["items"] == []

    await done(await office.post(f"{path}/password", json={"password": "Looking-Glass-1871"}), 204)
    disabled = await done(await office.patch(path, json={"status": "disabled"}))
    assert disabled["status"] == "disabled"
    await done(await office.delete(path), 204)
    assert (await office.get(path)).status_code == 404


async def test_pages_of_a_list(house: HttpHouse, office: httpx.AsyncClient) -> None:
    for number in range(7):
        await office.post(f"{API}/users", json={"username": f"user{number}"})
    names, cursor = [], ""
    for _ in range(4):
        page = await done(await office.get(f"{API}/users", params={"limit": 2, "cursor": cursor}))
        names += [user["username"] for user in page["items"]]
        cursor = page["next_cursor"]
    assert names == [f"user{number}" for number in range(7)]
    assert cursor == ""
    for bad in ("xx", "AAAA", "1" * 2000):
        assert (await office.get(f"{API}/users", params={"cursor": bad})).status_code == 400


async def test_enrollment_of_an_app(house: HttpHouse, office: httpx.AsyncClient) -> None:
    """OTP-20: pending until proven; the proof spends its passcode."""
    bob = await done(await office.post(f"{API}/users", json={"username": "bob", "password": PASSWORD}), 201)
    path = f"{API}/users/{bob['id']}/authenticators"
    begun = await done(await office.post(path, json={"method": "totp", "label": "Phone"}), 201)
    uri, secret = begun["shown"]
    seed = decode_base32(secret)
    assert seed is not None
    assert uri.startswith("otpauth://totp/")
    assert begun["authenticator"]["status"] == "pending"
    own = f"{path}/{begun['authenticator']['id']}"
    wrong = await office.post(f"{own}/confirm", json={"passcode": "000000"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "passcode_wrong")
    passcode = totp(seed, house.inside.clock.now())
    proven = await done(await office.post(f"{own}/confirm", json={"passcode": passcode}))
    assert proven["status"] == "active"

    async with house.caller(await house.add_key("verify")) as shop:
        typed = {"username": "bob", "password": PASSWORD, "passcode": passcode}
        assert (await shop.post(f"{API}/check", json=typed)).json()["reason"] == "passcode_replayed"
        house.inside.clock.advance(30)
        typed["passcode"] = totp(seed, house.inside.clock.now())
        assert (await shop.post(f"{API}/check", json=typed)).json()["approved"] is True

    await done(await office.patch(own, json={"label": "Old phone"}), 204)
    (held,) = (await done(await office.get(path)))["items"]
    assert (held["label"], held["method"]) == ("Old phone", "totp")
    await done(await office.delete(own), 204)
    assert (await done(await office.get(path)))["items"] == []


async def test_methods_and_options_that_are_not_taken(house: HttpHouse, office: httpx.AsyncClient) -> None:
    bob = await done(await office.post(f"{API}/users", json={"username": "bob"}), 201)
    path = f"{API}/users/{bob['id']}/authenticators"
    for body in (
        {"method": "carrier_pigeon"},
        {"method": "recovery_code"},
        {"method": "totp", "options": {"issuer": "Bank"}},
        {"method": "totp", "options": {"flavor": "mint"}},
    ):
        assert (await office.post(path, json=body)).json()["code"] == "invalid"


async def test_recovery_codes_are_told_once(house: HttpHouse, office: httpx.AsyncClient) -> None:
    alice = await house.add_person("alice")
    path = f"{API}/users/{alice.user.user_id}"
    made = await done(await office.post(f"{path}/recovery-codes"), 201)
    assert len(made["shown"]) >= 8
    listed = await office.get(f"{path}/authenticators")
    assert not any(code in listed.text for code in made["shown"])
    async with house.caller(await house.add_key("verify")) as shop:
        typed = {"username": "alice", "password": PASSWORD, "passcode": made["shown"][0]}
        assert (await shop.post(f"{API}/check", json=typed)).json()["reason"] == "recovery_code_verified"


async def test_hardware_token_is_assigned_and_freed(house: HttpHouse, office: httpx.AsyncClient) -> None:
    alice, bob = await house.add_person("alice"), await house.add_person("bob")
    path = f"{API}/users/{alice.user.user_id}"
    unknown = await office.post(f"{path}/tokens", json={"serial": "HW-1"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "serial_unknown")

    token = await house.inside.add_authenticator(bob.user, "hotp", serial="HW-1")
    taken = await office.post(f"{path}/tokens", json={"serial": "HW-1"})
    assert taken.json()["code"] == "serial_unknown"
    freed = f"{API}/users/{bob.user.user_id}/authenticators/{token.authenticator_id}"
    await done(await office.delete(freed), 204)
    (free,) = (await done(await office.get(f"{API}/tokens", params={"is_assigned": False})))["items"]
    assert (free["serial"], free["user_id"]) == ("HW-1", "")

    given = await done(await office.post(f"{path}/tokens", json={"serial": " hw-1 "}))
    assert given["user_id"] == alice.user.user_id
    read = await done(await office.get(f"{API}/tokens/{token.authenticator_id}"))
    assert read["user_id"] == alice.user.user_id
    async with house.caller(await house.add_key("verify")) as shop:
        typed = {"username": "alice", "password": PASSWORD, "passcode": house.passcode(token)}
        assert (await shop.post(f"{API}/check", json=typed)).json()["approved"] is True


async def test_resynchronization(house: HttpHouse, office: httpx.AsyncClient) -> None:
    alice = await house.add_person("alice")
    for _ in range(60):
        house.passcode(alice)
    own = f"{API}/users/{alice.user.user_id}/authenticators/{alice.authenticator_id}"
    pair = [house.passcode(alice), house.passcode(alice)]
    one = await office.post(f"{own}/resynchronize", json={"passcodes": pair[:1]})
    assert one.status_code == 400
    await done(await office.post(f"{own}/resynchronize", json={"passcodes": pair}))
    again = await office.post(f"{own}/resynchronize", json={"passcodes": pair})
    assert again.json()["code"] == "passcode_wrong"


async def test_unlocking(house: HttpHouse, office: httpx.AsyncClient) -> None:
    await house.inside.change_settings(lockout_threshold=2)
    alice = await house.add_person("alice")
    async with house.caller(await house.add_key("verify")) as shop:
        for _ in range(2):
            await shop.post(f"{API}/check", json=house.typed(alice, passcode="000000"))
        path = f"{API}/users/{alice.user.user_id}"
        throttles = (await done(await office.get(path)))["throttles"]
        locked = next(entry for entry in throttles if entry["factor"] == Factor.PASSCODE)
        assert locked["failures"] == 2
        assert locked["locked_until"] is not None
        await done(await office.post(f"{path}/unlock"), 204)
        assert (await shop.post(f"{API}/check", json=house.typed(alice))).json()["approved"] is True


async def test_life_of_an_application_and_its_clients(house: HttpHouse, office: httpx.AsyncClient) -> None:
    application = await done(await office.post(f"{API}/applications", json={"name": "VPN"}), 201)
    own = f"{API}/applications/{application['id']}"
    client = await done(
        await office.post(
            f"{API}/radius-clients",
            json={
                "application_id": application["id"],
                "name": "Concentrator",
                "address": "192.0.2.1",
                "settings": {"mode": "combined"},
            },
        ),
        201,
    )
    assert (client["address"], client["settings"]) == ("192.0.2.1/32", {"mode": "combined"})
    clash = await office.post(
        f"{API}/radius-clients",
        json={"application_id": application["id"], "name": "Twin", "address": "192.0.2.1"},
    )
    assert (clash.status_code, clash.json()["code"]) == (409, "address_taken")
    in_use = await office.delete(own)
    assert (in_use.status_code, in_use.json()["code"]) == (409, "in_use")

    clients = f"{API}/radius-clients/{client['id']}"
    made = (await office.post(f"{clients}/secrets", json={})).json()["secret"]
    assert len(made) == 32
    short = await office.post(f"{clients}/secrets", json={"secret": "short"})
    assert short.json()["code"] == "secret_too_short"
    (stored,) = (await done(await office.get(f"{clients}/secrets")))["items"]
    assert stored["hint"] == made[-3:]
    until = house.inside.clock.now() + 60_000
    await done(await office.patch(f"{clients}/secrets/{stored['id']}", json={"not_after": until}), 204)
    assert (await office.get(f"{clients}/secrets")).json()["items"][0]["not_after"] == until
    await done(await office.delete(f"{clients}/secrets/{stored['id']}"), 204)

    # A RADIUS client is no API client, whatever the path says.
    assert (await office.get(f"{API}/api-clients/{client['id']}")).status_code == 404
    assert (await office.post(f"{API}/api-clients/{client['id']}/keys")).status_code == 404

    moved = await done(await office.patch(clients, json={"address": "192.0.2.0/28", "is_enabled": False}))
    assert (moved["address"], moved["is_enabled"]) == ("192.0.2.0/28", False)
    await done(await office.delete(clients), 204)
    stale = await office.patch(own, json={"name": "Other", "version": 99})
    assert stale.status_code == 409
    renamed = await done(await office.patch(own, json={"name": "Remote desktops", "methods": ["totp"]}))
    assert (renamed["name"], renamed["methods"]) == ("Remote desktops", ["totp"])
    unknown = await office.patch(own, json={"methods": ["carrier_pigeon"]})
    assert unknown.json()["invalid"][0]["where"] == "methods"
    await done(await office.delete(own), 204)
    assert (await office.get(own)).status_code == 404


async def test_directories_are_checked_before_they_are_stored(office: httpx.AsyncClient) -> None:
    settings = {"urls": ["ldaps://dc.example.org"], "base_dn": "dc=example,dc=org", "bind_dn": "cn=reader"}
    body = {"kind": "ldap", "name": "Staff", "settings": settings, "password": "reader-password"}
    added = await office.post(f"{API}/directories", json=body)
    assert added.status_code == 201
    assert added.json()["has_password"] is True
    assert "reader-password" not in added.text
    own = f"{API}/directories/{added.json()['id']}"
    for change in ({"settings": settings | {"base": 1}}, {"settings": settings | {"urls": ["gopher://x"]}}):
        assert (await office.patch(own, json=change)).json()["code"] == "invalid"
    kept = await office.patch(own, json={"settings": settings | {"timeout_seconds": 3}})
    assert (kept.status_code, kept.json()["settings"]["timeout_seconds"]) == (200, 3)
    assert kept.json()["has_password"] is True
    assert (await office.post(f"{API}/directories", json=body | {"kind": "nis"})).status_code == 400
    application = {"name": "Mail", "first_factor": "directory", "directory_id": added.json()["id"]}
    assert (await office.post(f"{API}/applications", json=application)).status_code == 201
    assert len((await office.get(f"{API}/directories")).json()["items"]) == 1


async def test_attempts_and_events_tell_what_happened(house: HttpHouse, office: httpx.AsyncClient) -> None:
    alice = await house.add_person("alice")
    async with house.caller(await house.add_key("verify")) as shop:
        typed = house.typed(alice)
        await shop.post(f"{API}/check", json=typed)
        denied = (await shop.post(f"{API}/check", json=typed)).json()
    listed = await done(await office.get(f"{API}/attempts", params={"state": "denied"}))
    (attempt,) = listed["items"]
    assert attempt["id"] == denied["id"]
    assert (attempt["reason"], attempt["legacy_result"]) == (
        "passcode_replayed",
        "FAILED_OATH_CODE_DUPLICATE",
    )
    assert "trace" not in attempt
    traced = await done(await office.get(f"{API}/attempts/{attempt['id']}"))
    assert {"step": "passcode", "result": "replay", "facts": {}} in traced["trace"]
    everything = await office.get(f"{API}/attempts")
    assert typed["passcode"] not in everything.text
    events = await done(await office.get(f"{API}/events", params={"text": "authenticator."}))
    assert [event["kind"] for event in events["items"]] == ["authenticator.replayed"]
    assert (await office.get(f"{API}/attempts", params={"state": "nonsense"})).status_code == 400


async def test_settings_are_replaced_as_a_whole(house: HttpHouse, office: httpx.AsyncClient) -> None:
    before = await done(await office.get(f"{API}/settings"))
    assert before["lockout_threshold"] == 10
    after = await done(await office.put(f"{API}/settings", json={"language": "de", "record_names": True}))
    assert (after["language"], after["record_names"], after["lockout_threshold"]) == ("de", True, 10)
    for bad, status in (
        ({"lockout_threshold": 0}, 400),
        ({"lockout_threshold": 50, "hard_stop": 20}, 422),
        ({"challenge_seconds": 5}, 422),
        ({"lockout_seconds": "900"}, 400),
        ({"langauge": "de"}, 400),
        ({"language": "tlh"}, 400),
        ({"text_two_way_seconds": 29}, 400),
        ({"call_seconds": 601}, 400),
        ({"app_seconds": 14}, 400),
        ({"app_devices": 0}, 400),
        ({"app_devices": 11}, 400),
        ({"app_unapproved_per_hour": 0}, 400),
        ({"texts_per_hour": 0}, 400),
        ({"texts_per_number": -1}, 400),
        ({"texts_per_prefix": 100_001}, 400),
        ({"texts_per_tenant": 1_000_001}, 400),
        ({"daily_cost_cap": 0.5}, 400),
        ({"fraud_code": "#"}, 400),
        ({"caller_id": "030 123"}, 400),
        ({"app_check": "both"}, 400),
        ({"text_templates": {"en": "without it"}}, 422),
        ({"text_templates": {"en": "{passcode} {other}"}}, 422),
        ({"text_templates": {"tlh": "{passcode}"}}, 400),
        ({"text_two_way_seconds": 60, "pfsvc_pendingSmsTimeoutSeconds": 90}, 400),
    ):
        assert (await office.put(f"{API}/settings", json=bad)).status_code == status
    assert await done(await office.get(f"{API}/settings")) == after


async def test_texts_and_calls_have_their_settings(office: httpx.AsyncClient) -> None:
    """S51 to S54, S64; the name of S53 is taken and told under its own name."""
    wanted = {
        "text_one_way_seconds": 120,
        "call_seconds": 90,
        "app_seconds": 90,
        "app_devices": 2,
        "app_unapproved_per_hour": 9,
        "texts_per_hour": 5,
        "texts_per_number": 0,
        "texts_per_prefix": 50,
        "texts_per_tenant": 500,
        "daily_cost_cap": 20,
        "text_templates": {"de": "{application}: {passcode}"},
        "fraud_reports": False,
        "fraud_code": "99",
        "fraud_blocks": False,
        "caller_id": "+4930901820",
        "app_check": "unlock",
        "app_plain_approval": True,
    }
    alias = {"pfsvc_pendingSmsTimeoutSeconds": 90}
    after = await done(await office.put(f"{API}/settings", json=wanted | alias))
    assert after == after | wanted | {"text_two_way_seconds": 90}
    assert "pfsvc_pendingSmsTimeoutSeconds" not in after


async def test_nt_hashes_are_kept_for_who_knows_why_not(office: httpx.AsyncClient) -> None:
    """The refusal says why not; switched on, they stay on without saying it again."""
    refused = await office.put(f"{API}/settings", json={"nt_hashes": True})
    assert refused.status_code == 422
    assert refused.json()["code"] == "nt_hashes_unread"
    assert "as good as the password" in refused.json()["detail"]
    after = await done(await office.put(f"{API}/settings", json={"nt_hashes": True, "knows_nt_hashes": True}))
    assert after["nt_hashes"]
    assert "knows_nt_hashes" not in after
    assert (await done(await office.put(f"{API}/settings", json={"nt_hashes": True})))["nt_hashes"]
    assert not (await done(await office.put(f"{API}/settings", json={})))["nt_hashes"]


async def test_gateways_are_checked_before_they_are_stored(office: httpx.AsyncClient) -> None:
    kinds = {kind["kind"]: kind for kind in (await done(await office.get(f"{API}/gateway-kinds")))["items"]}
    assert kinds["smpp"]["carries"] == ["text"]
    host = next(field for field in kinds["smpp"]["settings"] if field["name"] == "host")
    assert (host["form"], host["is_required"]) == ("text", True)
    settings = {"host": "127.0.0.1", "port": 9, "system_id": "example"}
    body = {"kind": "smpp", "name": "Operator", "settings": settings, "secret": "sms", "priority": 7}
    added = await office.post(f"{API}/gateways", json=body | {"is_enabled": False})
    assert added.status_code == 201
    gateway = added.json()
    assert (gateway["has_secret"], gateway["priority"], gateway["is_open"]) == (True, 7, False)
    own = f"{API}/gateways/{gateway['id']}"
    for wrong, where in (
        ({"settings": settings | {"port": "x"}}, "settings.port"),
        ({"settings": settings | {"colour": "red"}}, "settings.colour"),
        ({"secret": "x" * 80}, "secret"),
    ):
        refused = await office.patch(own, json=wrong)
        assert (refused.status_code, refused.json()["invalid"][0]["where"]) == (400, where)
    priced = await office.patch(own, json={"text_price": "0.1 49:0.07"})
    assert (await done(priced))["text_price"] == "0.10 49:0.07"
    refused = await office.patch(own, json={"text_price": "1 2"})
    assert (refused.status_code, refused.json()["invalid"][0]["where"]) == (400, "text_price")
    kept = await done(await office.patch(own, json={"settings": settings | {"window": 3}}))
    assert (kept["settings"]["window"], kept["has_secret"]) == (3, True)
    assert (await office.patch(own, json={"name": "x", "version": 1})).status_code == 409
    assert (await office.post(f"{API}/gateways", json=body)).json()["code"] == "name_taken"
    assert (await office.post(f"{API}/gateways", json=body | {"kind": "pigeon"})).status_code == 400

    test = {"number": "+4930123456"}
    tried = await office.post(f"{own}/test", json=test)
    assert (tried.status_code, tried.json()["state"]) == (201, "failed"), "nobody listens there"
    assert tried.json()["cause"] == "smpp.cause.not_connected"
    assert (await office.post(f"{own}/test", json=test | {"carries": "call"})).status_code == 422
    assert (await office.post(f"{own}/test", json={"number": "+4990012345"})).status_code == 422
    spending = await done(await office.get(f"{API}/spending"))
    nothing = {"cost_today": "0.00", "daily_cost_cap": 0, "sendings_ceiling": 0, "cost_ceiling": 0}
    assert spending == nothing | {"reached": []}, "it is switched off"
    listed = await office.get(f"{API}/deliveries", params={"gateway_id": gateway["id"], "state": "failed"})
    (delivery,) = (await done(listed))["items"]
    assert (delivery["number"], delivery["verification_id"]) == ("••••••••56", "")
    assert "+4930123456" not in listed.text
    await done(await office.delete(own), 204)
    assert (await office.get(own)).status_code == 404


# --- token import ---------------------------------------------------------------------------------------

GOOD = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
CSV = f"serial number,secret key,time interval\nHW-1,{GOOD},30\nHW-2,not base32!,30\nHW-3,{GOOD},60\n"


async def test_token_import(house: HttpHouse, office: httpx.AsyncClient) -> None:
    path = f"{API}/tokens/import"
    files = {"file": ("tokens.csv", CSV.encode(), "text/csv")}
    tried = await done(await office.post(path, files=files, data={"dry_run": "true"}))
    assert (tried["is_dry_run"], tried["read"], tried["added"], tried["bad"]) == (True, 3, 2, 1)
    assert (await office.get(f"{API}/tokens")).json()["items"] == []

    imported = await office.post(path, files=files)
    assert (await done(imported))["added"] == 2
    (problem,) = imported.json()["problems"]
    assert problem["serial"] == "HW-2"
    assert GOOD not in imported.text
    listed = (await office.get(f"{API}/tokens")).json()["items"]
    assert [token["serial"] for token in listed] == ["HW-1", "HW-3"]
    house.inside.clock.advance(1)
    again = await done(await office.post(path, files=files))
    assert (again["added"], again["unchanged"]) == (0, 2)


async def test_files_that_are_none(house: HttpHouse, office: httpx.AsyncClient) -> None:
    path = f"{API}/tokens/import"
    unusable = await office.post(path, files={"file": ("x.xml", b"<html></html>")})
    assert unusable.status_code == 422
    assert unusable.json()["detail"]
    for request in (
        {"data": {"dry_run": "true"}},
        {"files": {"other": b"x"}},
        {"files": {"file": ("x", CSV.encode())}, "data": {"form": "pdf"}},
        {"files": {"file": ("x", CSV.encode())}, "data": {"key_hex": "abc"}},
        {"files": {"file": ("x", CSV.encode())}, "data": {"tenant_id": "other"}},
        {"content": b"--x", "headers": {"content-type": "multipart/form-data; boundary=x"}},
        {"content": b"--x", "headers": {"content-type": "multipart/form-data"}},
        {"json": {"file": CSV}},
    ):
        answer = await office.post(path, **request)
        assert answer.status_code in (400, 415), (request, answer.text)
    assert (await office.get(f"{API}/tokens")).json()["items"] == []
