"""What administrators have set up: whether everybody who should get in can, and nobody else."""

from __future__ import annotations

import asyncio
import ipaddress
import shlex
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from vestibule.cli.checks.doors import is_loopback, is_private_origin
from vestibule.cli.checks.findings import (
    Finding,
    OpenInstallation,
    note,
    ok,
    problem,
    warning,
)
from vestibule.cli.output import moment
from vestibule.interfaces.gateway import ShowsPasscodes
from vestibule.interfaces.transaction.lists import Page
from vestibule.interfaces.transaction.people import UserFilter
from vestibule.interfaces.transaction.sign_in import Subject
from vestibule.model.actor import SYSTEM
from vestibule.model.app_check import AppCheck
from vestibule.model.application import Application, ClientKind, DirectoryConfiguration, FirstFactor
from vestibule.model.radius_client import Signing, read_settings
from vestibule.model.tenant import DEMONSTRATION_TENANT, SYSTEM_TENANT
from vestibule.model.user import Role, UserStatus

if TYPE_CHECKING:
    from vestibule.services.configuration import Peer

_SHORT_SECRET: Final = 16
_SOON_MS: Final = 7 * 24 * 3_600_000
_WIDEST: Final = {4: 8, 6: 16}
"""A network with a shorter prefix than this is nearly everybody."""
_MOST_USERS: Final = 10_000
_ROWS: Final = 500
NOBODYS_NAME: Final = "vestibule-doctor-looks-for-nobody"


async def administrators(at: OpenInstallation) -> list[Finding]:
    """Who can repair things from the console: at least two, so that one may lose the phone."""
    where = UserFilter(role=Role.ADMINISTRATOR.value, status=UserStatus.ACTIVE.value)
    listed = await at.house.services.users.list(SYSTEM, SYSTEM_TENANT, where, Page(limit=_ROWS))
    invite = at.command("admin link")
    match len(listed.rows):
        case 0:
            return [problem("administrators", "administrators.none", command=invite)]
        case 1:
            return [warning("administrators", "administrators.one", command=invite)]
        case count:
            return [ok("administrators", "administrators.fine", count=count)]


async def applications(at: OpenInstallation) -> list[Finding]:
    """Applications that nobody can open: without a client, without their directory, without a method."""
    found = []
    for application in at.snapshot.applications.values():
        if application.is_enabled:
            found += _application(at, application)
    return found or [ok("applications", "applications.fine", count=len(at.snapshot.applications))]


def _application(at: OpenInstallation, one: Application) -> list[Finding]:
    told = {"name": one.name, "tenant": one.tenant_id}
    found = []
    peers = at.snapshot.peers.values()
    asking = [
        peer
        for peer in peers
        if (peer.client.tenant_id, peer.client.application_id) == (one.tenant_id, one.application_id)
    ]
    if not asking:
        add = at.command(
            f"client add NAME ADDRESS --application {shlex.quote(one.name)}", tenant=one.tenant_id
        )
        found.append(warning("applications", "applications.no_client", command=add, **told))
    has_directory = (one.tenant_id, one.directory_id) in at.snapshot.directories
    if one.first_factor is FirstFactor.DIRECTORY and not has_directory:
        found.append(problem("applications", "applications.no_directory", **told))
    known = at.house.services.enrollments.methods
    if one.methods and not any(name in known for name in one.methods):
        found.append(problem("applications", "applications.no_method", **told))
    return found


async def clients(at: OpenInstallation) -> list[Finding]:
    """RADIUS clients that get no answer, or whose answers could be forged."""
    peers = [
        peer
        for peer in at.snapshot.peers.values()
        if peer.client.kind is ClientKind.RADIUS and peer.client.is_enabled
    ]
    certified = {one.client_id for one in at.snapshot.certificates.values() if one.is_valid(at.now)}
    found: list[Finding] = []
    for peer in peers:
        found += judge_client(at, peer, is_certified=peer.client.client_id in certified)
    if not peers:
        return [note("clients", "clients.none")]
    return found or [ok("clients", "clients.fine", count=len(peers))]


def judge_client(at: OpenInstallation, peer: Peer, *, is_certified: bool = False) -> list[Finding]:
    """Return what is to be said of one RADIUS client; `is_certified`: it has a certificate for TLS."""
    client = peer.client
    told = {"name": client.name, "tenant": client.tenant_id}
    quoted = shlex.quote(client.name)
    try:
        settings = read_settings(client.settings)
    except ValueError as wrong:
        return [problem("clients", "clients.unreadable", why=str(wrong), **told)]
    if not client.address:
        issue = at.command(f"certificate issue {quoted} FILE", tenant=client.tenant_id)
        return [] if is_certified else [problem("clients", "clients.no_certificate", command=issue, **told)]
    add = at.command(f"client secret add {quoted}", tenant=client.tenant_id)
    found = [] if is_certified and not peer.secrets else _secrets(at, peer, add)
    if settings.message_authenticator is not Signing.REQUIRE:
        see = at.command("client signing", tenant=client.tenant_id)
        found.append(warning("clients", "clients.forgeable", command=see, **told))
    network = ipaddress.ip_network(client.address, strict=False)
    if network.prefixlen < _WIDEST[network.version]:
        found.append(warning("clients", "clients.everybody", address=client.address, **told))
    return found


