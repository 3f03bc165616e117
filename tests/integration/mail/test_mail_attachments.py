"""Inventory 1.32: a template has its own sender and an optional attachment, and no mail is lost for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from tests.houses import TENANT, TestHouse, open_house
from tests.integration.mail.mailing import add_mail_gateway, mail, outbox, round_of
from tests.peers.mail_server import MailServer, Taken
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.actor import SYSTEM
from vestibule.model.dispatch import DispatchState
from vestibule.model.mail_attachment import MOST_BYTES
from vestibule.model.mail_settings import MailSettings
from vestibule.model.mail_template import MailTemplate
from vestibule.services.refusal import Refusal, Refused

PDF = b"%PDF-1.7\n" + bytes(range(256)) * 40
WELCOME = {"how": "By text.", "name": "Alice", "username": "alice"}


@pytest.fixture
async def mailing(tmp_path: Path) -> AsyncIterator[tuple[TestHouse, MailServer]]:
    with MailServer(tmp_path / "mail", "none") as server:
        async with open_house(tmp_path / "house") as house:
            await add_mail_gateway(house, server)
            yield house, server


async def attach(
    house: TestHouse, template: str = "changed.en", name: str = "Erste Schritte – für Sie.pdf"
) -> None:
    await house.services.mail_attachments.add(SYSTEM, TENANT, template, name, PDF)


async def damage(house: TestHouse, content: bytes) -> None:
    """What a failing disk or a meddler does: another content under the same digest."""
    found = await house.store.read(lambda tx: tx.mail_attachment(TENANT, "changed.en"))
    assert found is not None
    await house.store.transact(lambda tx: tx.put_mail_attachment(found[0], content))


async def sent(mailing: tuple[TestHouse, MailServer], **fields: object) -> Taken:
    """Send one mail, and return what the server was given."""
    house, server = mailing
    await mail(house, **fields)
    await round_of(house)
    return server.taken()[-1]


def files(taken: Taken) -> list[tuple[str | None, str, bytes]]:
    return [
        (part.get_filename(), part.get_content_type(), part.get_payload(decode=True))
        for part in taken.message.iter_attachments()
    ]


async def test_an_attachment_goes_with_the_mails_of_its_template(
    mailing: tuple[TestHouse, MailServer],
) -> None:
    """As MIME that a reader's program takes apart: words, the same as HTML, and the file under its name."""
    await attach(mailing[0])
    english, german = await sent(mailing), await sent(mailing, language="de")
    assert files(english) == [("Erste Schritte – für Sie.pdf", "application/pdf", PDF)]
    assert english.message.get_content_type() == "multipart/mixed"
    assert "A change" in english.part("plain")
    assert "<p" in english.part("html")
    assert english.message["Content-Language"] == "en"
    assert files(german) == []
    assert german.message.get_content_type() == "multipart/alternative"


async def test_a_method_may_have_a_file_of_its_own(mailing: tuple[TestHouse, MailServer]) -> None:
    house, _ = mailing
    await attach(house, "welcome.en", "all.pdf")
    text = "Grüße".encode()
    await house.services.mail_attachments.add(SYSTEM, TENANT, "welcome.sms.en", "texts.txt", text)
    taken = [
        await sent(mailing, template="welcome", facts=WELCOME, method=method)
        for method in ("sms", "voice", "")
    ]
    assert [name for one in taken for name, *_ in files(one)] == ["texts.txt", "all.pdf", "all.pdf"]
    (part,) = taken[0].message.iter_attachments()
    assert part.get_content().strip() == "Grüße"


async def test_a_damaged_attachment_loses_no_mail(mailing: tuple[TestHouse, MailServer]) -> None:
    """The mail fails, the outbox says why, and it is sent again when the file was added anew."""
    house, server = mailing
    await attach(house)
    await mail(house)
    await damage(house, PDF[:-1])
    await round_of(house)
    (failed,) = await outbox(house)
    assert (failed.state, failed.cause) == (DispatchState.FAILED, "dispatch.cause.attachment_damaged")
    assert server.taken() == []
    await attach(house)
    await house.services.outbox.again(SYSTEM, TENANT, failed.dispatch_id)
    await round_of(house)
    assert len(files(server.taken()[0])) == 1
    (now,) = await outbox(house)
    assert (now.state, now.cause) == (DispatchState.SENT, "")


async def test_a_mail_whose_attachment_was_removed_is_sent_without(
    mailing: tuple[TestHouse, MailServer],
) -> None:
    """And the outbox says so; one that was replaced meanwhile goes as it is now."""
    house, server = mailing
    await attach(house)
    await mail(house)
    await attach(house, name="new.pdf")
    await round_of(house)
    await mail(house)
    await house.services.mail_attachments.remove(SYSTEM, TENANT, "changed.en")
    await round_of(house)
    assert [[name for name, *_ in files(one)] for one in server.taken()] == [["new.pdf"], []]
    assert [(one.state, one.cause) for one in await outbox(house)] == [
        (DispatchState.SENT, ""),
        (DispatchState.SENT, "dispatch.cause.attachment_gone"),
    ]
    kinds = (await house.services.attempts.events(SYSTEM, TENANT, "mail_attachment", Page())).rows
    assert sorted(event.kind for event in kinds) == [
        "mail_attachment.added",
        "mail_attachment.added",
        "mail_attachment.removed",
    ]


async def test_a_template_has_a_sender_of_its_own(mailing: tuple[TestHouse, MailServer]) -> None:
    """RFC 5322 §3.6.2: readers see it as From; who has really sent it is told beside."""
    house, _ = mailing
    words = MailTemplate("{what}", "{what}", "helpdesk@example.org")
    await house.change_settings(mail=MailSettings(templates={"changed.en": words}))
    english, german = await sent(mailing), await sent(mailing, language="de")
    assert english.message["From"].addresses[0].addr_spec == "helpdesk@example.org"
    assert english.message["Sender"].address.addr_spec == english.sender == "vestibule@example.org"
    assert german.message["From"].addresses[0].addr_spec == "vestibule@example.org"
    assert german.message["Sender"] is None
    nobody = msgspec.structs.replace(words, sender="nobody")
    with pytest.raises(Refused) as refused:
        await house.change_settings(mail=MailSettings(templates={"changed.en": nobody}))
    assert refused.value.why is Refusal.MAIL_ADDRESS_INVALID


@pytest.mark.parametrize(
    ("template", "name", "content", "why"),
    [
        ("farewell.en", "a.pdf", PDF, Refusal.TEMPLATE_UNKNOWN),
        ("changed.en", "a.exe", b"MZ\x90\x00", Refusal.ATTACHMENT_UNUSABLE),
        ("changed.en", "a.pdf", b"", Refusal.ATTACHMENT_UNUSABLE),
        ("changed.en", "", PDF, Refusal.ATTACHMENT_UNUSABLE),
        ("changed.en", "a.pdf", b"%PDF-" + bytes(MOST_BYTES), Refusal.ATTACHMENT_TOO_LARGE),
    ],
    ids=("template", "program", "empty", "nameless", "large"),
)
async def test_what_cannot_be_an_attachment_is_refused(
    mailing: tuple[TestHouse, MailServer], template: str, name: str, content: bytes, why: Refusal
) -> None:
    house, _ = mailing
    with pytest.raises(Refused) as refused:
        await house.services.mail_attachments.add(SYSTEM, TENANT, template, name, content)
    assert refused.value.why is why
    assert await house.services.mail_attachments.list(SYSTEM, TENANT) == ()
