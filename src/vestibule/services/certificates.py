"""Certificates: the small authority of the installation, its servers, and the clients it lets in.

Invariants:
- A certificate is one client's and one tenant's; whatever it says of itself, only this row says whose it is.
- The keys of authority and servers are sealed; the key of a client is handed over once and kept nowhere.
- A revoked certificate lets nobody in from the next look at the configuration on, a second later at most.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Final

import msgspec
import structlog

from vestibule.crypto.certificates import (
    CertificateFacts,
    KeyPair,
    issue,
    make_authority,
    packed,
    read_certificate,
)
from vestibule.crypto.sealing import CannotUnseal, Sealer, context
from vestibule.crypto.secret import Secret
from vestibule.crypto.tokens import new_token
from vestibule.interfaces.clock import Clock
from vestibule.interfaces.store import AlreadyExists, Store, Transaction
from vestibule.model.actor import Actor, Right
from vestibule.model.application import Client, ClientKind
from vestibule.model.certificate import Certificate, CertificateKind
from vestibule.model.tenant import DAY_MS, SYSTEM_TENANT
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused

log = structlog.get_logger(__name__)

AUTHORITY_DAYS: Final = 3650
USUAL_DAYS: Final = 397
MOST_DAYS: Final = 3650
SOON_MS: Final = 30 * DAY_MS
"""So long before its end a certificate should be renewed."""
MOST_HOSTS: Final = 20
LONGEST_NAME: Final = 64
"""Characters of a common name (RFC 5280, appendix A)."""
SHORTEST_PASSPHRASE: Final = 12
LARGEST_CERTIFICATE: Final = 16_384
_HOST: Final = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9][A-Za-z0-9-]{0,62}(\.[A-Za-z0-9][A-Za-z0-9-]{0,62})*")


class Issued(msgspec.Struct, frozen=True):
    """What a client is given, once."""

    certificate: Certificate
    pem: Secret[bytes]
    """Certificate, private key and the authority's certificate."""
    pkcs12: Secret[bytes]
    """The same in one file under `passphrase`."""
    passphrase: Secret[str]


