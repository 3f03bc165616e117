"""What a trunk's refusal of a call means (RFC 3261 §21), in the words of the house."""

from __future__ import annotations

from typing import Final

from vestibule.model.call import CallEvent, CallEventKind
from vestibule.wire.sip import Response

_KINDS: Final = {
    486: CallEventKind.BUSY,
    600: CallEventKind.BUSY,
    603: CallEventKind.DECLINED,
    607: CallEventKind.DECLINED,  # RFC 8197
    408: CallEventKind.NO_ANSWER,
    480: CallEventKind.NO_ANSWER,
    404: CallEventKind.WRONG_NUMBER,
    484: CallEventKind.WRONG_NUMBER,
    604: CallEventKind.WRONG_NUMBER,
    # What follows says something about us, not about the phone.
    401: CallEventKind.FAILED,
    407: CallEventKind.FAILED,
    488: CallEventKind.FAILED,
    606: CallEventKind.FAILED,
}


def refused(response: Response) -> CallEvent:
    """Return what to tell about a final response that is no answer. A redirection is not followed (VOI-04):
    calls go to the number that was asked for or nowhere."""
    kind = _KINDS.get(response.status, CallEventKind.UNREACHABLE)
    return CallEvent(kind, detail=response.status_line)
