"""What the API shows of the model: chosen field by field, so that a new field of the model stays inside.

No secret, hash, sealed value or state of an authenticator has a place here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Generic, TypeVar

import msgspec

from vestibule.interfaces.store import Listed, Person
from vestibule.model.app_password import AppPassword
from vestibule.model.application import Application, Client, ClientSecret, DirectoryConfiguration
from vestibule.model.authenticator import Authenticator
from vestibule.model.block import Block
from vestibule.model.bypass import Bypass, BypassState
from vestibule.model.certificate import Certificate
from vestibule.model.delivery import Delivery
from vestibule.model.device_record import AskedDevice
from vestibule.model.dispatch import Dispatch
from vestibule.model.event import Event
from vestibule.model.group import Group
from vestibule.model.mail_attachment import MailAttachment
from vestibule.model.phone import Phone, masked
from vestibule.model.pin import PinStatus
from vestibule.model.proposal import Proposal
from vestibule.model.reply_attribute import RadiusDictionary, ReplyAttribute
from vestibule.model.role import AdminRole
from vestibule.model.tenant import Tenant, TenantSettings
from vestibule.model.user import User
from vestibule.model.verification import Challenge, Verification
from vestibule.model.voice_message import VoiceMessage
from vestibule.model.voucher import Voucher
from vestibule.services.bulk import BulkReport
from vestibule.services.dictionaries import LoadedDictionary
from vestibule.services.enrollment import Enrolled
from vestibule.services.gateways import GatewayState
from vestibule.services.groups import MembersReport
from vestibule.services.outcome import Progress
from vestibule.services.requirements import Change
from vestibule.services.roles import Holder
from vestibule.services.sending_limits import SendingStanding
from vestibule.services.ways import Way

Item = TypeVar("Item")


class Listing(msgspec.Struct, Generic[Item], frozen=True):
    """One page; `next_cursor` is empty on the last one, and there alone: a search in a long list may end a
    page with fewer items than asked for, or none."""

    items: list[Item]
    next_cursor: str


class Record(msgspec.Struct):
    """A part of the model as it is shown: the fields of the same names, and no others. `id` is its own."""

    named: ClassVar[str] = ""
    """What the model calls the record's own `id`."""

    @classmethod
    def of(cls, source: Any, **more: Any) -> Any:
        names = [name for name in cls.__struct_fields__ if name not in more]
        return cls(**{name: getattr(source, cls.named if name == "id" else name) for name in names}, **more)


class ChallengeRecord(Record):
    named = "challenge_id"

    id: str
    channel: str
    """`typed`: ask for a passcode and answer with it. `reply`, `call`, `app`: the answer comes from the
    phone; read the verification until it is decided."""
    method: str
    """`passcode` where any passcode will do."""
    phone: str
    """Where something was sent, by its last two digits."""
    with_pin: bool
    """The PIN is typed right behind the passcode."""
    number: str
    """Show it to the person: he types it in his app. Empty where none is asked for."""
    tries_left: int
    expires_at: int


class WayRecord(Record):
    """A way on which the person can be asked instead."""

    way: str
    """What `choose` wants."""
    method: str
    phone: str
    keyword: str
    """What a person may type for it at a door where there is only a field."""


class VerificationRecord(Record):
    """One verification as its application sees it. `approved` is the whole answer; the rest explains."""

    named = "verification_id"

    id: str
    state: str
    approved: bool
    reason: str
    claimed_username: str
    user_id: str
    username: str
    method: str
    started_at: int
    decided_at: int | None
    expires_at: int
    challenge: ChallengeRecord | None
    """What must be answered, while it is pending."""
    choices: list[WayRecord]
    """On which ways the person can be asked, while it is pending."""


class GroupRecord(Record):
    named = "group_id"

    id: str
    name: str
    members: int
    """How many people are in it."""
    created_at: int
    version: int


class UnknownNameRecord(Record):
    """A name that is nobody's, and which one of the list it is, from 1."""

    line: int
    name: str


class MembersRecord(Record):
    """What came of a list of names. With `unknown`, nobody was added."""

    is_dry_run: bool
    read: int
    added: int
    already: int
    unknown: list[UnknownNameRecord]


class LeftOutRecord(Record):
    """A user who was not changed. `why` is the code of the refusal; empty: the key may not do it to him."""

    user_id: str
    username: str
    why: str


class BulkRecord(Record):
    is_dry_run: bool
    chosen: int
    changed: int
    unchanged: int
    """Who stood so already."""
    left_out: list[LeftOutRecord]


