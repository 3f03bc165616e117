"""App pushes: the devices of a person whose app is closed are woken when a request waits for him.

A message says whose account it is for and no more. None is waited for or repeated: the list that an app
fetches is the truth. A subscription that is over is forgotten and its device marked, until it subscribes anew
or a decision comes from it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

import msgspec
import structlog

from vestibule.crypto.sealing import CannotUnseal, Sealer, context
from vestibule.interfaces.push import Pusher, PushResult, PushSubscription
from vestibule.interfaces.store import Conflict, Store, Transaction, Unavailable
from vestibule.model.authenticator import Authenticator, AuthenticatorStatus
from vestibule.model.device_record import DeviceFact
from vestibule.model.verification import Challenge, Channel
from vestibule.services.device_records import DeviceRecords

log = structlog.get_logger(__name__)

PARAMETER: Final = "push"
"""Where an authenticator keeps its sealed subscription, in hex."""
_MARK: Final = "unreachable_since"
_FACTS: Final = {
    PushResult.PUSHED: DeviceFact.NOTIFIED,
    PushResult.GONE: DeviceFact.UNREACHABLE,
    PushResult.FAILED: DeviceFact.PUSH_FAILED,
}
_Change = Callable[[dict[str, Any], int], dict[str, Any]]
"""From the parameters of an authenticator and the time to what they are to be."""
_MOST_AT_ONCE: Final = 2000


class AppPushes:
    def __init__(self, store: Store, sealer: Sealer, pusher: Pusher, records: DeviceRecords) -> None:
        self._store = store
        self._sealer = sealer
        self._pusher = pusher
        self._records = records
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def public_key(self) -> str:
        return self._pusher.public_key

    async def subscribe(self, device: Authenticator, subscription: PushSubscription) -> None:
        """Remember where a device is woken, instead of where it was before; ValueError if it cannot be."""
        self._pusher.check(subscription)
        sealed = self._sealer.seal(msgspec.json.encode(subscription), _context(device))
        await self._change(device, lambda parameters, _: _bare(parameters) | {PARAMETER: sealed.hex()})

    async def unsubscribe(self, device: Authenticator) -> None:
        await self._change(device, lambda parameters, _: _bare(parameters))

    async def heard_from(self, device: Authenticator) -> None:
        """A decision has come from a device: it can be reached, whatever the push service said."""
        if device.unreachable_since is None:
            return
        try:
            await self._change(device, lambda parameters, _: _without(parameters, _MARK))
        except (Unavailable, Conflict) as error:  # The decision stands all the same.
            log.warning("a device stays marked", device=device.authenticator_id, error=type(error).__name__)

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
        held = subject.authenticators if subject is not None else ()
        asked = [each for each in held if each.device and each.status is AuthenticatorStatus.ACTIVE]
        await asyncio.gather(*(self._wake_device(each, challenge) for each in asked))

    async def _wake_device(self, device: Authenticator, challenge: Challenge) -> None:
        fact = await self._woken(device, challenge)
        self._records.note(challenge.verification_id, device, fact)

    async def _woken(self, device: Authenticator, challenge: Challenge) -> DeviceFact:
        if PARAMETER not in device.parameters:
            return DeviceFact.NO_PUSH if device.unreachable_since is None else DeviceFact.UNREACHABLE
        try:
            opened = self._sealer.unseal(bytes.fromhex(device.parameters[PARAMETER]), _context(device))
            subscription = msgspec.json.decode(opened, type=PushSubscription)
            payload = msgspec.json.encode({"v": 1, "authenticator": device.authenticator_id})
            seconds = max(1, (challenge.expires_at - challenge.created_at) // 1000)
            result = await self._pusher.push(subscription, payload, seconds)
            if result is PushResult.GONE:
                await self._mark(device)
            if result is not PushResult.PUSHED:
                log.info("a device is not woken", device=device.authenticator_id, result=result.value)
            return _FACTS[result]
        except (CannotUnseal, Unavailable, Conflict) as error:
            log.warning("a device is not woken", device=device.authenticator_id, error=type(error).__name__)
            return DeviceFact.PUSH_FAILED

    async def _mark(self, device: Authenticator) -> None:
        """Forget a subscription that is over, unless the device has subscribed again meanwhile."""
        over = device.parameters[PARAMETER]

        def change(parameters: dict[str, Any], now: int) -> dict[str, Any]:
            return _bare(parameters) | {_MARK: now} if parameters.get(PARAMETER) == over else parameters

        await self._change(device, change)

    async def _change(self, device: Authenticator, change: _Change) -> None:
        async def body(tx: Transaction) -> None:
            current = await tx.authenticator(device.tenant_id, device.authenticator_id)
            if current is None or current.user_id != device.user_id:
                return
            parameters = change(current.parameters, tx.now)
            if not await tx.replace_authenticator(msgspec.structs.replace(current, parameters=parameters)):
                raise Conflict

        await self._store.transact(body)


def _bare(parameters: dict[str, Any]) -> dict[str, Any]:
    return _without(parameters, PARAMETER, _MARK)


def _without(parameters: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if name not in names}


def _context(device: Authenticator) -> bytes:
    return context(device.tenant_id, "push", device.authenticator_id)
