"""`vestibule user bulk`: one act for many users, tried first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from vestibule.cli import finding
from vestibule.cli.desk import Desk, at_desk
from vestibule.cli.names import NamesFile, all_names, people
from vestibule.cli.parameters import HERE, DryRun, Json, Scope, Yes
from vestibule.cli.terminal import NotDone, Terminal, choices

if TYPE_CHECKING:
    from vestibule.services.bulk import BulkReport


def bulk(
    act: str,
    /,
    *names: str,
    file: NamesFile = None,
    group: str = "",
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: Json = False,
    scope: Scope = HERE,
) -> int:
    """Do one thing for many users: for each for whom it can be done, and say why not for the others. Nothing
    is done if one of the names is nobody's.

    For example:

      vestibule user bulk disable --file leavers.txt --dry-run
      vestibule user bulk require-enabled alice bob --yes
      vestibule user bulk join --group "Field sales" --file names.txt

    Parameters
    ----------
    act
        enable, disable, require-disabled, require-enabled, require-enforced, register-anew, join or leave.
    names
        Names of users, in any spelling.
    group
        Which group they join or leave: its name or identifier.
    """

    async def work(desk: Desk) -> None:
        name, terminal, service = act.replace("-", "_"), desk.terminal, desk.services.bulk
        if name not in service.acts:
            acts = choices([each.replace("_", "-") for each in service.acts])
            raise NotDone("cli.bulk.unknown", act=act, acts=acts)
        needs_group = service.acts[name].choice == "group"
        if needs_group is not bool(group):
            raise NotDone("cli.bulk.group" if needs_group else "cli.bulk.no_group", act=act)
        choice = finding.group(desk, group).group_id if group else ""
        user_ids = [user.user_id for user in await people(desk, all_names(names, file))]
        run = (desk.actor, desk.tenant_id, name, user_ids, choice)
        report = await service.run(*run, is_dry_run=True)
        if not dry_run and report.changed:
            words = terminal.named("bulk.act", name)
            terminal.confirm(yes, "ask.bulk", act=words, count=report.changed)
            report = await service.run(*run)
        if as_json:
            terminal.json(msgspec.to_builtins(report))
        else:
            _tell(terminal, name, report)

    return at_desk(scope, work)


def _tell(terminal: Terminal, act: str, report: BulkReport) -> None:
    terminal.say("bulk.done", act=terminal.named("bulk.act", act), count=report.changed)
    if report.unchanged:
        terminal.note("bulk.as_before", count=report.unchanged)
    for one in report.left_out:
        why = terminal.refusal(one.why, one.key) if one.why else terminal.words("bulk.not_allowed")
        terminal.note("bulk.left_out", name=one.username, why=why)
    if report.is_dry_run:
        terminal.note("dry_run")