class AuthenticatorRecord(Record):
    named = "authenticator_id"

    id: str
    user_id: str
    """Empty: a hardware token that nobody holds."""
    method: str
    label: str
    serial: str | None
    phone: str
    """The number with its extension, where it is a phone."""
    status: str
    not_before: int | None
    not_after: int | None
    created_at: int
    used_at: int | None
    device: str
    """The fingerprint of the app's key, as attempts name the device that has decided."""
    unreachable_since: int | None
    """Since when the push service does not reach the device of the app."""
    version: int


class ThrottleRecord(Record):
    factor: str
    failures: int
    locked_until: int | None
    """None: not locked."""


class UserRecord(Record):
    named = "user_id"

    id: str
    username: str
    other_names: list[str]
    given_name: str
    family_name: str
    email: str
    phone: str
    language: str
    language_call: str
    language_text: str
    language_app: str
    language_token: str
    directory_id: str
    status: str
    role: str
    default_method: str
    """The method that is asked for first; empty: no preference."""
    requirement: str
    """`disabled`, `enabled` or `enforced`."""
    must_register: bool
    """He was told to register anew, and has not yet."""
    blocked_until: int | None
    """Until when every attempt is denied; None: not blocked."""
    send_mail: bool
    """Whether he is sent more than what could be a stranger's doing."""
    has_password: bool
    """Whether there is a password of our own to check."""
    created_at: int
    updated_at: int
    version: int


class PersonRecord(UserRecord):
    """A user with what he holds and how he stands."""

    authenticators: list[AuthenticatorRecord]
    throttles: list[ThrottleRecord]
    sources: list[SourceRecord]
    """From where somebody has failed to be this user, the latest first."""


class SourceRecord(Record):
    """From where somebody has failed to be this user."""

    source: str
    factor: str
    failures: int
    failed_at: int
    locked_until: int | None
    """None: it has not to wait."""


class BlockRecord(Record):
    """A block, whether or not it holds."""

    named = "block_id"

    id: str
    user_id: str
    username: str
    phone: str
    """The number that is called and texted for nobody meanwhile; empty: none."""
    language: str
    cause: str
    reason: str
    verification_id: str
    """The attempt that was reported as fraud."""
    actor: str
    actor_name: str
    begun_at: int
    until: int
    state: str
    """`active`, `expired` or `lifted`."""
    ended_at: int | None
    ended_by_name: str
    end_reason: str


class BypassRecord(Record):
    """A one-time bypass and what became of it."""

    named = "bypass_id"

    id: str
    user_id: str
    username: str
    application_id: str
    """Where it holds; empty: at every application but the console."""
    application_name: str
    seconds: int
    reason: str
    phone: str
    actor: str
    actor_name: str
    made_at: int
    expires_at: int
    state: str
    """`waiting`, `used`, `expired` or `withdrawn`."""
    is_used: bool
    ended_at: int | None
    verification_id: str
    """The attempt that used it."""


class TemporaryPassRecord(Record):
    """A new temporary access pass."""

    authenticator_id: str
    passcode: str
    """Shown this one time: what the user types where a passcode is asked for."""
    is_reusable: bool
    not_after: int


class RequirementChangeRecord(Record):
    """User names, by what became of them."""

    changed: list[str]
    unchanged: list[str]
    unregistered: list[str]
    """Of those changed to `enforced`: who has registered nothing. His legacy clients stop working at once."""


class VoucherRecord(Record):
    kind: str
    """`code` or `window`."""
    vouch: str
    made_at: int
    made_by: str
    expires_at: int


class CodeRecord(Record):
    code: str


class PinRecord(Record):
    """How it stands with the PIN of a user."""

    is_set: bool
    must_change: bool
    """It opens nothing until the user has changed it."""
    is_expired: bool
    changed_at: int | None


class NewPinRecord(Record):
    """The PIN that a user has now. This is the only time it is told."""

    pin: str


class AppPasswordRecord(Record):
    """An app password of a user; the password itself is shown once, to the user."""

    named = "app_password_id"

    id: str
    name: str
    applications: list[str]
    """Identifiers of the applications whose doors it opens."""
    created_at: int
    used_at: int | None


class EnrolledRecord(Record):
    """A new authenticator. `shown` is shown this one time: the key URI and the secret, or the codes."""

    authenticator: AuthenticatorRecord
    shown: list[str]


