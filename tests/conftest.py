"""What every test may ask for. The peers are plain classes in `tests/peers`; these are thin fixtures.

Warnings are errors, no test sleeps, and a missing program is a failure with the way to install it, never a
skip.
"""

from __future__ import annotations

import gc
import os
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path

import pytest
import pytest_asyncio
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tests.databases import migrate
from tests.peers.chromium import SHELL, WHOLE_BROWSER, Chromium
from tests.peers.freeradius import FreeRadius
from tests.peers.ports import free_port as next_free_port
from tests.peers.postgres import PostgresServer
from tests.peers.samba_ad import SambaAd
from tests.peers.sshd_pam_radius import SshdPamRadius

LONGEST_PROOF_SECONDS = 3600
_TESTS = Path(__file__).parent
BY_TURNS: dict[Path, dict[str, int]] = {
    _TESTS / "integration": {"sqlite": 0, "postgres": 1, "postgresql": 1},
    _TESTS / "faults": {"sqlite": 0, "postgres": 1, "postgresql": 1},
    _TESTS / "migration": {"sqlite": 0, "postgresql": 1},
    _TESTS / "browser": {"en": 0, "de": 1},
}
"""Tests that are made for each of two, and in a quick run are run for one of them."""
IN_ONE_PROCESS = ("tests/conformance/", "tests/fuzz/", "tests/unit/")
"""Files of quick tests, which share what a file has to make first. Of others each test goes where there is
time for it."""
AT_ONE_SERVER = "tests/integration/cli/"
"""Their server would be started in each process that has one of them."""

