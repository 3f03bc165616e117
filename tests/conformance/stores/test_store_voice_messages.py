"""Recordings for calls: one for each place, each tenant's own, with sounds as they were."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import Any

import pytest

from tests.conformance.stores.conftest import Opened
from tests.conformance.stores.records import application, tenant
from vestibule.interfaces.store import Store
from vestibule.model.voice_message import MessageType, VoiceMessage

_numbers = count(1)
SOUND = bytes(range(256)) * 3750
"""A minute, with every octet there is."""


def message(tenant_id: str, **values: Any) -> VoiceMessage:
    usual: dict[str, Any] = {
        "message_id": f"m{next(_numbers)}",
        "language": "en",
        "type": MessageType.SUCCESSFUL,
        "description": "Grüße ☎",
        "milliseconds": 1500,
        "created_at": 7,
    }
    return VoiceMessage(tenant_id=tenant_id, **{**usual, **values})


@pytest.fixture
async def own(own_url: str, opened: Opened) -> Store:
    store = await opened(own_url)
    for name in ("acme", "other"):
        await store.transact(lambda tx, name=name: tx.put(tenant(name)))
    return store


async def put(store: Store, one: VoiceMessage, sound: bytes = b"\0\1") -> bool:
    return await store.transact(lambda tx: tx.put_voice_message(one, sound))


async def every(store: Store, tenant_id: str = "acme") -> tuple[VoiceMessage, ...]:
    return await store.read(lambda tx: tx.voice_messages(tenant_id))


async def sound(store: Store, message_id: str, tenant_id: str = "acme") -> bytes | None:
    return await store.read(lambda tx: tx.voice_sound(tenant_id, message_id))


async def test_what_is_put_is_read(own: Store) -> None:
    one = message("acme", application_id="vpn", language="de")
    assert not await put(own, one, SOUND)
    assert await every(own) == (one,)
    assert await sound(own, one.message_id) == SOUND
    assert await sound(own, "nobody") is None


async def test_a_new_one_takes_the_place_of_the_old_one(own: Store) -> None:
    old, new = message("acme"), message("acme", description="")
    others = [
        message("acme", language="de"),
        message("acme", application_id="vpn"),
        message("acme", type=MessageType.DENIED),
        message("other"),
    ]
    for each in (old, *others):
        assert not await put(own, each)
    assert await put(own, new, b"new!")
    assert set(await every(own)) == {new, *others[:3]}
    assert await every(own, "other") == (others[3],)
    assert await sound(own, old.message_id) is None
    assert await sound(own, new.message_id) == b"new!"


async def test_many_at_once_for_one_place_leave_one(own: Store) -> None:
    made = [message("acme") for _ in range(8)]
    await asyncio.gather(*(put(own, each) for each in made))
    assert len(await every(own)) == 1


async def test_the_list_is_in_one_order_on_every_engine(own: Store) -> None:
    made = [
        message("acme", language=language, type=kind, application_id=app)
        for language in ("de", "en")
        for kind in (MessageType.DENIED, MessageType.SUCCESSFUL)
        for app in ("", "Z", "a")
    ]
    for each in reversed(made):
        await put(own, each)
    assert list(await every(own)) == made


async def test_a_tenant_reaches_its_own_only(own: Store) -> None:
    """TEN-01."""
    one = message("acme")
    await put(own, one)
    assert await sound(own, one.message_id, "other") is None
    assert not await own.transact(lambda tx: tx.remove_voice_message("other", one.message_id))
    assert await own.transact(lambda tx: tx.remove_voice_message("acme", one.message_id))
    assert not await own.transact(lambda tx: tx.remove_voice_message("acme", one.message_id))
    assert await every(own) == ()


async def test_messages_go_with_their_application(own: Store) -> None:
    app = application("acme", application_id="vpn")
    await own.transact(lambda tx: tx.put(app))
    mine, general = message("acme", application_id="vpn"), message("acme")
    for each in (mine, general):
        await put(own, each)
    await own.transact(lambda tx: tx.remove(app))
    assert await every(own) == (general,)
