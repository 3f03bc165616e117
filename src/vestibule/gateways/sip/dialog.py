"""A dialog: what both ends of a call know of one another (RFC 3261 §12), and the requests made from it.

Pure but for the tags and branches that are passed in. Must never take a request for its own whose tags are
not both right: they are the secret that an outsider would have to guess.
"""

from __future__ import annotations

import hmac
from copy import copy

from vestibule.wire.sip import Request, Response
from vestibule.wire.sip.fields import parameter, split
from vestibule.wire.sip.message import LARGEST_SEQUENCE, Field
from vestibule.wire.sip.uri import read_address, read_uri

ALLOW = "INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE"


class Dialog:
    """Begins with our INVITE, is confirmed by an answer."""

    def __init__(
        self, *, call_id: str, local: str, local_tag: str, remote: str, target: str, home: tuple[str, int]
    ) -> None:
        """`local` and `remote` are addresses with their brackets; `target` is the URI that is called, by way
        of the place `home`."""
        self.call_id = call_id
        self.local_tag = local_tag
        self.remote_tag = ""
        self.target = target
        self.home = home
        self._local = f"{local};tag={local_tag}"
        self._remote = remote
        self._routes: tuple[str, ...] = ()
        self._sequence = 0
        self._remote_sequence: int | None = None

    def confirm(self, response: Response) -> None:
        """Take over what a 2xx says: tag, target and routes (§12.1.2)."""
        self._remote = response.first("to") or self._remote
        self.remote_tag = tag_of(self._remote)
        self._routes = tuple(reversed(split(response.values("record-route"))))
        self.refresh_target(response)

    def forked(self) -> Dialog:
        """A dialog of the same INVITE with somebody else who answered it, to be confirmed."""
        other = copy(self)
        other.remote_tag, other._routes, other._remote_sequence = "", (), None
        return other

    def refresh_target(self, message: Request | Response) -> None:
        """Take over a new Contact (§12.2)."""
        contacts = split(message.values("contact"))
        address = read_address(contacts[0]) if contacts else None
        if address is not None and read_uri(address.uri) is not None:
            self.target = address.uri

    def request(
        self, method: str, via: Field, fields: tuple[Field, ...] = (), body: bytes = b"", sequence: int = 0
    ) -> Request:
        """Return the next request of ours; `sequence` repeats a number, as ACK does with the INVITE's."""
        if not sequence:
            self._sequence += 1
        uri, routes = self._way()
        own = (
            via,
            ("max-forwards", "70"),
            *(("route", route) for route in routes),
            ("from", self._local),
            ("to", self._remote),
            ("call-id", self.call_id),
            ("cseq", f"{sequence or self._sequence} {method}"),
        )
        return Request(method=method, uri=uri, fields=(*own, *fields), body=body)

    @property
    def next_hop(self) -> str:
        """The URI that leads to where requests go first."""
        uri, routes = self._way()
        address = read_address(routes[0]) if routes and uri == self.target else None
        return uri if address is None else address.uri

    def has(self, request: Request) -> bool:
        """Whether a request belongs to this dialog (§12.2.2)."""
        ours, theirs = tag_of(request.first("to")), tag_of(request.first("from"))
        return (
            request.call_id == self.call_id
            and hmac.compare_digest(ours.encode(errors="replace"), self.local_tag.encode())
            and bool(self.remote_tag)
            and theirs == self.remote_tag
        )

    def is_in_order(self, request: Request) -> bool:
        """Whether a request is newer than the last one; remember it if so (§12.2.2)."""
        number, method = request.sequence
        if method == "ACK":
            return True
        if self._remote_sequence is not None and number <= self._remote_sequence:
            return False
        self._remote_sequence = number
        return number <= LARGEST_SEQUENCE

    def _way(self) -> tuple[str, tuple[str, ...]]:
        """Return the request's URI and its routes; a strict router, without `lr`, is addressed itself and
        the target comes last (§12.2.1.1)."""
        first = read_address(self._routes[0]) if self._routes else None
        uri = read_uri(first.uri) if first is not None else None
        if first is None or uri is None or parameter(uri.parameters, "lr") is not None:
            return self.target, self._routes
        return first.uri, (*self._routes[1:], f"<{self.target}>")


def tag_of(field: str) -> str:
    """The tag in a From or To, empty if there is none."""
    address = read_address(field)
    return "" if address is None else address.tag
