"""What commands write as JSON: the fields that the REST API shows, under the same names.

Chosen field by field, so that a new field of the model stays inside. No secret, hash, sealed value or state
of an authenticator has a place here. A test holds these names to the API's.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from vestibule.interfaces.transaction.sign_in import Person
from vestibule.model.access_rule import RuleSet
from vestibule.model.app_password import AppPassword
from vestibule.model.application import Application, Client, ClientSecret, DirectoryConfiguration
from vestibule.model.authenticator import Authenticator
from vestibule.model.block import Block
from vestibule.model.branding import Branding
from vestibule.model.bypass import Bypass, BypassState
from vestibule.model.delivery import Delivery
from vestibule.model.device_record import AskedDevice
from vestibule.model.dispatch import Dispatch
from vestibule.model.event import Event
from vestibule.model.gateway import GatewayConfiguration
from vestibule.model.group import Group
from vestibule.model.licence import Coverage
from vestibule.model.mail_attachment import MailAttachment
from vestibule.model.phone import masked
from vestibule.model.pin import PinStatus
from vestibule.model.provider import Provider
from vestibule.model.replication import ActivatedServer, ActivationCredentials, ReplicationGroup
from vestibule.model.reply_attribute import RadiusDictionary, ReplyAttribute
from vestibule.model.role import AdminRole
from vestibule.model.tenant import Tenant
from vestibule.model.user import User
from vestibule.model.verification import Verification
from vestibule.model.voice_message import VoiceMessage
from vestibule.model.voucher import Voucher
from vestibule.policy.client_doctor import Finding
from vestibule.services.client_words import finding_words

if TYPE_CHECKING:
    from vestibule.services.bulk import BulkReport
    from vestibule.services.dictionaries import LoadedDictionary
    from vestibule.services.groups import MembersReport
    from vestibule.services.licences import Bundle
    from vestibule.services.providers import Ending
    from vestibule.services.roles import Holder
    from vestibule.services.sending_limits import SendingStanding

_LANGUAGES = ("language", "language_call", "language_text", "language_app", "language_token")
_USER = (
    "username", "given_name", "family_name", "email", "send_mail", "phone", *_LANGUAGES, "directory_id",
    "status",
)  # fmt: skip
_AUTHENTICATOR = (
    "user_id", "method", "label", "serial", "phone", "status", "not_before", "not_after", "created_at",
    "used_at", "device", "unreachable_since", "version",
)  # fmt: skip
_ACTIVATED_SERVER = (
    "group_id", "name", "version", "address", "activated_at", "last_contact_at", "turned_away",
)  # fmt: skip
_BLOCK = (
    "user_id", "username", "phone", "language", "cause", "reason", "verification_id", "actor", "actor_name",
    "begun_at", "until", "ended_at", "ended_by_name", "end_reason",
)  # fmt: skip
_PROVIDER = (
    "tenant_id", "name", "usage_model", "is_linked", "currency", "created_at", "deleted_at", "version",
)  # fmt: skip
_LICENCE = ("kind", "product", "quantity", "first_day", "last_day", "created_at", "version")
_BYPASS = (
    "user_id", "username", "application_id", "application_name", "seconds", "reason", "phone", "actor",
    "actor_name", "made_at", "expires_at", "ended_at", "verification_id",
)  # fmt: skip
_REPLY_ATTRIBUTE = (
    "attribute", "value", "is_secret", "adds", "user_id", "group_id", "client_id", "application_id",
    "created_at",
)  # fmt: skip
_DICTIONARY = ("name", "attributes", "left_out", "size", "created_at")
_APPLICATION = (
    "name", "first_factor", "directory_id", "second_factor", "methods", "is_enabled", "is_legacy", "purpose",
    "trusted_addresses", "skips_trusted", "remember_days", "caching", "caching_seconds", "created_at",
    "version",
)  # fmt: skip
_RULE = (
    "name", "effect", "state", "users", "groups", "except_users", "except_groups", "applications",
    "except_applications", "places", "except_places", "methods", "within_minutes",
)  # fmt: skip
_CLIENT = (
    "application_id", "kind", "name", "address", "settings", "scopes", "role_id", "is_enabled", "created_at",
    "version",
)  # fmt: skip
_ATTEMPT = (
    "started_at", "decided_at", "expires_at", "application_id", "application_name", "client_id",
    "client_name", "client_address", "user_address", "channel", "claimed_username", "user_id", "username",
    "given_name", "family_name", "email", "method", "authenticator_id", "authenticator_label", "phone",
    "device", "state", "reason", "legacy_result", "is_first_factor_proven", "is_authenticated", "node_name",
    "node_address",
)  # fmt: skip
_GATEWAY = (
    "kind",
    "name",
    "settings",
    "priority",
    "is_enabled",
    "text_price",
    "call_price",
    "serves",
    "created_at",
    "version",
)
_DELIVERY = (
    "verification_id", "user_id", "carries", "gateway_id", "state", "cause", "tries", "created_at", "sent_at",
)  # fmt: skip
_DISPATCH = (
    "carries", "kind", "address", "user_id", "gateway_id", "state", "cause", "tries", "due_at", "expires_at",
    "created_at", "sent_at",
)  # fmt: skip
_VOICE_MESSAGE = ("language", "application_id", "type", "description", "milliseconds", "created_at")
_EVENT = ("at", "kind", "actor", "actor_name", "subject", "subject_name", "facts")


def user_record(user: User) -> dict[str, Any]:
    more = ("default_method", "requirement", "must_register", "role", "created_at", "updated_at", "version")
    return {
        **_chosen(user, "user_id", (*_USER, *more)),
        "other_names": user.names[1:],
        "has_password": bool(user.password_hash),
        "blocked_until": user.blocked_until or None,
    }


def person_record(subject: Person, now: int) -> dict[str, Any]:
    """Return a user with authenticators and locks."""
    return {
        **user_record(subject.user),
        "authenticators": [authenticator_record(held) for held in subject.authenticators],
        "throttles": [
            {
                "factor": factor,
                "failures": throttle.failures,
                "locked_until": throttle.locked_until if throttle.is_locked(now) else None,
            }
            for factor, throttle in subject.throttles.items()
        ],
        "sources": [
            {
                "source": each.source,
                "factor": each.factor,
                "failures": each.failures,
                "failed_at": each.failed_at,
                "locked_until": each.locked_until if each.is_locked(now) else None,
            }
            for each in subject.sources
        ],
    }


def bulk_record(report: BulkReport) -> dict[str, Any]:
    """Return what came of one act for many."""
    counts = {name: getattr(report, name) for name in ("is_dry_run", "chosen", "changed", "unchanged")}
    left_out = [{"user_id": one.user_id, "username": one.username, "why": one.why} for one in report.left_out]
    return {**counts, "left_out": left_out}


def group_record(group: Group, members: int) -> dict[str, Any]:
    return {**_chosen(group, "group_id", ("name", "created_at", "version")), "members": members}


def replication_group_record(group: ReplicationGroup, servers: int) -> dict[str, Any]:
    return {**_chosen(group, "group_id", ("name", "provider_id", "created_at")), "servers": servers}


def activated_server_record(server: ActivatedServer, now: int) -> dict[str, Any]:
    return {**_chosen(server, "server_id", _ACTIVATED_SERVER), "status": server.status(now)}


def activation_credentials_record(credentials: ActivationCredentials) -> dict[str, Any]:
    return _chosen(credentials, "credentials_id", ("group_id", "made_by", "created_at", "expires_at"))


def members_record(report: MembersReport, *, is_dry_run: bool) -> dict[str, Any]:
    """Return what came of a list of names, with the lines of those that are nobody's."""
    return {
        "is_dry_run": is_dry_run,
        "read": report.read,
        "added": report.added,
        "already": report.already,
        "unknown": [{"line": named.line, "name": named.name} for named in report.unknown],
    }


