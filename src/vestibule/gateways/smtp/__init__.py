"""SMTP: mails to a mail server that takes them for others (RFC 6409 submission, RFC 5321).

`settings` are checked here, `message` writes a mail down, `gateway` hands it over, `trouble` says why not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vestibule.crypto.secret import Secret
from vestibule.gateways.smtp.gateway import SmtpGateway
from vestibule.gateways.smtp.settings import SmtpSettings, from_mapping
from vestibule.interfaces.gateway import Surroundings
from vestibule.model.delivery import Carries

__all__ = ["GATEWAY", "SmtpGateway", "SmtpSettings"]


class SmtpKind:
    """Implements `GatewayKind`."""

    name = "smtp"
    carries = frozenset({Carries.MAIL})
    settings = SmtpSettings

    def open(
        self, settings: Mapping[str, Any], secret: Secret[str], surroundings: Surroundings
    ) -> SmtpGateway:
        """Return a gateway with the settings of `SmtpSettings`; `secret` is the password of the account.

        Raises ValueError naming the setting that is wrong.
        """
        return SmtpGateway(from_mapping(settings, secret), secret)


GATEWAY = SmtpKind()
