"""Mails: one is written from its template, in its reader's language, and put into the outbox.

`send` is called in the transaction of what the mail tells of, and writes nothing where no mail can be sent:
in a tenant without a mail gateway that is switched on, or to what is no address. Invariants: a mail has a
text and an HTML part that say the same; a value is never taken for a placeholder, for HTML or for a header;
what is linked is an address of this installation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from typing import Final
from urllib.parse import quote

import msgspec

from vestibule.catalog import LANGUAGES, has, text, wordings
from vestibule.interfaces.store import Transaction
from vestibule.model.delivery import Carries
from vestibule.model.dispatch import LIFE_MS
from vestibule.model.mail_address import read_address
from vestibule.model.mail_template import TEMPLATES, MailTemplate, filled
from vestibule.model.tenant import SYSTEM_TENANT, Tenant
from vestibule.model.user import User
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.dispatches import Dispatches, MailBody
from vestibule.services.gateways import Gateways
from vestibule.services.mail_settings import check_template_of, template_key
from vestibule.services.refusal import Refusal, Refused

_KNOWN_HERE: Final = frozenset({"tenant", "portal_url", "help_contact"})
_PARAGRAPH: Final = '<p style="margin:0 0 1em">{}</p>'
_HEAD: Final = (
    '<p style="margin:0 0 1.5em;padding:0 0 .5em;border-bottom:3px solid {0};font-weight:bold">{1}</p>'
)
_PAGE: Final = (
    '<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{title}</title></head>'
    '<body style="font-family:sans-serif;font-size:16px;line-height:1.5;max-width:40em">{body}</body></html>'
)


class Mails:
    def __init__(
        self,
        configuration: ConfigurationCache,
        gateways: Gateways,
        dispatches: Dispatches,
        public_url: str,
    ) -> None:
        self._configuration = configuration
        self._gateways = gateways
        self._dispatches = dispatches
        self._public_url = public_url.rstrip("/")

    def can_send(self, tenant_id: str) -> bool:
        """Tell whether the tenant has a mail gateway that is switched on."""
        return bool(self._gateways.switched_on(tenant_id, Carries.MAIL))

    async def send(
        self,
        tx: Transaction,
        tenant_id: str,
        to: str,
        language: str,
        template: str,
        facts: Mapping[str, str],
        *,
        method: str = "",
        user_id: str = "",
        life_ms: int = LIFE_MS,
    ) -> bool:
        """Write a mail and put it into the outbox, in this transaction; False if none can be sent.

        `facts` are the values of the template's own placeholders; what every mail may say is known here, but
        for `name` and `username` of whom it is for. `method`: a tenant may have words of its own for it.
        `life_ms`: after this time the content is of no use, and is gone. KeyError for a placeholder without
        a value.
        """
        if not self.can_send(tenant_id) or read_address(to) is None:
            return False
        tenant = self._configuration.current.tenants[tenant_id]
        language = self.language(tenant, language)
        body = await self.body(tx, tenant, language, template, facts, method)
        await self._dispatches.add_mail(tx, tenant_id, template, to, body, user_id=user_id, life_ms=life_ms)
        return True

    async def send_to(
        self,
        tx: Transaction,
        user: User,
        template: str,
        facts: Mapping[str, str],
        *,
        address: str = "",
        method: str = "",
        life_ms: int = LIFE_MS,
    ) -> bool:
        """`send` to a person, at his address unless another is given."""
        named = {"name": user.display_name, "username": user.username, **facts}
        return await self.send(
            tx,
            user.tenant_id,
            address or user.email,
            user.language,
            template,
            named,
            method=method,
            user_id=user.user_id,
            life_ms=life_ms,
        )

    async def body(
        self,
        tx: Transaction,
        tenant: Tenant,
        language: str,
        template: str,
        facts: Mapping[str, str],
        method: str = "",
    ) -> MailBody:
        """Return a mail in the words that the tenant has for it, and what goes with it."""
        words = self.own_template(tenant, template, language, method)
        body = self.written(tenant, language, template, words, facts)
        with_file = {each.template for each in await tx.mail_attachments(tenant.tenant_id)}
        named = (name for name in _names(template, language, method) if name in with_file)
        return msgspec.structs.replace(body, attachment=next(named, ""))

    def language(self, tenant: Tenant, preferred: str) -> str:
        """Return the language of a mail: the reader's, else the tenant's."""
        for language in (preferred, tenant.settings.language):
            if language in LANGUAGES:
                return language
        return LANGUAGES[0]

    @staticmethod
    def own_template(tenant: Tenant, template: str, language: str, method: str = "") -> MailTemplate:
        """Return the words of a tenant for a mail, those for the method before others; else the built-in."""
        own = tenant.settings.mail.templates
        named = (own[name] for name in _names(template, language, method) if name in own)
        return next(named, None) or built_in(template, language)

    @staticmethod
    def template(tenant: Tenant, name: str) -> MailTemplate:
        """Return the words that `KEY.LANGUAGE` or `KEY.METHOD.LANGUAGE` has now; raises `Refused`."""
        key = template_key(name)
        if not key:
            raise Refused(Refusal.TEMPLATE_UNKNOWN, name[:64])
        own = tenant.settings.mail.templates.get(name)
        return own or built_in(key, name.rpartition(".")[2])

    def sample(self, tenant: Tenant, name: str, template: MailTemplate) -> MailTemplate:
        """Return how a mail in these words would read; raises `Refused` if they cannot be used."""
        check_template_of(name, template)
        key, language = template_key(name), name.rpartition(".")[2]
        made_up = {each: f"mail.sample.{each}" for each in TEMPLATES[key] - _KNOWN_HERE}
        facts = {each: text(language, found) if has(found) else each for each, found in made_up.items()}
        body = self.written(tenant, language, key, template, facts)
        return MailTemplate(body.subject, body.text)

    def written(
        self, tenant: Tenant, language: str, key: str, template: MailTemplate, facts: Mapping[str, str]
    ) -> MailBody:
        """Return a mail with everything filled in."""
        values = {
            "tenant": tenant.name,
            "portal_url": self.portal_url(tenant.tenant_id),
            "help_contact": tenant.settings.help_contact,
            **facts,
        }
        known = {name: value for name, value in values.items() if name in TEMPLATES[key]}
        subject = filled(template.subject, known).strip()
        plain = filled(template.text, known)
        html = self._html(tenant.tenant_id, language, subject, plain)
        return MailBody(subject, plain, html, language, sender=template.sender)

    def portal_url(self, tenant_id: str) -> str:
        """Return where people of a tenant sign in; empty without a public address."""
        if not self._public_url:
            return ""
        where = "console" if tenant_id == SYSTEM_TENANT else f"portal/{quote(tenant_id, safe='')}"
        return f"{self._public_url}/{where}"

    def _html(self, tenant_id: str, language: str, subject: str, plain: str) -> str:
        brand = self._configuration.current.brandings.get(tenant_id)
        paragraphs = (
            [_HEAD.format(brand.color or "#333333", escape(brand.name))] if brand and brand.name else []
        )
        paragraphs += [
            _PARAGRAPH.format(self._linked(escape(each).replace("\n", "<br>")))
            for each in re.split(r"\n\s*\n", plain.strip())
        ]
        return _PAGE.format(language=language, title=escape(subject), body="".join(paragraphs))

    def _linked(self, html: str) -> str:
        """Make links of addresses of this installation, and of no others: a name may look like one."""
        if not self._public_url:
            return html
        ours = re.compile(
            re.escape(escape(self._public_url)) + r"(?:/[^\s<>\"']*[^\s<>\"'.,;:!?)])?(?![\w.:@])"
        )
        return ours.sub(lambda found: f'<a href="{found[0]}">{found[0]}</a>', html)


def _names(template: str, language: str, method: str) -> tuple[str, ...]:
    """Return by which names a tenant may have something of its own for a mail, the narrowest first."""
    every = f"{template}.{language}"
    return (f"{template}.{method}.{language}", every) if method else (every,)


def built_in(key: str, language: str) -> MailTemplate:
    """Return the words of the catalog."""
    return MailTemplate(
        wordings(f"mail.{key}.subject")[language].other, wordings(f"mail.{key}.text")[language].other
    )
