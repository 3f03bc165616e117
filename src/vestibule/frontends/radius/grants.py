"""What goes with an acceptance: attributes of policy, and of whoever has judged the first factor what policy
does not replace; hidden for the client where their dictionaries say so."""

from __future__ import annotations

from collections.abc import Sequence
from secrets import randbits
from typing import Final

import structlog

from vestibule.frontends.radius.clients import RadiusClient
from vestibule.interfaces.upstream import Attributes
from vestibule.services.granting import Granted, Grants
from vestibule.services.outcome import Progress
from vestibule.wire.radius import (
    AccessRequest,
    Attribute,
    Message,
    Placed,
    SharedSecret,
    hide_attributes,
    lay_out,
    without,
)
from vestibule.wire.radius.dictionary_file import Hiding
from vestibule.wire.radius.numbers import HEADER_SIZE, LARGEST_PACKET

log = structlog.get_logger(__name__)

_SIGNATURE: Final = 18


class Acceptance:
    def __init__(self, grants: Grants | None) -> None:
        """Without `grants`, policy gives nothing."""
        self._grants = grants

    async def attributes(
        self,
        progress: Progress,
        theirs: Attributes | None,
        message: Message,
        access: AccessRequest,
        client: RadiusClient,
        secret: SharedSecret,
    ) -> Sequence[Attribute] | None:
        """Return what goes with an acceptance; `theirs` is what the judge of the first factor gives, not
        hidden yet. None if that is lost or more than fits: it could be the limits of what he may do there,
        and without them nobody is let in."""
        if theirs is None:
            return None
        own = await self._grants.of(client.client, progress.verification) if self._grants is not None else ()
        if not own and not theirs:
            return ()
        salt = randbits(15)
        kept = without(theirs, [_placed(each) for each in own if not each.adds])
        given = [
            *hide_attributes(kept, secret, message.authenticator, salt),
            *lay_out(map(_placed, own), secret, message.authenticator, salt),
        ]
        if not _fits(given, access):
            log.error("the attributes of a reply do not fit into a packet", client=client.client.name)
            return None
        return given


def _placed(granted: Granted) -> Placed:
    shape = granted.shape
    return Placed(
        shape.path,
        granted.octets.reveal(),
        bytes.fromhex(shape.head),
        shape.vendor,
        shape.layout,
        Hiding(shape.hiding),
    )


def _fits(attributes: Sequence[Attribute], access: AccessRequest) -> bool:
    """Tell whether there is room for all of these, the signature and what proxies gave along."""
    values = [*[value for _, value in attributes], *access.proxy_states]
    return HEADER_SIZE + _SIGNATURE + sum(len(value) + 2 for value in values) <= LARGEST_PACKET
