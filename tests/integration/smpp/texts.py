"""What the tests of the SMPP gateway have in common: a text, a password, and how to wait."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from vestibule.crypto.secret import Secret
from vestibule.gateways.smpp import SmppGateway
from vestibule.interfaces.gateway import Text

Opening: TypeAlias = Callable[..., Awaitable[SmppGateway]]

PASSWORD = "canary-password"


def a_text(body: str = "Your passcode: 123456", to: str = "+4917612345678", seconds: int = 600) -> Text:
    return Text(delivery_id="d", to=to, body=Secret(body), valid_seconds=seconds)
