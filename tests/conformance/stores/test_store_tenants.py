"""Tenants: two with the same names in everything see and change nothing of one another (design §11)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.conformance.stores.conftest import Opened
from tests.conformance.stores.records import (
    LIMITS,
    START,
    add_people,
    application,
    authenticator,
    challenge,
    client,
    client_secret,
    delivery,
    directory,
    event,
    gateway,
    hardware,
    limit,
    session,
    tenant,
    user,
    verification,
)
from vestibule.interfaces.store import Store, Transaction
from vestibule.interfaces.transaction.attempts import VerificationChange, VerificationFilter
from vestibule.interfaces.transaction.held import AuthenticatorFilter
from vestibule.interfaces.transaction.lists import Page
from vestibule.interfaces.transaction.people import UserFilter
from vestibule.interfaces.transaction.sending import DeliveryFilter
from vestibule.model.authenticator import Authenticator
from vestibule.model.delivery import DeliveryState
from vestibule.model.throttle import Factor
from vestibule.model.user import User
from vestibule.model.verification import Challenge, ChallengeState, Channel, Reason, VerificationState

A, B = "tenant-a", "tenant-b"
DENY = VerificationChange(state=VerificationState.DENIED, reason=Reason.PASSCODE_WRONG, decided_at=START)
BY_TOKEN = {"add_session", "session", "end_session", "spend_link", "link", "add_link"}
"""Found by a secret of 256 bits that names the record in the whole installation."""
OF_ALL = {
    "now",
    "generation",
    "configuration",
    "expire_verifications",
    "sweep",
    "note",
    "put_note",
    "take_deliveries",
    "is_delivery_due",
    *("is_anything_owed", "take_owed", "has_servers"),
    *("is_dispatch_due", "take_dispatches", "is_untold", "take_untold"),
    *("sending_outcomes", "relayed_outcomes", "all_range_breakers", "take_report_run"),
    *("all_providers", "licensed_tenants"),
    *("meters", "ended_sendings", "phone_costs_until", "budgets"),
    *("statement_numbered", "statements_of_month", "is_billed"),
    *("failures_of_window", "spraying_alarms", "are_alerts_over", "take_alert_counts"),
}
"""About the installation, or the worker's own."""


NUMBER = "+4930123456"


def sent(tenant_id: str, challenge_id: str = "c7", **fields: Any) -> Challenge:
    """A challenge whose passcode comes back as a text."""
    usual = {
        "method": "sms",
        "channel": Channel.REPLY,
        "address": NUMBER,
        "origin": "somewhere",
        "waiter": "me",
        "authenticator_id": "phone-alice",
    }
    return challenge(tenant_id, challenge_id, **(usual | fields))


async def fill(store: Store, tenant_id: str) -> None:
    await store.transact(lambda tx: tx.put(tenant(tenant_id)))
    await add_people(store, tenant_id, "alice")

    async def rest(tx: Transaction) -> None:
        await tx.add_authenticator(hardware(tenant_id, "AB1", user_id="alice"))
        await tx.settle_attempt(tenant_id, "alice", Factor.PASSCODE, False, LIMITS)
        await tx.add_verification(verification(tenant_id, idempotency_key="key"))
        await tx.add_challenge(challenge(tenant_id), 3)
        await tx.add_challenge(sent(tenant_id, "c8", state=ChallengeState.ANSWERED), 3)
        await tx.add_challenge(sent(tenant_id), 3)
        await tx.add_challenge(sent(tenant_id, "c9", method="voice", channel=Channel.TYPED), 4)
        await tx.add_delivery(delivery(tenant_id, reference="r1", gateway_id="trunk"))
        await tx.spend_sending(tenant_id, limit(), 700)
        await tx.note_limit_reached(tenant_id, limit())
        await tx.add_session(session(tenant_id, f"{tenant_id}-s"))
        await tx.add_event(event(tenant_id, "e1"))

    await store.transact(rest)
    for record in (
        application(tenant_id),
        client(tenant_id),
        client_secret(tenant_id),
        directory(tenant_id),
        gateway(tenant_id),
    ):
        await store.transact(lambda tx, record=record: tx.put(record))


