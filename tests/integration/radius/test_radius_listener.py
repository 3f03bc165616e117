"""The listener on real sockets, in front of a service that does as it is told.

Silence is shown without waiting: after what must not be answered comes a request that must be, on the same
socket, and its reply is the first thing that arrives.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.frontends.radius.scripted import (
    APPROVED,
    DENIED,
    NOW,
    PENDING,
    SHARED,
    ScriptedVerifications,
    configuration,
    decoded,
    peer,
    sign_in_request,
    unsigned_request,
)
from vestibule.frontends.radius import FRONTEND, RadiusFrontend
from vestibule.frontends.radius.admission import Fate
from vestibule.frontends.radius.duplicates import Duplicates
from vestibule.interfaces.frontend import Frontend
from vestibule.interfaces.store import Unavailable
from vestibule.services.attempt import Node
from vestibule.services.configuration import ConfigurationCache, Peer
from vestibule.services.metrics import Metrics
from vestibule.services.outcome import Progress
from vestibule.wire.radius import SharedSecret, check_reply
from vestibule.wire.radius.answer import CheckedReply
from vestibule.wire.radius.numbers import (
    ACCESS_ACCEPT,
    ACCESS_REJECT,
    PROXY_STATE,
    STATUS_SERVER,
    USER_NAME,
)

OTHER_AUTHENTICATOR = bytes(range(16, 32))


class FixedClock:
    def now(self) -> int:
        return NOW


class Station:
    """A client on a socket of its own, which hears only the address that it asks."""

    def __init__(self, host: str, port: int, source: str = "") -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.bind((source, 0))
        self.socket.setblocking(False)
        self.socket.connect((host, port))

    def send(self, *datagrams: bytes) -> None:
        for datagram in datagrams:
            self.socket.send(datagram)

    async def receive(self) -> bytes:
        async with asyncio.timeout(10):
            return await asyncio.get_running_loop().sock_recv(self.socket, 4096)

    async def ask(self, *datagrams: bytes) -> bytes:
        self.send(*datagrams)
        return await self.receive()

    def has_nothing(self) -> bool:
        try:
            self.socket.recv(4096)
        except BlockingIOError:
            return True
        return False


class Door:
    """A started front end, its scripted service, and its clients."""

    def __init__(self, frontend: RadiusFrontend, service: ScriptedVerifications, metrics: Metrics) -> None:
        self.frontend = frontend
        self.service = service
        self.metrics = metrics
        self.port = int(frontend.addresses()[0].rpartition(":")[2])
        self.stations: list[Station] = []

    def station(self, host: str = "127.0.0.1", source: str = "") -> Station:
        self.stations.append(Station(host, self.port, source))
        return self.stations[-1]

    def count(self, fate: Fate) -> int:
        value = self.metrics.registry.get_sample_value(
            "vestibule_radius_datagrams_total", {"fate": fate.value}
        )
        return int(value or 0)


@asynccontextmanager
async def opened(
    *peers: Peer,
    outcome: Progress | Exception | Callable[[], Awaitable[Progress]] = DENIED,
    host: str = "127.0.0.1",
    cache: ConfigurationCache | None = None,
    **options: Any,
) -> AsyncIterator[Door]:
    service, metrics = ScriptedVerifications(outcome), Metrics()
    cache = cache or configuration(*(peers or (peer(),)))
    frontend = RadiusFrontend(service.service, cache, FixedClock(), metrics, [(host, 0)], **options)
    await frontend.start()
    door = Door(frontend, service, metrics)
    try:
        yield door
    finally:
        await frontend.stop(5)
        for station in door.stations:
            station.socket.close()


class Gate:
    """An outcome that waits until the test opens the gate; tells when somebody waits."""

    def __init__(self, outcome: Progress = APPROVED) -> None:
        self.outcome = outcome
        self.is_entered = asyncio.Event()
        self.is_open = asyncio.Event()

    async def __call__(self) -> Progress:
        self.is_entered.set()
        await self.is_open.wait()
        return self.outcome


def code_of(reply: bytes, request: bytes, secret: SharedSecret = SHARED) -> int:
    checked = check_reply(reply, decoded(request), secret)
    assert isinstance(checked, CheckedReply)
    return checked.message.code


GOOD = sign_in_request(b"secret", identifier=200)


async def test_sign_in_is_answered() -> None:
    async with opened(outcome=APPROVED) as door:
        request = sign_in_request()
        assert code_of(await door.station().ask(request), request) == ACCESS_ACCEPT
        assert door.service.calls == [("start", "password", None)]
        assert door.count(Fate.ANSWERED) == 1


async def test_repeat_during_work_causes_one_call_and_one_reply() -> None:
    """RA-01."""
    gate = Gate()
    async with opened(outcome=gate) as door:
        station, request = door.station(), sign_in_request()
        station.send(*[request] * 10)
        await gate.is_entered.wait()
        gate.is_open.set()
        assert code_of(await station.receive(), request) == ACCESS_ACCEPT
        reply = await station.ask(GOOD)
        assert decoded(reply).identifier == 200
        assert len(door.service.calls) == 2
        assert door.count(Fate.REPEAT_DROPPED) == 9


@pytest.mark.parametrize("outcome", [APPROVED, DENIED, PENDING])
async def test_repeat_after_the_answer_gets_the_same_octets(outcome: Progress) -> None:
    """RA-02: also after an Access-Challenge; the service hears of it once."""
    async with opened(outcome=outcome) as door:
        station, request = door.station(), sign_in_request()
        replies = {await station.ask(request) for _ in range(5)}
        assert len(replies) == 1
        assert len(door.service.calls) == 1
        assert door.count(Fate.REPEAT_ANSWERED) == 4


async def test_same_identifier_with_another_authenticator_replaces_the_request() -> None:
    """RA-04: the old one's late acceptance is never sent, whoever it was for."""
    old, new = Gate(APPROVED), Gate(DENIED)
    gates = iter((old, new))

    async def next_gate() -> Progress:
        return await next(gates)()

    async with opened(outcome=next_gate) as door:
        station = door.station()
        first = sign_in_request(b"a", identifier=5)
        second = sign_in_request(b"b", identifier=5, name=b"mallory", authenticator=OTHER_AUTHENTICATOR)
        station.send(first)
        await old.is_entered.wait()
        station.send(second)
        await new.is_entered.wait()
        old.is_open.set()
        new.is_open.set()
        assert code_of(await station.receive(), second) == ACCESS_REJECT
        await door.frontend.stop(5)
        assert station.has_nothing()
        assert door.count(Fate.LATE) == 1