class ApplicationRecord(Record):
    named = "application_id"

    id: str
    name: str
    first_factor: str
    directory_id: str
    second_factor: str
    methods: list[str]
    is_enabled: bool
    is_legacy: bool
    """Its clients can ask for nothing but name and password: users sign in with app passwords."""
    purpose: str
    trusted_addresses: list[str]
    skips_trusted: bool
    remember_days: int
    caching: str
    caching_seconds: int
    created_at: int
    version: int


class ClientRecord(Record):
    named = "client_id"

    id: str
    application_id: str
    kind: str
    name: str
    address: str
    settings: dict[str, Any]
    scopes: list[str]
    role_id: str
    """Of a key with the scope `admin`: the role whose rights it has."""
    is_enabled: bool
    created_at: int
    version: int


class RoleRecord(Record):
    """A role; a built-in one has version 0."""

    named = "role_id"

    id: str
    name: str
    rights: list[str]
    version: int


class GrantRecord(Record):
    """A role that somebody has. Without `tenant_id`: in every tenant; without `groups`: over everybody."""

    role_id: str
    tenant_id: str
    groups: list[str]


class AdministratorRecord(Record):
    user_id: str
    username: str
    status: str
    roles: list[GrantRecord]


class ProposalRecord(Record):
    named = "proposal_id"

    id: str
    act: str
    user_id: str
    username: str
    facts: dict[str, Any]
    actor: str
    actor_name: str
    state: str
    decided_by_name: str
    created_at: int
    expires_at: int


class SecretRecord(Record):
    """A shared secret or API key that is stored; `hint` is its last characters."""

    named = "secret_id"

    id: str
    hint: str
    not_after: int | None
    created_at: int


class NewSecretRecord(Record):
    """A new shared secret or API key. This is the only time it is told."""

    secret: str


class CertificateRecord(Record):
    named = "certificate_id"

    id: str
    """SHA-256 of the certificate, in hexadecimal digits."""
    kind: str
    client_id: str
    name: str
    """Whom it names."""
    hosts: tuple[str, ...]
    pem: str
    not_before: int
    not_after: int
    revoked_at: int | None
    created_at: int


class NewCertificateRecord(Record):
    """A new certificate of a client. This is the only time that its key is told."""

    certificate: CertificateRecord
    pem: str
    """Certificate, private key and authority."""
    pkcs12: str
    """The same as a PKCS #12 file under `passphrase`, in base64."""
    passphrase: str


class AuthorityRecord(Record):
    pem: str
    """What clients must trust; no secret."""


class DirectoryRecord(Record):
    named = "directory_id"

    id: str
    kind: str
    name: str
    settings: dict[str, Any]
    has_password: bool
    created_at: int
    version: int


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


class TenantRecord(Record):
    named = "tenant_id"

    id: str
    name: str
    edition: str
    is_standalone: bool
    """Whether it ends with its provider and has no people at the service."""
    sendings_ceiling: int
    """Texts and calls of a day that the operator allows; 0: as many as the settings say."""
    cost_ceiling: int
    """What the operator lets them cost, in whole units; 0: as much as the settings say."""
    settings: TenantSettings
    created_at: int
    version: int


class AttemptRecord(Record):
    """One attempt as the list of attempts shows it."""

    named = "verification_id"

    id: str
    started_at: int
    decided_at: int | None
    expires_at: int
    application_id: str
    application_name: str
    client_id: str
    client_name: str
    client_address: str
    user_address: str
    channel: str
    claimed_username: str
    user_id: str
    username: str
    given_name: str
    family_name: str
    email: str
    method: str
    authenticator_id: str
    authenticator_label: str
    phone: str
    device: str
    state: str
    reason: str
    legacy_result: str
    is_first_factor_proven: bool
    is_authenticated: bool
    node_name: str
    node_address: str


class TraceRecord(Record):
    step: str
    result: str
    facts: dict[str, str]


class DeviceFactRecord(Record):
    fact: str
    at: int


class AskedDeviceRecord(Record):
    """What became of a request in the app at one device."""

    authenticator_id: str
    label: str
    decision: str
    """`decided` on this device, or on `another`; empty where no device has decided."""
    facts: list[DeviceFactRecord]


class TracedAttemptRecord(AttemptRecord):
    """One attempt with each step that led to its result, and the devices that were asked."""

    trace: list[TraceRecord]
    devices: list[AskedDeviceRecord]


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


