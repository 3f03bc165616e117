"""Browsers in which a user is not asked for a second factor, and being a break-glass account."""

from __future__ import annotations

from litestar import Controller, delete, get, put
from litestar.di import NamedDependency
from litestar.params import JSONBody

from vestibule.frontends.http.api.caller import Caller
from vestibule.frontends.http.api.description import problems
from vestibule.frontends.http.api.records.listing import Listing, Record, whole
from vestibule.frontends.http.api.request import Discreet
from vestibule.frontends.http.api.users import find_person
from vestibule.frontends.http.api.values import PathId
from vestibule.frontends.http.rights import needs
from vestibule.model.actor import Right


class RememberedBrowserRecord(Record):
    named = "browser_id"

    id: str
    application_id: str
    label: str
    """What the browser calls itself; empty if it says nothing known."""
    proven_at: int
    """When a second factor was proven in it."""
    used_at: int
    expires_at: int


class BreakGlass(Discreet):
    is_break_glass: bool


class RememberedBrowsers(Controller):
    path = "/users/{user_id:str}"
    tags = ("Users",)

    @get("/remembered-browsers", responses=problems(404), opt=needs(Right.READ_PEOPLE))
    async def list_browsers(
        self, caller: NamedDependency[Caller], user_id: PathId
    ) -> Listing[RememberedBrowserRecord]:
        """List the browsers in which a user is not asked for a second factor, the last used first."""
        await find_person(caller, user_id)
        found = await caller.services.remembered_browsers.list(caller.actor, caller.tenant_id, user_id)
        return whole(RememberedBrowserRecord.of(browser) for browser in found)

    @delete("/remembered-browsers", responses=problems(404), opt=needs(Right.AUTHENTICATORS))
    async def forget_browsers(self, caller: NamedDependency[Caller], user_id: PathId) -> None:
        """Ask for a second factor in every browser from now on."""
        await find_person(caller, user_id)
        await caller.services.remembered_browsers.forget_all(caller.actor, caller.tenant_id, user_id)

    @delete("/remembered-browsers/{browser_id:str}", responses=problems(404), opt=needs(Right.AUTHENTICATORS))
    async def forget_browser(
        self, caller: NamedDependency[Caller], user_id: PathId, browser_id: PathId
    ) -> None:
        """Ask for a second factor in one browser from now on."""
        browsers = caller.services.remembered_browsers
        await browsers.forget(caller.actor, caller.tenant_id, user_id, browser_id)

    @put("/break-glass", status_code=204, responses=problems(404, 422), opt=needs(Right.RULES))
    async def mark_break_glass(
        self, caller: NamedDependency[Caller], user_id: PathId, data: JSONBody[BreakGlass]
    ) -> None:
        """Make an administrator a break-glass account, whom no access rule keeps out, or an ordinary one."""
        await caller.services.break_glass.mark(
            caller.actor, caller.tenant_id, user_id, is_break_glass=data.is_break_glass
        )
