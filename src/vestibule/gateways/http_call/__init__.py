"""Calls by a provider whose telephony interface has the shape of Twilio's.

`telephony` asks it, `addresses` are where it calls back, `events` says what it tells, `twiml` what it is to
do, `memory` keeps repeated callbacks from being told twice, `gateway` joins them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vestibule.crypto.secret import Secret
from vestibule.gateways.http_call.gateway import HttpCallGateway
from vestibule.gateways.http_call.settings import HttpCallSettings, from_mapping
from vestibule.interfaces.gateway import Surroundings
from vestibule.model.delivery import Carries

__all__ = ["GATEWAY", "HttpCallGateway", "HttpCallSettings"]


class HttpCallKind:
    """Implements `GatewayKind`."""

    name = "http_call"
    carries = frozenset({Carries.CALL})
    settings = HttpCallSettings

    def open(
        self, settings: Mapping[str, Any], secret: Secret[str], surroundings: Surroundings
    ) -> HttpCallGateway:
        """`secret` is the auth token; with an API key its secret, and the auth token on the second line.

        Raises ValueError naming the setting that is wrong.
        """
        return HttpCallGateway(from_mapping(settings), secret, surroundings)


GATEWAY = HttpCallKind()
