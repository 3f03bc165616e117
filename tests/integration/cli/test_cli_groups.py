"""Groups at the command line."""

from __future__ import annotations

from tests.integration.cli.conftest import CommandLine


def test_a_group_is_kept_at_the_command_line(cli: CommandLine) -> None:
    for name in ("gwen", "gus"):
        cli.out("user", "add", name, "--password", "none")
    assert cli.out("group", "add", "Guild") == "The group Guild is added.\n"
    assert "is already taken" in cli.refused("group", "add", "Guild")
    assert cli.out("group", "join", "guild", "GWEN", "gus") == "Put into Guild: 2. In it already: 0.\n"
    assert [user["username"] for user in cli.json("group", "members", "Guild")] == ["gus", "gwen"]
    assert [user["username"] for user in cli.json("user", "list", "gw", "--group", "Guild")] == ["gwen"]
    cli.out("group", "leave", "Guild", "gus")
    cli.out("group", "rename", "Guild", "Craft")
    [shown] = [group for group in cli.json("group", "list") if group["name"] == "Craft"]
    assert shown["members"] == 1
    assert "There is no group “Guild”" in cli.refused("group", "members", "Guild")
    cli.out("group", "remove", "Craft", "--yes")


def test_a_file_of_names_is_imported_whole_or_not_at_all(cli: CommandLine) -> None:
    """A broken row names its line, and nobody is put into the group."""
    cli.out("user", "add", "hal", "--password", "none")
    cli.out("group", "add", "Harbor")
    file = cli.folder / "names.txt"
    file.write_text("# people\nhal\nnobody-at-all\n")
    refused = cli("group", "import", "Harbor", str(file))
    assert (refused.returncode, refused.stdout) == (1, "Line 3: nobody is called “nobody-at-all”.\n")
    assert cli.json("group", "members", "Harbor") == []
    file.write_text("hal\n")
    cli.out("group", "import", "Harbor", str(file), "--dry-run")
    assert cli.json("group", "members", "Harbor") == []
    assert cli.json("group", "import", "Harbor", str(file))["added"] == 1
    assert "cannot be read" in cli.refused("group", "import", "Harbor", "absent.txt")
