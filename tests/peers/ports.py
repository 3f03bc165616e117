"""Port numbers on the loopback interface that nobody else uses.

They come from below the range that the kernel hands to outgoing connections, so a number cannot be taken
between being given out and being bound by someone's client. Each process starts counting at its own place.
"""

from __future__ import annotations

import os
import socket
from itertools import count

_FIRST = 12_000
_HOW_MANY = 20_000
_APART = 97  # a prime: neighbors among process ids start far from one another
_counter = count(os.getpid() * _APART)


def free_port(first: int = _FIRST, how_many: int = _HOW_MANY) -> int:
    """Return a port number that is free for TCP and for UDP on 127.0.0.1; each call returns another.

    It is one of `how_many` from `first` on, for programs that do not take any.
    """
    for _ in range(how_many):
        port = first + next(_counter) % how_many
        if _is_free(port, socket.SOCK_STREAM) and _is_free(port, socket.SOCK_DGRAM):
            return port
    raise OSError("no free port on 127.0.0.1")


def _is_free(port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
