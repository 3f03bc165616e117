"""How long each page of the portal and the console takes in a large installation, and each search in lists.

A page is asked for again and again, each time about somebody else. `ratio` is to the page that reads nothing.
"""

from __future__ import annotations

import asyncio
import http.client
import re
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote

from benchmarks import large_installation as large
from benchmarks.figures import Figures
from benchmarks.large_installation import Size
from benchmarks.population import TENANT
from tests.peers.postgres import PostgresServer
from tests.servers import ServerProcess
from vestibule.crypto.secret import Secret
from vestibule.crypto.tokens import new_token, token_hash
from vestibule.frontends.http import console, portal
from vestibule.interfaces.store import Transaction
from vestibule.model.actor import SYSTEM
from vestibule.model.application import (
    CONSOLE_APPLICATION,
    PORTAL_APPLICATION,
    ClientKind,
    DirectoryConfiguration,
    FirstFactor,
)
from vestibule.model.group import Group
from vestibule.model.session import Session
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.model.user import Role, User
from vestibule.runtime.build import House, build

SIZES = {"SQLite": Size(100_000, 1_000_000), "PostgreSQL": Size(1_000_000, 10_000_000)}
QUICK = Size(10_000, 100_000)
WANTED_MS = 100
"""At the 95th percentile."""
TIMES = 40
_DAY = "%Y-%m-%d"
_DAY_SECONDS = 86_400
_ADMINISTRATOR = "administrator"
_VISITOR = 0
"""One of those who sign in all day long."""
_HEADER = f"{'':<66}{'p50 ms':>9}{'p95 ms':>9}  {'ratio':>7}"
_EMPTY_PAGE = "/console/signed-out"
_NO_PAGES = ("/state", "/screen", "/sound", ".csv", "/signed-out", "/simulated-phones", "/not-me")
"""Endings of paths whose answer is a part or a file, or that are there for one person only."""
_PARAMETER = re.compile(r"\{([a-z]+):str\}")
_NEXT_PAGE = re.compile(r"[?&;]cursor=([\w-]+)")

Path_ = Callable[[int], str]
"""The path that is asked for at the n-th time."""


def report(folder: Path, postgres: PostgresServer, *, is_quick: bool) -> None:
    """Print a line for each page, then one for each search, on both engines."""
    for engine, full in SIZES.items():
        size = QUICK if is_quick else full
        print(f"\nPages: {engine}, {size}", flush=True)
        url = postgres.create("pages") if engine == "PostgreSQL" else None
        server = ServerProcess(folder / f"pages-{engine}", url)
        began = time.perf_counter()
        place = asyncio.run(_furnish(server, size))
        print(f"made in {time.perf_counter() - began:.0f} s\n{_HEADER}", flush=True)
        server.start()
        try:
            _Tour(server, place).print()
        finally:
            server.stop()
        if url is not None:
            postgres.drop("pages")


class Place:
    """What there is to look at: who is signed in, and what the parameters of paths stand for."""

    def __init__(self, size: Size, now: int, tokens: dict[str, str]) -> None:
        self.size = size
        self.now = now
        self.tokens = tokens
        """Of the sessions, by door."""

    def values(self, path: str, number: int) -> dict[str, str]:
        """Return what to put into `path` at the n-th time."""
        somebody = number * 7919 % self.size.people
        return {
            "tenant": TENANT,
            "user": large.user_id(somebody),
            "attempt": large.attempt_id(number * 104_729 % self.size.attempts, self.size, self.now),
            "authenticator": large.authenticator_id(somebody - somebody % 10),
            "application": f"app{number % large.APPLICATIONS}",
            "client": f"client{number % large.CLIENTS}",
            "directory": "ldap",
            "group": f"group{number % large.GROUPS}",
            "kind": "ldap" if "/directories/" in path else "http_text",
        }


