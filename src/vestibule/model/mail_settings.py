"""What a tenant sets about mails: who is told of what, and in which words."""

from __future__ import annotations

import msgspec

from vestibule.model.mail_template import MailTemplate


class MailSettings(msgspec.Struct, frozen=True, kw_only=True):
    notices: bool = True
    """A person is told by e-mail of every change of how he signs in."""
    welcomes: bool = False
    """A person who is added is told by e-mail where he sets up his second factor."""
    alerts: dict[str, tuple[str, ...]] = {}
    """By kind of event: the addresses that are told of it. `*` stands for every kind that is an alert and is
    not named; an empty list means nobody."""
    alerts_per_hour: int = 5
    """Mails of one kind of alert to one address within an hour; one more then says how many others there
    were."""
    templates: dict[str, MailTemplate] = {}
    """By template and language, such as `welcome.de`: the words of the tenant's own; else the catalog's."""
