"""Keys that push people, through the real program."""

from __future__ import annotations

from tests.integration.cli.conftest import CommandLine


def test_a_key_that_pushes_comes_and_goes(cli: CommandLine) -> None:
    key = cli.out("scim", "add", "Entra ID", "--takes-over", "--requirement", "enabled").strip()
    assert key.startswith("vst_")
    (listed,) = cli.json("scim", "list")
    assert listed["scopes"] == ["scim"]
    assert listed["settings"] == {"when_deleted": "disable", "takes_over": True, "requirement": "enabled"}
    assert key not in cli.out("scim", "list")
    assert cli.json("scim", "pushed") == []
    cli.out("scim", "revoke", "Entra ID", "--yes")
    assert cli.json("scim", "list") == []
