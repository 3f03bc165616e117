"""Tenant: who is isolated. Every record and every query starts with a tenant."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum

import msgspec

from vestibule.model.app_check import AppCheck
from vestibule.model.edition import Edition, Feature, has
from vestibule.model.mail_settings import MailSettings
from vestibule.model.pin import PinRules
from vestibule.model.self_service import PasswordReset
from vestibule.model.voucher import Vouch

SYSTEM_TENANT = "system"
"""The tenant whose users are the administrators of the installation."""
DEMONSTRATION_TENANT = "demo"
"""The tenant of the demonstration, the only one in which a phone may be simulated."""
OPEN_DAYS = 14
"""How long a new tenant lets people register with their password alone, unless it says otherwise."""
DAY_MS = 24 * 3_600_000


class Whom(StrEnum):
    """Whom a rule of the tenant means."""

    NOBODY = "nobody"
    EVERYBODY = "everybody"
    GROUPS = "groups"


class TenantSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What an administrator may change for a tenant; every value has a usable default."""

    language: str = "en"
    """Language of a person who has chosen none and whose browser names none we speak."""
    record_names: bool = False
    """Write first and last name into each attempt."""
    record_email: bool = False
    """Write the e-mail address into each attempt."""
    tells_names: bool = False
    """Of a server: tell the service the user name of each attempt, and what of the above is in it."""
    strip_domain_prefix: bool = True
    r"""Look up `alice` when `DOMAIN\alice` is no name of anyone."""
    lockout_threshold: int = 10
    """Failures in a row, per user and factor, after which further attempts are not evaluated for a while."""
    lockout_seconds: int = 900
    """How long that while is."""
    lockout_reset_seconds: int = 900
    """How long nothing must fail for earlier failures to be forgotten; 0: only a success forgets them."""
    hard_stop: int = 100
    """Failures in a row after which only an administrator can let the user try again."""
    spraying_failures: int = 200
    """Failed sign-ins of all people together within ten minutes that raise an alarm: somebody may be trying
    one password or passcode on many."""
    spraying_pause_seconds: int = 2
    """While such an alarm holds: how long what somebody types waits before it is judged; 0: not at all."""
    service_spraying_failures: int = 1000
    """Of the system tenant: the same of all tenants together; none adds more than raises its own alarm."""
    challenge_seconds: int = 180
    """How long a user has for the passcode after the password."""
    challenge_tries: int = 3
    """Wrong passcodes until a challenge fails and the sign-in starts anew."""
    text_one_way_seconds: int = 300
    """How long a texted passcode can be typed (S54)."""
    text_two_way_seconds: int = 300
    """How long the reply to a text is awaited (S51-S53)."""
    call_seconds: int = 120
    """How long a call may take, from the first ring to the last key."""
    app_seconds: int = 60
    """How long a request waits in the app."""
    app_devices: int = 5
    """How many devices with the app one person may have."""
    app_unapproved_per_hour: int = 5
    """Requests that a person's app shows within an hour and he does not approve; after them it is silent."""
    texts_per_hour: int = 10
    """Texts and calls to one person within an hour, from one full hour of UTC to the next; more are not
    sent."""
    two_way_texts: bool = False
    """A person who adds a phone may choose to answer texts by replying; a gateway must bring replies in."""
    text_templates: dict[str, str] = {}
    """By language: the text that is sent, with `{passcode}` and `{application}`; else the catalog's."""
    fraud_reports: bool = True
    """A person who is called may report that it was not he who signs in."""
    fraud_code: str = "0"
    """What he presses for it, before #."""
    fraud_blocks: bool = True
    """A report blocks the person, for `block_days` or until an administrator lifts it."""
    block_days: int = 90
    """How long a block holds for which nothing else is said."""
    own_bypass: bool = False
    """A person may make a one-time bypass for himself in the portal."""
    caller_id: str = ""
    """The number that calls show; carriers may suppress it."""
    two_administrators: bool = True
    """Of the system tenant: what is done to people who have a role needs a second administrator who agrees,
    where there is one."""
    trusted_addresses: tuple[str, ...] = ()
    """Networks (CIDR), ranges and single addresses that applications may take as a second factor."""
    methods: tuple[str, ...] = ()
    """Methods that people may register and use, beside recovery codes; empty: all there are."""
    registration_methods: int = 1
    """How many methods somebody must have registered to have finished."""
    registration_policy: Whom = Whom.NOBODY
    """Who is asked to register, whatever is asked of him otherwise."""
    registration_groups: tuple[str, ...] = ()
    """The groups that the policy means."""
    registration_except_groups: tuple[str, ...] = ()
    """Groups that the policy does not mean, whoever else it means."""
    registration_skip_days: int = 14
    """For how many days somebody may put off what the policy asks, from when he was first asked."""
    vouching: tuple[Vouch, ...] = tuple(Vouch)
    """What may vouch for a first registration besides the password; any one of them is enough."""
    registration_open_until: str = ""
    """The last day of the window that is open for all, such as 2026-12-31 (UTC). Empty: for 14 days after
    the tenant was made."""
    registration_code_days: int = 14
    """For how many days a registration code can be used."""
    issuer: str = "Vestibule"
    """Name that authenticator apps show beside the account."""
    pin_least_digits: int = 4
    """Digits that a PIN has at least."""
    pin_most_digits: int = 20
    """Digits that a PIN has at most."""
    pin_refuse_simple: bool = True
    """Refuse a PIN with three equal digits in a row, or with a run of three."""
    pin_refuse_phone: bool = True
    """Refuse a PIN with four digits in a row of the person's own phone numbers."""
    pin_history: int = 5
    """How many PINs of a person are remembered, so that he does not come back to them."""
    pin_expiry_days: int = 0
    """Days after which a PIN must be changed; 0: never."""
    app_passwords: bool = False
    """People may make app passwords, and applications of legacy clients take them."""
    nt_hashes: bool = False
    """Keep a copy of each local password, once it is set anew, that MS-CHAPv2 can be checked with. The copy
    is as good as the password."""
    app_check: AppCheck = AppCheck.NOTHING
    """What an approval in the app needs besides the number."""
    app_plain_approval: bool = False
    """Where a door can show no number, a request in the app may be approved without one."""
    country_code: str = ""
    """Calling code of phone numbers that are written without one, such as 49. Empty: a number is written with
    its plus sign, so that nobody's passcodes go to a stranger in another country."""
    calling_codes: tuple[str, ...] = ()
    """Further calling codes that may be called and texted. Every country is closed until it is opened, here
    or by `country_code`; premium and satellite numbers are never open."""
    texts_per_number: int = 10
    """Texts and calls to one number within an hour, whoever they are for; 0: no limit."""
    texts_per_prefix: int = 100
    """Texts and calls within an hour to numbers that differ in their last four digits only; 0: no limit."""
    texts_per_tenant: int = 1000
    """Texts and calls of the whole tenant within an hour; 0: no limit."""
    texts_per_day: int = 0
    """Texts and calls of the whole tenant within a day of UTC; 0: no limit."""
    breaker_unanswered: int = 20
    """Texts and calls to a range of numbers within an hour of which nobody has answered one, after which
    nothing goes there for a while; 0: however many."""
    daily_cost_cap: int = 0
    """What texts and calls may cost within a day of UTC, in whole units of the currency in which the
    gateways' prices are written; 0: no cap."""

    password_reset: PasswordReset = PasswordReset.OFF
    """Who may reset a forgotten password by what he has registered."""
    password_reset_groups: tuple[str, ...] = ()
    """Ids of the groups whose members may, where not all may."""
    password_reset_by_phone: bool = False
    """Who may is also asked by a text, a call or a request in his app, although he has proven nothing yet."""
    security_questions: dict[str, tuple[str, ...]] = {}
    """By language, in their order: questions that may be answered at the portal in place of the second
    factor. None: that is not possible."""
    security_questions_kept: int = 4
    """How many of them a person picks and answers."""
    security_questions_right: int = 3
    """How many of his answers must be right."""
    disowning_blocks: bool = False
    """A person who says of an attempt that it was not he is blocked until an administrator lets him in."""
    help_contact: str = ""
    """How people reach the help desk, in words of the tenant's own; everybody may read it."""
    mail: MailSettings = msgspec.field(default_factory=MailSettings)
    """Who is told of what by e-mail, and in which words."""

    @property
    def open_codes(self) -> tuple[str, ...]:
        """The calling codes that are open. Who names the country of numbers without one has opened it."""
        return (self.country_code, *self.calling_codes) if self.country_code else self.calling_codes

    @property
    def pin_rules(self) -> PinRules:
        return PinRules(
            least_digits=self.pin_least_digits,
            most_digits=self.pin_most_digits,
            refuses_simple=self.pin_refuse_simple,
            refuses_phone=self.pin_refuse_phone,
            history=self.pin_history,
            expiry_days=self.pin_expiry_days,
        )


