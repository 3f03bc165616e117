"""What is required of users, registration demanded anew, and what vouches for it."""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, delete, get, post, put
from litestar.di import NamedDependency
from litestar.exceptions import ValidationException
from litestar.params import JSONBody
from msgspec import Meta

from vestibule.frontends.http.api.caller import Caller
from vestibule.frontends.http.api.description import problems
from vestibule.frontends.http.api.records.held import CodeRecord
from vestibule.frontends.http.api.records.listing import Listing, whole
from vestibule.frontends.http.api.records.people import (
    RequirementChangeRecord,
    VoucherRecord,
    requirement_change_record,
    voucher_record,
)
from vestibule.frontends.http.api.request import Discreet
from vestibule.frontends.http.api.users import find_person
from vestibule.frontends.http.api.values import PathId, Username
from vestibule.frontends.http.rights import needs
from vestibule.model.actor import Right
from vestibule.model.user import Requirement
from vestibule.services.vouchers import MOST_WINDOW_HOURS

MOST_USERS = 1000
Hours = Annotated[int, Meta(ge=1, le=MOST_WINDOW_HOURS)]


class NewRequirement(Discreet):
    requirement: Requirement


class RequirementOfMany(Discreet):
    requirement: Requirement
    usernames: Annotated[tuple[Username, ...], Meta(min_length=1, max_length=MOST_USERS)]
    """In any spelling. If one is of nobody, nothing is changed."""
    dry_run: bool = False
    """Only tell what it would come to."""


class NewWindow(Discreet):
    hours: Hours


class Requirements(Controller):
    path = "/requirements"
    tags = ("Users",)

    @post(status_code=200, responses=problems(404, 409, 422), opt=needs(Right.CHANGE_PEOPLE))
    async def require_of_many(
        self, caller: NamedDependency[Caller], data: JSONBody[RequirementOfMany]
    ) -> RequirementChangeRecord:
        """Set what is required of many users, of all of them or of none."""
        change = await caller.services.requirements.require(
            caller.actor, caller.tenant_id, data.usernames, data.requirement, dry_run=data.dry_run
        )
        if change.unknown:
            places = [f"usernames[{data.usernames.index(name)}]" for name in change.unknown]
            raise ValidationException(extra=[{"key": each, "message": "not a user"} for each in places])
        return requirement_change_record(change)


class Registration(Controller):
    path = "/users/{user_id:str}"
    tags = ("Users",)

    @put("/requirement", responses=problems(404, 409, 422), opt=needs(Right.CHANGE_PEOPLE))
    async def require(
        self, caller: NamedDependency[Caller], user_id: PathId, data: JSONBody[NewRequirement]
    ) -> RequirementChangeRecord:
        """Set what is required of a user."""
        user = (await find_person(caller, user_id)).user
        change = await caller.services.requirements.require(
            caller.actor, caller.tenant_id, [user.username], data.requirement
        )
        return requirement_change_record(change)

    @post(
        "/registration/demand",
        status_code=204,
        responses=problems(404, 409, 422),
        opt=needs(Right.AUTHENTICATORS),
    )
    async def demand_registration(self, caller: NamedDependency[Caller], user_id: PathId) -> None:
        """Have a user register anew at his next sign-in. Until he has, no door opens but the portal."""
        await caller.services.requirements.demand_registration(caller.actor, caller.tenant_id, user_id)

    @delete("/registration/demand", responses=problems(404, 409), opt=needs(Right.AUTHENTICATORS))
    async def withdraw_demand(self, caller: NamedDependency[Caller], user_id: PathId) -> None:
        """Take the demand back: what he had registered counts again."""
        await caller.services.requirements.withdraw_demand(caller.actor, caller.tenant_id, user_id)

    @get("/registration/vouchers", responses=problems(404), opt=needs(Right.READ_PEOPLE))
    async def list_vouchers(self, caller: NamedDependency[Caller], user_id: PathId) -> Listing[VoucherRecord]:
        """List the codes and windows that vouch for a user now. A code itself was shown when it was made."""
        await find_person(caller, user_id)
        found = await caller.services.vouchers.standing(caller.actor, caller.tenant_id, user_id)
        return whole(voucher_record(each) for each in found)

    @post(
        "/registration/code",
        status_code=201,
        responses=problems(404, 409, 422),
        opt=needs(Right.AUTHENTICATORS),
    )
    async def make_code(self, caller: NamedDependency[Caller], user_id: PathId) -> CodeRecord:
        """Make a code that vouches for a user once, in place of the one before. It is told this one time."""
        code = await caller.services.vouchers.make_code(caller.actor, caller.tenant_id, user_id)
        return CodeRecord(code.reveal())

    @post(
        "/registration/mail",
        status_code=204,
        responses=problems(404, 409, 422),
        opt=needs(Right.AUTHENTICATORS),
    )
    async def mail_code(self, caller: NamedDependency[Caller], user_id: PathId) -> None:
        """Send such a code to the user's own e-mail address; it is told nobody else."""
        await caller.services.vouchers.mail_code(caller.actor, caller.tenant_id, user_id)

    @post(
        "/registration/window",
        status_code=204,
        responses=problems(404, 409, 422),
        opt=needs(Right.AUTHENTICATORS),
    )
    async def open_window(
        self, caller: NamedDependency[Caller], user_id: PathId, data: JSONBody[NewWindow]
    ) -> None:
        """Let a user who has registered nothing do so with the password alone, for some hours."""
        await caller.services.vouchers.open_window(caller.actor, caller.tenant_id, user_id, data.hours)

    @delete("/registration/vouchers", responses=problems(404), opt=needs(Right.AUTHENTICATORS))
    async def withdraw_vouchers(self, caller: NamedDependency[Caller], user_id: PathId) -> None:
        """Make codes and windows of a user void."""
        await caller.services.vouchers.withdraw(caller.actor, caller.tenant_id, user_id)
