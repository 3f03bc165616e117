"""Turns host names into addresses without letting a dead name server hold up anyone else.

The system's resolver blocks, and a thread that waits in it cannot be called back. So each directory has
threads of its own for it: when they all hang, this directory is unreachable and nothing else is.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from concurrent.futures import ThreadPoolExecutor

from vestibule.directories.ldap.trouble import LinkFailure, Trouble

_THREADS = 2


class Resolver:
    """Looks up host names; addresses written as numbers need no look-up."""

    def __init__(self) -> None:
        self._threads: ThreadPoolExecutor | None = None

    async def addresses(self, host: str, port: int) -> list[str]:
        """Return the numeric addresses of `host`, best first; raises LinkFailure if there are none."""
        try:
            return [str(ipaddress.ip_address(host))]
        except ValueError:
            pass
        if self._threads is None:
            self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="ldap-resolver")
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(self._threads, _look_up, host, port)
        except (OSError, UnicodeError):
            raise LinkFailure(Trouble.UNREACHABLE) from None
        return list(dict.fromkeys(found))

    def close(self) -> None:
        """Give back the threads; one that hangs ends by itself.

        Look-ups that wait are carried out: to cancel them would look to whoever waits as if he had been
        canceled himself. A later look-up makes new threads.
        """
        if self._threads is not None:
            self._threads.shutdown(wait=False)
            self._threads = None


def _look_up(host: str, port: int) -> list[str]:
    return [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
