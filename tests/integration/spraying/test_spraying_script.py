"""BF-08 with real servers: a script sprays one passcode over RADIUS and REST at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import httpx

from benchmarks.radius_load import RadiusLoad
from tests.callers import ACCESS_ACCEPT, access_request, insist, proven_code, radius_socket
from tests.installations import Installation, furnish
from tests.server_fixtures import MakeServer
from tests.servers import ServerProcess
from tests.until import until_read
from vestibule.model.tenant import TenantSettings

ONE_CODE = "123456"
ENOUGH = 40


def spray_radius(node: ServerProcess, installation: Installation, names: list[str], at_once: int) -> None:
    secret = installation.shared_secret
    load = RadiusLoad(
        node.radius_address,
        lambda number, identifier: access_request(secret, identifier, names[number], ONE_CODE),
    )
    load.run("", len(names), at_once)


def spray_rest(node: ServerProcess, installation: Installation, names: list[str]) -> None:
    with node.http(installation.api_key) as caller:
        for name in names:
            caller.post("/api/v1/check", json={"username": name, "passcode": ONE_CODE}).raise_for_status()


def alarms(administrator: httpx.Client) -> list[dict[str, Any]]:
    answer = administrator.get("/api/v1/events", params={"text": "spraying.noticed"})
    items: list[dict[str, Any]] = answer.raise_for_status().json()["items"]
    return items


def test_bf_08_a_spraying_script_raises_the_alarm_and_is_slowed_down(
    make_server: MakeServer, database_url: str | None, proof: Callable[[int, int], int]
) -> None:
    """BF-08: one passcode on very many people (100,000 in the long form), on PostgreSQL over two nodes. There
    is one alarm, every node slows down, and whoever types his own passcode is let in.
    """
    crowd, at_once = proof(60, 100_000), proof(50, 2_000)
    rules = TenantSettings(spraying_failures=ENOUGH, spraying_pause_seconds=1)
    nodes = [make_server("a", database_url)]
    installation = furnish(nodes[0].settings, min(crowd, 2_000), rules=rules)
    if database_url is not None:
        nodes.append(make_server("b", database_url, key_file=str(nodes[0].settings.key_file)))
    for node in nodes:
        node.start()
    names = [f"person{number}" for number in range(crowd)]
    by_rest = names[:20]
    with ThreadPoolExecutor(2) as threads:
        sprays = (
            threads.submit(spray_radius, nodes[0], installation, names[20:], at_once),
            threads.submit(spray_rest, nodes[-1], installation, by_rest),
        )
        for each in sprays:
            each.result()
    with nodes[-1].http(installation.admin_key) as administrator:

        async def look() -> list[dict[str, Any]]:
            return await asyncio.to_thread(alarms, administrator)

        (alarm,) = asyncio.run(until_read(look, bool))
        assert alarm["facts"]["scope"] == "tenant"
        assert alarm["facts"]["failures"] >= ENOUGH
        for node in nodes:
            asyncio.run(until_read(partial(asyncio.to_thread, _holding, node), bool))
            person = installation.people[-1]
            with radius_socket(node.radius_address, 5) as peer:
                request = access_request(installation.shared_secret, 1, person.username, person.press())
                assert (
                    proven_code(insist(peer, request), request, installation.shared_secret) == ACCESS_ACCEPT
                )
            assert _metric(node, "vestibule_attempts_slowed_total") >= 1
        assert len(alarms(administrator)) == 1


def _holding(node: ServerProcess) -> float:
    return _metric(node, 'vestibule_spraying_alarms{scope="tenant"}')


def _metric(node: ServerProcess, name: str) -> float:
    with node.http() as caller:
        lines = caller.get("/metrics").text.splitlines()
    return next(float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{name} "))
