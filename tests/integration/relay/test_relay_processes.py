"""A service and a server behind it, each a process with a database of its own: a text, a call and the app go
through the link, and the service knows nobody. It is killed and comes back while people sign in."""

from __future__ import annotations

import asyncio
import re
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.installations import TENANT, Installation, furnish
from tests.integration.link.conftest import a_provider
from tests.peers.app_device import AppDevice
from tests.peers.openldap_certificates import TestAuthority
from tests.peers.ports import free_port
from tests.server_fixtures import MakeServer, make_server
from tests.servers import ServerProcess, surroundings
from tests.until import until, until_read
from vestibule.crypto.tokens import new_id
from vestibule.model.actor import SYSTEM
from vestibule.model.tenant import DEMONSTRATION_TENANT, TenantSettings
from vestibule.model.user import User
from vestibule.runtime.build import House, build
from vestibule.runtime.settings import Settings
from vestibule.services.activating import Began
from vestibule.services.app_activations import METHOD
from vestibule.services.attempt_telling import SETTLED_MS
from vestibule.services.out_of_band import SERVICE_TEXT_SECONDS
from vestibule.services.phones import NewPhone

__all__ = ["make_server"]

WAITER = "session"
DEATHS = 5
PLANTED = ("Zsophia", "Quillfeather", "quillfeather.example")
BOUNDLESS = TenantSettings(
    calling_codes=("49",), texts_per_hour=100, texts_per_number=0, texts_per_prefix=0, texts_per_tenant=0
)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[House]:
    house = await build(settings)
    try:
        yield house
    finally:
        await house.close()


async def prepared(settings: Settings) -> tuple[str, str]:
    """Make the service's database; return credentials for a server, and the link of the simulated phone."""
    house = await build(settings, migrate=True)
    try:
        services = house.services
        await services.setup.ensure_system()
        await services.demonstrations.make({}, "127.0.0.1")
        await services.applications.change_settings(SYSTEM, DEMONSTRATION_TENANT, BOUNDLESS)
        provider = a_provider(services.clock.now(), tenant_id=DEMONSTRATION_TENANT)
        await house.store.transact(lambda tx: tx.put(provider))
        made = await services.replication.make_credentials(SYSTEM, DEMONSTRATION_TENANT, "Head office")
        link = services.simulated_phones.link()
        assert link is not None
        return made.shown.reveal(), link.reveal()
    finally:
        await house.close()


async def add_people(settings: Settings, texted: int) -> tuple[User, str, str]:
    """Add people to the server; return who has an app to activate, its authenticator and the code for it."""
    async with opened(settings) as house:
        names = [*(f"text{number}" for number in range(texted)), "call0", "app0"]
        made = {name: await add_person(house, name) for name in names}
        for name, user in made.items():
            if not name.startswith("app"):
                phone = NewPhone(method="sms" if name.startswith("text") else "voice", typed=number_of(name))
                await house.services.phones.add(SYSTEM, TENANT, user.user_id, phone)
        user = made["app0"]
        enrolled = await house.services.enrollments.begin(SYSTEM, TENANT, user.user_id, METHOD, "")
        pending, activations = enrolled.authenticator, house.services.app_activations
        begun = await activations.invite(user, pending, Began.PROVEN, WAITER)
        return user, begun.authenticator_id, begun.code.reveal()


async def add_person(house: House, name: str) -> User:
    now = house.services.clock.now()
    user = User(
        tenant_id=TENANT,
        user_id=new_id(),
        username=name,
        names=(name,),
        given_name=PLANTED[0],
        family_name=PLANTED[1],
        email=f"{name}@{PLANTED[2]}",
        created_at=now,
        updated_at=now,
    )
    await house.store.transact(lambda tx: tx.add_user(user))
    return user


def number_of(name: str) -> str:
    """One of the numbers that are never given to anybody (030 23125 000 to 999)."""
    return f"+493023125{200 + int(name[4:]):03}" if name.startswith("text") else "+493023125199"


