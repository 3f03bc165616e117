"""Directories that speak LDAP: OpenLDAP, Active Directory and their kin.

`directory` decides what is asked and what the answers mean, `server` keeps connections, `link` is one
connection, `people` translates, `health` remembers who hangs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vestibule.crypto.secret import Secret
from vestibule.directories.ldap.directory import LdapDirectory
from vestibule.directories.ldap.settings import LdapSettings, from_mapping
from vestibule.directories.ldap.trouble import DirectoryUnavailable

__all__ = ["DIRECTORY", "DirectoryUnavailable", "LdapDirectory", "LdapSettings"]


class LdapKind:
    """Implements `DirectoryKind`."""

    name = "ldap"

    def open(self, settings: Mapping[str, Any], secret: Secret[str]) -> LdapDirectory:
        """Return a directory with the settings of `LdapSettings`; `secret` is the service account's password.

        Raises ValueError naming the setting that is wrong.
        """
        return LdapDirectory(from_mapping(settings, secret))


DIRECTORY = LdapKind()
