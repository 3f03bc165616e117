"""Store: the row is the truth. Two engines, one behavior, one conformance suite.

`transact(body)` runs `body(transaction)` and returns its result after the commit is on disk. A body may
await nothing but the transaction; it may be run more than once (so it has no effect but through the
transaction), and bodies may be committed in groups. A body that raises leaves no trace and the
exception reaches the caller. `Conflict` raised by a body means "read again": the store runs it anew.

Every method takes its tenant first, alone or inside the record.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import msgspec

from vestibule.interfaces.billing_records import BillingRecords
from vestibule.interfaces.metering_records import MeteringRecords
from vestibule.interfaces.replication_store import ReplicationRecords
from vestibule.interfaces.report_records import ReportRecords
from vestibule.interfaces.server_records import ServerRecords
from vestibule.model.access_rule import RuleSet
from vestibule.model.accounting_record import AccountingRecord
from vestibule.model.alert_count import AlertCount
from vestibule.model.app_password import AppPassword
from vestibule.model.application import Application, Client, ClientSecret, DirectoryConfiguration
from vestibule.model.authenticator import Authenticator
from vestibule.model.block import Block
from vestibule.model.branding import Branding
from vestibule.model.bypass import Bypass
from vestibule.model.certificate import Certificate
from vestibule.model.client_sighting import Sighting
from vestibule.model.delivery import Delivery
from vestibule.model.device_record import DeviceRecord
from vestibule.model.dispatch import Dispatch
from vestibule.model.event import Event
from vestibule.model.gateway import GatewayConfiguration
from vestibule.model.group import Group
from vestibule.model.held_reply import HeldReply
from vestibule.model.licence import Coverage, Licence, LicenceAssignment
from vestibule.model.mail_attachment import MailAttachment
from vestibule.model.nt_hash import NtHash
from vestibule.model.pin import Pin
from vestibule.model.proposal import Proposal
from vestibule.model.provider import Provider
from vestibule.model.provisioning import Provisioned, ProvisionedGroup
from vestibule.model.range_breaker import RangeBreaker
from vestibule.model.remembered_browser import RememberedBrowser
from vestibule.model.reply_attribute import RadiusDictionary, ReplyAttribute
from vestibule.model.role import AdminRole, Grant
from vestibule.model.security_question import SecurityAnswers
from vestibule.model.sending_limit import LimitReached, SendingLimit
from vestibule.model.sending_outcome import SendingOutcome
from vestibule.model.session import Link, Session
from vestibule.model.spraying import Scope, SprayingAlarm
from vestibule.model.synchronisation import Bond, Synchronisation, SyncRun
from vestibule.model.tenant import Tenant
from vestibule.model.throttle import Factor, SourceThrottle, Throttle, ThrottleLimits
from vestibule.model.user import User
from vestibule.model.verification import (
    Challenge,
    ChallengeState,
    Verification,
    VerificationState,
)
from vestibule.model.voice_message import VoiceMessage
from vestibule.model.voucher import Voucher

Result = TypeVar("Result")


class Conflict(Exception):
    """Something this body read has changed meanwhile; run it again."""


class Unavailable(Exception):
    """The database does not answer or does not promise durability: nothing was decided."""


class AlreadyExists(Exception):
    """A name, serial or identifier is taken. `what` is the record's kind, `key` the taken value."""

    def __init__(self, what: str, key: str = "") -> None:
        super().__init__(f"{what} {key!r} already exists")
        self.what = what
        self.key = key


class Subject(msgspec.Struct, frozen=True):
    """All a verification needs to know of a person, read at once.

    `authenticators` are all that are not revoked, oldest first.
    """

    user: User
    authenticators: tuple[Authenticator, ...]


class Person(Subject, frozen=True):
    """All an administrator sees of a person. A factor without a throttle has never failed."""

    throttles: dict[Factor, Throttle]
    sources: tuple[SourceThrottle, ...] = ()
    """From where somebody has failed to be this person, the latest first."""


class RecentProof(msgspec.Struct, frozen=True):
    """An attempt in which a second factor was proven, and when it began (epoch ms)."""

    verification_id: str
    at: int


class Page(msgspec.Struct, frozen=True):
    """Which part of a list: at most `limit` rows after the opaque `cursor` of the page before."""

    limit: int = 50
    cursor: str = ""


class Listed(msgspec.Struct, frozen=True):
    """One page of rows; `next_cursor` is empty on the last page, and there alone."""

    rows: tuple[Any, ...]
    next_cursor: str = ""
    searched_to: int | str | None = None
    """Of a search that has stopped on its way, with fewer rows than asked for or none: the time (epoch ms) or
    the name to which it has looked."""


class UserFilter(msgspec.Struct, frozen=True, kw_only=True):
    text: str = ""
    """Case-insensitive beginning of a canonical name, given name, family name or e-mail address."""
    status: str = ""
    role: str = ""
    group_id: str = ""
    """Only people of this group."""
    within: tuple[str, ...] = ()
    """Only people of one of these groups; empty: everybody."""
    requirement: str = ""
    method: str = ""
    """Only people who hold an active authenticator of this method."""
    holds_nothing: bool = False
    """Only people who hold no active authenticator."""


class AuthenticatorFilter(msgspec.Struct, frozen=True, kw_only=True):
    text: str = ""
    """Beginning of a serial."""
    is_hardware: bool | None = None
    is_assigned: bool | None = None
    status: str = ""


class VerificationFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Filters of the list of attempts; empty or None means any. Newest first."""

    text: str = ""
    """Beginning of the claimed or the canonical user name."""
    user_id: str = ""
    user_ids: tuple[str, ...] = ()
    """Of any of these people."""
    phones: tuple[str, ...] = ()
    """To any of these numbers (E.164)."""
    application_id: str = ""
    client_id: str = ""
    state: str = ""
    reason: str = ""
    channel: str = ""
    since: int | None = None
    until: int | None = None
    within: tuple[str, ...] = ()
    """Only what is about people in one of these groups."""


class BlockFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Filters of the list of blocks; empty means any. Newest first."""

    text: str = ""
    """Beginning of the user name."""
    user_id: str = ""
    user_ids: tuple[str, ...] = ()
    """Of any of these people."""
    phones: tuple[str, ...] = ()
    """Of any of these numbers (E.164)."""
    is_active: bool = False
    """Only those that hold now."""
    since: int | None = None
    """Begun then or later (epoch ms)."""
    until: int | None = None
    within: tuple[str, ...] = ()
    """Only what is about people in one of these groups."""


class BypassFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Filters of the list of one-time bypasses; empty means any. Newest first."""

    text: str = ""
    """Beginning of the user name."""
    user_id: str = ""
    user_ids: tuple[str, ...] = ()
    """Of any of these people."""
    phones: tuple[str, ...] = ()
    """Of any of these numbers (E.164)."""
    since: int | None = None
    """Made then or later (epoch ms)."""
    until: int | None = None
    within: tuple[str, ...] = ()
    """Only what is about people in one of these groups."""


class DeliveryFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Filters of the list of deliveries; empty means any. Newest first."""

    gateway_id: str = ""
    state: str = ""
    carries: str = ""


class DispatchFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Filters of the list of mails and webhooks; empty means any. Newest first."""

    carries: str = ""
    state: str = ""
    address: str = ""
    user_id: str = ""


class AccountingFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Filters of what clients have told of sessions; empty or None means any. Newest first."""

    username: str = ""
    """As the client has told it."""
    client_id: str = ""
    session: str = ""
    since: int | None = None
    until: int | None = None
    is_open: bool = False
    """Only sessions of which no end is known: the latest that was told of each."""


class VerificationChange(msgspec.Struct, frozen=True, kw_only=True):
    """What a compare-and-set on a pending verification writes."""

    state: VerificationState
    reason: str
    decided_at: int | None
    method: str = ""
    authenticator_id: str = ""
    authenticator_label: str = ""
    legacy_result: str = ""
    is_first_factor_proven: bool = False
    is_authenticated: bool = False
    trace: tuple[Any, ...] = ()
    expires_at: int | None = None
    """A new end of the time for the answer; None leaves it as it is."""
    phone: str = ""
    """The number that is called or texted now; empty leaves the one before."""
    device: str = ""
    """Which device has signed the decision (S7)."""


