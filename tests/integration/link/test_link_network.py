"""The link over a real network: TLS, a proxy, certificates that are not trusted, and coming back."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.houses import HandClock, TestHouse, open_house
from tests.integration.link.conftest import Certificate, credentials, listening, open_service, started
from tests.peers.connect_proxy import ConnectProxy
from tests.peers.ports import free_port
from tests.until import until
from vestibule.cli.checks.findings import OpenInstallation
from vestibule.cli.checks.link import link
from vestibule.crypto.certificates import written_pin
from vestibule.crypto.secret import Secret
from vestibule.frontends.link import LinkFrontend, address_of
from vestibule.frontends.link.arriving import activate
from vestibule.frontends.link.connecting import CannotDial, dial
from vestibule.interfaces.link import MAX_BODY, Peer
from vestibule.services.links import TurnedAway
from vestibule.wire.link import MAX_FRAME


class Scene:
    """A service, and houses of servers that know where it is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.certificate = Certificate(folder / "certificates")
        self.port = free_port()
        self.url = f"https://localhost:{self.port}"

    @asynccontextmanager
    async def service(self) -> AsyncIterator[TestHouse]:
        files = {
            "http_tls_certificate": str(self.certificate.file),
            "http_tls_key": str(self.certificate.key),
            "http_public_url": self.url,
        }
        async with open_service(self.folder / "service", HandClock(), **files) as house:
            yield house

    @asynccontextmanager
    async def open_service(self) -> AsyncIterator[TestHouse]:
        """The same, and it listens."""
        async with self.service() as house, listening(house, self.certificate, self.port):
            yield house

    @asynccontextmanager
    async def server(self, **settings: str) -> AsyncIterator[TestHouse]:
        settings = {"link_ca_file": str(self.certificate.ca_file)} | settings
        fixed = {"role": "server", "link_service": self.url, "node_name": "mfa-1"}
        async with open_house(self.folder / "server", **(fixed | settings)) as house:
            yield house


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def dialer(house: TestHouse) -> LinkFrontend:
    return LinkFrontend(house.services, address_of(house.house.settings.link))


async def activated(house: TestHouse, shown: Secret[str]) -> Peer:
    return await activate(house.services.service_link, address_of(house.house.settings.link), shown)


async def test_s3_a_server_is_activated_and_asked_through_a_proxy_and_comes_back(scene: Scene) -> None:
    """S3. Both ask large things at once; the proxy breaks, then the service is gone for a while."""

    async def echo(_peer: Peer, body: bytes) -> bytes:
        return body

    async with scene.service() as service, ConnectProxy("mfa", "let me out") as proxy:
        service.services.links.handlers["echo"] = echo
        async with scene.server(link_proxy=proxy.url) as server:
            own = server.services.service_link
            own.handlers["echo"] = echo
            async with listening(service, scene.certificate, scene.port):
                peer = await activated(server, await credentials(service))
            assert peer.server_name == "mfa-1"
            async with started(dialer(server)):
                async with listening(service, scene.certificate, scene.port):
                    link = service.services.links.to(peer.group_id)
                    for broken in (False, True):
                        if broken:
                            proxy.cut()
                            await until(lambda: not own.is_up)
                        await until(lambda: own.is_up and link.is_up)
                        body = bytes(MAX_BODY)
                        assert await own.ask("echo", body, 20) == body
                        assert await link.ask("echo", body, 20) == body
                await until(lambda: not own.is_up)
                async with listening(service, scene.certificate, scene.port):
                    await until(lambda: own.is_up and link.is_up)
            assert set(proxy.asked) == {f"localhost:{scene.port}"}
            assert "let me out" not in repr(server.house.settings)


async def test_a_service_that_is_not_trusted_hears_nothing(scene: Scene) -> None:
    other = written_pin(bytes(32))
    async with scene.open_service() as service, ConnectProxy("mfa", "let me out") as proxy:
        for settings, kind in (
            ({"link_ca_file": str(scene.certificate.file)}, "certificate"),
            ({"link_pins": other}, "pin"),
            ({"link_proxy": f"http://127.0.0.1:{free_port()}"}, "unreachable"),
            ({"link_proxy": proxy.url.replace("let me out", "let me in")}, "proxy"),
            ({"link_service": f"https://localhost:{free_port()}"}, "unreachable"),
        ):
            async with scene.server(**settings) as server:
                with pytest.raises(CannotDial) as why:
                    await activated(server, await credentials(service))
                assert why.value.kind == kind
        async with scene.server(link_pins=f"{other},{scene.certificate.pin}") as server:
            assert await activated(server, await credentials(service))


async def test_credentials_are_spent_when_they_have_let_somebody_in(
    scene: Scene, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """What crosses the link is in no log, however much is logged."""
    caplog.set_level(logging.DEBUG)
    async with scene.open_service() as service, scene.server() as server:
        with pytest.raises(TurnedAway) as refused:
            await activated(server, Secret("invented"))
        assert refused.value.why == "unknown_credentials"
        shown = await credentials(service)
        first = await activated(server, shown)
        membership = await server.services.service_link.membership()
        assert membership is not None
        assert membership.peer == first
        assert "key=" not in repr(membership).replace("key=Secret(••••••)", "")
        assert "BINARY" not in caplog.text, "the library's word for what a message holds"
        assert shown.reveal()[:8] not in caplog.text + capsys.readouterr().out


async def test_the_doctor_tells_a_server_what_is_wrong_with_its_link(scene: Scene) -> None:
    async def found(house: TestHouse) -> list[str]:
        settings, now = house.house.settings, house.clock.now()
        return [each.key for each in await link(OpenInstallation(settings, "en", None, house.house, now))]

    async with scene.server() as server:
        assert await found(server) == ["link.not_activated"]
        async with scene.open_service() as service:
            assert await found(service) == ["link.no_servers"]
            await activated(server, await credentials(service))
            assert await found(server) == ["link.reached"]
            assert await found(service) == ["link.amiss", "link.connected"]
        assert await found(server) == ["link.none"]


async def test_a_frame_that_is_too_large_ends_the_connection(scene: Scene) -> None:
    async with scene.open_service(), scene.server() as server:
        socket = await dial(address_of(server.house.settings.link), MAX_FRAME)
        await socket.receive()
        await socket.send(bytes(MAX_FRAME + 1))
        with pytest.raises(ConnectionError):
            await socket.receive()
        await socket.close()


async def test_a_key_is_renewed_when_it_is_old(scene: Scene) -> None:
    async with scene.open_service() as service, scene.server() as server:
        own = server.services.service_link
        await activated(server, await credentials(service))
        before = await own.membership()
        assert before is not None
        async with started(dialer(server)):
            await until(lambda: own.is_up)
            assert not await own.renew_key(server.clock.now())
            server.clock.advance(31 * 86_400)
            assert await own.renew_key(server.clock.now())
        renewed = await own.membership()
        assert renewed is not None
        assert renewed.key != before.key
        async with started(dialer(server)):
            await until(lambda: own.is_up)


async def test_without_a_role_there_is_no_door(tmp_path: Path, scene: Scene) -> None:
    """An ordinary installation takes no servers: whoever tries is told so."""
    async with (
        open_service(tmp_path / "both", role="both", http_public_url=scene.url) as house,
        listening(house, scene.certificate, scene.port),
        scene.server() as server,
    ):
        with pytest.raises(CannotDial) as why:
            await activated(server, Secret("any"))
        assert why.value.kind == "no_link"
