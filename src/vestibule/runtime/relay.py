"""The relay, put together: what a server and its service ask each other, and who answers."""

from __future__ import annotations

from dataclasses import dataclass

from vestibule.crypto.sealing import Sealer
from vestibule.interfaces.link import Link
from vestibule.interfaces.push import Pusher
from vestibule.interfaces.store import Store
from vestibule.runtime.push import BrowserPush, LinkPush
from vestibule.runtime.settings import SERVER, SERVICE
from vestibule.services.app_relay import RelayedApps
from vestibule.services.attempt import Node
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.deliveries import Deliveries
from vestibule.services.gateways import Gateways
from vestibule.services.inbox import Inboxes
from vestibule.services.links import ServiceLinks
from vestibule.services.relayed_calls import RelayedCalls
from vestibule.services.relayed_pushes import RelayedPushes
from vestibule.services.relaying import Relaying
from vestibule.services.sending_limits import SendingLimits
from vestibule.services.service_link import ServiceLink
from vestibule.services.service_news import ServiceNews
from vestibule.services.told_attempts import TellingServers


@dataclass(frozen=True, slots=True)
class Relay:
    links: ServiceLinks
    service_link: ServiceLink
    relaying: Relaying
    relayed_calls: RelayedCalls

    @property
    def to_service(self) -> Link | None:
        """The link of a server; None where there is no service behind this installation."""
        return self.service_link if self.service_link.dials else None

    def pusher(self, own: BrowserPush) -> Pusher:
        """Return what wakes apps here: a server has its link for a way out."""
        return LinkPush(own, self.to_service) if self.to_service is not None else own

    def answer(
        self, store: Store, configuration: ConfigurationCache, inboxes: Inboxes, push: BrowserPush
    ) -> RelayedApps:
        """Say who answers what the other end asks; return what answers apps."""
        apps = RelayedApps(self.service_link)
        self.links.handlers |= (
            self.relaying.handlers | RelayedPushes(push).handlers | TellingServers(store).handlers
        )
        self.service_link.handlers |= ServiceNews(store, configuration, inboxes).handlers | apps.handlers
        return apps


def open_relay(
    role: str,
    store: Store,
    configuration: ConfigurationCache,
    sealer: Sealer,
    node: Node,
    gateways: Gateways,
    deliveries: Deliveries,
    limits: SendingLimits,
) -> Relay:
    """`role` is that of this installation."""
    links = ServiceLinks(store, configuration, is_open=role == SERVICE)
    return Relay(
        links,
        ServiceLink(store, sealer, node, dials=role == SERVER),
        Relaying(store, links, gateways, deliveries, limits),
        RelayedCalls(store, links),
    )
