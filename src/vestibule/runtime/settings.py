"""What a process needs before it can read its database: one small TOML file, and the environment above it.

Everything else lives in the database and is edited in the console, the command line or the API. Every value
has a usable default. A key that is not known is refused, never skipped: a misspelled protection must not be
off in silence. Loading touches nothing but the file it is given; `Settings` is immutable and handed on,
never global.

A variable's name is the key in capitals: `radius.listen` is `VESTIBULE_RADIUS_LISTEN`. It wins over the file.
"""

from __future__ import annotations

import difflib
import re
import socket
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from vestibule.crypto.secret import Secret
from vestibule.outbound.push_services import BROWSERS
from vestibule.runtime.settings_values import (
    Endpoint,
    Reader,
    Unusable,
    read_address,
    read_choice,
    read_contact,
    read_database_url,
    read_endpoints,
    read_hosts,
    read_name,
    read_named_hosts,
    read_networks,
    read_path,
    read_pins,
    read_proxy,
    read_public_url,
    read_service_url,
    read_whole,
    shown,
    sqlite_url,
)

USUAL_FILE = Path("/etc/vestibule/vestibule.toml")
PREFIX = "VESTIBULE_"
FILE_VARIABLE = "VESTIBULE_CONFIG"
DEFAULT = "default"
BOTH, SERVICE, SERVER = "both", "service", "server"

_COMMANDS_OWN = ("VESTIBULE_TRY_",)
# An orchestrator gives every container the addresses of a service called "vestibule", in variables of this
# shape.
_SERVICE_LINK = re.compile(r"VESTIBULE_(SERVICE_(HOST|PORT)|PORT)(_.*)?")
_WILDCARDS = ("0.0.0.0", "::")  # noqa: S104 - compared with, never bound to


class NodeSettings(msgspec.Struct, frozen=True):
    """Who this process is in the records of attempts (S4)."""

    name: str
    address: str


class RadiusSettings(msgspec.Struct, frozen=True):
    listen: tuple[Endpoint, ...]
    accounting_listen: tuple[Endpoint, ...]
    accounting_days: int
    """How long what clients tell of sessions is kept."""
    eap_certificate: Path | None
    """What devices see inside EAP-TTLS and PEAP, in place of the certificate of the installation's own
    authority."""
    eap_key: Path | None
    tls_listen: tuple[Endpoint, ...] = ()
    """RADIUS over TLS (RFC 6614); its port is 2083."""
    tls_certificate: Path | None = None
    """Shown in place of the certificate of the installation's own authority."""
    tls_key: Path | None = None


class LdapSettings(msgspec.Struct, frozen=True):
    listen: tuple[Endpoint, ...]
    tls_listen: tuple[Endpoint, ...]
    """LDAPS: protected from the first byte."""
    tls_certificate: Path | None
    tls_key: Path | None


class HttpSettings(msgspec.Struct, frozen=True):
    listen: tuple[Endpoint, ...]
    public_url: str
    trusted_proxies: tuple[str, ...]
    """Networks whose `X-Forwarded-*` headers are believed."""
    tls_certificate: Path | None
    tls_key: Path | None


class PushSettings(msgspec.Struct, frozen=True):
    """Which push services apps are woken through, and how."""

    hosts: tuple[str, ...]
    private_hosts: tuple[str, ...]
    """These may have an address in a network of one's own."""
    ca_file: Path | None
    """Authorities that are trusted beside the system's."""
    contact: str
    """Whom the people of a push service write to."""


class WebhookSettings(msgspec.Struct, frozen=True):
    """Where events may be sent to."""

    private_hosts: tuple[str, ...]
    """These may have an address in a network of one's own."""


class LinkSettings(msgspec.Struct, frozen=True):
    """Of a server: where its service is, and how it is reached and known."""

    service: str
    """Its origin; empty where this is no server."""
    proxy: Secret[str] | None
    pins: tuple[str, ...]
    """SHA-256 of public keys; none: authorities vouch for the service's name."""
    ca_file: Path | None
    """Authorities that are trusted beside the system's."""


class LogSettings(msgspec.Struct, frozen=True):
    level: str
    format: str


