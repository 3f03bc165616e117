"""Records to store, with nothing in them that the test at hand does not care for."""

from __future__ import annotations

from typing import Any

from vestibule.interfaces.store import Store
from vestibule.model.app_password import AppPassword
from vestibule.model.application import Application, Client, ClientKind, ClientSecret, DirectoryConfiguration
from vestibule.model.authenticator import Authenticator, AuthenticatorStatus
from vestibule.model.delivery import Carries, Delivery
from vestibule.model.event import Event
from vestibule.model.gateway import GatewayConfiguration
from vestibule.model.group import Group
from vestibule.model.pin import Pin
from vestibule.model.remembered_browser import RememberedBrowser
from vestibule.model.replication import ActivatedServer
from vestibule.model.sending_limit import HOUR_MS, LimitKind, SendingLimit
from vestibule.model.session import Link, Session
from vestibule.model.tenant import Tenant
from vestibule.model.throttle import ThrottleLimits
from vestibule.model.user import User
from vestibule.model.verification import (
    Challenge,
    ChallengeState,
    Reason,
    Verification,
    VerificationState,
)
from vestibule.model.voucher import Vouch, Voucher, VoucherKind

START = 1_800_000_000_000
LIMITS = ThrottleLimits(threshold=3, lock_ms=60_000, hard_stop=7)


class HandClock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.time = START

    def now(self) -> int:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += int(seconds * 1000)


def tenant(tenant_id: str, **fields: Any) -> Tenant:
    return Tenant(**({"tenant_id": tenant_id, "name": tenant_id.upper(), "created_at": START} | fields))


def activated_server(tenant_id: str, server_id: str = "s1", **fields: Any) -> ActivatedServer:
    usual = {
        "tenant_id": tenant_id,
        "server_id": server_id,
        "group_id": "g1",
        "name": server_id.upper(),
        "version": "1.0",
        "address": "192.0.2.1",
        "public_key": b"\x01" * 32,
        "activated_at": START,
        "last_contact_at": START,
    }
    return ActivatedServer(**(usual | fields))


def group(tenant_id: str, group_id: str = "g1", **fields: Any) -> Group:
    usual = {"tenant_id": tenant_id, "group_id": group_id, "name": group_id.upper(), "created_at": START}
    return Group(**(usual | fields))


def remembered_browser(tenant_id: str, browser_id: str = "b1", **fields: Any) -> RememberedBrowser:
    usual = {
        "tenant_id": tenant_id,
        "browser_id": browser_id,
        "token_hash": f"{tenant_id}-{browser_id}",
        "user_id": "alice",
        "application_id": "portal",
        "proven_at": START,
        "used_at": START,
        "expires_at": START + 1000,
    }
    return RememberedBrowser(**(usual | fields))


def user(tenant_id: str, user_id: str = "alice", **fields: Any) -> User:
    usual = {
        "tenant_id": tenant_id,
        "user_id": user_id,
        "username": user_id.title(),
        "names": (user_id,),
        "created_at": START,
        "updated_at": START,
    }
    return User(**(usual | fields))


def authenticator(tenant_id: str, authenticator_id: str = "phone", **fields: Any) -> Authenticator:
    usual = {
        "tenant_id": tenant_id,
        "authenticator_id": authenticator_id,
        "user_id": "alice",
        "method": "totp",
        "secret": b"sealed",
        "status": AuthenticatorStatus.ACTIVE,
        "created_at": START,
    }
    return Authenticator(**(usual | fields))


def voucher(tenant_id: str, user_id: str = "alice", **fields: Any) -> Voucher:
    usual = {
        "tenant_id": tenant_id,
        "user_id": user_id,
        "kind": VoucherKind.CODE,
        "vouch": Vouch.LETTER,
        "code_hash": "hash",
        "made_at": START,
        "made_by": "root",
        "expires_at": START + 1000,
    }
    return Voucher(**(usual | fields))


def pin(tenant_id: str, user_id: str = "alice", **fields: Any) -> Pin:
    usual = {
        "tenant_id": tenant_id,
        "user_id": user_id,
        "sealed": b"sealed",
        "must_change": False,
        "changed_at": START,
    }
    return Pin(**(usual | fields))


def app_password(tenant_id: str, app_password_id: str = "first", **fields: Any) -> AppPassword:
    usual = {
        "tenant_id": tenant_id,
        "app_password_id": app_password_id,
        "user_id": "alice",
        "name": app_password_id,
        "applications": ("mail",),
        "token_hash": f"hash of {app_password_id}",
        "created_at": START,
    }
    return AppPassword(**(usual | fields))


def hardware(tenant_id: str, serial: str, **fields: Any) -> Authenticator:
    usual = {"user_id": "", "serial": serial}
    return authenticator(tenant_id, f"id-{serial}", **(usual | fields))


