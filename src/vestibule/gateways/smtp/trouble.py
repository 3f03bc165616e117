"""Why a mail was not taken, as a `Sending`, from what the client library raises.

A cause holds what a server said about an address, and never what it said after it had seen a password or the
mail itself: it might repeat them.
"""

from __future__ import annotations

import re
import ssl
from enum import StrEnum
from typing import Final

from aiosmtplib import (
    SMTPAuthenticationError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPTimeoutError,
)

from vestibule.interfaces.gateway import NotSent, Unsure

_LONGEST_WORDS: Final = 120
_ENHANCED: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?=\s|$)")
_POLICY: Final = "5.7."


class Stage(StrEnum):
    """How far it had come."""

    CONNECTING = "connecting"
    LOGIN = "login"
    ENVELOPE = "envelope"
    CONTENT = "content"
    """From here on the server may have taken it before its answer was lost."""


def sending_of(problem: BaseException, stage: Stage) -> NotSent | Unsure:
    """Return what is known after `problem`, an exception of the library or of the system."""
    if isinstance(problem, SMTPRecipientRefused):
        return NotSent(_cause("recipient_refused", problem), is_final=_is_final(problem))
    if isinstance(problem, SMTPSenderRefused):
        return NotSent(_cause("sender_refused", problem))
    if isinstance(problem, SMTPAuthenticationError) or (
        stage is Stage.LOGIN and isinstance(problem, SMTPResponseException)
    ):
        return NotSent(f"smtp.cause.login_refused {problem.code}")
    if isinstance(problem, SMTPResponseException):
        return NotSent(_cause("refused", problem, has_seen_mail=stage is Stage.CONTENT))
    cause = f"smtp.cause.{_name(problem, stage)}"
    return Unsure(cause) if stage is Stage.CONTENT else NotSent(cause)


def _name(problem: BaseException, stage: Stage) -> str:
    known: BaseException | None = problem
    while known is not None:
        if isinstance(known, ssl.SSLError):
            return "insecure"
        known = known.__cause__ or known.__context__
    if isinstance(problem, TimeoutError | SMTPTimeoutError):
        return "timed_out"
    if stage is Stage.CONNECTING and isinstance(problem, OSError):
        return "unreachable"
    if isinstance(problem, SMTPException) and not isinstance(problem, OSError):
        # The library refuses by itself what the server does not offer.
        return {Stage.CONNECTING: "insecure", Stage.LOGIN: "no_login"}.get(stage, "broken_off")
    return "broken_off"


def _is_final(problem: SMTPRecipientRefused) -> bool:
    """No such mailbox is final (RFC 5321 §4.2.1); that a server does not serve us (RFC 3463 §3.8) is not."""
    enhanced = _ENHANCED.match(problem.message)
    return 500 <= problem.code < 600 and not (enhanced and enhanced[0].startswith(_POLICY))


def _cause(name: str, problem: SMTPResponseException, *, has_seen_mail: bool = False) -> str:
    said = problem.message.partition("\n")[0]
    if has_seen_mail:
        enhanced = _ENHANCED.match(said)
        said = enhanced[0] if enhanced else ""
    seen = "".join(each for each in said if each.isprintable())[:_LONGEST_WORDS]
    return f"smtp.cause.{name} {problem.code} {seen}".rstrip()
