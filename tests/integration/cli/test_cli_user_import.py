"""Users from a file, through the real program."""

from __future__ import annotations

from pathlib import Path

from tests.integration.cli.conftest import CommandLine


def test_users_are_imported_all_or_nobody(cli: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "users.csv"
    file.write_text("username;email\nimported-ada;ada@example.org\nimported-bert;nowhere\n")
    refused = cli("user", "import", str(file))
    assert refused.returncode == 1
    assert "Line 3: “nowhere” is no e-mail address." in refused.stdout
    assert "Nobody was added" in refused.stderr

    file.write_text("username;email\nimported-ada;ada@example.org\n")
    assert "One user would be added." in cli.out("user", "import", str(file), "--dry-run")
    assert "One user is added." in cli.out("user", "import", str(file))
    assert cli.json("user", "show", "imported-ada")["email"] == "ada@example.org"
    assert "a user “imported-ada” is there already" in cli("user", "import", str(file)).stdout
