"""Attachments of mails: one file for each template."""

from __future__ import annotations

from typing import Annotated, Final

from litestar import Controller, Response, delete, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import MultipartBody
from msgspec import Meta

from vestibule.frontends.http.api.caller import Caller
from vestibule.frontends.http.api.description import problems
from vestibule.frontends.http.api.records.listing import Listing, whole
from vestibule.frontends.http.api.records.sending import MailAttachmentRecord, mail_attachment_record
from vestibule.frontends.http.api.request import Discreet
from vestibule.frontends.http.api.values import PathId
from vestibule.frontends.http.downloads import download
from vestibule.frontends.http.options import MIB
from vestibule.frontends.http.rights import needs
from vestibule.model.actor import Right
from vestibule.model.mail_attachment import MOST_BYTES

_ANY: Final = "application/octet-stream"


class NewMailAttachment(Discreet):
    """A file and the template whose mails it goes with."""

    file: UploadFile
    """A PDF, a PNG or JPEG picture or a plain text in UTF-8, at most 2 MB."""
    template: Annotated[str, Meta(max_length=64, pattern=r"^[a-z_.]+\.(en|de)$")]
    """`KEY.LANGUAGE`, such as `welcome.de`, or `KEY.METHOD.LANGUAGE`."""


class MailAttachments(Controller):
    path = "/mail-attachments"
    tags = ("E-mail",)

    @get(responses=problems(404), opt=needs(Right.READ_CONFIGURATION))
    async def list_mail_attachments(self, caller: NamedDependency[Caller]) -> Listing[MailAttachmentRecord]:
        """List the files that go with mails."""
        found = await caller.services.mail_attachments.list(caller.actor, caller.tenant_id)
        return whole(mail_attachment_record(attachment) for attachment in found)

    @post(request_max_body_size=MOST_BYTES + MIB, responses=problems(404, 422), opt=needs(Right.SETTINGS))
    async def add_mail_attachment(
        self, caller: NamedDependency[Caller], data: MultipartBody[NewMailAttachment]
    ) -> MailAttachmentRecord:
        """Let a file go with every mail of a template, in place of the one that did."""
        content = await data.file.read(MOST_BYTES + 1)
        added = await caller.services.mail_attachments.add(
            caller.actor, caller.tenant_id, data.template, data.file.filename, content
        )
        return mail_attachment_record(added)

    @get(
        "/{template:str}/content",
        media_type=_ANY,
        responses={200: ResponseSpec(bytes, description="The file", media_type=_ANY), **problems(404, 422)},
        opt=needs(Right.READ_CONFIGURATION),
    )
    async def read_mail_attachment(
        self, caller: NamedDependency[Caller], template: PathId
    ) -> Response[bytes]:
        """Read a file as it was added."""
        services = caller.services
        return download(await services.mail_attachments.read(caller.actor, caller.tenant_id, template))

    @delete("/{template:str}", responses=problems(404), opt=needs(Right.SETTINGS))
    async def remove_mail_attachment(self, caller: NamedDependency[Caller], template: PathId) -> None:
        """Let no file go with the mails of a template any more. Mails that wait are sent without."""
        await caller.services.mail_attachments.remove(caller.actor, caller.tenant_id, template)
