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
    """Who an entry of a directory is here cannot be told."""


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
        """Return the user that an entry is: who has its reference, whatever he is called, else who bears one
        of its names. Raises `Ambiguous` if these are several, or one has the reference of another entry."""

        async def body(tx: Transaction) -> list[User]:
            known = await tx.users_by_reference(application.tenant_id, (entry.reference,))
            if known:
                return list(known)
            found = {}
            for written in entry.names:
                names = lookup_names(written, strip_domain_prefix=False)
                subject = await tx.subject_by_names(application.tenant_id, names)
                if subject is not None:
                    found[subject.user.user_id] = subject.user
            return list(found.values())

        found = await self._store.read(body)
        if len(found) > 1 or any(each.directory_reference not in ("", entry.reference) for each in found):
            raise Ambiguous
        return found[0] if found else None
