"""An app's request that came over the link: answered by the application as if it had come on a connection."""

from __future__ import annotations

from typing import Any, cast

from litestar.types import ASGIApp, HTTPScope, Message, Receive, Send

from vestibule.frontends.http.site import MAY_WAIT, SERVICE
from vestibule.interfaces.relay import AppAnswer, AppRequest
from vestibule.services.app_relay import CARRIED_HEADERS


class RelayedApp:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, request: AppRequest, service: str) -> AppAnswer:
        heard: list[Message] = []
        is_read = False

        async def receive() -> Any:
            nonlocal is_read
            if is_read:
                return {"type": "http.disconnect"}
            is_read = True
            return {"type": "http.request", "body": request.body, "more_body": False}

        async def send(message: Message) -> None:
            heard.append(message)

        await self._app(_scope(request, service), cast("Receive", receive), cast("Send", send))
        return _answer(heard)


def _scope(request: AppRequest, service: str) -> HTTPScope:
    path = f"/app/{request.path}"
    headers = [
        (name.encode("latin-1"), value.encode("latin-1"))
        for name, value in request.headers
        if name in CARRIED_HEADERS
    ]
    length = str(len(request.body)).encode()
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "https",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": request.query.encode("latin-1"),
        "headers": [(b"host", b"relay"), (b"content-length", length), *headers],
        "client": (request.client_address, 0) if request.client_address else None,
        "server": ("relay", 443),
        "state": {},
        "extensions": {},
        SERVICE: service,
        MAY_WAIT: request.may_wait,
    }
    return cast("HTTPScope", scope)


def _answer(heard: list[Message]) -> AppAnswer:
    started: dict[str, Any] = next(dict(each) for each in heard if each["type"] == "http.response.start")
    headers = {name.lower(): value for name, value in started["headers"]}
    body = b"".join(bytes(dict(each).get("body", b"")) for each in heard)  # type: ignore[call-overload] # a message of any kind
    return AppAnswer(
        status=started["status"], retry_after=headers.get(b"retry-after", b"").decode("latin-1"), body=body
    )
