"""Rounds: each chore at its interval, for ever; a chore that fails is logged and tried again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from vestibule.services.services import Services

log = structlog.get_logger(__name__)

EXPIRE_SECONDS = 5.0
SWEEP_SECONDS = 600.0
PROBE_SECONDS = 5.0
GATEWAYS_SECONDS = 1.0
OUTCOMES_SECONDS = 5.0
LICENCES_SECONDS = 3600.0
SERVERS_SECONDS = 5.0
CONTACTS_SECONDS = 60.0
METERING_SECONDS = 300.0


async def make_rounds(services: Services) -> None:
    """Run until canceled."""
    housekeeping = services.housekeeping
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_every(EXPIRE_SECONDS, "expire", housekeeping.expire))
        tasks.create_task(_every(SWEEP_SECONDS, "sweep", housekeeping.sweep))
        tasks.create_task(_every(PROBE_SECONDS, "probe", housekeeping.probe))
        tasks.create_task(_every(GATEWAYS_SECONDS, "gateways", services.gateways.follow))
        tasks.create_task(_every(OUTCOMES_SECONDS, "outcomes", services.range_breakers.look))
        tasks.create_task(_every(LICENCES_SECONDS, "licences", services.licences.follow))
        tasks.create_task(_every(SERVERS_SECONDS, "servers", services.links.check))
        tasks.create_task(_every(CONTACTS_SECONDS, "contacts", services.links.note))
        tasks.create_task(_every(METERING_SECONDS, "metering", services.metering.round))
        tasks.create_task(_every(METERING_SECONDS, "phone costs", services.phone_costs.round))
        tasks.create_task(_every(METERING_SECONDS, "budgets", services.budgets.round))
        tasks.create_task(services.configuration.watch())
        tasks.create_task(services.deliveries.run())
        tasks.create_task(services.dispatches.run())
        tasks.create_task(services.notices.run())
        tasks.create_task(services.spraying.run())
        tasks.create_task(services.synchronisations.watch())
        tasks.create_task(services.report_runs.run())
        tasks.create_task(services.waiting.watch())
        tasks.create_task(services.app_lists.watch())
        tasks.create_task(services.calls.watch())
        if services.links.is_open:
            tasks.create_task(services.relaying.run())
        if services.service_link.dials:
            tasks.create_task(services.attempt_telling.run())
            tasks.create_task(_every(GATEWAYS_SECONDS, "service gateways", services.service_gateways.ensure))


async def _every(seconds: float, name: str, chore: Callable[[], Awaitable[object]]) -> None:
    while True:
        try:
            await chore()
        except Exception as error:
            log.warning("chore failed", chore=name, error=type(error).__name__)
        await asyncio.sleep(seconds)
