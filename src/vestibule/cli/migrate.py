"""`vestibule migrate`: make the schema, or bring it up to date. Safe to run twice and at once."""

from __future__ import annotations

import sys

from cyclopts import App

from vestibule.catalog import text
from vestibule.cli.configuration import ConfigFile, settings_or_exit, terminal_language
from vestibule.cli.house import run_loop

app = App(name="migrate", help="Make the database schema, or bring it up to date.", help_format="plaintext")


@app.default
def migrate(*, config: ConfigFile = None) -> int:
    """Make the database schema, or bring it up to date. Make a backup first.

    Parameters
    ----------
    config
        The settings file.
    """
    from vestibule.stores import open_store

    settings = settings_or_exit(config)
    settings.state_directory.mkdir(parents=True, exist_ok=True, mode=0o700)

    async def main() -> int:
        store = open_store(settings.database_url.reveal(), None)
        try:
            steps = await store.migrate()
        finally:
            await store.close()
        language = terminal_language()
        told = (
            text(language, "run.migrate.done", steps=", ".join(steps))
            if steps
            else text(language, "run.migrate.nothing")
        )
        sys.stdout.write(f"{told}\n")
        return 0

    return run_loop(main)
