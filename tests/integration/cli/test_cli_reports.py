"""Reports and routes through the real program."""

from __future__ import annotations

import json

from tests.integration.cli.conftest import CommandLine


def test_reports_are_listed_shown_and_written_as_files(cli: CommandLine) -> None:
    """1.31."""
    assert "user_summary" in cli.out("report", "list")
    lines = cli.out("report", "run", "usage", "--csv").splitlines()
    assert lines[0].removeprefix("\ufeff") == '"Date","Method","Outcome","Reason","Result","Authentications"'
    shown = json.loads(cli.out("report", "run", "user_summary", "--json"))
    assert {"Username", "Authentications"} <= shown[0].keys()
    assert "Authentications" not in cli.out("report", "run", "user_summary", "--user", "nobody-at-all")
    wrong = cli("report", "run", "none")
    assert wrong.returncode == 1


def test_routes_and_ranges_are_shown(cli: CommandLine) -> None:
    """SMS-04."""
    assert json.loads(cli.out("gateway", "ranges", "--json")) == []
    assert cli("gateway", "close-range", "+4917612", "--yes").returncode == 1
    assert isinstance(json.loads(cli.out("gateway", "route", "+49 30 123456", "--json")), list)
