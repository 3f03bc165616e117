"""Stand-ins for what the RADIUS front end talks to: a client, a configuration, and a service that does as
it is told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

from vestibule.crypto.secret import Secret
from vestibule.frontends.radius.clients import ClientTable, RadiusClient
from vestibule.model.application import Application, Client, ClientKind
from vestibule.model.tenant import Tenant, TenantSettings
from vestibule.model.throttle import ThrottleLimits
from vestibule.model.verification import (
    Challenge,
    ChallengeState,
    Reason,
    Verification,
    VerificationState,
)
from vestibule.services.attempt import Origin
from vestibule.services.configuration import ConfigurationCache, Peer, Snapshot
from vestibule.services.outcome import Progress
from vestibule.services.verification import Verifications
from vestibule.wire.radius import Attribute, Message, SharedSecret, decode
from vestibule.wire.radius.numbers import ACCESS_REQUEST, USER_NAME, USER_PASSWORD

SECRET = b"a shared secret of the tests"
SHARED = SharedSecret(SECRET)
CHALLENGE_ID = "00112233445566778899aabbccddeeff"
AUTHENTICATOR = bytes(range(16))
NOW = 1_800_000_000_000


def peer(
    settings: Mapping[str, Any] | None = None,
    *,
    secrets: tuple[tuple[int | None, bytes], ...] = ((None, SECRET),),
    address: str = "127.0.0.0/8",
    client_id: str = "client-1",
    is_enabled: bool = True,
    kind: ClientKind = ClientKind.RADIUS,
    tenant_id: str = "tenant-1",
) -> Peer:
    client = Client(
        tenant_id=tenant_id,
        client_id=client_id,
        application_id="vpn",
        kind=kind,
        name=f"the VPN {client_id}",
        address=address,
        settings=dict(settings or {}),
        is_enabled=is_enabled,
        created_at=0,
    )
    application = Application(tenant_id=tenant_id, application_id="vpn", name="VPN", created_at=0)
    opened = tuple((not_after, Secret(secret)) for not_after, secret in secrets)
    return Peer(client, application, opened)


def radius_client(settings: Mapping[str, Any] | None = None, **options: Any) -> RadiusClient:
    client = ClientTable([peer(settings, **options)]).find("127.0.0.1")
    assert client is not None
    return client


def configuration(*peers: Peer, language: str = "en", generation: int = 1) -> ConfigurationCache:
    """A cache that holds `peers` and nothing to read anew."""
    tenant = Tenant(
        tenant_id="tenant-1", name="Tenant", settings=TenantSettings(language=language), created_at=0
    )
    cache = ConfigurationCache.__new__(ConfigurationCache)
    cache.current = Snapshot(
        generation=generation,
        tenants={"tenant-1": tenant},
        limits={"tenant-1": ThrottleLimits(10, 900_000, 100)},
        applications={},
        peers={one.client.client_id: one for one in peers},
        api_keys={},
        directories={},
    )
    return cache


def progress(state: VerificationState, reason: Reason, *, has_challenge: bool = False) -> Progress:
    verification = Verification(
        tenant_id="tenant-1",
        verification_id="v",
        started_at=NOW,
        expires_at=NOW,
        application_id="vpn",
        application_name="VPN",
        client_id="client-1",
        channel="radius",
        claimed_username="alice",
        state=state,
        reason=reason,
        node_name="node",
        node_address="127.0.0.1",
    )
    challenge = Challenge(
        tenant_id="tenant-1",
        challenge_id=CHALLENGE_ID,
        verification_id="v",
        user_id="u",
        application_id="vpn",
        client_id="client-1",
        method="passcode",
        state=ChallengeState.OPEN,
        tries_left=3,
        expires_at=NOW,
        created_at=NOW,
    )
    return Progress(verification, challenge if has_challenge else None)


APPROVED = progress(VerificationState.APPROVED, Reason.PASSCODE_VERIFIED)
DENIED = progress(VerificationState.DENIED, Reason.PASSWORD_WRONG)
PENDING = progress(VerificationState.PENDING, Reason.PASSCODE_PENDING, has_challenge=True)

Call = tuple[Any, ...]


class ScriptedVerifications:
    """Notes every command with its secrets revealed, and answers with `outcome`, a value or something to
    await.
    """

    def __init__(self, outcome: Progress | Exception | Callable[[], Awaitable[Progress]] = DENIED) -> None:
        self.outcome = outcome
        self.calls: list[Call] = []
        self.is_called = asyncio.Event()
        self.origins: list[Origin] = []

    @property
    def service(self) -> Verifications:
        return cast("Verifications", self)

    async def start(
        self, origin: Origin, password: Secret[str] | None = None, passcode: Secret[str] | None = None
    ) -> Progress:
        return await self._do(origin, "start", _shown(password), _shown(passcode))

    async def answer(self, origin: Origin, challenge_id: str, passcode: Secret[str]) -> Progress:
        return await self._do(origin, "answer", challenge_id, _shown(passcode))

    async def refuse(self, origin: Origin, reason: Reason) -> Progress:
        self.calls.append(("refuse", reason))
        self.origins.append(origin)
        return progress(VerificationState.DENIED, reason)

    async def _do(self, origin: Origin, *call: Any) -> Progress:
        self.calls.append(call)
        self.origins.append(origin)
        self.is_called.set()
        if isinstance(self.outcome, Exception):
            raise self.outcome
        if isinstance(self.outcome, Progress):
            return self.outcome
        return await self.outcome()


def _shown(secret: Secret[str] | None) -> str | None:
    return None if secret is None else secret.reveal()


def sign_in_request(
    password: bytes | None = b"password",
    *attributes: Attribute,
    name: bytes = b"alice",
    identifier: int = 1,
    authenticator: bytes = AUTHENTICATOR,
    secret: SharedSecret = SHARED,
) -> bytes:
    """A signed Access-Request."""
    hidden = [] if password is None else [(USER_PASSWORD, secret.hide(password, authenticator))]
    body = [(USER_NAME, name), *hidden, *attributes]
    return secret.encode_request(ACCESS_REQUEST, identifier, authenticator, body)


def unsigned_request(
    *attributes: Attribute, code: int = ACCESS_REQUEST, secret: SharedSecret = SHARED
) -> bytes:
    """The same without Message-Authenticator, as clients of old send it."""
    hidden = (USER_PASSWORD, secret.hide(b"password", AUTHENTICATOR))
    signed = secret.encode_request(code, 1, AUTHENTICATOR, [(USER_NAME, b"alice"), hidden, *attributes])
    body = signed[38:]
    return signed[:2] + (20 + len(body)).to_bytes(2, "big") + signed[4:20] + body


def decoded(datagram: bytes) -> Message:
    message = decode(datagram)
    assert isinstance(message, Message)
    return message
