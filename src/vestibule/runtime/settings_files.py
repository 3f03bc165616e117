"""Files that the settings name and that are not needed to read the database: whether they can be used.

Loading the settings does not touch them; who checks an installation does.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from vestibule.outbound.web_push import tls_context
from vestibule.runtime.country_database import CountryDatabaseProblem, open_country_database
from vestibule.runtime.settings import Loaded, Problem


def file_problems(loaded: Loaded) -> tuple[Problem, ...]:
    """Return what is wrong with them, one problem for each."""
    origins = {value.key: value.origin for value in loaded.values}
    return tuple(
        Problem("file_unusable", key, origins[key], {"path": str(path), "reason": reason})
        for key, path, reason in _unusable(loaded)
    )


def _unusable(loaded: Loaded) -> Iterator[tuple[str, Path, str]]:
    settings, countries = loaded.settings, loaded.settings.country_database
    for key, ca_file in (("push.ca_file", settings.push.ca_file), ("link.ca_file", settings.link.ca_file)):
        if ca_file is not None:
            try:
                tls_context(str(ca_file))
            except ValueError as problem:
                yield key, ca_file, str(problem).removeprefix("ca_file: ")
    if countries is not None:
        try:
            open_country_database(countries).close()
        except CountryDatabaseProblem as problem:
            yield "country_database", countries, str(problem)
