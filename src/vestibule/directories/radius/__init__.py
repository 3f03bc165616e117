"""RADIUS servers of others as a place where passwords are checked.

`directory` decides whom to ask and what the answers mean, `exchange` is one request and its answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vestibule.crypto.secret import Secret
from vestibule.directories.radius.directory import RadiusDirectory
from vestibule.directories.radius.settings import RadiusSettings, from_mapping

__all__ = ["DIRECTORY", "RadiusDirectory", "RadiusSettings"]


class RadiusKind:
    """Implements `DirectoryKind`."""

    name = "radius"

    def open(self, settings: Mapping[str, Any], secret: Secret[str]) -> RadiusDirectory:
        """Return a directory with the settings of `RadiusSettings`; `secret` is the shared secret.

        Raises ValueError naming the setting that is wrong.
        """
        return RadiusDirectory(from_mapping(settings, secret))


DIRECTORY = RadiusKind()