async def test_cached_acceptance_is_for_the_very_same_packet() -> None:
    """RA-05: same socket and identifier, then the same authenticator too, but another user."""
    async with opened(outcome=APPROVED) as door:
        station = door.station()
        accepted = await station.ask(sign_in_request(identifier=5))
        assert decoded(accepted).code == ACCESS_ACCEPT
        door.service.outcome = DENIED
        for authenticator in (OTHER_AUTHENTICATOR, bytes(range(16))):
            request = sign_in_request(identifier=5, name=b"mallory", authenticator=authenticator)
            assert code_of(await station.ask(request), request) == ACCESS_REJECT


async def test_same_packet_from_another_port_is_another_request() -> None:
    async with opened(outcome=APPROVED) as door:
        await door.station().ask(GOOD)
        await door.station().ask(GOOD)
        assert len(door.service.calls) == 2


@pytest.mark.parametrize(
    ("datagram", "fate"),
    [
        (unsigned_request(), Fate.UNSIGNED),
        (sign_in_request(secret=SharedSecret(b"not the secret")), Fate.BAD_SIGNATURE),
        (b"", Fate.MALFORMED),
        (GOOD[:30], Fate.MALFORMED),
        (GOOD + bytes(4097), Fate.ANSWERED),
        (SHARED.encode_request(STATUS_SERVER, 9, bytes(16), [])[:-1], Fate.MALFORMED),
        (unsigned_request(code=STATUS_SERVER), Fate.UNSIGNED),
        (SHARED.encode_request(40, 9, bytes(16), []), Fate.OTHER_CODE),
        (sign_in_request(b"x", *[(PROXY_STATE, bytes(250))] * 13), Fate.PROXY_STATE),
    ],
)
async def test_unproven_datagram_has_no_effect(datagram: bytes, fate: Fate) -> None:
    """RA-06, RA-07, RA-11, RA-14, RA-21: no reply, no call; only a count."""
    async with opened() as door:
        station = door.station()
        reply = await station.ask(datagram, sign_in_request(b"x", identifier=201))
        is_answered = fate is Fate.ANSWERED
        assert decoded(reply).identifier == (200 if is_answered else 201)
        assert door.count(fate) == (2 if is_answered else 1)
        assert len(door.service.calls) == (2 if is_answered else 1)


