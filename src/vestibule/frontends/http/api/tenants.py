"""Tenants and their settings. Only a key of the system tenant sees more than its own."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from litestar import Controller, get, post, put
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import JSONBody
from msgspec import Meta

from vestibule.frontends.http.api.caller import Caller, check_methods
from vestibule.frontends.http.api.description import problems
from vestibule.frontends.http.api.records.listing import Listing, whole
from vestibule.frontends.http.api.records.tenants import TenantRecord, tenant_record
from vestibule.frontends.http.api.request import Discreet, invalid
from vestibule.frontends.http.api.values import Id, Name, PathId
from vestibule.frontends.http.rights import ANY_ROLE, needs
from vestibule.model.actor import Right
from vestibule.model.edition import Edition
from vestibule.model.mail_settings import MailSettings
from vestibule.model.mail_template import LONGEST_SUBJECT, MailTemplate
from vestibule.model.mail_template import LONGEST_TEXT as LONGEST_MAIL
from vestibule.model.tenant import Tenant, TenantSettings
from vestibule.services.refusal import Refusal, Refused

TenantId = Annotated[str, Meta(max_length=63, pattern=r"^[a-z0-9][a-z0-9-]*$")]
Count = Annotated[int, Meta(ge=1, le=86_400)]
PinDigits = Annotated[int, Meta(ge=4, le=20)]
TextSeconds = Annotated[int, Meta(ge=30, le=3600)]
Language = Literal["en", "de"]
Template = Annotated[str, Meta(min_length=1, max_length=300, pattern=r"^[^\x00-\x1f\x7f]*$")]
AlertKind = Annotated[str, Meta(max_length=64, pattern=r"^(\*|[a-z_]+\.[a-z_]+)$")]
MailAddress = Annotated[str, Meta(max_length=254, pattern=r"^[^\x00-\x20\x7f]+@[^\x00-\x20\x7f]+$")]
AlertAddresses = Annotated[tuple[MailAddress, ...], Meta(max_length=20)]
TemplateName = Annotated[str, Meta(max_length=64, pattern=r"^[a-z_.]+\.(en|de)$")]
TrustedAddress = Annotated[str, Meta(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
Question = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
CallingCode = Annotated[str, Meta(max_length=7, pattern=r"^[1-9][0-9]{0,6}$")]


class NewTemplate(MailTemplate, frozen=True, forbid_unknown_fields=True):
    subject: Annotated[str, Meta(min_length=1, max_length=LONGEST_SUBJECT, pattern=r"^[^\x00]*$")]
    """On one line; may have the placeholders of the template."""
    text: Annotated[str, Meta(min_length=1, max_length=LONGEST_MAIL, pattern=r"^[^\x00]*$")]
    """Paragraphs with an empty line between them; may have the placeholders of the template."""
    sender: Annotated[str, Meta(max_length=254, pattern=r"^([^\x00-\x20\x7f]+@[^\x00-\x20\x7f]+)?$")] = ""
    """The address that readers see as the sender; empty: that of the gateway."""


class NewMailSettings(MailSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is told of what by e-mail, and in which words."""

    alerts: Annotated[dict[AlertKind, AlertAddresses], Meta(max_length=200)] = msgspec.field(
        default_factory=dict
    )
    alerts_per_hour: Annotated[int, Meta(ge=1, le=1000)] = 5
    templates: Annotated[dict[TemplateName, NewTemplate], Meta(max_length=200)] = msgspec.field(  # type: ignore[assignment] # narrower than what is stored
        default_factory=dict
    )


