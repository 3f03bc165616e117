"""`vestibule doctor radius`: listen to a real device through the running servers, and say in plain words what
is wrong with it.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final, TypeAlias

from cyclopts import Parameter, validators

from vestibule.catalog import text
from vestibule.cli import finding as finding_of
from vestibule.cli.desk import Desk, at_desk
from vestibule.cli.output import moment
from vestibule.cli.parameters import HERE, Json, Scope
from vestibule.cli.records import finding_record
from vestibule.cli.terminal import NotDone, Terminal
from vestibule.model.application import Client, ClientKind
from vestibule.model.tenant import DAY_MS
from vestibule.policy.client_doctor import Finding, Grade, judge_stranger
from vestibule.services.client_words import finding_words

_LOOK_SECONDS: Final = 1.0

Look: TypeAlias = Callable[[int], Awaitable[tuple[Finding, ...]]]
"""Returns what is to be said by what was seen since then."""


def radius(
    *,
    client: str | None = None,
    address: str | None = None,
    seconds: Annotated[int | None, Parameter(validator=validators.Number(gte=0, lte=3600))] = None,
    as_json: Json = False,
    scope: Scope = HERE,
) -> int:
    """Find out why a RADIUS device does not get in: listen while somebody signs in there.

    The server must run, here or on another node. With neither --client nor --address: what was seen of every
    client within the last day. Exit code: 0 no problem, 1 at least one.

    For example:

      vestibule doctor radius
      vestibule doctor radius --client vpn-1
      vestibule doctor radius --address 192.0.2.10 --seconds 300
      vestibule doctor radius --client vpn-1 --seconds 0 --json

    Parameters
    ----------
    client
        The RADIUS client: its name, address or identifier.
    address
        The address that the device asks from, also one that is no client's yet.
    seconds
        How long to listen; 0: tell at once what was seen within the last day. Left out: 120.
    """
    grades: list[Grade] = []

    async def work(desk: Desk) -> None:
        doctor = _Doctor(desk, as_json=as_json)
        if client is None and address is None:
            await doctor.all_clients()
        else:
            await doctor.one(_wanted(desk, client, address), 120 if seconds is None else seconds)
        grades.extend(doctor.grades)

    status = at_desk(scope, work)
    return status or int(Grade.PROBLEM in grades)


class _Doctor:
    def __init__(self, desk: Desk, *, as_json: bool) -> None:
        self._desk = desk
        self._as_json = as_json
        self.grades: list[Grade] = []

    async def all_clients(self) -> None:
        desk, since = self._desk, self._desk.now - DAY_MS
        records = []
        for each in desk.services.applications.clients(desk.actor, desk.tenant_id, ClientKind.RADIUS):
            found = await self._of(each)(since)
            records += self._tell(each.name, found)
        for stranger in await desk.services.client_sightings.strangers(desk.actor, since):
            records += self._tell(stranger.client_id, (judge_stranger(stranger),))
        if self._as_json:
            desk.terminal.json(records)
        elif not records:
            desk.terminal.note("list.no_clients")

    async def one(self, wanted: Client | str, seconds: int) -> None:
        desk = self._desk
        look, name = self._of(wanted), wanted if isinstance(wanted, str) else wanted.name
        found = await (self._listen(look, name, seconds) if seconds else look(desk.now - DAY_MS))
        if self._as_json or not seconds:
            records = self._tell(name, found)
            if self._as_json:
                desk.terminal.json(records)

    async def _listen(self, look: Look, name: str, seconds: int) -> tuple[Finding, ...]:
        """Show each finding when it is first made; return all at the end."""
        terminal, began = self._desk.terminal, self._desk.now
        ends_at = asyncio.get_running_loop().time() + seconds
        terminal.note("doctor.listening", name=name, seconds=seconds)
        said: set[str] = set()
        while True:
            left = ends_at - asyncio.get_running_loop().time()
            found = await look(began)
            news = [each for each in found if each.key not in said and (left <= 0 or _is_sure(each))]
            if not self._as_json:
                self._tell(name, tuple(news))
                terminal.flush()
            said |= {each.key for each in news}
            if left <= 0:
                return found
            await asyncio.sleep(min(left, _LOOK_SECONDS))

    def _of(self, wanted: Client | str) -> Look:
        desk, sightings = self._desk, self._desk.services.client_sightings
        if isinstance(wanted, Client):
            client_id = wanted.client_id
            return lambda since: sightings.findings(desk.actor, desk.tenant_id, client_id, since)

        async def strange(since: int) -> tuple[Finding, ...]:
            found = await sightings.strangers(desk.actor, since)
            return tuple(judge_stranger(each) for each in found if each.client_id == wanted) or (
                Finding(key="silent", grade=Grade.WARNING),
            )

        return strange

    def _tell(self, name: str, found: tuple[Finding, ...]) -> list[dict[str, Any]]:
        """Show findings, or return them as records; remember how bad they are."""
        self.grades += [each.grade for each in found]
        if self._as_json:
            return [{"name": name, **finding_record(each)} for each in found]
        for each in found:
            _show(self._desk.terminal, name, each)
        return [finding_record(each) for each in found]


def _wanted(desk: Desk, client: str | None, address: str | None) -> Client | str:
    """Return the client that is meant, or the address of a device that is none."""
    if client is not None:
        return finding_of.client(desk, client, ClientKind.RADIUS)
    try:
        asked = ipaddress.ip_address(address or "")
    except ValueError:
        raise NotDone("cli.doctor.no_address", value=address or "") from None
    networks = [
        (ipaddress.ip_network(each.address), each)
        for each in desk.services.applications.clients(desk.actor, desk.tenant_id, ClientKind.RADIUS)
        if each.address
    ]
    covering = [(network.prefixlen, each) for network, each in networks if asked in network]
    return max(covering, key=lambda pair: pair[0])[1] if covering else str(asked)


def _is_sure(found: Finding) -> bool:
    """Tell whether a finding stands already while more may come."""
    return found.grade in (Grade.PROBLEM, Grade.WARNING) and found.key not in ("silent", "only_rejected")


def _show(terminal: Terminal, name: str, found: Finding) -> None:
    seen, why, then = finding_words(terminal.language, found)
    grade = text(terminal.language, f"client_doctor.grade.{found.grade.key}")
    terminal.line(f"{grade}: {name}: {seen}")
    if found.count:
        terminal.line(
            "  " + terminal.words("doctor.when", first=moment(found.first_at), last=moment(found.last_at))
        )
    terminal.line(f"  {why}")
    terminal.line(f"  → {then}")
