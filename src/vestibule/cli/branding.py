"""`vestibule branding`: how a tenant shows itself to its people."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from vestibule.cli.desk import Desk, at_desk
from vestibule.cli.parameters import HERE, Json, Scope
from vestibule.cli.records import branding_record
from vestibule.cli.terminal import NotDone

app = App(name="branding", help="Name, colour and logo on portal and e-mails.", help_format="plaintext")


@app.command
def show(*, as_json: Json = False, scope: Scope = HERE) -> int:
    """Show what a tenant has chosen.

    For example:

      vestibule branding show --tenant acme
    """

    async def work(desk: Desk) -> None:
        found = desk.services.brandings.read(desk.actor, desk.tenant_id)
        if as_json:
            desk.terminal.json(branding_record(found))
            return
        desk.terminal.facts((("name", found.name), ("color", found.color), ("logo", found.logo[:16])))

    return at_desk(scope, work)


@app.command(name="set")
def set_branding(*, name: str | None = None, color: str | None = None, scope: Scope = HERE) -> int:
    """Choose the name and the colour of buttons and links.

    For example:

      vestibule branding set --name "Acme" --color "#7a1fa2"

    Parameters
    ----------
    name
        Stands where the name of the product would; empty for that.
    color
        A number sign and six hexadecimal digits, dark enough for white text; empty for the product's.
    """

    async def work(desk: Desk) -> None:
        brandings = desk.services.brandings
        before = brandings.read(desk.actor, desk.tenant_id)
        wanted = (before.name if name is None else name, before.color if color is None else color)
        await brandings.change(desk.actor, desk.tenant_id, *wanted)
        desk.terminal.say("branding.changed")

    return at_desk(scope, work)


@app.command
def logo(
    file: Path | None = None,
    /,
    *,
    remove: Annotated[bool, Parameter(name="--remove", negative="", show_default=False)] = False,
    scope: Scope = HERE,
) -> int:
    """Show a picture beside the name, or none any more.

    For example:

      vestibule branding logo acme.png
      vestibule branding logo --remove

    Parameters
    ----------
    file
        A PNG of at most 100 KiB and 1024 by 1024 pixels.
    remove
        Show the mark of the product again.
    """

    async def work(desk: Desk) -> None:
        brandings = desk.services.brandings
        if remove:
            await brandings.remove_logo(desk.actor, desk.tenant_id)
        elif file is None:
            raise NotDone("cli.branding.no_file", command=desk.command("branding logo --help"))
        else:
            await brandings.put_logo(desk.actor, desk.tenant_id, _content(file))
        desk.terminal.say("branding.changed")

    return at_desk(scope, work)


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise NotDone("cli.branding.file", file=str(file), reason=error.strerror or "") from None