class Certificates:
    """Read from the configuration snapshot; changes are written here."""

    def __init__(self, store: Store, configuration: ConfigurationCache, sealer: Sealer, clock: Clock) -> None:
        self._store = store
        self._configuration = configuration
        self._sealer = sealer
        self._clock = clock

    # --- what there is ------------------------------------------------------------------------------

    def list(self, actor: Actor, tenant_id: str) -> tuple[Certificate, ...]:
        """Return the certificates of a tenant's clients, of the system tenant those of authority and servers;
        the newest first."""
        actor.demand(Right.READ_CONFIGURATION, tenant_id)
        found = [each for each in self._all() if each.tenant_id == tenant_id]
        return tuple(sorted(found, key=lambda each: (-each.created_at, each.certificate_id)))

    def trusted_by_clients(self) -> bytes:
        """Return what clients must trust to know our servers (PEM), the newest first; it is no secret."""
        return b"".join(each.pem.encode() for each in self._valid(CertificateKind.AUTHORITY))

    def server(self) -> KeyPair | None:
        """Return what this node shows to clients: the newest server certificate that is valid."""
        return next(filter(None, map(self._opened, self._valid(CertificateKind.SERVER))), None)

    def of_clients(self) -> tuple[bytes, ...]:
        """Return the certificates (PEM) with which a client may connect at all."""
        return tuple([each.pem.encode() for each in self._valid(CertificateKind.CLIENT)])

    def sealing_secret(self) -> Secret[bytes]:
        """Return what clients without a shared secret have their states sealed under, the same on all
        nodes."""
        return Secret(self._sealer.derive("radius over tls"))

    # --- authority and servers ----------------------------------------------------------------------

    async def make_authority(self, actor: Actor, name: str, days: int = AUTHORITY_DAYS) -> Certificate:
        """Make an authority; what an older one has signed stays good until it ends or is revoked."""
        actor.demand(Right.SETTINGS, SYSTEM_TENANT)
        _check(name, days)
        now = self._clock.now()
        made = make_authority(name.strip(), now, now + days * DAY_MS)
        authority = self._own(CertificateKind.AUTHORITY, made)
        return await self._added(actor, "certificate.authority_made", authority)

    async def issue_server(self, actor: Actor, hosts: Sequence[str], days: int = USUAL_DAYS) -> Certificate:
        """Issue the certificate that every node shows from now on; `hosts` are the names and addresses by
        which clients know the nodes."""
        actor.demand(Right.SETTINGS, SYSTEM_TENANT)
        named = tuple([host.strip() for host in hosts])
        if not 1 <= len(named) <= MOST_HOSTS:
            raise Refused(Refusal.OUT_OF_BOUNDS, f"hosts: 1…{MOST_HOSTS}")
        for host in named:
            _check_host(host)
        _check(named[0][:LONGEST_NAME], days)
        now = self._clock.now()
        end = now + days * DAY_MS
        made = issue(self._authority(), named[0][:LONGEST_NAME], named, now, end, for_server=True)
        server = self._own(CertificateKind.SERVER, made, named)
        return await self._added(actor, "certificate.server_issued", server)

    # --- clients ------------------------------------------------------------------------------------

    async def issue_client(
        self,
        actor: Actor,
        tenant_id: str,
        client_id: str,
        days: int = USUAL_DAYS,
        passphrase: Secret[str] | None = None,
    ) -> Issued:
        """Issue a certificate for a client, beside those it has, and return it with its key, once. Without a
        `passphrase` one is made."""
        actor.demand(Right.APPLICATIONS, tenant_id)
        client = self._client(tenant_id, client_id)
        name = client.name[:LONGEST_NAME]
        _check(name, days)
        if passphrase is None:
            passphrase = Secret(new_token(12))
        elif len(passphrase) < SHORTEST_PASSPHRASE:
            raise Refused(Refusal.SETTING_INVALID, f"passphrase: {SHORTEST_PASSPHRASE}…")
        now = self._clock.now()
        made = issue(self._authority(), name, (), now, now + days * DAY_MS, for_server=False)
        certificate = self._of_client(client, _facts(made.certificate))
        added = await self._added(actor, "certificate.client_issued", certificate)
        authorities = self.trusted_by_clients()
        return Issued(
            certificate=added,
            pem=Secret(made.certificate + made.key.reveal() + authorities),
            pkcs12=Secret(packed(made, authorities, name, passphrase)),
            passphrase=passphrase,
        )

    async def enter_client(self, actor: Actor, tenant_id: str, client_id: str, octets: bytes) -> Certificate:
        """Let a client in with a certificate that was made elsewhere (PEM or DER): this one, and no other of
        its authority."""
        actor.demand(Right.APPLICATIONS, tenant_id)
        client = self._client(tenant_id, client_id)
        facts = read_certificate(octets) if len(octets) <= LARGEST_CERTIFICATE else None
        if facts is None:
            raise Refused(Refusal.NO_CERTIFICATE)
        if facts.is_authority:
            raise Refused(Refusal.AUTHORITY_AS_CLIENT, facts.subject)
        if facts.not_after <= self._clock.now():
            raise Refused(Refusal.CERTIFICATE_ENDED, facts.subject)
        return await self._added(actor, "certificate.client_entered", self._of_client(client, facts))

    async def revoke(self, actor: Actor, tenant_id: str, certificate_id: str) -> Certificate:
        """End a certificate now; again, it changes nothing."""
        is_own = tenant_id == SYSTEM_TENANT
        actor.demand(Right.SETTINGS if is_own else Right.APPLICATIONS, tenant_id)
        found = self._configuration.current.certificates.get(certificate_id)
        if found is None or found.tenant_id != tenant_id:
            raise Refused(Refusal.NOT_FOUND, certificate_id)
        if found.revoked_at is not None:
            return found
        revoked = msgspec.structs.replace(found, revoked_at=self._clock.now(), key=b"")

        async def body(tx: Transaction) -> None:
            await tx.put(revoked)
            await record(tx, actor, tenant_id, "certificate.revoked", certificate_id, found.name)

        await self._store.transact(body)
        await self._configuration.refresh()
        return revoked

    # --- parts --------------------------------------------------------------------------------------

    def _all(self) -> tuple[Certificate, ...]:
        return tuple(self._configuration.current.certificates.values())

    def _valid(self, kind: CertificateKind) -> tuple[Certificate, ...]:
        now = self._clock.now()
        found = [each for each in self._all() if each.kind is kind and each.is_valid(now)]
        return tuple(sorted(found, key=lambda each: (-each.created_at, each.certificate_id)))

    def _opened(self, certificate: Certificate) -> KeyPair | None:
        bound_to = _context(certificate.tenant_id, certificate.certificate_id)
        try:
            key = Secret(self._sealer.unseal(certificate.key, bound_to))
        except CannotUnseal as why:
            log.error("the key of a certificate does not open", certificate=certificate.name, why=str(why))
            return None
        return KeyPair(certificate.pem.encode(), key)

    def _authority(self) -> KeyPair:
        for each in self._valid(CertificateKind.AUTHORITY):
            opened = self._opened(each)
            if opened is not None:
                return opened
        raise Refused(Refusal.NO_AUTHORITY)

    def _client(self, tenant_id: str, client_id: str) -> Client:
        peer = self._configuration.current.peers.get(client_id)
        if peer is None or peer.client.tenant_id != tenant_id or peer.client.kind is not ClientKind.RADIUS:
            raise Refused(Refusal.NOT_FOUND, client_id)
        return peer.client

    def _own(self, kind: CertificateKind, made: KeyPair, hosts: tuple[str, ...] = ()) -> Certificate:
        facts = _facts(made.certificate)
        bound_to = _context(SYSTEM_TENANT, facts.fingerprint)
        sealed = self._sealer.seal(made.key.reveal(), bound_to)
        return _certificate(SYSTEM_TENANT, kind, facts, hosts=hosts, key=sealed)

    def _of_client(self, client: Client, facts: CertificateFacts) -> Certificate:
        return _certificate(client.tenant_id, CertificateKind.CLIENT, facts, client_id=client.client_id)

    async def _added(self, actor: Actor, kind: str, certificate: Certificate) -> Certificate:
        if certificate.certificate_id in self._configuration.current.certificates:
            raise Refused(Refusal.CERTIFICATE_TAKEN, certificate.name)

        async def body(tx: Transaction) -> Certificate:
            added = msgspec.structs.replace(certificate, created_at=tx.now)
            await tx.put(added)
            await record(tx, actor, added.tenant_id, kind, added.certificate_id, added.name)
            return added

        try:
            added = await self._store.transact(body)
        except AlreadyExists:
            raise Refused(Refusal.CERTIFICATE_TAKEN, certificate.name) from None
        await self._configuration.refresh()
        return added


