"""Every route of the console and the API with every role: open or shut as the reference says (TEN-05)."""

from __future__ import annotations

import re

import msgspec
import pytest

from tests.houses import TENANT
from tests.integration.console import route_table
from tests.integration.console.desk import at_console
from tests.integration.http_api.house import HttpHouse
from vestibule.crypto.tokens import new_id
from vestibule.model.actor import SYSTEM
from vestibule.model.application import ClientKind
from vestibule.model.role import BUILT_IN, Grant, rights_of
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.model.user import Role

FORBIDDEN = 403


def filled(path: str) -> str:
    """Return a path to what is not there, so that nothing is done by whoever may do it."""
    is_of_all = path.partition("{tenant}/")[2].startswith(("administrators", "providers", "roles"))
    known = {"tenant": SYSTEM_TENANT if is_of_all else TENANT, "number": "1"}
    return re.sub(r"\{(\w+)\}", lambda found: known.get(found[1]) or new_id(), path)


def is_allowed(role_id: str, needed: frozenset[str]) -> bool:
    rights = {right.value for right in rights_of(role_id, {})}
    return "administer" in rights or not needed or not rights.isdisjoint(needed)


def test_no_route_forgets_to_say_what_it_needs(house: HttpHouse) -> None:
    """Whoever adds a route names its right with `opt=needs(…)`, and puts its row into the reference."""
    assert route_table.undeclared(house.app) == []
    reference = route_table.REFERENCE.read_text(encoding="utf-8")
    wanted = [*route_table.route_rows(house.app), *route_table.role_rows()]
    assert [row for row in wanted if row not in reference] == []
    known = {f"{method} {path}" for method, path in route_table.routes(house.app)}
    assert set(route_table.documented()) == known, "the reference has rows of routes that are gone"


@pytest.mark.parametrize("role_id", BUILT_IN)
async def test_a_role_opens_the_console_as_the_reference_says(house: HttpHouse, role_id: str) -> None:
    """TEN-05, C9: whatever a page shows, the server decides."""
    helper = await house.inside.add_person("helper", tenant_id=SYSTEM_TENANT, role=Role.LIMITED)
    grant = Grant(role_id=role_id)
    await house.inside.store.transact(
        lambda tx: tx.replace_grants(SYSTEM_TENANT, helper.user.user_id, (grant,))
    )
    tried = 0
    async with at_console(house, helper.user) as window:
        for route, needed in route_table.documented().items():
            method, path = route.split(" ")
            if not path.startswith("/console/"):
                continue
            answer = await (window.get if method == "GET" else window.post)(filled(path))
            is_open = answer.status_code != FORBIDDEN
            assert (route, is_open) == (route, is_allowed(role_id, needed))
            assert answer.status_code < 500, route
            tried += 1
    assert tried > 100


@pytest.mark.parametrize("role_id", BUILT_IN)
async def test_a_key_of_a_role_opens_the_api_as_the_reference_says(house: HttpHouse, role_id: str) -> None:
    """TEN-05: a key with the scope `admin` has the rights of its role and no others."""
    key = await house.add_key("admin")
    applications = house.inside.services.applications
    [client] = applications.clients(SYSTEM, TENANT, ClientKind.API)
    await applications.change_client(SYSTEM, msgspec.structs.replace(client, role_id=role_id))
    tried = 0
    async with house.caller(key) as caller:
        for route, needed in route_table.documented().items():
            method, path = route.split(" ")
            if not path.startswith("/api/"):
                continue
            body = None if method in ("GET", "DELETE") else {}
            answer = await caller.request(method, filled(path), json=body)
            # What is about the whole installation is out of reach of a key of one tenant, whatever it may.
            is_open = answer.status_code != FORBIDDEN
            assert (route, is_open) == (route, is_allowed(role_id, needed) or is_unread(answer.status_code))
            assert answer.status_code < 500, route
            tried += 1
    assert tried > 60


def is_unread(status: int) -> bool:
    """Tell whether the body was refused before anybody looked who sends it."""
    return status in (400, 415)