async def picture(store: Store, tenant_id: str) -> list[Any]:
    """Everything that can be seen of a tenant."""

    async def look(tx: Transaction) -> list[Any]:
        whole = await tx.configuration()
        return [
            await tx.subject(tenant_id, "alice"),
            await tx.subject_by_names(tenant_id, ["alice"]),
            await tx.throttles(tenant_id, "alice") or None,
            await tx.verification(tenant_id, "v1"),
            await tx.verification_by_key(tenant_id, "key"),
            await tx.challenge(tenant_id, "c1"),
            await tx.open_challenges(tenant_id, "v1"),
            await tx.sent_challenges(tenant_id, "alice"),
            await tx.requests_in_apps(tenant_id, ["alice"]),
            await tx.untaken_challenges(tenant_id, "alice"),
            await tx.challenges_by_address(tenant_id, NUMBER),
            await tx.versions(tenant_id, ["v1"]),
            await tx.delivery(tenant_id, "d1"),
            await tx.delivery_by_reference(tenant_id, "trunk", "r1"),
            await tx.deliveries_of(tenant_id, "c1"),
            await tx.limits_reached(tenant_id, 0, 9),
            await tx.sending_cost(tenant_id, limit()),
            await tx.deliveries(tenant_id, DeliveryFilter(), Page()),
            await tx.users(tenant_id, UserFilter(), Page()),
            await tx.users(tenant_id, UserFilter(text="ali"), Page()),
            await tx.count_users(tenant_id),
            await tx.authenticator(tenant_id, "phone-alice"),
            await tx.authenticators(tenant_id, AuthenticatorFilter(), Page()),
            await tx.authenticators_by_serial(tenant_id, ["AB1"]),
            await tx.user_ids_by_names(tenant_id, ["alice"]),
            await tx.session(f"{tenant_id}-s"),
            await tx.sessions_of(tenant_id, "alice"),
            await tx.verifications(tenant_id, VerificationFilter(), Page()),
            await tx.count_verifications(tenant_id, 0),
            await tx.events(tenant_id, "", Page()),
            [each for each in whole.tenants if each.tenant_id == tenant_id],
            [each for each in whole.applications if each.tenant_id == tenant_id],
            [each for each in whole.clients if each.tenant_id == tenant_id],
            [each for each in whole.secrets if each.tenant_id == tenant_id],
            [each for each in whole.directories if each.tenant_id == tenant_id],
            [each for each in whole.gateways if each.tenant_id == tenant_id],
        ]

    return await store.read(look)


Act = Callable[[Transaction, str], Awaitable[Any]]


def _alice(t: str) -> User:
    return user(t, given_name="Changed")


def _phone(t: str, **fields: Any) -> Authenticator:
    return authenticator(t, "phone-alice", **fields)


async def _spend(tx: Transaction, t: str) -> bool:
    await tx.clear_throttle(t, "alice", Factor.PASSCODE)
    return await tx.spend_on_clean_record(_phone(t), {"step": 1})


