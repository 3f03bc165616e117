"""A door for callbacks on a real socket: hands each request to a gateway as the HTTP front end does."""

from __future__ import annotations

from types import TracebackType

from tests.peers.http_server import Asked, HttpServer, Told
from vestibule.interfaces.gateway import CallbackRequest, TakesCallbacks

PREFIX = "/callbacks/gateway-1/"


class CallbackDoor:
    """`gateway` is put in once it is open, since it wants to know the address first."""

    def __init__(self) -> None:
        self.gateway: TakesCallbacks | None = None
        self.server = HttpServer()
        self.server.answer = self._answer

    @property
    def url(self) -> str:
        return self.server.url + PREFIX

    async def __aenter__(self) -> CallbackDoor:
        await self.server.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.server.__aexit__(kind, problem, trace)

    async def _answer(self, asked: Asked) -> Told:
        assert self.gateway is not None
        answer = await self.gateway.callback(
            CallbackRequest(
                method=asked.method,
                url=self.server.url + asked.target,
                path=asked.path.removeprefix(PREFIX),
                query=tuple(asked.query),
                headers=tuple(asked.headers.items()),
                body=asked.body,
            )
        )
        headers = {"Content-Type": answer.content_type} if answer.content_type else {}
        return Told(answer.status, answer.body, headers)
