"""UDP sockets that answer from the address that was asked.

A server with several addresses (a second network, an address that moves between nodes) that listens on all
of them must reply from the one the client sent to, or the client drops the reply. The kernel tells that
address and takes it back (RFC 3542 §6, and the same for IPv4 on Linux). A socket that is bound to one
address needs none of it.
"""

from __future__ import annotations

import socket
import struct
from ipaddress import ip_address
from typing import Any, Final, TypeAlias

from vestibule.wire.radius import Message

Source: TypeAlias = tuple[Any, ...]
"""An address as the socket module gives it: host, port, and two numbers more for IPv6."""

Arrival: TypeAlias = bytes | None
"""Packet information with which a reply leaves from where its request arrived; None where there is no
choice.
"""

# RADIUS reads 4096 octets at most; more would be padding behind the Length field (RFC 2865 §3).
_LARGEST: Final = 4096
_RECEIVE_BUFFER: Final = 4 * 1024 * 1024
# <linux/in.h>; the socket module names it only from Python 3.14 on.
_IP_PKTINFO: Final = 8
_ANCILLARY: Final = 128


class ReturnPath:
    """Where a datagram came from and through which of our addresses: the way its reply takes."""

    __slots__ = ("_arrival", "_socket", "source")

    def __init__(self, opened: DatagramSocket, source: Source, arrival: bytes | None) -> None:
        self._socket = opened
        self._arrival = arrival
        self.source = source

    @property
    def host(self) -> str:
        """The address of who asks."""
        return str(self.source[0])

    salt = b""

    def key_of(self, message: Message) -> tuple[object, ...]:
        """Return what tells a request: our socket, its sender's address and port, its identifier."""
        return (self._socket.fileno(), *self.source, message.identifier)

    def distrust(self) -> None:
        """A datagram that is no packet of RADIUS says nothing of those that follow."""

    def send(self, datagram: bytes) -> bool:
        """Send; False if the kernel has no room or the way there is gone."""
        try:
            self._socket.send(datagram, self.source, self._arrival)
        except OSError:
            return False
        return True


class DatagramSocket:
    """One bound socket; never waits."""

    def __init__(self, host: str, port: int) -> None:
        """Bind to a numeric address; raises OSError if it is taken or not ours."""
        address = ip_address(host)
        self._is_ipv6 = address.version == 6
        self._is_wildcard = address.is_unspecified
        self._socket = socket.socket(socket.AF_INET6 if self._is_ipv6 else socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._prepare()
            self._socket.bind((host, port))
        except OSError:
            self._socket.close()
            raise

    def fileno(self) -> int:
        return self._socket.fileno()

    def close(self) -> None:
        self._socket.close()

    @property
    def address(self) -> str:
        """Where it listens, as people write it."""
        host, port = self._socket.getsockname()[:2]
        return f"[{host}]:{port}" if self._is_ipv6 else f"{host}:{port}"

    def receive(self) -> tuple[bytes, ReturnPath]:
        """Take one datagram; raises BlockingIOError if there is none."""
        if not self._is_wildcard:
            datagram, source = self._socket.recvfrom(_LARGEST)
            return datagram, ReturnPath(self, source, None)
        datagram, ancillary, _, source = self._socket.recvmsg(_LARGEST, _ANCILLARY)
        arrival = self._reply_information(ancillary[0][2]) if ancillary else None
        return datagram, ReturnPath(self, source, arrival)

    def send(self, datagram: bytes, target: Source, arrival: bytes | None) -> None:
        """Send, from the address that `arrival` names; raises OSError."""
        if arrival is None:
            self._socket.sendto(datagram, target)
        else:
            self._socket.sendmsg([datagram], [(*self._kind, arrival)], 0, target)

    @property
    def _kind(self) -> tuple[int, int]:
        if self._is_ipv6:
            return socket.IPPROTO_IPV6, socket.IPV6_PKTINFO
        return socket.IPPROTO_IP, _IP_PKTINFO

    def _prepare(self) -> None:
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        if self._is_ipv6:
            # IPv4 has a socket of its own: one that takes both shows IPv4 clients under strange addresses.
            self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if self._is_wildcard:
            option = socket.IPV6_RECVPKTINFO if self._is_ipv6 else _IP_PKTINFO
            self._socket.setsockopt(self._kind[0], option, 1)

    def _reply_information(self, content: bytes) -> bytes:
        if self._is_ipv6:
            return content
        # struct in_pktinfo: interface, local address, destination of the header. For a reply the second is
        # the source to use; the interface stays open, so that the routing table chooses it.
        _, local, _ = struct.unpack("=I4s4s", content[:12])
        return struct.pack("=I4s4s", 0, local, bytes(4))
