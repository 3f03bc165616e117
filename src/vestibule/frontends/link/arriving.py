"""Arriving at the service: by activation credentials once, by the key of this server from then on."""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec

from vestibule import __version__
from vestibule.crypto.secret import Secret
from vestibule.crypto.server_keys import public_key_of, sign
from vestibule.frontends.link.connecting import Address, LinkSocket, dial
from vestibule.interfaces.link import Peer
from vestibule.model.replication import TurnAway
from vestibule.services.links import TurnedAway
from vestibule.services.service_link import Membership, ServiceLink
from vestibule.wire.link import (
    MAX_FRAME,
    Activate,
    BadFrame,
    Prove,
    encode,
    read_hello,
    read_reception,
    signed_text,
)
from vestibule.wire.link import TurnedAway as TurnedAwayFrame

ARRIVE_SECONDS: Final = 20.0


async def activate(own: ServiceLink, address: Address, credentials: Secret[str]) -> Peer:
    """Activate this server and keep as whom. Raises `CannotDial`, `TurnedAway` or ConnectionError, after
    which the same credentials can be tried again."""
    key = await own.begin(address.service)
    installation = await own.installation()
    socket = await dial(address, MAX_FRAME)
    try:
        frame = Activate(
            credentials=credentials.reveal(),
            public_key=public_key_of(key),
            name=own.node.name,
            version=__version__,
            address=own.node.address,
            installation=installation,
            service=address.service,
            certificate=socket.shown,
        )
        peer = await _arrive(socket, frame, key)
    finally:
        await socket.close()
    await own.joined(address.service, peer, key)
    return peer


async def come_in(own: ServiceLink, membership: Membership, socket: LinkSocket, address: Address) -> Peer:
    """Prove on this connection who this server is. Raises `TurnedAway` or ConnectionError."""
    frame = Prove(
        tenant_id=membership.peer.tenant_id,
        server_id=membership.peer.server_id,
        name=own.node.name,
        version=__version__,
        address=own.node.address,
        installation=await own.installation(),
        service=address.service,
        certificate=socket.shown,
    )
    return await _arrive(socket, frame, membership.key)


async def _arrive(socket: LinkSocket, frame: Activate | Prove, key: Secret[bytes]) -> Peer:
    try:
        async with asyncio.timeout(ARRIVE_SECONDS):
            nonce = read_hello(await socket.receive()).nonce
            signature = sign(key, signed_text(frame, nonce))
            await socket.send(encode(msgspec.structs.replace(frame, signature=signature)))
            answer = read_reception(await socket.receive())
    except (TimeoutError, BadFrame) as error:
        raise ConnectionAbortedError(type(error).__name__) from None
    if isinstance(answer, TurnedAwayFrame):
        raise TurnedAway(turn_away(answer.kind))
    return Peer(answer.tenant_id, answer.provider_id, answer.group_id, answer.server_id, answer.server_name)


def turn_away(kind: str) -> TurnAway:
    """Return why; a service that is newer may say what this program does not know."""
    known = {why.value: why for why in TurnAway}
    return known.get(kind, TurnAway.BAD_FRAME)
