"""The link front end: opens no door, but the one connection to the service, through which it is asked.

`arriving` says who this server is, `dialing` keeps the connection up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vestibule.frontends.link.connecting import Address
from vestibule.frontends.link.dialing import LinkFrontend

if TYPE_CHECKING:
    from vestibule.interfaces.frontend import Frontend
    from vestibule.services.services import FrontendKind, Services


class _LinkKind:
    name = LinkFrontend.name

    def open(self, services: Services, settings: Any) -> Frontend:
        """Return the front end. `settings` has the origin of the service in `service`, and `proxy`, `pins`
        and `ca_file`; without a service it dials nobody."""
        return LinkFrontend(services, address_of(settings))


def address_of(settings: Any) -> Address:
    """Return where the settings of the section `link` say that the service is."""
    return Address(
        service=settings.service, proxy=settings.proxy, pins=settings.pins, ca_file=settings.ca_file
    )


FRONTEND: FrontendKind = _LinkKind()

__all__ = ["FRONTEND", "LinkFrontend", "address_of"]
