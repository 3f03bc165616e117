"""Being known to the trunk: signing on and renewing it (RFC 3261 §10), or else asking whether it is there.

`run` never returns. Pauses grow after failures, so that a trunk that comes back is not run over.
"""

from __future__ import annotations

import asyncio
import secrets

import structlog

from vestibule.gateways.sip.credentials import MOST_TRIES, Credentials
from vestibule.gateways.sip.dialog import Dialog
from vestibule.gateways.sip.responses import PRODUCT
from vestibule.gateways.sip.trunk import Trunk
from vestibule.wire.sip import Request, Response
from vestibule.wire.sip.fields import parameter, split
from vestibule.wire.sip.message import Field
from vestibule.wire.sip.uri import Uri, read_address

logger = structlog.get_logger()

FIRST_PAUSE_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 120.0
SHORTEST_REGISTRATION_SECONDS = 20
ANSWER_SECONDS = 8.0
"""Whoever takes longer to answer is not there: calls would not be taken either."""


class Presence:
    """`is_known`: the trunk has answered lately, and taken our registration where there is one."""

    def __init__(self, trunk: Trunk, credentials: Credentials) -> None:
        self._trunk = trunk
        self._credentials = credentials
        self._dialog: Dialog | None = None
        self._seconds = trunk.settings.register_seconds
        self.is_known = False
        self._lost_by = ""

    async def run(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while True:
            seconds = await self._once()
            if seconds is not None:
                pause = FIRST_PAUSE_SECONDS
                await asyncio.sleep(seconds)
            else:
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def leave(self, seconds: float) -> None:
        """Sign off, if we are signed on; a trunk that does not answer forgets us by itself."""
        if self.is_known and self._trunk.settings.register:
            self.is_known = False
            try:
                async with asyncio.timeout(seconds):
                    await self._ask("REGISTER", (("expires", "0"),))
            except TimeoutError:
                pass

    async def _once(self) -> float | None:
        """Register or ask, once; return after how many seconds to do it again, None after a failure."""
        settings = self._trunk.settings
        try:
            await self._trunk.open()
        except OSError as problem:
            return self._lost(type(problem).__name__)
        if settings.register:
            return await self._register()
        if not settings.check_seconds:
            self.is_known = True
            return LONGEST_PAUSE_SECONDS
        # Whatever is answered, somebody is there.
        response = await self._ask("OPTIONS", (("accept", "application/sdp"),))
        return self._lost("no answer") if response is None else self._found(settings.check_seconds)

    async def _register(self) -> float | None:
        response = await self._ask("REGISTER", (("expires", str(self._seconds)),))
        if response is None:
            return self._lost("no answer")
        if response.status == 423 and (least := _number(response.first("min-expires"))):
            self._seconds = min(max(least, self._seconds), 86_400)
            response = await self._ask("REGISTER", (("expires", str(self._seconds)),))
        if response is None or response.status >= 300:
            return self._lost("no answer" if response is None else response.status_line)
        granted = max(_granted(response) or self._seconds, SHORTEST_REGISTRATION_SECONDS)
        # Renewed early enough for a few tries before it runs out.
        return self._found(max(granted * 0.8 - 5, SHORTEST_REGISTRATION_SECONDS / 2))

    async def _ask(self, method: str, fields: tuple[Field, ...]) -> Response | None:
        """Send a request and return its final response, with the password where it is asked for."""
        given: tuple[Field, ...] = ()
        response: Response | None = None
        for _ in range(MOST_TRIES):
            request = self._request(method, (*fields, *given))
            response = await self._exchange(request)
            again = self._credentials.answer(request, response) if response is not None else None
            if again is None:
                return response
            given = again
        return response

    async def _exchange(self, request: Request) -> Response | None:
        done: asyncio.Future[Response | None] = asyncio.get_running_loop().create_future()

        def received(response: Response) -> None:
            if response.status >= 200 and not done.done():
                done.set_result(response)

        def ended(_: bool) -> None:
            if not done.done():
                done.set_result(None)

        transaction = self._trunk.request(request, received, ended)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await done
        except TimeoutError:
            transaction.give_up()
            return None

    def _request(self, method: str, fields: tuple[Field, ...]) -> Request:
        settings = self._trunk.settings
        if self._dialog is None:
            # All registrations of one start have the same Call-ID, with growing numbers (§10.2.4).
            own = f"<{Uri(settings.server_domain, user=settings.user or PRODUCT.lower())}>"
            self._dialog = Dialog(
                call_id=secrets.token_hex(16),
                local=own,
                local_tag=secrets.token_hex(12),
                remote=own if settings.register else f"<{Uri(settings.server_domain)}>",
                target=str(Uri(settings.server_domain)),
                home=self._trunk.place,
            )
        contact = ("contact", self._trunk.contact(settings.user))
        return self._dialog.request(method, self._trunk.via(), (contact, ("user-agent", PRODUCT), *fields))

    def _found(self, seconds: float) -> float:
        if not self.is_known:
            logger.info("sip.trunk.found", server=self._trunk.settings.server)
        self.is_known, self._lost_by = True, ""
        return seconds

    def _lost(self, cause: str) -> float | None:
        if cause != self._lost_by:
            logger.warning("sip.trunk.lost", server=self._trunk.settings.server, cause=cause)
        self.is_known, self._lost_by = False, cause
        self._trunk.turn_to_next()
        return None


def _granted(response: Response) -> int:
    """The seconds that the trunk grants: in our Contact, or for all in Expires (§10.3)."""
    for contact in split(response.values("contact")):
        address = read_address(contact)
        expires = parameter(address.parameters, "expires") if address is not None else None
        if expires and _number(expires):
            return _number(expires)
    return _number(response.first("expires"))


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 0