CHANGES: dict[str, Act] = {
    "settle_attempt": lambda tx, t: tx.settle_attempt(t, "alice", Factor.PASSCODE, False, LIMITS),
    "release_attempt": lambda tx, t: tx.release_attempt(t, "alice", Factor.PASSCODE, LIMITS),
    "clear_throttle": lambda tx, t: tx.clear_throttle(t, "alice", Factor.PASSCODE),
    "advance_authenticator": lambda tx, t: tx.advance_authenticator(_phone(t), {"step": 1}),
    "spend_on_clean_record": _spend,
    "add_verification": lambda tx, t: tx.add_verification(verification(t, "v2", idempotency_key="new")),
    "change_verification": lambda tx, t: tx.change_verification(t, "v1", DENY),
    "add_challenge": lambda tx, t: tx.add_challenge(challenge(t, "c2", created_at=START + 1), 1),
    "take_try": lambda tx, t: tx.take_try(t, "c1"),
    "close_challenge": lambda tx, t: tx.close_challenge(t, "c1", ChallengeState.FAILED),
    "replace_challenge": lambda tx, t: tx.replace_challenge(sent(t, progress={"step": 1})),
    "supersede_challenges": lambda tx, t: tx.supersede_challenges(t, "alice", "voice"),
    "take_challenge": lambda tx, t: tx.take_challenge(t, "c8", "me"),
    "add_delivery": lambda tx, t: tx.add_delivery(delivery(t, "d2")),
    "remove_delivery": lambda tx, t: tx.remove_delivery(t, "d1"),
    "replace_delivery": lambda tx, t: tx.replace_delivery(delivery(t, state=DeliveryState.FAILED)),
    "spend_sending": lambda tx, t: tx.spend_sending(t, limit(), 700),
    "give_back_sending": lambda tx, t: tx.give_back_sending(t, limit(), 700),
    "note_limit_reached": lambda tx, t: tx.note_limit_reached(t, limit(key="other")),
    "add_user": lambda tx, t: tx.add_user(user(t, "bob")),
    "replace_user": lambda tx, t: tx.replace_user(_alice(t)),
    "remove_user": lambda tx, t: tx.remove_user(t, "alice"),
    "add_authenticator": lambda tx, t: tx.add_authenticator(hardware(t, "AB2")),
    "replace_authenticator": lambda tx, t: tx.replace_authenticator(_phone(t, label="New")),
    "add_authenticators": lambda tx, t: tx.add_authenticators([hardware(t, "AB3")]),
    "replace_authenticators": lambda tx, t: tx.replace_authenticators([_phone(t, label="New")]),
    "put": lambda tx, t: tx.put(application(t, name="New")),
    "remove": lambda tx, t: tx.remove(application(t)),
    "replace_session": lambda tx, t: tx.replace_session(session(t, f"{t}-s", language="de")),
    "end_sessions_of": lambda tx, t: tx.end_sessions_of(t, "alice"),
    "add_event": lambda tx, t: tx.add_event(event(t, "e2")),
}

READS = {
    "subject_by_names",
    "subject",
    "throttles",
    "verification",
    "verification_by_key",
    "challenge",
    "open_challenges",
    "sent_challenges",
    "requests_in_apps",
    "untaken_challenges",
    "challenges_by_address",
    "versions",
    "delivery",
    "delivery_by_reference",
    "deliveries_of",
    "limits_reached",
    "sending_cost",
    "deliveries",
    "users",
    "count_users",
    "authenticator",
    "authenticators",
    "authenticators_by_serial",
    "user_ids_by_names",
    "verifications",
    "count_verifications",
    "events",
    "sessions_of",
}
"""What `picture` looks at."""