class Configuration(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that front ends and policies look up by key, read as one snapshot."""

    generation: int
    tenants: tuple[Tenant, ...]
    applications: tuple[Application, ...]
    clients: tuple[Client, ...]
    secrets: tuple[ClientSecret, ...]
    directories: tuple[DirectoryConfiguration, ...]
    gateways: tuple[GatewayConfiguration, ...] = ()
    groups: tuple[Group, ...] = ()
    roles: tuple[AdminRole, ...] = ()
    brandings: tuple[Branding, ...] = ()
    providers: tuple[Provider, ...] = ()
    """Those that have not ended."""
    certificates: tuple[Certificate, ...] = ()
    rule_sets: tuple[RuleSet, ...] = ()
    """The newest version of each tenant that has any."""
    reply_attributes: tuple[ReplyAttribute, ...] = ()
    """In the order in which they were added; those for single people left out."""
    with_own_replies: frozenset[str] = frozenset()
    """Tenants with reply attributes for single people."""


class Transaction(
    ReplicationRecords, ServerRecords, MeteringRecords, BillingRecords, ReportRecords, Protocol
):
    """One transaction. `now` is the database's time in epoch milliseconds, the same for the whole body."""

    @property
    def now(self) -> int: ...

    # --- the sign-in path -------------------------------------------------------------------------

    async def subject_by_names(self, tenant_id: str, names: Sequence[str]) -> Subject | None:
        """Return the user who has the first of `names` that anybody has."""
        ...

    async def subject(self, tenant_id: str, user_id: str) -> Subject | None: ...

    async def hold_user(self, tenant_id: str, user_id: str) -> bool:
        """Let no other body that holds this user run until the end of this one; False if there is none.

        Comes first in a body that reads what a person has and then adds to it or takes from it."""
        ...

    async def settle_attempt(
        self, tenant_id: str, user_id: str, factor: Factor, is_match: bool, limits: ThrottleLimits
    ) -> Throttle | None:
        """Count one attempt, in one conditional write. None: the user is locked, the attempt does not
        count as evaluated and must be denied whatever the passcode was. A match sets the failures to 0,
        anything else raises them by one and locks at every multiple of the threshold."""
        ...

    async def throttles(self, tenant_id: str, user_id: str) -> dict[Factor, Throttle]:
        """Return how often the user has failed, by factor: for people to read, never to decide by."""
        ...

    async def release_attempt(
        self, tenant_id: str, user_id: str, factor: Factor, limits: ThrottleLimits
    ) -> None:
        """Take back one counted attempt that could not be evaluated after all (the directory was away):
        one failure less, never below 0, and the lock lifted if it would not be there without this attempt
        (failures stood at a multiple of the threshold below the hard stop, or at the hard stop)."""
        ...

    async def clear_throttle(self, tenant_id: str, user_id: str, factor: Factor) -> None:
        """Set failures and lock to zero: an administrator unlocks, or a reserved attempt matched."""
        ...

    async def advance_authenticator(self, authenticator: Authenticator, state: Mapping[str, Any]) -> bool:
        """Compare-and-set on `version`, only while it is active and still held by that user: write
        `state`, set `used_at` to now. False: someone else was first."""
        ...

    async def settle_source(
        self,
        tenant_id: str,
        user_id: str,
        factor: Factor,
        source: str,
        is_match: bool,
        limits: ThrottleLimits,
    ) -> SourceThrottle | None:
        """The same for one source from which somebody tries to be this user, with half the threshold and
        no hard stop. None: the source has to wait, and the attempt counts nowhere."""
        ...

    async def release_source(
        self, tenant_id: str, user_id: str, factor: Factor, source: str, limits: ThrottleLimits
    ) -> None:
        """`release_attempt` for a source."""
        ...

    async def clear_source(self, tenant_id: str, user_id: str, factor: Factor, source: str) -> None:
        """Forget how often a user has failed from a source: a reserved attempt matched."""
        ...

    async def clear_sources(self, tenant_id: str, user_id: str) -> None:
        """Forget from where a user has failed: an administrator unlocks."""
        ...

    async def source_throttles(self, tenant_id: str, user_id: str) -> tuple[SourceThrottle, ...]:
        """Return from where a user has failed, the latest first, at most 20: for people to read."""
        ...

    async def spend_on_clean_record(
        self, authenticator: Authenticator, state: Mapping[str, Any], source: str = ""
    ) -> bool:
        """`settle_attempt` of a right passcode and `advance_authenticator` in one write, for a user who
        stands at 0 failures and has been counted before, and whose source has not to wait. False: that is
        not so, or someone else was first; nothing was written."""
        ...

    async def add_verification(self, verification: Verification) -> bool:
        """Insert; False if the tenant has one with the same non-empty `idempotency_key` already."""
        ...

    async def verification(self, tenant_id: str, verification_id: str) -> Verification | None: ...

    async def verification_by_key(self, tenant_id: str, idempotency_key: str) -> Verification | None: ...

    async def change_verification(
        self, tenant_id: str, verification_id: str, change: VerificationChange
    ) -> bool:
        """Write `change` if the verification is still pending; False: someone else decided it."""
        ...

    async def add_challenge(self, challenge: Challenge, keep_open: int) -> bool:
        """Insert, and supersede the user's oldest open challenges beyond `keep_open`. False: the answer would
        come on another road, and one of the user's is awaited on another road already."""
        ...

    async def challenge(self, tenant_id: str, challenge_id: str) -> Challenge | None: ...

    async def open_challenges(self, tenant_id: str, verification_id: str) -> tuple[Challenge, ...]:
        """Return the open, unexpired challenges of a verification, oldest first."""
        ...

    async def open_challenges_of(self, tenant_id: str, user_id: str) -> tuple[Challenge, ...]:
        """Return the open, unexpired challenges of a user, on whatever road they are answered."""
        ...

    async def take_try(self, tenant_id: str, challenge_id: str) -> int | None:
        """Take one try of an open, unexpired challenge and return how many are left; None if it is not
        open any more, has no try left, or is over."""
        ...

    async def close_challenge(
        self, tenant_id: str, challenge_id: str, state: ChallengeState, *, is_taken: bool = False
    ) -> bool:
        """Move an open challenge to `state`; False if it is not open. `is_taken`: whoever answered it is let
        in by that, and nobody else will be."""
        ...

    async def sent_challenges(self, tenant_id: str, user_id: str) -> tuple[Challenge, ...]:
        """Return the open, unexpired challenges of a user for which something was sent to a phone, or which
        his app shows."""
        ...

    async def requests_in_apps(self, tenant_id: str, user_ids: Sequence[str]) -> dict[str, frozenset[str]]:
        """Return the open, unexpired challenges that the apps of these users show; none: left out."""
        ...

    async def untaken_challenges(self, tenant_id: str, user_id: str) -> tuple[Challenge, ...]:
        """Return a user's challenges that were answered, are not long over and have let nobody in, newest
        first."""
        ...

    async def challenges_by_address(self, tenant_id: str, address: str) -> tuple[Challenge, ...]:
        """Return the open, unexpired challenges whose answer is awaited from that phone number."""
        ...

    async def replace_challenge(self, challenge: Challenge) -> bool:
        """Compare-and-set on `version` of an open challenge: writes what a dialogue moves (`progress`,
        `tries_left`, `waiter`), version + 1. False: it is closed or somebody else was first."""
        ...

    async def supersede_challenges(self, tenant_id: str, user_id: str, method: str) -> int:
        """Move a user's open, unexpired challenges of one method, for which something was sent and which are
        answered at the door, to superseded."""
        ...

    async def take_challenge(self, tenant_id: str, challenge_id: str, waiter: str) -> bool:
        """Let the newest waiting request in: set `taken_at` of an answered challenge, once in the world,
        if `waiter` is still the one it waits for."""
        ...

    async def versions(self, tenant_id: str, verification_ids: Sequence[str]) -> dict[str, int]:
        """Return the version of each of these verifications: one that has moved on has a higher one."""
        ...

    # --- what is sent -----------------------------------------------------------------------------

    async def add_delivery(self, delivery: Delivery) -> None: ...

    async def delivery(self, tenant_id: str, delivery_id: str) -> Delivery | None: ...

    async def delivery_by_reference(
        self, tenant_id: str, gateway_id: str, reference: str
    ) -> Delivery | None: ...

    async def deliveries_of(self, tenant_id: str, challenge_id: str) -> tuple[Delivery, ...]: ...

    async def is_delivery_due(self) -> bool:
        """Tell whether `take_deliveries` would find something."""
        ...

    async def take_deliveries(self, node: str, limit: int, lease_ms: int) -> tuple[Delivery, ...]:
        """Take what is due, oldest first, for all tenants: state taken, `node`, `tries` + 1, and `due_at`
        the end of the lease, after which another node may take it."""
        ...

    async def replace_delivery(self, delivery: Delivery) -> bool:
        """Compare-and-set on `version`: writes all that moves, version + 1."""
        ...

    async def note_sent(self, tenant_id: str, delivery_id: str, reference: str) -> bool:
        """Note that a gateway has taken what is being handed over, and what it calls it; the text is emptied.
        False if it is not being handed over any more."""
        ...

    async def drop_deliveries_of(self, tenant_id: str, challenge_id: str) -> int:
        """Let what waits or is being handed over for a challenge be sent no more, and empty it."""
        ...

    async def deliveries(self, tenant_id: str, where: DeliveryFilter, page: Page) -> Listed:
        """Rows are `Delivery`, newest first; they stay for a day after their time is over."""
        ...

    async def add_dispatch(self, dispatch: Dispatch) -> None: ...

    async def dispatch(self, tenant_id: str, dispatch_id: str) -> Dispatch | None: ...

    async def is_dispatch_due(self) -> bool:
        """Tell whether `take_dispatches` would find something."""
        ...

    async def take_dispatches(self, node: str, limit: int, lease_ms: int) -> tuple[Dispatch, ...]:
        """As `take_deliveries`, for mails and webhooks."""
        ...

    async def replace_dispatch(self, dispatch: Dispatch) -> bool:
        """Compare-and-set on `version`: writes all that moves, version + 1."""
        ...

    async def dispatches(self, tenant_id: str, where: DispatchFilter, page: Page) -> Listed:
        """Rows are `Dispatch`, newest first; they stay for a week after their time is over."""
        ...

    async def take_untold(self, limit: int) -> tuple[Event, ...]:
        """Take events that somebody is to be told of, oldest first, for all tenants. This body writes down
        whom, or they are lost."""
        ...

    async def is_untold(self) -> bool:
        """Tell whether `take_untold` would find something."""
        ...

    async def put_mail_attachment(self, attachment: MailAttachment, content: bytes) -> None:
        """Insert, in place of the one of the same template."""
        ...

    async def mail_attachments(self, tenant_id: str) -> tuple[MailAttachment, ...]:
        """Return all of a tenant, by template."""
        ...

    async def mail_attachment(self, tenant_id: str, template: str) -> tuple[MailAttachment, bytes] | None:
        """Return one with its content."""
        ...

    async def remove_mail_attachment(self, tenant_id: str, template: str) -> bool: ...

    async def count_alert(self, tenant_id: str, kind: str, address: str, most: int) -> bool:
        """Count one alert of a kind to an address, whose time begins with the first. False: there were `most`
        already, and it is among those to be summed up."""
        ...

    async def are_alerts_over(self) -> bool:
        """Tell whether `take_alert_counts` would find something."""
        ...

    async def take_alert_counts(self, limit: int) -> tuple[AlertCount, ...]:
        """Take the counts whose time is over, for all tenants. This body sums up what was held back, or it is
        lost."""
        ...

    async def count_failures(self, tenant_id: str, failures: int) -> None:
        """Add to the failed sign-ins of the whole tenant in the present minute."""
        ...

    async def failures_of_window(self) -> dict[str, int]:
        """Return the failed sign-ins of the last ten minutes by tenant; those without any are left out."""
        ...

    async def raise_spraying_alarm(self, tenant_id: str, scope: Scope, failures: int) -> bool:
        """Let an alarm hold for ten minutes from now on; True only for who finds that none held."""
        ...

    async def spraying_alarms(self, since: int) -> tuple[SprayingAlarm, ...]:
        """Return the alarms of all tenants that ended after `since` or hold, the latest first; of each tenant
        and scope only its last."""
        ...

    async def spend_sending(self, tenant_id: str, limit: SendingLimit, cost: int) -> bool:
        """Count one more sending of `cost` in the limit's present window, in one conditional write. False: it
        would be more than the limit allows, and nothing was counted."""
        ...

    async def give_back_sending(self, tenant_id: str, limit: SendingLimit, cost: int) -> None:
        """Take back one that this very body counted: a wider limit has refused it."""
        ...

    async def note_limit_reached(self, tenant_id: str, limit: SendingLimit) -> bool:
        """Write that a limit has refused in its present window; True only for the first who says so."""
        ...

    async def limits_reached(self, tenant_id: str, since: int, most: int) -> tuple[LimitReached, ...]:
        """Return the limits that have refused in a window for the first time after `since`, the latest first;
        what a window counted stays for a day after its end."""
        ...

    async def sending_cost(self, tenant_id: str, limit: SendingLimit) -> int:
        """Return what was counted as cost in the limit's present window."""
        ...

    async def sending_outcomes(
        self, after: tuple[int, str], until: int, limit: int
    ) -> tuple[SendingOutcome, ...]:
        """Return what has become of texts and calls of all tenants, in the order in which their time was
        over, behind the time and identifier `after`, up to the time `until`: the worker's own. Texts of
        servers are in `relayed_outcomes`, their calls are here."""
        ...

    async def relayed_outcomes(
        self, after: tuple[int, str], until: int, limit: int, *, is_told: bool
    ) -> tuple[SendingOutcome, ...]:
        """Return the same of texts that servers have asked for: of those of whose attempt the server has told
        until now, or that are for none; or of the others, which nobody has answered."""
        ...

    async def open_range_breaker(self, breaker: RangeBreaker) -> bool:
        """Insert, or put in the place of one that is closed; True only for who opens it."""
        ...

    async def rest_range_breaker(self, breaker: RangeBreaker, until: int) -> bool:
        """Compare-and-set on `rests_until`: let it rest until then after one more trial that failed."""
        ...

    async def close_range_breaker(self, tenant_id: str, prefix: str, by: str, name: str) -> bool:
        """Close one that is not; True only for who does. `by` and `name` are those of a person, or empty."""
        ...

    async def all_range_breakers(self, since: int) -> tuple[RangeBreaker, ...]:
        """Return those of all tenants that are not closed, or were after `since`: the worker's own."""
        ...

    async def range_breakers(self, tenant_id: str, limit: int) -> tuple[RangeBreaker, ...]:
        """Return those of a tenant, those that are not closed first, the newest first; one that is closed
        stays for a day."""
        ...

    async def expire_verifications(self, limit: int) -> int:
        """Move pending verifications past their time to expired (reason timed out, decided now), with
        their challenges; return how many. For all tenants: the worker's own."""
        ...

    async def add_device_record(self, record: DeviceRecord) -> bool:
        """Insert; False if this fact of this device and attempt is written already."""
        ...

    async def device_records(self, tenant_id: str, verification_id: str) -> tuple[DeviceRecord, ...]:
        """Return what became of an attempt at the devices that were asked, oldest first."""
        ...

    async def add_accounting_record(self, record: AccountingRecord) -> bool:
        """Insert; False if it is there already."""
        ...

    async def note_accounting_forwarded(self, tenant_id: str, record_id: str) -> None:
        """Write down that the server behind has confirmed a record."""
        ...

    async def accounting_records(self, tenant_id: str, where: AccountingFilter, page: Page) -> Listed: ...

    async def add_sightings(self, sightings: tuple[Sighting, ...]) -> None:
        """Add to what is counted already of the same client, kind and hour."""
        ...

    async def sightings(self, tenant_id: str, client_id: str, since: int) -> tuple[Sighting, ...]:
        """Return what was seen of one client or (empty) of all, one sum for each kind, of the hours in which
        it was last seen at or after `since`."""
        ...

    async def forget_strangers(self, tenant_id: str, most: int) -> None:
        """Delete what is counted of unknown clients but of the `most` that came last."""
        ...

    async def hold_reply(self, reply: HeldReply) -> None:
        """Insert, or put it in the place of what is held for the same verification."""
        ...

    async def held_reply(self, tenant_id: str, verification_id: str) -> HeldReply | None: ...

    async def held_reply_to(self, tenant_id: str, proof: str) -> HeldReply | None:
        """Return what was answered to that request, if its verification is pending or approved."""
        ...

    async def own_reply_attributes(self, tenant_id: str, user_id: str) -> tuple[ReplyAttribute, ...]:
        """Return those for one person, in the order in which they were added."""
        ...

    async def reply_attribute(self, tenant_id: str, reply_id: str) -> ReplyAttribute | None: ...

    async def put_radius_dictionary(self, dictionary: RadiusDictionary, text: str) -> None:
        """Insert, in place of the one of the same name."""
        ...

    async def radius_dictionaries(self, tenant_id: str) -> tuple[RadiusDictionary, ...]:
        """Return all of a tenant, by name."""
        ...

    async def radius_dictionary_texts(self, tenant_id: str) -> tuple[str, ...]:
        """Return the texts of all, by name."""
        ...

    async def remove_radius_dictionary(self, tenant_id: str, name: str) -> bool: ...

    # --- people and what they hold ----------------------------------------------------------------

    async def add_user(self, user: User) -> None:
        """Insert with its names; raise `AlreadyExists("user", name)` if a name is taken."""
        ...

    async def replace_user(self, user: User) -> bool:
        """Compare-and-set on `user.version`: writes all fields and the names, version + 1."""
        ...

    async def add_users(self, users: Sequence[User]) -> None:
        """`add_user` of many at once, as fast as the engine can; `AlreadyExists` does not say which name."""
        ...

    async def replace_users(self, users: Sequence[User]) -> None:
        """`replace_user` of many at once: all let go of their names before any takes his new ones. Raises
        `Conflict` if one has changed, `AlreadyExists` if a name is taken."""
        ...

    async def users_by_reference(self, tenant_id: str, references: Sequence[str]) -> tuple[User, ...]:
        """Return the people who bear one of these references of a directory."""
        ...

    async def remove_user(self, tenant_id: str, user_id: str) -> bool:
        """Delete the user, names, throttles, PIN, app passwords, sessions, reply attributes and all but
        hardware tokens, which nobody holds then and keep their counters. Attempts stay."""
        ...

    async def users(self, tenant_id: str, where: UserFilter, page: Page) -> Listed:
        """Rows are `User`, by canonical first name in `names`; of a search for a text first those with a name
        that matches, and each page in the order of names. A search may stop on its way (`searched_to`)."""
        ...

    async def users_by_id(self, tenant_id: str, user_ids: Sequence[str]) -> dict[str, User]:
        """Return those of these people who are there, by identifier."""
        ...

    async def count_users(self, tenant_id: str) -> int: ...

    async def groups_of(self, tenant_id: str, user_id: str) -> frozenset[str]:
        """Return the identifiers of the groups that a person is in."""
        ...

    async def add_member(self, tenant_id: str, group_id: str, user_id: str) -> bool:
        """Put a person into a group; False if he is in it. Both must be there."""
        ...

    async def remove_member(self, tenant_id: str, group_id: str, user_id: str) -> bool: ...

    async def count_members(self, tenant_id: str, group_ids: Sequence[str], most: int) -> dict[str, int]:
        """Return how many people are in each of these groups that is there, counted up to `most`."""
        ...

    async def grants_of(self, tenant_id: str, user_id: str) -> tuple[Grant, ...]:
        """Return the roles that a person was given, besides that of an administrator of everything."""
        ...

    async def grants(self, tenant_id: str) -> dict[str, tuple[Grant, ...]]:
        """Return the same of all people who were given some, by user id."""
        ...

    async def replace_grants(self, tenant_id: str, user_id: str, grants: Sequence[Grant]) -> None: ...

    async def add_proposal(self, proposal: Proposal) -> None: ...

    async def proposals(self, tenant_id: str) -> tuple[Proposal, ...]:
        """Return those that are not over, newest first."""
        ...

    async def replace_proposal(self, proposal: Proposal) -> bool:
        """Compare-and-set on `version`: writes the state, who decided it and its end."""
        ...

    # --- blocks and bypasses ------------------------------------------------------------------------

    async def add_block(self, block: Block) -> None:
        """Insert, and write its end into the user; raise `AlreadyExists("block", user_id)` if he is
        blocked."""
        ...

    async def block_of(self, tenant_id: str, user_id: str) -> Block | None:
        """Return the block that holds now."""
        ...

    async def lift_block(
        self, tenant_id: str, user_id: str, ended_by: str, ended_by_name: str, end_reason: str
    ) -> Block | None:
        """End the block that holds now, in the user too; None if he is not blocked."""
        ...

    async def is_number_blocked(self, tenant_id: str, number: str) -> bool:
        """Tell whether a block that holds now holds for this phone number as well."""
        ...

    async def blocks(self, tenant_id: str, where: BlockFilter, page: Page) -> Listed:
        """Rows are `Block`."""
        ...

    async def add_bypass(self, bypass: Bypass) -> None:
        """Insert, and write its end into the user. `Conflict` if one of his waits: `end_bypass` comes
        first."""
        ...

    async def waiting_bypass(self, tenant_id: str, user_id: str) -> Bypass | None:
        """Return the bypass that a sign-in of this user may consume now."""
        ...

    async def consume_bypass(self, tenant_id: str, user_id: str, application_id: str) -> Bypass | None:
        """Consume the user's bypass that holds for this application now, once in the world. None: there is
        none, or somebody else was first."""
        ...

    async def note_bypass_used(self, tenant_id: str, user_id: str, verification_id: str) -> None:
        """Write which attempt has used the bypass that this very body has consumed."""
        ...

    async def end_bypass(self, tenant_id: str, user_id: str) -> Bypass | None:
        """Withdraw the bypass of a user that waits, or write that its time is over; None: he has none."""
        ...

    async def expire_bypasses(self, limit: int) -> int:
        """Write of bypasses that their time is over, at most `limit`; return how many."""
        ...

    async def bypasses(self, tenant_id: str, where: BypassFilter, page: Page) -> Listed:
        """Rows are `Bypass`."""
        ...

    async def add_authenticator(self, authenticator: Authenticator) -> None:
        """Insert; raise `AlreadyExists("authenticator", serial)` if the serial is taken."""
        ...

    async def replace_authenticator(self, authenticator: Authenticator) -> bool:
        """Compare-and-set on `authenticator.version`: writes all fields, version + 1."""
        ...

    async def authenticator(self, tenant_id: str, authenticator_id: str) -> Authenticator | None: ...

    async def authenticators(self, tenant_id: str, where: AuthenticatorFilter, page: Page) -> Listed:
        """Rows are `Authenticator` with a serial, by serial; revoked ones only if asked by status."""
        ...

    async def authenticators_by_serial(
        self, tenant_id: str, serials: Sequence[str]
    ) -> dict[str, Authenticator]:
        """For imports: those of `serials` that exist, by serial."""
        ...

    async def add_authenticators(self, authenticators: Sequence[Authenticator]) -> None:
        """For imports: insert many at once, as fast as the engine can."""
        ...

    async def replace_authenticators(self, authenticators: Sequence[Authenticator]) -> None:
        """For imports: `replace_authenticator` of many; raises `Conflict` if one has changed."""
        ...

    async def user_ids_by_names(self, tenant_id: str, names: Sequence[str]) -> dict[str, str]:
        """For imports: user id by canonical name, for those of `names` that exist."""
        ...

    async def pin(self, tenant_id: str, user_id: str) -> Pin | None: ...

    async def add_pin(self, pin: Pin) -> bool:
        """Insert; False if the person has one. The person must be there: hold him first."""
        ...

    async def replace_pin(self, pin: Pin) -> bool:
        """Compare-and-set on `pin.version`: writes all fields, version + 1."""
        ...

    async def remove_pin(self, tenant_id: str, user_id: str) -> bool:
        """Delete it; False if there is none."""
        ...

    async def has_pins(self, tenant_id: str) -> bool:
        """Tell whether anybody of a tenant has a PIN."""
        ...

    async def security_answers(self, tenant_id: str, user_id: str) -> SecurityAnswers | None: ...

    async def put_security_answers(self, answers: SecurityAnswers) -> None:
        """Insert, or put in the place of those before."""
        ...

    async def remove_security_answers(self, tenant_id: str, user_id: str) -> bool:
        """Delete them; False if there are none."""
        ...

    async def nt_hash(self, tenant_id: str, user_id: str) -> NtHash | None: ...

    async def put_nt_hash(self, kept: NtHash) -> None:
        """Insert, or put in the place of the one before."""
        ...

    async def remove_nt_hashes(self, tenant_id: str) -> int:
        """Delete those of a tenant; return how many there were."""
        ...

    async def app_passwords(self, tenant_id: str, user_id: str) -> tuple[AppPassword, ...]:
        """Return all of a person, oldest first, those of before his `void_before` too."""
        ...

    async def app_password_by_hash(
        self, tenant_id: str, user_id: str, token_hash: str
    ) -> AppPassword | None: ...

    async def add_app_password(self, app_password: AppPassword) -> None:
        """Insert. The person must be there: hold him first."""
        ...

    async def use_app_password(self, tenant_id: str, app_password_id: str) -> bool:
        """Set `used_at` to now; False if it is not there any more."""
        ...

    async def remove_app_password(self, tenant_id: str, user_id: str, app_password_id: str) -> bool:
        """Delete it; False if the person has none such."""
        ...

    async def remove_app_passwords(self, tenant_id: str, user_id: str, made_before: int) -> int:
        """Delete those of a person that were made before that time; return how many."""
        ...

    # --- configuration ----------------------------------------------------------------------------

    async def generation(self) -> int:
        """A number that grows with every change of what `configuration` returns."""
        ...

    async def configuration(self) -> Configuration: ...

    async def put(
        self,
        record: Tenant
        | Application
        | Client
        | ClientSecret
        | Certificate
        | DirectoryConfiguration
        | GatewayConfiguration
        | Group
        | AdminRole
        | ReplyAttribute
        | Branding
        | Provider,
    ) -> None:
        """Insert (version 1 and new), or replace by compare-and-set on `version` (raises `Conflict`);
        raises the generation. `AlreadyExists` if a name is taken in its tenant."""
        ...

    async def remove(
        self,
        record: Application
        | Client
        | ClientSecret
        | Certificate
        | DirectoryConfiguration
        | GatewayConfiguration
        | Group
        | AdminRole
        | ReplyAttribute,
    ) -> bool:
        """Delete the record and what belongs to it (a client's secrets and certificates, a group's members,
        reply attributes of either or of an application); raises the generation."""
        ...

    async def add_rule_set(self, rules: RuleSet) -> bool:
        """Write a version of the access rules; raises the generation. False: that version is there."""
        ...

    async def rule_sets(self, tenant_id: str, before: int, limit: int) -> tuple[RuleSet, ...]:
        """Return at most `limit` versions older than the version `before`, newest first."""
        ...

    async def put_logo(self, tenant_id: str, picture: bytes) -> None:
        """Write the picture that the tenant's branding, which is there, speaks of."""
        ...

    async def logo(self, tenant_id: str, name: str) -> bytes | None:
        """Return the picture, if it is known by that name now."""
        ...

    # --- providers and licences ---------------------------------------------------------------------

    async def providers(self, tenant_id: str) -> tuple[Provider, ...]:
        """Return all that a tenant has ever had, the newest first."""
        ...

    async def all_providers(self) -> tuple[Provider, ...]:
        """The same of all tenants, of those that have ended with their provider too."""
        ...

    async def remove_tenant(self, tenant_id: str) -> None:
        """Delete a tenant with all that was set up in it; raises the generation. Attempts, the record of
        changes and what is billed stay."""
        ...

    async def put_licence(self, licence: Licence) -> None:
        """Insert (version 1 and new), or replace by compare-and-set on `version` (raises `Conflict`)."""
        ...

    async def remove_licence(self, tenant_id: str, licence_id: str) -> bool:
        """Delete a bundle with its assignments, the ended ones too."""
        ...

    async def licences(self, tenant_id: str) -> tuple[Licence, ...]:
        """Return all of a tenant, those of past and future periods too, the latest period first."""
        ...

    async def licence(self, tenant_id: str, licence_id: str) -> Licence | None: ...

    async def licensed_tenants(self) -> tuple[str, ...]:
        """Return who has any licences, of whatever period: the worker's own."""
        ...

    async def assign_licence(self, tenant_id: str, licence_id: str, user_id: str) -> bool:
        """Give a user one of a bundle, in one conditional write. False: all are given, or there is no such
        bundle. The user must be there and have none of it: hold him first."""
        ...

    async def end_assignment(self, tenant_id: str, licence_id: str, user_id: str) -> bool:
        """Take it from him; False if he has none of this bundle."""
        ...

    async def count_assigned(self, tenant_id: str) -> dict[str, int]:
        """Return how many of each bundle are given now; none: left out."""
        ...

    async def assigned(
        self, tenant_id: str, licence_id: str, after: str, limit: int
    ) -> Sequence[LicenceAssignment]:
        """Return who has one of a bundle now, by user id behind `after`."""
        ...

    async def licences_of(self, tenant_id: str, user_id: str) -> tuple[Licence, ...]:
        """Return the bundles of which a user has one now, of whatever period."""
        ...

    async def coverage(self, tenant_id: str, day: str) -> Coverage:
        """Count who is configured now, who of them has, when a day ends, a licence that is good on it (S29),
        and all licences that are good."""
        ...

    async def unlicensed(self, tenant_id: str, day: str, limit: int) -> tuple[str, ...]:
        """Return users who are configured now and not licensed on a day, by name."""
        ...

    # --- synchronisation ----------------------------------------------------------------------------

    async def synchronisations(self) -> tuple[Synchronisation, ...]:
        """Return those of all tenants: the worker's own."""
        ...

    async def synchronisation(self, tenant_id: str, directory_id: str) -> Synchronisation | None: ...

    async def put_synchronisation(self, synchronisation: Synchronisation) -> None:
        """Insert, or replace the settings by compare-and-set on `version` (raises `Conflict`). With new
        settings everything is read anew, at once."""
        ...

    async def remove_synchronisation(self, tenant_id: str, directory_id: str) -> bool: ...

    async def take_synchronisation(
        self, tenant_id: str, directory_id: str, node: str, lease_ms: int
    ) -> Synchronisation | None:
        """Take it for a run if no lease holds: `fence` + 1. None: somebody has it."""
        ...

    async def hold_synchronisation(self, held: Synchronisation, lease_ms: int) -> bool:
        """Begin the lease anew. False: somebody else has taken it, and this body must write nothing."""
        ...

    async def end_synchronisation(self, held: Synchronisation) -> bool:
        """Give it back, and write `due_at`, `token` and `full_at`. False: not held any more, or its settings
        are others now."""
        ...

    async def release_synchronisation(self, held: Synchronisation) -> None:
        """Give it back, if it is held still, and leave everything else as it was."""
        ...

    async def make_synchronisation_due(self, tenant_id: str, directory_id: str) -> None: ...

    async def put_sync_run(self, run: SyncRun, keep: int) -> None:
        """Insert, and forget all of the directory but the newest `keep`; or replace."""
        ...

    async def sync_runs(self, tenant_id: str, directory_id: str, limit: int) -> tuple[SyncRun, ...]:
        """Return the newest runs, the newest first."""
        ...

    async def bonds(self, tenant_id: str, directory_id: str, after: str, limit: int) -> tuple[Bond, ...]:
        """Return who is bound to a directory, by reference, behind the reference `after`."""
        ...

    async def bonds_of(
        self, tenant_id: str, directory_id: str, references: Sequence[str]
    ) -> tuple[Bond, ...]:
        """Return who is bound to a directory by one of these references."""
        ...

    async def count_bonds(self, tenant_id: str, directory_id: str) -> int: ...

    async def put_bonds(self, bonds: Sequence[Bond]) -> None:
        """Insert, or put in the place of those with the same reference. They go with their users."""
        ...

    # --- provisioning -------------------------------------------------------------------------------

    async def people_known(self, tenant_id: str, after: str, limit: int, offset: int = 0) -> tuple[User, ...]:
        """Return people by user id, behind the id `after` and then behind the first `offset`, without those
        whom their provider has deleted."""
        ...

    async def count_known(self, tenant_id: str) -> int:
        """Return how many people `people_known` would go through."""
        ...

    async def provisioned(self, tenant_id: str, user_ids: Sequence[str]) -> dict[str, Provisioned]:
        """Return what is known of those of these people who were pushed, by user id."""
        ...

    async def provisioned_as(self, tenant_id: str, external_id: str) -> tuple[Provisioned, ...]:
        """Return who was pushed under this identifier of the provider."""
        ...

    async def last_provisioned(self, tenant_id: str, limit: int) -> tuple[Provisioned, ...]:
        """Return who was pushed last, the latest first."""
        ...

    async def put_provisioned(self, record: Provisioned) -> None:
        """Insert, or put in the place of what was known. It goes with its user."""
        ...

    async def memberships(self, tenant_id: str, user_ids: Sequence[str]) -> dict[str, frozenset[str]]:
        """Return the identifiers of the groups that these people are in, by user id; in none: left out."""
        ...

    async def members(self, tenant_id: str, group_id: str, after: str, limit: int) -> tuple[str, ...]:
        """Return who is in a group, by user id behind `after`."""
        ...

    async def provisioned_groups(self, tenant_id: str) -> dict[str, ProvisionedGroup]:
        """Return the groups that were pushed, by group id."""
        ...

    async def put_provisioned_group(self, record: ProvisionedGroup) -> None:
        """Insert, or put in the place of what was known. It goes with its group."""
        ...

    # --- vouchers -----------------------------------------------------------------------------------

    async def vouchers_of(self, tenant_id: str, user_id: str) -> tuple[Voucher, ...]: ...

    async def put_voucher(self, voucher: Voucher) -> None:
        """Insert it, in place of the one of its kind that the person has."""
        ...

    async def use_code(self, tenant_id: str, user_id: str, code_hash: str, session: str) -> bool:
        """Mark the code as used in `session` if it is unused and not over, in one conditional write."""
        ...

    async def remove_vouchers(self, tenant_id: str, user_id: str) -> int: ...

    # --- recordings for calls -----------------------------------------------------------------------

    async def put_voice_message(self, message: VoiceMessage, sound: bytes) -> bool:
        """Insert, in place of the one for the same language, application and type; tell whether there was
        one. Removing an application removes its messages."""
        ...

    async def voice_messages(self, tenant_id: str) -> tuple[VoiceMessage, ...]:
        """Return all of a tenant, by language, type and application."""
        ...

    async def voice_sound(self, tenant_id: str, message_id: str) -> bytes | None: ...

    async def remove_voice_message(self, tenant_id: str, message_id: str) -> bool: ...

    # --- sessions and links -----------------------------------------------------------------------

    async def add_session(self, session: Session) -> None: ...

    async def replace_session(self, session: Session) -> bool:
        """Write all fields; False if it has ended meanwhile, and then it stays ended."""
        ...

    async def session(self, token_hash: str) -> Session | None: ...

    async def sessions_of(self, tenant_id: str, user_id: str) -> list[Session]:
        """Return the newest sessions of a person, 50 at most, the one used last first; some may be over."""
        ...

    async def end_session(self, token_hash: str) -> bool: ...

    async def end_sessions_of(self, tenant_id: str, user_id: str, except_hash: str = "") -> int: ...

    async def add_link(self, link: Link) -> None: ...

    async def spend_link(self, token_hash: str, purpose: str) -> Link | None:
        """Mark as used if it is unused and not over, in one conditional write; None otherwise."""
        ...

    async def link(self, token_hash: str, purpose: str) -> Link | None:
        """Return it if it is unused and not over; spends nothing."""
        ...

    # --- remembered browsers and proofs -----------------------------------------------------------

    async def add_remembered_browser(self, browser: RememberedBrowser) -> None: ...

    async def remembered_browser(self, token_hash: str) -> RememberedBrowser | None:
        """Return it if its time is not over."""
        ...

    async def remembered_browsers(self, tenant_id: str, user_id: str) -> tuple[RememberedBrowser, ...]:
        """Return those of a person that count, the last used first."""
        ...

    async def use_remembered_browser(self, tenant_id: str, browser_id: str) -> None:
        """Note that it was used now."""
        ...

    async def forget_browser(self, tenant_id: str, user_id: str, browser_id: str) -> bool: ...

    async def forget_browsers(self, tenant_id: str, user_id: str) -> int: ...

    async def recent_proof(
        self,
        tenant_id: str,
        user_id: str,
        since: int,
        not_proven: Sequence[str],
        *,
        application_id: str = "",
        channel: str = "",
        user_address: str = "",
    ) -> RecentProof | None:
        """Return the newest approved attempt of a person that began at or after `since` and was approved for
        another reason than those of `not_proven`. An application (with its channel) and an address narrow
        it; empty: any."""
        ...

    # --- reading what happened --------------------------------------------------------------------

    async def verifications(self, tenant_id: str, where: VerificationFilter, page: Page) -> Listed:
        """Rows are `Verification`, newest first. A search may stop on its way (`searched_to`)."""
        ...

    async def count_verifications(self, tenant_id: str, since: int) -> dict[str, int]:
        """How many attempts since `since`, by state."""
        ...

    async def add_event(self, event: Event) -> None:
        """Append it; one of a kind that is told (`model.notice`) waits for `take_untold` from now on."""
        ...

    async def add_events(self, events: Sequence[Event]) -> None:
        """`add_event` of many at once."""
        ...

    async def events(self, tenant_id: str, text: str, page: Page) -> Listed:
        """Rows are `Event`, newest first; `text` is the beginning of a kind, actor name or subject name. A
        search may stop on its way (`searched_to`)."""
        ...

    async def listed_server_attempts(
        self, tenant_id: str, user_ids: Sequence[str], where: VerificationFilter, page: Page
    ) -> Listed:
        """Rows are `ServerAttempt`, those first that were told last. Of `where` only phones, state and times
        are looked at; `user_ids` are those of the servers. A search may stop on its way (`searched_to`)."""
        ...

    async def events_of_kinds(
        self,
        tenant_id: str,
        kinds: Sequence[str],
        since: int | None,
        until: int | None,
        subjects: Sequence[str],
        page: Page,
    ) -> Listed:
        """Rows are `Event` of any of these kinds, newest first; of any of `subjects`, if there are any. A
        search for these may stop on its way (`searched_to`)."""
        ...

    # --- housekeeping -----------------------------------------------------------------------------

    async def sweep(self, limit: int) -> int:
        """Delete at most `limit` ended sessions, links and closed challenges, and of deliveries and counts of
        sendings those that are a day old; return how many."""
        ...

    async def note(self, key: str) -> str | None:
        """Read a fact about the installation itself (e.g. its identifier, a check value of the key)."""
        ...

    async def put_note(self, key: str, value: str) -> None: ...


Body = Callable[[Transaction], Awaitable[Result]]


class Store(Protocol):
    async def open(self) -> None:
        """Connect; raise `Unavailable` with the cause and the next step. Refuses a schema that is newer
        than this program, and one that is older (naming the command that migrates)."""
        ...

    async def migrate(self) -> list[str]:
        """Bring the schema up to date; return the names of the steps done. Safe to run twice at once."""
        ...

    async def transact(self, body: Callable[[Transaction], Awaitable[Result]], tenant_id: str = "") -> Result:
        """Run `body` and return its result after a durable commit. Where many wait, tenants take turns."""
        ...

    async def read(self, body: Callable[[Transaction], Awaitable[Result]]) -> Result:
        """Run a body that only reads, on a connection of its own, off the deciding path."""
        ...

    async def check(self) -> None:
        """Raise `Unavailable` unless a write could be made durable now. For readiness."""
        ...

    def wake(self, verification_id: str) -> None:
        """Tell whoever waits, on any node, that this verification has moved on. After the commit; a hint
        that may be lost. Never raises and never waits."""
        ...

    def on_wake(self, hear: Callable[[str], None]) -> None:
        """Call `hear` on the event loop with each verification that any node has told of."""
        ...

    async def close(self) -> None: ...
