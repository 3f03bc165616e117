"""Notices: whoever is to be told of an event is written down, from the row that was committed with it.

One transaction takes the events and writes the mails and webhooks, so each is told once, whichever node does
it and whatever dies. Of very many alerts of a kind an address gets a few, and later one mail that says how
many there were; webhooks get all. Nothing secret is told: an event holds none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import structlog

from vestibule.catalog import has, text
from vestibule.interfaces.store import Store, Transaction, Unavailable
from vestibule.interfaces.transaction.sign_in import Subject
from vestibule.model.actor import SYSTEM, Actor
from vestibule.model.delivery import Carries
from vestibule.model.event import Event
from vestibule.model.notice import GIVES_FACTOR, alerted, is_asked_for, is_person_told
from vestibule.model.tenant import Tenant
from vestibule.model.user import User
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.dispatches import Dispatches
from vestibule.services.gateway_words import dispatch_kind
from vestibule.services.gateways import Gateways
from vestibule.services.mails import Mails

log = structlog.get_logger(__name__)

_LOOK_SECONDS: Final = 1.0
_BITE: Final = 20
_SHOWN_FACTS: Final = ("method", "label", "name", "serial", "application", "limit", "count", "reason")
"""What of an event is said in a mail."""


class Notices:
    def __init__(
        self,
        store: Store,
        configuration: ConfigurationCache,
        gateways: Gateways,
        mails: Mails,
        dispatches: Dispatches,
    ) -> None:
        self._store = store
        self._configuration = configuration
        self._gateways = gateways
        self._mails = mails
        self._dispatches = dispatches

    async def run(self) -> None:
        """Write down who is told, for ever."""
        while True:
            try:
                await self.tell()
            except Unavailable as error:
                log.warning("events cannot be told", why=str(error))
            except Exception as error:
                log.exception("events cannot be told", error=type(error).__name__)
            await asyncio.sleep(_LOOK_SECONDS)

    async def tell(self) -> None:
        """Write down who is told of all that has happened until now."""
        while await self._store.read(lambda tx: tx.are_alerts_over()):
            await self._store.transact(self._sum_up)
            self._dispatches.nudge()
        while await self._store.read(lambda tx: tx.is_untold()):
            await self._store.transact(self._bite)
            self._dispatches.nudge()

    async def tell_old_address(self, tx: Transaction, actor: Actor, before: User) -> None:
        """Tell a person at the address that he has had until now, in the transaction that changes it: whoever
        changes it reads the other notice himself."""
        tenant = self._configuration.current.tenants[before.tenant_id]
        if not tenant.settings.mail.notices:
            return
        language = self._mails.language(tenant, before.language)
        facts = {
            "what": text(language, "event.user.changed"),
            "when": _moment(tx.now),
            "who": who_words(language, actor.actor_id, actor.name, before.user_id),
            "details": text(language, "mail.old_address"),
        }
        await self._mails.send_to(tx, before, "changed", facts)

    async def _bite(self, tx: Transaction) -> None:
        for event in await tx.take_untold(_BITE):
            tenant = self._configuration.current.tenants.get(event.tenant_id)
            if tenant is None:
                continue
            person = await tx.subject(event.tenant_id, event.subject) if event.subject else None
            if person is not None:
                await self._welcome(tx, tenant, event, person)
                await self._tell_person(tx, tenant, event, person.user)
            await self._tell_administrators(tx, tenant, event)
            await self._tell_webhooks(tx, event, person.user if person is not None else None)

    async def _welcome(self, tx: Transaction, tenant: Tenant, event: Event, person: Subject) -> None:
        """Welcome a person who was added, and again when somebody else has given him his first factor. What
        is secret, such as a first PIN, is never told by mail."""
        if not (tenant.settings.mail.welcomes and person.user.send_mail):
            return
        held = sorted({one.method for one in person.authenticators if has(f"method.{one.method}.welcome")})
        is_first = event.kind in GIVES_FACTOR and len(held) == 1 and event.actor != event.subject
        if event.kind != "user.added" and not is_first:
            return
        language = self._mails.language(tenant, person.user.language)
        how = " ".join(text(language, f"method.{method}.welcome") for method in held)
        facts = {"how": how or text(language, "mail.nothing_yet")}
        method = held[0] if len(held) == 1 else ""
        await self._mails.send_to(tx, person.user, "welcome", facts, method=method)

    async def _tell_person(self, tx: Transaction, tenant: Tenant, event: Event, user: User) -> None:
        is_told = is_person_told(event.kind, event.facts, wants_mail=user.send_mail)
        if not (tenant.settings.mail.notices and is_told):
            return
        language = self._mails.language(tenant, user.language)
        method = str(event.facts.get("method", ""))
        await self._mails.send_to(tx, user, "changed", _facts(language, event), method=method)

    async def _tell_administrators(self, tx: Transaction, tenant: Tenant, event: Event) -> None:
        language = self._mails.language(tenant, "")
        mail, tenant_id = tenant.settings.mail, tenant.tenant_id
        addresses = alerted(event.kind, mail.alerts) if self._mails.can_send(tenant_id) else ()
        for address in addresses:
            if not await tx.count_alert(tenant_id, event.kind, address, mail.alerts_per_hour):
                continue
            facts = {**_facts(language, event), "whom": event.subject_name or tenant.name}
            await self._mails.send(tx, tenant_id, address, language, "alert", facts)

    async def _sum_up(self, tx: Transaction) -> None:
        """Tell each address how many alerts of a kind it was not told of one by one."""
        for count in await tx.take_alert_counts(_BITE):
            tenant = self._configuration.current.tenants.get(count.tenant_id)
            if tenant is None or not count.held_back:
                continue
            language = self._mails.language(tenant, "")
            facts = {
                "what": dispatch_kind(language, count.kind),
                "count": str(count.held_back),
                "since": _moment(count.began_at),
                "until": _moment(tx.now),
            }
            await self._mails.send(tx, count.tenant_id, count.address, language, "alert_summary", facts)

    async def _tell_webhooks(self, tx: Transaction, event: Event, user: User | None) -> None:
        for one in self._gateways.switched_on(event.tenant_id, Carries.WEBHOOK):
            if is_asked_for(event.kind, tuple(one.settings.get("events", ()))):
                await self._dispatches.add_webhook(
                    tx,
                    event.tenant_id,
                    event.kind,
                    one.gateway_id,
                    webhook_body(event),
                    user_id=user.user_id if user is not None else "",
                )


def webhook_body(event: Event) -> bytes:
    """Return what a webhook is told of an event: what the list of events shows of it."""
    return msgspec.json.encode(
        {
            "event_id": event.event_id,
            "kind": event.kind,
            "at": datetime.fromtimestamp(event.at / 1000, UTC).isoformat(timespec="milliseconds"),
            "tenant_id": event.tenant_id,
            "actor": {"id": event.actor, "name": event.actor_name},
            "subject": {"id": event.subject, "name": event.subject_name},
            "facts": event.facts,
        }
    )


def _facts(language: str, event: Event) -> dict[str, str]:
    return {
        "what": dispatch_kind(language, event.kind),
        "when": _moment(event.at),
        "who": who_words(language, event.actor, event.actor_name, event.subject),
        "details": ", ".join(_shown(language, event.facts)),
    }


def who_words(language: str, actor_id: str, actor_name: str, subject: str) -> str:
    """Return who did it, for whom it was done to."""
    if actor_id and actor_id == subject:
        return text(language, "mail.who.self")
    return text(language, "mail.who.system") if actor_id == SYSTEM.actor_id else actor_name or actor_id


def _shown(language: str, facts: Mapping[str, Any]) -> list[str]:
    shown = [str(facts[name]) for name in _SHOWN_FACTS if facts.get(name)]
    key = f"method.{facts.get('method')}.name"
    if facts.get("method") and has(key):
        shown[0] = text(language, key)
    fields = (f"mail.field.{name}" for name in facts.get("fields", ()))
    if failures := facts.get("failures"):
        shown.append(text(language, "mail.failures", count=failures, minutes=facts["minutes"]))
    return [*shown, *(text(language, field) for field in fields if has(field))]


def _moment(at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d %H:%M} UTC"
