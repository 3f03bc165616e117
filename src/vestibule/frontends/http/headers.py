"""The headers that every answer carries, whoever made it (WEB-16).

Nothing is cached but assets, whose names change with their content. No page frames ours, no foreign host
is asked for anything, no script or style stands inside a page. An answer may bring a policy of its own, as
the authenticator app does, which needs a camera and a worker; it is then sent instead of the usual one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from litestar.types import Message, Scope

from vestibule.frontends.http.options import HttpOptions

CONTENT_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; "
    "connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
IMMUTABLE: Final = "public, max-age=31536000, immutable"
_ALWAYS: Final = (
    (b"content-security-policy", CONTENT_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
_HTTPS: Final = ((b"strict-transport-security", b"max-age=63072000"),)
NOT_CACHED: Final = (b"cache-control", b"no-store")

Hook = Callable[[Message, Scope], Awaitable[None]]


def always_sent(options: HttpOptions) -> tuple[tuple[bytes, bytes], ...]:
    """Return what every answer carries, whatever it is."""
    return (*_ALWAYS, *_HTTPS) if options.is_https else _ALWAYS


def security_headers(options: HttpOptions) -> Hook:
    """Return the hook that adds them to the head of every answer."""
    always = always_sent(options)

    async def add(message: Message, _scope: Scope) -> None:
        if message["type"] != "http.response.start":
            return
        own = [*message.get("headers", ())]
        brought = {name.lower() for name, _ in own}
        message["headers"] = [*own, *(each for each in (*always, NOT_CACHED) if each[0] not in brought)]

    return add