_database_numbers = count(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--prove", action="store_true", help="run long proofs at their full count")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A test that asks for `proof` is a proof: marked as one, and given time for its full count. What is
    tried `BY_TURNS` is tried on one of two stores, or in one of two languages, in a quick run; the other is a
    proof. `prove(only=True)` is for what a quick run has no time for, because shorter tests show the same."""
    is_full = bool(config.getoption("--prove"))
    left_out = []
    for item in items:
        # A test may have a parameter of that name, such as what proves a password in RADIUS.
        parameters = getattr(getattr(item, "callspec", None), "params", {})
        if "proof" in getattr(item, "fixturenames", ()) and "proof" not in parameters:
            item.add_marker("prove")
            if is_full and item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(LONGEST_PROOF_SECONDS))
        if _is_not_its_turn(item, parameters):
            item.add_marker("prove")
            left_out.append(item)
        elif any(mark.kwargs.get("only") for mark in item.iter_markers("prove")):
            left_out.append(item)
    if left_out and not is_full:
        config.hook.pytest_deselected(items=left_out)
        gone = set(left_out)
        items[:] = [item for item in items if item not in gone]


def _is_not_its_turn(item: pytest.Item, parameters: Mapping[str, object]) -> bool:
    """Each test keeps one of the two, by its name; half of them keep each."""
    turns = next((BY_TURNS[folder] for folder in item.path.parents if folder in BY_TURNS), {})
    one = next((value for value in map(str, parameters.values()) if value in turns), None)
    if one is None or item.get_closest_marker("no_turns") is not None:
        return False
    test, _, told = item.nodeid.partition("[")
    name = [test, *(each for each in told.rstrip("]").split("-") if each != one)]
    return turns[one] != zlib.crc32("-".join(name).encode()) % 2


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Deal tests out one by one, in their order, but for those of a file that stays `IN_ONE_PROCESS`."""
    scheduling = LoadScopeScheduling(config, log)
    scheduling._split_scope = _together
    return scheduling


def _together(nodeid: str) -> str:
    if nodeid.startswith(AT_ONE_SERVER):
        return AT_ONE_SERVER
    return nodeid.partition("::")[0] if nodeid.startswith(IN_ONE_PROCESS) else nodeid


def pytest_collection_finish() -> None:
    """What is there by now stays: the collector need not look at it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture
def proof(request: pytest.FixtureRequest) -> Callable[[int, int], int]:
    """`rounds = proof(20, 500)`: 20 in a quick run, 500 under --prove."""
    is_full = bool(request.config.getoption("--prove"))
    return lambda short, full: full if is_full else short


@pytest.fixture
def free_port() -> Callable[[], int]:
    """`port = free_port()`: free for TCP and UDP on 127.0.0.1; each call returns another."""
    return next_free_port


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of this test run share."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def postgres_server(run_folder: Path) -> PostgresServer:
    """One PostgreSQL server for the whole run; it stops with the run's first process."""
    server = PostgresServer(run_folder, lives_with=_first_process())
    server.start()
    return server


@pytest.fixture(scope="session")
def samba_ad(run_folder: Path) -> SambaAd:
    """One Active Directory domain for the whole run; tests that use it are of the group "samba"."""
    if os.geteuid() != 0:
        pytest.skip("a domain listens at ports that only root may open")
    domain = SambaAd(run_folder, lives_with=_first_process())
    domain.start()
    return domain


def _first_process() -> int:
    return os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()


@pytest.fixture
def empty_postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of an empty database that only this test has."""
    name = f"test_{os.getpid()}_{next(_database_numbers)}"
    yield postgres_server.create(name)
    postgres_server.drop(name)


@pytest.fixture(scope="session")
def _idle_databases(postgres_server: PostgresServer) -> Iterator[list[str]]:
    """The databases that a test has used and given back, empty."""
    names: list[str] = []
    yield names
    for name in names:
        postgres_server.drop(name)


@pytest.fixture
def postgres_url(postgres_server: PostgresServer, _idle_databases: list[str]) -> Iterator[str]:
    """The URL of a database that only this test has, with tables and nothing in them."""
    if _idle_databases:
        name = _idle_databases.pop()
    else:
        name = f"test_{os.getpid()}_{next(_database_numbers)}"
        postgres_server.create(name, template=postgres_server.template("migrated", migrate))
    yield postgres_server.url(name)
    postgres_server.empty(name)
    _idle_databases.append(name)


@pytest.fixture
def freeradius(tmp_path: Path) -> Iterator[Callable[..., FreeRadius]]:
    """`server = freeradius(users={"alice": "password"}, ...)`: started, and stopped after the test."""
    started: list[FreeRadius] = []

    def start(**options: object) -> FreeRadius:
        server = FreeRadius(tmp_path / f"freeradius-{len(started)}", **options)  # type: ignore[arg-type]
        started.append(server)
        server.start()
        return server

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def sshd_pam_radius(tmp_path: Path) -> Iterator[Callable[..., SshdPamRadius]]:
    """`sshd = sshd_pam_radius(radius_port=..., secret=..., users=["alice"])`; takes root."""
    if os.geteuid() != 0:
        pytest.skip("sshd lets somebody else in through PAM only as root")
    started: list[SshdPamRadius] = []

    def start(**options: object) -> SshdPamRadius:
        server = SshdPamRadius(tmp_path / f"sshd-{len(started)}", **options)  # type: ignore[arg-type]
        started.append(server)
        server.start()
        return server

    yield start
    for server in started:
        server.stop()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def _browsers() -> AsyncIterator[Callable[[str], Awaitable[Chromium]]]:
    """`chromium = await browsers(program)`: started when it is first asked for, the same one from then on."""
    started: dict[str, Chromium] = {}
    async with AsyncExitStack() as stack:

        async def browser(program: str) -> Chromium:
            if program not in started:
                started[program] = await stack.enter_async_context(Chromium(program))
            return started[program]

        yield browser


@pytest_asyncio.fixture(loop_scope="session")
async def chromium(
    _browsers: Callable[[str], Awaitable[Chromium]], request: pytest.FixtureRequest
) -> AsyncIterator[Chromium]:
    """A headless browser; `page = await chromium.page()` opens a window that shares nothing with another.

    It starts once for all tests, so a test that asks for it runs in the loop of the session.
    """
    needs_whole = request.node.get_closest_marker("whole_browser") is not None
    browser = await _browsers(WHOLE_BROWSER if needs_whole else SHELL)
    yield browser
    await browser.close_windows()