class ReplyAttributeRecord(Record):
    """What RADIUS clients are told of those of whom all that is named here is true; empty is anybody."""

    named = "reply_id"

    id: str
    attribute: str
    value: str
    """As it was typed; empty if it is secret."""
    is_secret: bool
    adds: bool
    """Sent besides what others say of the same attribute, and not instead of it."""
    user_id: str
    group_id: str
    client_id: str
    application_id: str
    created_at: int


class RadiusDictionaryRecord(Record):
    name: str
    attributes: int
    """How many it names."""
    left_out: int
    """How many more it names that cannot be sent."""
    size: int
    """Octets."""
    created_at: int


class LoadedDictionaryRecord(Record):
    """What came of a dictionary that was loaded, or tried."""

    is_dry_run: bool
    dictionary: RadiusDictionaryRecord
    attributes: tuple[str, ...]
    left_out: tuple[str, ...]


class EventRecord(Record):
    named = "event_id"

    id: str
    at: int
    kind: str
    actor: str
    actor_name: str
    subject: str
    subject_name: str
    facts: dict[str, Any]


# --- from the model ----------------------------------------------------------------------------------------


def verification_record(progress: Progress) -> VerificationRecord:
    challenge = progress.challenge
    record: VerificationRecord = VerificationRecord.of(
        progress.verification,
        approved=progress.is_approved,
        challenge=_challenge_record(challenge) if challenge and progress.is_pending else None,
        choices=[_way_record(way) for way in progress.choices] if progress.is_pending else [],
    )
    return record


def _challenge_record(challenge: Challenge) -> ChallengeRecord:
    record: ChallengeRecord = ChallengeRecord.of(
        challenge, phone=_masked(challenge.address), with_pin=bool(challenge.digits_before_pin)
    )
    return record


def _way_record(way: Way) -> WayRecord:
    keyword = way.keywords[0] if way.keywords else ""
    return WayRecord(way=way.key, method=way.method, phone=_masked(way.address), keyword=keyword)


def _masked(number: str) -> str:
    return Phone(number).masked if number else ""


def user_record(user: User) -> UserRecord:
    record: UserRecord = UserRecord.of(user, **_told(user))
    return record


def person_record(subject: Person, now: int) -> PersonRecord:
    throttles = [
        ThrottleRecord(
            factor=factor.value,
            failures=throttle.failures,
            locked_until=throttle.locked_until if throttle.is_locked(now) else None,
        )
        for factor, throttle in subject.throttles.items()
    ]
    sources = [
        SourceRecord.of(each, locked_until=each.locked_until if each.is_locked(now) else None)
        for each in subject.sources
    ]
    record: PersonRecord = PersonRecord.of(
        subject.user,
        **_told(subject.user),
        authenticators=[authenticator_record(held) for held in subject.authenticators],
        throttles=throttles,
        sources=sources,
    )
    return record


def requirement_change_record(change: Change) -> RequirementChangeRecord:
    return RequirementChangeRecord(
        changed=list(change.changed),
        unchanged=list(change.unchanged),
        unregistered=list(change.unregistered),
    )


def voucher_record(voucher: Voucher) -> VoucherRecord:
    record: VoucherRecord = VoucherRecord.of(voucher)
    return record


def _told(user: User) -> dict[str, Any]:
    return {
        "other_names": list(user.names[1:]),
        "has_password": bool(user.password_hash),
        "blocked_until": user.blocked_until or None,
    }


def bulk_record(report: BulkReport) -> BulkRecord:
    left_out = [LeftOutRecord.of(one) for one in report.left_out]
    record: BulkRecord = BulkRecord.of(report, left_out=left_out)
    return record


def group_record(group: Group, members: int) -> GroupRecord:
    record: GroupRecord = GroupRecord.of(group, members=members)
    return record


def members_record(report: MembersReport, *, is_dry_run: bool) -> MembersRecord:
    unknown = [UnknownNameRecord.of(named) for named in report.unknown]
    record: MembersRecord = MembersRecord.of(report, is_dry_run=is_dry_run, unknown=unknown)
    return record


def authenticator_record(authenticator: Authenticator) -> AuthenticatorRecord:
    record: AuthenticatorRecord = AuthenticatorRecord.of(authenticator)
    return record


def block_record(block: Block, now: int) -> BlockRecord:
    record: BlockRecord = BlockRecord.of(block, state=block.state(now).value)
    return record


def bypass_record(bypass: Bypass, now: int) -> BypassRecord:
    state = bypass.state_at(now)
    record: BypassRecord = BypassRecord.of(bypass, state=state.value, is_used=state is BypassState.USED)
    return record