def authenticator_record(authenticator: Authenticator) -> dict[str, Any]:
    return _chosen(authenticator, "authenticator_id", _AUTHENTICATOR)


def block_record(block: Block, now: int) -> dict[str, Any]:
    return {**_chosen(block, "block_id", _BLOCK), "state": block.state(now)}


def bypass_record(bypass: Bypass, now: int) -> dict[str, Any]:
    state = bypass.state_at(now)
    return {
        **_chosen(bypass, "bypass_id", _BYPASS),
        "state": state,
        "is_used": state is BypassState.USED,
    }


def pin_record(status: PinStatus) -> dict[str, Any]:
    return {name: getattr(status, name) for name in status.__struct_fields__}


def app_password_record(app_password: AppPassword) -> dict[str, Any]:
    return _chosen(app_password, "app_password_id", ("name", "applications", "created_at", "used_at"))


def voucher_record(voucher: Voucher) -> dict[str, Any]:
    return {name: getattr(voucher, name) for name in ("kind", "vouch", "made_at", "made_by", "expires_at")}


def application_record(application: Application) -> dict[str, Any]:
    return _chosen(application, "application_id", _APPLICATION)


def rule_set_record(rules: RuleSet) -> dict[str, Any]:
    return {
        "version": rules.version,
        "rules": [_chosen(rule, "rule_id", _RULE) for rule in rules.rules],
        "note": rules.note,
        "actor": rules.actor,
        "actor_name": rules.actor_name,
        "created_at": rules.created_at,
    }


def client_record(client: Client) -> dict[str, Any]:
    return _chosen(client, "client_id", _CLIENT)


def role_record(role: AdminRole) -> dict[str, Any]:
    return _chosen(role, "role_id", ("name", "rights", "version"))


def administrator_record(holder: Holder) -> dict[str, Any]:
    roles = [
        {"role_id": grant.role_id, "tenant_id": grant.tenant_id, "groups": grant.groups}
        for grant in holder.grants
    ]
    user = holder.user
    return {"user_id": user.user_id, "username": user.username, "status": user.status, "roles": roles}


def secret_record(secret: ClientSecret) -> dict[str, Any]:
    return _chosen(secret, "secret_id", ("hint", "not_after", "created_at"))


