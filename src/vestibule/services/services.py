"""All services of one process, built once by the composition root and handed to every front end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from vestibule.crypto.secret import Secret
from vestibule.interfaces.clock import Clock
from vestibule.interfaces.countries import Countries
from vestibule.interfaces.frontend import Frontend
from vestibule.services.accounting import Accounting
from vestibule.services.activations import Activations
from vestibule.services.app_activations import AppActivations
from vestibule.services.app_lists import AppLists
from vestibule.services.app_moves import AppMoves
from vestibule.services.app_passwords import AppPasswords
from vestibule.services.app_relay import AppRelay, RelayedApps
from vestibule.services.applications import Applications
from vestibule.services.apps import Apps
from vestibule.services.attempt import Node
from vestibule.services.attempt_telling import AttemptTelling
from vestibule.services.attempts import Attempts
from vestibule.services.blocks import Blocks
from vestibule.services.branding import Brandings
from vestibule.services.break_glass import BreakGlass
from vestibule.services.budgets import Budgets
from vestibule.services.bulk import Bulk
from vestibule.services.bypasses import Bypasses
from vestibule.services.calls import Calls
from vestibule.services.ceilings import Ceilings
from vestibule.services.certificates import Certificates
from vestibule.services.client_sightings import ClientSightings
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.deliveries import Deliveries
from vestibule.services.demonstration import Demonstrations
from vestibule.services.device_records import DeviceRecords
from vestibule.services.dictionaries import Dictionaries
from vestibule.services.directories import Directories
from vestibule.services.directory_links import DirectoryLinks
from vestibule.services.directory_people import DirectoryPeople
from vestibule.services.disowning import Disowning
from vestibule.services.dispatches import Dispatches
from vestibule.services.editions import Editions
from vestibule.services.enrollment import Enrollments
from vestibule.services.gateway_settings import GatewaySettings
from vestibule.services.gateways import Gateways
from vestibule.services.granting import Grants
from vestibule.services.groups import Groups
from vestibule.services.housekeeping import Housekeeping
from vestibule.services.licences import Licences
from vestibule.services.links import ServiceLinks
from vestibule.services.mail_attachments import MailAttachments
from vestibule.services.mails import Mails
from vestibule.services.metering import Metering
from vestibule.services.metrics import Metrics
from vestibule.services.notices import Notices
from vestibule.services.nt_hashes import NtHashes
from vestibule.services.outbox import Outbox
from vestibule.services.passes import Passes
from vestibule.services.password_reset import PasswordResets
from vestibule.services.passwords import Passwords
from vestibule.services.phone_costs import PhoneCosts
from vestibule.services.phones import Phones
from vestibule.services.pins import Pins
from vestibule.services.price_lists import PriceLists
from vestibule.services.proposals import Proposals
from vestibule.services.providers import Providers
from vestibule.services.provisioned_groups import ProvisionedGroups
from vestibule.services.provisioned_users import ProvisionedUsers
from vestibule.services.proxying import Proxying
from vestibule.services.range_breakers import RangeBreakers
from vestibule.services.refused_acts import RefusedActs
from vestibule.services.registration import Registrations
from vestibule.services.relayed_calls import RelayedCalls
from vestibule.services.relaying import Relaying
from vestibule.services.remembered_browsers import RememberedBrowsers
from vestibule.services.replication import Replication
from vestibule.services.reply_attributes import ReplyAttributes
from vestibule.services.report_runs import ReportRuns
from vestibule.services.reporting import Reporting
from vestibule.services.requirements import Requirements
from vestibule.services.reset_by_phone import ResetsByPhone
from vestibule.services.roles import Roles
from vestibule.services.rule_sets import RuleSets
from vestibule.services.security_questions import SecurityQuestions
from vestibule.services.sending_limits import SendingLimits
from vestibule.services.service_gateways import ServiceGateways
from vestibule.services.service_link import ServiceLink
from vestibule.services.sessions import Sessions
from vestibule.services.setup import Setup
from vestibule.services.simulated_phones import SimulatedPhones
from vestibule.services.spraying import Spraying
from vestibule.services.statements import Statements
from vestibule.services.synchronisations import Synchronisations
from vestibule.services.token_import import TokenImports
from vestibule.services.user_import import UserImports
from vestibule.services.users import Users
from vestibule.services.verification import Verifications
from vestibule.services.voice_messages import VoiceMessages
from vestibule.services.vouchers import Vouchers
from vestibule.services.vouching import Vouching
from vestibule.services.waiting import Waiting


@dataclass(frozen=True, slots=True)
class Services:
    node: Node
    clock: Clock
    metrics: Metrics
    configuration: ConfigurationCache
    verifications: Verifications
    deliveries: Deliveries
    dispatches: Dispatches
    mails: Mails
    mail_attachments: MailAttachments
    notices: Notices
    outbox: Outbox
    gateways: Gateways
    gateway_settings: GatewaySettings
    sending_limits: SendingLimits
    range_breakers: RangeBreakers
    spraying: Spraying
    waiting: Waiting
    calls: Calls
    users: Users
    user_imports: UserImports
    provisioned_users: ProvisionedUsers
    provisioned_groups: ProvisionedGroups
    groups: Groups
    roles: Roles
    proposals: Proposals
    bulk: Bulk
    blocks: Blocks
    bypasses: Bypasses
    passes: Passes
    enrollments: Enrollments
    pins: Pins
    proxying: Proxying
    accounting: Accounting
    certificates: Certificates
    client_sightings: ClientSightings
    dictionaries: Dictionaries
    reply_attributes: ReplyAttributes
    grants: Grants
    app_passwords: AppPasswords
    phones: Phones
    activations: Activations
    app_activations: AppActivations
    apps: Apps
    app_moves: AppMoves
    app_lists: AppLists
    app_relay: AppRelay
    relayed_apps: RelayedApps
    relaying: Relaying
    relayed_calls: RelayedCalls
    attempt_telling: AttemptTelling
    service_gateways: ServiceGateways
    applications: Applications
    ceilings: Ceilings
    editions: Editions
    providers: Providers
    licences: Licences
    brandings: Brandings
    directories: Directories
    directory_people: DirectoryPeople
    directory_links: DirectoryLinks
    synchronisations: Synchronisations
    rule_sets: RuleSets
    remembered_browsers: RememberedBrowsers
    break_glass: BreakGlass
    sessions: Sessions
    vouching: Vouching
    vouchers: Vouchers
    registrations: Registrations
    requirements: Requirements
    attempts: Attempts
    reporting: Reporting
    report_runs: ReportRuns
    disowning: Disowning
    passwords: Passwords
    nt_hashes: NtHashes
    security_questions: SecurityQuestions
    password_resets: PasswordResets
    resets_by_phone: ResetsByPhone
    device_records: DeviceRecords
    refused_acts: RefusedActs
    countries: Countries
    setup: Setup
    demonstrations: Demonstrations
    simulated_phones: SimulatedPhones
    token_imports: TokenImports
    housekeeping: Housekeeping
    metering: Metering
    phone_costs: PhoneCosts
    price_lists: PriceLists
    statements: Statements
    budgets: Budgets
    voice_messages: VoiceMessages
    links: ServiceLinks
    """To the servers, where this is their service."""
    service_link: ServiceLink
    """To the service, where this is one of its servers."""
    replication: Replication
    public_url: str
    """Where people reach the pages, without a slash at the end."""
    form_key: Secret[str]
    """What forms and repeated requests are signed with: the same on every node."""
    check_store: Callable[[], Awaitable[None]]
    """Raises `Unavailable` unless this node could decide durably now."""


class FrontendKind(Protocol):
    """The constant `FRONTEND` of a front end: its name and how to open it."""

    name: str

    def open(self, services: Services, settings: object) -> Frontend:
        """Return a front end that is not yet bound. `settings` is the section of its name in the
        settings of the process, None if there is none."""
        ...
