"""The whole product over SMPP: radclient signs in, a text goes to a message center by others, and back.

`vestibule serve` is a process of its own, the message center is smpp34's. Receipts, replies, an outage of the
center, alphabets that are not ours, and another gateway in place of a dead one (SMS-01, SMS-05, S51, S52).

What only `make prove` goes through is also in test_texts.py, whose gateway is the test, and in
tests/integration/smpp, where no server is: a start of the program takes longer than all of those.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.integration.phone.test_radius_waits import state_in
from tests.peers.ports import free_port
from tests.peers.smsc import Relay, Smsc
from tests.phone_servers import NUMBER, Configured, PhoneServer
from tests.until import until_read
from vestibule.model.delivery import Delivery, DeliveryState
from vestibule.model.tenant import TenantSettings
from vestibule.model.verification import Reason, VerificationState

GERMAN = (
    "Guten Tag! Jemand hat sich soeben mit Ihrem Kennwort bei {application} angemeldet. Waren Sie es, "
    "so geben Sie bitte dies ein: {passcode}. Waren Sie es nicht, so ändern Sie Ihr Kennwort und rufen Sie "
    "uns an. Fragen beantwortet die Hotline über Tag und Nacht, auch an Feiertagen. Grüße, Ihre IT"
)
CYRILLIC = (
    "Здравствуйте! Код для входа в {application}: {passcode}. Никому его не сообщайте, даже сотрудникам."
)


@pytest.fixture
async def smsc() -> AsyncIterator[Smsc]:
    async with Smsc() as center:
        yield center


def at(center: Smsc | Relay, **more: Any) -> Configured:
    settings = {"host": "127.0.0.1", "port": center.port, "system_id": "esme", "tls": False}
    return Configured(
        kind="smpp", settings={**settings, "reconnect_seconds": 0.1}, secret="canary-password", **more
    )


@pytest.fixture
def served(tmp_path: Path) -> Callable[..., Any]:
    """`async with served([at(smsc)], two_way=True) as server`: alive, and connected."""

    @asynccontextmanager
    async def open_(
        gateways: list[Configured], *, two_way: bool = False, rules: TenantSettings | None = None
    ) -> AsyncIterator[PhoneServer]:
        async with PhoneServer(tmp_path / "state") as server:
            await server.make(gateways, [("sms", {"two_way": two_way})], rules=rules)
            await server.start()
            yield server

    return open_


async def passcode_at(center: Smsc, texts: int = 1) -> str:
    """Wait for the newest of so many texts, and return the passcode in it."""
    await center.wait_for(lambda: len(_whole(center)) >= texts)
    to, body = _whole(center)[texts - 1]
    assert to == NUMBER.removeprefix("+")
    found = re.search(r"\b\d{6}\b", body)
    assert found is not None
    return found[0]


def _whole(center: Smsc) -> list[tuple[str, str]]:
    """Return the texts all parts of which are there."""
    last = center.taken[-1].short_message if center.taken else b""
    is_part = bool(center.taken) and bool(center.taken[-1].esm_class & 0x40)
    return [] if is_part and last[4] != last[5] else center.texts()


async def until(server: PhoneServer, state: DeliveryState, reference: str = "id-1") -> Delivery:
    """Wait until a delivery stands so."""
    return await until_read(lambda: server.delivery(reference), lambda found: found.state is state)


async def test_the_texted_passcode_is_typed_and_its_receipt_noted(
    smsc: Smsc, served: Callable[..., Any]
) -> None:
    async with served([at(smsc)]) as server:
        shown = await server.ask()
        assert "Received Access-Challenge" in shown
        passcode = await passcode_at(smsc)
        assert await smsc.receipt("id-1", "DELIVRD") == 0
        delivery = await until(server, DeliveryState.DELIVERED)
        assert delivery.sealed_body == b"", "what was sent is kept nowhere"
        shown = await server.ask(passcode, f"State = {state_in(shown)}")
        assert "Received Access-Accept" in shown
        attempt = await server.attempt()
        assert (attempt.reason, attempt.legacy_result) == (
            Reason.TEXT_VERIFIED,
            "SUCCESS_SMS_AUTHENTICATED",
        )
        assert attempt.phone == NUMBER
        assert passcode not in server.process.output
        assert "Received Access-Challenge" in await server.ask(), "CH-08: the next sign-in is asked anew"
        assert "canary-password" not in server.process.output


@pytest.mark.prove(only=True)
async def test_a_text_that_does_not_arrive_ends_the_attempt(smsc: Smsc, served: Callable[..., Any]) -> None:
    """The administrator reads what the network said."""
    async with served([at(smsc)]) as server:
        shown = await server.ask()
        passcode = await passcode_at(smsc)
        await until(server, DeliveryState.SENT)
        await smsc.receipt("id-1", "UNDELIV", "027")
        await until(server, DeliveryState.FAILED)
        assert "Received Access-Reject" in await server.ask(passcode, f"State = {state_in(shown)}")
        denied = (await server.attempts())[0]
        assert (denied.state, denied.reason) == (VerificationState.DENIED, Reason.TEXT_NOT_SENT)
        told = await server.command("attempts", "show", denied.verification_id)
        assert "UNDELIV 027" in told


async def test_the_reply_opens_the_door(smsc: Smsc, served: Callable[..., Any]) -> None:
    async with served([at(smsc)], two_way=True) as server:
        asked = asyncio.create_task(server.ask())
        passcode = await passcode_at(smsc)
        assert await smsc.deliver(b"000000", sender="4915199999999") == 0, "a stranger's is taken and ignored"
        assert await smsc.deliver(passcode.encode(), sender=NUMBER.removeprefix("+")) == 0
        assert "Received Access-Accept" in await asked
        attempt = await server.attempt()
        assert attempt.reason is Reason.TEXT_VERIFIED


async def test_the_message_center_comes_back_while_a_vpn_waits(
    smsc: Smsc, served: Callable[..., Any]
) -> None:
    """The center is gone when the person replies, and delivers as soon as it is back (SMS-06)."""
    async with Relay(smsc.port) as relay, served([at(relay)], two_way=True) as server:
        asked = asyncio.create_task(server.ask())
        passcode = await passcode_at(smsc)
        await relay.close()
        await relay.open()
        await smsc.wait_for(lambda: smsc.binds == 2)
        assert await smsc.deliver(passcode.encode(), sender=NUMBER.removeprefix("+")) == 0
        assert "Received Access-Accept" in await asked
        assert len(smsc.texts()) == 1, "nothing was sent twice"
        assert len(await server.attempts()) == 1


@pytest.mark.prove(only=True)
async def test_a_sign_in_during_an_outage_is_told_and_the_next_one_works(
    smsc: Smsc, served: Callable[..., Any]
) -> None:
    async with Relay(smsc.port) as relay, served([at(relay)], two_way=True) as server:
        await smsc.wait_for(lambda: smsc.binds == 1)
        await relay.close()
        assert "Received Access-Reject" in await server.ask()
        failed = await server.attempt()
        assert failed.reason is Reason.TEXT_NOT_SENT
        assert any("message center" in line for line in await server.why()), await server.why()
        await relay.open()
        await smsc.wait_for(lambda: smsc.binds == 2)
        asked = asyncio.create_task(server.ask())
        passcode = await passcode_at(smsc)
        await smsc.deliver(passcode.encode(), sender=NUMBER.removeprefix("+"))
        assert "Received Access-Accept" in await asked


@pytest.mark.parametrize(
    ("template", "coding"), [(GERMAN, 0), pytest.param(CYRILLIC, 8, marks=pytest.mark.prove(only=True))]
)
async def test_long_texts_of_the_house_arrive_whole(
    smsc: Smsc, served: Callable[..., Any], template: str, coding: int
) -> None:
    """SMS-05: in parts, in the alphabet that fits."""
    rules = TenantSettings(text_templates={"en": template})
    async with served([at(smsc)], rules=rules) as server:
        shown = await server.ask()
        passcode = await passcode_at(smsc)
        ((_, body),) = smsc.texts()
        assert body == template.format(application="Bergwerk", passcode=passcode)
        assert len(smsc.taken) > 1
        assert {part.data_coding for part in smsc.taken} == {coding}
        assert "Received Access-Accept" in await server.ask(passcode, f"State = {state_in(shown)}")


@pytest.mark.prove(only=True)
async def test_another_gateway_takes_the_place_of_a_dead_one(smsc: Smsc, served: Callable[..., Any]) -> None:
    """One attempt, one delivery, one text; the dead gateway was asked first."""
    dead = Configured(
        kind="http_text",
        name="dead",
        priority=1,
        settings={
            "url": f"http://127.0.0.1:{free_port()}/send",
            "allow_plain_http": True,
            "fields": {"to": "{to}", "text": "{text}"},
        },
    )
    async with served([dead, at(smsc, priority=2)]) as server:
        await smsc.wait_for(lambda: smsc.binds == 1)
        shown = await server.ask()
        passcode = await passcode_at(smsc)
        sent = await server.delivery("id-1", "gateway-1")
        assert (sent.gateway_id, sent.tried) == ("gateway-1", ("gateway-0", "gateway-1"))
        assert "Received Access-Accept" in await server.ask(passcode, f"State = {state_in(shown)}")
        assert len(await server.attempts()) == 1
        assert len(smsc.texts()) == 1
        assert "gateway did not send" in server.process.output
        print(f"failover: the text was there {sent.sent_at - sent.created_at} ms after the password")
