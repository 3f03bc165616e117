"""The one connection of a server to its service: TLS first, then a WebSocket, perhaps through a proxy.

Invariants: nothing is said before it is certain who is at the other end; no redirect is followed; no setting
of the environment chooses a proxy.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from pathlib import Path
from typing import Final

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidProxy, InvalidURI, ProxyError

from vestibule.crypto.certificates import public_key_digest, written_pin
from vestibule.crypto.secret import Secret

# The library tells its log what each message holds, and that may be credentials or a passcode.
logging.getLogger("websockets").setLevel(logging.WARNING)

PATH: Final = "/link"
OPEN_SECONDS: Final = 20.0
_CLOSE_SECONDS: Final = 2.0


class CannotDial(Exception):
    """There is no connection; `kind` is a key of the catalog under `link.cannot_dial`."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind
        self.detail = detail


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """Where the service is, and how it is known."""

    service: str
    """Its origin, which begins with `https://`."""
    proxy: Secret[str] | None = None
    """An HTTP proxy, such as `http://proxy.example:3128`; None: none."""
    pins: tuple[str, ...] = ()
    """Public keys, each as `written_pin` writes it: the service must show one of them, whoever has signed its
    certificate. None: an authority must vouch for its name."""
    ca_file: Path | None = None
    """Authorities that are trusted beside the system's."""


class LinkSocket:
    """A connection that is open. `receive` and `send` raise ConnectionError when it has ended."""

    def __init__(self, connection: ClientConnection, shown: bytes) -> None:
        self._connection = connection
        self.shown = shown
        """`public_key_digest` of the certificate that the other end of TLS has shown."""

    async def receive(self) -> bytes:
        try:
            octets = await self._connection.recv(decode=False)
        except ConnectionClosed:
            raise _closed() from None
        return bytes(octets)

    async def send(self, octets: bytes) -> None:
        try:
            await self._connection.send(octets)
        except ConnectionClosed:
            raise _closed() from None

    async def close(self) -> None:
        with contextlib.suppress(OSError):
            await self._connection.close()


async def dial(address: Address, most_octets: int) -> LinkSocket:
    """Open the connection; raises `CannotDial`. Nothing that comes is larger than `most_octets`."""
    try:
        connection = await connect(
            f"wss{address.service.removeprefix('https')}{PATH}",
            # What the system trusts takes its time to read, and nobody else should wait for it.
            ssl=await asyncio.to_thread(_tls, address),
            proxy=None if address.proxy is None else address.proxy.reveal(),
            compression=None,
            max_size=most_octets,
            open_timeout=OPEN_SECONDS,
            close_timeout=_CLOSE_SECONDS,
            user_agent_header=None,
            process_exception=lambda error: error,
        )
    except ssl.SSLCertVerificationError as error:
        raise CannotDial("certificate", error.verify_message) from None
    except ssl.SSLError as error:
        raise CannotDial("tls", error.reason or type(error).__name__) from None
    except TimeoutError:
        raise CannotDial("silent", f"{OPEN_SECONDS:.0f} s") from None
    except (InvalidProxy, ProxyError, InvalidURI) as error:
        raise CannotDial("proxy", str(error)) from None
    except InvalidHandshake as error:
        raise CannotDial("no_link", str(error)) from None
    except OSError as error:
        raise CannotDial("unreachable", error.strerror or str(error)) from None
    shown = _shown(connection)
    if address.pins and written_pin(shown) not in address.pins:
        await connection.close()
        raise CannotDial("pin", written_pin(shown))
    return LinkSocket(connection, shown)


def _closed() -> ConnectionError:
    return ConnectionResetError("closed by the other end")


def _tls(address: Address) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if address.ca_file is not None:
        try:
            context.load_verify_locations(address.ca_file)
        except (OSError, ssl.SSLError) as error:
            raise CannotDial("ca_file", str(error)) from None
    if address.pins:
        # The key itself is known; who has signed for it, and for which name, says nothing more.
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _shown(connection: ClientConnection) -> bytes:
    tls = connection.transport.get_extra_info("ssl_object")
    return public_key_digest(tls.getpeercert(binary_form=True))
