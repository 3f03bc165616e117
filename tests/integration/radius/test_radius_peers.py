"""Clients by other people at our door: FreeRADIUS's radclient and pyrad, with and without
Message-Authenticator.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
from pyrad.client import Client, Timeout
from pyrad.dictionary import Dictionary
from pyrad.packet import AccessAccept, AccessChallenge, AccessReject, AccessRequest, AuthPacket, StatusServer

from tests.integration.radius.test_radius_listener import Door, opened
from tests.peers.freeradius import DICTIONARIES
from tests.peers.program import find_program, run
from tests.unit.frontends.radius.scripted import APPROVED, DENIED, PENDING, SECRET, peer
from vestibule.frontends.radius.admission import Fate
from vestibule.frontends.radius.duplicates import Duplicates, Repeat, RequestKey, Work
from vestibule.model.verification import Reason
from vestibule.services.outcome import Progress

NAMES = Dictionary(
    io.StringIO(
        "ATTRIBUTE User-Name 1 string\nATTRIBUTE User-Password 2 string encrypt=1\n"
        "ATTRIBUTE Service-Type 6 integer\nATTRIBUTE Reply-Message 18 string\nATTRIBUTE State 24 octets\n"
        "ATTRIBUTE NAS-Identifier 32 string\nATTRIBUTE Proxy-State 33 octets\n"
        "ATTRIBUTE Message-Authenticator 80 octets\n"
    )
)


async def radclient(door: Door, attributes: Sequence[str], command: str = "auth", tries: int = 1) -> str:
    """What radclient prints of one request; it checks the reply's authenticators itself."""
    done = await asyncio.to_thread(
        run,
        [
            *(find_program("radclient"), "-x", "-r", str(tries), "-t", "1", "-D", str(DICTIONARIES)),
            *(f"127.0.0.1:{door.port}", command, SECRET.decode()),
        ],
        text="\n".join(attributes),
    )
    return done.stdout + done.stderr


SIGNED = "Message-Authenticator = 0x00"
ALICE = ['User-Name = "alice"', 'User-Password = "secret"']


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (APPROVED, "Received Access-Accept"),
        (DENIED, "Received Access-Reject"),
        (PENDING, "Received Access-Challenge"),
    ],
)
async def test_radclient_understands_every_answer(outcome: object, words: str) -> None:
    async with opened(outcome=outcome) as door:  # type: ignore[arg-type]
        shown = await radclient(door, [*ALICE, SIGNED, "Proxy-State = 0x0102", "Proxy-State = 0x03"])
        assert words in shown
        received = shown.partition(words)[2].split()
        assert received.index("Message-Authenticator") < received.index("Proxy-State")
        assert shown.count("Proxy-State = 0x0102") == 2
        assert door.service.calls == [("start", "secret", None)]


async def test_radclient_without_signature() -> None:
    """RA-06: required by default; a client that is allowed to may go without."""
    async with opened() as door:
        assert "No reply from server" in await radclient(door, ALICE)
        assert door.count(Fate.UNSIGNED) == 1
    async with opened(peer({"message_authenticator": "observe"})) as door:
        assert "Received Access-Reject" in await radclient(door, ALICE)


class NoticingDuplicates(Duplicates):
    """Tells when a request has come again while it was being worked on."""

    def __init__(self) -> None:
        super().__init__()
        self.has_repeated = asyncio.Event()

    def begin(self, key: RequestKey, fingerprint: bytes, now: int) -> Work | bytes | Repeat:
        found = super().begin(key, fingerprint, now)
        if found is Repeat.IN_PROGRESS:
            self.has_repeated.set()
        return found


async def test_radclient_repeats_and_is_answered_once() -> None:
    """RA-01: one sign-in, however often it is sent while somebody is asked."""
    noticing = NoticingDuplicates()

    async def slow() -> Progress:
        await noticing.has_repeated.wait()
        return APPROVED

    async with opened(outcome=slow, duplicates=noticing) as door:
        asking = asyncio.create_task(radclient(door, [*ALICE, SIGNED], tries=10))
        assert "Received Access-Accept" in await asking
        assert len(door.service.calls) == 1


