"""`vestibule user`: the people who sign in. Find them, add them, change them, unlock them, remove them."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import msgspec
from cyclopts import App, Parameter

from vestibule.cli import finding
from vestibule.cli.attempts import attempt_cells
from vestibule.cli.blocks import block, blocked, unblock
from vestibule.cli.bulk import bulk
from vestibule.cli.desk import Desk, at_desk
from vestibule.cli.listing import show_pages, show_rows
from vestibule.cli.parameters import HERE, DryRun, Json, Limit, Scope, Yes
from vestibule.cli.person import full_name, show_authenticators, show_person, status_words
from vestibule.cli.records import attempt_record, person_record, user_record
from vestibule.cli.terminal import NotDone, Terminal
from vestibule.cli.user_import import import_users
from vestibule.crypto.secret import Secret
from vestibule.crypto.tokens import new_token
from vestibule.interfaces.transaction.attempts import VerificationFilter
from vestibule.interfaces.transaction.lists import Page
from vestibule.interfaces.transaction.people import UserFilter
from vestibule.interfaces.transaction.sign_in import Subject
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.model.user import User, UserStatus

if TYPE_CHECKING:
    from vestibule.services.users import UserFields

app = App(
    name="user", help="People who sign in: find, add, change, block, unlock, remove.", help_format="plaintext"
)

PASSWORD_BYTES = 12
"""Random bytes of a generated password: 16 characters, enough for an administrator's too."""
_RECENT = 5

NewPassword: TypeAlias = Annotated[
    Literal["ask", "generate", "none"],
    Parameter(
        name="--password",
        help="ask: typed in, or one line of standard input. generate: random, shown once. none: where a "
        "directory or the client checks the password.",
    ),
]


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Person:
    """What may be said of a person; what is left out stays as it is, an empty text clears it."""

    given_name: Annotated[str | None, Parameter(name="--given-name", help="First name.")] = None
    family_name: Annotated[str | None, Parameter(name="--family-name", help="Last name.")] = None
    email: Annotated[str | None, Parameter(name="--email", help="E-mail address.")] = None
    send_mail: Annotated[
        bool | None,
        Parameter(
            name="--send-mail",
            help="Send welcomes and courtesies; what could be a stranger's doing is always sent.",
        ),
    ] = None
    phone: Annotated[str | None, Parameter(name="--phone", help="Phone number.")] = None
    language: Annotated[
        Literal["en", "de", "none"] | None,
        Parameter(name="--language", help="Language of pages; none: as the browser asks."),
    ] = None
    language_call: Annotated[
        Literal["en", "de", "none"] | None,
        Parameter(name="--language-call", help="Language of calls; none: that of pages, as below."),
    ] = None
    language_text: Annotated[
        Literal["en", "de", "none"] | None, Parameter(name="--language-text", help="Of text messages.")
    ] = None
    language_app: Annotated[
        Literal["en", "de", "none"] | None, Parameter(name="--language-app", help="Of requests in the app.")
    ] = None
    language_token: Annotated[
        Literal["en", "de", "none"] | None,
        Parameter(name="--language-token", help="Of the question for a passcode, such as in a VPN client."),
    ] = None
    other_names: Annotated[
        list[str] | None,
        Parameter(
            name="--other-name",
            negative="--no-other-names",
            help="Another spelling under which the person signs in; may be repeated.",
        ),
    ] = None


UNCHANGED = Person()


@app.command(name="list")
def list_users(
    text: Annotated[str, Parameter(show_default=False)] = "",
    *,
    status: UserStatus | None = None,
    group: str = "",
    limit: Limit = None,
    as_json: Json = False,
    scope: Scope = HERE,
) -> int:
    """List users by name.

    For example:

      vestibule user list
      vestibule user list al --status disabled
      vestibule user list --group "Field sales" --json

    Parameters
    ----------
    text
        Beginning of a user name, first name, last name or e-mail address.
    status
        Only users who stand so.
    group
        Only users of this group, by name or identifier.
    """

    async def work(desk: Desk) -> None:
        terminal = desk.terminal
        where = UserFilter(
            text=text,
            status=status.value if status else "",
            group_id=finding.group(desk, group).group_id if group else "",
        )
        await show_pages(
            terminal,
            lambda page: desk.services.users.list(desk.actor, desk.tenant_id, where, page),
            limit,
            as_json=as_json,
            record=user_record,
            header=("username", "name", "email", "status"),
            row=lambda user: (user.username, full_name(user), user.email, status_words(terminal, user)),
            empty="list.no_users",
        )

    return at_desk(scope, work)