async def test_forged_datagram_does_not_displace_a_real_one() -> None:
    """RA-11, RA-04: only who holds the secret can replace a request in progress."""
    gate = Gate()
    async with opened(outcome=gate) as door:
        station, request = door.station(), sign_in_request(identifier=5)
        station.send(request)
        await gate.is_entered.wait()
        forged = sign_in_request(
            identifier=5, authenticator=OTHER_AUTHENTICATOR, secret=SharedSecret(b"not the secret")
        )
        station.send(forged)
        gate.is_open.set()
        assert code_of(await station.receive(), request) == ACCESS_ACCEPT


async def test_strangers_get_silence() -> None:
    """RA-12."""
    async with opened(peer(address="127.0.0.2/32"), host="127.0.0.1") as door:
        stranger = door.station()
        stranger.send(*[GOOD] * 50)
        reply = await door.station(source="127.0.0.2").ask(GOOD)
        assert decoded(reply).code == ACCESS_REJECT
        assert stranger.has_nothing()
        assert len(door.service.calls) == 1
        assert door.count(Fate.UNKNOWN_CLIENT) == 50


async def test_status_server_is_answered_without_any_work() -> None:
    """RA-21 (RFC 5997 §4)."""
    async with opened() as door:
        request = SHARED.encode_request(STATUS_SERVER, 9, OTHER_AUTHENTICATOR, [(PROXY_STATE, b"p")])
        reply = await door.station().ask(request)
        assert code_of(reply, request) == ACCESS_ACCEPT
        assert decoded(reply).values(PROXY_STATE) == [b"p"]
        assert door.service.calls == []


async def test_status_server_tells_whether_this_node_can_decide() -> None:
    checks = iter((Unavailable("no database"), None))

    async def check() -> None:
        if problem := next(checks):
            raise problem

    async with opened(check_store=check) as door:
        request = SHARED.encode_request(STATUS_SERVER, 9, OTHER_AUTHENTICATOR, [])
        station = door.station()
        station.send(request)
        await station.ask(GOOD)
        assert door.count(Fate.UNDECIDED) == 1
        for _ in range(5):  # one check a second at most
            assert code_of(await station.ask(request), request) == ACCESS_ACCEPT


async def test_request_with_two_names_is_rejected_without_any_work() -> None:
    """RA-15."""
    async with opened() as door:
        request = sign_in_request(b"x", (USER_NAME, b"bob"), (PROXY_STATE, b"p"))
        reply = await door.station().ask(request)
        assert code_of(reply, request) == ACCESS_REJECT
        assert decoded(reply).values(PROXY_STATE) == [b"p"]
        assert door.service.calls == []


@pytest.mark.parametrize("problem", [Unavailable("no database"), RuntimeError("a fault")])
async def test_what_cannot_be_decided_is_not_answered_and_may_be_tried_again(problem: Exception) -> None:
    """I8: the client fails over; its repeat is worked on anew."""
    async with opened(outcome=problem) as door:
        station, request = door.station(), sign_in_request(identifier=5)
        station.send(request)
        await door.service.is_called.wait()
        door.service.outcome = APPROVED
        assert code_of(await station.ask(request), request) == ACCESS_ACCEPT
        assert len(door.service.calls) == 2


async def test_change_of_configuration_counts_at_once() -> None:
    cache = configuration(peer())
    async with opened(cache=cache) as door:
        station = door.station()
        await station.ask(sign_in_request(identifier=1))
        new = SharedSecret(b"a new shared secret")
        cache.current = configuration(peer(secrets=((None, b"a new shared secret"),)), generation=2).current
        request = sign_in_request(identifier=3, secret=new)
        reply = await station.ask(sign_in_request(identifier=2), request)
        assert code_of(reply, request, new) == ACCESS_REJECT


