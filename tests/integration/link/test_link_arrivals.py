"""Who comes in at the service: activated once by credentials, by his key from then on, and nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from tests.houses import TENANT, HandClock, TestHouse
from tests.integration.link.conftest import (
    Server,
    Socket,
    credentials,
    known_servers,
    open_service,
    put_provider,
)
from tests.until import until_read
from vestibule.crypto.certificates import written_pin
from vestibule.crypto.secret import Secret
from vestibule.crypto.server_keys import new_key, public_key_of, sign
from vestibule.interfaces.link import LinkDown, Refused
from vestibule.model.actor import SYSTEM, Actor, NotAllowed, Right
from vestibule.model.licence import LicenceKind
from vestibule.model.provider import UsageModel
from vestibule.model.replication import ServerStatus
from vestibule.services import refusal
from vestibule.services.links import NEW_KEY
from vestibule.wire.link import MAX_FRAME, Answer, Ask, Refusal, TurnedAway, Welcome, signed_text


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[TestHouse]:
    async with open_service(tmp_path) as house:
        yield house


async def test_a_server_is_activated_and_comes_again_by_its_key(service: TestHouse) -> None:
    server = Server(service)
    known = await server.activated(await credentials(service))
    assert (known.tenant_id, known.provider_id, known.server_name) == (TENANT, "p1", "node-1")
    service.clock.advance(60)
    socket, welcome = await server.come(server.proof(known))
    assert welcome == known
    (listed,) = await known_servers(service)
    assert (listed.version, listed.address) == ("1.0", "192.0.2.1")
    assert listed.last_contact_at == service.clock.now()
    assert listed.status(service.clock.now()) is ServerStatus.CONNECTED
    link = service.services.links.to(known.server_id)
    assert link.is_up
    assert service.services.links.to(known.group_id).is_up
    asked = asyncio.create_task(link.ask("ping", b"body", 30))
    ask = await socket.said()
    assert isinstance(ask, Ask)
    assert (ask.kind, ask.body) == ("ping", b"body")
    socket.say(Answer(ask.number, b"answer"))
    assert await asked == b"answer"
    await socket.leave()
    assert not link.is_up
    with pytest.raises(LinkDown):
        await link.ask("ping", b"", 30)
    (listed,) = await known_servers(service)
    assert listed.status(service.clock.now()) is ServerStatus.AWAY


async def test_credentials_let_one_server_in_once(service: TestHouse) -> None:
    """Whoever has the key that came with them may bring them again: its answer was lost."""
    shown = await credentials(service)
    first, second = Server(service), Server(service, name="node-2")
    known = await first.activated(shown)
    assert await second.refused(second.activation(shown)) == "used_credentials"
    assert await first.activated(shown) == known
    assert len(await known_servers(service)) == 1


async def test_servers_that_bring_the_same_credentials_at_once(service: TestHouse) -> None:
    shown = await credentials(service)
    servers = [Server(service, name=f"node-{number}") for number in range(6)]
    came = await asyncio.gather(*(server.come(server.activation(shown)) for server in servers))
    assert sum(isinstance(answer, Welcome) for _, answer in came) == 1
    for socket, _ in came:
        await socket.leave()


async def test_credentials_that_are_over_withdrawn_or_invented_let_nobody_in(service: TestHouse) -> None:
    server = Server(service)
    shown = await credentials(service, hours=1)
    service.clock.advance(3600)
    assert await server.refused(server.activation(shown)) == "expired_credentials"
    made = await service.services.replication.make_credentials(SYSTEM, TENANT, "Head office")
    await service.services.replication.withdraw(SYSTEM, TENANT, made.credentials.credentials_id)
    assert await server.refused(server.activation(made.shown)) == "unknown_credentials"
    assert await server.refused(server.activation(Secret("invented"))) == "unknown_credentials"
    assert await known_servers(service) == []


async def test_a_wrong_key_lets_nobody_in(service: TestHouse) -> None:
    server = Server(service)
    known = await server.activated(await credentials(service))
    stranger = Server(service)
    assert await stranger.refused(stranger.proof(known)) == "wrong_key"
    shown = await credentials(service)
    forged = msgspec.structs.replace(stranger.activation(shown), public_key=public_key_of(server.key))
    assert await stranger.refused(forged) == "wrong_key"
    assert await stranger.activated(shown), "they are not used up"


async def test_what_was_signed_for_one_connection_is_worth_nothing_on_another(service: TestHouse) -> None:
    server = Server(service)
    known = await server.activated(await credentials(service))
    overheard, again = Socket(service), Socket(service)
    await overheard.greeted()
    await again.greeted()
    frame = server.proof(known)
    replayed = msgspec.structs.replace(frame, signature=sign(server.key, signed_text(frame, overheard.nonce)))
    again.say(replayed)
    assert await again.received() == TurnedAway("wrong_key")
    for socket in (overheard, again):
        await socket.leave()


async def test_nobody_stands_between(service: TestHouse) -> None:
    """What was signed for another service, or through somebody else's certificate, is refused here."""
    server = Server(service, own_pin=written_pin(b"\x07" * 32))
    known = await server.activated(await credentials(service))
    server.said["certificate"] = b"\x08" * 32
    assert await server.refused(server.proof(known)) == "other_certificate"
    server.said = {"service": "https://elsewhere.example.com"}
    assert await server.refused(server.proof(known)) == "other_service"


