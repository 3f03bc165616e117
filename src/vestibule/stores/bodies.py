"""Bodies of transactions, and how both engines step them.

A body is a coroutine that awaits nothing but its transaction. Both engines step it by hand instead of
running it as a task, so a body that awaits anything else is caught at that moment, and a connection never
waits in the middle of a transaction for something that is not the database.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator
from typing import Any, Final, TypeAlias

from vestibule.interfaces.store import Conflict, Unavailable
from vestibule.stores.transaction import Asked, Requests, Wish

MOST_WAITING: Final = 4000
"""Bodies that may wait for their turn; one more is refused at once rather than late."""
MOST_OF_ONE_TENANT: Final = 2000
"""How many of them may be one tenant's."""

MOST_TRIES: Final = 8
"""How often a body is run that finds each time that something has changed meanwhile."""


Steps: TypeAlias = Generator[Any, Any, Any]
"""A body that runs, from one request to the next."""


class ForeignAwait(RuntimeError):
    """A body of a transaction awaited something that is not its transaction. The program is wrong."""


class CannotWrite(RuntimeError):
    """A body that was given to `read` wanted to write. The program is wrong."""


class Job:
    """A body on its way: `settle()` tells its caller how it ended. The engine fills in the ending."""

    __slots__ = ("body", "failure", "future", "is_careful", "result", "tenant_id", "tries")

    def __init__(
        self, body: Callable[[Any], Awaitable[Any]], future: asyncio.Future[Any], tenant_id: str = ""
    ) -> None:
        self.body = body
        self.tenant_id = tenant_id
        self.future = future
        self.result: Any = None
        self.failure: BaseException | None = None
        self.tries = 0
        self.is_careful = False
        """Whether it has met others head-on, and goes one at a time from now on."""

    def start(self, transaction: Requests) -> Steps:
        """Begin to run the body anew, forgetting what came of the run before."""
        self.result = self.failure = None
        self.tries += 1
        return self.body(transaction).__await__()

    @property
    def wants_again(self) -> bool:
        return isinstance(self.failure, Conflict) and self.tries < MOST_TRIES

    def settle(self) -> None:
        """Pass the ending on; only on the event loop, and only after the commit."""
        if self.future.done():
            return
        if self.failure is not None:
            self.future.set_exception(self.failure)
        else:
            self.future.set_result(self.result)


def step(job: Job, transaction: Requests, steps: Steps, answer: Any) -> Asked | None:
    """Send a body its answer; return what it asks for next, or None at its end, noted in the job.

    An answer that is an exception is raised in the body.
    """
    try:
        asked = steps.throw(answer) if isinstance(answer, Exception) else steps.send(answer)
    except StopIteration as end:
        job.result = end.value
        job.failure = transaction.failure
    except BaseException as error:
        # A thread without an event loop: most of what can be awaited finds that out before it suspends.
        is_foreign = isinstance(error, RuntimeError) and "event loop" in str(error)
        job.failure = foreign_await() if is_foreign else transaction.failure or error
    else:
        if type(asked) is tuple and type(asked[0]) is Wish:
            request: Asked = asked
            return request
        steps.close()
        job.failure = foreign_await()
    return None


def refuse(job: Job, failure: BaseException) -> None:
    """End a job by a failure of the database that is not its own."""
    job.result = None
    # One exception object must not be raised in many tasks: each would add its traceback to it.
    job.failure = Unavailable(*failure.args) if isinstance(failure, Unavailable) else failure


def foreign_await() -> ForeignAwait:
    return ForeignAwait("the body of a transaction awaited something that is not its transaction")


def cannot_write() -> CannotWrite:
    return CannotWrite("a body that only reads wanted to write: it belongs into transact()")


def too_many() -> Unavailable:
    return Unavailable("the database is behind: too many requests wait for it")
