"""Clients that ask again, elsewhere, or not long enough; answers that are not genuine; servers that die."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from tests.integration.phone.test_calls import Handset
from tests.integration.phone.test_radius_waits import another_waits
from tests.integration.proxy.conftest import PASSWORD, Scene, Vpn, scene
from tests.integration.proxy.test_proxied_passwords import ALICE, chap, state_of
from tests.integration.radius.test_radius_directory import SECRET, Answers, Server, signed, unsigned
from tests.peers.freeradius_eap import FreeRadiusEap
from tests.peers.ports import free_port
from tests.until import until
from vestibule.crypto.secret import Secret
from vestibule.directories.radius import RadiusSettings
from vestibule.directories.radius.servers import Servers
from vestibule.frontends.radius import RadiusFrontend
from vestibule.interfaces.upstream import Upstream
from vestibule.model.verification import Reason, VerificationState
from vestibule.runtime.clock import SystemClock
from vestibule.wire.radius import Attribute, Message, SharedSecret
from vestibule.wire.radius.numbers import (
    ACCESS_ACCEPT,
    ACCESS_CHALLENGE,
    ACCESS_REJECT,
    EAP_MESSAGE,
    STATUS_SERVER,
)

IDENTITY = (EAP_MESSAGE, b"\x02\x01\x00\x0a\x01alice")
EAP_SUCCESS = 3


def md5_response(challenge: Message, password: str = PASSWORD) -> Attribute:
    """The answer to an EAP-MD5 challenge (RFC 3748 §5.4)."""
    asked = b"".join(challenge.values(EAP_MESSAGE))
    identifier, size = asked[1:2], asked[5]
    value = hashlib.md5(identifier + password.encode() + asked[6 : 6 + size]).digest()
    return EAP_MESSAGE, b"\x02" + identifier + b"\x00\x16\x04\x10" + value


@asynccontextmanager
async def another_node(made: Scene) -> AsyncIterator[int]:
    """A second front end with a memory of its own, on the same store; its port."""
    services = made.phones.house.services
    node = RadiusFrontend(
        services.verifications,
        services.configuration,
        SystemClock(),
        services.metrics,
        [("127.0.0.1", 0)],
        proxying=services.proxying,
    )
    await node.start()
    yield int(node.addresses()[0].rpartition(":")[2])
    await node.stop(0.1)


async def test_ra_02_the_same_octets_get_the_same_octets(
    tmp_path: Path, freeradius_eap: FreeRadiusEap
) -> None:
    """RA-02: after a challenge of the server, after one of ours, and after the acceptance."""
    async with scene(tmp_path, freeradius_eap.name) as made:
        alice = await made.phones.house.add_person("alice")
        with closing(Vpn(made.port)) as vpn:
            round_ = vpn.request(ALICE, IDENTITY)
            assert await vpn.station.ask(round_) == await vpn.station.ask(round_)
            first = vpn.request(ALICE, vpn.password(PASSWORD))
            challenge = await vpn.station.ask(first)
            assert await vpn.station.ask(first) == challenge
            typed = alice.passcode(made.phones.house.clock.now()).reveal()
            last = vpn.request(ALICE, vpn.password(typed), state_of(vpn.check(challenge)))
            accept = await vpn.station.ask(last)
            assert vpn.check(accept).code == ACCESS_ACCEPT
            assert await vpn.station.ask(last) == accept
        (attempt,) = await made.phones.house.attempts()
        assert attempt.reason is Reason.PASSCODE_VERIFIED


async def test_ra_03_the_last_round_of_eap_goes_to_another_node(
    tmp_path: Path, freeradius_eap: FreeRadiusEap
) -> None:
    """RA-03: the server would not know the conversation any more; the other node joins the call, and gives
    the client what the server had granted."""
    async with scene(tmp_path, freeradius_eap.name) as made, another_node(made) as port:
        await made.add_caller("alice")
        with closing(Vpn(made.port)) as vpn, closing(Vpn(port)) as other:
            challenge = await vpn.ask(ALICE, IDENTITY)
            last = (ALICE, md5_response(challenge), state_of(challenge))
            lost = asyncio.create_task(vpn.ask(*last))
            gateway, call = await made.phones.far.next_call()
            again = asyncio.create_task(other.ask(*last, authenticator=bytes(16)))
            await another_waits(made.phones, call.delivery_id)
            handset = Handset(gateway, call.delivery_id)
            await handset.answer()
            await handset.press("#")
            accept = await again
            lost.cancel()
            await asyncio.gather(lost, return_exceptions=True)
        assert accept.code == ACCESS_ACCEPT
        assert b"".join(accept.values(EAP_MESSAGE))[0] == EAP_SUCCESS
        assert [value for number, value in accept.attributes if number == 11] == [b"staff"]
        assert len(made.phones.far.errands) == 1
        (attempt,) = await made.phones.house.attempts()
        assert attempt.reason is Reason.CALL_CONFIRMED


async def test_ra_25_who_approves_too_late_lets_nobody_in(
    tmp_path: Path, freeradius_eap: FreeRadiusEap
) -> None:
    """RA-25: nothing can be asked of the person there, so with the patience of the client it is over."""
    async with scene(tmp_path, freeradius_eap.name, response_seconds=3) as made:
        await made.add_caller("alice")
        with closing(Vpn(made.port)) as vpn:
            asked = asyncio.create_task(vpn.ask(ALICE, chap(bytes(16)), authenticator=bytes(16)))
            gateway, call = await made.phones.far.next_call()
            assert (await asked).code == ACCESS_REJECT
        handset = Handset(gateway, call.delivery_id)
        await handset.answer()
        await handset.press("#")
        (attempt,) = await made.phones.house.attempts()
        assert attempt.state is VerificationState.CANCELED


@pytest.mark.parametrize(
    "answers",
    [signed(ACCESS_ACCEPT, "another secret, long enough"), unsigned(ACCESS_ACCEPT)],
    ids=["forged", "unsigned"],
)
async def test_ra_10_a_forged_acceptance_is_discarded_and_counted(tmp_path: Path, answers: Answers) -> None:
    """RA-10: nobody gets in by it, the metric and the attempt say why."""
    async with (
        Server(answers) as forger,
        scene(tmp_path, forger.name, timeout_seconds=0.4, secret=SECRET) as made,
    ):
        await made.phones.house.add_person("alice")
        with closing(Vpn(made.port)) as vpn:
            assert (await vpn.ask(ALICE, vpn.password(PASSWORD))).code == ACCESS_REJECT
        (attempt,) = await made.phones.house.attempts()
        assert attempt.reason is Reason.DIRECTORY_UNAVAILABLE
        assert attempt.trace[0].facts["detail"] == "radius.trouble.not_genuine"
        family = next(iter(made.phones.house.services.metrics.datagrams.collect()))
        counted = {
            sample.labels["fate"]: sample.value for sample in family.samples if sample.name.endswith("_total")
        }
        assert counted["forged_behind"] == 2


async def test_the_next_server_judges_where_the_first_is_dead(
    tmp_path: Path, freeradius_eap: FreeRadiusEap
) -> None:
    """Inventory 1.20: an ordered list; the dead one is asked last from then on."""
    dead = f"127.0.0.1:{free_port()}"
    async with scene(tmp_path, dead, freeradius_eap.name, timeout_seconds=2) as made:
        await made.phones.house.add_person("alice")
        with closing(Vpn(made.port)) as vpn:
            for _ in range(2):
                challenge = await vpn.ask(ALICE, vpn.password(PASSWORD))
                assert challenge.code == ACCESS_CHALLENGE
        application = made.phones.house.services.configuration.current.applications["acme", "branch"]
        behind = await made.phones.house.services.proxying.behind(application)
        assert isinstance(behind, Upstream)
        assert behind.servers == (freeradius_eap.name, dead)


async def test_a_server_is_asked_last_until_it_answers_a_status_server() -> None:
    """RFC 5997: silent for sign-ins and for us, then back; nothing is waited for by the clock."""
    is_up = False

    def answers(request: Message) -> list[bytes]:
        return signed(ACCESS_ACCEPT)(request) if is_up and request.code == STATUS_SERVER else []

    async with Server(answers) as first, Server(signed(ACCESS_ACCEPT)) as second:
        settings = RadiusSettings(
            servers=(first.name, second.name),
            shared_secret=Secret(SECRET),
            timeout_seconds=0.4,
            tries=1,
        )
        secret = SharedSecret(settings.shared_secret.reveal().encode())
        servers = Servers(settings, secret, probe_seconds=0.05)
        assert servers.order == (first.name, second.name)
        assert (await servers.ask(lambda *_: [])).server == second.name
        assert servers.order == (second.name, first.name)
        is_up = True
        await until(lambda: servers.order == (first.name, second.name))
        await servers.close()
