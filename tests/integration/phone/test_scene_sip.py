"""The whole product over SIP: radclient signs in, Vestibule calls, a telephone rings, a person presses keys.

`vestibule serve` is a process of its own, baresip the telephone in a network of its own, speech is
espeak-ng's. Each ending has its reason, its legacy result and its answer at the VPN (VOI-02, VOI-03, S64).

Endings that only `make prove` goes through are also those of test_calls.py, whose gateway is the test, and of
tests/integration/sip, where no server is: a start of the program takes longer than all of those.
"""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.integration.phone.hearing import likeness
from tests.peers.baresip import SIP_PORT, Baresip
from tests.peers.sipp import Sipp, pause, receive, respond, speak
from tests.phone_servers import NUMBER, Configured, PhoneServer
from tests.until import until
from vestibule.catalog import text
from vestibule.model.tenant import TenantSettings
from vestibule.model.verification import Reason, VerificationState
from vestibule.runtime.speech import EspeakSpeech

PIN, NEW_PIN = "739104", "806423"
Act = Callable[["Scene"], Awaitable[None]]
GREETING_SECONDS = 1.5
"""So much of the greeting is heard before somebody presses a key."""


class Scene:
    """Alice's telephone, and what she does with it."""

    def __init__(self, phone: Baresip, server: PhoneServer) -> None:
        self.phone = phone
        self.server = server

    async def wait_for(self, kind: str) -> dict[str, Any]:
        return await asyncio.to_thread(self.phone.wait_for, kind)

    async def tell(self, command: str, parameters: str = "") -> None:
        await asyncio.to_thread(self.phone.tell, command, parameters)

    async def pick_up(self) -> None:
        """Wait for the ring, answer, and listen to the beginning of the greeting."""
        await self.wait_for("CALL_INCOMING")
        await self.tell("accept")
        await self.wait_for("CALL_ESTABLISHED")
        await self.hear_more()

    async def hear_more(self, seconds: float = GREETING_SECONDS) -> None:
        """Listen until so much more was said that is not silence."""
        before = _spoken_seconds(self.phone.heard)
        await until(lambda: _spoken_seconds(self.phone.heard) >= before + seconds, 40, every=0.05)

    async def press(self, keys: str) -> None:
        await asyncio.to_thread(self.phone.press, keys)


