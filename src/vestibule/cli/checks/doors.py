"""The doors: addresses free or ours, whether the process answers, certificate, and who can reach them."""

from __future__ import annotations

import asyncio
import errno
import http.client
import ipaddress
import os
import socket
import ssl
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from vestibule.cli.checks.findings import (
    Finding,
    Installation,
    OpenInstallation,
    note,
    ok,
    problem,
    warning,
)
from vestibule.crypto.secret import Secret
from vestibule.model.application import ClientKind
from vestibule.model.radius_client import read_settings

if TYPE_CHECKING:
    from pathlib import Path

    from vestibule.runtime.settings_values import Endpoint
    from vestibule.services.configuration import Peer

_ANSWER_SECONDS: Final = 2.0
_WILDCARDS: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where to ask who listens everywhere
_EXPIRES_SOON: Final = timedelta(days=21)


# --- RADIUS ---------------------------------------------------------------------------------------------


async def radius(at: OpenInstallation) -> list[Finding]:
    """Each RADIUS address: free, taken by us and answering, or taken by somebody else."""
    if not at.settings.radius.listen:
        return [note("radius", "radius.off")]
    return [await asyncio.to_thread(_radius, at, endpoint) for endpoint in at.settings.radius.listen]


def _radius(at: OpenInstallation, endpoint: Endpoint) -> Finding:
    if endpoint.port == 0:
        return note("radius", "door.any_port", address=str(endpoint))
    why = why_not_bound(endpoint, socket.SOCK_DGRAM)
    if why != errno.EADDRINUSE:
        return _not_taken(at, "radius", endpoint, why)
    host = _WILDCARDS.get(endpoint.host, endpoint.host)
    source = _own_address(host, endpoint.port)
    secret = secret_for(at.snapshot.peers.values(), source, at.now)
    if secret is None:
        return note("radius", "radius.not_asked", address=str(endpoint), source=source)
    return _asked(at, endpoint, host, secret)


def _asked(at: OpenInstallation, endpoint: Endpoint, host: str, secret: Secret[bytes]) -> Finding:
    from vestibule.cli.radius_peer import Answered, RadiusPeer
    from vestibule.cli.radius_peer import Endpoint as PeerEndpoint
    from vestibule.wire.radius import SharedSecret

    shared = SharedSecret(secret.reveal())
    server = PeerEndpoint(host, endpoint.port)
    with RadiusPeer(server, shared, os.urandom, _ANSWER_SECONDS, tries=1) as peer:
        exchange = peer.status()
    if isinstance(exchange, Answered):
        milliseconds = max(1, round(exchange.seconds * 1000))
        return ok("radius", "radius.answers", address=str(endpoint), milliseconds=milliseconds)
    return problem("radius", "radius.silent", address=str(endpoint), command=at.command("serve"))


def secret_for(peers: Iterable[Peer], source: str, now: int) -> Secret[bytes] | None:
    """Return a secret with which `source` may ask for the server's status, None if there is none.

    The most specific client decides, as at the door. One that is about to learn that its client signs is
    left alone: our question would teach it.
    """
    address = ipaddress.ip_address(source.partition("%")[0])
    covering: list[tuple[int, Peer]] = []
    for peer in peers:
        if peer.client.kind is ClientKind.RADIUS and peer.client.is_enabled and peer.client.address:
            network = ipaddress.ip_network(peer.client.address, strict=False)
            if address in network:
                covering.append((network.prefixlen, peer))
    if not covering:
        return None
    client = max(covering, key=lambda pair: pair[0])[1]
    try:
        read_settings(client.client.settings)
    except ValueError:
        return None
    valid = [secret for not_after, secret in client.secrets if not_after is None or now < not_after]
    return valid[0] if valid else None


# --- LDAP ---------------------------------------------------------------------------------------------


async def ldap(at: Installation) -> list[Finding]:
    """Each LDAP address: free, or taken by somebody who accepts connections."""
    settings = at.settings.ldap
    return [await asyncio.to_thread(_ldap, at, each) for each in (*settings.listen, *settings.tls_listen)]


def _ldap(at: Installation, endpoint: Endpoint) -> Finding:
    if endpoint.port == 0:
        return note("ldap", "door.any_port", address=str(endpoint))
    why = why_not_bound(endpoint, socket.SOCK_STREAM)
    if why != errno.EADDRINUSE:
        return _not_taken(at, "ldap", endpoint, why)
    host = _WILDCARDS.get(endpoint.host, endpoint.host)
    try:
        socket.create_connection((host, endpoint.port), _ANSWER_SECONDS).close()
    except OSError:
        return problem("ldap", "ldap.silent", address=str(endpoint))
    return ok("ldap", "ldap.accepts", address=str(endpoint))


# --- HTTP -----------------------------------------------------------------------------------------------


async def web(at: Installation) -> list[Finding]:
    """Each HTTP address: free, taken by us and answering, or taken by somebody else."""
    if not at.settings.http.listen:
        return [note("web", "web.off")]
    return [await asyncio.to_thread(_web, at, endpoint) for endpoint in at.settings.http.listen]


