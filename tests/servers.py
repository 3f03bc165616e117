"""A Vestibule of its own process and state, started the way an administrator starts it, and who lives in it.

`ServerProcess` is `vestibule serve` or `vestibule run` with a folder of its own; it dies with the process
that started it. `furnish` fills its database through the services before it starts: a tenant whose VPN has
checked the password already, and people with counter-based tokens, who have as many fresh passcodes as a test
likes without waiting for a clock.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx
import msgspec

from tests.peers.ports import free_port
from tests.peers.program import PeerFailed, Program
from vestibule.crypto.secret import Secret
from vestibule.crypto.tokens import new_id
from vestibule.interfaces.store import Listed, Page, Transaction, VerificationFilter
from vestibule.model.actor import SYSTEM
from vestibule.model.application import ClientKind, FirstFactor
from vestibule.model.authenticator import Authenticator, AuthenticatorStatus
from vestibule.model.tenant import TenantSettings
from vestibule.model.user import User
from vestibule.model.verification import Verification
from vestibule.runtime.build import House, build
from vestibule.runtime.settings import Loaded, Settings, load
from vestibule.stores import open_store
from vestibule.wire.oath import HashAlgorithm, hotp

TENANT = "acme"
PATIENT = TenantSettings(lockout_threshold=100)
"""So many failures in a row that a test may try what must fail without locking anybody out."""

_START_SECONDS = 30.0


class ServerProcess:
    """`start()` returns when every door is open. It may be started again after `stop()` or `kill()`."""

    def __init__(
        self,
        folder: Path,
        database_url: str | None = None,
        *,
        wrapper: Sequence[object] = (),
        **settings: str,
    ) -> None:
        """`folder` is the state directory; the program makes it. `settings` are by the names of variables:
        `log_level="debug"` is VESTIBULE_LOG_LEVEL.

        `wrapper` is a command that ends by executing the one it is given, so that both are one process.
        """
        self.state_directory = folder
        self.radius_port, self.http_port = free_port(), free_port()
        self.environment = {
            "VESTIBULE_STATE_DIRECTORY": str(folder),
            "VESTIBULE_RADIUS_LISTEN": f"127.0.0.1:{self.radius_port}",
            "VESTIBULE_HTTP_LISTEN": f"127.0.0.1:{self.http_port}",
        }
        if database_url is not None:
            self.environment["VESTIBULE_DATABASE_URL"] = database_url
        self.environment |= {f"VESTIBULE_{name.upper()}": value for name, value in settings.items()}
        self._wrapper = wrapper
        self._program: Program | None = None

    # --- life ---------------------------------------------------------------------------------------

    def launch(self, *command: str, environment: Mapping[str, str] | None = None) -> Program:
        """Start the program, `serve` unless told otherwise, and wait for nothing."""
        self.state_directory.parent.mkdir(parents=True, exist_ok=True)
        self._program = Program(
            [*self._wrapper, Path(sys.executable).with_name("vestibule"), *(command or ("serve",))],
            environment={**_surroundings(), **self.environment, **(environment or {})},
            folder=self.state_directory.parent,
        )
        return self._program

    def start(self, *command: str) -> float:
        """Start, wait until the process says that each door is open, and return the seconds that took."""
        began = time.perf_counter()
        program = self.launch(*command)
        for door in ("http", "radius"):
            program.wait_for(f"listening.*{door}", seconds=_START_SECONDS)
        return time.perf_counter() - began

    def start_until_answered(self, probe: bytes, extra: Mapping[str, str] | None = None) -> float:
        """Start, and return the seconds until `probe`, a RADIUS request, has its first answer."""
        began = time.perf_counter()
        program = self.launch(environment=extra)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
            peer.settimeout(0.01)
            peer.connect(self.radius_address)
            while time.perf_counter() - began < _START_SECONDS and program.is_running:
                try:
                    peer.send(probe)
                    peer.recv(4096)
                except OSError:
                    continue
                return time.perf_counter() - began
        raise PeerFailed("no answer to the first request:\n" + program.output)

    def fail(self, *command: str) -> str:
        """Run a command that ends by itself without success, and return what it said."""
        self.launch(*command)
        assert self.await_end() != 0, self.output
        return self.output

    def await_end(self) -> int:
        """Wait until the process has ended of its own accord, and return its exit status."""
        self.program.process.wait(_START_SECONDS)
        return self.program.stop()

    def stop(self) -> int:
        """Ask it to stop as a service manager does, and return its exit status."""
        return 0 if self._program is None else self._program.stop(seconds=20)

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._program is not None:
            self._program.kill()

    # --- what can be seen from outside ----------------------------------------------------------------

    @property
    def program(self) -> Program:
        assert self._program is not None, "the server has not been started"
        return self._program

    @property
    def pid(self) -> int:
        return self.program.process.pid

    @property
    def output(self) -> str:
        return self.program.output

    @property
    def radius_address(self) -> tuple[str, int]:
        return ("127.0.0.1", self.radius_port)

    @property
    def http_address(self) -> tuple[str, int]:
        return ("127.0.0.1", self.http_port)

    @property
    def settings(self) -> Settings:
        loaded = load(None, self.environment)
        assert isinstance(loaded, Loaded), loaded
        return loaded.settings

    def http(self, api_key: str | None = None) -> httpx.Client:
        """Return a client of its HTTP door; the caller closes it."""
        headers = {} if api_key is None else {"authorization": f"Bearer {api_key}"}
        url = f"http://127.0.0.1:{self.http_port}"
        return httpx.Client(base_url=url, headers=headers, timeout=30, trust_env=False)

    def resident_mib(self) -> float:
        """Return the resident memory of the process now, in MiB."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        raise PeerFailed("the process is gone:\n" + self.output)

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _surroundings() -> dict[str, str]:
    """The environment of this process without anything that is meant for a Vestibule, speaking English."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VESTIBULE_")}
    return kept | {"LC_ALL": "C.UTF-8"}


# --- what lives in it -----------------------------------------------------------------------------------


@dataclass(slots=True)
class Token:
    """What a person carries: shows one passcode after another."""

    username: str
    secret: bytes
    digits: int = 6
    counter: int = 0

    def press(self) -> str:
        """Return the passcode that the token shows at the next press of its button."""
        self.counter += 1
        return hotp(self.secret, self.counter - 1, self.digits, HashAlgorithm.SHA1)


@dataclass(slots=True)
class Installation:
    """The tenant TENANT: its VPN, which has checked the password itself, and its people."""

    shared_secret: bytes
    """Of 127.0.0.1 as a RADIUS client; a request carries the passcode alone."""
    api_key: str
    """Checks people for the same application."""
    admin_key: str
    people: list[Token] = field(default_factory=list)


def furnish(
    settings: Settings, people: int = 0, *, password: str | None = None, digits: int = 6
) -> Installation:
    """Make the database of `settings` and fill it. With `password`, it is everybody's."""
    return asyncio.run(_furnish(settings, people, password, digits))


