"""How one value of the settings is read, from TOML's types or from the text of an environment variable.

A reader returns the value or raises Unusable, which names what is wrong as a key of the catalog. It never
looks at another value and never touches the disk.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias
from urllib.parse import SplitResult, urlsplit

import msgspec

from vestibule.crypto.secret import MASK, Secret

Reader: TypeAlias = Callable[[object, Path], object]
"""Takes the raw value, and the folder that a relative path starts from."""

LONGEST_NAME = 64
_HOST = r"[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::(?P<port>[0-9]{1,5}))?"


class Unusable(Exception):
    """A value that cannot be used; `problem` is a key under `settings.problem` in the catalog."""

    def __init__(self, problem: str, **placeholders: str | int) -> None:
        super().__init__(problem)
        self.problem = problem
        self.placeholders = placeholders


class Endpoint(msgspec.Struct, frozen=True):
    """Where to listen: an address or name, and a port; port 0 takes any free one."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def read_text(raw: object, _folder: Path) -> str:
    """A text that is not empty: an empty variable is far more often a mistake than a wish for the default."""
    if not isinstance(raw, str):
        raise Unusable("not_text")
    if not raw.strip():
        raise Unusable("empty")
    return raw.strip()


def read_name(raw: object, folder: Path) -> str:
    name = read_text(raw, folder)
    if len(name) > LONGEST_NAME or not re.fullmatch(r"[A-Za-z0-9._-]+", name):
        raise Unusable("not_name", longest=LONGEST_NAME)
    return name


def read_address(raw: object, folder: Path) -> str:
    try:
        return str(ipaddress.ip_address(read_text(raw, folder)))
    except ValueError:
        raise Unusable("not_address") from None


def read_path(raw: object, folder: Path) -> Path:
    try:
        return folder / Path(read_text(raw, folder)).expanduser()
    except RuntimeError:  # "~somebody" whom the machine does not know
        raise Unusable("not_path") from None


def read_texts(raw: object, folder: Path) -> tuple[str, ...]:
    """A list; or one text with commas, or the word `none`, as an environment variable must write it."""
    if isinstance(raw, str):
        raw = [] if raw.strip() == "none" else raw.split(",")
    if not isinstance(raw, list):
        raise Unusable("not_list")
    texts = tuple(read_text(entry, folder) for entry in raw)
    for entry in texts:
        if texts.count(entry) > 1:
            raise Unusable("twice", value=entry)
    return texts


def read_endpoints(raw: object, folder: Path) -> tuple[Endpoint, ...]:
    """`127.0.0.1:1812`, `[::1]:1812`, `vpn.example:1812`; none at all switches the front end off."""
    endpoints = tuple(_endpoint(entry) for entry in read_texts(raw, folder))
    for endpoint in endpoints:
        if endpoint.port != 0 and endpoints.count(endpoint) > 1:
            raise Unusable("twice", value=str(endpoint))
    return endpoints


def _endpoint(entry: str) -> Endpoint:
    found = re.fullmatch(
        r"(?:\[(?P<v6>[0-9A-Fa-f:.%]+)\]|(?P<host>[A-Za-z0-9._-]+)):(?P<port>[0-9]{1,5})", entry
    )
    if found is None:
        raise Unusable("not_endpoint", value=entry)
    if int(found["port"]) > 65_535:
        raise Unusable("not_port", value=entry)
    if found["v6"] is not None:
        try:
            return Endpoint(str(ipaddress.IPv6Address(found["v6"])), int(found["port"]))
        except ValueError:
            raise Unusable("not_endpoint", value=entry) from None
    return Endpoint(found["host"].lower(), int(found["port"]))


def read_networks(raw: object, folder: Path) -> tuple[str, ...]:
    networks = []
    for entry in read_texts(raw, folder):
        try:
            networks.append(str(ipaddress.ip_network(entry, strict=False)))
        except ValueError:
            raise Unusable("not_network", value=entry) from None
    return tuple(networks)


def read_public_url(raw: object, folder: Path) -> str:
    """The origin that browsers see: scheme, host and perhaps a port, and nothing after it."""
    url = read_text(raw, folder).rstrip("/")
    parts = _split(url)
    is_origin = (
        parts.scheme in ("http", "https") and parts.hostname and url == f"{parts.scheme}://{parts.netloc}"
    )
    if not is_origin or "@" in parts.netloc:
        raise Unusable("not_origin")
    return url