class Settings(msgspec.Struct, frozen=True):
    state_directory: Path
    database_url: Secret[str]
    """`sqlite:////absolute/file` or `postgresql://...`."""
    key_file: Path
    node: NodeSettings
    radius: RadiusSettings
    ldap: LdapSettings
    http: HttpSettings
    push: PushSettings
    webhook: WebhookSettings
    role: str
    """`service`, `server`, or `both`: neither serves the other, and there is no link."""
    link: LinkSettings
    country_database: Path | None
    """A file in the MaxMind DB format that tells the countries of addresses."""
    log: LogSettings


class Value(msgspec.Struct, frozen=True):
    """One line of `check-config`: a value as people write it, secrets masked, and where it came from."""

    key: str
    shown: str
    origin: str
    """`default`, the name of a variable, or `FILE:LINE`."""


class Loaded(msgspec.Struct, frozen=True):
    settings: Settings
    values: tuple[Value, ...]


class Problem(msgspec.Struct, frozen=True):
    """One reason not to start; `kind` is a key under `settings.problem` in the catalog."""

    kind: str
    key: str
    origin: str
    placeholders: Mapping[str, str | int] = {}


class Refused(msgspec.Struct, frozen=True):
    problems: tuple[Problem, ...]


_Chosen: TypeAlias = dict[str, Any]


class _Field(msgspec.Struct, frozen=True):
    key: str
    read: Reader
    default: Callable[[_Chosen, Mapping[str, str]], object]
    """From the fields above it in the table, and the environment."""

    @property
    def variable(self) -> str:
        return PREFIX + self.key.upper().replace(".", "_")


_FIELDS = (
    _Field("state_directory", read_path, lambda _, environment: _default_state_directory(environment)),
    _Field(
        "database.url",
        read_database_url,
        lambda chosen, _: Secret(sqlite_url(chosen["state_directory"] / "vestibule.db")),
    ),
    _Field("key_file", read_path, lambda chosen, _: chosen["state_directory"] / "master.key"),
    _Field("role", read_choice(BOTH, SERVICE, SERVER), lambda *_: BOTH),
    _Field(
        "radius.listen",
        read_endpoints,
        lambda chosen, _: () if chosen["role"] == SERVICE else (Endpoint("127.0.0.1", 1812),),
    ),
    _Field("radius.accounting_listen", read_endpoints, lambda *_: ()),
    _Field("radius.accounting_days", read_whole(1, 3650), lambda *_: 90),
    _Field("radius.eap_certificate", read_path, lambda *_: None),
    _Field("radius.eap_key", read_path, lambda *_: None),
    _Field("radius.tls_listen", read_endpoints, lambda *_: ()),
    _Field("radius.tls_certificate", read_path, lambda *_: None),
    _Field("radius.tls_key", read_path, lambda *_: None),
    _Field("ldap.listen", read_endpoints, lambda *_: ()),
    _Field("ldap.tls_listen", read_endpoints, lambda *_: ()),
    _Field("ldap.tls_certificate", read_path, lambda *_: None),
    _Field("ldap.tls_key", read_path, lambda *_: None),
    _Field("http.tls_certificate", read_path, lambda *_: None),
    _Field("http.tls_key", read_path, lambda *_: None),
    _Field(
        "http.listen",
        read_endpoints,
        lambda chosen, _: (Endpoint("127.0.0.1", 8443 if chosen["http.tls_certificate"] else 8080),),
    ),
    _Field("node.name", read_name, lambda *_: _host_name()),
    _Field("node.address", read_address, lambda chosen, _: _node_address(chosen["radius.listen"])),
    _Field("http.public_url", read_public_url, lambda chosen, _: _public_url(chosen)),
    _Field("http.trusted_proxies", read_networks, lambda *_: ()),
    _Field("push.hosts", read_hosts, lambda *_: BROWSERS),
    _Field("push.private_hosts", read_named_hosts, lambda *_: ()),
    _Field("push.ca_file", read_path, lambda *_: None),
    _Field("push.contact", read_contact, lambda chosen, _: _push_contact(chosen["http.public_url"])),
    _Field("webhook.private_hosts", read_named_hosts, lambda *_: ()),
    _Field("link.service", read_service_url, lambda *_: ""),
    _Field("link.proxy", read_proxy, lambda *_: None),
    _Field("link.pins", read_pins, lambda *_: ()),
    _Field("link.ca_file", read_path, lambda *_: None),
    _Field("country_database", read_path, lambda *_: None),
    _Field("log.level", read_choice("debug", "info", "warning", "error"), lambda *_: "info"),
    _Field("log.format", read_choice("console", "json"), lambda *_: "console"),
)

