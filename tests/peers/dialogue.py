"""A sign-in that asks one question after the other, and somebody who answers when he can."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from tests.peers.program import Program


@dataclass(frozen=True, slots=True)
class SignIn:
    """What came of one attempt: whether the server let the user in, and what it asked and said on the way."""

    is_accepted: bool
    questions: tuple[str, ...]
    output: str


class Dialogue(ABC):
    """The program of a user who signs in; it prints the questions. It is over with `finish` or `cancel`."""

    def __init__(self, program: Program) -> None:
        self.program = program

    @abstractmethod
    def answer(self, text: str) -> None:
        """Answer the question that is asked now, or will be asked next."""

    @abstractmethod
    def came_of(self, status: int) -> SignIn:
        """Return what the program has done, which has ended with `status`."""

    def finish(self, *, seconds: float = 60) -> SignIn:
        """Answer nothing more, and return what came of it."""
        return self.came_of(self.program.wait(seconds=seconds))

    def cancel(self) -> None:
        """End it, if it is not over."""
        self.program.kill()
