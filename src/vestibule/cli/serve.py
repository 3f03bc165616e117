"""`vestibule serve`: the doors and the worker, nothing else. For a service manager."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter

from vestibule.cli.configuration import ConfigFile, settings_or_exit
from vestibule.cli.house import opened, run_loop, serving

if TYPE_CHECKING:
    from vestibule.runtime.settings import Settings

app = App(name="serve", help="Start every door of an installation that is set up.", help_format="plaintext")


@app.default
def serve(
    *,
    role: Annotated[Literal["both", "service", "server"] | None, Parameter(name="--role")] = None,
    config: ConfigFile = None,
) -> int:
    """Start every door of an installation that is set up, and stop in good order at SIGTERM.

    The schema is not touched (see vestibule migrate) and nothing is made.

    For example:

      vestibule serve --config /etc/vestibule/vestibule.toml
      vestibule serve --role server

    Parameters
    ----------
    role
        What it is to others, before what the settings say: the service of other servers, a server of a
        service, or neither.
    config
        The settings file.
    """
    settings = settings_or_exit(config, role)
    return run_loop(lambda: _serve(settings))


async def _serve(settings: Settings) -> int:
    from vestibule.runtime.logging import set_up
    from vestibule.runtime.serve import until_told_to_stop

    set_up(settings.log)
    async with opened(settings) as house, serving(house):
        await until_told_to_stop()
    return 0
