"""Build: put the house together from its settings. The one place that knows every concrete class."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from vestibule.crypto.certificates import public_key_digest, written_pin
from vestibule.crypto.sealing import CannotUnseal, Sealer, context
from vestibule.crypto.secret import Secret
from vestibule.interfaces.clock import Clock
from vestibule.interfaces.countries import Countries
from vestibule.interfaces.frontend import Frontend
from vestibule.interfaces.store import Store, Transaction, Unavailable
from vestibule.runtime import registry
from vestibule.runtime.attribute_files import AttributeFiles
from vestibule.runtime.clock import SystemClock
from vestibule.runtime.country_database import CountryDatabase, NoCountries
from vestibule.runtime.key_file import KeyFileProblem, load_sealer, make_key_file
from vestibule.runtime.push import open_push
from vestibule.runtime.relay import open_relay
from vestibule.runtime.settings import HttpSettings, Settings
from vestibule.runtime.sound_files import SoundFiles
from vestibule.runtime.speech import EspeakSpeech
from vestibule.runtime.token_files import read_token_file
from vestibule.services.accounting import Accounting
from vestibule.services.activations import Activations
from vestibule.services.app_activations import AppActivations
from vestibule.services.app_checks import AppChecks
from vestibule.services.app_lists import AppLists
from vestibule.services.app_moves import AppMoves
from vestibule.services.app_passwords import AppPasswords
from vestibule.services.app_pushes import AppPushes
from vestibule.services.app_relay import AppRelay
from vestibule.services.applications import Applications
from vestibule.services.apps import Apps
from vestibule.services.asking import Asking
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
from vestibule.services.directory_phones import DirectoryPhones
from vestibule.services.disowning import Disowning
from vestibule.services.dispatches import Dispatches
from vestibule.services.editions import Editions
from vestibule.services.enrollment import Enrollments
from vestibule.services.fair_share import FairShare
from vestibule.services.first_factor import FirstFactors
from vestibule.services.gateway_settings import GatewaySettings
from vestibule.services.gateways import Gateways
from vestibule.services.granting import Grants
from vestibule.services.groups import Groups
from vestibule.services.guard import Guard
from vestibule.services.housekeeping import Housekeeping
from vestibule.services.inbox import Inboxes
from vestibule.services.licences import Licences
from vestibule.services.mail_attachments import MailAttachments
from vestibule.services.mails import Mails
from vestibule.services.metering import Metering
from vestibule.services.metrics import Metrics
from vestibule.services.notices import Notices
from vestibule.services.nt_hashes import NtHashes
from vestibule.services.out_of_band import OutOfBand
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
from vestibule.services.proving import Prover
from vestibule.services.provisioned_groups import ProvisionedGroups
from vestibule.services.provisioned_users import ProvisionedUsers
from vestibule.services.proxying import Proxying
from vestibule.services.range_breakers import RangeBreakers
from vestibule.services.refused_acts import RefusedActs
from vestibule.services.registration import Registrations
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
from vestibule.services.sending_outcomes import SendingOutcomes
from vestibule.services.service_gateways import ServiceGateways
from vestibule.services.services import Services
from vestibule.services.sessions import Sessions
from vestibule.services.setup import Setup
from vestibule.services.simulated_phones import SimulatedPhones
from vestibule.services.spraying import Spraying
from vestibule.services.statements import Statements
from vestibule.services.synchronisations import Synchronisations
from vestibule.services.synchronising import Synchronising
from vestibule.services.token_import import TokenImports
from vestibule.services.user_import import UserImports
from vestibule.services.users import Users
from vestibule.services.verification import Verifications
from vestibule.services.voice_messages import VoiceMessages
from vestibule.services.vouchers import Vouchers
from vestibule.services.vouching import Vouching
from vestibule.services.waiting import Waiting
from vestibule.stores import open_store

_KEY_CHECK = "key_check"
_KEY_CHECK_CONTENT = b"this database is sealed under the right key"


@dataclass(frozen=True, slots=True)
class House:
    """Everything built and connected, nothing bound to an address yet."""

    settings: Settings
    store: Store
    sealer: Sealer
    services: Services
    first_factors: FirstFactors

    def frontends(self) -> list[Frontend]:
        """Return every front end, not yet started."""
        return [
            kind.open(self.services, getattr(self.settings, name, None))
            for name, kind in registry.frontends().items()
        ]

    async def close(self) -> None:
        await self.services.synchronisations.close()
        await self.services.relaying.close()
        await self.services.relayed_calls.close()
        await self.services.gateways.close()
        await self.services.apps.pushes.close()
        await self.services.device_records.close()
        await self.services.refused_acts.close()
        await self.first_factors.close()
        await self.store.close()


async def build(settings: Settings, *, migrate: bool = False, clock: Clock | None = None) -> House:
    """Open the store and the key file and build every service.

    With `migrate` the schema is made or brought up to date, and a key file is made where there is
    neither a key file nor anything sealed. Raises `Unavailable`, `KeyFileProblem`, `PushProblem` or
    `PluginProblem` with the cause and the next step.
    """
    settings.state_directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    store = open_store(settings.database_url.reveal(), clock)
    try:
        if migrate:
            await store.migrate()
        await store.open()
        sealer = await _sealer(store, settings, may_make=migrate)
        return await _house(settings, store, sealer, clock or SystemClock())
    except BaseException:
        await store.close()
        raise


async def _house(settings: Settings, store: Store, sealer: Sealer, clock: Clock) -> House:
    metrics, node = Metrics(), Node(settings.node.name, settings.node.address)
    configuration, share = ConfigurationCache(store, sealer), FairShare(metrics)
    await configuration.refresh()
    prover = Prover(registry.methods(), sealer, configuration)
    vouching = Vouching(store, configuration, prover, sealer)
    kinds = registry.directories()
    first_factors = FirstFactors(kinds, configuration, sealer)
    passwords = Passwords(store, configuration, first_factors, NtHashes(store, configuration, sealer))
    sessions = Sessions(store, configuration, prover, vouching)
    setup = Setup(store, configuration, prover, sealer, sessions)
    proposals = Proposals(store, configuration)
    guard = Guard(store, proposals)
    applications = Applications(store, configuration, sealer, proposals)
    breakers = RangeBreakers(store, configuration, SendingOutcomes(store))
    gateways = Gateways(registry.gateways(), configuration, sealer, breakers.outcomes)
    limits = SendingLimits(store, clock, configuration, gateways, metrics, breakers)
    deliveries = Deliveries(store, gateways, configuration, limits, sealer, node, share)
    dispatches = Dispatches(store, gateways, sealer, node, MailAttachments(store))
    mails = Mails(configuration, gateways, dispatches, settings.http.public_url)
    reporting = Reporting(store, configuration, registry.reports())
    notices = Notices(store, configuration, gateways, mails, dispatches)
    relay = open_relay(settings.role, store, configuration, sealer, node, gateways, deliveries, limits)
    out_of_band = OutOfBand(deliveries, limits, gateways, sealer)
    asking, waiting = Asking(out_of_band, prover.methods, node), Waiting(store)
    pins = Pins(store, configuration, sealer, guard)
    proxying = Proxying(store, configuration, first_factors, sealer)
    spraying = Spraying(store, configuration, metrics)
    verifications = Verifications(
        store,
        configuration,
        prover,
        first_factors,
        asking,
        waiting,
        pins,
        proxying,
        node,
        metrics,
        spraying,
        share,
    )
    phones = Phones(store, configuration, prover, guard)
    enrollments = Enrollments(store, configuration, prover, guard)
    app_lists, device_records = AppLists(store), DeviceRecords(store)
    push = await open_push(store, sealer, settings.push)
    countries = _countries(settings.country_database)
    pushes = AppPushes(store, sealer, relay.pusher(push), device_records)
    verifications.on_asked(pushes.wake)
    calls = Calls(store, verifications, configuration, prover.methods, pins, relay.relayed_calls)
    voice_messages = VoiceMessages(store, configuration, SoundFiles())
    inboxes = Inboxes(
        store,
        verifications,
        out_of_band,
        calls,
        voice_messages,
        EspeakSpeech(),
        relay.relaying,
        relay.relayed_calls,
    )
    deliveries.on_call(calls.placed)
    gateways.connect(
        inboxes.open,
        settings.http.public_url,
        frozenset(settings.webhook.private_hosts),
        relay.to_service,
    )
    deliveries.on_lost(inboxes.lost)
    app_checks = AppChecks(store, pins)
    app_activations = AppActivations(
        store,
        configuration,
        enrollments,
        sessions,
        out_of_band,
        prover,
        app_lists,
        sealer,
        node,
        os.urandom,
    )
    apps = Apps(
        store,
        configuration,
        enrollments,
        verifications,
        app_lists,
        app_checks,
        pushes,
        device_records,
        countries,
    )
    users = Users(store, configuration, prover, notices, guard, passwords.nt_hashes)
    groups = Groups(store, configuration)
    requirements = Requirements(store, configuration, prover, guard)
    password_resets = PasswordResets(store, configuration, prover, passwords, spraying)
    synchronisations = Synchronisations(
        store,
        configuration,
        Synchronising(
            store,
            configuration,
            first_factors,
            users,
            notices,
            DirectoryPhones(configuration, prover),
            node,
        ),
    )
    services = Services(
        node=node,
        clock=clock,
        metrics=metrics,
        configuration=configuration,
        verifications=verifications,
        deliveries=deliveries,
        dispatches=dispatches,
        mails=mails,
        mail_attachments=dispatches.attachments,
        notices=notices,
        outbox=Outbox(store, configuration, gateways, mails, dispatches),
        gateways=gateways,
        gateway_settings=GatewaySettings(store, configuration, sealer, gateways, phones, limits),
        sending_limits=limits,
        range_breakers=breakers,
        spraying=spraying,
        waiting=waiting,
        users=users,
        user_imports=UserImports(store, configuration),
        provisioned_users=ProvisionedUsers(
            store, configuration, users, DirectoryPhones(configuration, prover)
        ),
        provisioned_groups=ProvisionedGroups(store, configuration, groups),
        groups=groups,
        roles=Roles(store, configuration, proposals, setup),
        proposals=proposals,
        bulk=Bulk(store, guard, (*users.bulk_acts, *groups.bulk_acts, *requirements.bulk_acts)),
        blocks=Blocks(store, configuration, guard),
        bypasses=Bypasses(store, configuration, guard),
        passes=Passes(store, prover, guard),
        enrollments=enrollments,
        pins=pins,
        proxying=proxying,
        accounting=Accounting(store),
        certificates=Certificates(store, configuration, sealer, clock),
        client_sightings=ClientSightings(store, configuration, proxying),
        dictionaries=Dictionaries(store, AttributeFiles()),
        reply_attributes=ReplyAttributes(store, configuration, sealer, AttributeFiles()),
        grants=Grants(store, configuration, sealer),
        app_passwords=AppPasswords(store, configuration, guard),
        calls=calls,
        phones=phones,
        activations=Activations(
            store, configuration, phones, enrollments, sessions, out_of_band, waiting, node
        ),
        app_activations=app_activations,
        apps=apps,
        app_moves=AppMoves(store, configuration, enrollments, app_activations, app_checks, sealer),
        app_lists=app_lists,
        app_relay=AppRelay(store, relay.links, is_open=relay.links.is_open),
        relayed_apps=relay.answer(store, configuration, inboxes, push),
        relaying=relay.relaying,
        relayed_calls=relay.relayed_calls,
        attempt_telling=AttemptTelling(store, relay.service_link, configuration),
        service_gateways=ServiceGateways(store, configuration),
        applications=applications,
        ceilings=Ceilings(store, configuration),
        editions=Editions(store, configuration),
        providers=Providers(store, configuration),
        brandings=Brandings(store, configuration),
        licences=Licences(store, configuration, clock),
        directories=Directories(kinds, first_factors),
        directory_people=DirectoryPeople(store, first_factors),
        synchronisations=synchronisations,
        directory_links=DirectoryLinks(store, Directories(kinds, first_factors), synchronisations, guard),
        rule_sets=RuleSets(store, configuration, prover),
        remembered_browsers=RememberedBrowsers(store, configuration, guard),
        break_glass=BreakGlass(store, guard),
        sessions=sessions,
        vouching=vouching,
        vouchers=Vouchers(store, configuration, sealer, os.urandom, mails, guard),
        registrations=Registrations(store, configuration, prover, enrollments, vouching),
        requirements=requirements,
        attempts=Attempts(store, configuration, guard),
        reporting=reporting,
        report_runs=ReportRuns(store, reporting, mails, node, settings.http.public_url),
        disowning=Disowning(store, configuration),
        passwords=passwords,
        nt_hashes=passwords.nt_hashes,
        security_questions=SecurityQuestions(store, configuration, sealer),
        password_resets=password_resets,
        resets_by_phone=ResetsByPhone(
            store, configuration, prover, verifications, passwords, password_resets
        ),
        device_records=device_records,
        refused_acts=RefusedActs(store, clock),
        countries=countries,
        setup=setup,
        demonstrations=Demonstrations(
            store, clock, configuration, sealer, applications, setup, prover, gateways, phones
        ),
        simulated_phones=SimulatedPhones(gateways, sealer),
        token_imports=TokenImports(store, prover, share, read_token_file),
        housekeeping=Housekeeping(store, metrics),
        metering=Metering(store),
        phone_costs=PhoneCosts(store, configuration),
        price_lists=PriceLists(store),
        statements=Statements(store, configuration),
        budgets=Budgets(store),
        voice_messages=voice_messages,
        links=relay.links,
        service_link=relay.service_link,
        replication=Replication(store, relay.links, _own_pin(settings.http)),
        public_url=settings.http.public_url,
        form_key=Secret(sealer.derive("forms").hex()),
        check_store=store.check,
    )
    return House(settings, store, sealer, services, first_factors)


def _countries(file: Path | None) -> Countries:
    return NoCountries() if file is None else CountryDatabase(file)


def _own_pin(http: HttpSettings) -> str:
    """Return the public key that this node's TLS shows; nothing without one, or where it is unusable."""
    if http.tls_certificate is None:
        return ""
    try:
        return written_pin(public_key_digest(http.tls_certificate.read_bytes()))
    except (OSError, ValueError):
        return ""


