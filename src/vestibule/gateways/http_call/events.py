"""What a provider tells of a call, as events of the model. Pure.

Written from "Call resource" (status values, StatusCallback parameters), "TwiML Voice: Gather" and "Answering
Machine Detection" in Twilio's documentation. In doubt an event is the one that proves less: keys of a call
that is over are not keys, and a question that ended without a sign of # was ended by time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from vestibule.gateways.http_call.addresses import ANSWERED, KEYS
from vestibule.model.call import CallEvent, CallEventKind
from vestibule.wire.http_forms.places import word

_KEYS: Final = re.compile(r"[0-9*#]{0,60}")
_OVER: Final = {
    "busy": CallEventKind.BUSY,
    "no-answer": CallEventKind.NO_ANSWER,
    "failed": CallEventKind.UNREACHABLE,
    "canceled": CallEventKind.FAILED,
    "completed": CallEventKind.HUNG_UP,
}
# What the far end's carrier said says more than the provider's own word (RFC 3261 §21, RFC 8197, RFC 8688).
_BY_SIP: Final = {
    "404": CallEventKind.WRONG_NUMBER,
    "410": CallEventKind.WRONG_NUMBER,
    "484": CallEventKind.WRONG_NUMBER,
    "604": CallEventKind.WRONG_NUMBER,
    "408": CallEventKind.NO_ANSWER,
    "486": CallEventKind.BUSY,
    "600": CallEventKind.BUSY,
    "603": CallEventKind.DECLINED,
    "607": CallEventKind.DECLINED,
    "401": CallEventKind.FAILED,
    "403": CallEventKind.FAILED,
    "407": CallEventKind.FAILED,
}


def event_of_step(what: str, form: Mapping[str, str]) -> CallEvent:
    """Tell what a request for the next instructions means."""
    status = form.get("CallStatus", "")
    if status in _OVER:
        return event_of_status(form) or CallEvent(CallEventKind.HUNG_UP)
    if what == ANSWERED:
        answered_by = form.get("AnsweredBy", "")
        is_machine = answered_by.startswith("machine") or answered_by == "fax"
        return CallEvent(
            CallEventKind.MACHINE if is_machine else CallEventKind.ANSWERED, detail=word(answered_by)
        )
    return _keys(form) if what == KEYS else CallEvent(CallEventKind.SAID)


def _keys(form: Mapping[str, str]) -> CallEvent:
    told = form.get("Digits", "")
    if _KEYS.fullmatch(told) is None:
        return CallEvent(CallEventKind.KEYS)
    # Some tell the # only among the digits.
    keys, sign, _ = told.partition("#")
    return CallEvent(CallEventKind.KEYS, keys, bool(sign) or form.get("FinishedOnKey") == "#")


def event_of_status(form: Mapping[str, str]) -> CallEvent | None:
    """Tell how a call ended, or None while it has not."""
    status, code = form.get("CallStatus", ""), form.get("SipResponseCode", "")
    kind = _OVER.get(status)
    if kind is None:
        return None
    if status in ("busy", "failed", "no-answer"):
        kind = _BY_SIP.get(code, kind)
    return CallEvent(kind, detail=word(f"{status} {code}".strip()))
