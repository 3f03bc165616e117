"""Speech: says a text. It decides nothing, stores nothing, and never fails a call."""

from __future__ import annotations

from typing import Protocol

from vestibule.interfaces.gateway import Sound


class Speech(Protocol):
    @property
    def can_speak(self) -> bool:
        """Whether there is an engine; without one every text is a beep."""
        ...

    async def say(self, text: str, language: str) -> Sound:
        """Return the text spoken in the language; a beep if that cannot be done. Never raises but for a
        cancellation."""
        ...