async def _sealer(store: Store, settings: Settings, *, may_make: bool) -> Sealer:
    """Return the sealer of the key file, after proving that it opens what this database holds."""
    sealed = await store.read(lambda tx: tx.note(_KEY_CHECK))
    path = settings.key_file
    if not path.exists():
        if sealed is not None:
            raise KeyFileProblem(
                f"There is no key file {path}, but the database was sealed under one. "
                "Put the key file back from its safe copy; a new one could open nothing."
            )
        if not may_make:
            raise KeyFileProblem(f"There is no key file {path} yet. The first start makes one: vestibule run")
        make_key_file(path)
    sealer = load_sealer(path)
    bound_to = context("", _KEY_CHECK)
    if sealed is None:
        made = sealer.seal(_KEY_CHECK_CONTENT, bound_to).hex()

        async def put(tx: Transaction) -> None:
            await tx.put_note(_KEY_CHECK, made)

        await store.transact(put)
        return sealer
    try:
        sealer.unseal(bytes.fromhex(sealed), bound_to)
    except CannotUnseal:
        raise KeyFileProblem(
            f"The key file {path} is not the one this database was sealed under. "
            "Name the right one (key_file) or put it back from its safe copy."
        ) from None
    return sealer


__all__ = ["House", "KeyFileProblem", "Unavailable", "build"]
