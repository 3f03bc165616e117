"""How the pages of a tenant look: which style sheet, logo and name it has chosen."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from vestibule.frontends.http.site import Connection, site_of
from vestibule.frontends.http.templates.views import Brand

HOME: Final = "/brand"


def brand_of(connection: Connection, tenant_id: str) -> Brand:
    """Return how the pages for people of a tenant look."""
    chosen = site_of(connection).services.brandings.of(tenant_id)
    home = f"{HOME}/{quote(tenant_id, safe='')}"
    return Brand(
        name=chosen.name,
        style=f"{home}/style/{chosen.color[1:]}" if chosen.color else "",
        logo=f"{home}/logo/{chosen.logo}" if chosen.logo else "",
    )


def brand_on(connection: Connection, path: str) -> Brand:
    """Return how the page at this path looks: those of the portal are a tenant's."""
    parts = path.split("/")
    return brand_of(connection, parts[2]) if parts[1:2] == ["portal"] and len(parts) > 2 else Brand()
