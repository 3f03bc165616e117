"""What users hold: enroll, prove, bring back in step, take away; recovery codes; hardware tokens."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from litestar import Controller, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta

from vestibule.crypto.secret import Secret
from vestibule.frontends.http.api.caller import Caller
from vestibule.frontends.http.api.description import problems
from vestibule.frontends.http.api.listing import USUAL_LIMIT, page_of
from vestibule.frontends.http.api.records.held import (
    AuthenticatorRecord,
    EnrolledRecord,
    authenticator_record,
)
from vestibule.frontends.http.api.records.listing import Listing, whole
from vestibule.frontends.http.api.request import Discreet, invalid
from vestibule.frontends.http.api.users import find_person
from vestibule.frontends.http.api.values import (
    Cursor,
    Id,
    Limit,
    Passcode,
    PathId,
    SearchText,
    Serial,
    ShortText,
)
from vestibule.frontends.http.rights import needs, needs_over_everybody
from vestibule.interfaces.transaction.held import AuthenticatorFilter
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.actor import Right
from vestibule.model.authenticator import AuthenticatorStatus
from vestibule.services.enrollment import Enrolled
from vestibule.services.phones import NewPhone

Label = Annotated[str, Meta(max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")]
PhoneNumber = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
Options = Annotated[dict[Id, ShortText | int], Meta(max_length=10)]
Assigned = Annotated[bool | None, QueryParameter(description="Whether somebody holds it.")]
TokenStatus = Annotated[AuthenticatorStatus | None, QueryParameter(description="Only tokens that stand so.")]
Result = TypeVar("Result")


class NewAuthenticator(Discreet):
    method: Id
    label: Label = ""
    options: Options = msgspec.field(default_factory=dict)
    """Parameters of the method, e.g. `digits`; what is left out is as authenticator apps expect it."""


class NewPhoneNumber(Discreet):
    method: Literal["sms", "voice"]
    number: PhoneNumber
    """With plus sign and country code; for calls an extension behind an `x`."""
    label: Label = ""
    two_way: bool = False
    """Texts are answered by replying."""
    with_pin: bool = False
    """The PIN is asked for as well; the user must have one."""


class Proof(Discreet):
    passcode: Passcode


class Resynchronization(Discreet):
    passcodes: Annotated[tuple[Passcode, ...], Meta(min_length=2, max_length=2)]
    """Two that the device showed one after the other, neither used before."""


class Renaming(Discreet):
    label: Label


class Assignment(Discreet):
    serial: Serial


class Authenticators(Controller):
    path = "/users/{user_id:str}"
    tags = ("Authenticators",)

    @get("/authenticators", responses=problems(404), opt=needs(Right.READ_PEOPLE))
    async def list_authenticators(
        self, caller: NamedDependency[Caller], user_id: PathId
    ) -> Listing[AuthenticatorRecord]:
        """List what a user holds, oldest first."""
        subject = await find_person(caller, user_id)
        return whole(authenticator_record(held) for held in subject.authenticators)

    @post("/authenticators", responses=problems(404, 409, 422), opt=needs(Right.SECRETS))
    async def begin_enrollment(
        self, caller: NamedDependency[Caller], user_id: PathId, data: JSONBody[NewAuthenticator]
    ) -> EnrolledRecord:
        """Make an authenticator app's secret. It opens nothing until it is confirmed with a live passcode."""
        enrollments = caller.services.enrollments
        method = enrollments.methods.get(data.method)
        if method is None or not method.descriptor.self_enrolled:
            raise invalid("method", "not a method that can be enrolled so")
        begun = enrollments.begin(
            caller.actor, caller.tenant_id, user_id, data.method, data.label, _options(data.options)
        )
        return _enrolled_record(await _with_options(begun))

    @post("/phones", responses=problems(404, 409, 422), opt=needs(Right.AUTHENTICATORS))
    async def add_phone(
        self, caller: NamedDependency[Caller], user_id: PathId, data: JSONBody[NewPhoneNumber]
    ) -> AuthenticatorRecord:
        """Give a user a phone that is texted or called, ready at once: nobody proves the number. A second one
        of the same method is the backup."""
        wanted = NewPhone(
            method=data.method,
            typed=data.number,
            label=data.label,
            two_way=data.two_way,
            with_pin=data.with_pin,
        )
        added = await caller.services.phones.add(caller.actor, caller.tenant_id, user_id, wanted)
        return authenticator_record(added)

    @post(
        "/authenticators/{authenticator_id:str}/confirm",
        status_code=200,
        responses=problems(404, 422, 423),
        opt=needs(Right.AUTHENTICATORS),
    )
    async def confirm_enrollment(
        self,
        caller: NamedDependency[Caller],
        user_id: PathId,
        authenticator_id: PathId,
        data: JSONBody[Proof],
    ) -> AuthenticatorRecord:
        """Prove a new authenticator with a live passcode, which is spent by it."""
        proven = await caller.services.enrollments.confirm(
            caller.actor, caller.tenant_id, user_id, authenticator_id, Secret(data.passcode)
        )
        return authenticator_record(proven)

    @post(
        "/authenticators/{authenticator_id:str}/resynchronize",
        status_code=200,
        responses=problems(404, 422, 423),
        opt=needs(Right.TOKENS),
    )
    async def resynchronize(
        self,
        caller: NamedDependency[Caller],
        user_id: PathId,
        authenticator_id: PathId,
        data: JSONBody[Resynchronization],
    ) -> AuthenticatorRecord:
        """Bring an authenticator back in step with two passcodes, which are spent by it."""
        first, second = data.passcodes
        again = await caller.services.enrollments.resynchronize(
            caller.actor, caller.tenant_id, user_id, authenticator_id, (Secret(first), Secret(second))
        )
        return authenticator_record(again)

    @patch(
        "/authenticators/{authenticator_id:str}",
        status_code=204,
        responses=problems(404, 409),
        opt=needs(Right.AUTHENTICATORS),
    )
    async def rename_authenticator(
        self,
        caller: NamedDependency[Caller],
        user_id: PathId,
        authenticator_id: PathId,
        data: JSONBody[Renaming],
    ) -> None:
        """Give an authenticator another label."""
        await caller.services.enrollments.rename(
            caller.actor, caller.tenant_id, user_id, authenticator_id, data.label
        )

    @delete(
        "/authenticators/{authenticator_id:str}",
        responses=problems(404, 409),
        opt=needs(Right.AUTHENTICATORS, Right.TOKENS),
    )
    async def remove_authenticator(
        self, caller: NamedDependency[Caller], user_id: PathId, authenticator_id: PathId
    ) -> None:
        """Take an authenticator from a user. A hardware token is free again and keeps its counter."""
        await caller.services.enrollments.remove(caller.actor, caller.tenant_id, user_id, authenticator_id)

    @post("/tokens", status_code=200, responses=problems(404, 409, 422), opt=needs(Right.TOKENS))
    async def assign_token(
        self, caller: NamedDependency[Caller], user_id: PathId, data: JSONBody[Assignment]
    ) -> AuthenticatorRecord:
        """Give a hardware token that nobody holds to a user, by its serial."""
        given = await caller.services.enrollments.assign(caller.actor, caller.tenant_id, user_id, data.serial)
        return authenticator_record(given)

    @post("/recovery-codes", responses=problems(404, 409, 422), opt=needs(Right.SECRETS))
    async def make_recovery_codes(self, caller: NamedDependency[Caller], user_id: PathId) -> EnrolledRecord:
        """Make a new set of recovery codes, shown this one time. The old set is void at once."""
        made = await caller.services.enrollments.new_recovery_codes(caller.actor, caller.tenant_id, user_id)
        return _enrolled_record(made)


