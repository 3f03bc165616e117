"""People as the directory behind a proxy knows them, and the users that they are here."""

from __future__ import annotations

import structlog

from vestibule.interfaces.directory import EntryBehind, StandsBehind
from vestibule.interfaces.store import Store, Transaction
from vestibule.model.application import Application
from vestibule.model.user import User
from vestibule.model.username import lookup_names
from vestibule.services.first_factor import FirstFactors

log = structlog.get_logger(__name__)


class Ambiguous(Exception):
    """One entry of a directory might be several users."""


class DirectoryPeople:
    def __init__(self, store: Store, first_factors: FirstFactors) -> None:
        self._store = store
        self._first_factors = first_factors

    async def behind(self, application: Application) -> StandsBehind | None:
        """Return the directory that checks the passwords of `application`, if a proxy may hand on to it."""
        try:
            found = await self._first_factors.directory(application.tenant_id, application.directory_id)
        except ValueError as error:
            log.error("directory does not open", directory=application.directory_id, error=str(error))
            return None
        return found if isinstance(found, StandsBehind) else None

    async def user(self, application: Application, entry: EntryBehind) -> User | None:
        """Return the user that an entry is: one who has its reference, else one who bears one of its names
        and has no other reference. Raises `Ambiguous` if several are left."""

        async def body(tx: Transaction) -> list[User]:
            found = {}
            for written in entry.names:
                names = lookup_names(written, strip_domain_prefix=False)
                subject = await tx.subject_by_names(application.tenant_id, names)
                if subject is not None:
                    found[subject.user.user_id] = subject.user
            return list(found.values())

        called_so = await self._store.read(body)
        known = [user for user in called_so if user.directory_reference == entry.reference]
        left = known or [user for user in called_so if not user.directory_reference]
        if len(left) > 1 or (called_so and not left):
            raise Ambiguous
        return left[0] if left else None
