"""The installable app under `/app/`: its page, its worker and its texts, and what it asks the server.

No cookie and no form token counts here: the page is the same for everybody and knows nobody, and what it asks
it proves by a token and signatures (docs/protocols/authenticator-app.md).
"""

from __future__ import annotations

from vestibule.frontends.http.authenticator_app import api, moves, pages, relay
from vestibule.frontends.http.forms import EXEMPT
from vestibule.frontends.http.part import Part


def relay_router() -> Part:
    """Return the routes of the apps of servers behind this service: the pages are the service's own, and what
    the app asks goes to the server."""
    return Part(
        path="/relay/{relay_id:str}/app",
        include_in_schema=False,
        opt={EXEMPT: True},
        route_handlers=[pages.index, pages.manifest, pages.texts, pages.worker, relay.relayed],
    )


def router() -> Part:
    """Return the routes of the app."""
    return Part(
        path="/app",
        include_in_schema=False,
        opt={EXEMPT: True},
        route_handlers=[
            pages.index,
            pages.manifest,
            pages.texts,
            pages.worker,
            api.activate,
            api.requests,
            api.answer,
            api.subscribe,
            api.unsubscribe,
            api.rename,
            api.remove,
            moves.begin,
            moves.cancel,
            moves.stage,
        ],
    )