class Tokens(Controller):
    path = "/tokens"
    tags = ("Hardware tokens",)

    @get(responses=problems(404), opt=needs_over_everybody(Right.READ_PEOPLE))
    async def list_tokens(
        self,
        caller: NamedDependency[Caller],
        text: SearchText = "",
        is_assigned: Assigned = None,
        status: TokenStatus = None,
        limit: Limit = USUAL_LIMIT,
        cursor: Cursor = "",
    ) -> Listing[AuthenticatorRecord]:
        """List hardware tokens by serial; `text` is the beginning of one."""
        where = AuthenticatorFilter(
            text=text, is_hardware=True, is_assigned=is_assigned, status=status.value if status else ""
        )
        asked = caller.services.enrollments.tokens(caller.actor, caller.tenant_id, where, Page(limit, cursor))
        return await page_of(asked, authenticator_record)

    @get("/{authenticator_id:str}", responses=problems(404), opt=needs(Right.READ_PEOPLE))
    async def read_token(
        self, caller: NamedDependency[Caller], authenticator_id: PathId
    ) -> AuthenticatorRecord:
        """Read one hardware token."""
        found = await caller.services.enrollments.token(caller.actor, caller.tenant_id, authenticator_id)
        return authenticator_record(found)


def _options(given: dict[str, str | int]) -> dict[str, Any]:
    for name in ("issuer", "account"):
        if name in given:
            raise invalid(f"options.{name}", "is set by the tenant and the user")
    return dict(given)


async def _with_options(begun: Awaitable[Enrolled]) -> Enrolled:
    try:
        return await begun
    except ValueError:  # The method's word for options it does not take.
        raise invalid("options", "not options of this method") from None


def _enrolled_record(enrolled: Enrolled) -> EnrolledRecord:
    return EnrolledRecord(
        authenticator=authenticator_record(enrolled.authenticator),
        shown=[secret.reveal() for secret in enrolled.shown],
    )