class _Tour:
    def __init__(self, server: ServerProcess, place: Place) -> None:
        self._place = place
        self._connection = http.client.HTTPConnection(*server.http_address, timeout=120)
        cookies = "; ".join(f"vestibule-{door}={token}" for door, token in place.tokens.items())
        self._headers = {"cookie": cookies, "accept": "text/html", "accept-language": "en"}

    def print(self) -> None:
        self._measured("", lambda _: _EMPTY_PAGE)  # the first requests load templates
        floor = self._measured("", lambda _: _EMPTY_PAGE).percentile(0.5)
        left_out = []
        for path in _page_paths():
            if self._is_there(path):
                self._line(self._measured(path, self._filled(path)), floor)
            else:
                left_out.append(path)
        for label, asked in self._searches():
            self._line(self._measured(label, asked), floor)
        self._export()
        print("not there at this moment: " + " ".join(left_out), flush=True)

    def _line(self, figures: Figures, floor: float) -> None:
        middle, late = figures.percentile(0.5), figures.percentile(0.95)
        mark = f"  OVER {WANTED_MS}" if late > WANTED_MS else ""
        label = figures.label.replace("/console/tenants/{tenant:str}", "console …").replace(":str", "")
        print(f"{label:<66}{middle:>9.1f}{late:>9.1f}  {middle / floor:>7.1f}{mark}", flush=True)

    def _filled(self, path: str) -> Path_:
        def filled(number: int) -> str:
            values = self._place.values(path, number)
            return _PARAMETER.sub(lambda found: quote(values[found[1]], safe=""), path)

        return filled

    def _is_there(self, path: str) -> bool:
        """Tell whether there is such a page now, for anybody: not all steps of a registration are."""
        is_known = set(_PARAMETER.findall(path)) <= self._place.values(path, 0).keys()
        return is_known and self._get(self._filled(path)(0))[0] == HTTPStatus.OK

    def _measured(self, label: str, path: Path_) -> Figures:
        latencies = []
        for number in range(TIMES):
            asked = path(number)
            began = time.perf_counter()
            status, _ = self._get(asked)
            latencies.append(time.perf_counter() - began)
            if status != HTTPStatus.OK:
                raise RuntimeError(f"{asked} answered {status}")
            if sum(latencies) > 20:
                break
        return Figures(label, len(latencies), len(latencies), sum(latencies), latencies)

    def _get(self, path: str) -> tuple[int, bytes]:
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def _searches(self) -> Iterator[tuple[str, Path_]]:
        base = f"/console/tenants/{TENANT}"
        for page, asked in self._asked().items():
            for query in asked:
                yield (
                    f"console … /{page}?{query}",
                    lambda n, p=page, q=query: f"{base}/{p}?{self._query(q, n)}",
                )
        for page in ("users", "attempts", "events", "tokens", "deliveries"):
            _, body = self._get(f"{base}/{page}")
            cursor = _NEXT_PAGE.search(body.decode())
            if cursor is not None:
                path = f"{base}/{page}?cursor={cursor[1]}"
                yield f"console … /{page}, second page", lambda _, path=path: path

    def _query(self, query: str, number: int) -> str:
        somebody = number * 7919 % self._place.size.people
        day = time.gmtime(self._place.now / 1000 - (number % 80 + 5) * _DAY_SECONDS)
        return (
            query.replace("NAME", large.username(somebody))
            .replace("USER", large.user_id(somebody))
            .replace("VISITOR", large.user_id(_VISITOR))
            .replace("SERIAL", f"T{100_000_000 + somebody}")
            .replace("DAY", time.strftime(_DAY, day))
        )

    @staticmethod
    def _asked() -> dict[str, tuple[str, ...]]:
        return {
            "attempts": (
                "text=NAME", "text=a", "text=nobody", "state=denied", "state=expired", "state=canceled",
                "state=pending", "application_id=app3", "client_id=client7", "client_id=nobody",
                "since=DAY&until=DAY", "since=DAY", "until=DAY", "user_id=USER", "user_id=VISITOR",
                "user_id=VISITOR&state=canceled", "application_id=app3&state=expired",
                "text=NAME&since=DAY&until=DAY",
            ),
            "users": (
                "text=NAME", "text=a", "text=lovelace", "text=nobody", "status=disabled",
                "text=ada&status=disabled", "requirement=enforced", "method=totp", "method=sms",
                "method=none", "group_id=group7", "group_id=group99", "text=ada&group_id=group99",
            ),
            "events": ("text=user.added", "text=admin3", "text=person17", "text=nobody"),
            "tokens": ("text=SERIAL", "text=T1", "text=nothing", "assigned=yes", "assigned=no"),
            "deliveries": ("state=failed", "state=dropped", "gateway_id=texts"),
        }  # fmt: skip

    def _export(self) -> None:
        """Measure the attempts of one day as CSV."""
        day = self._query("since=DAY&until=DAY", 0)
        began = time.perf_counter()
        self._connection.request(
            "GET", f"/console/tenants/{TENANT}/attempts.csv?{day}", headers=self._headers
        )
        answer = self._connection.getresponse()
        first = answer.read(1)
        first_after = time.perf_counter() - began
        rows = (first + answer.read()).count(b"\n") - 1
        seconds = time.perf_counter() - began
        print(
            f"{'attempts.csv of one day':<66}{first_after * 1000:>9.1f} ms to the first byte, "
            f"{rows:,} rows, {rows / seconds:,.0f} per s",
            flush=True,
        )


