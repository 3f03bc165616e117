"""The app of ours, and what it asks the server (docs/protocols/authenticator-app.md)."""

from __future__ import annotations

from litestar import Router

from vestibule.frontends.http.authenticator_app import api

ROUTER = Router(
    path="/app",
    include_in_schema=False,
    route_handlers=[
        api.activate,
        api.requests,
        api.answer,
        api.subscribe,
        api.unsubscribe,
        api.rename,
        api.remove,
    ],
)
