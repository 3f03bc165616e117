"""Reply attributes and dictionaries, as administrators add, try and remove them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from tests.houses import TENANT
from tests.integration.replies.conftest import Door, door
from vestibule.crypto.secret import Secret
from vestibule.model.actor import SYSTEM
from vestibule.model.reply_attribute import MOST_DICTIONARIES, MOST_DICTIONARY_BYTES, ReplyAttribute
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.reply_attributes import WantedReply

ACME = b"VENDOR Acme 9999\nATTRIBUTE Acme-Role 1 integer Acme\nVALUE Acme-Role Staff 7\n"


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Door]:
    async with door(tmp_path) as opened:
        yield opened


async def refusal(made: Door, attribute: str, value: str = "x", **fields: str) -> Refusal:
    with pytest.raises(Refused) as refused:
        await made.give(attribute, value, **fields)
    return refused.value.why


async def names(made: Door, user_id: str = "") -> list[str]:
    found = await made.house.services.reply_attributes.preview(SYSTEM, TENANT, "asa", user_id)
    return [each.attribute for each in found]


async def test_what_a_dictionary_names_can_be_given_and_stays_without_it(made: Door) -> None:
    dictionaries = made.house.services.dictionaries
    assert await refusal(made, "Acme-Role", "Staff") is Refusal.REPLY_UNKNOWN
    tried = await dictionaries.load(SYSTEM, TENANT, "acme", ACME, is_dry_run=True)
    assert tried.read.attributes == ("Acme-Role",)
    assert await dictionaries.list(SYSTEM, TENANT) == ()
    await dictionaries.load(SYSTEM, TENANT, "acme", ACME)
    given = await made.give("acme-role", "staff")
    assert (given.attribute, given.content) == ("Acme-Role", (7).to_bytes(4, "big"))
    await dictionaries.remove(SYSTEM, TENANT, "acme")
    assert await names(made) == ["Acme-Role"]
    assert await refusal(made, "Acme-Role", "Staff") is Refusal.REPLY_UNKNOWN


async def test_what_cannot_be_given_is_refused(made: Door) -> None:
    for attribute, value, why in (
        ("No-Such", "x", Refusal.REPLY_UNKNOWN),
        ("Class:x", "x", Refusal.REPLY_UNKNOWN),
        ("Class:1", "x", Refusal.REPLY_TAG),
        ("Tunnel-Type:99", "VLAN", Refusal.REPLY_TAG),
        ("Framed-IP-Address", "nowhere", Refusal.REPLY_VALUE),
        ("State", "x", Refusal.REPLY_NOT_GIVEN),
        ("Class", "x" * 254, Refusal.REPLY_LENGTH),
    ):
        assert await refusal(made, attribute, value) is why
    for place in ("user_id", "group_id", "client_id", "application_id"):
        assert await refusal(made, "Class", **{place: "nobody"}) is Refusal.NOT_FOUND


async def test_a_dry_run_changes_nothing(made: Door) -> None:
    wanted = WantedReply(attribute="Class", value=Secret("x"))
    replies = made.house.services.reply_attributes
    tried = await replies.add(SYSTEM, TENANT, wanted, is_dry_run=True)
    assert isinstance(tried, ReplyAttribute)
    assert await replies.list(SYSTEM, TENANT) == ()


async def test_a_secret_value_is_sealed_and_shown_nowhere(made: Door) -> None:
    given = await made.give("Tunnel-Password", "of the tunnel")
    assert b"tunnel" not in msgspec.json.encode(given)
    assert given.value == ""
    alice = await made.house.add_person("alice")
    assert 'Tunnel-Password:0 = "of the tunnel"' in await made.radclient(alice)


async def test_a_removed_line_is_not_given_any_more(made: Door) -> None:
    alice = await made.house.add_person("alice")
    shared, own = await made.give("Class", "x"), await made.give("Class", "y", user_id=alice.user.user_id)
    replies = made.house.services.reply_attributes
    assert await replies.list(SYSTEM, TENANT, alice.user.user_id) == (own,)
    await replies.remove(SYSTEM, TENANT, own.reply_id)
    (left,) = await replies.preview(SYSTEM, TENANT, "asa", alice.user.user_id)
    assert left.reply_id == shared.reply_id
    with pytest.raises(Refused):
        await replies.remove(SYSTEM, TENANT, own.reply_id)
    await replies.remove(SYSTEM, TENANT, shared.reply_id)
    assert await names(made, alice.user.user_id) == []


async def test_a_group_that_an_attribute_is_for_is_not_removed(made: Door) -> None:
    """Without it, its people would be let in without what limits them."""
    groups = made.house.services.groups
    staff = await groups.add(SYSTEM, TENANT, "Staff")
    given = await made.give("Filter-Id", "guests", group_id=staff.group_id)
    with pytest.raises(Refused) as refused:
        await groups.remove(SYSTEM, TENANT, staff.group_id)
    assert refused.value.why is Refusal.NAMED_BY_REPLY
    await made.house.services.reply_attributes.remove(SYSTEM, TENANT, given.reply_id)
    await groups.remove(SYSTEM, TENANT, staff.group_id)


async def test_a_dictionary_that_cannot_be_read_is_refused(made: Door) -> None:
    for content, why, key in (
        (b"$INCLUDE other\n", Refusal.DICTIONARY_INCLUDE, "1 (other)"),
        (b"\n\nATTRIBUTE Acme-Role 1 text\n", Refusal.DICTIONARY_TYPE, "3 (text)"),
        (b"\xff\xfe\0", Refusal.DICTIONARY_NOT_TEXT, ""),
        (b"#" * (MOST_DICTIONARY_BYTES + 1), Refusal.DICTIONARY_TOO_LARGE, "256"),
    ):
        with pytest.raises(Refused) as refused:
            await made.house.services.dictionaries.load(SYSTEM, TENANT, "acme", content)
        assert (refused.value.why, refused.value.key) == (why, key)


async def test_a_tenant_has_so_many_dictionaries(made: Door) -> None:
    dictionaries = made.house.services.dictionaries
    for number in range(MOST_DICTIONARIES):
        await dictionaries.load(SYSTEM, TENANT, f"d{number}", b"")
    await dictionaries.load(SYSTEM, TENANT, "d0", ACME)
    with pytest.raises(Refused) as refused:
        await dictionaries.load(SYSTEM, TENANT, "more", b"")
    assert refused.value.why is Refusal.TOO_MANY