@app.command
def show(name: str, /, *, as_json: Json = False, scope: Scope = HERE) -> int:
    """Show one user: authenticators, locks, the last attempts.

    For example:

      vestibule user show alice

    Parameters
    ----------
    name
        A name of the user, in any spelling.
    """

    async def work(desk: Desk) -> None:
        subject = await finding.user(desk, name)
        where = VerificationFilter(user_id=subject.user.user_id)
        attempts = await desk.services.attempts.list(desk.actor, desk.tenant_id, where, Page(_RECENT))
        if as_json:
            recent = [attempt_record(attempt) for attempt in attempts.rows]
            desk.terminal.json({**person_record(subject, desk.now), "attempts": recent})
            return
        await show_person(desk, subject)
        desk.terminal.line()
        show_authenticators(desk, subject)
        desk.terminal.line()
        show_rows(
            desk.terminal,
            attempts.rows,
            as_json=False,
            record=attempt_record,
            header=("when", "outcome", "reason", "application", "id"),
            row=lambda attempt: attempt_cells(desk.terminal, attempt, with_user=False),
            empty="user.no_attempts",
        )

    return at_desk(scope, work)


@app.command
def add(
    name: str,
    /,
    *,
    person: Person = UNCHANGED,
    password: NewPassword = "ask",  # noqa: S107 - a choice, not a password
    as_json: Json = False,
    scope: Scope = HERE,
) -> int:
    """Add a user.

    For example:

      vestibule user add bob --given-name Bob --email bob@example.org
      vestibule user add bob --password generate
      vestibule user add bob --password none --other-name "CORP\\\\bob"
      vestibule user add bob < file-with-the-password

    Parameters
    ----------
    name
        The user name, as the VPN or the directory spells it. Upper and lower case do not matter.
    """

    async def work(desk: Desk) -> None:
        if desk.tenant_id == SYSTEM_TENANT:
            raise NotDone("cli.user.administrator", command=desk.command("admin link"))
        await _refuse_taken(desk, name)
        chosen = _chosen_password(desk.terminal, password)
        fields = _fields(person, name)
        added = await desk.services.users.add(desk.actor, desk.tenant_id, fields, chosen)
        shown = chosen if password == "generate" else None  # noqa: S105 - a choice, no password
        if as_json:
            told = {"password": shown.reveal()} if shown else {}
            desk.terminal.json({**user_record(added), **told})
            return
        _tell(desk, shown, "user.added", added)
        enroll = desk.command(f"authenticator enroll {shlex.quote(added.username)}")
        desk.terminal.note("user.next_enroll", command=enroll)

    return at_desk(scope, work)


@app.command
def edit(
    name: str,
    /,
    *,
    username: str | None = None,
    person: Person = UNCHANGED,
    scope: Scope = HERE,
) -> int:
    """Change what is known of a user. What is left out stays as it is.

    For example:

      vestibule user edit bob --email bob@example.org --language de
      vestibule user edit bob --username robert --other-name bob
      vestibule user edit bob --no-send-mail

    Parameters
    ----------
    name
        A name of the user, in any spelling.
    username
        The new user name.
    """

    async def work(desk: Desk) -> None:
        subject = await finding.user(desk, name)
        fields = _fields(person, username)
        if all(getattr(fields, field) is msgspec.UNSET for field in fields.__struct_fields__):
            raise NotDone("cli.nothing_to_change")
        users, user = desk.services.users, subject.user
        changed = await users.edit(desk.actor, desk.tenant_id, user.user_id, fields, version=user.version)
        desk.terminal.say("user.changed", name=changed.username)

    return at_desk(scope, work)


