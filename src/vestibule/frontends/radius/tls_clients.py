"""Who may ask over TLS: the RADIUS clients by their certificates.

Nothing but the fingerprint says whose a connection is: names inside a certificate do not count, whoever has
signed it. A client that has an address must come from there, too. Over TLS the shared secret is known to all
(RFC 6614 §2.3); what is sealed for a client is sealed under a secret of ours.
"""

from __future__ import annotations

from ipaddress import ip_network

import msgspec
import structlog

from vestibule.crypto.secret import Secret
from vestibule.frontends.radius.clients import RadiusClient, RadiusSecret, canonical_address
from vestibule.frontends.radius.conversation import ConversationKey
from vestibule.frontends.radius.state import StateKey
from vestibule.interfaces.clock import Clock
from vestibule.model.application import ClientKind
from vestibule.model.certificate import Certificate, CertificateKind
from vestibule.model.radius_client import read_settings
from vestibule.services.configuration import ConfigurationCache
from vestibule.wire.radius import NoSecret, SharedSecret

log = structlog.get_logger(__name__)

SHARED_BY_ALL = b"radsec"


class _Known(msgspec.Struct, frozen=True, eq=False):
    """A certificate and its client, by what the connection has agreed on."""

    certificate: Certificate
    historic: RadiusClient
    of_1_1: RadiusClient


class TlsClients:
    """The clients as they are now; made anew when the configuration has changed."""

    def __init__(self, configuration: ConfigurationCache, clock: Clock, sealing: Secret[bytes]) -> None:
        """States are sealed under `sealing`, the same on all nodes."""
        self._configuration = configuration
        self._clock = clock
        keys = StateKey(sealing), ConversationKey(sealing)
        self._secret = RadiusSecret(None, SharedSecret(SHARED_BY_ALL), *keys)
        self._no_secret = RadiusSecret(None, NoSecret(), *keys)
        self._known: dict[str, _Known] = {}
        self._generation: int | None = None

    def find(self, fingerprint: str, source: str, *, is_1_1: bool) -> RadiusClient | None:
        """Return the client whose certificate has this fingerprint (SHA-256, hexadecimal) and that connects
        from `source`, as a client of RADIUS/1.1 (RFC 9765) or of the historic one; None if there is none, or
        the certificate is not valid now."""
        snapshot = self._configuration.current
        if snapshot.generation != self._generation:
            self._known = self._read()
            self._generation = snapshot.generation
        known = self._known.get(fingerprint)
        if known is None or not known.certificate.is_valid(self._clock.now()):
            return None
        if not _comes_from(known.historic.client.address, source):
            return None
        return known.of_1_1 if is_1_1 else known.historic

    def _read(self) -> dict[str, _Known]:
        snapshot = self._configuration.current
        known = {}
        for certificate in snapshot.certificates.values():
            peer = snapshot.peers.get(certificate.client_id)
            if certificate.kind is not CertificateKind.CLIENT or peer is None:
                continue
            client = peer.client
            if client.tenant_id != certificate.tenant_id or client.kind is not ClientKind.RADIUS:
                continue
            try:
                settings = read_settings(client.settings)
            except ValueError as problem:
                log.error("radius client is not usable", client=client.name, problem=str(problem))
                continue
            if client.is_enabled:
                historic, of_1_1 = (
                    RadiusClient(peer, settings, (secret,), is_over_tls=True)
                    for secret in (self._secret, self._no_secret)
                )
                known[certificate.certificate_id] = _Known(certificate, historic, of_1_1)
        return known


def _comes_from(address: str, source: str) -> bool:
    return not address or canonical_address(source) in ip_network(address, strict=False)
