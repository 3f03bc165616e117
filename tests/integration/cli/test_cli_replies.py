"""Reply attributes and dictionaries at the command line."""

from __future__ import annotations

from tests.integration.cli.conftest import CommandLine

ACME = "VENDOR Acme 9999\nATTRIBUTE Acme-Role 1 integer Acme\nVALUE Acme-Role Staff 7\n"


def test_attributes_are_given_at_the_command_line(cli: CommandLine) -> None:
    cli.out("application", "add", "Tunnel")
    cli.out("client", "add", "tunnel-1", "198.51.100.77", "--application", "Tunnel")
    cli.out("user", "add", "rosalind", "--password", "none")
    cli.out("group", "add", "Readers")
    cli.out("group", "join", "Readers", "rosalind")
    at = ("--client", "tunnel-1")
    assert cli.out("reply", "add", "class", "all", *at) == "Class is given from now on.\n"
    cli.out("reply", "add", "Class", "readers", "--group", "Readers", "--application", "Tunnel")
    cli.out("reply", "add", "Framed-IP-Address", "192.0.2.7", "--user", "rosalind")
    cli.out("reply", "add", "Filter-Id", "tried", *at, "--dry-run")
    done = cli("reply", "add", "Tunnel-Password:1", *at, typed="of the tunnel\n")
    assert done.returncode == 0
    shown = cli.out("reply", "preview", "tunnel-1", "--user", "rosalind")
    assert "of the tunnel" not in shown
    told = cli.json("reply", "preview", "tunnel-1", "--user", "rosalind")
    assert [(each["attribute"], each["value"]) for each in told] == [
        ("Class", "readers"),
        ("Framed-IP-Address", "192.0.2.7"),
        ("Tunnel-Password:1", ""),
    ]
    assert "group Readers, application Tunnel" in shown
    assert "several reply attributes" in cli.refused("reply", "remove", "Class", "--yes").lower()
    assert "group Readers" in cli.out("reply", "list")
    assert "The reply attribute Class is for this group" in cli.refused("group", "remove", "Readers", "--yes")
    for line in cli.json("reply", "list"):
        cli.out("reply", "remove", line["id"], "--yes")
    assert cli.out("reply", "remove", "framed-ip-address", "--user", "rosalind", "--yes") == (
        "Framed-IP-Address is not given any more.\n"
    )
    assert cli.json("reply", "preview", "tunnel-1", "--user", "rosalind") == []


def test_dictionaries_are_loaded_at_the_command_line(cli: CommandLine) -> None:
    """A broken line is named with its number, and nothing is loaded."""
    file = cli.folder / "dictionary.acme"
    file.write_text(ACME)
    assert "No dictionary names the attribute Acme-Role" in cli.refused("reply", "add", "Acme-Role", "7")
    assert cli.json("dictionary", "load", str(file), "--dry-run")["attributes"] == ["Acme-Role"]
    assert cli.json("dictionary", "list") == []
    loaded = cli.out("dictionary", "load", str(file))
    assert loaded == "The dictionary “acme” is loaded. It names one attribute.\n"
    assert cli.json("reply", "add", "Acme-Role", "staff", "--dry-run")["attribute"] == "Acme-Role"
    file.write_text(f"{ACME}$INCLUDE dictionary.other\n")
    assert "Line 4 (dictionary.other) includes another file" in cli.refused("dictionary", "load", str(file))
    cli.out("dictionary", "remove", "acme", "--yes")
    assert "There is no dictionary “acme”" in cli.refused("dictionary", "remove", "acme", "--yes")