class NewSettings(TenantSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings as a whole: what is left out gets its default."""

    language: Language = "en"
    lockout_threshold: Count = 10
    lockout_seconds: Count = 900
    lockout_reset_seconds: Annotated[int, Meta(ge=0, le=86_400)] = 900
    block_days: Annotated[int, Meta(ge=1, le=3650)] = 90
    hard_stop: Count = 100
    spraying_failures: Annotated[int, Meta(ge=20, le=1_000_000)] = 200
    spraying_pause_seconds: Annotated[int, Meta(ge=0, le=5)] = 2
    service_spraying_failures: Annotated[int, Meta(ge=20, le=10_000_000)] = 1000
    challenge_seconds: Count = 180
    challenge_tries: Count = 3
    issuer: Name = "Vestibule"
    pin_least_digits: PinDigits = 4
    pin_most_digits: PinDigits = 20
    pin_history: Annotated[int, Meta(ge=0, le=24)] = 5
    pin_expiry_days: Annotated[int, Meta(ge=0, le=3650)] = 0
    country_code: Annotated[str, Meta(max_length=3, pattern=r"^([1-9][0-9]{0,2})?$")] = ""
    calling_codes: Annotated[tuple[CallingCode, ...], Meta(max_length=250)] = ()
    trusted_addresses: Annotated[tuple[TrustedAddress, ...], Meta(max_length=1000)] = ()
    text_one_way_seconds: TextSeconds = 300
    text_two_way_seconds: TextSeconds = 300
    call_seconds: Annotated[int, Meta(ge=30, le=600)] = 120
    app_seconds: Annotated[int, Meta(ge=15, le=300)] = 60
    app_devices: Annotated[int, Meta(ge=1, le=10)] = 5
    app_unapproved_per_hour: Annotated[int, Meta(ge=1, le=100)] = 5
    texts_per_hour: Annotated[int, Meta(ge=1, le=100)] = 10
    texts_per_number: Annotated[int, Meta(ge=0, le=1000)] = 10
    texts_per_prefix: Annotated[int, Meta(ge=0, le=100_000)] = 100
    texts_per_tenant: Annotated[int, Meta(ge=0, le=1_000_000)] = 1000
    texts_per_day: Annotated[int, Meta(ge=0, le=10_000_000)] = 0
    breaker_unanswered: Annotated[int, Meta(ge=0, le=10_000)] = 20
    daily_cost_cap: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    text_templates: Annotated[dict[Language, Template], Meta(max_length=2)] = msgspec.field(  # type: ignore[assignment]
        default_factory=dict
    )
    fraud_code: Annotated[str, Meta(pattern=r"^[0-9]{1,8}$")] = "0"
    mail: NewMailSettings = msgspec.field(default_factory=MailSettings)  # type: ignore[assignment] # a default is not converted
    caller_id: Annotated[str, Meta(max_length=16, pattern=r"^(\+[1-9][0-9]{6,14})?$")] = ""
    security_questions: Annotated[dict[Language, tuple[Question, ...]], Meta(max_length=2)] = msgspec.field(  # type: ignore[assignment] # the languages are known here
        default_factory=dict
    )
    security_questions_kept: Annotated[int, Meta(ge=2, le=10)] = 4
    security_questions_right: Annotated[int, Meta(ge=2, le=10)] = 3
    password_reset_groups: Annotated[tuple[Id, ...], Meta(max_length=100)] = ()
    help_contact: Annotated[str, Meta(max_length=500)] = ""
    methods: Annotated[tuple[Id, ...], Meta(max_length=50)] = ()
    registration_methods: Annotated[int, Meta(ge=1, le=2)] = 1
    registration_groups: Annotated[tuple[Id, ...], Meta(max_length=200)] = ()
    registration_except_groups: Annotated[tuple[Id, ...], Meta(max_length=200)] = ()
    registration_skip_days: Annotated[int, Meta(ge=0, le=365)] = 14
    registration_open_until: Annotated[
        str, Meta(max_length=10, pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$")
    ] = ""
    registration_code_days: Annotated[int, Meta(ge=1, le=90)] = 14


class SettingsRequest(NewSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings as a whole: what is left out gets its default."""

    pfsvc_pendingSmsTimeoutSeconds: TextSeconds | None = None  # noqa: N815 - the name it had
    """The name that `text_two_way_seconds` had in the product before; it must not stand beside it."""
    knows_nt_hashes: bool = False
    """You know why NT hashes should not be kept: each is as good as the password, and whoever records one
    sign-in with MS-CHAPv2 can compute it. Without this, `nt_hashes` cannot be switched on."""


class NewTenant(Discreet):
    id: TenantId
    """Cannot be changed later; a part of addresses."""
    name: Name


class NewEdition(Discreet):
    edition: Edition


class NewCeiling(Discreet):
    sendings: Annotated[int, Meta(ge=0, le=10_000_000)]
    """Texts and calls within a day of UTC; 0: as many as the tenant's settings say."""
    cost: Annotated[int, Meta(ge=0, le=1_000_000)]
    """What they may cost, in whole units of the currency of its gateways' prices; 0: as much as the tenant's
    settings say."""


class Tenants(Controller):
    tags = ("Tenants",)

    @get("/tenants", responses=problems(404), opt=ANY_ROLE)
    async def list_tenants(self, caller: NamedDependency[Caller]) -> Listing[TenantRecord]:
        """List the tenants in reach of this key."""
        return whole(tenant_record(tenant) for tenant in _in_reach(caller))

    @post("/tenants", responses=problems(404, 409), opt=needs(Right.TENANTS))
    async def add_tenant(self, caller: NamedDependency[Caller], data: JSONBody[NewTenant]) -> TenantRecord:
        """Add a tenant with a portal. For keys of the system tenant."""
        services = caller.services
        if data.id in services.configuration.current.tenants:
            raise Refused(Refusal.NAME_TAKEN, data.id)
        added = await services.applications.add_tenant(caller.actor, data.id, data.name)
        await services.setup.ensure_portal(data.id)
        return tenant_record(added)

    @put("/tenants/{tenant_id:str}/edition", responses=problems(404, 409), opt=needs(Right.TENANTS))
    async def change_edition(
        self, caller: NamedDependency[Caller], tenant_id: PathId, data: JSONBody[NewEdition]
    ) -> TenantRecord:
        """Give a tenant another edition. For keys of the system tenant. An `edition_exceeded` names what is
        in use and the edition has not."""
        if tenant_id not in caller.services.configuration.current.tenants:
            raise NotFoundException
        changed = await caller.services.editions.change(caller.actor, tenant_id, data.edition)
        return tenant_record(changed)

    @put("/tenants/{tenant_id:str}/ceiling", responses=problems(404, 409), opt=needs(Right.TENANTS))
    async def change_ceiling(
        self, caller: NamedDependency[Caller], tenant_id: PathId, data: JSONBody[NewCeiling]
    ) -> TenantRecord:
        """Say what a tenant may send within a day, whatever its own settings say. For keys of the system
        tenant."""
        if tenant_id not in caller.services.configuration.current.tenants:
            raise NotFoundException
        changed = await caller.services.ceilings.change(
            caller.actor, tenant_id, sendings=data.sendings, cost=data.cost
        )
        return tenant_record(changed)

    @get("/settings", responses=problems(404), opt=needs(Right.READ_CONFIGURATION))
    async def read_settings(self, caller: NamedDependency[Caller]) -> TenantSettings:
        """Read the settings of the tenant."""
        return caller.services.configuration.current.tenants[caller.tenant_id].settings

    @put("/settings", responses=problems(404, 409, 422), opt=needs(Right.SETTINGS))
    async def replace_settings(
        self, caller: NamedDependency[Caller], data: JSONBody[SettingsRequest]
    ) -> TenantSettings:
        """Replace the settings of the tenant as a whole."""
        settings = _settings(data)
        check_methods(caller, settings.methods)
        changed = await caller.services.applications.change_settings(
            caller.actor, caller.tenant_id, settings, knows_nt_hashes=data.knows_nt_hashes
        )
        return changed.settings


def _settings(data: SettingsRequest) -> TenantSettings:
    """Return the settings under their own names (S53)."""
    given = msgspec.structs.asdict(data)
    given["mail"] = msgspec.convert(msgspec.to_builtins(data.mail), MailSettings)
    del given["knows_nt_hashes"]
    waited = given.pop("pfsvc_pendingSmsTimeoutSeconds")
    if waited is not None:
        if data.text_two_way_seconds not in (waited, TenantSettings().text_two_way_seconds):
            raise invalid("pfsvc_pendingSmsTimeoutSeconds", "text_two_way_seconds says something else")
        given["text_two_way_seconds"] = waited
    return TenantSettings(**given)


def _in_reach(caller: Caller) -> list[Tenant]:
    tenants = caller.services.configuration.current.tenants.values()
    return [tenant for tenant in tenants if caller.reaches_all or tenant.tenant_id == caller.tenant_id]
