"""Told attempts: the service keeps what servers tell it, each thing once. Usage is counted from it."""

from __future__ import annotations

from msgspec.structs import asdict

from vestibule.interfaces.link import Handler, Peer
from vestibule.interfaces.relay import ATTEMPTS, USERS, ToldAttempts, ToldUsers, unpacked
from vestibule.interfaces.store import Store, Transaction
from vestibule.model.day import day_at
from vestibule.model.server_attempt import ServerAttempt, ServerUsers


class TellingServers:
    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def handlers(self) -> dict[str, Handler]:
        """What servers may ask. They are answered when it is on the disk."""
        return {ATTEMPTS: self._attempts, USERS: self._users}

    async def _attempts(self, peer: Peer, body: bytes) -> bytes:
        told = unpacked(body, ToldAttempts).attempts

        async def write(tx: Transaction) -> None:
            await tx.add_server_attempts(
                [
                    ServerAttempt(
                        tenant_id=peer.tenant_id,
                        provider_id=peer.provider_id,
                        group_id=peer.group_id,
                        server_id=peer.server_id,
                        received_at=tx.now,
                        **asdict(each),
                    )
                    for each in told
                ]
            )

        await self._store.transact(write, peer.tenant_id)
        return b""

    async def _users(self, peer: Peer, body: bytes) -> bytes:
        users = unpacked(body, ToldUsers).users

        async def write(tx: Transaction) -> None:
            await tx.put_server_users(
                ServerUsers(
                    tenant_id=peer.tenant_id,
                    provider_id=peer.provider_id,
                    group_id=peer.group_id,
                    day=day_at(tx.now),
                    users=users,
                )
            )

        await self._store.transact(write, peer.tenant_id)
        return b""
