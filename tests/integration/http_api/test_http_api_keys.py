"""API keys: scope, address, end, removal; and never in an address line (WEB-17, WEB-20)."""

from __future__ import annotations

from pathlib import Path

import httpx

from tests.integration.http_api.house import API, TENANT, HttpHouse, Key, http_house
from vestibule.crypto.secret import Secret
from vestibule.frontends.http.options import HttpOptions
from vestibule.model.actor import SYSTEM
from vestibule.model.application import ClientKind

CHECK = {"username": "nobody", "passcode": "123456"}


async def statuses(caller: httpx.AsyncClient) -> tuple[int, int, int]:
    """Return what the short path, the framework's path and administration answer."""
    async with caller:
        return (
            (await caller.post(f"{API}/check", json=CHECK)).status_code,
            (await caller.post(f"{API}/verifications", json=CHECK)).status_code,
            (await caller.get(f"{API}/users")).status_code,
        )


async def test_scopes(house: HttpHouse) -> None:
    expected = {
        ("verify",): (200, 200, 403),
        ("admin",): (403, 403, 200),
        ("verify", "admin"): (200, 200, 200),
        (): (403, 403, 403),
    }
    found = {scopes: await statuses(house.caller(await house.add_key(*scopes))) for scopes in expected}
    assert found == expected


async def test_what_is_no_key(house: HttpHouse) -> None:
    good = (await house.add_key("admin")).text
    near = (good[:-1], good + "x", good.upper(), good.removeprefix("vst_"))
    async with house.caller() as nobody:
        for bad in ("", "vst_", "ключ", "x" * 500, *near):
            header = {b"authorization": f"Bearer {bad}".encode()}
            answer = await nobody.get(f"{API}/users", headers=header)
            assert (answer.status_code, bad) == (401, bad)
            assert good not in answer.text


async def test_the_answer_names_the_scheme_and_not_the_reason(house: HttpHouse) -> None:
    """RFC 6750 §3; a key that has ended and one that never was are one and the same."""
    ended = await house.add_key("admin")
    await end_key(house, ended, house.inside.clock.now())
    answers = []
    for key in (ended.text, "vst_unknown"):
        async with house.caller(key) as caller:
            answers.append(await caller.get(f"{API}/users"))
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].headers["www-authenticate"] == 'Bearer realm="vestibule"'
    assert answers[0].content == answers[1].content


async def test_only_the_header_carries_a_key(house: HttpHouse) -> None:
    """A key in a query, a cookie, a body, another header or another scheme is not read."""
    key = (await house.add_key("verify", "admin")).text
    async with house.caller() as nobody:
        for name in ("key", "api_key", "access_token", "token", "authorization"):
            assert (await nobody.get(f"{API}/users", params={name: key})).status_code == 401
        for name in ("x-api-key", "cookie", "proxy-authorization"):
            assert (await nobody.get(f"{API}/users", headers={name: f"Bearer {key}"})).status_code == 401
        assert (await nobody.get(f"{API}/users", auth=("api", key))).status_code == 401
        assert (await nobody.post(f"{API}/check", json=CHECK | {"key": key})).status_code == 401
        twice = [(b"authorization", f"Bearer {key}".encode())] * 2
        assert (await nobody.get(f"{API}/users", headers=twice)).status_code == 401


ADDRESSES = [
    ("", "203.0.113.9", True),
    ("203.0.113.0/24", "203.0.113.9", True),
    ("203.0.113.0/24", "203.0.114.9", False),
    ("203.0.113.9", "203.0.113.9", True),
    ("203.0.113.9", "203.0.113.8", False),
    ("203.0.113.0/24", "::ffff:203.0.113.9", True),
    ("2001:db8::/32", "2001:db8::7", True),
    ("2001:db8::/32", "203.0.113.9", False),
]


async def test_address(house: HttpHouse) -> None:
    for allowed, address, is_let_in in ADDRESSES:
        key = await house.add_key("verify", "admin", address=allowed)
        found = await statuses(house.caller(key, address=address))
        assert (found, allowed) == ((200, 200, 200) if is_let_in else (401, 401, 401), allowed)


