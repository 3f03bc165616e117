"""App relay: what an app asks a server behind this service is carried through the link, and the answer back.

The relay carries and decides nothing: a decision is signed by its device and judged by the server, so what is
altered or invented on the way is worth nothing there. Only what an app asks is carried (`is_carried`), which
both ends look at: the link opens no other door of a server.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from vestibule.interfaces.link import Handler, LinkDown, Links, Peer, Refused
from vestibule.interfaces.relay import APP, MALFORMED, AppAnswer, AppRequest, packed, unpacked
from vestibule.interfaces.store import Store
from vestibule.services.apps import NotActivated
from vestibule.services.service_link import Membership, ServiceLink

log = structlog.get_logger(__name__)

MOST_BODY_BYTES: Final = 32_768
CARRIED_HEADERS: Final = frozenset({"accept-language", "authorization", "content-type"})
_ASK_SECONDS: Final = 40.0
"""Longer than any list is waited for."""
_STATUSES: Final = frozenset({*range(200, 300), *range(400, 500), 503})
"""What an app can be told; anything else is a fault of the server."""
_KNOWN_SECONDS: Final = 5.0
UNAVAILABLE: Final = "unavailable"

_CARRIED: Final = {
    "v1/activate": frozenset({"POST"}),
    "v1/requests": frozenset({"POST"}),
    "v1/push": frozenset({"PUT", "DELETE"}),
    "v1/account": frozenset({"PATCH", "DELETE"}),
    "v1/move": frozenset({"GET", "POST", "DELETE"}),
}
_ANSWER: Final = re.compile(r"v1/requests/[0-9a-f]{32}/answer")

Answer = Callable[[AppRequest, str], Awaitable[AppAnswer]]
"""Answers a request that came by way of the service at that origin."""


def is_carried(method: str, path: str) -> bool:
    """Tell whether an app asks this of its server."""
    return method in _CARRIED.get(path, ()) or (method == "POST" and _ANSWER.fullmatch(path) is not None)


class ServerAway(Exception):
    """The server that an app asks cannot be asked now."""


class AppRelay:
    """The service's end."""

    def __init__(self, store: Store, links: Links, *, is_open: bool) -> None:
        self._store = store
        self._links = links
        self.is_open = is_open

    async def ask(self, relay_id: str, request: AppRequest) -> AppAnswer:
        """Return what the server answers. Raises `NotActivated` where no server is behind this relay (any
        more), `ServerAway` where none is connected."""
        link = self._links.to(relay_id)
        try:
            answer = unpacked(await link.ask(APP, packed(request), _ASK_SECONDS), AppAnswer)
        except LinkDown:
            if not await self._store.read(lambda tx: tx.has_servers(relay_id)):
                raise NotActivated from None
            raise ServerAway from None
        except Refused as refused:
            log.warning("a server does not answer its apps", relay=relay_id, why=refused.kind)
            raise ServerAway from None
        if answer.status not in _STATUSES:
            raise ServerAway
        return answer


class RelayedApps:
    """The server's end: hands on to the front end what apps ask by way of the service."""

    def __init__(self, link: ServiceLink) -> None:
        self._link = link
        self._answer: Answer | None = None
        self._known: Membership | None = None
        self._look_at = 0.0

    @property
    def handlers(self) -> dict[str, Handler]:
        """What the service may ask."""
        return {APP: self._ask}

    def open(self, answer: Answer) -> None:
        """Say who answers from now on."""
        self._answer = answer

    async def address(self) -> str:
        """Return under which address the service shows apps the way to this server, without a slash at the
        end; empty if there is no service behind this installation."""
        found = await self._membership()
        return f"{found.service}/relay/{found.peer.group_id}" if found is not None else ""

    async def _membership(self) -> Membership | None:
        now = asyncio.get_running_loop().time()
        if self._link.dials and now >= self._look_at:
            self._known, self._look_at = await self._link.membership(), now + _KNOWN_SECONDS
        return self._known

    async def _ask(self, _peer: Peer, body: bytes) -> bytes:
        request = unpacked(body, AppRequest)
        if not is_carried(request.method, request.path) or len(request.body) > MOST_BODY_BYTES:
            raise Refused(MALFORMED)
        membership = await self._membership()
        if self._answer is None or membership is None:
            raise Refused(UNAVAILABLE)
        return packed(await self._answer(request, membership.service))