def _page_paths() -> list[str]:
    """Return the path of each page, as its route has it."""
    paths = [
        route.path
        for router in (console.ROUTER, portal.ROUTER)
        for route in router.routes
        if "GET" in route.methods
    ]
    return [path for path in paths if not path.endswith(_NO_PAGES)]


async def _furnish(server: ServerProcess, size: Size) -> Place:
    """Make the database of `server`: the configuration by the services, the mass in the database."""
    house = await build(server.settings, migrate=True)
    try:
        await house.services.setup.ensure_system()
        await _configure(house)
        now = house.services.clock.now()
        await large.fill(server.settings.database_url.reveal(), size, now)
        await house.store.transact(_add_administrator)
        doors = {
            "console": (SYSTEM_TENANT, _ADMINISTRATOR, CONSOLE_APPLICATION),
            "portal": (TENANT, large.user_id(_VISITOR), PORTAL_APPLICATION),
        }
        return Place(size, now, {door: await _session(house, *who) for door, who in doors.items()})
    finally:
        await house.close()


async def _configure(house: House) -> None:
    services = house.services
    applications = services.applications
    await applications.add_tenant(SYSTEM, TENANT, "Bench")
    await services.setup.ensure_portal(TENANT)
    ldap = DirectoryConfiguration(
        tenant_id=TENANT,
        directory_id="ldap",
        kind="ldap",
        name="LDAP",
        settings={"urls": ["ldaps://ldap.example.org"], "base_dn": "dc=example,dc=org"},
        created_at=1,
    )
    await applications.put_directory(SYSTEM, ldap, Secret(""))
    for number in range(large.GROUPS):
        group = Group(tenant_id=TENANT, group_id=f"group{number}", name=f"Group {number}", created_at=1)
        await house.store.transact(lambda tx, group=group: tx.put(group))
    for number in range(large.APPLICATIONS):
        await applications.add_application(
            SYSTEM,
            TENANT,
            f"Application {number}",
            application_id=f"app{number}",
            first_factor=FirstFactor.CLIENT,
        )
    for number in range(large.CLIENTS):
        await applications.add_client(
            SYSTEM,
            TENANT,
            f"app{number % large.APPLICATIONS}",
            ClientKind.RADIUS,
            f"Client {number}",
            client_id=f"client{number}",
            address=f"198.51.100.{number}/32",
            settings={"mode": "passcode_only"},
        )


async def _add_administrator(tx: Transaction) -> None:
    administrator = User(
        tenant_id=SYSTEM_TENANT,
        user_id=_ADMINISTRATOR,
        username=_ADMINISTRATOR,
        names=(_ADMINISTRATOR,),
        role=Role.ADMINISTRATOR,
        created_at=tx.now,
        updated_at=tx.now,
    )
    await tx.add_user(administrator)


async def _session(house: House, tenant_id: str, user_id: str, application_id: str) -> str:
    """Return the token of a session that began just now."""
    token = new_token()

    async def body(tx: Transaction) -> None:
        await tx.add_session(
            Session(
                tenant_id=tenant_id,
                token_hash=token_hash(token),
                user_id=user_id,
                application_id=application_id,
                verification_id="",
                is_second_factor_proven=True,
                proven_at=tx.now,
                created_at=tx.now,
                seen_at=tx.now,
                expires_at=tx.now + 12 * 3_600_000,
            )
        )

    await house.store.transact(body)
    return token
