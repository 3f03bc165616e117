"""`vestibule check-config`: every setting, its value and where it came from; or all that is wrong with them.

It starts nothing and changes nothing, so it can be run beside a server that works, before it is told to
reload.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from cyclopts import App

from vestibule.catalog import text
from vestibule.cli.configuration import ConfigFile, loaded_or_exit, refuse, terminal_language
from vestibule.runtime.settings import DEFAULT, Value

app = App(name="check-config", help_format="plaintext")


@app.default
def check_config(*, config: ConfigFile = None) -> int:
    """Check the settings; show every value and where it came from.

    Exit code: 0 the settings can be used, 78 they cannot.
    """
    from vestibule.runtime.settings_files import file_problems

    loaded = loaded_or_exit(config)
    language = terminal_language()
    sys.stdout.write(table(loaded.values, language))
    if problems := file_problems(loaded):
        refuse(problems)
    sys.stdout.write(f"\n{text(language, 'settings.usable')}\n")
    return 0


def table(values: Sequence[Value], language: str) -> str:
    """Three columns, as wide as they need to be; one line for each value."""
    header = tuple(text(language, f"settings.column.{column}") for column in ("key", "value", "origin"))
    rows = [header, *(_row(value, language) for value in values)]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    return "".join(f"{key:<{widths[0]}}  {shown:<{widths[1]}}  {origin}\n" for key, shown, origin in rows)


def _row(value: Value, language: str) -> tuple[str, str, str]:
    is_default = value.origin == DEFAULT
    origin = text(language, "settings.origin.default") if is_default else value.origin
    return value.key, value.shown or text(language, "settings.none"), origin
