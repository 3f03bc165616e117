"""Finding what a person means: a name, an identifier or its beginning. Unknown things name the next step."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

from vestibule.cli.desk import Desk
from vestibule.cli.terminal import NotDone, choices
from vestibule.crypto.tokens import is_id
from vestibule.interfaces.transaction.attempts import VerificationFilter
from vestibule.interfaces.transaction.lists import Page
from vestibule.interfaces.transaction.sign_in import Person, Subject
from vestibule.model.app_password import AppPassword
from vestibule.model.application import Application, Client, ClientKind, ClientSecret, DirectoryConfiguration
from vestibule.model.authenticator import Authenticator, AuthenticatorStatus, canonical_serial
from vestibule.model.certificate import Certificate
from vestibule.model.gateway import GatewayConfiguration
from vestibule.model.group import Group
from vestibule.model.provider import Provider
from vestibule.model.replication import ActivatedServer, ActivationCredentials, ReplicationGroup
from vestibule.model.reply_attribute import ReplyAttribute
from vestibule.model.role import AdminRole
from vestibule.model.user import User
from vestibule.model.verification import Verification

if TYPE_CHECKING:
    from vestibule.services.licences import Bundle
    from vestibule.services.replication import Fleet

SHORT_ID = 16
"""So many characters of an attempt's identifier are shown in lists: its time and 16 random bits."""
_TIME_DIGITS = 12
_LEAST_BEGINNING = 4

Found = TypeVar("Found")
NamedOne = TypeVar(
    "NamedOne",
    Application,
    AppPassword,
    Client,
    DirectoryConfiguration,
    GatewayConfiguration,
    Group,
    AdminRole,
    Provider,
    ActivatedServer,
    ReplicationGroup,
)


async def user(desk: Desk, name: str) -> Person:
    """Return the person of that name, in any spelling, or of that identifier."""
    users = desk.services.users
    found = await users.find_by_name(desk.actor, desk.tenant_id, name)
    if found is None and is_id(name):
        found = await users.find(desk.actor, desk.tenant_id, name)
    if found is None:
        raise NotDone("cli.unknown.user", name=name, command=desk.command("user list"))
    return found


def methods(desk: Desk, wanted: list[str] | None) -> tuple[str, ...] | None:
    """Return the names of methods, each as it is spelled or with hyphens; None: none were named."""
    if wanted is None:
        return None
    known = desk.services.enrollments.methods
    chosen = sorted({name.replace("-", "_") for name in wanted})
    for name in chosen:
        if name not in known:
            raise NotDone("cli.unknown.method", name=name, methods=choices(list(known)))
    return tuple(chosen)


def held(subject: Subject) -> tuple[Authenticator, ...]:
    """Return what a person holds, what has been taken away left out."""
    return tuple(a for a in subject.authenticators if a.status is not AuthenticatorStatus.REVOKED)


def authenticator(desk: Desk, subject: Subject, wanted: str) -> Authenticator:
    """Return what the person holds by serial, name, method, identifier or the identifier's beginning."""
    holds = held(subject)
    method = wanted.casefold().replace("-", "_")
    by_word = [one for one in holds if wanted.casefold() in _words(one, wanted) or one.method == method]
    found = by_word or _by_beginning(holds, wanted, lambda one: one.authenticator_id)
    return _only(
        found, wanted, desk, f"authenticator list {shlex.quote(subject.user.username)}", "authenticator"
    )


def _words(one: Authenticator, wanted: str) -> tuple[str, ...]:
    by_serial = wanted.casefold() if one.serial and one.serial == canonical_serial(wanted) else ""
    return tuple(word for word in (by_serial, one.label.casefold()) if word)


async def app_password(desk: Desk, person: User, wanted: str) -> AppPassword:
    """Return an app password of a person by name, identifier or the identifier's beginning."""
    held = await desk.services.app_passwords.list(desk.actor, desk.tenant_id, person.user_id)
    found = _named(held, wanted) or _by_beginning(held, wanted, lambda one: one.app_password_id)
    return _only(found, wanted, desk, f"app-password list {shlex.quote(person.username)}", "app_password")


def application(desk: Desk, wanted: str) -> Application:
    """Return the application of that name or identifier."""
    found = desk.services.applications.applications(desk.actor, desk.tenant_id)
    for one in found:
        if wanted == one.application_id:
            return one
    return _only(_named(found, wanted), wanted, desk, "application list", "application")


def application_name(desk: Desk, one: Client) -> str:
    """Return the name of the application on whose behalf a client asks."""
    return desk.snapshot.peers[one.client_id].application.name


def client(desk: Desk, wanted: str, kind: ClientKind) -> Client:
    """Return the client of that name, address or identifier."""
    found = desk.services.applications.clients(desk.actor, desk.tenant_id, kind)
    for one in found:
        if wanted == one.client_id:
            return one
    named = _named(found, wanted)
    addressed = [one for one in found if one.address and one.address.partition("/")[0] == wanted]
    noun = {ClientKind.API: "api-key", ClientKind.LDAP: "ldap-client"}.get(kind, "client")
    return _only(named or addressed, wanted, desk, f"{noun} list", noun.replace("-", "_"))


async def secret(desk: Desk, of: Client, wanted: str) -> ClientSecret:
    """Return a secret of a client by its last characters, its identifier or the identifier's beginning."""
    stored = await desk.services.applications.secrets(desk.actor, desk.tenant_id, of.client_id)
    hinted = [one for one in stored if one.hint == wanted.lstrip("…")]
    found = hinted or _by_beginning(stored, wanted, lambda one: one.secret_id)
    listing = f"client secret list {shlex.quote(of.name)}" if of.kind is ClientKind.RADIUS else "api-key list"
    return _only(found, wanted, desk, listing, "secret")


