"""Attachments of mails, as administrators add, read and remove them; and as a mail finds its own.

A mail knows the template whose attachment goes with it, and takes what is there when it is sent: so a file of
megabytes is stored once, and not with every mail that waits.
"""

from __future__ import annotations

from vestibule.interfaces.gateway import Attachment
from vestibule.interfaces.store import Store, Transaction
from vestibule.model.actor import Actor, Right
from vestibule.model.mail_attachment import (
    MOST_BYTES,
    MailAttachment,
    content_type_of,
    digest_of,
    file_name_of,
)
from vestibule.services.mail_settings import template_key
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused


class Damaged(Exception):
    """The content of an attachment is not what was added."""


class MailAttachments:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(
        self, actor: Actor, tenant_id: str, template: str, file_name: str, content: bytes
    ) -> MailAttachment:
        """Let a file go with every mail of a template, instead of the one that did; raises `Refused`."""
        actor.demand(Right.SETTINGS, tenant_id)
        _check_template(template)
        if len(content) > MOST_BYTES:
            raise Refused(Refusal.ATTACHMENT_TOO_LARGE, str(MOST_BYTES))
        content_type, name = content_type_of(content), file_name_of(file_name)
        if not content_type or not name:
            raise Refused(Refusal.ATTACHMENT_UNUSABLE, name)

        async def body(tx: Transaction) -> MailAttachment:
            added = MailAttachment(
                tenant_id=tenant_id,
                template=template,
                file_name=name,
                content_type=content_type,
                size=len(content),
                digest=digest_of(content),
                created_at=tx.now,
            )
            await tx.put_mail_attachment(added, content)
            await record(tx, actor, tenant_id, "mail_attachment.added", template, template, name=name)
            return added

        return await self._store.transact(body)

    async def list(self, actor: Actor, tenant_id: str) -> tuple[MailAttachment, ...]:
        actor.demand(Right.READ_CONFIGURATION, tenant_id)
        return await self._store.read(lambda tx: tx.mail_attachments(tenant_id))

    async def read(self, actor: Actor, tenant_id: str, template: str) -> Attachment:
        """Return an attachment as it was added; raises `Refused` for one that is not, or is damaged."""
        actor.demand(Right.READ_CONFIGURATION, tenant_id)
        try:
            found = await self.going_along(tenant_id, template)
        except Damaged:
            raise Refused(Refusal.ATTACHMENT_UNUSABLE, template) from None
        if found is None:
            raise Refused(Refusal.NOT_FOUND, template)
        return found

    async def remove(self, actor: Actor, tenant_id: str, template: str) -> None:
        actor.demand(Right.SETTINGS, tenant_id)

        async def body(tx: Transaction) -> None:
            if not await tx.remove_mail_attachment(tenant_id, template):
                raise Refused(Refusal.NOT_FOUND, template)
            await record(tx, actor, tenant_id, "mail_attachment.removed", template, template)

        await self._store.transact(body)

    # --- for mails ------------------------------------------------------------------------------------

    async def going_along(self, tenant_id: str, template: str) -> Attachment | None:
        """Return what goes with a mail of this template now, None if nothing does; raises `Damaged`."""

        found = await self._store.read(lambda tx: tx.mail_attachment(tenant_id, template))
        if found is None:
            return None
        attachment, content = found
        if digest_of(content) != attachment.digest:
            raise Damaged
        return Attachment(attachment.file_name, attachment.content_type, content)


def _check_template(template: str) -> None:
    if not template_key(template):
        raise Refused(Refusal.TEMPLATE_UNKNOWN, template[:64])