def _certificate(
    tenant_id: str,
    kind: CertificateKind,
    facts: CertificateFacts,
    *,
    client_id: str = "",
    hosts: tuple[str, ...] = (),
    key: bytes = b"",
) -> Certificate:
    return Certificate(
        tenant_id=tenant_id,
        certificate_id=facts.fingerprint,
        kind=kind,
        client_id=client_id,
        name=facts.subject,
        hosts=hosts,
        pem=facts.pem.decode("ascii"),
        key=key,
        not_before=facts.not_before,
        not_after=facts.not_after,
        created_at=0,
    )


def _facts(pem: bytes) -> CertificateFacts:
    facts = read_certificate(pem)
    assert facts is not None
    return facts


def _context(tenant_id: str, certificate_id: str) -> bytes:
    return context(tenant_id, "certificate_key", certificate_id)


def _check(name: str, days: int) -> None:
    if not 1 <= days <= MOST_DAYS:
        raise Refused(Refusal.OUT_OF_BOUNDS, f"days: 1…{MOST_DAYS}")
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise Refused(Refusal.SETTING_INVALID, "name")


def _check_host(host: str) -> None:
    try:
        ip_address(host)
    except ValueError:
        if _HOST.fullmatch(host) is None:
            raise Refused(Refusal.SETTING_INVALID, f"hosts: {host[:40]}") from None
