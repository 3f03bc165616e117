"""The desk: an administrator at the command line, at work on one tenant.

Whoever can read the key file can do everything, so the actor is the system; services still refuse what
would break the house. A command ends with 0 when it did what was asked, and with 1, the reason and the next
step on standard error otherwise.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from vestibule.catalog import text
from vestibule.cli.configuration import settings_or_exit, terminal_language
from vestibule.cli.house import opened, run_loop
from vestibule.cli.parameters import Scope
from vestibule.cli.program import command
from vestibule.cli.terminal import NotDone, Terminal, choices
from vestibule.model.actor import SYSTEM, Actor
from vestibule.model.tenant import SYSTEM_TENANT, Tenant

if TYPE_CHECKING:
    from vestibule.runtime.build import House
    from vestibule.runtime.settings import Settings
    from vestibule.services.configuration import Snapshot
    from vestibule.services.services import Services

NOT_DONE = 1


@dataclass(frozen=True, slots=True)
class Desk:
    """An opened house, the tenant to work on (empty: none in particular) and the terminal."""

    house: House
    terminal: Terminal
    scope: Scope
    tenant_id: str

    @property
    def services(self) -> Services:
        return self.house.services

    @property
    def snapshot(self) -> Snapshot:
        return self.house.services.configuration.current

    @property
    def actor(self) -> Actor:
        return SYSTEM

    @property
    def tenant(self) -> Tenant:
        return self.snapshot.tenants[self.tenant_id]

    @property
    def now(self) -> int:
        return self.services.clock.now()

    def command(self, words: str) -> str:
        """Return another command as it can be typed here, about the same tenant."""
        return command(words, tenant=self.scope.tenant, config=self.scope.config)


def at_desk(scope: Scope, work: Callable[[Desk], Awaitable[None]]) -> int:
    """Do `work` on the tenant that `scope` means; return the exit status."""
    return _run(scope, work, lambda house: _tenant_id(house, scope))


def in_the_house(config: Path | None, work: Callable[[Desk], Awaitable[None]]) -> int:
    """Do `work` that is about no tenant in particular; return the exit status."""
    return _run(Scope(config=config), work, lambda _house: "")


def _run(scope: Scope, work: Callable[[Desk], Awaitable[None]], tenant_of: Callable[[House], str]) -> int:
    settings = settings_or_exit(scope.config)
    terminal = Terminal(terminal_language())

    async def main() -> int:
        async with opened(settings) as house:
            _keep_logs_out_of_the_way(settings)
            return await guarded(terminal, lambda: work(Desk(house, terminal, scope, tenant_of(house))))

    return run_loop(main)


async def guarded(terminal: Terminal, work: Callable[[], Awaitable[None]]) -> int:
    """Do `work`; say on standard error why it was not done, if it was not. Return the exit status."""
    from vestibule.interfaces.store import Conflict, Unavailable
    from vestibule.services.refusal import Refusal, Refused

    try:
        await work()
    except NotDone as reason:
        terminal.aside(text(terminal.language, reason.key, **reason.placeholders))
    except Refused as refused:
        terminal.aside(terminal.refusal(refused.why.value, refused.key))
    except Conflict:
        terminal.aside(terminal.refusal(Refusal.CHANGED_MEANWHILE.value, ""))
    except Unavailable as unavailable:
        terminal.note("database_unavailable", reason=str(unavailable))
    else:
        return 0
    return NOT_DONE


def _tenant_id(house: House, scope: Scope) -> str:
    tenants = house.services.configuration.current.tenants
    if scope.tenant is not None:
        if scope.tenant not in tenants:
            raise NotDone("cli.tenant.unknown", tenant=scope.tenant, tenants=choices(list(tenants)))
        return scope.tenant
    own = [tenant_id for tenant_id in tenants if tenant_id != SYSTEM_TENANT]
    if not own:
        add = command("tenant add ID NAME", config=scope.config)
        raise NotDone("cli.tenant.none", command=add)
    if len(own) > 1:
        raise NotDone("cli.tenant.several", tenants=choices(own))
    return own[0]


def _keep_logs_out_of_the_way(settings: Settings) -> None:
    """What a service logs, the command itself says better; unless somebody looks for a fault."""
    from vestibule.runtime.logging import set_up

    level = settings.log.level if settings.log.level == "debug" else "error"
    set_up(msgspec.structs.replace(settings.log, level=level, format="console"))
