"""Who pushes, and where to: the key decides (WEB-17, TEN-02)."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request
from litestar.exceptions import NotFoundException
from litestar.handlers import BaseRouteHandler

from vestibule.frontends.http.api_key import need_peer
from vestibule.frontends.http.refused_acts import acts_as
from vestibule.frontends.http.site import Connection, Site, origin_of, site_of
from vestibule.model.actor import Actor, Right
from vestibule.model.provisioning import PROVISION_SCOPE, ProvisioningSettings, read_settings
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.services.configuration import Peer
from vestibule.services.services import Services

ROOT: Final = "/scim/v2"
_PEER: Final = "vestibule_scim_peer"
_RIGHTS: Final = frozenset({Right.PROVISION, Right.READ_PEOPLE, Right.GROUPS})


class Caller:
    """A provider's key at work in its tenant."""

    __slots__ = ("actor", "base", "settings", "site", "tenant_id")

    def __init__(self, site: Site, peer: Peer, base: str) -> None:
        client = peer.client
        self.site = site
        self.base = base
        self.tenant_id = client.tenant_id
        self.settings: ProvisioningSettings = read_settings(client.settings)
        self.actor = Actor(
            actor_id=client.client_id,
            name=client.name,
            tenant_id=client.tenant_id,
            rights=_RIGHTS,
            is_program=True,
        )

    @property
    def services(self) -> Services:
        return self.site.services

    @property
    def country_code(self) -> str:
        return self.services.configuration.current.tenants[self.tenant_id].settings.country_code


async def may_provision(connection: Connection, _: BaseRouteHandler) -> None:
    """Guard of every route: a key of the scope, of a tenant that has people to push."""
    peer, _address = need_peer(connection, PROVISION_SCOPE)
    if peer.client.tenant_id == SYSTEM_TENANT:
        raise NotFoundException
    connection.scope[_PEER] = peer  # type: ignore[typeddict-unknown-key]  # a key of our own


def caller_of(request: Request[Any, Any, Any]) -> Caller:
    """Return the caller whom the guard let in."""
    peer: Peer = request.scope[_PEER]  # type: ignore[typeddict-item]  # a key of our own
    caller = Caller(site_of(request), peer, origin_of(request) + ROOT)
    acts_as(request, caller.actor)
    return caller
