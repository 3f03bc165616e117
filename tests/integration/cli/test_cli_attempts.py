"""Attempts through the real program: what a sign-in over RADIUS leaves behind, and why it ended so."""

from __future__ import annotations

from tests.integration.cli.conftest import CommandLine, Running


def sign_in(running: Running, person: int, passcode: str) -> int:
    """Play the VPN, which has checked the password; return the exit status of `vestibule try`."""
    token, server = running.installation.people[person], running.server
    done = running.cli(
        "try",
        token.username,
        "--server",
        f"127.0.0.1:{server.radius_port}",
        "--password",
        passcode,
        "--secret",
        running.installation.shared_secret.decode(),
    )
    return done.returncode


def test_an_approved_and_a_denied_attempt_can_be_followed(running: Running) -> None:
    """S4 to S10, OTP-06: the list, the reason and the why-trace of each."""
    cli, token = running.cli, running.installation.people[0]
    passcode = token.press()
    assert sign_in(running, 0, passcode) == 0
    assert sign_in(running, 0, passcode) == 1

    newest, before = cli.json("attempts", "list", "--user", token.username)
    assert (newest["state"], newest["reason"]) == ("denied", "passcode_replayed")
    assert (before["state"], before["reason"]) == ("approved", "passcode_verified")
    assert before["application_name"] == "VPN"
    assert before["client_address"] == "127.0.0.1"

    only = cli.json("attempts", "list", "--user", token.username, "--reason", "passcode-replayed")
    assert [attempt["id"] for attempt in only] == [newest["id"]]
    where = ("--state", "approved", "--application", "vpn", "--client", "127.0.0.1", "--since", "1h")
    found = cli.json("attempts", "list", "--user", token.username, *where)
    assert [attempt["id"] for attempt in found] == [before["id"]]
    assert cli.json("attempts", "list", "--until", "2026-11-01") == []

    short = cli.out("attempts", "list", "--user", token.username, "--limit", "1").split()[-1]
    assert newest["id"].startswith(short)
    told = cli.process("attempts", "show", short).stdout
    assert "The passcode, or a later one, has been used already" in told
    assert "Why, step by step:" in told
    assert "The passcode is right, but it or a later one has been used before." in told
    german = cli.out("attempts", "show", newest["id"], language="de_DE.UTF-8")
    assert "Der Code wäre richtig, aber er oder ein späterer wurde schon verwendet." in german
    traced = cli.json("attempts", "show", short[:12] if short[:12] != before["id"][:12] else short)
    assert {"step": "passcode", "result": "replay", "facts": {}} in traced["trace"]
    assert passcode not in str(traced)

    shown = cli.out("user", "show", token.username)
    assert "Passcode verified" in shown
    assert "Passcode: one failure." in shown


def test_a_name_that_would_deceive_a_terminal_is_shown_harmless(running: Running) -> None:
    """LOG-02: what an attacker types into the user name stays a user name."""
    cli, server = running.cli, running.server
    name = "eve\x1b[2J\nApproved"
    secret = running.installation.shared_secret.decode()
    done = cli(
        "try", name, "--server", f"127.0.0.1:{server.radius_port}", "--password", "1", "--secret", secret
    )
    assert done.returncode == 1
    listed = cli.out("attempts", "list", "--user", "eve")
    assert "\x1b" not in listed
    assert len(listed.splitlines()) == 2
    assert "eve\ufffd[2J\ufffdApproved" in listed
    assert cli.json("attempts", "list", "--user", "eve")[0]["claimed_username"] == name


def test_what_cannot_be_found_names_the_next_step(cli: CommandLine) -> None:
    assert "attempts list" in cli.refused("attempts", "show", "0123")
    assert "attempts list" in cli.refused("attempts", "show", "0" * 32)
    assert "application list" in cli.refused("attempts", "list", "--application", "Nothing")
    assert "Write 90m, 2h" in cli.refused("attempts", "list", "--since", "yesterday")
    assert cli("attempts", "list", "--reason", "weather").returncode == 2


def test_changes_are_listed_with_who_made_them(cli: CommandLine) -> None:
    cli.out("user", "add", "mona", "--password", "none")
    newest = cli.json("events", "list", "mona")[0]
    assert (newest["kind"], newest["actor_name"], newest["subject_name"]) == ("user.added", "system", "mona")
    assert "User added" in cli.out("events", "list", "user.added", "--limit", "5")
    assert "Benutzer hinzugefügt" in cli.out("events", "list", "mona", language="de_DE.UTF-8")
