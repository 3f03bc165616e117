"""Reply attributes and dictionaries: kept for each tenant, gone with whom they are for."""

from __future__ import annotations

from typing import Any

from tests.conformance.stores.conftest import Opened
from tests.conformance.stores.records import START, add_people, application, client, group, tenant
from vestibule.interfaces.store import Store
from vestibule.model.reply_attribute import RadiusDictionary, ReplyAttribute, Shape

SHAPE = Shape(path=(1, 3), vendor=9, layout=(2, 1), hiding=2, head="01", is_secret=True)


def line(tenant_id: str, reply_id: str = "r1", **fields: Any) -> ReplyAttribute:
    usual = {"attribute": "Acme-Secret:1", "shape": SHAPE, "content": b"\0sealed", "created_at": START}
    return ReplyAttribute(**({"tenant_id": tenant_id, "reply_id": reply_id} | usual | fields))


def dictionary(tenant_id: str, name: str = "acme", **fields: Any) -> RadiusDictionary:
    usual = {"attributes": 3, "left_out": 1, "size": 40, "created_at": START}
    return RadiusDictionary(**({"tenant_id": tenant_id, "name": name} | usual | fields))


async def put(store: Store, *records: Any) -> None:
    for record in records:
        await store.transact(lambda tx, record=record: tx.put(record))


async def test_lines_for_many_are_configuration_and_those_for_one_are_his(
    own_url: str, opened: Opened
) -> None:
    own = await opened(own_url)
    await put(own, tenant("a"), tenant("b"))
    await add_people(own, "a", "alice")
    await put(own, line("a", "r2", created_at=START + 1, adds=True), line("a"), line("b", "r9"))
    before = await own.read(lambda tx: tx.generation())
    await put(own, line("a", "r3", user_id="alice"))
    found = await own.read(lambda tx: tx.configuration())
    assert found.generation > before
    assert found.reply_attributes == (
        line("a"),
        line("a", "r2", created_at=START + 1, adds=True),
        line("b", "r9"),
    )
    assert found.with_own_replies == {"a"}
    mine = line("a", "r3", user_id="alice")
    assert await own.read(lambda tx: tx.own_reply_attributes("a", "alice")) == (mine,)
    assert await own.read(lambda tx: tx.reply_attribute("a", "r3")) == mine
    assert await own.transact(lambda tx: tx.remove(mine))
    assert await own.read(lambda tx: tx.own_reply_attributes("a", "alice")) == ()


async def test_they_go_with_whom_they_are_for(own_url: str, opened: Opened) -> None:
    own = await opened(own_url)
    for tenant_id in ("a", "b"):
        await put(own, tenant(tenant_id), application(tenant_id))
        await add_people(own, tenant_id, "alice")
    await put(own, client("a"), group("a"))
    of_app, of_client = application("a"), client("a")
    lines = (
        line("a", "r1", client_id=of_client.client_id),
        line("a", "r2", group_id="g1"),
        line("a", "r3", application_id=of_app.application_id),
        line("a", "r4", user_id="alice"),
    )
    await put(own, *lines, line("b", "r4", user_id="alice"), line("b", "r2", group_id="g1"))
    await own.transact(lambda tx: tx.remove(of_client))
    await own.transact(lambda tx: tx.remove(group("a")))
    await own.transact(lambda tx: tx.remove(of_app))
    assert await own.transact(lambda tx: tx.remove_user("a", "alice"))
    left = await own.read(lambda tx: tx.configuration())
    assert left.reply_attributes == (line("b", "r2", group_id="g1"),)
    assert left.with_own_replies == {"b"}


async def test_those_of_another_tenant_are_not_there(store: Store) -> None:
    """TEN-01."""
    await put(store, tenant("reply-a"), tenant("reply-b"))
    for tenant_id in ("reply-a", "reply-b"):
        await add_people(store, tenant_id, "alice")
    await put(store, line("reply-a", user_id="alice"))
    assert await store.read(lambda tx: tx.own_reply_attributes("reply-b", "alice")) == ()
    assert await store.read(lambda tx: tx.reply_attribute("reply-b", "r1")) is None
    assert not await store.transact(lambda tx: tx.remove(line("reply-b")))
    assert await store.read(lambda tx: tx.reply_attribute("reply-a", "r1")) is not None


async def test_a_dictionary_takes_the_place_of_its_name(store: Store) -> None:
    """TEN-01."""
    await put(store, tenant("names-a"), tenant("names-b"))
    mine, newer = dictionary("names-a"), dictionary("names-a", attributes=7)
    other = dictionary("names-a", "zeta")
    for one, text in ((mine, "old"), (other, "ÄÖ"), (newer, "new"), (dictionary("names-b"), "theirs")):
        await store.transact(lambda tx, one=one, text=text: tx.put_radius_dictionary(one, text))
    assert await store.read(lambda tx: tx.radius_dictionaries("names-a")) == (newer, other)
    assert await store.read(lambda tx: tx.radius_dictionary_texts("names-a")) == ("new", "ÄÖ")
    assert not await store.transact(lambda tx: tx.remove_radius_dictionary("names-b", "zeta"))
    assert await store.transact(lambda tx: tx.remove_radius_dictionary("names-a", "acme"))
    assert await store.read(lambda tx: tx.radius_dictionary_texts("names-a")) == ("ÄÖ",)
    assert await store.read(lambda tx: tx.radius_dictionary_texts("names-b")) == ("theirs",)