def read_service_url(raw: object, folder: Path) -> str:
    """The same of a service, which is reached by TLS only."""
    url = read_public_url(raw, folder)
    if not url.startswith("https://"):
        raise Unusable("not_https")
    return url


def read_proxy(raw: object, folder: Path) -> Secret[str]:
    """`http://proxy.example:3128`, perhaps with a name and a password."""
    url = read_text(raw, folder)
    parts = _split(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Unusable("not_proxy")
    return Secret(url)


def read_pins(raw: object, folder: Path) -> tuple[str, ...]:
    """SHA-256 of public keys, as `sha256//` and base64."""
    pins = read_texts(raw, folder)
    for pin in pins:
        if re.fullmatch(r"sha256//[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=", pin) is None:
            raise Unusable("not_pin", value=pin)
    return pins


def read_database_url(raw: object, folder: Path) -> Secret[str]:
    """`sqlite:///relative` or `sqlite:////absolute` (a file), or `postgresql://...` (perhaps a password)."""
    url = read_text(raw, folder)
    match _split(url).scheme:
        case "sqlite":
            name = url.removeprefix("sqlite:///")
            if name == url or not name or "?" in name:
                raise Unusable("not_database_url")
            return Secret(sqlite_url(folder / name))
        case "postgresql" | "postgres":
            return Secret("postgresql:" + url.partition(":")[2])
        case _:
            raise Unusable("not_database_url")


def sqlite_url(file: Path) -> str:
    return f"sqlite:///{file}"


def read_hosts(raw: object, folder: Path) -> tuple[str, ...]:
    """`push.example.com`, `push.example.com:8443`, or `*.example.com` for all names below."""
    return _hosts(raw, folder, r"(?:\*\.)?" + _HOST)


def read_named_hosts(raw: object, folder: Path) -> tuple[str, ...]:
    """The same, each by its own name."""
    return _hosts(raw, folder, _HOST)


def _hosts(raw: object, folder: Path, pattern: str) -> tuple[str, ...]:
    hosts = read_texts(raw, folder)
    for host in hosts:
        found = re.fullmatch(pattern, host)
        if found is None:
            raise Unusable("not_host", value=host)
        if int(found["port"] or 0) > 65_535:
            raise Unusable("not_port", value=host)
    return hosts


def read_contact(raw: object, folder: Path) -> str:
    """Whom a push service writes to: `mailto:` with an address, or a page (RFC 8292 §2.1)."""
    contact = read_text(raw, folder)
    if re.fullmatch(r"mailto:[!-~]+@[!-~]+|https://[!-~]+", contact) is None:
        raise Unusable("not_contact")
    return contact


def read_choice(*choices: str) -> Reader:
    def read(raw: object, folder: Path) -> str:
        chosen = read_text(raw, folder).lower()
        if chosen not in choices:
            raise Unusable("not_choice", choices=", ".join(choices))
        return chosen

    return read


def read_whole(least: int, most: int) -> Reader:
    def read(raw: object, _folder: Path) -> int:
        text = str(raw).strip()
        if isinstance(raw, bool) or not (text.isascii() and text.isdecimal() and least <= int(text) <= most):
            raise Unusable("not_whole", least=least, most=most)
        return int(text)

    return read


def shown(value: object) -> str:
    """A value as people write it in the file, passwords masked."""
    match value:
        case None:
            return ""
        case Secret():
            return _without_password(str(value.reveal()))
        case tuple():
            return ", ".join(map(shown, value))
        case _:
            return str(value)


def _without_password(url: str) -> str:
    parts = _split(url)
    before, at, host = parts.netloc.rpartition("@")
    netloc = f"{before.partition(':')[0]}:{MASK}@{host}" if at and ":" in before else parts.netloc
    # libpq also takes the password as a parameter.
    query = re.sub(r"(?i)((?:^|&)(?:ssl)?password=)[^&]*", rf"\g<1>{MASK}", parts.query)
    tail = f"?{query}" if query else ""
    return f"{parts.scheme}://{netloc}{parts.path}{tail}"


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - reading it is what checks it
    except ValueError:
        raise Unusable("not_url") from None
    return parts