class Scene:
    def __init__(self, service: ServerProcess, server: ServerProcess, authority: TestAuthority) -> None:
        self.service, self.server = service, server
        self.at_service = httpx.AsyncClient(
            base_url=f"https://127.0.0.1:{service.http_port}",
            verify=ssl.create_default_context(cafile=str(authority.ca_file)),
        )
        self.at_server = httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.http_port}", timeout=40)
        self.link = ""

    def speak_as(self, installation: Installation) -> None:
        self.at_server.headers["authorization"] = f"Bearer {installation.api_key}"

    async def close(self) -> None:
        await self.at_service.aclose()
        await self.at_server.aclose()

    async def phone(self, is_right: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """Wait until the simulated phone looks so."""
        version = ""
        async with asyncio.timeout(20):
            while True:
                query = {"since": version} if version else {}
                answer = await self.at_service.get(f"/phone/{self.link}/state", params=query, timeout=40)
                told = answer.json()
                version = str(told["version"])
                for phone in told["phones"]:
                    if is_right(phone):
                        return dict(phone)

    async def act(self, act: str, **fields: str) -> None:
        form = {"number": number_of("call0"), "act": act, **fields}
        answer = await self.at_service.post(f"/phone/{self.link}/act", data=form)
        assert answer.status_code == 303, answer.text

    async def start(self, username: str) -> dict[str, Any]:
        answer = await self.at_server.post("/api/v1/verifications", json={"username": username})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def ended(self, begun: dict[str, Any]) -> str:
        answer = await self.at_server.get(f"/api/v1/verifications/{begun['id']}", params={"wait": 20})
        return str(answer.json()["state"])

    async def answered(self, begun: dict[str, Any], passcode: str) -> str:
        body = {"challenge_id": begun["challenge"]["id"], "passcode": passcode}
        answer = await self.at_server.post(f"/api/v1/verifications/{begun['id']}/answer", json=body)
        return str(answer.json().get("state", answer.status_code))

    async def by_text(self, username: str) -> str:
        begun = await self.start(username)
        assert begun["state"] == "pending", begun
        phone = await self.phone(
            lambda phone: (
                phone["number"] == number_of(username)
                and any(text["at"] >= begun["started_at"] for text in phone["texts"])
            )
        )
        found = re.search(r"\d{6}", phone["texts"][0]["body"])
        assert found is not None
        return await self.answered(begun, found[0])

    async def by_call(self, username: str) -> str:
        begun = await self.start(username)
        await self.phone(lambda phone: phone["call"] and phone["call"]["stage"] == "ringing")
        await self.act("answer")
        await self.phone(lambda phone: phone["call"] and phone["call"]["awaits_keys"])
        await self.act("press", keys="#")
        return await self.ended(begun)


@pytest.mark.prove(only=True)
@pytest.mark.timeout(900)
def test_people_sign_in_by_text_call_and_app_through_a_service_that_knows_nobody(
    tmp_path: Path, make_server: MakeServer
) -> None:
    """S1, S2, S3. And the service is killed again and again while people sign in."""
    port = free_port()
    authority = TestAuthority(tmp_path / "certificates")
    certificate, key = authority.issue("mfa", "127.0.0.1")
    service = make_server(
        "service",
        role="service",
        http_listen=f"127.0.0.1:{port}",
        http_public_url=f"https://127.0.0.1:{port}",
        http_tls_certificate=str(certificate),
        http_tls_key=str(key),
    )
    service.http_port = port
    server = make_server(
        "server",
        role="server",
        node_name="mfa-1",
        link_service=f"https://127.0.0.1:{port}",
        link_ca_file=str(authority.ca_file),
    )
    shown, link = asyncio.run(prepared(service.settings))
    installation = furnish(server.settings, rules=BOUNDLESS)
    people = asyncio.run(add_people(server.settings, 1 + DEATHS * 4))
    service.start()
    activate(server, shown)
    server.start()
    server.program.wait_for("link is up")
    scene = Scene(service, server, authority)
    scene.speak_as(installation)
    scene.link = link
    asyncio.run(everybody_signs_in(scene, people))
    asyncio.run(all_is_told(scene))
    assert server.stop() == 0
    assert service.stop() == 0
    known = service.program.output.encode() + b"".join(
        file.read_bytes() for file in service.state_directory.rglob("*") if file.is_file()
    )
    assert number_of("text0").encode() in known, "where something was sent is there: what there is is found"
    for planted in (*PLANTED, "text0", "call0", "app0"):
        assert planted.lower().encode() not in known.lower(), planted


def activate(server: ServerProcess, shown: str) -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("vestibule"), "activate"],
        env={**surroundings(), **server.environment},
        input=shown + "\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


async def everybody_signs_in(scene: Scene, people: tuple[User, str, str]) -> None:
    try:
        assert await scene.by_text("text0") == "approved"
        assert await scene.by_call("call0") == "approved"
        await by_app(scene, *people)
        for death in range(DEATHS):
            await killed_under_load(scene, death)
    finally:
        await scene.close()


async def by_app(scene: Scene, user: User, authenticator_id: str, code: str) -> None:
    async with opened(scene.server.settings) as house:
        address = await house.services.relayed_apps.address()
        relay = httpx.AsyncClient(base_url=address, verify=scene.at_service._transport._pool._ssl_context)  # type: ignore[attr-defined] # httpx tells it in no other way
        async with relay:
            device = AppDevice(relay)
            await device.activate(code)
            stage = await house.services.app_activations.stage_of(user, authenticator_id, WAITER)
            done = await device.approve(await device.next_request(), stage.number)
            assert done["outcome"] == "approved"
            await device.requests()
            waiting = asyncio.create_task(device.requests(20))
            begun = await scene.start("app0")
            (request,) = await waiting
            done = await device.approve(request, begun["challenge"].get("number", ""))
            assert done["outcome"] == "approved"
            assert await scene.ended(begun) == "approved"


async def killed_under_load(scene: Scene, death: int) -> None:
    """Four people ask for texts while the service dies; afterwards all goes on."""
    begun = [asyncio.create_task(scene.start(f"text{1 + death * 4 + n}")) for n in range(4)]
    await until(lambda: sum(each.done() for each in begun) >= death)
    heard = len(scene.server.program.lines)
    scene.service.kill()
    await asyncio.gather(*begun)
    scene.service.start()  # Here, and in no thread that ends: a program ends with the thread that started it.
    scene.server.program.wait_for("link is up", after=heard)
    assert await scene.by_text("text0") == "approved"


async def all_is_told(scene: Scene) -> None:
    """Every attempt of the server is at the service, once."""
    async with opened(scene.server.settings) as own, opened(scene.service.settings) as theirs:

        async def names() -> tuple[list[str], list[str]]:
            made = await own.store.read(lambda tx: tx.attempts_in_order(TENANT, (0, ""), 2**60, 1000))
            told = await theirs.store.read(
                lambda tx: tx.server_attempts(DEMONSTRATION_TENANT, "p1", 0, 2**60, "", 1000)
            )
            return sorted(each.verification_id for each in made), sorted(each.attempt_id for each in told)

        seconds = SERVICE_TEXT_SECONDS + 2 * SETTLED_MS / 1000
        await until_read(names, lambda found: found[0] == found[1], seconds)