async def test_servers_of_a_group_share_a_database(service: TestHouse) -> None:
    """What is blocked, bypassed and cached holds for a whole group, and for nobody else: inventory 1.29."""
    await Server(service).activated(await credentials(service))
    second = Server(service, name="node-2", said={"installation": "database-2"})
    shown = await credentials(service)
    assert await second.refused(second.activation(shown)) == "other_database"
    assert await second.activated(await credentials(service, "Branch"))
    same = Server(service, name="node-3")
    assert await same.activated(shown), "they were not used up"


async def test_a_server_that_is_unknown_or_was_removed_is_refused(service: TestHouse) -> None:
    server = Server(service)
    known = await server.activated(await credentials(service))
    invented = msgspec.structs.replace(known, server_id="nobody")
    assert await server.refused(server.proof(invented)) == "unknown_server"
    socket, _ = await server.come(server.proof(known))
    await service.services.replication.remove_server(SYSTEM, TENANT, known.server_id)
    assert await socket.said() == TurnedAway("unknown_server")
    await socket.leave()
    assert await server.refused(server.proof(known)) == "unknown_server"


async def test_s26_servers_are_refused_once_their_provider_is_deleted(service: TestHouse) -> None:
    """S25, S26: until they are activated with credentials of a new one. S23: of the same tenant, at once."""
    server = Server(service)
    known = await server.activated(await credentials(service))
    socket, _ = await server.come(server.proof(known))
    await put_provider(service, deleted_at=service.clock.now())
    await service.services.links.check()
    assert await socket.said() == TurnedAway("provider_deleted")
    await socket.leave()
    assert await server.refused(server.proof(known)) == "provider_deleted"
    (listed,) = await known_servers(service)
    assert listed.status(service.clock.now()) is ServerStatus.REFUSED
    shown = await credentials(service)
    assert await server.refused(server.activation(shown)) == "provider_deleted"
    await put_provider(service, "p2")
    socket, welcome = await server.come(server.proof(known))
    assert welcome == msgspec.structs.replace(known, provider_id="p2")
    await socket.leave()


async def test_s24_servers_go_on_while_there_are_licences_for_everybody(service: TestHouse) -> None:
    """S24, and S25: those of a provider that is linked to nothing end with its tenant."""
    server, services = Server(service), service.services
    known = await server.activated(await credentials(service))
    await services.licences.add(SYSTEM, TENANT, LicenceKind.OWN, 5, "2027-01-01", "2027-12-31")
    await services.providers.delete(SYSTEM, "p1")
    socket, welcome = await server.come(server.proof(known))
    assert welcome == known
    await services.links.check()
    assert services.links.to(known.server_id).is_up
    await socket.leave()
    alone = await services.providers.create(SYSTEM, "Alone", UsageModel.PER_AUTHENTICATION, "EUR")
    made = await services.replication.make_credentials(SYSTEM, alone.tenant_id, "Head office")
    known = await server.activated(made.shown)
    assert (known.tenant_id, known.provider_id) == (alone.tenant_id, alone.provider_id)
    await services.providers.delete(SYSTEM, alone.provider_id)
    assert await server.refused(server.proof(known)) == "unknown_server"


async def test_s26_activation_by_another_tenants_provider_is_a_new_server(service: TestHouse) -> None:
    """S25, S26, S28: the server is known by other names from then on, the old ones are gone."""
    other = "other"
    await service.services.applications.add_tenant(SYSTEM, other, "Other")
    server = Server(service)
    known = await server.activated(await credentials(service))
    await put_provider(service, deleted_at=service.clock.now())
    await put_provider(service, "p2", tenant_id=other)
    assert await server.refused(server.proof(known)) == "provider_deleted"
    made = await service.services.replication.make_credentials(SYSTEM, other, "Head office")
    anew = await server.activated(made.shown)
    assert (anew.tenant_id, anew.provider_id) == (other, "p2")
    assert anew.group_id != known.group_id


