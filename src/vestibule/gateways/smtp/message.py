"""A mail as it goes over the wire (RFC 5322, RFC 2045): plain text, the same as simple HTML, and a file if
one goes with it.

Invariants: whatever stands in a subject, a name or an address, there are exactly the headers that are written
here; the same mail has the same Message-ID whenever and by whomever it is sent, so that a reader who gets it
twice can tell.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from typing import Final

from vestibule.gateways.smtp.settings import SmtpSettings
from vestibule.interfaces.gateway import Attachment, Mail

_LONGEST_SUBJECT: Final = 200


def written(mail: Mail, to: str, settings: SmtpSettings, *, is_utf8: bool) -> bytes:
    """Return the octets of a mail to the address `to`; `is_utf8` where an address needs it (RFC 6532)."""
    message = EmailMessage(policy=SMTPUTF8 if is_utf8 else SMTP)
    message["From"] = _address(mail.sender or settings.sender, settings.sender_name)
    if mail.sender:
        # RFC 5322 §3.6.2: who has really sent it, where that is somebody else.
        message["Sender"] = _address(settings.sender)
    message["To"] = _address(to)
    if settings.reply_to:
        message["Reply-To"] = _address(settings.reply_to)
    message["Subject"] = one_line(mail.subject)
    message["Date"] = format_datetime(datetime.fromtimestamp(mail.written_at / 1000, UTC))
    message["Message-ID"] = f"<{mail.dispatch_id}@{settings.sender.rpartition('@')[2]}>"
    # RFC 3834 §5: nobody's absence is told to us.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text.reveal())
    message.add_alternative(mail.html.reveal(), subtype="html")
    if mail.attachment is not None:
        _attach(message, mail.attachment)
    # Last: whoever sets the content takes headers of that name away.
    message["Content-Language"] = mail.language
    return message.as_bytes()


def _attach(message: EmailMessage, attachment: Attachment) -> None:
    kind, _, subtype = attachment.content_type.partition("/")
    params = {"charset": "utf-8"} if kind == "text" else {}
    message.add_attachment(
        attachment.content, maintype=kind, subtype=subtype, filename=attachment.file_name, params=params
    )


def _address(address: str, name: str = "") -> Address:
    # In two parts: the library takes no letters beyond ASCII in one.
    local, _, domain = address.rpartition("@")
    return Address(name, local, domain)


def one_line(subject: str) -> str:
    """Return a subject in which nothing can end its header."""
    seen = "".join(each if each.isprintable() else " " for each in subject)
    return " ".join(seen.split())[:_LONGEST_SUBJECT]