class Tenant(msgspec.Struct, frozen=True, kw_only=True):
    tenant_id: str
    name: str
    settings: TenantSettings = TenantSettings()
    created_at: int
    version: int = 1
    edition: Edition = Edition.FULL
    """What it may use now."""
    own_edition: Edition | None = None
    """What it may use without its provider and its licences, while those give it the full edition (S18); None
    while they give it nothing."""
    lapses_at: int = 0
    """When those give it no more, because there are not licences for everybody now (epoch ms); 0: they do."""
    is_standalone: bool = False
    """Was made with a provider that is linked to no other tenant: it has no people at the service, and ends
    with its provider (S25, S35)."""
    sendings_ceiling: int = 0
    """Texts and calls that the operator lets it send within a day of UTC, whatever its settings say; 0: as
    many as those say."""
    cost_ceiling: int = 0
    """The same of what those may cost, in whole units of the currency of the gateways' prices."""

    @property
    def registration_open_until(self) -> int:
        """When the window ends in which newcomers register with their password alone (epoch ms)."""
        last_day = self.settings.registration_open_until
        if not last_day:
            return self.created_at + OPEN_DAYS * DAY_MS
        midnight = datetime.strptime(last_day, "%Y-%m-%d").replace(tzinfo=UTC)
        return int(midnight.timestamp()) * 1000 + DAY_MS

    @property
    def takes_fraud_reports(self) -> bool:
        """On by default, so it has no effect in an edition that lacks it."""
        return self.settings.fraud_reports and has(self.edition, Feature.FRAUD_ALERT)