async def test_a_key_is_renewed_and_the_old_one_good_until_the_new_one_came(service: TestHouse) -> None:
    server = Server(service)
    known = await server.activated(await credentials(service))
    renewed = Server(service, key=new_key())
    socket, _ = await server.come(server.proof(known))
    socket.say(Ask(1, NEW_KEY, public_key_of(renewed.key)))
    assert await socket.said() == Answer(1, b"")
    socket.say(Ask(2, NEW_KEY, b"no key"))
    assert await socket.said() == Refusal(2, "bad_key")
    await socket.leave()
    for each in (server, renewed):
        socket, welcome = await each.come(each.proof(known))
        assert welcome == known
        await socket.leave()
    assert await server.refused(server.proof(known)) == "wrong_key"


async def test_the_newest_connection_of_a_server_counts(service: TestHouse) -> None:
    server = Server(service)
    known = await server.activated(await credentials(service))
    first, _ = await server.come(server.proof(known))
    second, _ = await server.come(server.proof(known))
    assert await first.said() == TurnedAway("replaced")
    await first.leave()
    assert service.services.links.to(known.server_id).is_up
    await second.leave()
    assert not service.services.links.to(known.server_id).is_up


async def test_a_group_is_served_by_turns(service: TestHouse) -> None:
    servers = [Server(service, name=f"node-{number}") for number in (1, 2)]
    known = [await server.activated(await credentials(service)) for server in servers]
    sockets = [
        (await server.come(server.proof(each)))[0] for server, each in zip(servers, known, strict=True)
    ]
    link = service.services.links.to(known[0].group_id)
    for socket in (*sockets, sockets[0]):
        asked = asyncio.create_task(link.ask("ping", b"", 30))
        ask = await socket.said()
        assert isinstance(ask, Ask)
        socket.say(Refusal(ask.number, "no"))
        with pytest.raises(Refused):
            await asked
    for socket in sockets:
        await socket.leave()


async def test_contacts_are_noted_and_silence_shows(service: TestHouse) -> None:
    """Server status (inventory 1.29)."""
    server = Server(service)
    known = await server.activated(await credentials(service))
    socket, _ = await server.come(server.proof(known))
    service.clock.advance(200)
    (silent,) = await known_servers(service)
    assert silent.status(service.clock.now()) is ServerStatus.AWAY
    await service.services.links.note()
    (noted,) = await known_servers(service)
    assert noted.status(service.clock.now()) is ServerStatus.CONNECTED
    await service.store.transact(lambda tx: tx.remove_activated_server(TENANT, known.server_id))
    await service.services.links.note()
    assert await socket.said() == TurnedAway("unknown_server"), "another node has removed it"
    await socket.leave()


@pytest.mark.parametrize("octets", [b"", b"\xc1 no frame", bytes(MAX_FRAME + 1)])
async def test_what_is_no_frame_ends_it(service: TestHouse, octets: bytes) -> None:
    socket = Socket(service)
    await socket.greeted()
    socket.say(octets)
    assert await socket.received() == TurnedAway("bad_frame")
    await socket.leave()


async def test_there_is_a_door_at_a_service_alone(tmp_path: Path, service: TestHouse) -> None:
    assert (await Socket(service).open("/elsewhere"))["type"] == "websocket.close"
    async with open_service(tmp_path / "both", HandClock(), role="both") as house:
        assert (await Socket(house).open())["type"] == "websocket.close"


async def test_only_who_may_change_servers_makes_credentials(service: TestHouse) -> None:
    reader = Actor(actor_id="r", name="r", tenant_id=TENANT, rights=frozenset({Right.READ_CONFIGURATION}))
    replication = service.services.replication
    assert (await replication.fleet(reader, TENANT)).servers == ()
    for act in (
        replication.make_credentials(reader, TENANT, "Head office"),
        replication.withdraw(reader, TENANT, "c"),
        replication.remove_server(reader, TENANT, "s"),
        replication.rename_group(reader, TENANT, "g", "G"),
        replication.remove_group(reader, TENANT, "g"),
        replication.fleet(reader, "other"),
    ):
        with pytest.raises(NotAllowed):
            await act


async def test_groups_are_renamed_and_removed_when_empty(service: TestHouse) -> None:
    known = await Server(service).activated(await credentials(service))
    replication = service.services.replication
    await credentials(service, "Branch")
    with pytest.raises(refusal.Refused):
        await replication.rename_group(SYSTEM, TENANT, known.group_id, "Branch")
    assert (await replication.rename_group(SYSTEM, TENANT, known.group_id, "Berlin")).name == "Berlin"
    with pytest.raises(refusal.Refused):
        await replication.remove_group(SYSTEM, TENANT, known.group_id)
    await replication.remove_server(SYSTEM, TENANT, known.server_id)
    await replication.remove_group(SYSTEM, TENANT, known.group_id)
    fleet = await until_read(lambda: replication.fleet(SYSTEM, TENANT), lambda _: True)
    assert [group.name for group in fleet.groups] == ["Branch"]