@app.command
def disable(name: str, /, *, scope: Scope = HERE) -> int:
    """Deny a user every sign-in and end open sessions. Authenticators stay registered.

    For example:

      vestibule user disable bob

    Parameters
    ----------
    name
        A name of the user, in any spelling.
    """
    return _set_status(scope, name, UserStatus.DISABLED)


@app.command
def enable(name: str, /, *, scope: Scope = HERE) -> int:
    """Let a disabled user sign in again.

    For example:

      vestibule user enable bob

    Parameters
    ----------
    name
        A name of the user, in any spelling.
    """
    return _set_status(scope, name, UserStatus.ACTIVE)


@app.command
def unlock(name: str, /, *, scope: Scope = HERE) -> int:
    """Let a user try again who was locked after too many failures.

    For example:

      vestibule user unlock bob

    Parameters
    ----------
    name
        A name of the user, in any spelling.
    """

    async def work(desk: Desk) -> None:
        user = (await finding.user(desk, name)).user
        await desk.services.users.unlock(desk.actor, desk.tenant_id, user.user_id)
        desk.terminal.say("user.unlocked", name=user.username)

    return at_desk(scope, work)


@app.command
def remove(name: str, /, *, yes: Yes = False, dry_run: DryRun = False, scope: Scope = HERE) -> int:
    """Remove a user for good. Hardware tokens become free; attempts stay in the list.

    For example:

      vestibule user remove bob --dry-run
      vestibule user remove bob --yes

    Parameters
    ----------
    name
        A name of the user, in any spelling.
    """

    async def work(desk: Desk) -> None:
        subject = await finding.user(desk, name)
        user, terminal = subject.user, desk.terminal
        if dry_run or not yes:
            _tell_what_goes(terminal, subject)
        if dry_run:
            terminal.note("dry_run")
            return
        terminal.confirm(yes, "ask.remove", name=user.username)
        await desk.services.users.remove(desk.actor, desk.tenant_id, user.user_id)
        terminal.say("user.removed", name=user.username)

    return at_desk(scope, work)


@app.command
def forget_browsers(name: str, /, *, scope: Scope = HERE) -> int:
    """Ask a user for a second factor again in every browser that was remembered.

    For example:

      vestibule user forget-browsers alice

    Parameters
    ----------
    name
        A name of the user, in any spelling.
    """

    async def work(desk: Desk) -> None:
        user = (await finding.user(desk, name)).user
        browsers = desk.services.remembered_browsers
        count = await browsers.forget_all(desk.actor, desk.tenant_id, user.user_id)
        desk.terminal.say("user.browsers_forgotten", name=user.username, count=count)

    return at_desk(scope, work)


@app.command
def break_glass(
    name: str,
    /,
    *,
    off: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    scope: Scope = HERE,
) -> int:
    """Make an administrator a break-glass account: no access rule keeps it out, and each use is told.

    For example:

      vestibule user break-glass k.meier --tenant system
      vestibule user break-glass k.meier --tenant system --off

    Parameters
    ----------
    name
        A name of the administrator, in any spelling.
    off
        Make it an ordinary account again.
    """

    async def work(desk: Desk) -> None:
        user = (await finding.user(desk, name)).user
        await desk.services.break_glass.mark(desk.actor, desk.tenant_id, user.user_id, is_break_glass=not off)
        desk.terminal.say("user.ordinary" if off else "user.break_glass", name=user.username)

    return at_desk(scope, work)


@app.command
def set_password(
    name: str,
    /,
    *,
    password: Annotated[
        Literal["ask", "generate"],
        Parameter(
            name="--password",
            help="ask: typed in, or one line of standard input. generate: random, shown once.",
        ),
    ] = "ask",  # noqa: S107 - a choice, not a password
    scope: Scope = HERE,
) -> int:
    """Give a user a new password. All sessions of the user end.

    For example:

      vestibule user set-password bob
      vestibule user set-password bob --password generate

    Parameters
    ----------
    name
        A name of the user, in any spelling.
    """

    async def work(desk: Desk) -> None:
        from vestibule.services.users import UserFields

        user = (await finding.user(desk, name)).user
        chosen = _chosen_password(desk.terminal, password)
        await desk.services.users.edit(desk.actor, desk.tenant_id, user.user_id, UserFields(), chosen)
        _tell(desk, chosen if password == "generate" else None, "user.password_set", user)  # noqa: S105 - a choice, no password

    return at_desk(scope, work)