async def _furnish(settings: Settings, people: int, password: str | None, digits: int) -> Installation:
    house = await build(settings, migrate=True)
    try:
        await house.services.setup.ensure_system()
        await house.services.applications.add_tenant(SYSTEM, TENANT, "Acme", PATIENT)
        await house.services.setup.ensure_portal(TENANT)
        installation = await _doors(house)
        hashed = "" if password is None else await house.services.users.hash_password(Secret(password), "")
        installation.people += await add_people(house, people, hashed, digits)
        return installation
    finally:
        await house.close()


async def _doors(house: House) -> Installation:
    applications = house.services.applications
    vpn = await applications.add_application(SYSTEM, TENANT, "VPN", first_factor=FirstFactor.CLIENT)
    concentrator = await applications.add_client(
        SYSTEM,
        TENANT,
        vpn.application_id,
        ClientKind.RADIUS,
        "concentrator",
        address="127.0.0.1/32",
        settings={"mode": "passcode_only"},
    )
    shared = await applications.add_shared_secret(SYSTEM, TENANT, concentrator.client_id)
    keys = [await _api_key(house, vpn.application_id, scope) for scope in ("verify", "admin")]
    return Installation(shared.reveal().encode(), keys[0], keys[1])


async def _api_key(house: House, application_id: str, scope: str) -> str:
    applications = house.services.applications
    client = await applications.add_client(
        SYSTEM, TENANT, application_id, ClientKind.API, scope, scopes=(scope,)
    )
    return (await applications.add_api_key(SYSTEM, TENANT, client.client_id)).reveal()


