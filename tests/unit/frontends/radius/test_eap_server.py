"""Conversations as the front end has them: packets that come again, belong elsewhere, or are bad."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.peers.eap_device import EapDevice, name_and_password
from tests.peers.openldap_certificates import TestAuthority
from tests.unit.frontends.radius.scripted import (
    APPROVED,
    AUTHENTICATOR,
    DENIED,
    NOW,
    SHARED,
    ScriptedVerifications,
    configuration,
    decoded,
    radius_client,
)
from vestibule.frontends.radius.admission import Admitted, Fate, admit
from vestibule.frontends.radius.eap import EapServer, OwnCertificate
from vestibule.frontends.radius.mapping import Mapping, fingerprint
from vestibule.frontends.radius.password_field import PasswordField
from vestibule.frontends.radius.proxy import Proxy
from vestibule.interfaces.store import Unavailable
from vestibule.model.verification import Reason
from vestibule.services.outcome import Progress
from vestibule.wire.radius import Message, vendor_attributes
from vestibule.wire.radius.numbers import (
    ACCESS_ACCEPT,
    ACCESS_CHALLENGE,
    ACCESS_REJECT,
    ACCESS_REQUEST,
    EAP_MESSAGE,
    STATE,
    USER_NAME,
    VENDOR_MICROSOFT,
)

Outcome = Progress | Exception | Callable[[], Awaitable[Progress]]
PASSWORD = name_and_password("alice", "secret")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return TestAuthority(tmp_path_factory.mktemp("certificates")).issue("server", "radius.example.org")


class Node:
    """One node, asked by one access point."""

    def __init__(self, files: tuple[Path, Path], outcome: Outcome = DENIED, name: str = "a") -> None:
        self.client = radius_client()
        self.last = b"", b""
        self.verifications = ScriptedVerifications(outcome)
        held = configuration(self.client.peer)
        service = self.verifications.service
        server = self.server = EapServer(
            service, PasswordField(service, held), None, name, OwnCertificate(files, lambda: None)
        )
        server.open()
        self.mapping = Mapping(service, held, Proxy(service, None, lambda *_: None), eap=server)

    async def ask(self, packet: bytes, state: bytes = b"", name: str = "anonymous") -> Message:
        self.last = packet, state
        pieces = [(EAP_MESSAGE, packet[at : at + 253]) for at in range(0, len(packet), 253)]
        attributes = [(USER_NAME, name.encode()), *pieces, *([(STATE, state)] if state else [])]
        datagram = SHARED.encode_request(ACCESS_REQUEST, 1, AUTHENTICATOR, attributes)
        request = admit(datagram, self.client, NOW)
        assert isinstance(request, Admitted)
        assert request.access is not None
        digest = fingerprint(request.message, self.client)
        return decoded(
            await self.mapping.answer(
                request.message, request.access, self.client, SHARED, "127.0.0.1", NOW, digest
            )
        )

    async def through(self, device: EapDevice) -> Message:
        """Go on until the conversation has ended; `last` are packet and State that led to its end."""
        reply = await self.ask(device.first)
        while reply.code == ACCESS_CHALLENGE:
            reply = await self.ask(device.answer(eap(reply)), state_of(reply))
        return reply


def eap(reply: Message) -> bytes:
    return b"".join(reply.values(EAP_MESSAGE))


def state_of(reply: Message) -> bytes:
    (state,) = reply.values(STATE)
    return state


async def test_an_acceptance_has_name_success_and_two_keys(files: tuple[Path, Path]) -> None:
    """RFC 2548 §2.4.2, §2.4.3; RFC 2865 §5.1: the access point learns who it is."""
    node = Node(files, APPROVED)
    reply = await node.through(EapDevice(PASSWORD))
    assert reply.code == ACCESS_ACCEPT
    assert reply.first(USER_NAME) == b"alice"
    assert eap(reply) == bytes((3, node.last[0][1], 0, 4))
    keys = dict(vendor_attributes(reply, VENDOR_MICROSOFT))
    assert sorted(keys) == [16, 17]
    assert len({key[:2] for key in keys.values()}) == 2
    assert node.verifications.calls == [("start", "secret", None)]
    assert node.verifications.origins[0].claimed_username == "alice"


async def test_a_rejection_has_no_key(files: tuple[Path, Path]) -> None:
    node = Node(files)
    reply = await node.through(EapDevice(PASSWORD))
    assert reply.code == ACCESS_REJECT
    assert eap(reply) == bytes((4, node.last[0][1], 0, 4))
    assert list(vendor_attributes(reply, VENDOR_MICROSOFT)) == []


async def test_ra_01_a_packet_that_comes_again_gets_the_same_answer(files: tuple[Path, Path]) -> None:
    """RA-01, RA-02: in the middle, TLS goes on; it is not fed twice."""
    node = Node(files, APPROVED)
    device = EapDevice(PASSWORD)
    first = await node.ask(device.first)
    hello = device.answer(eap(first))
    second = await node.ask(hello, state_of(first))
    assert (await node.ask(hello, state_of(first))).attributes[1:] == second.attributes[1:]
    reply = second
    while reply.code == ACCESS_CHALLENGE:
        reply = await node.ask(device.answer(eap(reply)), state_of(reply))
    assert reply.code == ACCESS_ACCEPT
    assert len(node.verifications.calls) == 1


async def test_ra_15_a_conversation_that_is_over_lets_nobody_in(files: tuple[Path, Path]) -> None:
    """RA-15: the packet that led to an acceptance leads to none later, nor at another node, nor under another
    name."""
    node = Node(files, APPROVED)
    await node.through(EapDevice(PASSWORD))
    packet, state = node.last
    for asked in (node, Node(files, APPROVED, "b")):
        reply = await asked.ask(packet, state)
        assert reply.code == ACCESS_REJECT
        assert asked.verifications.calls[-1] == ("refuse", Reason.CHALLENGE_UNKNOWN)


async def test_ra_15_what_comes_while_it_ends_has_no_effect(files: tuple[Path, Path]) -> None:
    """RA-15: another answer to the last request, sent while that is being decided, is too late."""
    may_go_on = asyncio.Event()

    async def approved() -> Progress:
        await may_go_on.wait()
        return APPROVED

    node = Node(files, approved)
    device = EapDevice(PASSWORD)
    going = asyncio.create_task(node.through(device))
    await node.verifications.is_called.wait()
    packet, state = node.last
    late = asyncio.create_task(node.ask(packet + b" and more", state))
    await asyncio.sleep(0)
    may_go_on.set()
    assert (await going).code == ACCESS_ACCEPT
    assert (await late).code == ACCESS_REJECT
    assert node.verifications.calls[-1] == ("refuse", Reason.CHALLENGE_UNKNOWN)


async def test_the_log_does_not_grow_with_what_devices_say(files: tuple[Path, Path]) -> None:
    """Kinds of lines are ours, whatever methods a device wants."""
    node = Node(files)
    for wanted in range(30, 90):
        first = await node.ask(EapDevice(PASSWORD).first)
        nak = bytes((2, 2, 0, 6, 3, wanted))
        assert (await node.ask(nak, state_of(first))).code == ACCESS_REJECT
    assert len(node.server._quiet._kinds) == 1


async def test_ra_15_a_state_does_not_serve_another_name(files: tuple[Path, Path]) -> None:
    node = Node(files, APPROVED)
    device = EapDevice(PASSWORD)
    first = await node.ask(device.first)
    reply = await node.ask(device.answer(eap(first)), state_of(first), "mallory")
    assert reply.code == ACCESS_REJECT


async def test_nothing_decided_is_silence_and_an_end(files: tuple[Path, Path]) -> None:
    """What was said cannot be said again in the same tunnel: the device begins anew."""
    node = Node(files, Unavailable("no database"))
    device = EapDevice(PASSWORD)
    with pytest.raises(Unavailable):
        await node.through(device)
    packet, state = node.last
    node.verifications.outcome = DENIED
    assert (await node.ask(packet, state)).code == ACCESS_REJECT
    assert node.verifications.calls[-1] == ("refuse", Reason.CHALLENGE_UNKNOWN)


@pytest.mark.parametrize(
    ("packet", "reason"),
    [
        (b"\2\1\0\4", Reason.EAP_FAILED),
        (b"\2\1\0\5\x15", Reason.CHALLENGE_UNKNOWN),
        (b"\1\1\0\5\1", Reason.EAP_FAILED),
    ],
)
async def test_a_beginning_that_is_none(files: tuple[Path, Path], packet: bytes, reason: Reason) -> None:
    node = Node(files)
    assert (await node.ask(packet)).code == ACCESS_REJECT
    assert node.verifications.calls == [("refuse", reason)]


@pytest.mark.parametrize(
    "packet",
    [
        b"\2\x09\0\6\x15\0",  # to another request
        b"\2\2\0\6\x19\0",  # of another method
        b"\2\2\0\5\x15",  # without flags
        b"\2\2\0\6\x15\1",  # of another version
        b"\2\2\0\x0a\x15\x80\xff\xff\xff\xff",  # longer than may be
        b"\2\2\0\x0c\x15\0\x17\3\1\0\1a",  # no hello
    ],
)
async def test_a_middle_that_is_none_ends_it(files: tuple[Path, Path], packet: bytes) -> None:
    node = Node(files)
    first = await node.ask(EapDevice(PASSWORD).first)
    assert eap(first)[1] == 2
    reply = await node.ask(packet, state_of(first))
    assert reply.code == ACCESS_REJECT
    assert eap(reply) == bytes((4, packet[1], 0, 4))
    assert node.verifications.calls == [("refuse", Reason.EAP_FAILED)]


async def test_ra_06_eap_without_a_signature_is_dropped() -> None:
    """RA-06, RFC 3579 §3.1: whatever the client's setting says."""
    client = radius_client({"message_authenticator": "allow"})
    body = bytes((USER_NAME, 7)) + b"alice" + bytes((EAP_MESSAGE, 7)) + b"\2\1\0\5\1"
    datagram = bytes((ACCESS_REQUEST, 1)) + (20 + len(body)).to_bytes(2, "big") + AUTHENTICATOR + body
    assert admit(datagram, client, NOW) is Fate.UNSIGNED
