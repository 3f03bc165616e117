"""Reply attributes of single people, and dictionaries: listed without their text. What is for many is part of
the configuration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from msgspec.structs import astuple

from vestibule.model.reply_attribute import RadiusDictionary, ReplyAttribute
from vestibule.stores.rows import REPLY_ATTRIBUTE, reply_attribute_of
from vestibule.stores.statement import Statement, insert, select
from vestibule.stores.transaction import Requests

_DICTIONARY: Final = RadiusDictionary.__struct_fields__

SHARED: Final = Statement(
    f"select {select(REPLY_ATTRIBUTE)} from reply_attributes where user_id = ''"  # noqa: S608
    " order by tenant_id, created_at, reply_id"
)
TENANTS_WITH_OWN: Final = Statement("select distinct tenant_id from reply_attributes where user_id <> ''")
OF_USER: Final = Statement(
    f"select {select(REPLY_ATTRIBUTE)} from reply_attributes"  # noqa: S608 - made of constants
    " where tenant_id = :tenant_id and user_id = :user_id order by created_at, reply_id",
    joins=True,
)
ONE: Final = Statement(
    f"select {select(REPLY_ATTRIBUTE)} from reply_attributes"  # noqa: S608 - made of constants
    " where tenant_id = :tenant_id and reply_id = :reply_id"
)
REMOVE_OF: Final = {
    column: Statement(
        f"delete from reply_attributes where tenant_id = :tenant_id and {column} = :{column}"  # noqa: S608
    )
    for column in ("user_id", "group_id", "client_id", "application_id")
}

PUT: Final = Statement(
    insert("radius_dictionaries", (*_DICTIONARY, "content"))
    + """
    on conflict (tenant_id, name) do update
       set attributes = excluded.attributes, left_out = excluded.left_out, size = excluded.size,
           created_at = excluded.created_at, content = excluded.content
    """
)
EVERY: Final = Statement(
    f"select {select(_DICTIONARY)} from radius_dictionaries where tenant_id = :tenant_id"  # noqa: S608
    " order by name"
)
TEXTS: Final = Statement("select content from radius_dictionaries where tenant_id = :tenant_id order by name")
REMOVE: Final = Statement("delete from radius_dictionaries where tenant_id = :tenant_id and name = :name")


def _dictionary_of(row: Sequence[Any]) -> RadiusDictionary:
    return RadiusDictionary(**dict(zip(_DICTIONARY, row, strict=True)))


class ReplyAttributes(Requests):
    __slots__ = ()

    async def own_reply_attributes(self, tenant_id: str, user_id: str) -> tuple[ReplyAttribute, ...]:
        rows = await self.fetch(OF_USER(tenant_id=tenant_id, user_id=user_id))
        return tuple([reply_attribute_of(row) for row in rows])

    async def reply_attribute(self, tenant_id: str, reply_id: str) -> ReplyAttribute | None:
        rows = await self.fetch(ONE(tenant_id=tenant_id, reply_id=reply_id))
        return reply_attribute_of(rows[0]) if rows else None

    async def put_radius_dictionary(self, dictionary: RadiusDictionary, text: str) -> None:
        await self.execute(PUT.of((*astuple(dictionary), text)))

    async def radius_dictionaries(self, tenant_id: str) -> tuple[RadiusDictionary, ...]:
        return tuple([_dictionary_of(row) for row in await self.fetch(EVERY(tenant_id=tenant_id))])

    async def radius_dictionary_texts(self, tenant_id: str) -> tuple[str, ...]:
        return tuple([row[0] for row in await self.fetch(TEXTS(tenant_id=tenant_id))])

    async def remove_radius_dictionary(self, tenant_id: str, name: str) -> bool:
        return await self.execute(REMOVE(tenant_id=tenant_id, name=name)) > 0
