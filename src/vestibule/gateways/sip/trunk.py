"""The trunk: who it is, the way to it, and the transactions with it.

Only the trunk is listened to: its addresses are those of its name and the ones an administrator has added.
Anything from elsewhere is dropped before it is looked at (VOI-07), and nothing is ever sent elsewhere,
whatever a message says about routes and contacts.
"""

from __future__ import annotations

import asyncio
import ipaddress
import secrets
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import cast

from vestibule.gateways.sip.dialog import Dialog
from vestibule.gateways.sip.links import Link, Place, address_towards, open_link
from vestibule.gateways.sip.responses import response_to
from vestibule.gateways.sip.settings import SipSettings
from vestibule.gateways.sip.timing import Timers
from vestibule.gateways.sip.transactions import Answered, ClientTransaction, branch_of
from vestibule.wire.sip import Request, Response, encode
from vestibule.wire.sip.fields import parameter, read_via, split
from vestibule.wire.sip.message import Field
from vestibule.wire.sip.uri import Uri, read_uri

OPEN_SECONDS = 3.0
MOST_TRANSACTIONS = 20_000
MOST_ADDRESSES = 64
MOST_LATE = 1_000


class Trunk:
    """Opens its link when it is first needed and again after it was lost."""

    def __init__(self, settings: SipSettings, on_request: Callable[[Request, Place], None]) -> None:
        """Raises ValueError naming `ca_file` when it cannot be read."""
        self.settings = settings
        self._on_request = on_request
        self._context = _tls_context(settings)
        self._networks = settings.networks
        self._known: dict[str, None] = {}
        self._silent = ""
        self._is_stale = False
        self._is_closed = False
        self._late: set[asyncio.Future[None]] = set()
        self._link: Link | None = None
        self._opening = asyncio.Lock()
        self._news = asyncio.Event()
        self._transactions: dict[tuple[str, str], ClientTransaction] = {}
        self._answered: Answered | None = None
        self._seen_as: Place | None = None
        self.place: Place = ("", 0)

    @property
    def timers(self) -> Timers:
        return cast(Timers, asyncio.get_running_loop())

    @property
    def is_open(self) -> bool:
        return self._link is not None and self._link.is_open

    @property
    def is_reliable(self) -> bool:
        return self._link is not None and self._link.is_reliable

    @property
    def host(self) -> str:
        """Our address, as sound is to be sent to."""
        return self.settings.public_address or self.local_host

    @property
    def local_host(self) -> str:
        return self._link.here[0] if self._link is not None else ""

    async def open(self) -> None:
        """Find the trunk and open the link, if it is not open; raises OSError, and TimeoutError is one."""
        async with self._opening:
            if self._is_closed:
                raise OSError("closed")
            if self.is_open and not self._is_stale:
                return
            async with asyncio.timeout(OPEN_SECONDS):
                await self._open()

    def turn_to_next(self) -> None:
        """Look for another way: this address of the trunk does not answer."""
        self._is_stale = True
        self._silent = self.place[0]
        if self._link is not None and self.is_reliable:
            self._link.close()
            self._link = None

    async def farewells(self, seconds: float) -> None:
        """Wait until what was hung up, taken back or refused is answered, but not for longer than this."""
        try:
            async with asyncio.timeout(seconds):
                while any(not one.has_answer for one in self._transactions.values()):
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            return

    def close(self) -> None:
        """Give the link back, for good."""
        self._is_closed = True
        for transaction in list(self._transactions.values()):
            transaction.abandon()
        self._transactions.clear()
        for task in self._late:
            task.cancel()
        if self._link is not None:
            self._link.close()
            self._link = None

    # What is sent.

    def via(self) -> Field:
        """A topmost Via with a new branch. `rport` asks to be answered where we came from (RFC 3581)."""
        host, port = self._link.here if self._link is not None else ("", 0)
        transport = self.settings.transport.upper()
        branch = f"z9hG4bK{secrets.token_hex(12)}"
        return "via", f"SIP/2.0/{transport} {Uri(host, port).place};branch={branch};rport"

    def contact(self, user: str) -> str:
        """Where requests to us are to go: as the trunk sees us, if it has said so."""
        here = self._link.here if self._link is not None else ("", 0)
        host, port = self._seen_as or (self.host, here[1])
        way = () if self.settings.transport == "udp" else (("transport", self.settings.transport),)
        return f"<{Uri(host, port, user, parameters=way)}>"

    def request(
        self,
        request: Request,
        on_response: Callable[[Response], None],
        on_end: Callable[[bool], None],
        place: Place | None = None,
    ) -> ClientTransaction:
        """Send a request, again where needed, and return its transaction. `on_end(True)`: no answer came."""
        key = (branch_of(request), request.method)

        def ended(is_silent: bool) -> None:
            self._transactions.pop(key, None)
            on_end(is_silent)

        transaction = ClientTransaction(
            request,
            lambda data: self.send(data, place),
            self.timers,
            is_reliable=self.is_reliable,
            on_response=on_response,
            on_end=ended,
        )
        if len(self._transactions) >= MOST_TRANSACTIONS:
            self._transactions.pop(next(iter(self._transactions))).abandon()
        self._transactions[key] = transaction
        transaction.start()
        return transaction

    def respond(
        self, request: Request, place: Place, status: int, reason: str, fields: tuple[Field, ...] = (),
        *, tag: str = "", body: bytes = b"",
    ) -> bytes:  # fmt: skip
        """Answer a request where it came from, and the same way if it comes again; return the bytes."""
        data = encode(response_to(request, place, status, reason, fields, tag, body))
        if status >= 200 and request.method != "ACK" and self._answered is not None:
            self._answered.keep(request, data)
        self.send(data, place)
        return data

    def send(self, data: bytes, place: Place | None = None) -> None:
        """Send bytes to a place of the trunk, over a new connection if the one there was is lost."""
        if self._link is not None and self._link.is_open:
            self._link.send(data, place or self.place)
        elif not self._is_closed and len(self._late) < MOST_LATE:
            task = asyncio.ensure_future(self._send_late(data, place))
            self._late.add(task)
            task.add_done_callback(self._late.discard)

    async def _send_late(self, data: bytes, place: Place | None) -> None:
        # Whether anybody got it, the transaction finds out.
        with suppress(OSError):
            await self.open()
            assert self._link is not None
            self._link.send(data, place or self.place)

    def place_of(self, uri: str) -> Place | None:
        """Return where a URI leads if that is the trunk; None: the way we know is the better one."""
        found = read_uri(uri)
        if found is None or not self.is_known(found.host) or self.is_reliable:
            return None
        return found.host, found.port or 5060

    def place_for(self, dialog: Dialog) -> Place:
        """Return where requests of a dialog go: where its routes lead, else where it began."""
        return self.place_of(dialog.next_hop) or dialog.home

    def is_known(self, host: str) -> bool:
        """Whether this numeric address is one of the trunk's."""
        if host in self._known:
            return True
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return False
        return any(address in network for network in self._networks)

    # What comes in.

    def _receive(self, message: Request | Response, place: Place) -> None:
        if not self.is_known(place[0]):
            return
        if isinstance(message, Response):
            self._receive_response(message)
        elif (repeated := self._answered.find(message) if self._answered else None) is not None:
            self.send(repeated, place)
        else:
            self._on_request(message, place)

    def _receive_response(self, response: Response) -> None:
        transaction = self._transactions.get((branch_of(response), response.sequence[1]))
        # More than one Via means that it went astray (RFC 3261 §8.1.3.3).
        if transaction is None or len(split(response.values("via"))) != 1:
            return
        self._learn_place(response)
        self._news.set()
        transaction.receive(response)

    def _learn_place(self, response: Response) -> None:
        via = read_via(response.first("via"))
        port = parameter(via.parameters, "rport") if via is not None else None
        if via is None or not port or not port.isascii() or not port.isdigit() or self.is_reliable:
            return
        host = parameter(via.parameters, "received") or (self._seen_as or (self.host, 0))[0]
        if not self.settings.public_address and 0 < int(port[:6]) < 65_536 and _is_address(host):
            self._seen_as = (host, int(port))

    async def _open(self) -> None:
        self._answered = self._answered or Answered(self.timers)
        problem: OSError = OSError("no address")
        for address in await self._addresses():
            place = (address, self.settings.server_port)
            try:
                if not self.is_open or (":" in address) != (":" in self.local_host):
                    self._link = await self._open_link(place)
            except OSError as error:
                problem = error
            else:
                self.place, self._is_stale = place, False
                return
        raise problem

    async def _addresses(self) -> list[str]:
        """Look the trunk's name up. An address that was silent is tried last; calls that are up go on with
        the address they know."""
        server = self.settings.server
        found = await asyncio.get_running_loop().getaddrinfo(server, self.settings.server_port)
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        for address in addresses:
            self._known.pop(address, None)
            self._known[address] = None
        while len(self._known) > MOST_ADDRESSES:
            self._known.pop(next(iter(self._known)))
        return sorted(addresses, key=lambda address: address == self._silent)

    async def _open_link(self, place: Place) -> Link:
        settings = self.settings
        here = (settings.local_address or address_towards(place), settings.local_port)
        return await open_link(
            settings.transport, self._receive, place, here, context=self._context, host=settings.server
        )


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _tls_context(settings: SipSettings) -> ssl.SSLContext | None:
    if settings.transport != "tls":
        return None
    try:
        return ssl.create_default_context(cafile=settings.ca_file or None)
    except (OSError, ssl.SSLError):
        raise ValueError("ca_file: cannot be read as certificates") from None
