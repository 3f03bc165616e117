"""Why a directory gave no answer that counts.

A `Trouble` ends in the verdict `unavailable`, never in a match or a mismatch. `LinkFailure` carries one up
from a connection; its text is the name of the trouble and holds nothing that was sent or received.
"""

from __future__ import annotations

from enum import StrEnum


class Trouble(StrEnum):
    """Each has a text for administrators in the catalog under `ldap.trouble.…`."""

    UNREACHABLE = "unreachable"
    """No connection: the name is unknown, nobody listens, or the network is down."""
    TIMED_OUT = "timed_out"
    INSECURE = "insecure"
    """No protected connection: a bad certificate, StartTLS refused, or bytes slipped in before it."""
    GARBLED = "garbled"
    """What came is not LDAP, or not an answer to what was asked."""
    CLOSED = "closed"
    """The server closed the connection in the middle of an operation."""
    ACCOUNT_REFUSED = "account_refused"
    """The server does not accept the service account."""
    SEARCH_REFUSED = "search_refused"
    """The server does not carry out the search: wrong base, no rights, a limit."""
    BIND_REFUSED = "bind_refused"
    """The server answered the person's bind with neither yes nor no."""
    NO_REFERENCE = "no_reference"
    """The person's entry has no readable value of the reference attribute."""
    NO_SUCH_ENTRY = "no_such_entry"
    """A unit or group that a synchronisation names is not there, or may not be read."""
    INCOMPLETE = "incomplete"
    """The server gave a part of what was asked for, up to a limit of its own."""
    BUSY = "busy"
    """The server says that it has no time."""
    OVERLOADED = "overloaded"
    """Too many checks wait for this directory already."""
    SUSPENDED = "suspended"
    """Every server hung several times in a row; they are left alone for a few seconds."""


class LinkFailure(Exception):
    """An operation on a connection came to nothing."""

    def __init__(self, trouble: Trouble, about: str = "") -> None:
        super().__init__(trouble.value)
        self.trouble = trouble
        self.about = about


class DirectoryUnavailable(ConnectionError):
    """A look-up could not be carried out. The text is the name of the trouble."""

    def __init__(self, trouble: Trouble, about: str = "") -> None:
        super().__init__(trouble.value)
        self.trouble = trouble
        self.about = about
        """The entry that it is about, if it is about one."""
