"""The countries of addresses, from a local file in the MaxMind DB format (GeoLite2-Country and its like).

A newer file that takes the place of the old one is read at the next look, without a restart. One that cannot
be read leaves what was known before standing, and is logged once.
"""

from __future__ import annotations

import contextlib
import ipaddress
from pathlib import Path

import maxminddb
import structlog

log = structlog.get_logger(__name__)


class CountryDatabaseProblem(Exception):
    """The file cannot be used; the text says why."""


class NoCountries:
    """Where no file is named."""

    def of(self, address: str) -> str:
        del address
        return ""


class CountryDatabase:
    """Implements `interfaces.countries.Countries`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read: tuple[int, ...] | None = None
        """What the file was like when it was read last, or tried."""
        self._reader: maxminddb.Reader | None = None

    def of(self, address: str) -> str:
        self._refresh()
        if self._reader is None:
            return ""
        try:
            found = self._reader.get(ipaddress.ip_address(address))
        except (ValueError, maxminddb.InvalidDatabaseError):  # no address, or not of this file's family
            return ""
        return _iso_code(found)

    def _refresh(self) -> None:
        present: tuple[int, ...] = ()
        with contextlib.suppress(OSError):  # What is not there is said when it is read.
            status = self._path.stat()
            present = (status.st_ino, status.st_size, status.st_mtime_ns)
        if present == self._read:
            return
        self._read = present
        try:
            self._reader = open_country_database(self._path)
        except CountryDatabaseProblem as problem:
            log.warning("the country database cannot be read", path=str(self._path), reason=str(problem))


def open_country_database(path: Path) -> maxminddb.Reader:
    """Read a file into memory, so that nobody changes it under our hands; raises `CountryDatabaseProblem`."""
    try:
        reader = maxminddb.open_database(path, maxminddb.MODE_MEMORY)
    except OSError as problem:
        raise CountryDatabaseProblem(problem.strerror or "cannot be read") from None
    except maxminddb.InvalidDatabaseError:
        raise CountryDatabaseProblem("not in the MaxMind DB format") from None
    kind = reader.metadata().database_type
    if not any(word in kind for word in ("Country", "City", "Enterprise")):
        raise CountryDatabaseProblem(f"holds no countries: {kind}")
    return reader


def _iso_code(found: object) -> str:
    country = found.get("country") if isinstance(found, dict) else None
    code = country.get("iso_code") if isinstance(country, dict) else None
    return code if isinstance(code, str) and len(code) == 2 and code.isalpha() else ""
