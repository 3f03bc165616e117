"""Texts by any provider with an HTTP interface: how it is asked and what it calls back with are settings.

`settings` are checked here, `presets` know some providers, `requests` builds and judges, `callbacks` proves
and reads, `gateway` joins them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vestibule.crypto.secret import Secret
from vestibule.gateways.http_text.gateway import HttpTextGateway
from vestibule.gateways.http_text.settings import HttpTextSettings, from_mapping
from vestibule.interfaces.gateway import Surroundings
from vestibule.model.delivery import Carries

__all__ = ["GATEWAY", "HttpTextGateway", "HttpTextSettings"]


class HttpTextKind:
    """Implements `GatewayKind`."""

    name = "http_text"
    carries = frozenset({Carries.TEXT})
    settings = HttpTextSettings

    def open(
        self, settings: Mapping[str, Any], secret: Secret[str], surroundings: Surroundings
    ) -> HttpTextGateway:
        """`secret` is the provider's key; a second line in it is what callbacks are signed with.

        Raises ValueError naming the setting that is wrong.
        """
        return HttpTextGateway(from_mapping(settings), secret, surroundings)


GATEWAY = HttpTextKind()
