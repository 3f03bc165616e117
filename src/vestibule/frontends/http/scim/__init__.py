"""SCIM 2.0 under `/scim/v2`: an identity provider pushes people and groups (RFC 7643, RFC 7644).

Opened by API keys of the scope `scim` and by nothing else; a key is for one tenant. No cookie is read here.
"""

from __future__ import annotations

from typing import Final

from vestibule.frontends.http.forms import EXEMPT
from vestibule.frontends.http.part import Part
from vestibule.frontends.http.scim import discovery, groups, users
from vestibule.frontends.http.scim.caller import may_provision

MAX_BODY_BYTES: Final = 1024 * 1024


def router() -> Part:
    """Return the routes of SCIM."""
    return Part(
        path="/scim/v2",
        include_in_schema=False,
        opt={EXEMPT: True},
        guards=[may_provision],
        request_max_body_size=MAX_BODY_BYTES,
        route_handlers=[*discovery.ROUTES, *users.ROUTES, *groups.ROUTES],
    )
