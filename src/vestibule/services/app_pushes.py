"""App pushes: the devices of a person whose app is closed are woken when a request waits for him.

A message says whose account it is for and no more. None is waited for, repeated or written down: the list
that an app fetches is the truth. A subscription that is over is forgotten.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final

import msgspec
import structlog

from vestibule.crypto.sealing import CannotUnseal, Sealer, context
from vestibule.interfaces.push import Pusher, PushResult, PushSubscription
from vestibule.interfaces.store import Conflict, Store, Transaction, Unavailable
from vestibule.model.authenticator import Authenticator, AuthenticatorStatus
from vestibule.model.verification import Challenge, Channel

log = structlog.get_logger(__name__)

PARAMETER: Final = "push"
"""Where an authenticator keeps its sealed subscription, in hex."""
_MOST_AT_ONCE: Final = 2000


class AppPushes:
    def __init__(self, store: Store, sealer: Sealer, pusher: Pusher) -> None:
        self._store = store
        self._sealer = sealer
        self._pusher = pusher
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def public_key(self) -> str:
        return self._pusher.public_key

    async def subscribe(self, device: Authenticator, subscription: PushSubscription) -> None:
        """Remember where a device is woken, instead of where it was before; ValueError if it cannot be."""
        self._pusher.check(subscription)
        sealed = self._sealer.seal(msgspec.json.encode(subscription), _context(device))
        await self._keep(device, sealed.hex())

    async def unsubscribe(self, device: Authenticator) -> None:
        await self._keep(device, "")

    def wake(self, challenge: Challenge) -> None:
        """After the commit of a request: wake the devices that show it, while others go on."""
        if challenge.channel is not Channel.APP or len(self._tasks) >= _MOST_AT_ONCE:
            return
        task = asyncio.get_running_loop().create_task(self._wake(challenge))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._pusher.close()

    async def _wake(self, challenge: Challenge) -> None:
        tenant_id, user_id = challenge.tenant_id, challenge.user_id
        try:
            subject = await self._store.read(lambda tx: tx.subject(tenant_id, user_id))
        except Unavailable:
            return
        held: Iterable[Authenticator] = subject.authenticators if subject is not None else ()
        woken = [
            self._wake_device(each, challenge)
            for each in held
            if each.parameters.get(PARAMETER) and each.status is AuthenticatorStatus.ACTIVE
        ]
        await asyncio.gather(*woken)

    async def _wake_device(self, device: Authenticator, challenge: Challenge) -> None:
        try:
            opened = self._sealer.unseal(bytes.fromhex(device.parameters[PARAMETER]), _context(device))
            subscription = msgspec.json.decode(opened, type=PushSubscription)
            payload = msgspec.json.encode({"v": 1, "authenticator": device.authenticator_id})
            seconds = max(1, (challenge.expires_at - challenge.created_at) // 1000)
            result = await self._pusher.push(subscription, payload, seconds)
            if result is PushResult.GONE:
                await self._keep(device, "", only_if=device.parameters[PARAMETER])
            if result is not PushResult.PUSHED:
                log.info("a device is not woken", device=device.authenticator_id, result=result.value)
        except (CannotUnseal, Unavailable, Conflict) as error:
            log.warning("a device is not woken", device=device.authenticator_id, error=type(error).__name__)

    async def _keep(self, device: Authenticator, sealed: str, only_if: str | None = None) -> None:
        async def body(tx: Transaction) -> None:
            current = await tx.authenticator(device.tenant_id, device.authenticator_id)
            if current is None or current.user_id != device.user_id:
                return
            if only_if is not None and current.parameters.get(PARAMETER) != only_if:
                return  # It has subscribed again meanwhile.
            parameters = {name: value for name, value in current.parameters.items() if name != PARAMETER}
            if sealed:
                parameters[PARAMETER] = sealed
            if not await tx.replace_authenticator(msgspec.structs.replace(current, parameters=parameters)):
                raise Conflict

        await self._store.transact(body)


def _context(device: Authenticator) -> bytes:
    return context(device.tenant_id, "push", device.authenticator_id)
