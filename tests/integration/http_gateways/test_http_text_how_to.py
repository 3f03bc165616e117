"""The worked example of docs/how-to/connect-an-http-text-gateway.md, carried out as it stands there."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from pathlib import Path
from typing import Any

from tests.integration.http_gateways.conftest import BASE, RecordingInbox, TextOpening, a_text
from tests.peers.http_server import HttpServer, Told
from vestibule.gateways.http_call import HttpCallSettings
from vestibule.gateways.http_text import HttpTextSettings
from vestibule.interfaces.gateway import CallbackRequest, NotSent, Receipt, Reply, Sent

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "connect-an-http-text-gateway.md"


def example() -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the settings that the steps of the page add up to, and those of the presets."""
    blocks = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL)]
    steps = [block for block in blocks if "preset" not in block]
    merged = {name: value for block in steps for name, value in block.items()}
    return merged, [block for block in blocks if "preset" in block]


async def test_the_example_sends(provider: HttpServer, open_text: TextOpening) -> None:
    settings, _ = example()
    gateway = open_text(**{**settings, "url": f"{provider.url}/v2/messages"}, secret="k-7f3a\nhook")
    taken = {"messages": [{"id": "km-81f2", "state": "ACCEPTED"}]}
    provider.answer = Told(202, json.dumps(taken).encode())
    assert await gateway.send(a_text(delivery_id="0123456789abcdef")) == Sent("km-81f2")
    (asked,) = provider.asked
    assert asked.headers["x-api-key"] == "k-7f3a"
    assert json.loads(asked.body) == {
        "recipients": ["4930123456"],
        "sender": "Example",
        "content": {"text": "Ihr Code: 481516", "alphabet": "gsm"},
        "ttl": 300,
        "reference": "0123456789abcdef",
        "webhook": f"{BASE}receipt",
    }
    provider.answer = Told(422, b'{"error": {"code": "NO_SUCH_NUMBER"}}')
    result = await gateway.send(a_text())
    assert result == NotSent("http_gateway.trouble.wrong_number 422 NO_SUCH_NUMBER", is_final=True)


async def test_the_example_is_called_back(open_text: TextOpening, inbox: RecordingInbox) -> None:
    settings, _ = example()
    gateway = open_text(**settings, secret="k-7f3a\nhook")
    receipt = {"message_id": "km-81f2", "state": "DELIVERED"}
    reply = {"message_id": "km-9", "from": "4930123456", "to": "4930999", "text": "481516"}
    for path, event in (("receipt", receipt), ("reply", reply)):
        body = json.dumps({"events": [event]}).encode()
        signature = hmac.new(b"hook", body, hashlib.sha256).hexdigest()
        headers = (("content-type", "application/json"), ("x-kurier-signature", f"sha256={signature}"))
        request = CallbackRequest(method="POST", url=BASE + path, path=path, headers=headers, body=body)
        assert (await gateway.callback(request)).status == 204
    assert inbox.receipts == [Receipt(reference="km-81f2", is_delivered=True, cause="DELIVERED")]
    told = Reply(sender="+4930123456", recipient="+4930999", body="481516", message_id="km-9")
    assert inbox.replies == [told]


async def test_the_presets_of_the_page_open(open_text: TextOpening) -> None:
    _, presets = example()
    assert [block["preset"] for block in presets] == ["twilio", "vonage"]
    for settings in presets:
        open_text(**settings)


def test_every_setting_is_in_the_reference() -> None:
    page = (PAGE.parents[1] / "reference" / "http-gateways.md").read_text()
    for kind in (HttpTextSettings, HttpCallSettings):
        assert [name for name in kind.__struct_fields__ if f"`{name}`" not in page] == []
