"""Who calls the API and what is in reach: the key decides, never a parameter (WEB-17, TEN-02).

A key belongs to one tenant. Only a key of the system tenant reaches others, and names the one it means with
`?tenant=`. For every other key, another tenant is not there.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Final

from litestar import Request
from litestar.exceptions import NotFoundException
from litestar.handlers import BaseRouteHandler
from litestar.params import QueryParameter

from vestibule.frontends.http.api.request import invalid
from vestibule.frontends.http.api.values import ID_PATTERN
from vestibule.frontends.http.api_key import need_peer
from vestibule.frontends.http.refused_acts import acts_as
from vestibule.frontends.http.rights import demand
from vestibule.frontends.http.site import Connection, Site, site_of
from vestibule.model.actor import Actor
from vestibule.model.role import rights_of
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.services.configuration import Peer
from vestibule.services.services import Services

_PEER: Final = "vestibule_api_peer"

Tenant = Annotated[
    str | None,
    QueryParameter(
        pattern=ID_PATTERN,
        description="The tenant meant, for keys of the system tenant. Left out: the key's own.",
    ),
]


class Caller:
    """An administrator's key at work on one tenant."""

    __slots__ = ("actor", "site", "tenant_id")

    def __init__(self, site: Site, actor: Actor, tenant_id: str) -> None:
        self.site = site
        self.actor = actor
        self.tenant_id = tenant_id

    @property
    def services(self) -> Services:
        return self.site.services

    @property
    def reaches_all(self) -> bool:
        """Whether the key reaches every tenant."""
        return self.actor.tenant_id == ""


async def may_verify(connection: Connection, _: BaseRouteHandler) -> None:
    """Guard of what applications use."""
    connection.scope[_PEER] = need_peer(connection, "verify")  # type: ignore[typeddict-unknown-key]


async def may_administer(connection: Connection, _: BaseRouteHandler) -> None:
    """Guard of what administrators use."""
    connection.scope[_PEER] = need_peer(connection, "admin")  # type: ignore[typeddict-unknown-key]


def asking_peer(connection: Connection) -> tuple[Peer, str]:
    """Return the client that the guard let in, and its address."""
    found: tuple[Peer, str] = connection.scope[_PEER]  # type: ignore[typeddict-item]
    return found


async def provide_caller(request: Request[Any, Any, Any], tenant: Tenant = None) -> Caller:
    """Return the caller, on the tenant that it means and may mean."""
    peer, _ = asking_peer(request)
    client = peer.client
    site = site_of(request)
    is_system = client.tenant_id == SYSTEM_TENANT
    tenant_id = client.tenant_id if tenant is None else tenant
    if tenant_id != client.tenant_id and not is_system:
        raise NotFoundException
    if tenant_id not in site.services.configuration.current.tenants:
        raise NotFoundException
    actor = Actor(
        actor_id=client.client_id,
        name=client.name,
        tenant_id="" if is_system else client.tenant_id,
        rights=rights_of(client.role_id, site.services.configuration.current.roles),
        is_program=True,
    )
    acts_as(request, actor)
    demand(request.route_handler, actor, tenant_id)
    return Caller(site, actor, tenant_id)


def check_methods(caller: Caller, methods: Iterable[str]) -> None:
    """Refuse what is no method of this installation."""
    known = caller.services.enrollments.methods
    if any(name not in known for name in methods):
        raise invalid("methods", "not a method of this installation")
