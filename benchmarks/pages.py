"""How long each page of the portal and the console takes in a large installation, and each search in lists.

A page is asked for again and again, each time about somebody else. `cpu` is the processor time that it takes
the server and its database, whatever else the machine does; `ratio` is of p50 to the page that reads nothing.

    python -m benchmarks.pages /var/tmp/bench   makes the installations there, or measures those it finds
"""

from __future__ import annotations

import argparse
import http.client
import re
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote

from benchmarks import large_installation as large
from benchmarks.figures import Figures
from benchmarks.large_installation import Size
from benchmarks.places import VISITOR, Place, opened
from benchmarks.population import TENANT
from vestibule.frontends.http import console, portal

SIZES = {"SQLite": Size(100_000, 1_000_000), "PostgreSQL": Size(1_000_000, 10_000_000)}
QUICK = Size(10_000, 100_000)
WANTED_MS = 100
"""At the 95th percentile."""
TIMES = 40
_MOST_SECONDS = 20
_DAY = "%Y-%m-%d"
_DAY_SECONDS = 86_400
_HEADER = f"{'':<66}{'p50 ms':>9}{'p95 ms':>9}{'wanted':>9}{'cpu ms':>9}{'ratio':>8}"
_EMPTY_PAGE = "/console/signed-out"
_NO_PAGES = ("/state", "/screen", "/sound", ".csv", "/signed-out", "/simulated-phones", "/not-me")
"""Endings of paths whose answer is a part or a file, or that are there for one person only."""
_PARAMETER = re.compile(r"\{([a-z]+):str\}")
_NEXT_PAGE = re.compile(r"[?&;]cursor=([\w-]+)")

Path_ = Callable[[int], str]
"""The path that is asked for at the n-th time."""


@dataclass(frozen=True, slots=True)
class _Line:
    figures: Figures
    cpu_ms: float

    def text(self, floor: _Line) -> str:
        middle, late = self.figures.percentile(0.5), self.figures.percentile(0.95)
        ratio = middle / floor.figures.percentile(0.5)
        mark = f"  OVER {WANTED_MS}" if late > WANTED_MS else ""
        label = self.figures.label.replace("/console/tenants/{tenant:str}", "console …").replace(":str", "")
        return f"{label:<66}{middle:>9.1f}{late:>9.1f}{WANTED_MS:>9}{self.cpu_ms:>9.1f}{ratio:>8.1f}{mark}"


def report(folder: Path | None, *, is_quick: bool, engines: Collection[str] = tuple(SIZES)) -> None:
    """Print a line for each page, then one for each search, on both engines.

    The installations stay in `folder`, for the next time; without one they are made, and gone afterwards.
    """
    with _room(folder) as room:
        for engine in engines:
            size = QUICK if is_quick else SIZES[engine]
            print(f"\nPages: {engine}, {size}", flush=True)
            with opened(room, engine, size) as place:
                print(_HEADER, flush=True)
                _Tour(place).print()


@contextmanager
def _room(folder: Path | None) -> Iterator[Path]:
    if folder is not None:
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="vestibule-pages-", dir="/var/tmp") as name:
        room = Path(name)
        room.chmod(0o755)  # for the account of PostgreSQL
        yield room


class _Tour:
    def __init__(self, place: Place) -> None:
        self._place = place
        self._connection = http.client.HTTPConnection(*place.server.http_address, timeout=120)
        cookies = "; ".join(f"vestibule-{door}={token}" for door, token in place.tokens.items())
        self._headers = {"cookie": cookies, "accept": "text/html", "accept-language": "en"}

    def print(self) -> None:
        self._measured("", lambda _: _EMPTY_PAGE)  # the first requests load templates
        floor = self._measured("the page that reads nothing", lambda _: _EMPTY_PAGE)
        print(floor.text(floor), flush=True)
        left_out = []
        for path in _page_paths():
            if self._is_there(path):
                print(self._measured(path, self._filled(path)).text(floor), flush=True)
            else:
                left_out.append(path)
        for label, asked in self._searches():
            print(self._measured(label, asked).text(floor), flush=True)
        self._export()
        print("not there at this moment: " + " ".join(left_out), flush=True)

    def _filled(self, path: str) -> Path_:
        def filled(number: int) -> str:
            values = self._place.values(path, number)
            return _PARAMETER.sub(lambda found: quote(values[found[1]], safe=""), path)

        return filled

    def _is_there(self, path: str) -> bool:
        """Tell whether there is such a page now, for anybody: not all steps of a registration are."""
        is_known = set(_PARAMETER.findall(path)) <= self._place.values(path, 0).keys()
        return is_known and self._get(self._filled(path)(0))[0] == HTTPStatus.OK

    def _measured(self, label: str, path: Path_) -> _Line:
        latencies: list[float] = []
        busy = self._place.cpu_seconds()
        for number in range(TIMES):
            asked = path(number)
            began = time.perf_counter()
            status, _ = self._get(asked)
            latencies.append(time.perf_counter() - began)
            if status != HTTPStatus.OK:
                raise RuntimeError(f"{asked} answered {status}")
            if sum(latencies) > _MOST_SECONDS:
                break
        cpu_ms = (self._place.cpu_seconds() - busy) / len(latencies) * 1000
        return _Line(Figures(label, len(latencies), len(latencies), sum(latencies), latencies), cpu_ms)

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
        for page in (*self._asked(), "groups/group7"):
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
            .replace("VISITOR", large.user_id(VISITOR))
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
            "blocks": ("active=1", "text=NAME", "text=nobody", "text=a&active=1", "user_id=USER"),
            "bypasses": ("text=NAME", "text=nobody", "text=a", "user_id=USER"),
            "outbox": ("state=failed", "state=waiting", "carries=webhook", "address=nobody%40example.org"),
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
        if rows < 1:
            raise RuntimeError(f"there are no attempts of {day}")
        print(
            f"{'attempts.csv of one day':<66}{first_after * 1000:>9.1f} ms to the first byte, "
            f"{rows:,} rows, {rows / seconds:,.0f} per s",
            flush=True,
        )


def _page_paths() -> list[str]:
    """Return the path of each page, as its route has it."""
    paths = [
        route.path
        for router in (console.router(), portal.router())
        for route in router.routes
        if "GET" in route.methods
    ]
    return [path for path in paths if not path.endswith(_NO_PAGES)]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="where the installations stay; none: nowhere")
    parser.add_argument("--quick", action="store_true", help="small installations")
    parser.add_argument("--engine", choices=SIZES, action="append", help="only on this one")
    chosen = parser.parse_args()
    report(chosen.folder, is_quick=chosen.quick, engines=chosen.engine or tuple(SIZES))


if __name__ == "__main__":
    main()
