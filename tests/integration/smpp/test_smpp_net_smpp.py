"""The gateway against a second message center by others, Net::SMPP, which checks passwords and shows all."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from tests.inboxes import KeepingInbox
from tests.integration.smpp.texts import Opening, a_text
from tests.peers.net_smpp import PASSWORD, NetSmpp
from tests.until import until
from vestibule.crypto.secret import Secret
from vestibule.gateways.smpp import GATEWAY
from vestibule.interfaces.gateway import Receipt, Sent, Surroundings


@pytest.fixture(scope="module")
def center() -> Iterator[NetSmpp]:
    with NetSmpp() as peer:
        yield peer


async def _said(center: NetSmpp, pattern: str, after: int) -> re.Match[str]:
    return await asyncio.to_thread(center.program.wait_for, pattern, after=after)


async def test_one_connection_from_bind_to_unbind(center: NetSmpp, inbox: KeepingInbox) -> None:
    """§4: every PDU that we write is read by somebody else, and the other way round."""
    after = len(center.program.lines)
    settings = {"host": "127.0.0.1", "port": center.port, "system_id": "esme", "tls": False}
    settings |= {"system_type": "VST"}
    gateway = GATEWAY.open(settings, Secret(PASSWORD), Surroundings(gateway_id="g", inbox=inbox))
    running = asyncio.create_task(gateway.run())
    await _said(center, r"bind esme type=VST version=34 status=0$", after)
    await _said(center, "alive", after)
    assert await gateway.send(a_text("Grüße €", seconds=300)) == Sent("perl-1")
    await _said(
        center,
        r"to=4917612345678/1/1 coding=0 class=0 registered=1 validity=000000000500000R"
        r" octets=47727e1e65201b65$",
        after,
    )
    assert await gateway.send(a_text("Да 👍" * 40)) == Sent("perl-2")
    await _said(center, r"coding=8 class=64 .* octets=050003..0301", after)
    await _said(center, r"coding=8 class=64 .* octets=050003..0303", after)
    await inbox.wait_for(lambda: len(inbox.receipts) == 2)
    assert inbox.receipts == [
        Receipt(reference="perl-1", is_delivered=True),
        Receipt(reference="perl-2", is_delivered=True),
    ]
    assert await gateway.send(a_text("MO")) == Sent("perl-5")
    await inbox.wait_for(lambda: bool(inbox.replies))
    (reply,) = inbox.replies
    assert (reply.sender, reply.recipient, reply.body) == ("+4917612345678", "12345", "BENDE👍")
    await _said(center, "delivered status=0", after)
    await gateway.close()
    await _said(center, "unbind", after)
    running.cancel()
    assert not [line for line in center.program.lines[after:] if "unexpected" in line]


async def test_a_wrong_password_is_told_as_such(center: NetSmpp, gateway_at: Opening) -> None:
    with capture_logs() as logs:
        gateway = await gateway_at(center.port, is_waiting=False)
        await until(lambda: bool(logs))
        assert not gateway.is_connected
    assert logs[0]["cause"] == "smpp.cause.bind_refused ESME_RINVPASWD"
