"""The first factor: who checks the password, and what a directory's verdict means for the attempt.

The password goes to the directory outside any transaction. An empty one goes nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeGuard

import msgspec
import structlog

from vestibule.crypto.sealing import Sealer
from vestibule.crypto.secret import Secret
from vestibule.interfaces.directory import (
    ChangesPasswords,
    Directory,
    DirectoryKind,
    PasswordVerdict,
    PasswordVerdictKind,
)
from vestibule.model.application import (
    PORTAL_APPLICATION,
    Application,
    DirectoryConfiguration,
    FirstFactor,
)
from vestibule.model.user import User
from vestibule.model.verification import Reason
from vestibule.services.configuration import ConfigurationCache, directory_context

log = structlog.get_logger(__name__)

LOCAL = "local"

REASONS: dict[PasswordVerdictKind, Reason] = {
    PasswordVerdictKind.MISMATCH: Reason.PASSWORD_WRONG,
    PasswordVerdictKind.EXPIRED: Reason.PASSWORD_EXPIRED,
    PasswordVerdictKind.REFUSED: Reason.DIRECTORY_REFUSED,
    PasswordVerdictKind.UNAVAILABLE: Reason.DIRECTORY_UNAVAILABLE,
}


def can_change(directory: object) -> TypeGuard[ChangesPasswords]:
    """Tell whether people change their passwords in this directory from here."""
    return isinstance(directory, ChangesPasswords) and directory.changes_passwords


class FirstFactors:
    """Opens directories when they are first asked and keeps them until their settings change."""

    def __init__(
        self,
        kinds: Mapping[str, DirectoryKind],
        configuration: ConfigurationCache,
        sealer: Sealer,
    ) -> None:
        self._kinds = kinds
        self._configuration = configuration
        self._sealer = sealer
        self._local = kinds[LOCAL].open({}, Secret(""))
        self._open: dict[tuple[str, str], tuple[int, Directory]] = {}

    async def check(
        self, application: Application, user: User | None, claimed_username: str, password: Secret[str]
    ) -> PasswordVerdict:
        """Ask whoever checks passwords for `application`."""
        if not password:
            return PasswordVerdict(PasswordVerdictKind.MISMATCH)
        if application.first_factor is FirstFactor.LOCAL:
            return await self._local.check_password(user, claimed_username, password)
        try:
            directory = await self.directory(application.tenant_id, application.directory_id)
        except ValueError as error:  # e.g. a file of authorities that is no longer there
            log.error("directory does not open", directory=application.directory_id, error=str(error))
            return PasswordVerdict(PasswordVerdictKind.UNAVAILABLE)
        if directory is None:
            log.error("no such directory", directory=application.directory_id)
            return PasswordVerdict(PasswordVerdictKind.UNAVAILABLE)
        verdict = await directory.check_password(user, claimed_username, password)
        if verdict.is_over and application.application_id == PORTAL_APPLICATION and can_change(directory):
            # Here he can change it, before his last chance is gone.
            return msgspec.structs.replace(verdict, kind=PasswordVerdictKind.EXPIRED)
        return verdict

    async def directory(self, tenant_id: str, directory_id: str) -> Directory | None:
        """Return the directory, opened with its newest settings; None if there is none of that id."""
        if directory_id == "":
            return None
        configured = self._configuration.current.directories.get((tenant_id, directory_id))
        if configured is None:
            return None
        key = (tenant_id, directory_id)
        version, directory = self._open.get(key, (0, None))
        if directory is not None and version == configured.version:
            return directory
        opened = self._opened(configured)
        # Put in its place before the old one is closed: whoever asks meanwhile finds the new one.
        self._open[key] = (configured.version, opened)
        if directory is not None:
            await directory.close()
        return opened

    async def close(self) -> None:
        for _, directory in self._open.values():
            await directory.close()
        await self._local.close()

    def _opened(self, configured: DirectoryConfiguration) -> Directory:
        secret = Secret("")
        if configured.secret:
            bound_to = directory_context(configured.tenant_id, configured.directory_id)
            secret = Secret(self._sealer.unseal(configured.secret, bound_to).decode())
        return self._kinds[configured.kind].open(configured.settings, secret)