OWN_SUITES = {
    *("pin", "add_pin", "replace_pin", "remove_pin"),
    *("dispatch", "dispatches", "add_dispatch", "replace_dispatch"),
    *("count_failures", "raise_spraying_alarm", "count_alert"),
    *("count_results", "count_attempts_of", "events_of_kinds", "listed_server_attempts"),
    *("add_report_run", "report_run", "report_runs", "continue_report_run", "report_part"),
    "remove_report_run",
    *("open_range_breaker", "rest_range_breaker", "close_range_breaker", "range_breakers"),
    *("put_mail_attachment", "mail_attachments", "mail_attachment", "remove_mail_attachment"),
    *("vouchers_of", "put_voucher", "use_code", "remove_vouchers"),
    *("voice_messages", "voice_sound", "put_voice_message", "remove_voice_message"),
    *("add_device_record", "device_records"),
    *("hold_reply", "held_reply", "held_reply_to"),
    *("add_accounting_record", "accounting_records", "note_accounting_forwarded"),
    *("add_sightings", "sightings", "forget_strangers"),
    *("add_server_attempts", "server_attempts", "put_server_users", "server_users", "attempts_in_order"),
    *("relayed_texts_to", "drop_relayed", "settle_owed", "note_sent"),
    *("own_reply_attributes", "reply_attribute", "put_radius_dictionary", "radius_dictionaries"),
    *("radius_dictionary_texts", "remove_radius_dictionary"),
    *("groups_of", "add_member", "remove_member", "count_members"),
    *("users_by_id", "has_pins"),
    *("add_app_password", "app_passwords", "app_password_by_hash", "use_app_password"),
    *("remove_app_password", "remove_app_passwords"),
    *("add_block", "block_of", "blocks", "lift_block", "is_number_blocked", "drop_deliveries_of"),
    *("add_bypass", "bypasses", "waiting_bypass", "consume_bypass", "note_bypass_used", "end_bypass"),
    *("expire_bypasses", "open_challenges_of"),
    *("settle_source", "release_source", "source_throttles", "clear_source", "clear_sources"),
    *("grants", "grants_of", "replace_grants", "proposals", "add_proposal", "replace_proposal"),
    *("nt_hash", "put_nt_hash", "remove_nt_hashes"),
    *("security_answers", "put_security_answers", "remove_security_answers"),
    *("add_rule_set", "rule_sets"),
    *("add_remembered_browser", "remembered_browser", "remembered_browsers", "use_remembered_browser"),
    *("forget_browser", "forget_browsers", "recent_proof"),
    *("synchronisations", "synchronisation", "put_synchronisation", "remove_synchronisation"),
    *("take_synchronisation", "hold_synchronisation", "release_synchronisation", "end_synchronisation"),
    *("make_synchronisation_due", "put_sync_run", "sync_runs"),
    *("bonds", "bonds_of", "count_bonds", "put_bonds"),
    *("people_known", "count_known", "provisioned", "provisioned_as", "last_provisioned"),
    *("put_provisioned", "memberships", "members", "provisioned_groups", "put_provisioned_group"),
    *("providers", "remove_tenant", "put_licence", "remove_licence", "licence", "licences"),
    *("assign_licence", "end_assignment", "count_assigned", "assigned", "licences_of"),
    *("coverage", "unlicensed", "put_logo", "logo"),
    *("meters_of", "open_meter", "note_look", "unmetered_users", "overmetered_users", "count_users_from"),
    *("count_users_until", "count_usage", "add_usage", "usage", "metered_users", "phone_costs"),
    *("add_phone_costs", "price_lists", "add_price_list", "remove_price_list", "add_statement"),
    *("statement", "statements", "budget", "put_budget", "remove_budget", "note_budget_reached"),
    *("add_users", "replace_users", "users_by_reference", "add_events"),
    *("add_replication_group", "replication_group", "replication_groups", "replace_replication_group"),
    *("remove_replication_group", "note_contacts", "add_activated_server", "activated_server"),
    *("activated_servers", "replace_activated_server", "remove_activated_server"),
    *("add_activation_credentials", "activation_credentials", "credentials_by_hash"),
    *("use_activation_credentials", "withdraw_activation_credentials"),
}
"""Tried with two tenants in a suite of their own: test_store_pins.py, ..._groups.py and so on."""


def test_every_method_is_tried() -> None:
    methods = {name for name in dir(Transaction) if not name.startswith("_")}
    assert methods == CHANGES.keys() | READS | BY_TOKEN | OF_ALL | OWN_SUITES | {"hold_user"}


async def test_a_person_is_held_in_his_own_tenant(own_url: str, opened: Opened) -> None:
    own = await opened(own_url)
    await fill(own, A)
    assert await own.transact(lambda tx: tx.hold_user(A, "alice"))
    assert not await own.transact(lambda tx: tx.hold_user(B, "alice"))


@pytest.mark.parametrize("change", CHANGES)
async def test_a_change_in_one_tenant_is_none_in_the_other(
    store: Store, own_url: str, opened: Opened, change: str
) -> None:
    own = await opened(own_url)
    await fill(own, A)
    await fill(own, B)
    before = [await picture(own, each) for each in (A, B)]
    assert None not in before[0]
    await own.transact(lambda tx: CHANGES[change](tx, B))
    after = [await picture(own, each) for each in (A, B)]
    assert after[0] == before[0]
    assert after[1] != before[1], "it did something"


async def test_a_tenant_without_records_shows_none(own_url: str, opened: Opened) -> None:
    own = await opened(own_url)
    await fill(own, A)
    seen = await picture(own, B)
    assert [each for each in seen if each] == [each for each in seen if hasattr(each, "rows")]
    assert all(each.rows == () for each in seen if hasattr(each, "rows"))


@pytest.mark.parametrize(
    "change",
    [
        "advance_authenticator",
        "spend_on_clean_record",
        "change_verification",
        "take_try",
        "close_challenge",
        "replace_user",
        "remove_user",
        "replace_authenticator",
        "remove",
        "end_sessions_of",
    ],
)
async def test_a_record_of_another_tenant_is_not_there(own_url: str, opened: Opened, change: str) -> None:
    own = await opened(own_url)
    await own.transact(lambda tx: tx.put(tenant(B)))
    await fill(own, A)
    before = await picture(own, A)
    assert not await own.transact(lambda tx: CHANGES[change](tx, B))
    assert await picture(own, A) == before
