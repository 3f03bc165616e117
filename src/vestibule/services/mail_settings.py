"""What a tenant's settings about mails may be. Pure: whoever changes settings asks here first."""

from __future__ import annotations

from typing import Final

from vestibule.catalog import LANGUAGES, has
from vestibule.model.mail_address import read_address
from vestibule.model.mail_settings import MailSettings
from vestibule.model.mail_template import BY_METHOD, TEMPLATES, MailTemplate, TemplateWrong, check_template
from vestibule.model.notice import ALERTS, TOLD
from vestibule.services.refusal import Refusal, Refused

MOST_ADDRESSES: Final = 20
"""For one kind of event."""
MOST_ALERTS: Final = 1000
"""Mails of one kind to one address within an hour."""


def check_mail_settings(settings: MailSettings) -> None:
    """Raise `Refused`, naming what is wrong and where."""
    if not 1 <= settings.alerts_per_hour <= MOST_ALERTS:
        raise Refused(Refusal.OUT_OF_BOUNDS, f"mail.alerts_per_hour: 1…{MOST_ALERTS}")
    for kind, addresses in settings.alerts.items():
        if kind != ALERTS and kind not in TOLD:
            raise Refused(Refusal.ALERT_KIND_UNKNOWN, kind[:64])
        if len(addresses) > MOST_ADDRESSES:
            raise Refused(Refusal.TOO_MANY, str(MOST_ADDRESSES))
        for address in addresses:
            if read_address(address) is None:
                raise Refused(Refusal.MAIL_ADDRESS_INVALID, address[:64])
    for name, template in settings.templates.items():
        check_template_of(name, template)


def check_template_of(name: str, template: MailTemplate) -> None:
    """Raise `Refused` unless these can be the words of `KEY.LANGUAGE` or `KEY.METHOD.LANGUAGE`."""
    key = template_key(name)
    if not key:
        raise Refused(Refusal.TEMPLATE_UNKNOWN, name[:64])
    if template.sender and read_address(template.sender) is None:
        raise Refused(Refusal.MAIL_ADDRESS_INVALID, template.sender[:64])
    try:
        check_template(template, TEMPLATES[key])
    except TemplateWrong as wrong:
        raise Refused(_WRONG[wrong.why], f"{name}: {wrong.told}".rstrip(": ")) from None


def template_key(name: str) -> str:
    """Return which template `KEY.LANGUAGE` or `KEY.METHOD.LANGUAGE` is; empty if there is none."""
    named, _, language = name.rpartition(".")
    key, _, method = named.partition(".")
    is_known = key in TEMPLATES and language in LANGUAGES
    if method and not (key in BY_METHOD and has(f"method.{method}.welcome")):
        return ""
    return key if is_known else ""


_WRONG: Final = {
    "unknown": Refusal.PLACEHOLDER_UNKNOWN,
    "stray": Refusal.TEMPLATE_BRACE,
    "empty": Refusal.TEMPLATE_EMPTY,
    "too_long": Refusal.TEMPLATE_TOO_LONG,
}