app.command(import_users, name="import")
for command in (block, unblock, blocked, bulk):
    app.command(command)

# --- parts ----------------------------------------------------------------------------------------------


def _fields(person: Person, username: str | None) -> UserFields:
    from vestibule.services.users import LANGUAGES_ELSEWHERE, UserFields

    given: dict[str, Any] = {
        "username": username,
        "given_name": person.given_name,
        "family_name": person.family_name,
        "email": person.email,
        "phone": person.phone,
        "send_mail": person.send_mail,
        **{name: _language(getattr(person, name)) for name in ("language", *LANGUAGES_ELSEWHERE)},
        "other_names": None if person.other_names is None else tuple(person.other_names),
    }
    return UserFields(**{name: value for name, value in given.items() if value is not None})


def _language(chosen: str | None) -> str | None:
    return "" if chosen == "none" else chosen


async def _refuse_taken(desk: Desk, name: str) -> None:
    """Say that a name is taken before anybody types a password for it."""
    from vestibule.services.refusal import Refusal, Refused

    if await desk.services.users.find_by_name(desk.actor, desk.tenant_id, name) is not None:
        raise Refused(Refusal.NAME_TAKEN, name)


def _chosen_password(terminal: Terminal, choice: str) -> Secret[str] | None:
    match choice:
        case "generate":
            return Secret(new_token(PASSWORD_BYTES))
        case "none":
            return None
    password = terminal.ask_new_password()
    if not password:
        raise NotDone("cli.password.empty")
    return password


def _tell(desk: Desk, shown: Secret[str] | None, key: str, user: User) -> None:
    if shown is None:
        desk.terminal.say(key, name=user.username)
        return
    desk.terminal.note(key, name=user.username)
    desk.terminal.secret(shown, "password.shown")


def _set_status(scope: Scope, name: str, status: UserStatus) -> int:
    async def work(desk: Desk) -> None:
        from vestibule.services.users import UserFields

        user = (await finding.user(desk, name)).user
        await desk.services.users.edit(desk.actor, desk.tenant_id, user.user_id, UserFields(status=status))
        desk.terminal.say(f"user.{status.value}", name=user.username)

    return at_desk(scope, work)


def _tell_what_goes(terminal: Terminal, subject: Subject) -> None:
    terminal.aside(terminal.words("user.goes", name=subject.user.username))
    for one in finding.held(subject):
        key = "user.goes_free" if one.is_hardware else "user.goes_authenticator"
        label = one.serial or one.label or one.authenticator_id[:8]
        terminal.aside("  " + terminal.words(key, method=terminal.method(one.method), label=label))


@app.command
def link(name: str, directory: str, /, *, entry: str = "", scope: Scope = HERE) -> int:
    """Link a user to his entry in a directory, so that a synchronisation does not add him a second time.

    For example:

      vestibule user link alice "Corporate LDAP"
      vestibule user link alice "Corporate LDAP" --entry alice.liddell

    Parameters
    ----------
    name
        A name of the user, in any spelling.
    directory
        The directory's name or identifier.
    entry
        How the directory calls him; like the user if left out.
    """

    async def work(desk: Desk) -> None:
        from vestibule.services.directories import DirectorySilent

        user = (await finding.user(desk, name)).user
        one = finding.directory(desk, directory)
        links = desk.services.directory_links
        try:
            await links.link(
                desk.actor, desk.tenant_id, user.user_id, one.directory_id, entry or user.username
            )
        except DirectorySilent as silent:
            raise NotDone("sync.say.failed", why=silent.trouble) from None
        desk.terminal.say("user.linked", name=user.username, directory=one.name)

    return at_desk(scope, work)