KEYS = tuple(field.key for field in _FIELDS)


class _Given(msgspec.Struct, frozen=True):
    """A raw value, where it stands, and the folder that a relative path in it starts from."""

    raw: object
    origin: str
    folder: Path


def load(file: Path | None, environment: Mapping[str, str]) -> Loaded | Refused:
    """Read the file and the environment and return the settings, or everything that is wrong with them.

    Without `file`, `VESTIBULE_CONFIG` names it, else the usual one is read if there is one.
    """
    problems: list[Problem] = []
    given = _from_file(file, environment, problems) | _from_environment(environment, problems)
    chosen: _Chosen = {}
    values = []
    for field in _FIELDS:
        found = given.get(field.key)
        value = _read(field, found, problems)
        # After a problem the default only lets the check go on, so that all problems are told at once.
        chosen[field.key] = field.default(chosen, environment) if value is None else value
        origin = DEFAULT if found is None else found.origin
        values.append(Value(field.key, shown(chosen[field.key]), origin))
    problems.extend(_contradictions(chosen, values))
    if problems:
        return Refused(tuple(problems))
    return Loaded(_settings(chosen), tuple(values))


def _read(field: _Field, found: _Given | None, problems: list[Problem]) -> object | None:
    if found is None:
        return None
    try:
        return field.read(found.raw, found.folder)
    except Unusable as error:
        problems.append(Problem(error.problem, field.key, found.origin, error.placeholders))
        return None


def _contradictions(chosen: _Chosen, values: list[Value]) -> Iterator[Problem]:
    origins = {value.key: value.origin for value in values}
    for kind in ("http.tls", "ldap.tls", "radius.tls", "radius.eap"):
        pair = (f"{kind}_certificate", f"{kind}_key")
        for present, missing in (pair, pair[::-1]):
            if chosen[present] is not None and chosen[missing] is None:
                yield Problem("needs_other", present, origins[present], {"other": missing})
    if chosen["ldap.tls_listen"] and chosen["ldap.tls_certificate"] is None:
        yield Problem(
            "needs_other", "ldap.tls_listen", origins["ldap.tls_listen"], {"other": "ldap.tls_certificate"}
        )
    if chosen["role"] == SERVER and not chosen["link.service"]:
        yield Problem("needs_other", "role", origins["role"], {"other": "link.service"})
    if chosen["role"] == SERVICE and not chosen["http.public_url"].startswith("https://"):
        yield Problem("not_https", "http.public_url", origins["http.public_url"])


def _settings(chosen: _Chosen) -> Settings:
    def section(name: str) -> dict[str, Any]:
        return {key.partition(".")[2]: value for key, value in chosen.items() if key.startswith(f"{name}.")}

    return Settings(
        state_directory=chosen["state_directory"],
        database_url=chosen["database.url"],
        key_file=chosen["key_file"],
        node=NodeSettings(**section("node")),
        radius=RadiusSettings(**section("radius")),
        ldap=LdapSettings(**section("ldap")),
        http=HttpSettings(**section("http")),
        push=PushSettings(**section("push")),
        webhook=WebhookSettings(**section("webhook")),
        role=chosen["role"],
        link=LinkSettings(**section("link")),
        country_database=chosen["country_database"],
        log=LogSettings(**section("log")),
    )


# --- where values come from ---


