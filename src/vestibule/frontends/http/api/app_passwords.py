"""App passwords of users: list and revoke them. Only the user makes one, in the portal."""

from __future__ import annotations

from litestar import Controller, delete, get
from litestar.di import NamedDependency

from vestibule.frontends.http.api.caller import Caller
from vestibule.frontends.http.api.description import problems
from vestibule.frontends.http.api.records.held import AppPasswordRecord, app_password_record
from vestibule.frontends.http.api.records.listing import Listing, whole
from vestibule.frontends.http.api.users import find_person
from vestibule.frontends.http.api.values import PathId
from vestibule.frontends.http.rights import needs
from vestibule.model.actor import Right


class AppPasswords(Controller):
    path = "/users/{user_id:str}/app-passwords"
    tags = ("Users",)

    @get(responses=problems(404), opt=needs(Right.READ_PEOPLE))
    async def list_app_passwords(
        self, caller: NamedDependency[Caller], user_id: PathId
    ) -> Listing[AppPasswordRecord]:
        """List the app passwords of a user, oldest first. The passwords themselves are told to nobody."""
        await find_person(caller, user_id)
        found = await caller.services.app_passwords.list(caller.actor, caller.tenant_id, user_id)
        return whole(app_password_record(each) for each in found)

    @delete(responses=problems(404), opt=needs(Right.APP_PASSWORDS))
    async def revoke_app_passwords(self, caller: NamedDependency[Caller], user_id: PathId) -> None:
        """Revoke all app passwords of a user: they open nothing from now on."""
        await caller.services.app_passwords.revoke_all(caller.actor, caller.tenant_id, user_id)

    @delete("/{app_password_id:str}", responses=problems(404), opt=needs(Right.APP_PASSWORDS))
    async def revoke_app_password(
        self, caller: NamedDependency[Caller], user_id: PathId, app_password_id: PathId
    ) -> None:
        """Revoke one app password of a user: it opens nothing from now on."""
        await caller.services.app_passwords.revoke(caller.actor, caller.tenant_id, user_id, app_password_id)
