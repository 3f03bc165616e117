"""`vestibule demo`: help for a newcomer with no phone at hand. For the demonstration and nothing else."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from cyclopts import App

from vestibule.catalog import text
from vestibule.cli.configuration import ConfigFile, terminal_language
from vestibule.cli.house import with_house
from vestibule.cli.program import command

if TYPE_CHECKING:
    from vestibule.runtime.build import House

app = App(
    name="demo",
    help="Help with the demonstration: its user's passcode and simulated phone.",
    help_format="plaintext",
)

PASSCODE_SECONDS = 30


@app.command
def passcode(*, config: ConfigFile = None) -> int:
    """Print the current passcode of the demonstration's user.

    Parameters
    ----------
    config
        The settings file.
    """

    async def work(house: House) -> int:
        services = house.services
        found = await services.demonstrations.passcode()
        language = terminal_language()
        if found is None:
            sys.stderr.write(text(language, "run.demo.absent") + "\n")
            return 1
        sys.stdout.write(found.reveal() + "\n")
        left = PASSCODE_SECONDS - services.clock.now() // 1000 % PASSCODE_SECONDS
        sys.stderr.write(text(language, "run.demo.next", seconds=left) + "\n")
        return 0

    return with_house(config, work)


@app.command
def renew(*, config: ConfigFile = None) -> int:
    """Give the demonstration's user a new password and its VPN a new shared secret, and print both.

    Parameters
    ----------
    config
        The settings file.
    """

    async def work(house: House) -> int:
        made = await house.services.demonstrations.renew()
        language = terminal_language()
        if made is None:
            sys.stderr.write(text(language, "run.demo.absent") + "\n")
            return 1
        password, shared_secret = made
        sys.stdout.write(f"{text(language, 'run.demo.password')}: {password.reveal()}\n")
        sys.stdout.write(f"{text(language, 'run.demo.secret')}: {shared_secret.reveal()}\n")
        return 0

    return with_house(config, work)


@app.command
def phone(*, config: ConfigFile = None) -> int:
    """Show the simulated phone here: its texts and calls, to be answered and replied to.

    What is typed is sent: answer, decline, hangup, keys such as 1234#, text and your words, quit.

    Parameters
    ----------
    config
        The settings file.
    """
    from vestibule.cli.phone_terminal import own_url, show_phone

    link: list[tuple[str, str]] = []

    async def work(house: House) -> int:
        token = house.services.simulated_phones.link()
        if token is None:
            sys.stderr.write(text(terminal_language(), "phone.terminal.absent") + "\n")
            return 1
        path = f"/phone/{token.reveal()}"
        link.append((f"{own_url(house.settings.http)}{path}", f"{house.settings.http.public_url}{path}"))
        return 0

    status = with_house(config, work)
    if status:
        return status
    inside, outside = link[0]
    return show_phone(inside, outside, terminal_language(), command("run", config=config))
