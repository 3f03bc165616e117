"""Showing a simulated phone: as a page, as its screen alone when something has changed, and to programs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any, Final

from litestar import Response
from litestar.enums import MediaType

from vestibule.frontends.http.fields import YES, asked, whole_number
from vestibule.frontends.http.pages import frame
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.site import site_of
from vestibule.frontends.http.templates.views import PhoneEntry
from vestibule.interfaces.gateway import Simulates
from vestibule.model.simulated_phone import PhoneCall, PhoneText, SimulatedPhone

PAGE: Final = "phone/phone.html"
_SCREEN: Final = "phone/alone.html"
_WAIT_SECONDS: Final = 20.0
"""Shorter than proxies wait for an answer."""
_MOST_ENTRIES: Final = 60


def page_of(request: AnyRequest, phones: Simulates, place: str) -> dict[str, Any]:
    """Return the variables of the page; `place` is the path of the page."""
    return {**_screen(request, phones, place), "phones": phones.phones(), "is_still": is_still(request)}


async def screen_of(request: AnyRequest, phones: Simulates, place: str) -> Response[Any]:
    await _until_changed(request, phones)
    framed = frame(request, "portal")
    html = site_of(request).pages.render(_SCREEN, framed, **_screen(request, phones, place))
    return Response(html, media_type=MediaType.HTML)


async def state_of(request: AnyRequest, phones: Simulates) -> Response[Any]:
    await _until_changed(request, phones)
    told = [_told(phone) for phone in phones.phones()]
    return Response({"version": phones.version, "phones": told}, media_type=MediaType.JSON)


def is_still(request: AnyRequest) -> bool:
    """Tell whether a page without script should not load itself anew."""
    return asked(request, "still") == YES


def _screen(request: AnyRequest, phones: Simulates, place: str) -> dict[str, Any]:
    version, shown = phones.version, _shown(request, phones)
    return {"shown": shown, "entries": entries_of(shown), "version": version, "place": place}


def _shown(request: AnyRequest, phones: Simulates) -> SimulatedPhone | None:
    """Return the phone that was asked for, else one that rings, else the one reached last."""
    every = phones.phones()
    wanted = phones.phone(asked(request, "number", 30))
    up = next((phone for phone in every if phone.call is not None), None)
    return wanted or up or (every[0] if every else None)


def entries_of(phone: SimulatedPhone | None) -> Sequence[PhoneEntry]:
    """Return texts and past calls as one thread, the newest last."""
    if phone is None:
        return ()
    every = [*(PhoneEntry(text.at, text=text) for text in phone.texts)]
    every += [PhoneEntry(call.at, call=call) for call in phone.past_calls]
    return sorted(every, key=lambda entry: entry.at)[-_MOST_ENTRIES:]


async def _until_changed(request: AnyRequest, phones: Simulates) -> None:
    """Return when there is something else to see than `since`, after a while in any case, and at once when
    the process is about to stop."""
    known = whole_number(asked(request, "since"))
    if known is None or known != phones.version:
        return

    async def change() -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_WAIT_SECONDS):
                await phones.changed(known)

    await site_of(request).long_polls.wait("simulated phones", change())


# --- for programs -----------------------------------------------------------------------------------------


def _told(phone: SimulatedPhone) -> dict[str, Any]:
    return {
        "number": phone.number,
        "is_busy": phone.is_busy,
        "is_unreachable": phone.is_unreachable,
        "texts": [_told_text(text) for text in phone.texts],
        "call": None if phone.call is None else _told_call(phone.call),
        "past_calls": [_told_call(call) for call in phone.past_calls],
    }


def _told_text(text: PhoneText) -> dict[str, Any]:
    return {"at": text.at, "body": text.body.reveal(), "is_written_here": text.is_written_here}


def _told_call(call: PhoneCall) -> dict[str, Any]:
    return {
        "call_id": call.call_id,
        "caller": call.caller,
        "stage": call.stage.value,
        "at": call.at,
        "spoken": [{"language": each.language, "text": each.text} for each in call.spoken],
        "forgotten": call.forgotten,
        "awaits_keys": call.awaits_keys,
        "keys": call.keys,
        "dialed": call.dialed,
        "ending": call.ending.value if call.ending is not None else None,
    }
