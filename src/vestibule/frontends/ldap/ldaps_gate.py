"""Who may connect where TLS is the beginning (LDAPS): clients alone, as many as there is room for."""

from __future__ import annotations

import ssl
from collections import Counter

from vestibule.frontends.ldap.connection import Connection
from vestibule.frontends.ldap.door import Door


class LdapsGate:
    """Implements `Gate`."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def has_room_for(self, host: str, pending: Counter[str]) -> bool:
        return self._door.expected(host, pending) is not None

    def context(self) -> ssl.SSLContext | None:
        return self._door.tls

    def new_connection(self, host: str) -> Connection:
        return Connection(self._door, is_protected=True)

    def refused(self, why: str, host: str) -> None:
        """Whoever does not want to trust us is gone."""
