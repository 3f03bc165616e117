"""`vestibule access-rule`: who comes in where, from where, and what he proves for it.

Rules are edited as one file of JSON: what `export` writes, `import` reads, all or nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import App, Parameter

from vestibule.cli import finding
from vestibule.cli.attempts import explain
from vestibule.cli.desk import Desk, at_desk
from vestibule.cli.listing import show_rows
from vestibule.cli.output import moment
from vestibule.cli.parameters import HERE, DryRun, Json, Scope, Yes
from vestibule.cli.records import rule_set_record
from vestibule.cli.terminal import NotDone
from vestibule.crypto.tokens import new_id
from vestibule.model.access_rule import AccessRule, Effect, RuleSet, RuleState

app = App(
    name="access-rule",
    help="Access rules: who comes in where, from where, and what he proves for it.",
    help_format="plaintext",
)

_MOST_OCTETS = 4 * 1024 * 1024
_MOST_VERSIONS = 100

Names = tuple[str, ...]


class _Rule(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A rule as the file has it: the fields of the model, with an identifier that may be left out."""

    name: str
    effect: Effect
    id: str = ""
    state: RuleState = RuleState.ON
    users: Names = ()
    groups: Names = ()
    except_users: Names = ()
    except_groups: Names = ()
    applications: Names = ()
    except_applications: Names = ()
    places: Names = ()
    except_places: Names = ()
    methods: Names = ()
    within_minutes: int | None = None


class _File(msgspec.Struct):
    """What `export` writes; who it was by and when is not read back."""

    version: int
    rules: tuple[_Rule, ...]


@app.command(name="list")
def list_rules(*, as_json: Json = False, scope: Scope = HERE) -> int:
    """List the rules in the order in which they are asked; the first that fits decides.

    For example:

      vestibule access-rule list
    """

    async def work(desk: Desk) -> None:
        current = desk.services.rule_sets.current(desk.actor, desk.tenant_id)
        if as_json:
            desk.terminal.json(rule_set_record(current))
            return
        show_rows(
            desk.terminal,
            current.rules,
            as_json=False,
            record=lambda rule: rule,
            header=("name", "effect", "status", "id"),
            row=lambda rule: (
                rule.name,
                desk.terminal.words(f"effect.{rule.effect.value}"),
                desk.terminal.words(f"rule_state.{rule.state.value}"),
                rule.rule_id,
            ),
            empty="list.no_rules",
        )

    return at_desk(scope, work)


@app.command
def versions(*, as_json: Json = False, scope: Scope = HERE) -> int:
    """List the versions of the rules, newest first: who changed them, when and why.

    For example:

      vestibule access-rule versions
    """

    async def work(desk: Desk) -> None:
        newest = desk.services.rule_sets.current(desk.actor, desk.tenant_id).version
        found = await desk.services.rule_sets.versions(desk.actor, desk.tenant_id, newest + 1, _MOST_VERSIONS)
        show_rows(
            desk.terminal,
            found,
            as_json=as_json,
            record=rule_set_record,
            header=("version", "added", "by", "description"),
            row=lambda one: (str(one.version), moment(one.created_at), one.actor_name, one.note),
            empty="list.no_rules",
        )

    return at_desk(scope, work)


@app.command
def export(*, version: int | None = None, scope: Scope = HERE) -> int:
    """Write the rules as JSON, to be edited and imported.

    For example:

      vestibule access-rule export
      vestibule access-rule export --version 3

    Parameters
    ----------
    version
        An older version; left out: the one that holds.
    """

    async def work(desk: Desk) -> None:
        desk.terminal.json(rule_set_record(await _version(desk, version)))

    return at_desk(scope, work)


@app.command(name="import")
def import_rules(
    file: Path,
    /,
    *,
    note: str = "",
    anyway: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    scope: Scope = HERE,
) -> int:
    """Replace the rules by those of a file, all or nothing. What was exported from an older version than the
    one that holds is refused: export again and repeat the change.

    For example:

      vestibule access-rule import rules.json --dry-run
      vestibule access-rule import rules.json --note "Guests only from the office"

    Parameters
    ----------
    file
        JSON as export writes it.
    note
        Why; stands beside the version.
    anyway
        Import rules made from an older version, and so undo what was changed since.
    """

    async def work(desk: Desk) -> None:
        read = _read(file)
        rules = tuple(_rule(rule) for rule in read.rules)
        current = desk.services.rule_sets.current(desk.actor, desk.tenant_id)
        await desk.services.rule_sets.check(desk.actor, desk.tenant_id, rules)
        if read.version != current.version and not anyway:
            raise NotDone("cli.access_rule.older", version=read.version, newest=current.version)
        added = {rule.name for rule in rules} - {rule.name for rule in current.rules}
        gone = {rule.name for rule in current.rules} - {rule.name for rule in rules}
        desk.terminal.say("access_rule.would", count=len(rules), added=_list(added), gone=_list(gone))
        if dry_run:
            desk.terminal.note("dry_run")
            return
        desk.terminal.confirm(yes, "ask.replace_rules", count=len(rules))
        written = await desk.services.rule_sets.write(
            desk.actor, desk.tenant_id, rules, seen=current.version, note=note
        )
        desk.terminal.say("access_rule.written", version=written.version)

    return at_desk(scope, work)


@app.command
def rehearse(
    user: str,
    /,
    *,
    application: str,
    address: str = "",
    as_json: Json = False,
    scope: Scope = HERE,
) -> int:
    """Say what would be decided about a user who has typed the right password, and why. Changes nothing.

    For example:

      vestibule access-rule rehearse alice --application VPN --address 192.0.2.7

    Parameters
    ----------
    user
        A name of the user, in any spelling.
    application
        The name or identifier of an application.
    address
        Where he comes from. Left out: as if the client did not tell it.
    """

    async def work(desk: Desk) -> None:
        one, terminal = finding.application(desk, application), desk.terminal
        found = await desk.services.rule_sets.rehearse(
            desk.actor,
            desk.tenant_id,
            username=user,
            application_id=one.application_id,
            address=address,
        )
        if as_json:
            terminal.json(found)
            return
        terminal.say(f"rehearsal.{found.outcome}")
        for number, line in enumerate(found.trace, start=1):
            terminal.line(f"{number:>3}. {explain(terminal, line)}")

    return at_desk(scope, work)


# --- parts ----------------------------------------------------------------------------------------------


async def _version(desk: Desk, wanted: int | None) -> RuleSet:
    if wanted is None:
        return desk.services.rule_sets.current(desk.actor, desk.tenant_id)
    found = await desk.services.rule_sets.versions(desk.actor, desk.tenant_id, wanted + 1, 1)
    if not found or found[0].version != wanted:
        raise NotDone("cli.access_rule.no_version", version=wanted)
    return found[0]


def _read(file: Path) -> _File:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise NotDone("cli.access_rule.unreadable", file=str(file), why=error.strerror or "") from None
    if len(content) > _MOST_OCTETS:
        raise NotDone("cli.access_rule.unreadable", file=str(file), why=f"> {_MOST_OCTETS}")
    try:
        return msgspec.json.decode(content, type=_File)
    except msgspec.DecodeError as error:
        raise NotDone("cli.access_rule.unreadable", file=str(file), why=str(error)) from None


def _rule(rule: _Rule) -> AccessRule:
    values = {name: getattr(rule, name) for name in rule.__struct_fields__ if name != "id"}
    return AccessRule(rule_id=rule.id or new_id(), **values)


def _list(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "–"