@pytest.mark.parametrize(
    "proof",
    [
        ['CHAP-Password = "secret"'],
        ['MS-CHAP-Password = "secret"'],
        ['User-Password = "secret"', 'CHAP-Password = "secret"'],
        ["EAP-Message = 0x02d2000a01616c696365"],
    ],
)
async def test_radclient_with_another_protocol(proof: list[str]) -> None:
    """RA-17."""
    async with opened(outcome=APPROVED) as door:
        shown = await radclient(door, ['User-Name = "alice"', *proof, SIGNED])
        assert "Received Access-Reject" in shown
        assert door.service.calls == [("refuse", Reason.PROTOCOL_UNSUPPORTED)]


async def test_radclient_asks_for_the_status() -> None:
    """RA-21."""
    async with opened() as door:
        assert "Received Access-Accept" in await radclient(door, [SIGNED], command="status")
        assert door.service.calls == []


async def test_radclient_counts_a_password_of_any_length() -> None:
    """RA-13."""
    async with opened() as door:
        for size in (1, 15, 16, 17, 127, 128):
            word = "p" * (size - 1) + "!"
            shown = await radclient(door, ['User-Name = "alice"', f'User-Password = "{word}"', SIGNED])
            assert "Received Access-Reject" in shown
            assert door.service.calls[-1] == ("start", word, None)


@contextmanager
def pyrad_client(door: Door, secret: bytes = SECRET) -> Iterator[Client]:
    client = Client("127.0.0.1", authport=door.port, secret=secret, dict=NAMES)
    client.timeout, client.retries = 2, 1
    yield client
    client._CloseSocket()


def pyrad_request(client: Client, **attributes: object) -> AuthPacket:
    request = client.CreateAuthPacket(code=AccessRequest, User_Name="alice")
    request["User-Password"] = request.PwCrypt("secret")
    for name, value in attributes.items():
        request[name.replace("_", "-")] = value
    request.add_message_authenticator()
    return request


async def test_pyrad_holds_a_dialogue() -> None:
    async with opened(outcome=PENDING) as door:
        with pyrad_client(door) as client:
            challenge = await asyncio.to_thread(client.SendPacket, pyrad_request(client))
            assert challenge.code == AccessChallenge
            assert challenge["Reply-Message"]
            door.service.outcome = APPROVED
            answer = pyrad_request(client, State=challenge["State"][0])
            reply = await asyncio.to_thread(client.SendPacket, answer)
            assert reply.code == AccessAccept
            assert door.service.calls[1][0] == "answer"


async def test_pyrad_finds_our_replies_signed() -> None:
    """RA-08: pyrad is told to take no unsigned reply."""
    async with opened() as door:
        with pyrad_client(door) as client:
            client.enforce_ma = True
            reply = await asyncio.to_thread(client.SendPacket, pyrad_request(client))
            assert reply.code == AccessReject
            assert reply.message_authenticator


async def test_pyrad_with_another_secret_hears_nothing() -> None:
    """RA-11."""
    async with opened() as door:
        with pyrad_client(door, b"another secret") as client:
            client.timeout = 0.3
            with pytest.raises(Timeout):
                await asyncio.to_thread(client.SendPacket, pyrad_request(client))
            assert door.count(Fate.BAD_SIGNATURE) == 1


async def test_pyrad_asks_for_the_status() -> None:
    """RA-21."""
    async with opened() as door:
        with pyrad_client(door) as client:
            request = client.CreateAuthPacket(code=StatusServer)
            request.add_message_authenticator()
            reply = await asyncio.to_thread(client.SendPacket, request)
            assert reply.code == AccessAccept