def _spoken_seconds(samples: bytes) -> float:
    """How much of a recording is louder than a line that nobody speaks on."""
    heard = array("h", samples[: len(samples) // 2 * 2])
    steps = range(0, len(heard) - 160, 160)
    return sum(max(heard[step : step + 160 : 8]) > 300 for step in steps) * 0.02


@pytest.fixture
def rooms(tmp_path: Path, baresip: Callable[..., Baresip]) -> Callable[..., Any]:
    """`async with rooms(pin="7391") as scene`: a server whose trunk ends at Alice's telephone."""

    @asynccontextmanager
    async def open_(**made: Any) -> AsyncIterator[Scene]:
        phone = await asyncio.to_thread(baresip, NUMBER)
        with_pin = bool(made.get("pin"))
        trunk = Configured(
            kind="sip", settings={"server": phone.address, "port": SIP_PORT, "caller_id": "+4989123456"}
        )
        async with PhoneServer(tmp_path / "state") as server:
            await server.make([trunk], [("voice", {"with_pin": with_pin})], **made)
            await server.start()
            yield Scene(phone, server)

    return open_


async def sign_in(scene: Scene, *steps: Act) -> str:
    """Ask at the VPN, let Alice do her steps meanwhile, and return what radclient shows."""
    asked = asyncio.create_task(scene.server.ask())
    for step in steps:
        await step(scene)
    return await asked


def press(keys: str, then_hear: float = 0.0) -> Act:
    async def act(scene: Scene) -> None:
        await scene.press(keys)
        if then_hear:
            await scene.hear_more(then_hear)

    return act


async def pick_up(scene: Scene) -> None:
    await scene.pick_up()


async def expect(
    scene: Scene, shown: str, reason: Reason, legacy: str, *, answer: str = "Access-Reject"
) -> None:
    attempt = await scene.server.attempt()
    assert attempt.reason is reason, scene.server.process.output
    assert attempt.legacy_result == legacy
    assert f"Received {answer}" in shown
    is_approved = answer == "Access-Accept"
    assert attempt.is_authenticated is is_approved
    assert (attempt.state is VerificationState.APPROVED) is is_approved
    assert PIN not in scene.server.process.output, "VOI-10"


async def test_hash_opens_the_door(rooms: Callable[..., Any]) -> None:
    """What the telephone has heard is the German greeting, as the engine speaks it."""
    async with rooms(language="de") as scene:
        asked = asyncio.create_task(scene.server.ask())
        ringing = await scene.wait_for("CALL_INCOMING")
        assert ringing["peeruri"] == f"sip:+4989123456@{scene.phone.address}", "S64"
        await scene.tell("accept")
        await scene.wait_for("CALL_ESTABLISHED")
        await scene.hear_more(3)
        await scene.press("#")
        await scene.wait_for("CALL_CLOSED")
        await expect(scene, await asked, Reason.CALL_CONFIRMED, "SUCCESS_NO_PIN", answer="Access-Accept")
        attempt = await scene.server.attempt()
        assert (attempt.phone, attempt.method) == (NUMBER, "voice")
        german, english = [await _greeting(language) for language in ("de", "en")]
        heard = scene.phone.heard
        assert likeness(heard, german) > 0.9 > likeness(heard, english)


async def _greeting(language: str) -> bytes:
    """The beginning of the greeting, by the engine itself."""
    words = text(language, "voice.message.greeting_standard", application="Bergwerk")
    return (await EspeakSpeech().say(words, language)).samples[: 3 * 16_000]


async def test_the_right_pin_opens_the_door(rooms: Callable[..., Any]) -> None:
    async with rooms(pin=PIN) as scene:
        shown = await sign_in(scene, pick_up, press(f"{PIN}#"))
        await expect(scene, shown, Reason.CALL_PIN_ENTERED, "SUCCESS_WITH_PIN", answer="Access-Accept")


@pytest.mark.prove(only=True)
async def test_three_wrong_pins_are_too_many(rooms: Callable[..., Any]) -> None:
    async with rooms(pin=PIN) as scene:
        shown = await sign_in(scene, pick_up, press("1111#", 1.5), press("2222#", 1.5), press("3333#"))
        await expect(scene, shown, Reason.CALL_PIN_WRONG, "SUCCESS_WITH_PIN")


@pytest.mark.prove(only=True)
async def test_a_pin_that_must_be_changed_is_changed_in_the_call(rooms: Callable[..., Any]) -> None:
    async with rooms(pin=PIN, must_change=True) as scene:
        shown = await sign_in(
            scene, pick_up, press(f"{PIN}#", 1.5), press(f"{NEW_PIN}#", 1.5), press(f"{NEW_PIN}#")
        )
        await expect(scene, shown, Reason.CALL_PIN_ENTERED, "SUCCESS_WITH_PIN", answer="Access-Accept")
        assert "pin.changed" in await scene.server.events()


@pytest.mark.prove(only=True)
async def test_fraud_is_reported_and_confirmed(rooms: Callable[..., Any]) -> None:
    async with rooms() as scene:
        shown = await sign_in(scene, pick_up, press("0#", 1.5), press("1"))
        await expect(scene, shown, Reason.FRAUD_REPORTED, "FAILED_FRAUD_CODE_ENTERED")
        assert (await scene.server.user()).blocked_until > 0
        told = (await scene.server.events())[:2]  # of one commit, so in any order
        assert sorted(told) == ["user.blocked", "user.fraud_reported"]
        assert "Received Access-Reject" in await scene.server.ask()


@pytest.mark.prove(only=True)
async def test_the_person_hangs_up(rooms: Callable[..., Any]) -> None:
    async with rooms() as scene:
        shown = await sign_in(scene, pick_up, lambda scene: scene.tell("hangup"))
        await expect(scene, shown, Reason.CALL_HUNG_UP, "FAILED_USER_HUNGUP_ON_US")


@pytest.mark.prove(only=True)
async def test_the_red_key_while_it_rings_is_busy(rooms: Callable[..., Any]) -> None:
    async with rooms() as scene:
        shown = await sign_in(
            scene, lambda scene: scene.wait_for("CALL_INCOMING"), lambda scene: scene.tell("hangup")
        )
        await expect(scene, shown, Reason.CALL_BUSY, "CONFIG_ISSUE")


@pytest.mark.prove(only=True)
async def test_nobody_answers(rooms: Callable[..., Any]) -> None:
    """It rings for half a minute, and then no more."""
    async with rooms() as scene:
        shown = await sign_in(scene, lambda scene: scene.wait_for("CALL_INCOMING"))
        await scene.wait_for("CALL_CLOSED")
        await expect(scene, shown, Reason.CALL_NO_ANSWER, "CONFIG_ISSUE")


@pytest.mark.prove(only=True)
async def test_silence_admits_nobody(rooms: Callable[..., Any]) -> None:
    """The greeting is said, ten seconds of silence, once more, and good-bye."""
    async with rooms() as scene:
        shown = await sign_in(scene, pick_up)
        await expect(scene, shown, Reason.CALL_SILENCE, "SUCCESS_NO_PIN_BUT_TIMEOUT")


@pytest.mark.parametrize(
    ("status", "reason", "legacy"),
    [
        pytest.param("603 Decline", Reason.CALL_DECLINED, "CONFIG_ISSUE", marks=pytest.mark.prove(only=True)),
        ("404 Not Found", Reason.CALL_WRONG_NUMBER, "FAILED_INVALID_PHONENUMBER"),
    ],
)
async def test_what_the_trunk_says_is_what_the_administrator_reads(
    tmp_path: Path, sipp: Callable[..., Sipp], status: str, reason: Reason, legacy: str
) -> None:
    steps = [receive("INVITE"), respond("100 Trying", tag=""), respond(status), receive("ACK")]
    trunk = await asyncio.to_thread(sipp, steps)
    async with _trunk_server(tmp_path, trunk) as server:
        assert "Received Access-Reject" in await server.ask()
        await asyncio.to_thread(trunk.finish)
        attempt = await server.attempt()
        assert (attempt.reason, attempt.legacy_result) == (reason, legacy)
        assert any(status in line for line in await server.why()), await server.why()


async def test_a_voice_before_the_answer_is_no_answer(tmp_path: Path, sipp: Callable[..., Sipp]) -> None:
    """VOI-02: early media, as a network's announcement speaks and keys; then the call is refused."""
    steps = [
        receive("INVITE"),
        respond("183 Session Progress", sound="sendrecv"),
        speak(),
        pause(1_000),
        respond("480 Temporarily Unavailable"),
        receive("ACK"),
    ]
    trunk = await asyncio.to_thread(sipp, steps)
    async with _trunk_server(tmp_path, trunk) as server:
        assert "Received Access-Reject" in await server.ask()
        await asyncio.to_thread(trunk.finish)
        assert (await server.attempt()).reason is Reason.CALL_NO_ANSWER


@asynccontextmanager
async def _trunk_server(tmp_path: Path, trunk: Sipp) -> AsyncIterator[PhoneServer]:
    settings = {"server": "127.0.0.1", "port": trunk.port, "check_seconds": 0, "caller_id": "+4989123456"}
    async with PhoneServer(tmp_path / "state") as server:
        await server.make(
            [Configured(kind="sip", settings=settings)], [("voice", {})], rules=TenantSettings(language="de")
        )
        await server.start()
        yield server
