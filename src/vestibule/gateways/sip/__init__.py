"""Calls over a SIP trunk: a provider of telephony, or a telephone system in the house.

`gateway` takes calls, `call` is one of them, `invitation` places it, `talk` says and hears, `changes` answers
the far end. `trunk` is who we talk with, over `links` and by `transactions`; `sound` is the voice's way.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vestibule.crypto.secret import Secret
from vestibule.gateways.sip.gateway import SipGateway
from vestibule.gateways.sip.settings import SipSettings, from_mapping
from vestibule.interfaces.gateway import Surroundings
from vestibule.model.delivery import Carries

__all__ = ["GATEWAY", "SipGateway", "SipSettings"]


class SipKind:
    """Implements `GatewayKind`."""

    name = "sip"
    carries = frozenset((Carries.CALL,))
    settings = SipSettings

    def open(
        self, settings: Mapping[str, Any], secret: Secret[str], surroundings: Surroundings
    ) -> SipGateway:
        """Return a gateway with the settings of `SipSettings`; `secret` is the account's password.

        Raises ValueError naming the setting that is wrong.
        """
        return SipGateway(from_mapping(settings), secret, surroundings)


GATEWAY = SipKind()
