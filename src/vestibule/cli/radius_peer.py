"""The client side of RADIUS over UDP: one request, its repeats, and the one genuine reply (RFC 2865 §2.5).

Octets that are no reply to the request are kept as evidence and otherwise ignored, as RFC 2865 §3 demands:
a forged datagram must not end the wait for the real one. The outcome says what was seen; what it means for
a person is said in try_.py.
"""

import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from time import monotonic, sleep
from typing import Final, Self, TypeAlias

from vestibule.wire.radius import (
    Attribute,
    CheckedReply,
    Message,
    ReplyFault,
    SharedSecret,
    check_reply,
    decode,
)
from vestibule.wire.radius.answer import SIGN_IN_CODES
from vestibule.wire.radius.numbers import ACCESS_ACCEPT, ACCESS_REQUEST, STATUS_SERVER, USER_PASSWORD

DEFAULT_PORT: Final = 1812
_LARGEST_DATAGRAM: Final = 65_535
_ACCOUNTING_RESPONSE: Final = 5
_CLOSED_PORT_PAUSE_SECONDS: Final = 0.3
_SOON_SECONDS: Final = 1.5


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a server listens."""

    host: str
    port: int = DEFAULT_PORT

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """`host`, `host:port`, `[2001:db8::1]:port` or a bare IPv6 address. Raises ValueError for anything
        else.
        """
        host, _, port = text.rpartition(":") if text.count(":") == 1 or "]:" in text else (text, "", "")
        host = host.removeprefix("[").removesuffix("]")
        number = int(port) if port else DEFAULT_PORT
        if not host or not 0 < number < 65_536:
            raise ValueError(f"{text!r} is no host or host:port")
        return cls(host, number)


@dataclass(frozen=True, slots=True)
class Answered:
    """A genuine reply came."""

    request: Message
    reply: CheckedReply
    seconds: float
    transmissions: int


@dataclass(frozen=True, slots=True)
class NotAnswered:
    """No genuine reply came in time; `faults` is what came instead, in order."""

    local_address: str
    seconds: float
    transmissions: int
    is_port_closed: bool
    faults: tuple[ReplyFault, ...] = ()


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Nothing could be sent; `detail` is the system's own words."""

    detail: str


Exchange: TypeAlias = Answered | NotAnswered | Unreachable


@dataclass(slots=True)
class RadiusPeer:
    """A RADIUS client of one server. `tries` transmissions, each awaited for `timeout_seconds`."""

    server: Endpoint
    secret: SharedSecret
    random_bytes: Callable[[int], bytes]
    timeout_seconds: float = 5.0
    tries: int = 3
    patience_seconds: float = 0.0
    """How long an answer is awaited in all, even when the last transmission was long ago."""
    on_patience: Callable[[], None] | None = None
    """Called once for each request that is not answered soon."""
    _identifier: int = field(init=False, repr=False)
    _socket: socket.socket | None = field(init=False, default=None, repr=False)

    def __post_init__(self) -> None:
        self._identifier = self.random_bytes(1)[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._socket:
            self._socket.close()
            self._socket = None

    def sign_in(self, password: bytes | None, attributes: Iterable[Attribute]) -> Exchange:
        """One Access-Request; `password` is hidden with this request's authenticator. None sends none."""
        authenticator = self.random_bytes(16)
        hidden = [] if password is None else [(USER_PASSWORD, self.secret.hide(password, authenticator))]
        return self._exchange(
            self._request(ACCESS_REQUEST, authenticator, [*attributes, *hidden]), SIGN_IN_CODES
        )

    def status(self) -> Exchange:
        """One Status-Server (RFC 5997); an accounting port answers with its own code."""
        request = self._request(STATUS_SERVER, self.random_bytes(16), [])
        return self._exchange(request, (ACCESS_ACCEPT, _ACCOUNTING_RESPONSE))

    def _request(self, code: int, authenticator: bytes, attributes: list[Attribute]) -> Message:
        # Another identifier for every request: the server would take the same one for a repeat or a
        # replacement.
        self._identifier = (self._identifier + 1) % 256
        message = decode(self.secret.encode_request(code, self._identifier, authenticator, attributes))
        assert isinstance(message, Message)
        return message

    def _exchange(self, request: Message, codes: tuple[int, ...]) -> Exchange:
        began = monotonic()
        try:
            connection = self._connected()
        except OSError as problem:
            return Unreachable(problem.strerror or str(problem))
        except UnicodeError:
            return Unreachable(f"{self.server.host!r} cannot be a host name")
        local_address = str(connection.getsockname()[0])
        faults: list[ReplyFault] = []
        is_port_closed = False
        for transmission in range(1, self.tries + 1):
            deadline = monotonic() + self.timeout_seconds
            if transmission == self.tries:
                deadline = max(deadline, began + self.patience_seconds)
            try:
                connection.send(request.octets)
                reply = None
                if transmission == 1 and self.on_patience is not None:
                    soon = min(deadline, began + _SOON_SECONDS)
                    reply = self._await(connection, request, codes, soon, faults)
                    if reply is None:
                        self.on_patience()
                reply = reply or self._await(connection, request, codes, deadline, faults)
            except ConnectionRefusedError:
                # The host says that nothing listens there. It may be starting, so the other tries are still
                # made.
                is_port_closed = True
                sleep(min(_CLOSED_PORT_PAUSE_SECONDS, self.timeout_seconds))
                continue
            except OSError as problem:
                return Unreachable(problem.strerror or str(problem))
            if reply:
                return Answered(request, reply, monotonic() - began, transmission)
        return NotAnswered(local_address, monotonic() - began, self.tries, is_port_closed, tuple(faults))

    def _connected(self) -> socket.socket:
        if self._socket is None:
            found = socket.getaddrinfo(self.server.host, self.server.port, type=socket.SOCK_DGRAM)
            family, kind, protocol, _, address = found[0]
            connection = socket.socket(family, kind, protocol)
            try:
                connection.connect(address)
            except OSError:
                connection.close()
                raise
            self._socket = connection
        return self._socket

    def _await(
        self,
        connection: socket.socket,
        request: Message,
        codes: tuple[int, ...],
        deadline: float,
        faults: list[ReplyFault],
    ) -> CheckedReply | None:
        while (left := deadline - monotonic()) > 0:
            connection.settimeout(left)
            try:
                datagram = connection.recv(_LARGEST_DATAGRAM)
            except TimeoutError:
                return None
            checked = check_reply(datagram, request, self.secret, codes)
            if isinstance(checked, CheckedReply):
                return checked
            faults.append(checked)
        return None