def directory_record(directory: DirectoryConfiguration) -> dict[str, Any]:
    shown = _chosen(directory, "directory_id", ("kind", "name", "settings", "created_at", "version"))
    return {**shown, "has_password": bool(directory.secret)}


def gateway_record(gateway: GatewayConfiguration, callback_url: str) -> dict[str, Any]:
    """Return what is configured. How a gateway stands, only the server that uses it knows."""
    shown = _chosen(gateway, "gateway_id", _GATEWAY)
    return {**shown, "has_secret": bool(gateway.secret), "callback_url": callback_url}


def delivery_record(delivery: Delivery) -> dict[str, Any]:
    return {**_chosen(delivery, "delivery_id", _DELIVERY), "number": masked(delivery.address)}


def dispatch_record(dispatch: Dispatch) -> dict[str, Any]:
    return _chosen(dispatch, "dispatch_id", _DISPATCH)


def mail_attachment_record(attachment: MailAttachment) -> dict[str, Any]:
    names = ("template", "file_name", "content_type", "size", "created_at")
    return {name: getattr(attachment, name) for name in names}


def spending_record(standing: SendingStanding) -> dict[str, Any]:
    reached = [
        {"kind": one.kind, "key": one.shown_key, "reached_at": one.reached_at} for one in standing.reached
    ]
    return {
        "cost_today": standing.shown_cost,
        "daily_cost_cap": standing.daily_cost_cap,
        "sendings_ceiling": standing.sendings_ceiling,
        "cost_ceiling": standing.cost_ceiling,
        "reached": reached,
    }


def tenant_record(tenant: Tenant) -> dict[str, Any]:
    return _chosen(
        tenant,
        "tenant_id",
        (
            *("name", "edition", "is_standalone", "sendings_ceiling", "cost_ceiling"),
            *("settings", "created_at", "version"),
        ),
    )


def branding_record(branding: Branding) -> dict[str, Any]:
    return {name: getattr(branding, name) for name in ("name", "color", "logo", "version")}


def provider_record(provider: Provider) -> dict[str, Any]:
    return _chosen(provider, "provider_id", _PROVIDER)


def ending_record(ending: Ending) -> dict[str, Any]:
    """Return what comes with the deletion of a provider."""
    return {
        "provider": provider_record(ending.provider),
        "edition": ending.edition,
        "closed_applications": ending.closed,
        "lost": ending.lost,
        "coverage": coverage_record(ending.coverage),
    }


def coverage_record(coverage: Coverage) -> dict[str, Any]:
    names = ("configured", "licensed", "unlicensed", "licences")
    return {name: getattr(coverage, name) for name in names}


def licence_record(bundle: Bundle) -> dict[str, Any]:
    return {**_chosen(bundle.licence, "licence_id", _LICENCE), "assigned": bundle.assigned}


def attempt_record(attempt: Verification) -> dict[str, Any]:
    return _chosen(attempt, "verification_id", _ATTEMPT)


def traced_attempt_record(attempt: Verification, asked: Iterable[AskedDevice]) -> dict[str, Any]:
    """Return one attempt with each step that led to its result, and the devices that were asked."""
    trace = [{"step": line.step, "result": line.result, "facts": line.facts} for line in attempt.trace]
    devices = [
        {
            "authenticator_id": device.authenticator_id,
            "label": device.label,
            "decision": device.decision,
            "facts": [{"fact": each.fact, "at": each.at} for each in device.facts],
        }
        for device in asked
    ]
    return {**attempt_record(attempt), "trace": trace, "devices": devices}


def voice_message_record(message: VoiceMessage) -> dict[str, Any]:
    return _chosen(message, "message_id", _VOICE_MESSAGE)


def finding_record(finding: Finding) -> dict[str, Any]:
    """Return what the doctor of RADIUS clients has found, in English."""
    seen, why, then = finding_words("en", finding)
    return {
        "finding": finding.key,
        "grade": finding.grade.key,
        "count": finding.count,
        "first_at": finding.first_at or None,
        "last_at": finding.last_at or None,
        "seen": seen,
        "why": why,
        "next": then,
    }


def reply_attribute_record(line: ReplyAttribute) -> dict[str, Any]:
    return _chosen(line, "reply_id", _REPLY_ATTRIBUTE)


def radius_dictionary_record(dictionary: RadiusDictionary) -> dict[str, Any]:
    return {name: getattr(dictionary, name) for name in _DICTIONARY}


def loaded_dictionary_record(loaded: LoadedDictionary, *, is_dry_run: bool) -> dict[str, Any]:
    return {
        "is_dry_run": is_dry_run,
        "dictionary": radius_dictionary_record(loaded.dictionary),
        "attributes": loaded.read.attributes,
        "left_out": loaded.read.left_out,
    }


def event_record(event: Event) -> dict[str, Any]:
    return _chosen(event, "event_id", _EVENT)


def _chosen(source: Any, named: str, names: tuple[str, ...]) -> dict[str, Any]:
    return {"id": getattr(source, named), **{name: getattr(source, name) for name in names}}