async def test_forwarded_address_counts_from_a_trusted_proxy_only(tmp_path: Path) -> None:
    """BF-06, WEB-20: whoever is not the proxy cannot speak for another address."""
    options = HttpOptions(trusted_proxies=("10.0.0.0/8",))
    async with http_house(tmp_path, options) as house:
        key = await house.add_key("verify", "admin", address="203.0.113.9")
        said = {"x-forwarded-for": "203.0.113.9"}
        assert await statuses(house.caller(key, address="10.0.0.1", **said)) == (200, 200, 200)
        assert await statuses(house.caller(key, address="198.51.100.1", **said)) == (401, 401, 401)
        forged = {"x-forwarded-for": "203.0.113.9, 198.51.100.1"}
        assert await statuses(house.caller(key, address="10.0.0.1", **forged)) == (401, 401, 401)


async def test_end_of_a_key(house: HttpHouse) -> None:
    key = await house.add_key("verify", "admin")
    await end_key(house, key, house.inside.clock.now() + 1000)
    assert await statuses(house.caller(key)) == (200, 200, 200)
    house.inside.clock.advance(1)
    assert await statuses(house.caller(key)) == (401, 401, 401)


async def test_removed_key_client_and_disabled_client_end_at_once(house: HttpHouse) -> None:
    applications = house.inside.services.applications
    removed, disabled, gone = [await house.add_key("verify", "admin") for _ in range(3)]
    await end_key(house, removed, None)
    client = house.inside.services.configuration.current.peers[disabled.client_id].client
    async with house.caller(await house.add_key("admin")) as office:
        answer = await office.patch(f"{API}/api-clients/{client.client_id}", json={"is_enabled": False})
        assert answer.json()["is_enabled"] is False
        assert (await office.delete(f"{API}/api-clients/{gone.client_id}")).status_code == 204
    for key in (removed, disabled, gone):
        assert await statuses(house.caller(key)) == (401, 401, 401)
    assert applications.clients(SYSTEM, TENANT, ClientKind.API)


async def test_keys_of_one_client_rotate_without_a_gap(house: HttpHouse) -> None:
    old = await house.add_key("verify", "admin")
    async with house.caller(old) as caller:
        made = await caller.post(f"{API}/api-clients/{old.client_id}/keys")
        assert made.status_code == 201
        new = made.json()["secret"]
        assert await statuses(house.caller(old)) == await statuses(house.caller(new)) == (200, 200, 200)
        listed = (await caller.get(f"{API}/api-clients/{old.client_id}/keys")).json()["items"]
        assert {entry["hint"] for entry in listed} == {old.text[-4:], new[-4:]}
        assert new not in str(listed)
        first = next(entry for entry in listed if entry["hint"] == old.text[-4:])
        path = f"{API}/api-clients/{old.client_id}/keys/{first['id']}"
        assert (await caller.delete(path)).status_code == 204
    assert await statuses(house.caller(old)) == (401, 401, 401)
    assert await statuses(house.caller(new)) == (200, 200, 200)


async def test_a_shared_secret_of_radius_is_no_key(house: HttpHouse) -> None:
    """APP-01: what opens one door opens no other."""
    applications = house.inside.services.applications
    key = await house.add_key("verify", "admin")
    client = await applications.add_client(
        SYSTEM, TENANT, key.application_id, ClientKind.RADIUS, "VPN", address="192.0.2.1"
    )
    shared = Secret("vst_0123456789abcdef0123456789abcdef")
    await applications.add_shared_secret(SYSTEM, TENANT, client.client_id, shared)
    assert await statuses(house.caller(shared.reveal())) == (401, 401, 401)


async def end_key(house: HttpHouse, key: Key, at: int | None) -> None:
    applications = house.inside.services.applications
    (secret,) = await applications.secrets(SYSTEM, key.tenant_id, key.client_id)
    await applications.end_secret(SYSTEM, key.tenant_id, key.client_id, secret.secret_id, at)
