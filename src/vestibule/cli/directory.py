"""`vestibule directory`: where passwords are checked that are not kept here, and whether it works."""

from __future__ import annotations

import shlex
import time
from collections.abc import Mapping
from typing import Annotated, Any, Final, TypeAlias

import msgspec
from cyclopts import App, Parameter

from vestibule.catalog import has, text
from vestibule.cli import finding
from vestibule.cli.desk import Desk, at_desk
from vestibule.cli.listing import show_rows
from vestibule.cli.output import moment
from vestibule.cli.parameters import HERE, Json, Scope
from vestibule.cli.records import directory_record
from vestibule.cli.terminal import NotDone, choices
from vestibule.cli.values import named_values, plain_name, typed_value
from vestibule.crypto.secret import Secret
from vestibule.crypto.tokens import new_id
from vestibule.interfaces.directory import PasswordVerdict
from vestibule.model.application import DirectoryConfiguration

app = App(
    name="directory",
    help="Directories that check passwords, such as LDAP servers: add, change, test.",
    help_format="plaintext",
)

_KEPT: Final = Secret("the stored password stays")
"""Stands for a stored password while settings are judged."""
# What is a list even with one entry. A kind that is not here writes its lists as TOML does: ["one"].
_LISTS: Final[Mapping[str, frozenset[str]]] = {
    "ldap": frozenset({"urls", "name_attributes"}),
    "radius": frozenset({"servers"}),
}

Settings: TypeAlias = Annotated[
    list[str] | None,
    Parameter(
        name="--set",
        negative="",
        help="A setting of its kind, as name=value; may be repeated, and named twice for a list.",
    ),
]
AskPassword: TypeAlias = Annotated[
    bool,
    Parameter(
        name="--ask-password",
        negative="",
        show_default=False,
        help="Ask for the service account's password or the shared secret; a script gives it on one line.",
    ),
]


@app.command(name="list")
def list_directories(*, as_json: Json = False, scope: Scope = HERE) -> int:
    """List the directories.

    For example:

      vestibule directory list
    """

    async def work(desk: Desk) -> None:
        show_rows(
            desk.terminal,
            desk.services.applications.directories(desk.actor, desk.tenant_id),
            as_json=as_json,
            record=directory_record,
            header=("name", "kind", "address", "added", "id"),
            row=lambda one: (one.name, one.kind, _servers(one), moment(one.created_at), one.directory_id),
            empty="list.no_directories",
        )

    return at_desk(scope, work)


@app.command
def show(directory: str, /, *, as_json: Json = False, scope: Scope = HERE) -> int:
    """Show the settings of one directory. The password of the service account is never shown.

    For example:

      vestibule directory show "Corporate LDAP"

    Parameters
    ----------
    directory
        Its name or identifier.
    """

    async def work(desk: Desk) -> None:
        one, terminal = finding.directory(desk, directory), desk.terminal
        if as_json:
            terminal.json(directory_record(one))
            return
        terminal.facts(
            [
                ("name", one.name),
                ("kind", one.kind),
                ("service_password", terminal.words("word.kept" if one.secret else "word.none_kept")),
                ("added", moment(one.created_at)),
                ("id", one.directory_id),
            ]
        )
        terminal.line()
        for name, value in sorted(one.settings.items()):
            terminal.line(f"  {name} = {msgspec.json.encode(value).decode()}")

    return at_desk(scope, work)


@app.command
def add(
    name: str,
    /,
    *,
    kind: str = "ldap",
    settings: Settings = None,
    ask_password: AskPassword = False,
    as_json: Json = False,
    scope: Scope = HERE,
) -> int:
    """Add a directory. Nothing asks it until an application names it.

    For example:

      vestibule directory add "Corporate LDAP" --set urls=ldaps://dc1.example.org \\
        --set base_dn=dc=example,dc=org --set bind_dn=cn=vestibule,dc=example,dc=org --ask-password
      vestibule directory add "Head office" --kind radius --set servers=radius1.example.org --ask-password

    Parameters
    ----------
    name
        What it is called.
    kind
        The kind of directory.
    """

    async def work(desk: Desk) -> None:
        kinds = desk.services.directories.kinds
        if kind not in kinds:
            raise NotDone("cli.unknown.kind", name=kind, kinds=choices(kinds))
        directory = DirectoryConfiguration(
            tenant_id=desk.tenant_id,
            directory_id=new_id(),
            kind=kind,
            name=plain_name(name),
            settings=_typed(kind, settings),
            created_at=desk.now,
        )
        put = await _put(desk, directory, ask_password)
        if as_json:
            desk.terminal.json(directory_record(put))
            return
        desk.terminal.say("directory.added", name=put.name)
        test_it = desk.command(f"directory test {shlex.quote(put.name)} PERSON")
        desk.terminal.note("directory.next_test", command=test_it)

    return at_desk(scope, work)


