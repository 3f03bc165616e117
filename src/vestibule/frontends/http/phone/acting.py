"""Acting on a simulated phone: what its buttons and its keyboard send."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlencode

from litestar import Response
from litestar.exceptions import ClientException

from vestibule.frontends.http.fields import LONG, read_fields
from vestibule.frontends.http.redirects import see_other
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.interfaces.gateway import Simulates

_ACTS: Final[dict[str, Callable[[Simulates, str], None]]] = {
    "answer": lambda phones, number: phones.answer(number),
    "decline": lambda phones, number: phones.decline(number),
    "ring_out": lambda phones, number: phones.let_ring_out(number),
    "hang_up": lambda phones, number: phones.hang_up_phone(number),
    "be_busy": lambda phones, number: phones.be_busy(number, True),
    "be_free": lambda phones, number: phones.be_busy(number, False),
    "be_unreachable": lambda phones, number: phones.be_unreachable(number, True),
    "be_reachable": lambda phones, number: phones.be_unreachable(number, False),
}
_MOST_KEYS: Final = 64
"""In one form: a page sends each by itself, a terminal what was typed on a line."""


async def act(request: AnyRequest, phones: Simulates, place: str) -> Response[Any]:
    """Do what the form says, and lead back to the phone it was done on."""
    fields = await read_fields(request)
    number, what = fields.text("number", 30), fields.text("act", 30)
    if what == "press":
        for key in fields.raw("keys", _MOST_KEYS):
            phones.press(number, key)
    elif what == "reply":
        await phones.reply(number, fields.raw("body", LONG))
    elif what in _ACTS:
        _ACTS[what](phones, number)
    else:
        raise ClientException("not an act of a phone")
    return see_other(f"{place}?{urlencode({'number': number})}")
