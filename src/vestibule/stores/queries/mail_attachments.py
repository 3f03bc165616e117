"""Attachments of mails: listed without their content, which is fetched one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from msgspec.structs import astuple

from vestibule.model.mail_attachment import MailAttachment
from vestibule.stores.statement import Statement, insert, select
from vestibule.stores.transaction import Requests

_COLUMNS: Final = MailAttachment.__struct_fields__

PUT: Final = Statement(
    insert("mail_attachments", (*_COLUMNS, "content"))
    + """
    on conflict (tenant_id, template) do update
       set file_name = excluded.file_name, content_type = excluded.content_type, size = excluded.size,
           digest = excluded.digest, created_at = excluded.created_at, content = excluded.content
    """
)
EVERY: Final = Statement(
    f"select {select(_COLUMNS)} from mail_attachments where tenant_id = :tenant_id"  # noqa: S608
    " order by template"
)
BY_TEMPLATE: Final = Statement(
    f"select {select(_COLUMNS)}, content from mail_attachments"  # noqa: S608 - made of constants
    " where tenant_id = :tenant_id and template = :template"
)
REMOVE: Final = Statement(
    "delete from mail_attachments where tenant_id = :tenant_id and template = :template"
)


def _attachment_of(row: Sequence[Any]) -> MailAttachment:
    return MailAttachment(**dict(zip(_COLUMNS, row, strict=True)))


class MailAttachments(Requests):
    __slots__ = ()

    async def put_mail_attachment(self, attachment: MailAttachment, content: bytes) -> None:
        await self.execute(PUT.of((*astuple(attachment), content)))

    async def mail_attachments(self, tenant_id: str) -> tuple[MailAttachment, ...]:
        return tuple([_attachment_of(row) for row in await self.fetch(EVERY(tenant_id=tenant_id))])

    async def mail_attachment(self, tenant_id: str, template: str) -> tuple[MailAttachment, bytes] | None:
        rows = await self.fetch(BY_TEMPLATE(tenant_id=tenant_id, template=template))
        return (_attachment_of(rows[0][:-1]), bytes(rows[0][-1])) if rows else None

    async def remove_mail_attachment(self, tenant_id: str, template: str) -> bool:
        return await self.execute(REMOVE(tenant_id=tenant_id, template=template)) > 0
