"""The conversations that this node has begun, found by the State it gave out.

TLS lives in the memory of the process that speaks it, so no other node can go on (ADR 0017). What strangers
can make us hold is bounded: in all, for each client, and in time.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import islice
from typing import Final

from vestibule.frontends.radius.eap.peer import Peer
from vestibule.frontends.radius.proxy import Ended, Onward
from vestibule.services.outcome import Progress

MOST: Final = 2048
"""At about 50 KB each."""
MOST_OF_A_CLIENT: Final = 1024
DEVICE_SECONDS: Final = 30.0
"""How long a device may take for an answer."""
PERSON_SECONDS: Final = 120.0
"""How long a person may take who is asked something."""
MOST_ROUNDS: Final = 60
EXPIRED_AT_ONCE: Final = 8

_NODE: Final = 4
_IDENTIFIER: Final = 16


@dataclass(slots=True, eq=False)
class Live:
    """One conversation. `expires_at` is in seconds of a clock that never falls back; `progress` is where the
    verification stands, once there is one."""

    state: bytes
    client_id: str
    outer_name: str
    peer: Peer
    expires_at: float
    rounds: int = 0
    name: str = ""
    """Whom the peer has named inside."""
    progress: Progress | None = None
    answered: bytes = b""
    """Digest of the packet that was answered last, with `answer`."""
    answer: Onward | Ended | None = None
    is_over: bool = False
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class ConversationTable:
    """All that are going on."""

    def __init__(self, node: str) -> None:
        self._node = blake2b(node.encode(), digest_size=_NODE).digest()
        self._live: dict[bytes, Live] = {}
        self._of_client: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._live)

    def open(self, client_id: str, outer_name: str, peer: Peer, now: float) -> Live | None:
        """Begin one; None if there is no room."""
        # The oldest at each beginning, so that a flood does not stay; all of them where room is needed.
        self._forget_expired(now, EXPIRED_AT_ONCE)
        if self._is_full(client_id):
            self._forget_expired(now, MOST)
            if self._is_full(client_id):
                return None
        state = self._node + os.urandom(_IDENTIFIER)
        live = self._live[state] = Live(state, client_id, outer_name, peer, now + DEVICE_SECONDS)
        self._of_client[client_id] = self._of_client.get(client_id, 0) + 1
        return live

    def find(self, state: bytes, client_id: str, outer_name: str, now: float) -> Live | None:
        """Return the conversation of this client and name; None if there is none, or none any more."""
        live = self._live.get(state)
        if live is None or (live.client_id, live.outer_name) != (client_id, outer_name):
            return None
        if live.expires_at <= now and not live.turn.locked():
            self.close(live)
            return None
        return live

    def close(self, live: Live) -> None:
        """Forget it, if it is not forgotten yet."""
        live.is_over = True
        if self._live.pop(live.state, None) is None:
            return
        left = self._of_client[live.client_id] - 1
        if left:
            self._of_client[live.client_id] = left
        else:
            del self._of_client[live.client_id]

    def is_of_another_node(self, state: bytes) -> bool:
        """Tell whether a State is shaped as those of a conversation that another node has begun."""
        return len(state) == _NODE + _IDENTIFIER and state[:_NODE] != self._node

    def _is_full(self, client_id: str) -> bool:
        return len(self._live) >= MOST or self._of_client.get(client_id, 0) >= MOST_OF_A_CLIENT

    def _forget_expired(self, now: float, most: int) -> None:
        for live in list(islice(self._live.values(), most)):
            if live.expires_at <= now and not live.turn.locked():
                self.close(live)