def certificate(desk: Desk, found: Sequence[Certificate], wanted: str) -> Certificate:
    """Return the one among `found` whose identifier begins so."""
    chosen = _by_beginning(found, wanted, lambda one: one.certificate_id)
    return _only(chosen, wanted, desk, "certificate list", "certificate")


def directory(desk: Desk, wanted: str) -> DirectoryConfiguration:
    """Return the directory of that name or identifier."""
    found = desk.services.applications.directories(desk.actor, desk.tenant_id)
    named = [one for one in found if wanted == one.directory_id] or _named(found, wanted)
    return _only(named, wanted, desk, "directory list", "directory")


def gateway(desk: Desk, wanted: str) -> GatewayConfiguration:
    """Return the gateway of that name or identifier."""
    found = desk.services.gateway_settings.list(desk.actor, desk.tenant_id)
    named = [one for one in found if wanted == one.gateway_id] or _named(found, wanted)
    return _only(named, wanted, desk, "gateway list", "gateway")


def group(desk: Desk, wanted: str) -> Group:
    """Return the group of that name or identifier."""
    found = desk.services.groups.list(desk.actor, desk.tenant_id)
    named = [one for one in found if wanted == one.group_id] or _named(found, wanted)
    return _only(named, wanted, desk, "group list", "group")


def reply(desk: Desk, lines: Sequence[ReplyAttribute], wanted: str) -> ReplyAttribute:
    """Return a reply attribute by its name, identifier or the identifier's beginning."""
    named = [one for one in lines if one.attribute.casefold() == wanted.casefold()]
    found = named or _by_beginning(lines, wanted, lambda one: one.reply_id)
    return _only(found, wanted, desk, "reply list", "reply")


def role(desk: Desk, wanted: str) -> AdminRole:
    """Return the role of that name or identifier; a built-in one has only an identifier."""
    found = desk.services.roles.list(desk.actor)
    named = [one for one in found if wanted == one.role_id] or _named(found, wanted)
    return _only(named, wanted, desk, "role list", "role")


async def provider(desk: Desk, wanted: str) -> Provider:
    """Return the provider of that name or identifier, of whatever tenant."""
    found = await desk.services.providers.list(desk.actor)
    named = [one for one in found if wanted == one.provider_id] or _named(found, wanted)
    return _only(named, wanted, desk, "provider list", "provider")


async def bundle(desk: Desk, wanted: str) -> Bundle:
    """Return the bundle of licences of that identifier, or of its beginning."""
    found = await desk.services.licences.list(desk.actor, desk.tenant_id)
    matching = _by_beginning(found, wanted, lambda one: one.licence.licence_id)
    return _only(matching, wanted, desk, "licence list", "licence")


def activated_server(desk: Desk, fleet: Fleet, wanted: str) -> ActivatedServer:
    """Return the server of that name or identifier."""
    named = [one for one in fleet.servers if wanted == one.server_id] or _named(fleet.servers, wanted)
    return _only(named, wanted, desk, "server list", "server")


def replication_group(desk: Desk, fleet: Fleet, wanted: str) -> ReplicationGroup:
    """Return the replication group of that name or identifier."""
    named = [one for one in fleet.groups if wanted == one.group_id] or _named(fleet.groups, wanted)
    return _only(named, wanted, desk, "server groups", "replication_group")


def activation_credentials(desk: Desk, fleet: Fleet, wanted: str) -> ActivationCredentials:
    """Return the credentials whose identifier begins so."""
    found = _by_beginning(fleet.waiting, wanted, lambda one: one.credentials_id)
    return _only(found, wanted, desk, "server waiting", "credentials")


async def attempt(desk: Desk, wanted: str) -> Verification:
    """Return the attempt of that identifier, or of its first 12 characters or more."""
    attempts = desk.services.attempts
    if is_id(wanted):
        found = await attempts.find(desk.actor, desk.tenant_id, wanted)
        return _only([found] if found else [], wanted, desk, "attempts list", "attempt")
    at = _time_in(wanted)
    rows: Sequence[Verification] = ()
    if at is not None:
        where = VerificationFilter(since=at, until=at + 1)
        rows = (await attempts.list(desk.actor, desk.tenant_id, where, Page(500))).rows
    matching = [row for row in rows if row.verification_id.startswith(wanted.lower())]
    return _only(matching, wanted, desk, "attempts list", "attempt")


def _time_in(beginning: str) -> int | None:
    """Return the time (epoch ms) that an identifier begins with, None if it is too short for that."""
    digits = beginning[:_TIME_DIGITS]
    try:
        return int(digits, 16) if len(digits) == _TIME_DIGITS else None
    except ValueError:
        return None


def _named(found: Iterable[NamedOne], wanted: str) -> list[NamedOne]:
    """Return those of that very name, or else those of that name in any case."""
    several = [one for one in found if one.name.casefold() == wanted.casefold()]
    return [one for one in several if one.name == wanted] or several


def _by_beginning(found: Iterable[Found], wanted: str, identifier: Callable[[Found], str]) -> list[Found]:
    if len(wanted) < _LEAST_BEGINNING:
        return []
    return [one for one in found if identifier(one).startswith(wanted.lower())]


def _only(found: Sequence[Found], wanted: str, desk: Desk, listing: str, kind: str) -> Found:
    if len(found) == 1:
        return found[0]
    key = "several" if found else "unknown"
    raise NotDone(f"cli.{key}.{kind}", name=wanted, command=desk.command(listing))
