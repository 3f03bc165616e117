"""Directories as an administrator sets them up: whether the settings can be used, and a look-up to try them.

Nothing here checks a person's password or writes anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vestibule.crypto.secret import Secret
from vestibule.interfaces.directory import DirectoryEntry, DirectoryKind
from vestibule.model.actor import Actor, Right
from vestibule.services.first_factor import LOCAL, FirstFactors
from vestibule.services.refusal import Refusal, Refused


class DirectorySilent(Exception):
    """A directory could not be asked; `trouble` is the plug-in's own word for the cause."""

    def __init__(self, trouble: str) -> None:
        super().__init__(trouble)
        self.trouble = trouble


class Directories:
    def __init__(self, kinds: Mapping[str, DirectoryKind], first_factors: FirstFactors) -> None:
        self._kinds = kinds
        self._first_factors = first_factors

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of directory that can be added."""
        return tuple(sorted(name for name in self._kinds if name != LOCAL))

    async def problem(self, kind: str, settings: Mapping[str, Any], secret: Secret[str]) -> str:
        """Return what is wrong with the settings, as `setting: why`; empty if they can be used."""
        try:
            directory = self._kinds[kind].open(settings, secret)
        except ValueError as wrong:
            return str(wrong)
        await directory.close()
        return ""

    async def find(self, actor: Actor, tenant_id: str, directory_id: str, name: str) -> DirectoryEntry | None:
        """Ask the directory for one person; raise `DirectorySilent` if it gives no answer."""
        actor.demand(Right.DIRECTORIES, tenant_id)
        directory = await self._first_factors.directory(tenant_id, directory_id)
        if directory is None:
            raise Refused(Refusal.NOT_FOUND, directory_id)
        try:
            return await directory.find(name)
        except OSError as silent:
            raise DirectorySilent(str(silent)) from None
