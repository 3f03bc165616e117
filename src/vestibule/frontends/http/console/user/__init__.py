"""The pages of one user: overview, methods, access, history, administration; each with what it posts."""

from typing import Any, Final

from vestibule.frontends.http.console.user import access, administration, history, methods, overview

ROUTES: Final[list[Any]] = [
    *overview.ROUTES,
    *methods.ROUTES,
    *access.ROUTES,
    *history.ROUTES,
    *administration.ROUTES,
]