def temporary_pass_record(made: Enrolled) -> TemporaryPassRecord:
    held = made.authenticator
    return TemporaryPassRecord(
        authenticator_id=held.authenticator_id,
        passcode=made.shown[0].reveal(),
        is_reusable=bool(held.parameters["is_reusable"]),
        not_after=held.not_after or 0,
    )


def pin_record(status: PinStatus) -> PinRecord:
    record: PinRecord = PinRecord.of(status)
    return record


def app_password_record(app_password: AppPassword) -> AppPasswordRecord:
    record: AppPasswordRecord = AppPasswordRecord.of(
        app_password, applications=list(app_password.applications)
    )
    return record


def application_record(application: Application) -> ApplicationRecord:
    record: ApplicationRecord = ApplicationRecord.of(
        application,
        methods=list(application.methods),
        trusted_addresses=list(application.trusted_addresses),
    )
    return record


def client_record(client: Client) -> ClientRecord:
    record: ClientRecord = ClientRecord.of(client, scopes=list(client.scopes))
    return record


def role_record(role: AdminRole) -> RoleRecord:
    record: RoleRecord = RoleRecord.of(role, rights=list(role.rights))
    return record


def administrator_record(holder: Holder) -> AdministratorRecord:
    roles = [GrantRecord.of(grant, groups=list(grant.groups)) for grant in holder.grants]
    record: AdministratorRecord = AdministratorRecord.of(holder.user, roles=roles)
    return record


def proposal_record(proposal: Proposal) -> ProposalRecord:
    record: ProposalRecord = ProposalRecord.of(proposal)
    return record


def secret_record(secret: ClientSecret) -> SecretRecord:
    record: SecretRecord = SecretRecord.of(secret)
    return record


def directory_record(directory: DirectoryConfiguration) -> DirectoryRecord:
    record: DirectoryRecord = DirectoryRecord.of(directory, has_password=bool(directory.secret))
    return record


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


def tenant_record(tenant: Tenant) -> TenantRecord:
    record: TenantRecord = TenantRecord.of(tenant)
    return record


def attempt_record(verification: Verification) -> AttemptRecord:
    record: AttemptRecord = AttemptRecord.of(verification)
    return record


def traced_attempt_record(verification: Verification, asked: Iterable[AskedDevice]) -> TracedAttemptRecord:
    trace = [TraceRecord.of(line) for line in verification.trace]
    devices = [_asked_device_record(device) for device in asked]
    record: TracedAttemptRecord = TracedAttemptRecord.of(verification, trace=trace, devices=devices)
    return record


def _asked_device_record(device: AskedDevice) -> AskedDeviceRecord:
    facts = [DeviceFactRecord.of(each) for each in device.facts]
    record: AskedDeviceRecord = AskedDeviceRecord.of(device, facts=facts)
    return record


def certificate_record(certificate: Certificate) -> CertificateRecord:
    record: CertificateRecord = CertificateRecord.of(certificate)
    return record


def voice_message_record(message: VoiceMessage) -> VoiceMessageRecord:
    record: VoiceMessageRecord = VoiceMessageRecord.of(message)
    return record


def mail_attachment_record(attachment: MailAttachment) -> MailAttachmentRecord:
    record: MailAttachmentRecord = MailAttachmentRecord.of(attachment)
    return record


def reply_attribute_record(line: ReplyAttribute) -> ReplyAttributeRecord:
    record: ReplyAttributeRecord = ReplyAttributeRecord.of(line)
    return record


def radius_dictionary_record(dictionary: RadiusDictionary) -> RadiusDictionaryRecord:
    record: RadiusDictionaryRecord = RadiusDictionaryRecord.of(dictionary)
    return record


def loaded_dictionary_record(loaded: LoadedDictionary, *, is_dry_run: bool) -> LoadedDictionaryRecord:
    return LoadedDictionaryRecord(
        is_dry_run=is_dry_run,
        dictionary=radius_dictionary_record(loaded.dictionary),
        attributes=loaded.read.attributes,
        left_out=loaded.read.left_out,
    )


def event_record(event: Event) -> EventRecord:
    record: EventRecord = EventRecord.of(event)
    return record


def whole(items: Iterable[Item]) -> Listing[Item]:
    """Return a list that is short enough for one page."""
    return Listing(list(items), "")


def one_page(listed: Listed, items: list[Item]) -> Listing[Item]:
    return Listing(items, listed.next_cursor)