def _from_file(
    file: Path | None, environment: Mapping[str, str], problems: list[Problem]
) -> dict[str, _Given]:
    path = file or (Path(environment[FILE_VARIABLE]) if environment.get(FILE_VARIABLE) else None)
    if path is None and not USUAL_FILE.exists():
        return {}
    path = (path or USUAL_FILE).absolute()
    try:
        source = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        problems.append(Problem("unreadable", str(path), str(path), {"reason": reason}))
        return {}
    try:
        table = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        is_cut_off = "end of document" in str(error)
        line = found[1] if found else len(source.splitlines()) if is_cut_off else 1
        problems.append(Problem("not_toml", str(path), f"{path}:{line}", {"reason": str(error)}))
        return {}
    given = {}
    for key, raw in _flat(table):
        origin = f"{path}:{line_of(source, key)}"
        if key in KEYS:
            given[key] = _Given(raw, origin, path.parent)
        else:
            problems.append(_unknown(key, origin, KEYS))
    return given


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    """Yield dotted keys. Only a table that has known keys is entered, so that a wrong one is named whole."""
    for name, value in table.items():
        key = prefix + name
        if isinstance(value, Mapping) and any(known.startswith(f"{key}.") for known in KEYS):
            yield from _flat(value, f"{key}.")
        else:
            yield key, value


def line_of(source: str, key: str) -> int:
    """Return the line on which a TOML file sets `key`, or begins the nearest table around it."""
    table, best, best_length = "", 1, 0
    for number, line in enumerate(source.splitlines(), start=1):
        if header := re.match(r"\s*\[+([^\[\]]+)\]+", line):
            table = _plain(header[1])
            name = table
        elif entry := re.match(r"\s*([A-Za-z0-9_\-.\"' ]+?)\s*=", line):
            name = f"{table}.{_plain(entry[1])}" if table else _plain(entry[1])
        else:
            continue
        if (key == name or key.startswith(f"{name}.")) and len(name) > best_length:
            best, best_length = number, len(name)
    return best


def _plain(name: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in name.split("."))


def _from_environment(environment: Mapping[str, str], problems: list[Problem]) -> dict[str, _Given]:
    by_variable = {field.variable: field.key for field in _FIELDS}
    given = {}
    for variable, raw in sorted(environment.items()):
        if variable in by_variable:
            given[by_variable[variable]] = _Given(raw, variable, Path.cwd())
        elif _is_ours(variable):
            problems.append(_unknown(variable, variable, (*by_variable, FILE_VARIABLE)))
    return given


def _is_ours(variable: str) -> bool:
    if not variable.startswith(PREFIX) or variable == FILE_VARIABLE:
        return False
    return not variable.startswith(_COMMANDS_OWN) and _SERVICE_LINK.fullmatch(variable) is None


def _unknown(name: str, origin: str, known: tuple[str, ...]) -> Problem:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if near:
        return Problem("unknown_near", name, origin, {"suggestion": near[0]})
    return Problem("unknown", name, origin)


# --- defaults ---


def _default_state_directory(environment: Mapping[str, str]) -> Path:
    """systemd's, when it made one; the clone's own, when running from a clone; else the user's."""
    if given := environment.get("STATE_DIRECTORY"):
        return Path(given.partition(":")[0])
    clone = Path(__file__).resolve().parents[3]
    if (clone / "pyproject.toml").is_file() and (clone / "src" / "vestibule").is_dir():
        return clone / ".state"
    base = environment.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "vestibule"


def _host_name() -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "-", socket.gethostname())[:64] or "node"


def _node_address(listen: tuple[Endpoint, ...]) -> str:
    """The first address that RADIUS listens on; where that is every address, the one that faces outward."""
    for endpoint in listen:
        try:
            address = read_address(endpoint.host, Path())
        except Unusable:
            continue
        return _outward_address() if address in _WILDCARDS else address
    return "127.0.0.1"


def _outward_address() -> str:
    # Connecting a datagram socket sends nothing; it only asks which way a packet would leave (RFC 5737
    # address).
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"


def _push_contact(public_url: str) -> str:
    """Our own address, as far as a push service takes it (RFC 8292 §2.1)."""
    return public_url if public_url.startswith("https://") else "https://localhost"


def _public_url(chosen: _Chosen) -> str:
    scheme = "https" if chosen["http.tls_certificate"] else "http"
    listen: tuple[Endpoint, ...] = chosen["http.listen"]
    if not listen:
        return f"{scheme}://localhost"
    host = chosen["node.name"] if listen[0].host in _WILDCARDS else listen[0].host
    return f"{scheme}://{Endpoint(host, listen[0].port)}"
