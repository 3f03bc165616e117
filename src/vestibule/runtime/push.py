"""Push to browsers, put together: the subscription and key of `wire`, the connections of `outbound`."""

from __future__ import annotations

import os
from typing import Final

import msgspec

from vestibule.crypto.sealing import Sealer, context
from vestibule.interfaces.link import Link, LinkDown, Refused
from vestibule.interfaces.push import PushResult, PushSubscription
from vestibule.interfaces.relay import PUSH, RelayedPush, packed
from vestibule.interfaces.store import Store, Transaction
from vestibule.outbound.web_push import Gone, NotPushed, Pushed, Sealed, WebPush
from vestibule.runtime.settings import PushSettings
from vestibule.wire.web_push import LEAST_CHANCE, Endpoint, Subscription, VapidKey

_NOTE: Final = "push_key"
_ASK_SECONDS: Final = 12.0
"""As long as a push service may take, and the way there and back."""


class PushProblem(Exception):
    """Messages cannot be sent with these settings; the text says why and what to do."""


class BrowserPush:
    """Implements `interfaces.push.Pusher`."""

    def __init__(self, key: VapidKey, settings: PushSettings) -> None:
        """Raises `PushProblem`."""
        self._key = key
        try:
            self._push = WebPush(
                key,
                subject=settings.contact,
                hosts=settings.hosts,
                private_hosts=settings.private_hosts,
                ca_file=str(settings.ca_file or ""),
            )
        except ValueError as reason:
            raise PushProblem(f"Apps cannot be woken: push.{reason}. Correct it, or remove it.") from None

    @property
    def public_key(self) -> str:
        return self._key.public

    def check(self, subscription: PushSubscription) -> None:
        if not self._push.takes(_read(subscription)):
            raise ValueError("endpoint: of no push service that is allowed")

    async def push(self, subscription: PushSubscription, payload: bytes, seconds: int) -> PushResult:
        return _result(await self._push.push(_read(subscription), payload, ttl_seconds=seconds))

    def sealed(self, subscription: PushSubscription, payload: bytes, seconds: int) -> RelayedPush:
        """Return a message for somebody else to hand over, who cannot read it."""
        sealed = self._push.seal(_read(subscription), payload)
        return RelayedPush(
            endpoint=subscription.endpoint,
            authorization=sealed.authorization,
            body=sealed.body,
            seconds=seconds,
        )

    async def forward(self, message: RelayedPush) -> PushResult:
        """Hand over a message that somebody else has sealed. Raises ValueError for what is no endpoint."""
        to, sealed = Endpoint(message.endpoint), Sealed(message.authorization, message.body)
        return _result(await self._push.forward(to, sealed, ttl_seconds=message.seconds))

    async def close(self) -> None:
        await self._push.close()


class LinkPush:
    """Implements `interfaces.push.Pusher` for a server, whose one way out is its link to the service."""

    def __init__(self, own: BrowserPush, link: Link) -> None:
        self._own = own
        self._link = link

    @property
    def public_key(self) -> str:
        return self._own.public_key

    def check(self, subscription: PushSubscription) -> None:
        self._own.check(subscription)

    async def push(self, subscription: PushSubscription, payload: bytes, seconds: int) -> PushResult:
        message = self._own.sealed(subscription, payload, seconds)
        try:
            answer = await self._link.ask(PUSH, packed(message), _ASK_SECONDS)
            return msgspec.msgpack.decode(answer, type=PushResult)
        except (LinkDown, Refused, msgspec.DecodeError):
            return PushResult.FAILED

    async def close(self) -> None:
        await self._own.close()


async def open_push(store: Store, sealer: Sealer, settings: PushSettings) -> BrowserPush:
    """Return it with the key of this installation, made at the first start: browsers know us by it."""
    bound_to = context("", _NOTE)
    made = sealer.seal(VapidKey.make(os.urandom(LEAST_CHANCE)).octets, bound_to).hex()

    async def body(tx: Transaction) -> None:
        if await tx.note(_NOTE) is None:
            await tx.put_note(_NOTE, made)

    kept = await store.read(lambda tx: tx.note(_NOTE))
    if kept is None:
        await store.transact(body)
        # Another node may have been at the same: what is there now is the key of both.
        kept = await store.read(lambda tx: tx.note(_NOTE)) or made
    key = VapidKey(sealer.unseal(bytes.fromhex(kept), bound_to))
    return BrowserPush(key, settings)


def _result(pushed: Pushed | Gone | NotPushed) -> PushResult:
    match pushed:
        case Pushed():
            return PushResult.PUSHED
        case Gone():
            return PushResult.GONE
        case NotPushed():
            return PushResult.FAILED


def _read(subscription: PushSubscription) -> Subscription:
    return Subscription.read(subscription.endpoint, subscription.p256dh, subscription.auth)