def _web(at: Installation, endpoint: Endpoint) -> Finding:
    if endpoint.port == 0:
        return note("web", "door.any_port", address=str(endpoint))
    why = why_not_bound(endpoint, socket.SOCK_STREAM)
    if why != errno.EADDRINUSE:
        return _not_taken(at, "web", endpoint, why)
    host = _WILDCARDS.get(endpoint.host, endpoint.host)
    if _is_healthy(host, endpoint.port, has_tls=at.settings.http.tls_certificate is not None):
        return ok("web", "web.answers", address=str(endpoint))
    return problem("web", "web.silent", address=str(endpoint))


def _is_healthy(host: str, port: int, *, has_tls: bool) -> bool:
    connection: http.client.HTTPConnection
    if has_tls:
        # Only asked whether it is alive; nothing is told to it, and the certificate is looked at elsewhere.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection(host, port, timeout=_ANSWER_SECONDS, context=context)
    else:
        connection = http.client.HTTPConnection(host, port, timeout=_ANSWER_SECONDS)
    try:
        connection.request("GET", "/health")
        answer = connection.getresponse()
        return answer.status == http.HTTPStatus.OK and answer.read(64) == b"alive\n"
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


async def certificate(at: Installation) -> list[Finding]:
    """The certificates of our own TLS: readable, fitting their keys, not about to end."""
    found = []
    for section in (at.settings.http, at.settings.ldap, at.settings.radius):
        if section.tls_certificate is not None and section.tls_key is not None:
            now = datetime.now(UTC)
            found += await asyncio.to_thread(judge_certificate, section.tls_certificate, section.tls_key, now)
    return found


def judge_certificate(file: Path, key: Path, now: datetime) -> list[Finding]:
    """Return what is to be said of a certificate and its key at `now`."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        leaf = x509.load_pem_x509_certificates(file.read_bytes())[0]
    except (OSError, ValueError) as error:
        return [problem("certificate", "certificate.unreadable", path=str(file), reason=_plain(error))]
    try:
        private = load_pem_private_key(key.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        return [problem("certificate", "certificate.unreadable", path=str(key), reason=_plain(error))]
    if private.public_key() != leaf.public_key():
        return [problem("certificate", "certificate.other_key", path=str(file), key=str(key))]
    ends, told = leaf.not_valid_after_utc, {"path": str(file), "day": f"{leaf.not_valid_after_utc:%Y-%m-%d}"}
    if ends <= now or leaf.not_valid_before_utc > now:
        return [problem("certificate", "certificate.over", **told)]
    if ends - now < _EXPIRES_SOON:
        return [warning("certificate", "certificate.ends_soon", **told)]
    return [ok("certificate", "certificate.fine", **told)]


# --- who can reach them ---------------------------------------------------------------------------------


async def reach(at: Installation) -> list[Finding]:
    """Who can reach the doors, and whether passwords cross the network in the clear."""
    radius_listen, web_listen = at.settings.radius.listen, at.settings.http.listen
    found = []
    if radius_listen and all(map(is_loopback, radius_listen)):
        found.append(note("reach", "reach.radius_loopback"))
    has_tls = at.settings.http.tls_certificate is not None
    if web_listen and all(map(is_loopback, web_listen)):
        if not has_tls and not at.settings.http.public_url.startswith("https:"):
            found.append(note("reach", "reach.web_loopback"))
    elif web_listen and not has_tls and not at.settings.http.trusted_proxies:
        found.append(warning("reach", "reach.web_clear"))
    ldap = at.settings.ldap
    if ldap.listen and ldap.tls_certificate is None and not all(map(is_loopback, ldap.listen)):
        found.append(warning("reach", "reach.ldap_clear"))
    if not is_private_origin(at.settings.http.public_url):
        found.append(warning("reach", "reach.origin_clear", url=at.settings.http.public_url))
    return found


def is_loopback(endpoint: Endpoint) -> bool:
    """Tell whether only this machine reaches an address that we listen on."""
    if endpoint.host == "localhost":
        return True
    try:
        return ipaddress.ip_address(endpoint.host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def is_private_origin(url: str) -> bool:
    """Tell whether what browsers send to `url` stays private: TLS, or this machine only."""
    if url.startswith("https:"):
        return True
    host = url.partition("://")[2].rpartition(":")[0] or url.partition("://")[2]
    name = host.strip("[]")
    try:
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


# --- parts ----------------------------------------------------------------------------------------------


def why_not_bound(endpoint: Endpoint, kind: socket.SocketKind) -> int:
    """Return the error number with which an address cannot be listened on, 0 if it can."""
    try:
        found = socket.getaddrinfo(endpoint.host, endpoint.port, type=kind, flags=socket.AI_PASSIVE)
    except OSError:
        return errno.EADDRNOTAVAIL
    family, _, protocol, _, address = found[0]
    try:
        with socket.socket(family, kind, protocol) as probe:
            if kind is socket.SOCK_STREAM:
                # As the server does it: a connection that has just ended does not keep the address.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return error.errno or errno.EADDRNOTAVAIL
    return 0


def _not_taken(at: Installation, area: str, endpoint: Endpoint, why: int) -> Finding:
    if why == 0:
        return note(area, "door.closed", address=str(endpoint), command=at.command("serve"))
    if why in (errno.EACCES, errno.EPERM):
        return problem(area, "door.forbidden", address=str(endpoint))
    return problem(area, "door.not_ours", address=str(endpoint), reason=os.strerror(why))


def _own_address(host: str, port: int) -> str:
    """Return the address that this machine would ask `host` from; nothing is sent."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.connect(address)
        return str(probe.getsockname()[0])


def _plain(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
