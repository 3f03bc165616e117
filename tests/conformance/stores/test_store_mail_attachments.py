"""Attachments of mails: one for a template, in each tenant for itself."""

from __future__ import annotations

from typing import Any

from tests.conformance.stores.records import START, tenant
from vestibule.interfaces.store import Store
from vestibule.model.mail_attachment import MailAttachment, digest_of

PDF = b"%PDF-1.7\n\x00\xff"


def attachment(tenant_id: str, template: str = "welcome.en", **fields: Any) -> MailAttachment:
    usual = {"file_name": "Größe.pdf", "content_type": "application/pdf", "size": len(PDF)}
    named = {"tenant_id": tenant_id, "template": template, "digest": digest_of(PDF), "created_at": START}
    return MailAttachment(**(named | usual | fields))


async def test_an_attachment_takes_the_place_of_its_template(store: Store) -> None:
    for tenant_id in ("file-a", "file-b"):
        await store.transact(lambda tx, tenant_id=tenant_id: tx.put(tenant(tenant_id)))
    first, other = attachment("file-a"), attachment("file-a", "changed.de")
    for one in (first, other):
        await store.transact(lambda tx, one=one: tx.put_mail_attachment(one, PDF))
    assert await store.read(lambda tx: tx.mail_attachment("file-a", "welcome.en")) == (first, PDF)
    newer = attachment("file-a", file_name="new.txt", content_type="text/plain", size=2)
    await store.transact(lambda tx: tx.put_mail_attachment(newer, b"hi"))
    assert await store.read(lambda tx: tx.mail_attachments("file-a")) == (other, newer)
    assert await store.read(lambda tx: tx.mail_attachment("file-a", "welcome.en")) == (newer, b"hi")


async def test_an_attachment_of_another_tenant_is_not_there(store: Store) -> None:
    """TEN-01."""
    for tenant_id in ("file-c", "file-d"):
        await store.transact(lambda tx, tenant_id=tenant_id: tx.put(tenant(tenant_id)))
    mine = attachment("file-c")
    await store.transact(lambda tx: tx.put_mail_attachment(mine, PDF))
    assert await store.read(lambda tx: tx.mail_attachments("file-d")) == ()
    assert await store.read(lambda tx: tx.mail_attachment("file-d", "welcome.en")) is None
    assert not await store.transact(lambda tx: tx.remove_mail_attachment("file-d", "welcome.en"))
    await store.transact(lambda tx: tx.put_mail_attachment(attachment("file-d"), b"theirs"))
    assert await store.read(lambda tx: tx.mail_attachment("file-c", "welcome.en")) == (mine, PDF)
    assert await store.transact(lambda tx: tx.remove_mail_attachment("file-c", "welcome.en"))
    assert await store.read(lambda tx: tx.mail_attachments("file-c")) == ()
    assert len(await store.read(lambda tx: tx.mail_attachments("file-d"))) == 1
