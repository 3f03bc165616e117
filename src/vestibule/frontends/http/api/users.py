"""People: find, add, change, unlock and remove them."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Controller, delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import JSONBody, QueryParameter
from msgspec import UNSET, UnsetType

from vestibule import catalog
from vestibule.crypto.secret import Secret
from vestibule.frontends.http.api.caller import Caller
from vestibule.frontends.http.api.description import problems
from vestibule.frontends.http.api.listing import USUAL_LIMIT, page_of
from vestibule.frontends.http.api.records.listing import Listing, whole
from vestibule.frontends.http.api.records.people import (
    BulkRecord,
    PersonRecord,
    UserRecord,
    bulk_record,
    person_record,
    user_record,
)
from vestibule.frontends.http.api.request import Discreet, invalid
from vestibule.frontends.http.api.values import (
    Cursor,
    Id,
    Limit,
    Password,
    PathId,
    SearchId,
    SearchText,
    ShortText,
    Username,
    Version,
)
from vestibule.frontends.http.rights import needs
from vestibule.interfaces.transaction.lists import Page
from vestibule.interfaces.transaction.people import UserFilter
from vestibule.interfaces.transaction.sign_in import Person
from vestibule.model.actor import Right
from vestibule.model.user import UserStatus
from vestibule.services.directories import DirectorySilent
from vestibule.services.users import LANGUAGES_ELSEWHERE, UserFields

OtherNames = Annotated[tuple[Username, ...], msgspec.Meta(max_length=20)]
ExactName = Annotated[
    str, QueryParameter(max_length=255, pattern=r"^[^\x00]*$", description="One name, in any spelling.")
]
Status = Annotated[UserStatus | None, QueryParameter(description="Only users who stand so.")]


class NewUser(Discreet):
    username: Username
    other_names: OtherNames = ()
    given_name: ShortText = ""
    family_name: ShortText = ""
    email: ShortText = ""
    phone: ShortText = ""
    language: ShortText = ""
    """Of pages: `en` or `de`; empty: as the browser says."""
    language_call: ShortText = ""
    language_text: ShortText = ""
    language_app: ShortText = ""
    language_token: ShortText = ""
    """Of calls, text messages, requests in the app, and the question for a passcode; empty: that of pages."""
    status: UserStatus = UserStatus.ACTIVE
    send_mail: bool = True
    """Whether welcomes and courtesies are sent to him; what could be a stranger's doing always is."""
    password: Password | None = None
    """Left out: there is no password of our own for this user."""


class UserChange(Discreet):
    """What is left out stays as it is."""

    username: Username | UnsetType = UNSET
    other_names: OtherNames | UnsetType = UNSET
    given_name: ShortText | UnsetType = UNSET
    family_name: ShortText | UnsetType = UNSET
    email: ShortText | UnsetType = UNSET
    phone: ShortText | UnsetType = UNSET
    language: ShortText | UnsetType = UNSET
    language_call: ShortText | UnsetType = UNSET
    language_text: ShortText | UnsetType = UNSET
    language_app: ShortText | UnsetType = UNSET
    language_token: ShortText | UnsetType = UNSET
    status: UserStatus | UnsetType = UNSET
    send_mail: bool | UnsetType = UNSET
    version: Version | None = None


class BulkChange(Discreet):
    act: Id
    """`enable`, `disable`, `mail_on`, `mail_off`, `require_disabled`, `require_enabled`, `require_enforced`,
    `register_anew`, or, with a group as `choice`, `join` or `leave`."""
    user_ids: Annotated[tuple[Id, ...], msgspec.Meta(min_length=1, max_length=1000)]
    choice: Id = ""
    """What the act wants to know, such as the identifier of a group."""
    dry_run: bool = False
    """Say what it would come to, and change nothing."""


class DefaultMethod(Discreet):
    method: Id | None = None
    """Left out: no preference."""


class NewDirectoryLink(Discreet):
    directory_id: Id
    name: Username
    """A name by which the directory knows the entry."""


class NewPassword(Discreet):
    password: Password