def _secrets(at: OpenInstallation, peer: Peer, add: str) -> list[Finding]:
    told = {"name": peer.client.name, "tenant": peer.client.tenant_id, "command": add}
    if not peer.secrets:
        return [problem("clients", "clients.no_secret", **told)]
    valid = [(end, secret) for end, secret in peer.secrets if end is None or at.now < end]
    if not valid:
        return [problem("clients", "clients.expired", **told)]
    found = []
    if any(len(secret) < _SHORT_SECRET for _, secret in valid):
        found.append(warning("clients", "clients.short", least=_SHORT_SECRET, **told))
    ends = [end for end, _ in valid if end is not None]
    if len(ends) == len(valid) and max(ends) - at.now < _SOON_MS:
        found.append(warning("clients", "clients.ends_soon", at=moment(max(ends)), **told))
    return found


async def directories(at: OpenInstallation) -> list[Finding]:
    """Each directory is asked for somebody whom nobody is."""
    configured = list(at.snapshot.directories.values())
    return list(await asyncio.gather(*(_directory(at, one) for one in configured)))


async def _directory(at: OpenInstallation, one: DirectoryConfiguration) -> Finding:
    from vestibule.cli.directory import trouble_words
    from vestibule.services.directories import DirectorySilent

    told = {"name": one.name, "tenant": one.tenant_id}
    began = time.perf_counter()
    try:
        await at.house.services.directories.find(SYSTEM, one.tenant_id, one.directory_id, NOBODYS_NAME)
    except DirectorySilent as silent:
        why = trouble_words(at.language, one.kind, silent.trouble)
        return problem("directories", "directories.silent", why=why, **told)
    except ValueError as wrong:
        return problem("directories", "directories.unusable", why=str(wrong), **told)
    milliseconds = max(1, round((time.perf_counter() - began) * 1000))
    return ok("directories", "directories.fine", milliseconds=milliseconds, **told)


async def users(at: OpenInstallation) -> list[Finding]:
    """Active users who hold nothing: they get in nowhere that asks for a second factor."""
    return [
        await _users(at, tenant_id) for tenant_id in sorted(at.snapshot.tenants) if tenant_id != SYSTEM_TENANT
    ]


async def _users(at: OpenInstallation, tenant_id: str) -> Finding:
    looked_at, without, cursor = 0, 0, ""
    where = UserFilter(status=UserStatus.ACTIVE.value)
    service = at.house.services.users
    while True:
        listed = await service.list(SYSTEM, tenant_id, where, Page(_ROWS, cursor))
        held = await asyncio.gather(*(service.find(SYSTEM, tenant_id, user.user_id) for user in listed.rows))
        without += _without(at, held)
        looked_at += len(listed.rows)
        cursor = listed.next_cursor
        if not cursor or looked_at >= _MOST_USERS:
            break
    told: dict[str, str | int] = {"tenant": tenant_id, "count": looked_at, "without": without}
    if without:
        return note("users", "users.some_without" if cursor else "users.without", **told)
    return ok("users", "users.fine", tenant=tenant_id, count=looked_at)


def _without(at: OpenInstallation, subjects: Iterable[Subject | None]) -> int:
    return sum(
        not any(held.is_usable(at.now) for held in subject.authenticators)
        for subject in subjects
        if subject is not None
    )


async def unlock(at: OpenInstallation) -> list[Finding]:
    """Whether browsers can prove the unlock of a device to us, where a tenant asks for it."""
    url = at.settings.http.public_url
    asking = [
        each.tenant_id for each in at.snapshot.tenants.values() if each.settings.app_check is AppCheck.UNLOCK
    ]
    if is_relying_party(url):
        return []
    return [problem("reach", "reach.no_relying_party", tenant=each, url=url) for each in asking]


def is_relying_party(url: str) -> bool:
    """Tell whether an origin can have credentials of Web Authentication: a name, reached by TLS or here."""
    try:
        ipaddress.ip_address(urlsplit(url).hostname or "")
    except ValueError:
        return is_private_origin(url)
    return False


async def demonstration(at: OpenInstallation) -> list[Finding]:
    """The demonstration's passcode can be computed here; it has no place where others can reach us."""
    if not at.house.services.demonstrations.exists:
        return []
    if all(map(is_loopback, (*at.settings.radius.listen, *at.settings.http.listen))):
        return [note("demonstration", "demonstration.here")]
    disable = at.command("user disable alice", tenant="demo")
    return [warning("demonstration", "demonstration.reachable", command=disable)]


async def simulated_phones(at: OpenInstallation) -> list[Finding]:
    """Gateways that show every passcode on a page: for the demonstration, on this machine only."""
    kinds = at.house.services.gateways.kinds
    is_local = all(map(is_loopback, at.settings.http.listen))
    found = []
    for gateway in at.snapshot.gateways.values():
        if not isinstance(kinds.get(gateway.kind), ShowsPasscodes) or not gateway.is_enabled:
            continue
        if gateway.tenant_id != DEMONSTRATION_TENANT:
            told = {"name": gateway.name, "tenant": gateway.tenant_id}
            found.append(problem("gateways", "gateways.simulated_here", **told))
        elif is_local:
            found.append(note("gateways", "gateways.simulated"))
        else:
            found.append(warning("gateways", "gateways.simulated_reachable"))
    return found
