"""Store: the row is the truth. Two engines, one behavior, one conformance suite.

`transact(body)` runs `body(transaction)` and returns its result after the commit is on disk. A body may
await nothing but the transaction; it may be run more than once (so it has no effect but through the
transaction), and bodies may be committed in groups. A body that raises leaves no trace and the
exception reaches the caller. `Conflict` raised by a body means "read again": the store runs it anew.

Every method takes its tenant first, alone or inside the record. They stand by subject in `transaction/`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from vestibule.interfaces.transaction.attempts import AttemptRecords
from vestibule.interfaces.transaction.billing import BillingRecords
from vestibule.interfaces.transaction.blocks import BlockRecords
from vestibule.interfaces.transaction.configuration import ConfigurationRecords
from vestibule.interfaces.transaction.held import HeldRecords
from vestibule.interfaces.transaction.history import HistoryRecords
from vestibule.interfaces.transaction.licences import LicenceRecords
from vestibule.interfaces.transaction.metering import MeteringRecords
from vestibule.interfaces.transaction.people import PeopleRecords
from vestibule.interfaces.transaction.provisioning import ProvisioningRecords
from vestibule.interfaces.transaction.radius import RadiusRecords
from vestibule.interfaces.transaction.replication import ReplicationRecords
from vestibule.interfaces.transaction.reports import ReportRecords
from vestibule.interfaces.transaction.sending import SendingRecords
from vestibule.interfaces.transaction.servers import ServerRecords
from vestibule.interfaces.transaction.sessions import SessionRecords
from vestibule.interfaces.transaction.sign_in import SignInRecords
from vestibule.interfaces.transaction.synchronisation import SynchronisationRecords

Result = TypeVar("Result")


class Conflict(Exception):
    """Something this body read has changed meanwhile; run it again."""


class Unavailable(Exception):
    """The database does not answer or does not promise durability: nothing was decided."""


class AlreadyExists(Exception):
    """A name, serial or identifier is taken. `what` is the record's kind, `key` the taken value."""

    def __init__(self, what: str, key: str = "") -> None:
        super().__init__(f"{what} {key!r} already exists")
        self.what = what
        self.key = key


class Transaction(
    SignInRecords,
    AttemptRecords,
    SendingRecords,
    RadiusRecords,
    PeopleRecords,
    HeldRecords,
    BlockRecords,
    ConfigurationRecords,
    LicenceRecords,
    SynchronisationRecords,
    ProvisioningRecords,
    SessionRecords,
    HistoryRecords,
    ReplicationRecords,
    ServerRecords,
    MeteringRecords,
    BillingRecords,
    ReportRecords,
    Protocol,
):
    """One transaction. `now` is the database's time in epoch milliseconds, the same for the whole body."""

    @property
    def now(self) -> int: ...


Body = Callable[[Transaction], Awaitable[Result]]


class Store(Protocol):
    async def open(self) -> None:
        """Connect; raise `Unavailable` with the cause and the next step. Refuses a schema that is newer
        than this program, and one that is older (naming the command that migrates)."""
        ...

    async def migrate(self) -> list[str]:
        """Bring the schema up to date; return the names of the steps done. Safe to run twice at once."""
        ...

    async def transact(self, body: Callable[[Transaction], Awaitable[Result]], tenant_id: str = "") -> Result:
        """Run `body` and return its result after a durable commit. Where many wait, tenants take turns."""
        ...

    async def read(self, body: Callable[[Transaction], Awaitable[Result]]) -> Result:
        """Run a body that only reads, on a connection of its own, off the deciding path."""
        ...

    async def check(self) -> None:
        """Raise `Unavailable` unless a write could be made durable now. For readiness."""
        ...

    def wake(self, verification_id: str) -> None:
        """Tell whoever waits, on any node, that this verification has moved on. After the commit; a hint
        that may be lost. Never raises and never waits."""
        ...

    def on_wake(self, hear: Callable[[str], None]) -> None:
        """Call `hear` on the event loop with each verification that any node has told of."""
        ...

    async def close(self) -> None: ...
