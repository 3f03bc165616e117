"""The networks behind gateways of each kind, as the contract suite steers them.

A kind takes part by one class here, or beside, that implements `FarEnd`, and an entry in `FAR_ENDS`. The
suite fails for a registered kind that carries texts and has none.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Protocol

from tests.peers.http_server import Asked, Behavior, HttpServer, Told
from tests.peers.smsc import Relay, Smsc
from vestibule.interfaces.gateway import CallbackRequest, Gateway, TakesCallbacks


class FarEnd(Protocol):
    """One network. It is up when a test gets it; numbers are E.164 everywhere."""

    settings: Mapping[str, Any]
    """With which a gateway finds it."""
    secret: str
    wrong_settings: Mapping[str, Mapping[str, Any]]
    """By the name of the setting that is wrong: what to change to have it so."""

    def texts(self) -> list[tuple[str, str]]:
        """What it was handed, as (number, text), whether or not it answered."""
        ...

    async def is_handed(self, count: int) -> None:
        """Wait until it was handed so many texts."""
        ...

    def go_silent(self) -> None:
        """From now on take connections and requests, and answer nothing."""
        ...

    async def vanish(self) -> None:
        """End all connections and refuse new ones."""
        ...

    async def come_back(self) -> None:
        """Take connections again and answer."""
        ...

    async def tell_receipt(self, gateway: Gateway, reference: str, *, is_delivered: bool) -> None:
        """Tell the gateway what became of a text, on the way that the network has for it; return when it
        was acknowledged."""
        ...

    async def tell_reply(self, gateway: Gateway, sender: str, recipient: str, body: str) -> None:
        """Hand the gateway a text of a person; return when it was acknowledged."""
        ...


class SmppFarEnd:
    """Implements `FarEnd`: a message center by others behind a line that can be cut."""

    secret = "canary-password"
    wrong_settings: Mapping[str, Mapping[str, Any]] = {
        "host": {"host": ""},
        "port": {"port": 70_000},
        "system_id": {"system_id": "two words"},
        "ca_file": {"tls": True, "ca_file": "/nonexistent/ca.pem"},
        "window": {"window": 0},
    }

    def __init__(self, center: Smsc, relay: Relay) -> None:
        self._center = center
        self._relay = relay
        self.settings = {
            "host": "127.0.0.1",
            "port": relay.port,
            "system_id": "esme",
            "tls": False,
            "reconnect_seconds": 0.05,
        }

    def texts(self) -> list[tuple[str, str]]:
        return [(f"+{to}", body) for to, body in self._center.texts()]

    async def is_handed(self, count: int) -> None:
        await self._center.wait_for(lambda: len(self._center.texts()) == count)

    def go_silent(self) -> None:
        self._relay.hold("from")

    async def vanish(self) -> None:
        await self._relay.close()

    async def come_back(self) -> None:
        await self._relay.close()
        await self._relay.open()

    async def tell_receipt(self, gateway: Gateway, reference: str, *, is_delivered: bool) -> None:
        await self._center.receipt(reference, "DELIVRD" if is_delivered else "UNDELIV")

    async def tell_reply(self, gateway: Gateway, sender: str, recipient: str, body: str) -> None:
        octets, digits = body.encode("utf-16-be"), recipient.removeprefix("+")
        await self._center.deliver(
            octets,
            sender.removeprefix("+"),
            digits,
            data_coding=8,
            dest_addr_ton=1,
            dest_addr_npi=1,
        )


@asynccontextmanager
async def smpp() -> AsyncIterator[FarEnd]:
    async with Smsc() as center, Relay(center.port) as relay:
        yield SmppFarEnd(center, relay)


class HttpTextFarEnd:
    """Implements `FarEnd`: a provider over HTTP with JSON both ways."""

    secret = "canary-token"
    wrong_settings: Mapping[str, Mapping[str, Any]] = {
        "url": {"url": "nowhere"},
        "method": {"method": "BREW"},
        "ca_file": {"ca_file": "/nonexistent/ca.pem"},
        "timeout_seconds": {"timeout_seconds": 0},
        "receipt_state": {"receipt_state": "somewhere"},
    }

    def __init__(self, server: HttpServer) -> None:
        self._server = server
        self._before: list[Asked] = []
        self._port = server.port
        server.answer = self._takes
        self.settings = {
            "url": f"http://localhost:{server.port}/texts",
            "allow_plain_http": True,
            "format": "json",
            "fields": {"to": "{to}", "text": "{text}"},
            "authentication": "bearer",
            "reference_path": "id",
            "timeout_seconds": 1.0,
            "callback_proof": "shared_secret",
            "callback_signature": "header:X-Secret",
            "receipt_reference": "json:id",
            "receipt_state": "json:state",
            "receipt_cause": "json:cause",
            "delivered_words": ["yes"],
            "failed_words": ["no"],
            "reply_sender": "json:from",
            "reply_recipient": "json:to",
            "reply_body": "json:text",
        }

    def texts(self) -> list[tuple[str, str]]:
        told = [json.loads(asked.body) for asked in (*self._before, *self._server.asked)]
        return [(each["to"], each["text"]) for each in told]

    async def is_handed(self, count: int) -> None:
        await self._server.wait_for(count - len(self._before))

    def go_silent(self) -> None:
        self._server.answer = Behavior.HANG

    async def vanish(self) -> None:
        self._before += self._server.asked
        await self._server.__aexit__(None, None, None)

    async def come_back(self) -> None:
        if self._server.answer is Behavior.HANG:
            self._server.answer = self._takes
            return
        self._server = HttpServer(port=self._port)
        self._server.answer = self._takes
        await self._server.__aenter__()

    async def tell_receipt(self, gateway: Gateway, reference: str, *, is_delivered: bool) -> None:
        state = {"state": "yes"} if is_delivered else {"state": "no", "cause": "21"}
        await self._tell(gateway, "receipt", {"id": reference, **state})

    async def tell_reply(self, gateway: Gateway, sender: str, recipient: str, body: str) -> None:
        await self._tell(gateway, "reply", {"from": sender, "to": recipient, "text": body})

    async def _tell(self, gateway: Gateway, path: str, content: Mapping[str, str]) -> None:
        assert isinstance(gateway, TakesCallbacks)
        answer = await gateway.callback(
            CallbackRequest(
                method="POST",
                url=f"https://vestibule.example/callbacks/g/{path}",
                path=path,
                headers=(("content-type", "application/json"), ("x-secret", self.secret)),
                body=json.dumps(content).encode(),
            )
        )
        assert answer.status < 300, answer

    async def _takes(self, asked: Asked) -> Told:
        number = len(self._before) + self._server.asked.index(asked)
        return Told(200, json.dumps({"id": f"text-{number}"}).encode())


@asynccontextmanager
async def http_text() -> AsyncIterator[FarEnd]:
    async with HttpServer() as server:
        far_end = HttpTextFarEnd(server)
        try:
            yield far_end
        finally:
            await far_end.vanish()


Opening = Callable[[], Any]
"""Returns an asynchronous context manager of a `FarEnd`."""

FAR_ENDS: dict[str, Opening] = {"http_text": http_text, "smpp": smpp}
"""By the name of the kind of gateway."""
