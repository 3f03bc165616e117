"""Access rules at the command line: one file, all or nothing."""

from __future__ import annotations

import json
from typing import Any

from tests.integration.cli.conftest import CommandLine


def exported(cli: CommandLine, *words: str) -> Any:
    return json.loads(cli.out("access-rule", "export", *words))


def test_rules_come_from_a_file_and_go_back_to_one(cli: CommandLine) -> None:
    cli.out("user", "add", "rudi", "--password", "none")
    before = exported(cli)
    assert before["rules"] == []
    file = cli.folder / "rules.json"
    rule = {"name": "Not from there", "effect": "deny", "places": ["198.51.100.0/24"]}
    file.write_text(json.dumps(before | {"rules": [rule]}))
    tried = cli.out("access-rule", "import", str(file), "--dry-run")
    assert "1 rules; new: Not from there; gone: –" in tried
    assert exported(cli) == before
    cli.out("access-rule", "import", str(file), "--yes", "--note", "a try")
    written = cli.json("access-rule", "list")
    assert (written["version"], written["note"]) == (before["version"] + 1, "a try")
    assert "made from version" in cli.refused("access-rule", "import", str(file), "--yes")
    assert "Not from there" in cli.out("access-rule", "list")
    assert "a try" in cli.out("access-rule", "versions")

    cli.out("application", "add", "Rules")
    asked = ("access-rule", "rehearse", "rudi", "--application", "Rules", "--address")
    told = cli.out(*asked, "198.51.100.7")
    assert told.startswith("DENIED")
    assert "Rule “Not from there”" in told
    file.write_text(json.dumps(written | {"rules": []}))
    cli.out("access-rule", "import", str(file), "--yes")
    older = exported(cli, "--version", str(written["version"]))
    assert older["rules"] == written["rules"]
    cli.out("application", "remove", "Rules", "--yes")


def test_a_broken_file_is_named_and_changes_nothing(cli: CommandLine) -> None:
    file = cli.folder / "broken.json"
    before = exported(cli)
    for content, told in (
        ("{", "cannot be read"),
        ('{"version": 0, "rules": [{"name": "R", "effect": "perhaps"}]}', "rules[0].effect"),
        ('{"version": 0, "rules": [{"name": "R", "effect": "deny", "user": []}]}', "`user`"),
        ('{"version": 0, "rules": [{"name": "R", "effect": "deny", "groups": ["g9"]}]}', "R: groups: g9"),
    ):
        file.write_text(content)
        assert told in cli.refused("access-rule", "import", str(file), "--yes"), content
    assert "cannot be read" in cli.refused("access-rule", "import", "absent.json", "--yes")
    assert exported(cli) == before


def test_what_stands_for_a_second_factor_is_set_for_an_application(cli: CommandLine) -> None:
    cli.out("application", "add", "Skips")
    cli.out(
        *("application", "change", "Skips", "--trusted-address", "192.0.2.0/24", "--remember-days", "14"),
        *("--caching", "address", "--caching-seconds", "60"),
    )
    shown = cli.json("application", "show", "Skips")
    assert (shown["trusted_addresses"], shown["remember_days"]) == (["192.0.2.0/24"], 14)
    assert "remembered browsers, for 14 days" in cli.out("application", "show", "Skips")
    refused = cli.refused("application", "change", "Skips", "--trusted-address", "nowhere")
    assert "trusted_addresses: nowhere" in refused
    cli.out("application", "remove", "Skips", "--yes")
