"""Which right a route of the console or the API asks for. A route that names none is for administrators of
everything, so that what is forgotten is closed and not open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import unquote

from litestar import Request
from litestar.handlers import BaseRouteHandler
from litestar.routes import HTTPRoute

from vestibule.model.actor import Actor, NotAllowed, Right

RIGHTS: Final = "rights"
_OVER_EVERYBODY: Final = "over_everybody"
_OF_TENANTS: Final = "/console/tenants/"
ANY_ROLE: Final[Mapping[str, Any]] = {RIGHTS: ()}
"""Of a route that everybody may use who has any role in the tenant."""


def needs(*rights: Right) -> dict[str, Any]:
    """Return the `opt` of a route that asks for one of these rights, over some people at least. What it does
    to one person, the service judges."""
    return {RIGHTS: rights}


def needs_over_everybody(*rights: Right) -> dict[str, Any]:
    """Return the `opt` of a route that is nothing for who has such a right over some people only."""
    return needs(*rights) | {_OVER_EVERYBODY: True}


def rights_of_route(handler: BaseRouteHandler) -> tuple[Right, ...]:
    """Return the rights of which one is enough; none: any role is."""
    found: tuple[Right, ...] = handler.opt.get(RIGHTS, (Right.ADMINISTER,))
    return found


def allows(handler: BaseRouteHandler, actor: Actor, tenant_id: str) -> bool:
    """Tell whether `actor` may use the route in this tenant."""
    if not actor.is_within(tenant_id):
        return False
    rights = rights_of_route(handler)
    if handler.opt.get(_OVER_EVERYBODY, False):
        return any(actor.may(right, tenant_id) for right in rights)
    return not rights or any(_has(actor, right, tenant_id) for right in rights)


def demand(handler: BaseRouteHandler, actor: Actor, tenant_id: str) -> None:
    """Raise `NotAllowed` unless `actor` may use the route in this tenant."""
    if not allows(handler, actor, tenant_id):
        for right in rights_of_route(handler):
            actor.demand(right, tenant_id)
        raise NotAllowed("there is nothing for this actor in the tenant")


class Paths:
    """The routes of the console by their paths, to tell before somebody presses a button whether he may."""

    def __init__(self, routes: Iterable[Any]) -> None:
        self._routes: dict[tuple[str, int], list[tuple[tuple[str, ...], BaseRouteHandler]]] = {}
        for route in routes:
            if isinstance(route, HTTPRoute) and route.path.startswith(_OF_TENANTS):
                parts = tuple(part if isinstance(part, str) else "" for part in route.path_components)
                for method, (handler, _) in route.route_handler_map.items():
                    self._routes.setdefault((method, len(parts)), []).append((parts, handler))

    def allow(self, actor: Actor, method: str, path: str) -> bool:
        """Tell whether `actor` may follow a link or send a form to this path of ours; True for what is no
        page about a tenant."""
        parts = [unquote(part) for part in path.partition("?")[0].strip("/").split("/")]
        fitting = [
            (sum(map(bool, pattern)), handler)
            for pattern, handler in self._routes.get((method, len(parts)), ())
            if all(wanted in ("", part) for wanted, part in zip(pattern, parts, strict=True))
        ]
        if not fitting:
            return True
        handler = max(fitting, key=lambda found: found[0])[1]
        return allows(handler, actor, parts[2])


def allowed_paths(request: Request[Any, Any, Any]) -> Paths:
    state = request.app.state
    if "allowed_paths" not in state:
        state.allowed_paths = Paths(request.app.routes)
    paths: Paths = state.allowed_paths
    return paths


def _has(actor: Actor, right: Right, tenant_id: str) -> bool:
    return actor.may(right, tenant_id) or bool(actor.groups_for(right, tenant_id))
