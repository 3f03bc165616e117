"""SMPP: texts straight to the message center of a network operator or an aggregator (SMPP 3.4).

`gateway` keeps one connection up and hands texts over, `link` is that connection, `submission` turns a text
into requests, `arrivals` tells the inbox what comes in, `receipted` knows the parts of long texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vestibule.crypto.secret import Secret
from vestibule.gateways.smpp.gateway import SmppGateway
from vestibule.gateways.smpp.settings import SmppSettings, from_mapping
from vestibule.interfaces.gateway import Surroundings
from vestibule.model.delivery import Carries

__all__ = ["GATEWAY", "SmppGateway", "SmppSettings"]


class SmppKind:
    """Implements `GatewayKind`."""

    name = "smpp"
    carries = frozenset({Carries.TEXT})
    settings = SmppSettings

    def open(
        self, settings: Mapping[str, Any], secret: Secret[str], surroundings: Surroundings
    ) -> SmppGateway:
        """Return a gateway with the settings of `SmppSettings`; `secret` is the password of the bind.

        Raises ValueError naming the setting that is wrong.
        """
        return SmppGateway(from_mapping(settings, secret), secret, surroundings)


GATEWAY = SmppKind()
