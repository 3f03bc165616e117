"""A provider to ask, a door for its callbacks, and an inbox that remembers what it was told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any

import msgspec
import pytest

from tests.peers.callback_door import CallbackDoor
from tests.peers.http_server import HttpServer
from tests.peers.telephony import ACCOUNT, TOKEN, TelephonyPeer
from vestibule.crypto.secret import Secret
from vestibule.gateways.http_call import GATEWAY as HTTP_CALL
from vestibule.gateways.http_call import HttpCallGateway
from vestibule.gateways.http_text import GATEWAY as HTTP_TEXT
from vestibule.gateways.http_text import HttpTextGateway
from vestibule.interfaces.gateway import Receipt, Reply, Sound, Surroundings, Text
from vestibule.model.call import CallEvent, Instruction, Spoken

BASE = "https://signin.example.com/callbacks/gateway-1/"
PASSCODE = "481516"


class RecordingInbox:
    """Implements `Inbox`; `plan` are the instructions for one event after the other."""

    def __init__(self) -> None:
        self.receipts: list[Receipt] = []
        self.replies: list[Reply] = []
        self.events: list[CallEvent] = []
        self.numbers: list[int] = []
        """Which event each was, as the gateway counts them."""
        self.delivery_ids: set[str] = set()
        self.asked_for: list[Spoken] = []
        self.plan: list[Sequence[Instruction]] = []

    async def receipt(self, receipt: Receipt) -> None:
        self.receipts.append(receipt)

    async def reply(self, reply: Reply) -> None:
        self.replies.append(reply)

    async def on_call(self, delivery_id: str, event: CallEvent) -> tuple[Instruction, ...]:
        self.delivery_ids.add(delivery_id)
        self.numbers.append(event.number)
        self.events.append(msgspec.structs.replace(event, number=0))
        return tuple(self.plan.pop(0)) if self.plan else ()

    async def sound(self, spoken: Spoken) -> Sound:
        self.asked_for.append(spoken)
        return Sound(b"\x01\x00" * 800)

    @property
    def kinds(self) -> list[str]:
        return [event.kind.value for event in self.events]


def a_text(**changes: Any) -> Text:
    given: dict[str, Any] = {
        "delivery_id": "0123456789abcdef0123456789abcdef",
        "to": "+4930123456",
        "body": Secret(f"Ihr Code: {PASSCODE}"),
        "valid_seconds": 300,
    }
    return Text(**{**given, **changes})


@pytest.fixture
def inbox() -> RecordingInbox:
    return RecordingInbox()


@pytest.fixture
async def provider() -> AsyncIterator[HttpServer]:
    async with HttpServer() as server:
        yield server


@pytest.fixture
async def telephony() -> AsyncIterator[TelephonyPeer]:
    async with TelephonyPeer() as peer:
        yield peer


@pytest.fixture
async def door() -> AsyncIterator[CallbackDoor]:
    async with CallbackDoor() as door:
        yield door


TextOpening = Callable[..., HttpTextGateway]
CallOpening = Callable[..., HttpCallGateway]


@pytest.fixture
async def open_text(inbox: RecordingInbox) -> AsyncIterator[TextOpening]:
    """`gateway = open_text(secret="…", url=…, …)`."""
    async with AsyncExitStack() as stack:

        def open_(*, secret: str = "s3cret", callback_url: str = BASE, **settings: Any) -> HttpTextGateway:
            surroundings = Surroundings(gateway_id="gateway-1", inbox=inbox, callback_url=callback_url)
            given = {"allow_plain_http": True, "timeout_seconds": 5.0, **settings}
            gateway = HTTP_TEXT.open(given, Secret(secret), surroundings)
            stack.push_async_callback(gateway.close)
            return gateway

        yield open_


@pytest.fixture
async def open_call(inbox: RecordingInbox) -> AsyncIterator[CallOpening]:
    """`gateway = open_call(telephony.url, callback_url=door.url, …)`."""
    async with AsyncExitStack() as stack:

        def open_(
            base_url: str, *, secret: str = TOKEN, callback_url: str = BASE, **settings: Any
        ) -> HttpCallGateway:
            surroundings = Surroundings(gateway_id="gateway-1", inbox=inbox, callback_url=callback_url)
            given = {
                "base_url": base_url,
                "allow_plain_http": True,
                "account": ACCOUNT,
                "caller_id": "+49301000",
                "timeout_seconds": 5.0,
                **settings,
            }
            gateway = HTTP_CALL.open(given, Secret(secret), surroundings)
            stack.push_async_callback(gateway.close)
            return gateway

        yield open_
