"""The server's end of its link: who this node is to the service, kept sealed, and what it asks there.

Each node of an installation is a server of its own, with its own key; all are in one replication group. A key
leaves this process as a signature only.
"""

from __future__ import annotations

from typing import Final

import msgspec

from vestibule.crypto.sealing import Sealer, context
from vestibule.crypto.secret import Secret
from vestibule.crypto.server_keys import new_key, public_key_of
from vestibule.crypto.tokens import new_id
from vestibule.interfaces.link import Handler, Link, LinkDown, Peer
from vestibule.interfaces.store import Store, Transaction
from vestibule.services.attempt import Node
from vestibule.services.links import NEW_KEY

KEY_DAYS: Final = 30
_INSTALLATION: Final = "installation"
_KEY_MS: Final = KEY_DAYS * 24 * 3_600_000
_ASK_SECONDS: Final = 20.0


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What is stored, sealed: see `Membership`."""

    service: str
    peer: Peer | None
    key: bytes
    made_at: int
    next_key: bytes = b""

    def __repr__(self) -> str:
        return f"_Kept(service={self.service!r}, peer={self.peer!r})"


class Membership(msgspec.Struct, frozen=True, kw_only=True):
    service: str
    """The origin at which this server was activated."""
    peer: Peer
    """As whom the service knows it."""
    key: Secret[bytes]
    made_at: int
    """When the key was made (epoch ms)."""


class ServiceLink:
    """Implements `interfaces.link.Link` towards the service."""

    def __init__(self, store: Store, sealer: Sealer, node: Node, *, dials: bool) -> None:
        """`dials`: whether this installation is a server, and has a service at all."""
        self._store = store
        self._sealer = sealer
        self._kept = f"membership/{node.name}"
        self._begun = f"activation/{node.name}"
        self.node = node
        self.dials = dials
        self.handlers: dict[str, Handler] = {}
        """What the service may ask; whoever answers a kind puts it in when the house is built."""
        self._link: Link | None = None

    async def installation(self) -> str:
        """Return what the database of this server is known by: the same at all its nodes, nowhere else."""

        async def body(tx: Transaction) -> str:
            there = await tx.note(_INSTALLATION)
            if there is not None:
                return there
            made = new_id()
            await tx.put_note(_INSTALLATION, made)
            return made

        known = await self._store.read(lambda tx: tx.note(_INSTALLATION))
        return await self._store.transact(body) if known is None else known

    # --- the link -----------------------------------------------------------------------------------

    @property
    def is_up(self) -> bool:
        return self._link is not None and self._link.is_up

    async def ask(self, kind: str, body: bytes, within: float) -> bytes:
        if self._link is None:
            raise LinkDown
        return await self._link.ask(kind, body, within)

    def join(self, link: Link) -> None:
        self._link = link

    def leave(self) -> None:
        self._link = None

    # --- who we are ---------------------------------------------------------------------------------

    async def membership(self) -> Membership | None:
        """Return as whom this node was activated; None if it was not yet."""
        kept = await self._read(self._kept)
        if kept is None or kept.peer is None:
            return None
        return Membership(service=kept.service, peer=kept.peer, key=Secret(kept.key), made_at=kept.made_at)

    async def begin(self, service: str) -> Secret[bytes]:
        """Return the key to be activated with. It is kept before it is shown, so that credentials that were
        used, and whose answer was lost, can be used again."""
        begun = await self._read(self._begun)
        if begun is not None and begun.service == service:
            return Secret(begun.key)
        key = new_key()
        await self._write(self._begun, _Kept(service=service, peer=None, key=key.reveal(), made_at=0))
        return key

    async def joined(self, service: str, peer: Peer, key: Secret[bytes]) -> None:
        """Keep as whom this node was activated. Whatever it was before is forgotten."""

        async def body(tx: Transaction) -> None:
            kept = _Kept(service=service, peer=peer, key=key.reveal(), made_at=tx.now)
            await tx.put_note(self._kept, self._sealed(self._kept, kept))
            nothing = _Kept(service="", peer=None, key=b"", made_at=0)
            await tx.put_note(self._begun, self._sealed(self._begun, nothing))

        await self._store.transact(body)

    async def renew_key(self, now: int) -> bool:
        """Take a new key if this one is old; return whether that was so. Raises `LinkDown` or `Refused`.

        The new key is kept before the service hears of it, and used when the service has it.
        """
        kept = await self._read(self._kept)
        if kept is None or kept.peer is None or now - kept.made_at < _KEY_MS:
            return False
        if not kept.next_key:
            kept = msgspec.structs.replace(kept, next_key=new_key().reveal())
            await self._write(self._kept, kept)
        await self.ask(NEW_KEY, public_key_of(Secret(kept.next_key)), _ASK_SECONDS)
        renewed = msgspec.structs.replace(kept, key=kept.next_key, next_key=b"", made_at=now)
        await self._write(self._kept, renewed)
        return True

    async def _read(self, note: str) -> _Kept | None:
        sealed = await self._store.read(lambda tx: tx.note(note))
        if sealed is None:
            return None
        octets = self._sealer.unseal(bytes.fromhex(sealed), context("", note))
        return msgspec.msgpack.decode(octets, type=_Kept)

    async def _write(self, note: str, kept: _Kept) -> None:
        sealed = self._sealed(note, kept)
        await self._store.transact(lambda tx: tx.put_note(note, sealed))

    def _sealed(self, note: str, kept: _Kept) -> str:
        return self._sealer.seal(msgspec.msgpack.encode(kept), context("", note)).hex()