def verification(tenant_id: str, verification_id: str = "v1", **fields: Any) -> Verification:
    usual = {
        "tenant_id": tenant_id,
        "verification_id": verification_id,
        "started_at": START,
        "expires_at": START + 180_000,
        "application_id": "vpn",
        "application_name": "VPN",
        "client_id": "gateway",
        "channel": "radius",
        "claimed_username": "alice",
        "user_id": "alice",
        "username": "alice",
        "state": VerificationState.PENDING,
        "reason": Reason.PASSCODE_PENDING,
        "node_name": "node1",
        "node_address": "192.0.2.10",
    }
    return Verification(**(usual | fields))


def decided(tenant_id: str, verification_id: str = "v1", **fields: Any) -> Verification:
    usual = {
        "state": VerificationState.APPROVED,
        "reason": Reason.PASSCODE_VERIFIED,
        "decided_at": START,
        "is_authenticated": True,
    }
    return verification(tenant_id, verification_id, **(usual | fields))


def challenge(tenant_id: str, challenge_id: str = "c1", **fields: Any) -> Challenge:
    usual = {
        "tenant_id": tenant_id,
        "challenge_id": challenge_id,
        "verification_id": "v1",
        "user_id": "alice",
        "application_id": "vpn",
        "client_id": "gateway",
        "method": "totp",
        "state": ChallengeState.OPEN,
        "tries_left": 3,
        "expires_at": START + 180_000,
        "created_at": START,
    }
    return Challenge(**(usual | fields))


def application(tenant_id: str, application_id: str = "vpn", **fields: Any) -> Application:
    usual = {
        "tenant_id": tenant_id,
        "application_id": application_id,
        "name": application_id.upper(),
        "created_at": START,
    }
    return Application(**(usual | fields))


def client(tenant_id: str, client_id: str = "gateway", **fields: Any) -> Client:
    usual = {
        "tenant_id": tenant_id,
        "client_id": client_id,
        "application_id": "vpn",
        "kind": ClientKind.RADIUS,
        "name": client_id.title(),
        "created_at": START,
    }
    return Client(**(usual | fields))


def client_secret(tenant_id: str, secret_id: str = "first", **fields: Any) -> ClientSecret:
    usual = {
        "tenant_id": tenant_id,
        "secret_id": secret_id,
        "client_id": "gateway",
        "sealed": b"sealed",
        "created_at": START,
    }
    return ClientSecret(**(usual | fields))


def directory(tenant_id: str, directory_id: str = "ldap", **fields: Any) -> DirectoryConfiguration:
    usual = {
        "tenant_id": tenant_id,
        "directory_id": directory_id,
        "kind": "ldap",
        "name": directory_id.upper(),
        "created_at": START,
    }
    return DirectoryConfiguration(**(usual | fields))


def gateway(tenant_id: str, gateway_id: str = "trunk", **fields: Any) -> GatewayConfiguration:
    usual = {
        "tenant_id": tenant_id,
        "gateway_id": gateway_id,
        "kind": "sip",
        "name": gateway_id.upper(),
        "settings": {"host": "192.0.2.1"},
        "secret": b"sealed",
        "created_at": START,
    }
    return GatewayConfiguration(**(usual | fields))


def delivery(tenant_id: str, delivery_id: str = "d1", **fields: Any) -> Delivery:
    usual = {
        "tenant_id": tenant_id,
        "delivery_id": delivery_id,
        "verification_id": "v1",
        "challenge_id": "c1",
        "user_id": "alice",
        "carries": Carries.TEXT,
        "address": "+4930123456",
        "sealed_body": b"sealed",
        "due_at": START,
        "expires_at": START + 300_000,
        "created_at": START,
    }
    return Delivery(**(usual | fields))


def limit(kind: LimitKind = LimitKind.USER, key: str = "alice", **fields: Any) -> SendingLimit:
    usual = {"window_ms": HOUR_MS, "most_count": 1000}
    return SendingLimit(kind=kind, key=key, **(usual | fields))


def session(tenant_id: str, token_hash: str, **fields: Any) -> Session:
    usual = {
        "tenant_id": tenant_id,
        "token_hash": token_hash,
        "user_id": "alice",
        "application_id": "portal",
        "verification_id": "v1",
        "is_second_factor_proven": True,
        "proven_at": START,
        "created_at": START,
        "seen_at": START,
        "expires_at": START + 3_600_000,
    }
    return Session(**(usual | fields))


def link(tenant_id: str, token_hash: str, **fields: Any) -> Link:
    usual = {
        "tenant_id": tenant_id,
        "token_hash": token_hash,
        "purpose": "setup",
        "expires_at": START + 60_000,
        "created_at": START,
    }
    return Link(**(usual | fields))


def event(tenant_id: str, event_id: str, **fields: Any) -> Event:
    usual = {
        "tenant_id": tenant_id,
        "event_id": event_id,
        "at": START,
        "kind": "user.added",
        "actor": "system",
    }
    return Event(**(usual | fields))


async def add_people(store: Store, tenant_id: str, *user_ids: str) -> None:
    """Add users, each with one active authenticator `phone-USER`."""
    for user_id in user_ids:
        person, held = user(tenant_id, user_id), authenticator(tenant_id, f"phone-{user_id}", user_id=user_id)
        await store.transact(lambda tx, person=person: tx.add_user(person))
        await store.transact(lambda tx, held=held: tx.add_authenticator(held))
