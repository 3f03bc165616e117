"""Speech by espeak-ng, a program of its own that many systems have as a package.

The text goes in by standard input and is never part of a command; no shell is started. A text is bounded, so
are the time and the memory that saying it takes. Spoken texts are kept, because a greeting is said in every
call. Whatever goes wrong, there is a beep: the call goes on, and the log says why it sounds so.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections import OrderedDict
from typing import Final

import structlog

from vestibule.interfaces.gateway import Sound
from vestibule.wire.sound import SoundProblem, for_telephone, read_wav, tone
from vestibule.wire.sound.telephone import to_octets

PROGRAM: Final = "espeak-ng"
_WORDS_PER_MINUTE: Final = "150"
"""Slower than its default: over a telephone, half of what tells consonants apart is missing."""
_MOST_CHARACTERS: Final = 1000
_MOST_OCTETS: Final = 4 * 1024 * 1024
_SECONDS: Final = 10.0
_END_SECONDS: Final = 2.0
_KEPT_OCTETS: Final = 16 * 1024 * 1024
_AT_ONCE: Final = 2
# Double brackets begin phonemes in its own notation; a name of an application is not to do that.
_PLAIN: Final = str.maketrans("[]", "  ", "\0")
_VOICES: Final = {"en": "en-us", "de": "de"}

_log = structlog.get_logger()


def beep() -> Sound:
    """Return what is heard where nothing can be said."""
    return Sound(to_octets(tone(1000, 0.4)))


class EspeakSpeech:
    """The `Speech` of the program. Invariant: at most two programs run at a time, none beyond its time."""

    def __init__(self, program: str | None = None, seconds: float = _SECONDS) -> None:
        self._program = shutil.which(PROGRAM) if program is None else program
        self._seconds = seconds
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._kept: OrderedDict[tuple[str, str], Sound] = OrderedDict()
        self._kept_octets = 0

    @property
    def can_speak(self) -> bool:
        return bool(self._program)

    async def say(self, text: str, language: str) -> Sound:
        key = (language, text)
        if (kept := self._kept.get(key)) is not None:
            self._kept.move_to_end(key)
            return kept
        cause = "no speech engine is installed"
        if self._program:
            try:
                async with self._turns:
                    sound = await self._spoken(self._program, text, language)
            except (OSError, SoundProblem, TimeoutError, ChildProcessError) as error:
                cause = f"{type(error).__name__}: {error}"
            else:
                self._keep(key, sound)
                return sound
        _log.warning("speech.beep", cause=cause, language=language)
        return beep()

    async def _spoken(self, program: str, text: str, language: str) -> Sound:
        voice = _VOICES.get(language, language)
        if not voice.replace("-", "").isalnum():
            raise ChildProcessError("no such language")
        command = ("-v", voice, "-s", _WORDS_PER_MINUTE, "-b", "1", "--stdin", "--stdout")
        process = await asyncio.create_subprocess_exec(
            program, *command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL
        )
        try:
            async with asyncio.timeout(self._seconds):
                wav = await _exchange(process, text[:_MOST_CHARACTERS].translate(_PLAIN).encode())
        finally:
            await _end(process)
        # Filtering takes a noticeable while of pure computation.
        return Sound(await asyncio.to_thread(lambda: for_telephone(read_wav(wav))))

    def _keep(self, key: tuple[str, str], sound: Sound) -> None:
        before = self._kept.pop(key, None)
        self._kept[key] = sound
        self._kept_octets += len(sound.samples) - (len(before.samples) if before else 0)
        while self._kept_octets > _KEPT_OCTETS:
            _, dropped = self._kept.popitem(last=False)
            self._kept_octets -= len(dropped.samples)


async def _exchange(process: Process, text: bytes) -> bytes:
    """Write the text, and read the sound up to its bound."""
    assert process.stdin is not None
    assert process.stdout is not None
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(text)
        await process.stdin.drain()
    process.stdin.close()
    made = bytearray()
    while part := await process.stdout.read(65_536):
        made += part
        if len(made) > _MOST_OCTETS:
            raise ChildProcessError("the engine says too much")
    if await process.wait() != 0:
        raise ChildProcessError(f"the engine ended with {process.returncode}")
    return bytes(made)


async def _end(process: Process) -> None:
    """Leave no program behind, whatever ended the exchange."""
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    assert process.stdout is not None
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_END_SECONDS):
            # What it has said is read away: as long as its pipe is full, it is not seen to have ended.
            while await process.stdout.read(65_536):
                pass
            await process.wait()
