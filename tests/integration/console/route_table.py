"""Every route of the console and the API with the rights that open it, as the reference has them."""

from __future__ import annotations

import re
from pathlib import Path

from litestar import Litestar
from litestar.routes import HTTPRoute

from vestibule.frontends.http.rights import RIGHTS, rights_of_route
from vestibule.model.right import OF_ADMINISTRATORS, Right
from vestibule.model.role import BUILT_IN

REFERENCE = Path(__file__).parents[3] / "docs/reference/roles.md"
ANY = "any role"
_CONSOLE = "/console/tenants/"
_API = "/api/v1/"
_OF_APPLICATIONS = ("/api/v1/verifications", "/api/v1/check", "/api/v1/openapi.json", "/api/v1/schema")
"""Opened by keys of another scope, or by nobody's."""
_ROW = re.compile(r"^\| `?([^|`]+)`? \| ([^|]+) \|$", re.MULTILINE)


def routes(app: Litestar) -> dict[tuple[str, str], tuple[Right, ...]]:
    """Return the rights of every route about a tenant, by method and path; one of them is enough."""
    found = {}
    for route in app.routes:
        path = getattr(route, "path_format", "")
        is_ours = path.startswith((_CONSOLE, _API)) and not path.startswith(_OF_APPLICATIONS)
        if isinstance(route, HTTPRoute) and is_ours:
            for method, (handler, _) in route.route_handler_map.items():
                if method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
                    found[method, path] = rights_of_route(handler)
    return found


def undeclared(app: Litestar) -> list[str]:
    """Return the routes that name no right, and are open to administrators of everything only by that."""
    return [
        f"{method} {route.path_format}"
        for route in app.routes
        if isinstance(route, HTTPRoute)
        and route.path_format.startswith((_CONSOLE, _API))
        and not route.path_format.startswith(_OF_APPLICATIONS)
        for method, (handler, _) in route.route_handler_map.items()
        if method not in ("OPTIONS", "HEAD") and RIGHTS not in handler.opt
    ]


def route_rows(app: Litestar) -> list[str]:
    """Return the rows of the reference's table of routes."""
    rows = []
    for (method, path), rights in sorted(routes(app).items(), key=lambda item: (item[0][1], item[0][0])):
        words = " or ".join(f"`{right.value}`" for right in rights) or ANY
        rows.append(f"| `{method} {path}` | {words} |")
    return rows


def role_rows() -> list[str]:
    """Return the rows of the reference's table of built-in roles."""
    rows = []
    for right in Right:
        if right in OF_ADMINISTRATORS:
            marks = ["✓" if right in held or Right.ADMINISTER in held else "" for held in BUILT_IN.values()]
            rows.append(f"| `{right.value}` | {' | '.join(marks)} |")
    return rows


def documented() -> dict[str, frozenset[str]]:
    """Return what the reference says: for each route the rights of which one is enough; none: any role is."""
    text = REFERENCE.read_text(encoding="utf-8")
    return {
        route: frozenset(re.findall(r"`([^`]+)`", words))
        for route, words in _ROW.findall(text)
        if " /" in route
    }
