"""`vestibule dictionary`: dictionaries of RADIUS attributes, as vendors and FreeRADIUS write them."""

from __future__ import annotations

from pathlib import Path

from cyclopts import App

from vestibule.cli.desk import Desk, at_desk
from vestibule.cli.listing import show_rows
from vestibule.cli.output import moment
from vestibule.cli.parameters import HERE, DryRun, Json, Scope, Yes
from vestibule.cli.records import loaded_dictionary_record, radius_dictionary_record
from vestibule.cli.terminal import NotDone
from vestibule.model.reply_attribute import MOST_DICTIONARY_BYTES

app = App(
    name="dictionary",
    help="Dictionaries of RADIUS attributes: load those of your vendors.",
    help_format="plaintext",
)


@app.command(name="list")
def list_dictionaries(*, as_json: Json = False, scope: Scope = HERE) -> int:
    """List the dictionaries that were loaded. Standard attributes need none.

    For example:

      vestibule dictionary list
    """

    async def work(desk: Desk) -> None:
        show_rows(
            desk.terminal,
            await desk.services.dictionaries.list(desk.actor, desk.tenant_id),
            as_json=as_json,
            record=radius_dictionary_record,
            header=("name", "attributes", "left_out", "added"),
            row=lambda one: (one.name, str(one.attributes), str(one.left_out), moment(one.created_at)),
            empty="list.no_dictionaries",
        )

    return at_desk(scope, work)


@app.command
def load(
    file: Path,
    /,
    *,
    name: str = "",
    dry_run: DryRun = False,
    as_json: Json = False,
    scope: Scope = HERE,
) -> int:
    """Load a dictionary, in the place of the one of the same name.

    For example:

      vestibule dictionary load /usr/share/freeradius/dictionary.cisco
      vestibule dictionary load vendor.txt --name acme --dry-run

    Parameters
    ----------
    file
        Text in UTF-8 with VENDOR, ATTRIBUTE and VALUE lines, at most 256 KB.
    name
        What to call it; left out, the name of the file.
    """

    async def work(desk: Desk) -> None:
        wanted = name or file.name.removeprefix("dictionary.")
        loaded = await desk.services.dictionaries.load(
            desk.actor, desk.tenant_id, wanted, _read(file), is_dry_run=dry_run
        )
        if as_json:
            desk.terminal.json(loaded_dictionary_record(loaded, is_dry_run=dry_run))
            return
        desk.terminal.say("dictionary.loaded", name=wanted, count=loaded.dictionary.attributes)
        if loaded.read.left_out:
            desk.terminal.note("dictionary.left_out", names=", ".join(loaded.read.left_out))
        if dry_run:
            desk.terminal.note("dry_run")

    return at_desk(scope, work)


@app.command
def remove(name: str, /, *, yes: Yes = False, scope: Scope = HERE) -> int:
    """Remove a dictionary. Attributes that were given by it are still sent.

    For example:

      vestibule dictionary remove cisco

    Parameters
    ----------
    name
        Its name.
    """

    async def work(desk: Desk) -> None:
        there = await desk.services.dictionaries.list(desk.actor, desk.tenant_id)
        if name not in {each.name for each in there}:
            raise NotDone("cli.unknown.dictionary", name=name, command=desk.command("dictionary list"))
        desk.terminal.confirm(yes, "ask.remove", name=name)
        await desk.services.dictionaries.remove(desk.actor, desk.tenant_id, name)
        desk.terminal.say("dictionary.removed", name=name)

    return at_desk(scope, work)


def _read(file: Path) -> bytes:
    """Return the file, one octet more than may be at most."""
    try:
        with file.open("rb") as opened:
            return opened.read(MOST_DICTIONARY_BYTES + 1)
    except OSError as error:
        raise NotDone("cli.names.file", file=str(file), reason=error.strerror or "") from None
