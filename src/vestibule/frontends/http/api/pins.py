"""PINs of users: how it stands, set or generate one, let it be changed, clear it."""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from vestibule.crypto.secret import Secret
from vestibule.frontends.http.api.caller import Caller
from vestibule.frontends.http.api.description import problems
from vestibule.frontends.http.api.records.held import NewPinRecord, PinRecord, pin_record
from vestibule.frontends.http.api.request import Discreet
from vestibule.frontends.http.api.users import find_person
from vestibule.frontends.http.api.values import PathId
from vestibule.frontends.http.rights import needs
from vestibule.model.actor import Right
from vestibule.services.refusal import Refusal, Refused

Digits = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[0-9]+$")]


class NewPin(Discreet):
    pin: Digits | None = None
    """Left out: a random one is made."""
    must_change: bool = True
    """It opens nothing until the user has changed it."""


class Pins(Controller):
    path = "/users/{user_id:str}/pin"
    tags = ("Users",)

    @get(responses=problems(404), opt=needs(Right.READ_PEOPLE))
    async def read_pin(self, caller: NamedDependency[Caller], user_id: PathId) -> PinRecord:
        """Tell whether a user has a PIN, and whether it must be changed."""
        await find_person(caller, user_id)
        return pin_record(await caller.services.pins.status(caller.actor, caller.tenant_id, user_id))

    @put(responses=problems(404, 409, 422), opt=needs(Right.PINS))
    async def set_pin(
        self, caller: NamedDependency[Caller], user_id: PathId, data: JSONBody[NewPin]
    ) -> NewPinRecord:
        """Give a user a PIN, which lifts a lock of the one before. A `pin_refused` says all that is wrong."""
        made = await caller.services.pins.set(
            caller.actor,
            caller.tenant_id,
            user_id,
            None if data.pin is None else Secret(data.pin),
            must_change=data.must_change,
        )
        if made.problems:
            raise Refused(Refusal.PIN_REFUSED, ", ".join(made.problems))
        return NewPinRecord(made.shown.reveal())

    @post("/require-change", status_code=204, responses=problems(404, 409, 422), opt=needs(Right.PINS))
    async def require_change(self, caller: NamedDependency[Caller], user_id: PathId) -> None:
        """Let the PIN of a user open nothing until the user has changed it."""
        await caller.services.pins.require_change(caller.actor, caller.tenant_id, user_id)

    @delete(responses=problems(404, 422), opt=needs(Right.PINS))
    async def clear_pin(self, caller: NamedDependency[Caller], user_id: PathId) -> None:
        """Take the PIN of a user away."""
        await caller.services.pins.clear(caller.actor, caller.tenant_id, user_id)
