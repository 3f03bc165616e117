"""Gateways and what is sent through them."""

from __future__ import annotations

from typing import Any

from vestibule.frontends.http.api.records.listing import Record
from vestibule.model.delivery import Delivery
from vestibule.model.dispatch import Dispatch
from vestibule.model.mail_attachment import MailAttachment
from vestibule.model.phone import masked
from vestibule.model.voice_message import VoiceMessage
from vestibule.services.gateways import GatewayState
from vestibule.services.sending_limits import SendingStanding


class SettingRecord(Record):
    """One setting of a plug-in. `form` says how it is typed; `default` is null where there is none."""

    name: str
    form: str
    is_required: bool
    default: Any
    choices: list[str]


class GatewayKindRecord(Record):
    kind: str
    carries: list[str]
    settings: list[SettingRecord]


class GatewayRecord(Record):
    """A gateway. What is said of how it stands holds on the server that answers."""

    named = "gateway_id"

    id: str
    kind: str
    name: str
    settings: dict[str, Any]
    has_secret: bool
    priority: int
    is_enabled: bool
    callback_url: str
    """Where its provider calls back; empty without a public address."""
    is_open: bool
    is_connected: bool
    is_resting: bool
    failures: int
    """In a row."""
    cause: str
    """Of the last failure, or why it does not open."""
    text_price: str
    """What a text costs, with exceptions by the beginning of the number: `0.10 49:0.07`. Empty: unknown."""
    call_price: str
    serves: str
    """The beginnings of the numbers that it carries to: `49 4366`, or `*` for all. Empty: all."""
    created_at: int
    version: int


class DeliveryRecord(Record):
    """A text or call on its way or sent: of its number the end, of its words nothing."""

    named = "delivery_id"

    id: str
    verification_id: str
    """Empty: a test."""
    user_id: str
    carries: str
    number: str
    gateway_id: str
    state: str
    cause: str
    tries: int
    created_at: int
    sent_at: int | None


class DispatchRecord(Record):
    """An e-mail or a webhook on its way or sent: of its words nothing."""

    named = "dispatch_id"

    id: str
    carries: str
    """`mail` or `webhook`."""
    kind: str
    """The template of a mail, or the kind of event that a webhook is told."""
    address: str
    """Of a mail: whom it is for. Of a webhook: the identifier of its gateway."""
    user_id: str
    """Whom it is about, if it is about a person."""
    gateway_id: str
    """Who has it, or had it last."""
    state: str
    """`waiting`, `taken`, `sent` or `failed`."""
    cause: str
    """Why the last try failed."""
    tries: int
    due_at: int
    """When it is tried next, if it waits."""
    expires_at: int
    """Until when it is tried."""
    created_at: int
    sent_at: int | None


class LimitReachedRecord(Record):
    """A limit that has refused texts, calls or requests within the last day."""

    kind: str
    """`premium`, `country`, `user`, `number`, `prefix`, `tenant` or `cost`."""
    key: str
    """Whose limit: a user's name, the end of a number, the beginning of numbers, a country code."""
    began_at: int
    ends_at: int
    reached_at: int
    """When it refused first."""


class SpendingRecord(Record):
    """What texts and calls cost today by the gateways' prices, and the limits that have refused of late."""

    cost_today: str
    """An amount such as `12.50`, of the day of UTC."""
    daily_cost_cap: int
    """In whole units; 0: none."""
    sendings_ceiling: int
    """Texts and calls of a day that the operator allows; 0: as many as the tenant."""
    cost_ceiling: int
    """What the operator lets them cost, in whole units; 0: as much as the tenant."""
    reached: list[LimitReachedRecord]


class VoiceMessageRecord(Record):
    """A recording for calls; an empty `application_id` is for every application."""

    named = "message_id"

    id: str
    language: str
    application_id: str
    type: str
    description: str
    milliseconds: int
    created_at: int


class MailAttachmentRecord(Record):
    """A file that goes with every mail of a template."""

    template: str
    file_name: str
    content_type: str
    size: int
    """Octets."""
    created_at: int


def gateway_record(state: GatewayState, callback_url: str) -> GatewayRecord:
    record: GatewayRecord = GatewayRecord.of(
        state.configured,
        has_secret=bool(state.configured.secret),
        callback_url=callback_url,
        is_open=state.is_open,
        is_connected=state.is_connected,
        is_resting=state.is_resting,
        failures=state.failures,
        cause=state.cause,
    )
    return record


def delivery_record(delivery: Delivery) -> DeliveryRecord:
    record: DeliveryRecord = DeliveryRecord.of(delivery, number=masked(delivery.address))
    return record


def dispatch_record(dispatch: Dispatch) -> DispatchRecord:
    record: DispatchRecord = DispatchRecord.of(dispatch)
    return record


def spending_record(standing: SendingStanding) -> SpendingRecord:
    reached = [LimitReachedRecord.of(one, key=one.shown_key) for one in standing.reached]
    return SpendingRecord(
        cost_today=standing.shown_cost,
        daily_cost_cap=standing.daily_cost_cap,
        sendings_ceiling=standing.sendings_ceiling,
        cost_ceiling=standing.cost_ceiling,
        reached=reached,
    )


def voice_message_record(message: VoiceMessage) -> VoiceMessageRecord:
    record: VoiceMessageRecord = VoiceMessageRecord.of(message)
    return record


def mail_attachment_record(attachment: MailAttachment) -> MailAttachmentRecord:
    record: MailAttachmentRecord = MailAttachmentRecord.of(attachment)
    return record