async def add_people(house: House, how_many: int, password_hash: str = "", digits: int = 6) -> list[Token]:
    """Add `person0`, `person1`, ... to TENANT, each with a token, in one transaction."""
    enrollments = house.services.enrollments
    hotp_method = enrollments.methods["hotp"]
    users, held, tokens = [], [], []
    now = house.services.clock.now()
    for number in range(how_many):
        name = f"person{number}"
        new = hotp_method.enroll({"digits": digits}, os.urandom)
        user = User(
            tenant_id=TENANT,
            user_id=new_id(),
            username=name,
            names=(name,),
            password_hash=password_hash,
            created_at=now,
            updated_at=now,
        )
        bare = Authenticator(
            tenant_id=TENANT,
            authenticator_id=new_id(),
            user_id=user.user_id,
            method="hotp",
            label=f"{name}'s token",
            parameters=new.parameters,
            state=new.state,
            status=AuthenticatorStatus.ACTIVE,
            created_at=now,
        )
        users.append(user)
        held.append(enrollments._prover.sealed(bare, new.secret))
        tokens.append(Token(name, new.secret, digits))

    async def add(tx: Transaction) -> None:
        for user in users:
            await tx.add_user(user)
        await tx.add_authenticators(held)

    await house.store.transact(add)
    return tokens


# --- what an administrator sees -------------------------------------------------------------------------


class Attempt(msgspec.Struct, frozen=True):
    """A line of the list of attempts as the API tells it; `user_address` is what the client said of the
    person, where tests put a name of their own for each request.
    """

    id: str
    state: str
    reason: str
    claimed_username: str
    user_address: str
    channel: str


class _Page(msgspec.Struct, frozen=True):
    items: list[Attempt]
    next_cursor: str


def attempts(caller: httpx.Client, **where: str | int) -> list[Attempt]:
    """Return the whole list of attempts through the API; `caller` carries an administrator's key."""
    found: list[Attempt] = []
    cursor = ""
    while True:
        query: dict[str, str | int] = {**where, "limit": 200, "cursor": cursor}
        answer = caller.get("/api/v1/attempts", params=query)
        assert answer.status_code == 200, answer.text
        page = msgspec.json.decode(answer.content, type=_Page)
        found += page.items
        cursor = page.next_cursor
        if not cursor:
            return found


def approved_at_rest(settings: Settings) -> list[Verification]:
    """Return all approved attempts of TENANT, read from the database itself: no server need run."""
    return asyncio.run(_approved_at_rest(settings))


async def _approved_at_rest(settings: Settings) -> list[Verification]:
    store = open_store(settings.database_url.reveal())
    await store.open()
    try:
        found: list[Verification] = []
        where, page = VerificationFilter(state="approved"), Page(limit=500)
        while True:
            listed = await store.read(partial(_page_of_attempts, where, page))
            found += listed.rows
            page = Page(limit=500, cursor=listed.next_cursor)
            if not page.cursor:
                return found
    finally:
        await store.close()


async def _page_of_attempts(where: VerificationFilter, page: Page, tx: Transaction) -> Listed:
    return await tx.verifications(TENANT, where, page)
