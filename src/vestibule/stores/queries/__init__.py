"""The methods of a transaction, by subject, for both engines: named SQL and what it means."""

from __future__ import annotations

from vestibule.stores.queries.accounting_records import AccountingRecords
from vestibule.stores.queries.alert_counts import AlertCounts
from vestibule.stores.queries.app_passwords import AppPasswords
from vestibule.stores.queries.attempts import Attempts
from vestibule.stores.queries.authenticators import Authenticators
from vestibule.stores.queries.billing import Billing
from vestibule.stores.queries.blocks import Blocks
from vestibule.stores.queries.brandings import Brandings
from vestibule.stores.queries.bypasses import Bypasses
from vestibule.stores.queries.client_sightings import ClientSightings
from vestibule.stores.queries.configuration import ConfigurationRecords
from vestibule.stores.queries.deliveries import Deliveries
from vestibule.stores.queries.device_records import DeviceRecords
from vestibule.stores.queries.dispatches import Dispatches
from vestibule.stores.queries.groups import Groups
from vestibule.stores.queries.held_replies import HeldReplies
from vestibule.stores.queries.history import History
from vestibule.stores.queries.housekeeping import Housekeeping
from vestibule.stores.queries.licences import Licences
from vestibule.stores.queries.mail_attachments import MailAttachments
from vestibule.stores.queries.metering import Metering
from vestibule.stores.queries.nt_hashes import NtHashRows
from vestibule.stores.queries.people import People
from vestibule.stores.queries.people_lists import PeopleLists
from vestibule.stores.queries.phone_costs import PhoneCosts
from vestibule.stores.queries.pins import Pins
from vestibule.stores.queries.providers import Providers
from vestibule.stores.queries.provisioned import ProvisionedPeople
from vestibule.stores.queries.range_breakers import RangeBreakers
from vestibule.stores.queries.relayed_deliveries import RelayedDeliveries
from vestibule.stores.queries.remembered_browsers import RememberedBrowsers
from vestibule.stores.queries.replication import Replication
from vestibule.stores.queries.reply_attributes import ReplyAttributes
from vestibule.stores.queries.report_runs import ReportRuns
from vestibule.stores.queries.reports import Reports
from vestibule.stores.queries.roles import Roles
from vestibule.stores.queries.rule_sets import RuleSets
from vestibule.stores.queries.security_answers import SecurityAnswerRows
from vestibule.stores.queries.sending_counts import SendingCounts
from vestibule.stores.queries.server_records import ServerRecords
from vestibule.stores.queries.sessions import Sessions
from vestibule.stores.queries.source_throttles import SourceThrottles
from vestibule.stores.queries.spraying import Spraying
from vestibule.stores.queries.subjects import Subjects
from vestibule.stores.queries.synchronisations import Synchronisations
from vestibule.stores.queries.tenants import Tenants
from vestibule.stores.queries.voice_messages import VoiceMessages
from vestibule.stores.queries.vouchers import Vouchers
from vestibule.stores.queries.waiting import Waiting


class Queries(
    Subjects,
    SourceThrottles,
    Spraying,
    Attempts,
    Waiting,
    DeviceRecords,
    HeldReplies,
    AccountingRecords,
    ServerRecords,
    ClientSightings,
    ReplyAttributes,
    Deliveries,
    RelayedDeliveries,
    Dispatches,
    MailAttachments,
    AlertCounts,
    SendingCounts,
    RangeBreakers,
    People,
    PeopleLists,
    Groups,
    Roles,
    Pins,
    SecurityAnswerRows,
    NtHashRows,
    AppPasswords,
    Vouchers,
    Blocks,
    Bypasses,
    Authenticators,
    ConfigurationRecords,
    RuleSets,
    Brandings,
    Providers,
    Licences,
    Tenants,
    Sessions,
    RememberedBrowsers,
    History,
    Reports,
    ReportRuns,
    Housekeeping,
    VoiceMessages,
    Synchronisations,
    ProvisionedPeople,
    Replication,
    Metering,
    PhoneCosts,
    Billing,
):
    """Everything that `interfaces.store.Transaction` promises."""

    __slots__ = ()


__all__ = ["Queries"]
