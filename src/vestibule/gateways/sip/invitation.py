"""Placing one call: INVITE, what comes before the answer, the answer, and taking it back (RFC 3261 §13, §9).

Whatever happens after the call was given up is cleaned up here without its owner: a late answer is
acknowledged and hung up at once, and so is a second one where the network rang two phones. Sound that comes
before the answer is not looked at (VOI-02), and a redirection is not followed (VOI-04).
"""

from __future__ import annotations

from collections.abc import Callable

from vestibule.gateways.sip.credentials import MOST_TRIES, Credentials, given_credentials
from vestibule.gateways.sip.dialog import ALLOW, Dialog, tag_of
from vestibule.gateways.sip.farewell import say_goodbye
from vestibule.gateways.sip.responses import PRODUCT
from vestibule.gateways.sip.transactions import ClientTransaction, cancellation
from vestibule.gateways.sip.trunk import Trunk
from vestibule.wire.sip import Request, Response, encode
from vestibule.wire.sip.message import Field


class Invitation:
    """`on_response` gets each provisional response, then exactly one final one; None: nothing came at all."""

    def __init__(
        self,
        trunk: Trunk,
        credentials: Credentials,
        dialog: Dialog,
        offer: bytes,
        fields: tuple[Field, ...],
        user: str,
        on_response: Callable[[Response | None], None],
    ) -> None:
        self._trunk = trunk
        self._credentials = credentials
        self._dialog = dialog
        self._offer = offer
        self._fields = fields
        self._user = user
        self._on_response = on_response
        self._transaction: ClientTransaction | None = None
        self._acknowledgments: dict[str, bytes] = {}
        self._tries = 0
        self._is_canceled = False
        self._is_told = False

    @property
    def contact(self) -> Field:
        return "contact", self._trunk.contact(self._user)

    def send(self, credentials: tuple[Field, ...] = ()) -> None:
        """Send the INVITE; called once."""
        self._tries += 1
        fields = (
            self.contact,
            *self._fields,
            ("allow", ALLOW),
            ("user-agent", PRODUCT),
            *credentials,
            ("content-type", "application/sdp"),
        )
        request = self._dialog.request("INVITE", self._trunk.via(), fields, self._offer)
        self._transaction = self._trunk.request(
            request, lambda response: self._receive(request, response), self._end
        )

    def cancel(self) -> None:
        """Take the call back. Nothing is told any more; an answer that is under way is hung up."""
        if self._is_told:
            return
        self._is_canceled = self._is_told = True
        # Before any response there is nothing to be canceled yet (§9.1): it goes out after the first one.
        if self._transaction is not None:
            self._transaction.give_up()
            if self._transaction.has_answer:
                self._send_cancel()

    def _receive(self, request: Request, response: Response) -> None:
        if response.status >= 300:
            self._receive_refusal(request, response)
        elif response.status >= 200:
            self._receive_answer(request, response)
        elif self._is_canceled:
            self._send_cancel()
        elif not self._is_told:
            self._on_response(response)

    def _receive_refusal(self, request: Request, response: Response) -> None:
        if self._is_told:
            return
        credentials = self._credentials.answer(request, response) if self._tries < MOST_TRIES else None
        if credentials is not None:
            self.send(credentials)
            return
        self._tell(response)

    def _receive_answer(self, request: Request, response: Response) -> None:
        tag = tag_of(response.first("to"))
        if tag in self._acknowledgments:
            # Our ACK was lost (§13.2.2.4).
            self._trunk.send(self._acknowledgments[tag], self._trunk.place_for(self._dialog))
            return
        if len(self._acknowledgments) > 8:
            return
        is_ours = not self._is_told
        dialog = self._dialog if is_ours else self._dialog.forked()
        dialog.confirm(response)
        number, _ = request.sequence
        acknowledgment = encode(
            dialog.request("ACK", self._trunk.via(), given_credentials(request), sequence=number)
        )
        self._acknowledgments[tag] = acknowledgment
        self._trunk.send(acknowledgment, self._trunk.place_for(dialog))
        if is_ours:
            self._tell(response)
        else:
            say_goodbye(self._trunk, self._credentials, dialog)

    def _send_cancel(self) -> None:
        transaction, self._transaction = self._transaction, None
        if transaction is not None:
            self._trunk.request(cancellation(transaction.request), lambda _: None, lambda _: None)
            transaction.give_up()

    def _end(self, is_silent: bool) -> None:
        if is_silent:
            self._tell(None)

    def _tell(self, response: Response | None) -> None:
        if not self._is_told:
            self._is_told = True
            self._on_response(response)
