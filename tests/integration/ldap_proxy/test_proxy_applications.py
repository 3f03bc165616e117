"""A Linux and a web server that check passwords by a bind, each as it is usually configured: they look people
up with an account of their own, and bind as who was found."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from tests.integration.ldap_proxy.conftest import Opening, ProxyHouse
from tests.peers.apache import Apache
from tests.peers.linux_accounts import LinuxAccounts
from tests.peers.openldap import OpenLdap, person
from vestibule.model.verification import Reason

PASSWORD = "Dora's password"


@pytest.fixture(scope="module")
def openldap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenLdap]:
    """A directory with somebody who has an account at the Linux."""
    account = {"uidNumber": "61001", "gidNumber": "61001", "homeDirectory": "/home/dora"}
    dora = person("dora", PASSWORD, objectClass=("inetOrgPerson", "posixAccount"), **account)
    with OpenLdap(tmp_path_factory.mktemp("openldap"), extra=(dora,)) as server:
        yield server


@pytest.fixture
async def proxy(open_proxy: Opening, openldap: OpenLdap) -> ProxyHouse:
    """It demands TLS, and lets the account of the applications look people up."""
    exempt = [f"127.0.0.1 {openldap.service_dn}"]
    return await open_proxy(openldap, demand_tls=True, exempt_binds=exempt)


def _account_of(proxy: ProxyHouse, openldap: OpenLdap) -> dict[str, str]:
    return {
        "url": proxy.tls_url,
        "authority": proxy.ca_file,
        "base": openldap.base_dn,
        "bind_dn": openldap.service_dn,
        "bind_password": openldap.service_password,
    }


@pytest.fixture
async def linux(proxy: ProxyHouse, openldap: OpenLdap, tmp_path: Path) -> AsyncIterator[LinuxAccounts]:
    if os.geteuid() != 0:
        pytest.skip("a Linux of its own takes root")
    accounts = LinuxAccounts(tmp_path / "linux", **_account_of(proxy, openldap))
    try:
        await asyncio.to_thread(accounts.start)
        yield accounts
    finally:
        await asyncio.to_thread(accounts.stop)


@pytest.fixture
async def apache(proxy: ProxyHouse, openldap: OpenLdap) -> AsyncIterator[Apache]:
    server = Apache(**_account_of(proxy, openldap))
    try:
        await asyncio.to_thread(server.start)
        yield server
    finally:
        await asyncio.to_thread(server.stop)


def signing_in(linux: LinuxAccounts, password: str) -> asyncio.Task[bool]:
    return asyncio.create_task(asyncio.to_thread(linux.sign_in, "dora", password))


async def test_a_linux_waits_for_the_call(proxy: ProxyHouse, linux: LinuxAccounts) -> None:
    """One call for a sign-in; its account is looked up without one."""
    await proxy.add_person("dora")
    account = await asyncio.to_thread(linux.account, "dora")
    assert account.endswith(":61001:61001:Dora:/home/dora:")
    assert not await signing_in(linux, "wrong")
    assert not proxy.phones.far.errands
    for answer, is_accepted in ((proxy.hang_up, False), (proxy.approve, True)):
        waiting = signing_in(linux, PASSWORD)
        await answer()
        assert await waiting is is_accepted
    assert len(proxy.phones.far.errands) == 2


async def test_a_linux_takes_the_passcode_behind_the_password(
    proxy: ProxyHouse, linux: LinuxAccounts
) -> None:
    await proxy.change_client(passcodes="appended")
    dora = await proxy.house.add_person("dora", "hotp")
    passcode = dora.passcode(0).reveal()
    assert await signing_in(linux, PASSWORD + passcode)
    assert not await signing_in(linux, PASSWORD + passcode)
    assert not await signing_in(linux, PASSWORD)


async def test_a_web_server_waits_for_the_call(proxy: ProxyHouse, apache: Apache) -> None:
    """It remembers a bind for a while, so the next page is shown without a call; another password is not."""
    await proxy.add_person("dora")
    async with httpx.AsyncClient(timeout=30) as browser:

        async def page(password: str) -> int:
            proxy.house.clock.advance(1)
            return (await browser.get(apache.url, auth=("dora", password))).status_code

        assert await page("wrong") == 401
        assert not proxy.phones.far.errands
        for answer, status in ((proxy.hang_up, 401), (proxy.approve, 200)):
            waiting = asyncio.create_task(page(PASSWORD))
            await answer()
            assert await waiting == status
        assert (await page(PASSWORD), await page("wrong")) == (200, 401)
    assert len(proxy.phones.far.errands) == 2
    assert [each.reason for each in await proxy.house.attempts()] == [
        Reason.PASSWORD_WRONG,
        Reason.CALL_HUNG_UP,
        Reason.CALL_CONFIRMED,
        Reason.PASSWORD_WRONG,
    ]