class Users(Controller):
    path = "/users"
    tags = ("Users",)

    @get(responses=problems(404), opt=needs(Right.READ_PEOPLE))
    async def list_users(
        self,
        caller: NamedDependency[Caller],
        text: SearchText = "",
        username: ExactName = "",
        status: Status = None,
        group_id: SearchId = "",
        limit: Limit = USUAL_LIMIT,
        cursor: Cursor = "",
    ) -> Listing[UserRecord]:
        """List users by name. `text` is the beginning of a name or e-mail address; `username` is one exact
        name, in any spelling, and finds one user or none."""
        users = caller.services.users
        if username:
            found = await users.find_by_name(caller.actor, caller.tenant_id, username)
            return whole([user_record(found.user)] if found else [])
        where = UserFilter(text=text, status=status.value if status else "", group_id=group_id)
        asked = users.list(caller.actor, caller.tenant_id, where, Page(limit, cursor))
        return await page_of(asked, user_record)

    @post(responses=problems(404, 409, 422), opt=needs(Right.CHANGE_PEOPLE))
    async def add_user(self, caller: NamedDependency[Caller], data: JSONBody[NewUser]) -> UserRecord:
        """Add a user."""
        _check_languages(data)
        given = {name: getattr(data, name) for name in UserFields.__struct_fields__}
        added = await caller.services.users.add(
            caller.actor, caller.tenant_id, UserFields(**given), _secret(data.password)
        )
        return user_record(added)

    @post(
        "/bulk", status_code=200, responses=problems(404, 422), opt=needs(Right.CHANGE_PEOPLE, Right.GROUPS)
    )
    async def change_many(self, caller: NamedDependency[Caller], data: JSONBody[BulkChange]) -> BulkRecord:
        """Do one act to many users, each for himself: who cannot be changed keeps nobody else from it."""
        bulk = caller.services.bulk
        report = await bulk.run(
            caller.actor, caller.tenant_id, data.act, data.user_ids, data.choice, is_dry_run=data.dry_run
        )
        return bulk_record(report)

    @get("/{user_id:str}", responses=problems(404), opt=needs(Right.READ_PEOPLE))
    async def read_user(self, caller: NamedDependency[Caller], user_id: PathId) -> PersonRecord:
        """Read a user with authenticators and locks."""
        subject = await find_person(caller, user_id)
        return person_record(subject, caller.services.clock.now())

    @patch("/{user_id:str}", responses=problems(404, 409, 422), opt=needs(Right.CHANGE_PEOPLE))
    async def change_user(
        self, caller: NamedDependency[Caller], user_id: PathId, data: JSONBody[UserChange]
    ) -> UserRecord:
        """Change a user. Disabling ends his sessions at once."""
        _check_languages(data)
        given = {name: getattr(data, name) for name in UserFields.__struct_fields__}
        changed = await caller.services.users.edit(
            caller.actor, caller.tenant_id, user_id, UserFields(**given), version=data.version
        )
        return user_record(changed)

    @delete("/{user_id:str}", responses=problems(404, 422), opt=needs(Right.CHANGE_PEOPLE))
    async def remove_user(self, caller: NamedDependency[Caller], user_id: PathId) -> None:
        """Remove a user and what he holds. Hardware tokens are free again; attempts stay in the list."""
        await caller.services.users.remove(caller.actor, caller.tenant_id, user_id)

    @post(
        "/{user_id:str}/password",
        status_code=204,
        responses=problems(404, 409, 422),
        opt=needs(Right.PASSWORDS),
    )
    async def set_password(
        self, caller: NamedDependency[Caller], user_id: PathId, data: JSONBody[NewPassword]
    ) -> None:
        """Set the password of a user. His sessions end at once."""
        await caller.services.users.edit(
            caller.actor, caller.tenant_id, user_id, UserFields(), _secret(data.password)
        )

    @put(
        "/{user_id:str}/default-method",
        status_code=204,
        responses=problems(404, 409, 422),
        opt=needs(Right.AUTHENTICATORS),
    )
    async def choose_default_method(
        self, caller: NamedDependency[Caller], user_id: PathId, data: JSONBody[DefaultMethod]
    ) -> None:
        """Choose by which method a user is asked first, one of those that he holds."""
        await caller.services.users.set_default_method(
            caller.actor, caller.tenant_id, user_id, data.method or ""
        )

    @post(
        "/{user_id:str}/directory-link",
        status_code=204,
        responses=problems(404, 409, 422),
        opt=needs(Right.CHANGE_PEOPLE),
    )
    async def link_user(
        self, caller: NamedDependency[Caller], user_id: PathId, data: JSONBody[NewDirectoryLink]
    ) -> None:
        """Link a user to his entry in a directory, which a synchronisation keeps from its next run. Refused
        if he is another entry already, or somebody else is this one. Needs `directories.change`, too."""
        links = caller.services.directory_links
        try:
            await links.link(caller.actor, caller.tenant_id, user_id, data.directory_id, data.name)
        except DirectorySilent as silent:
            raise invalid("directory_id", silent.trouble) from None

    @post("/{user_id:str}/unlock", status_code=204, responses=problems(404), opt=needs(Right.BLOCKS))
    async def unlock_user(self, caller: NamedDependency[Caller], user_id: PathId) -> None:
        """Let a locked user try again, with every factor."""
        await caller.services.users.unlock(caller.actor, caller.tenant_id, user_id)


async def find_person(caller: Caller, user_id: str) -> Person:
    """Return a user in reach with what he holds, or answer that there is none."""
    subject = await caller.services.users.find(caller.actor, caller.tenant_id, user_id)
    if subject is None:
        raise NotFoundException
    return subject


def _secret(password: str | None) -> Secret[str] | None:
    return None if password is None else Secret(password)


def _check_languages(data: NewUser | UserChange) -> None:
    for name in ("language", *LANGUAGES_ELSEWHERE):
        language = getattr(data, name)
        if language and language is not UNSET and language not in catalog.LANGUAGES:
            raise invalid(name, "not a language of this program")
