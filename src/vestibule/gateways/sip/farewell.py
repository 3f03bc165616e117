"""Hanging up: BYE, with the password where the trunk asks for it even then.

Nobody waits for it and nobody is told how it went: the call is over for us before it is for the network.
"""

from __future__ import annotations

from vestibule.gateways.sip.credentials import MOST_TRIES, Credentials
from vestibule.gateways.sip.dialog import Dialog
from vestibule.gateways.sip.trunk import Trunk
from vestibule.wire.sip import Request, Response
from vestibule.wire.sip.message import Field


def say_goodbye(trunk: Trunk, credentials: Credentials, dialog: Dialog) -> None:
    """Send BYE, and again until it is answered."""
    request_within(trunk, credentials, dialog, "BYE")


def request_within(
    trunk: Trunk,
    credentials: Credentials,
    dialog: Dialog,
    method: str,
    fields: tuple[Field, ...] = (),
    body: bytes = b"",
    tries: int = MOST_TRIES,
    given: tuple[Field, ...] = (),
) -> None:
    """Send a request of a dialog whose outcome nobody waits for."""

    def received(response: Response) -> None:
        answer = credentials.answer(request, response) if tries > 1 else None
        if answer is not None:
            request_within(trunk, credentials, dialog, method, fields, body, tries - 1, answer)

    request: Request = dialog.request(method, trunk.via(), (*fields, *given), body)
    trunk.request(request, received, lambda _: None, trunk.place_for(dialog))