async def test_reply_leaves_from_the_address_that_was_asked() -> None:
    """A server on every address of its machine answers from the one that the client knows."""
    async with opened(host="0.0.0.0") as door:
        for host in ("127.0.0.1", "127.0.0.2", "127.1.2.3"):
            assert decoded(await door.station(host).ask(GOOD)).identifier == 200
    async with opened(peer(address="::1/128"), host="::") as door:
        assert decoded(await door.station("::1").ask(GOOD)).identifier == 200


async def test_address_that_is_taken_is_named() -> None:
    async with opened() as door:
        taken = RadiusFrontend(
            door.service.service,
            configuration(),
            FixedClock(),
            Metrics(),
            [("127.0.0.1", 0), ("127.0.0.1", door.port)],
        )
        with pytest.raises(OSError, match=f"UDP 127.0.0.1:{door.port}"):
            await taken.start()
        assert taken.addresses() == []


async def test_stop_lets_work_end_and_then_drops_it() -> None:
    gate = Gate()
    async with opened(outcome=gate) as door:
        station = door.station()
        station.send(sign_in_request(identifier=5))
        await gate.is_entered.wait()
        stopping = asyncio.create_task(door.frontend.stop(10))
        await asyncio.sleep(0)
        station.send(GOOD)
        gate.is_open.set()
        await stopping
        assert decoded(await station.receive()).identifier == 5
        assert len(door.service.calls) == 1
    never = Gate()
    async with opened(outcome=never) as door:
        station = door.station()
        station.send(GOOD)
        await never.is_entered.wait()
        await door.frontend.stop(0)
        assert station.has_nothing()


async def test_more_work_than_there_is_room_for_is_dropped() -> None:
    gate = Gate()
    async with opened(outcome=gate, duplicates=Duplicates(most_requests=3)) as door:
        station = door.station()
        station.send(*(sign_in_request(identifier=number) for number in range(5)))
        await gate.is_entered.wait()
        gate.is_open.set()
        answered = {decoded(await station.receive()).identifier for _ in range(3)}
        assert answered == {0, 1, 2}
        assert door.count(Fate.NO_ROOM) == 2


async def test_burst_is_answered_whole() -> None:
    async with opened(outcome=DENIED) as door:
        stations = [door.station() for _ in range(8)]
        for station in stations:
            station.send(*(sign_in_request(b"x", identifier=number) for number in range(100)))
        for station in stations:
            replies = [decoded(await station.receive()) for _ in range(100)]
            assert {reply.identifier for reply in replies} == set(range(100))


async def test_metric_counts_strangers_and_a_log_line_is_written_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """RA-12: a flood of strangers fills no log."""
    async with opened(peer(address="192.0.2.1/32"), peer(address="127.0.0.3/32", client_id="friend")) as door:
        stranger = door.station()
        stranger.send(*[b"anything"] * 200)
        await door.station(source="127.0.0.3").ask(GOOD)
        assert door.count(Fate.UNKNOWN_CLIENT) == 200
    assert capsys.readouterr().out.count("radius datagrams dropped") == 1


def served(**settings: Any) -> Frontend:
    services = SimpleNamespace(
        verifications=None,
        configuration=configuration(),
        clock=FixedClock(),
        metrics=Metrics(),
        client_sightings=SimpleNamespace(keep=None),
        check_store=None,
        proxying=None,
        nt_hashes=None,
        certificates=SimpleNamespace(server=lambda: None),
        node=Node("node", "127.0.0.1"),
        grants=None,
        accounting=None,
        public_url="https://id.example.org",
    )
    return FRONTEND.open(services, SimpleNamespace(**settings))  # type: ignore[arg-type]


async def test_plug_in_opens_the_doors_that_are_named() -> None:
    for listen, doors in (((SimpleNamespace(host="127.0.0.1", port=0),), 1), ((), 0)):
        frontend = served(listen=listen)
        assert (FRONTEND.name, frontend.name, frontend.addresses()) == ("radius", "radius", [])
        await frontend.start()
        assert len(frontend.addresses()) == doors
        await frontend.stop(0)
