"""`vestibule run`: everything in one process, set up on the way, and what to do next on the screen.

The first start makes the database, the key file, a one-time link for the first administrator and a
demonstration. A second start finds its state again and asks nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from vestibule.catalog import text
from vestibule.cli.configuration import ConfigFile, settings_or_exit, terminal_language
from vestibule.cli.house import opened, run_loop, serving
from vestibule.cli.output import qr_code
from vestibule.cli.program import command, command_elsewhere

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vestibule.interfaces.frontend import Frontend
    from vestibule.runtime.build import House
    from vestibule.runtime.settings import Settings
    from vestibule.services.demonstration import Demonstration

app = App(name="run", help_format="plaintext")


@app.default
def run(
    *,
    config: ConfigFile = None,
    demo: Annotated[bool, Parameter(negative="--no-demo")] = True,
) -> int:
    """Set up what is missing and start everything in one process; says what to do next.

    For example:

      vestibule run
      vestibule run --no-demo
      VESTIBULE_RADIUS_LISTEN=192.0.2.10:1812 vestibule run --config /etc/vestibule/vestibule.toml

    Parameters
    ----------
    config
        The settings file.
    demo
        Make a demonstration tenant with a user and a VPN at the first start.
    """
    settings = settings_or_exit(config)
    return run_loop(lambda: _run(settings, demo, config))


async def _run(settings: Settings, wants_demo: bool, config: Path | None) -> int:
    from vestibule.runtime.logging import set_up
    from vestibule.runtime.serve import until_told_to_stop

    set_up(settings.log)
    async with opened(settings, migrate=True) as house:
        services = house.services
        await services.setup.ensure_system()
        made = None
        if wants_demo and not services.demonstrations.exists:
            made = await services.demonstrations.make({}, "127.0.0.1/32", terminal_language())
        async with serving(house) as frontends:
            await _say_what_next(house, frontends, made, config)
            await until_told_to_stop()
    return 0


async def _say_what_next(
    house: House, frontends: list[Frontend], made: Demonstration | None, config: Path | None
) -> None:
    from rich.console import Console

    language = terminal_language()
    screen = Console(highlight=False, soft_wrap=True)
    url = house.settings.http.public_url
    screen.print(f"\n[bold]{text(language, 'run.headline')}[/bold]\n")
    addresses = {frontend.name: ", ".join(frontend.addresses()) for frontend in frontends}
    rows = {
        "run.console": f"{url}/console",
        "run.portal": f"{url}/portal",
        "run.api": f"{url}/api/v1",
        "run.radius": addresses.get("radius", ""),
        "run.state": str(house.settings.state_directory),
    }
    for key, value in rows.items():
        screen.print(f"  {text(language, key):<16} {value}", markup=False)
    screen.print()
    if await house.services.setup.has_administrator():
        screen.print(f"{text(language, 'run.setup.done')}\n")
    else:
        token = await house.services.setup.make_link()
        screen.print(f"[bold]{text(language, 'run.setup.title')}[/bold]\n")
        screen.print(f"   {url}/console/setup/{token.reveal()}\n", markup=False)
    if made is not None:
        passcode = command_elsewhere("demo passcode", config=config)
        _show_demonstration(screen.print, language, made, addresses.get("radius", ""), passcode)
        _show_phone(screen.print, language, house, config, is_first=True)
    elif house.services.demonstrations.exists:
        passcode, renew = (command_elsewhere(f"demo {what}", config=config) for what in ("passcode", "renew"))
        again = text(language, "run.demo.again", username="alice", command=passcode)
        screen.print(again, markup=False)
        screen.print(text(language, "run.demo.forgotten", command=renew) + "\n", markup=False)
        _show_phone(screen.print, language, house, config)


def _show_phone(
    show: Callable[..., None], language: str, house: House, config: Path | None, *, is_first: bool = False
) -> None:
    """Say where the simulated phone is, if there is one."""
    token = house.services.simulated_phones.link()
    if token is None:
        return
    if is_first:
        show(f"[bold]{text(language, 'run.demo.phone_title')}[/bold]\n")
    show(text(language, "run.demo.phone"), markup=False)
    show(f"\n   {house.settings.http.public_url}/phone/{token.reveal()}\n", markup=False)
    show(text(language, "run.demo.phone_terminal"), markup=False)
    show(f"\n   {command_elsewhere('demo phone', config=config)}\n", markup=False)


def _show_demonstration(
    show: Callable[..., None], language: str, made: Demonstration, radius: str, passcode: str
) -> None:
    def say(key: str, **placeholders: str) -> None:
        show(text(language, key, **placeholders), markup=False)

    uri, typed = (secret.reveal() for secret in made.shown[:2])
    show(f"[bold]{text(language, 'run.demo.title', username=made.username)}[/bold]\n")
    say("run.demo.scan")
    show(qr_code(uri), markup=False)
    say("run.demo.typed", secret=typed)
    show("")
    show(f"   {text(language, 'run.demo.password')}: {made.password.reveal()}", markup=False)
    show(f"   {text(language, 'run.demo.secret')}: {made.shared_secret.reveal()}\n", markup=False)
    say("run.demo.no_phone")
    show(f"\n   {passcode}\n", markup=False)
    say("run.demo.try")
    server = radius.partition(",")[0].replace("0.0.0.0:", "127.0.0.1:")
    play = command(f"try {made.username} --server {server}")
    show(f"\n   VESTIBULE_TRY_SECRET={made.shared_secret.reveal()} {play}\n", markup=False)
