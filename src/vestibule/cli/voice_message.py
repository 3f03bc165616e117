"""`vestibule voice-message`: recordings that are said in calls instead of the built-in texts."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from vestibule.cli import finding
from vestibule.cli.desk import Desk, at_desk
from vestibule.cli.listing import show_rows
from vestibule.cli.output import moment
from vestibule.cli.parameters import HERE, Json, Scope, Yes
from vestibule.cli.records import voice_message_record
from vestibule.cli.terminal import NotDone
from vestibule.model.voice_message import MessageType, VoiceMessage

app = App(
    name="voice-message",
    help="Voice messages: your own recordings for calls.",
    help_format="plaintext",
)

_MOST_OCTETS = 5 * 1024 * 1024


@app.command(name="list")
def list_messages(*, as_json: Json = False, scope: Scope = HERE) -> int:
    """List the recordings.

    For example:

      vestibule voice-message list
    """

    async def work(desk: Desk) -> None:
        show_rows(
            desk.terminal,
            await desk.services.voice_messages.list(desk.actor, desk.tenant_id),
            as_json=as_json,
            record=voice_message_record,
            header=("language", "kind", "application", "seconds", "added", "description", "id"),
            row=lambda one: (
                one.language,
                desk.terminal.named("voice.type", one.type),
                _application(desk, one),
                f"{one.milliseconds / 1000:.1f}",
                moment(one.created_at),
                one.description,
                one.message_id,
            ),
            empty="list.no_voice_messages",
        )

    return at_desk(scope, work)


@app.command
def add(
    file: Path,
    /,
    *,
    message_type: Annotated[MessageType, Parameter(name="--type")],
    language: Literal["en", "de"],
    application: str = "",
    description: str = "",
    as_json: Json = False,
    scope: Scope = HERE,
) -> int:
    """Add a recording. It takes the place of the one for the same language, application and type.

    For example:

      vestibule voice-message add greeting.wav --type greeting-standard --language en
      vestibule voice-message add gruss.mp3 --type greeting-pin --language de --application VPN

    Parameters
    ----------
    file
        A WAV or MP3 file of at most 5 MB and 60 seconds; keep it under 20 seconds.
    message_type
        What it is said for.
    language
        The language it is spoken in; nobody else hears it.
    application
        The only application it is for, by name or identifier; left out, it is for all.
    description
        A note for administrators.
    """

    async def work(desk: Desk) -> None:
        from vestibule.services.voice_messages import UnusableSound

        messages, content = desk.services.voice_messages, _read(file)
        application_id = finding.application(desk, application).application_id if application else ""
        try:
            added = await messages.add(
                desk.actor,
                desk.tenant_id,
                content,
                language=language,
                message_type=message_type,
                application_id=application_id,
                description=description,
            )
        except UnusableSound as unusable:
            raise NotDone(f"voice.unusable.{unusable.cause}") from None
        if as_json:
            desk.terminal.json(voice_message_record(added))
            return
        desk.terminal.say("voice_message.added", name=_name(desk, added), id=added.message_id)

    return at_desk(scope, work)


@app.command
def remove(message: str, /, *, yes: Yes = False, scope: Scope = HERE) -> int:
    """Remove a recording; the built-in text is said again.

    For example:

      vestibule voice-message remove 2f6b1c0e

    Parameters
    ----------
    message
        Its identifier or the beginning of that.
    """

    async def work(desk: Desk) -> None:
        one = await _found(desk, message)
        desk.terminal.confirm(yes, "ask.remove", name=_name(desk, one))
        await desk.services.voice_messages.remove(desk.actor, desk.tenant_id, one.message_id)
        desk.terminal.say("voice_message.removed", name=_name(desk, one))

    return at_desk(scope, work)


@app.command
def play(message: str, file: Path, /, *, scope: Scope = HERE) -> int:
    """Write a recording into a WAV file, as it sounds in a call.

    For example:

      vestibule voice-message play 2f6b1c0e greeting.wav

    Parameters
    ----------
    message
        Its identifier or the beginning of that.
    file
        The file to write; one that is there already is not touched.
    """

    async def work(desk: Desk) -> None:
        one = await _found(desk, message)
        wav = await desk.services.voice_messages.wav(desk.actor, desk.tenant_id, one.message_id)
        try:
            with file.open("xb") as written:
                written.write(wav)
        except OSError as error:
            raise _file_trouble(file, error) from None
        desk.terminal.say("voice_message.written", file=str(file))

    return at_desk(scope, work)


# --- parts ----------------------------------------------------------------------------------------------


def _read(file: Path) -> bytes:
    """Return the file, one octet more than may be at most."""
    try:
        with file.open("rb") as opened:
            return opened.read(_MOST_OCTETS + 1)
    except OSError as error:
        raise _file_trouble(file, error) from None


def _file_trouble(file: Path, error: OSError) -> NotDone:
    reason = os.strerror(error.errno or errno.EIO)
    return NotDone("cli.voice_message.file", file=str(file), reason=reason)


async def _found(desk: Desk, wanted: str) -> VoiceMessage:
    every = await desk.services.voice_messages.list(desk.actor, desk.tenant_id)
    found = [one for one in every if wanted and one.message_id.startswith(wanted.casefold())]
    if len(found) != 1:
        key = "cli.several.voice_message" if found else "cli.unknown.voice_message"
        raise NotDone(key, name=wanted, command=desk.command("voice-message list"))
    return found[0]


def _name(desk: Desk, one: VoiceMessage) -> str:
    kind = desk.terminal.named("voice.type", one.type)
    about = [one.language, _application(desk, one)] if one.application_id else [one.language]
    return f"{kind} ({', '.join(about)})"


def _application(desk: Desk, one: VoiceMessage) -> str:
    if not one.application_id:
        return desk.terminal.words("word.every_application")
    found = desk.snapshot.applications.get((one.tenant_id, one.application_id))
    return found.name if found else one.application_id
