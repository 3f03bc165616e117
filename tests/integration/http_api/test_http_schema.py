"""The description and the API are one: whatever is sent, no server error and no undescribed answer (G8)."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis.strategies import booleans
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.integration.http_api.house import API, SYSTEM_TENANT, TENANT, HttpHouse, http_house, usual_frontend
from vestibule.frontends.http import HttpOptions

CONFIG = SchemathesisConfig.from_dict(
    {"checks": {"negative_data_rejection": {"expected-statuses": ["4xx", "5xx"]}}}
)
"""A body may be refused for its size before anybody reads what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Served:
    url: str
    key: str
    real: dict[str, str]
    """Identifiers of what is there, by the name of the path parameter."""


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """A house that is served from a thread of its own, because schemathesis waits for its answers."""
    ready: Future[Served] = Future()
    over = threading.Event()

    async def live() -> None:
        options = HttpOptions(listen=(("127.0.0.1", 0),))
        async with http_house(folder) as house:
            with usual_frontend(house.inside.services, options) as frontend:
                await frontend.start()
                ready.set_result(await furnished(house, frontend.addresses()[0]))
                await asyncio.to_thread(over.wait)
                await frontend.stop(5)

    def run() -> None:
        try:
            asyncio.run(live())
        except BaseException as error:
            if not ready.done():
                ready.set_exception(error)
            raise

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield ready.result(60)
    finally:
        over.set()
        thread.join()


async def furnished(house: HttpHouse, url: str) -> Served:
    alice = await house.add_person("alice")
    key = await house.add_key("verify", "admin", tenant_id=SYSTEM_TENANT)
    shop = await house.add_key("verify")
    real = {
        "user_id": alice.user.user_id,
        "authenticator_id": alice.authenticator_id,
        "application_id": shop.application_id,
        "client_id": shop.client_id,
    }
    return Served(url, key.text, real)


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_whatever_is_sent(tmp_path: Path, proof: Callable[[int, int], int], mode: GenerationMode) -> None:
    """Requests as described and requests that are not, half of them about what is really there. In a quick
    run each operation is asked in one of the two ways, by turns; under --prove in both."""
    examples, ways = proof(1, 300), proof(2, 1)
    with served(tmp_path) as door:
        schema = schemathesis.openapi.from_url(f"{door.url}{API}/openapi.json", config=CONFIG)
        headers = {"Authorization": f"Bearer {door.key}"}
        labels = []
        for number, found in enumerate(schema.get_all_operations(), start=list(GenerationMode).index(mode)):
            assert isinstance(found, Ok)
            operation = found.ok()
            labels.append(operation.label)
            if number % ways:
                continue

            @given(case=operation.as_strategy(generation_mode=mode), is_real=booleans())
            @settings(
                max_examples=examples,
                deadline=None,
                database=None,
                derandomize=True,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            def holds(case: Any, is_real: bool) -> None:
                # In a URL there is no empty list, and a list of one is that one: nobody can refuse them.
                assume(not any(_is_unseen(value, mode) for value in (case.query or {}).values()))
                if is_real and mode is GenerationMode.POSITIVE:
                    case.path_parameters |= {k: v for k, v in door.real.items() if k in case.path_parameters}
                    case.query |= {"tenant": TENANT}
                # What a schema cannot say, such as which names are taken, may be refused.
                case.call_and_validate(headers=headers, excluded_checks=[positive_data_acceptance])

            holds()
    assert len(labels) > 50


def _is_unseen(value: Any, mode: GenerationMode) -> bool:
    least = 2 if mode is GenerationMode.NEGATIVE else 1
    return isinstance(value, (list, dict)) and len(value) < least