@app.command
def change(
    directory: str,
    /,
    *,
    name: str | None = None,
    settings: Settings = None,
    unset: Annotated[list[str] | None, Parameter(negative="")] = None,
    ask_password: AskPassword = False,
    scope: Scope = HERE,
) -> int:
    """Change a directory; it holds from the next sign-in on. What is left out stays as it is.

    For example:

      vestibule directory change "Corporate LDAP" --set timeout_seconds=3 --unset ca_file
      vestibule directory change "Corporate LDAP" --ask-password

    Parameters
    ----------
    directory
        Its name or identifier.
    name
        The new name.
    unset
        A setting that gets its default again; may be repeated.
    """

    async def work(desk: Desk) -> None:
        one = finding.directory(desk, directory)
        gone = {entry.replace("-", "_") for entry in unset or ()}
        kept = {key: value for key, value in one.settings.items() if key not in gone}
        changed = msgspec.structs.replace(
            one,
            name=plain_name(name) if name is not None else one.name,
            settings={**kept, **_typed(one.kind, settings)},
        )
        if changed == one and not ask_password:
            raise NotDone("cli.nothing_to_change")
        put = await _put(desk, changed, ask_password)
        desk.terminal.say("directory.changed", name=put.name)

    return at_desk(scope, work)


@app.command(name="test")
def try_out(
    directory: str,
    person: str,
    /,
    *,
    password_prompt: Annotated[
        bool,
        Parameter(
            negative="",
            show_default=False,
            help="Ask for the person's password too and let the directory check it; it counts a wrong one.",
        ),
    ] = False,
    scope: Scope = HERE,
) -> int:
    """Look one person up in a directory, and check a password if you want.

    For example:

      vestibule directory test "Corporate LDAP" alice
      vestibule directory test "Corporate LDAP" alice --password-prompt

    Parameters
    ----------
    directory
        Its name or identifier.
    person
        The name to look for, as a person would type it.
    """

    async def work(desk: Desk) -> None:
        one = finding.directory(desk, directory)
        await _find(desk, one, person)
        if password_prompt:
            await _check_password(desk, one, person)

    return at_desk(scope, work)


# --- parts ----------------------------------------------------------------------------------------------


def _servers(one: DirectoryConfiguration) -> str:
    servers = one.settings.get("urls") or one.settings.get("servers", ())
    return " ".join(servers) if isinstance(servers, (list, tuple)) else str(servers)


def _typed(kind: str, entries: list[str] | None) -> dict[str, Any]:
    """Return the settings as the kind expects them: numbers, truth values and lists as such."""
    lists = _LISTS.get(kind, frozenset())
    typed: dict[str, Any] = {}
    for name, values in named_values(entries or ()).items():
        found = [typed_value(value) for value in values]
        flat = [part for value in found for part in (value if isinstance(value, list) else [value])]
        is_list = name in lists or len(found) > 1 or isinstance(found[0], list)
        typed[name] = flat if is_list else found[0]
    return typed


async def _put(desk: Desk, directory: DirectoryConfiguration, ask_password: bool) -> DirectoryConfiguration:
    """Let the plug-in judge the settings, then write them; without a new password the stored one stays."""
    password = desk.terminal.ask_hidden("ask.service_password") if ask_password else None
    judged = password or (_KEPT if directory.secret else Secret(""))
    wrong = await desk.services.directories.problem(directory.kind, directory.settings, judged)
    if wrong:
        raise NotDone("cli.directory.wrong", why=wrong)
    return await desk.services.applications.put_directory(desk.actor, directory, password)


async def _find(desk: Desk, one: DirectoryConfiguration, person: str) -> None:
    from vestibule.services.directories import DirectorySilent

    began = time.perf_counter()
    try:
        found = await desk.services.directories.find(desk.actor, desk.tenant_id, one.directory_id, person)
    except DirectorySilent as silent:
        why = trouble_words(desk.terminal.language, one.kind, silent.trouble)
        raise NotDone("cli.directory.silent", why=why) from None
    except ValueError as wrong:
        raise NotDone("cli.directory.unusable", why=str(wrong)) from None
    milliseconds = _milliseconds(began)
    only_answers = f"{one.kind}.only_answers"
    if found is None and has(only_answers):
        desk.terminal.line(text(desk.terminal.language, only_answers))
        return
    if found is None:
        raise NotDone("cli.directory.nobody", milliseconds=milliseconds, name=person)
    desk.terminal.say("directory.found", milliseconds=milliseconds)
    desk.terminal.facts(
        [
            ("username", found.username),
            ("given_name", found.given_name),
            ("family_name", found.family_name),
            ("email", found.email),
            ("phone", found.phone),
            ("reference", found.reference),
        ]
    )


async def _check_password(desk: Desk, one: DirectoryConfiguration, person: str) -> None:
    directory = await desk.house.first_factors.directory(desk.tenant_id, one.directory_id)
    subject = await desk.services.users.find_by_name(desk.actor, desk.tenant_id, person)
    if subject is None:
        # Passwords of strangers are checked against nobody, so that no time tells who exists.
        raise NotDone("cli.unknown.user", name=person, command=desk.command("user list"))
    assert directory is not None
    password = desk.terminal.ask_hidden("ask.password")
    began = time.perf_counter()
    verdict = await directory.check_password(subject.user, person, password)
    milliseconds = _milliseconds(began)
    if not verdict.is_match:
        why = _verdict_words(desk.terminal.language, verdict)
        raise NotDone("cli.directory.password_not", milliseconds=milliseconds, why=why)
    desk.terminal.say("directory.password_match", milliseconds=milliseconds)


def trouble_words(language: str, kind: str, trouble: str) -> str:
    """Return why a directory gives no answer, in the words of its plug-in if it has any."""
    key = f"{kind}.trouble.{trouble}"
    return text(language, key) if has(key) else trouble


def _verdict_words(language: str, verdict: PasswordVerdict) -> str:
    key = verdict.detail
    return text(language, key) if has(key) else key or verdict.kind.value


def _milliseconds(began: float) -> int:
    return max(1, round((time.perf_counter() - began) * 1000))
