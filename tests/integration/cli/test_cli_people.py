"""People and what they hold, through the real program beside a running server."""

from __future__ import annotations

import base64
import time

from tests.integration.cli.conftest import CommandLine, Running
from vestibule.wire.oath import totp


def app_passcode(typed_secret: str, steps: int = 0) -> str:
    """Return what the app shows that has the secret as it is typed in."""
    secret = base64.b32decode(typed_secret + "=" * (-len(typed_secret) % 8))
    return totp(secret, int(time.time() * 1000) + steps * 30_000)


def test_a_user_comes_changes_and_goes(cli: CommandLine) -> None:
    names = ("--given-name", "Bob", "--other-name", r"CORP\bob")
    added = cli.process("user", "add", "Bob", *names, typed="Good-Pass-1\n")
    assert added.stdout == "The user Bob is added.\n", added.stderr
    assert "is already taken" in cli.refused("user", "add", "BOB", "--password", "none")

    cli.out("user", "edit", "bob", "--email", "bob@example.org", "--language", "de")
    shown = cli.json("user", "show", r"corp\BOB")
    assert (shown["username"], shown["email"], shown["language"]) == ("Bob", "bob@example.org", "de")
    assert shown["has_password"] is True
    assert shown["other_names"] == [r"corp\bob"]
    assert "Good-Pass-1" not in str(shown)
    assert "changes nothing" in cli.refused("user", "edit", "bob")

    cli.out("user", "disable", "bob")
    assert [user["username"] for user in cli.json("user", "list", "bo", "--status", "disabled")] == ["Bob"]
    cli.out("user", "enable", "bob")
    assert cli.json("user", "list", "bo", "--status", "disabled") == []

    dry = cli("user", "remove", "bob", "--dry-run")
    assert "To be removed: the user Bob" in dry.stderr
    assert "Nothing was changed" in cli.refused("user", "remove", "bob", typed="n\n")
    assert "needs an answer" in cli.refused("user", "remove", "bob")
    assert "bob" in cli.out("user", "list", "bob")
    assert cli.out("user", "remove", "bob", "--yes") == "The user Bob is removed.\n"
    gone = cli.refused("user", "show", "bob")
    assert "There is no user “bob”" in gone
    assert gone.rstrip().endswith("vestibule user list")


def test_a_generated_password_is_shown_once_and_alone(cli: CommandLine) -> None:
    done = cli.process("user", "add", "gina", "--password", "generate")
    password = done.stdout.strip()
    assert (done.returncode, len(password), password.isprintable()) == (0, 16, True)
    assert password not in done.stderr
    everywhere = (
        cli.out("user", "show", "gina") + cli.out("user", "list", "--json") + cli.out("events", "list")
    )
    assert password not in everywhere
    again = cli.out("user", "set-password", "gina", "--password", "generate").strip()
    assert again not in ("", password)


def test_passwords_are_checked_against_the_rules_and_never_taken_empty(cli: CommandLine) -> None:
    assert "at least 8 characters" in cli.refused("user", "add", "hilda", typed="short\n")
    assert "--password none" in cli.refused("user", "add", "hilda", typed="\n")
    assert "needs an answer" in cli.refused("user", "add", "hilda")
    assert cli.json("user", "list", "hilda") == []


def test_an_app_is_enrolled_with_a_live_passcode_that_is_spent(cli: CommandLine) -> None:
    """OTP-05: what is enrolled opens nothing before it is proven."""
    cli.out("user", "add", "erin", "--password", "none")
    enrolled = cli.json("authenticator", "enroll", "erin", "--label", "Phone")
    uri, typed = enrolled["shown"]
    assert uri.startswith("otpauth://totp/")
    assert enrolled["authenticator"]["status"] == "pending"

    passcode = app_passcode(typed)
    done = cli.process("authenticator", "confirm", "erin", typed=f"000000\n{passcode}\n")
    assert done.returncode == 0, done.stderr
    assert "That was not right" in done.stderr
    assert "is registered" in done.stdout
    (held,) = cli.json("authenticator", "list", "erin")
    assert (held["status"], held["label"], held["method"]) == ("active", "Phone", "totp")
    assert held["used_at"] is not None
    assert "no authenticator that waits" in cli.refused("authenticator", "confirm", "erin", typed=passcode)
    assert typed not in cli.out("user", "show", "erin") + cli.out("events", "list", "--json")

    assert "hotp" not in cli.refused("authenticator", "enroll", "erin", "--method", "carrier-pigeon")
    assert "does not fit" in cli.refused("authenticator", "enroll", "erin", "--option", "digits=40")


def test_a_qr_code_is_drawn_for_a_person(cli: CommandLine) -> None:
    cli.out("user", "add", "finn", "--password", "none")
    done = cli("authenticator", "enroll", "finn", "--pending")
    assert done.returncode == 0
    assert "█▀" in done.stdout
    assert "vestibule authenticator confirm finn" in done.stderr


def test_recovery_codes_are_shown_once_and_replace_older_ones(cli: CommandLine) -> None:
    cli.out("user", "add", "rita", "--password", "none")
    codes = cli.out("authenticator", "recovery-codes", "rita").split()
    assert len(set(codes)) == 10
    question = cli.refused("authenticator", "recovery-codes", "rita", typed="n\n")
    assert "10 recovery codes left" in question
    newer = cli.out("authenticator", "recovery-codes", "rita", typed="y\n").split()
    assert not set(codes) & set(newer)
    assert "10 left" in cli.out("user", "show", "rita")
    cli.out("authenticator", "remove", "rita", "recovery-code", "--yes")
    assert cli.json("authenticator", "list", "rita") == []


def test_an_authenticator_is_renamed_resynchronized_and_taken_away(running: Running) -> None:
    cli, token = running.cli, running.installation.people[3]
    cli.out("authenticator", "rename", token.username, f"{token.username}'s token", "Old token")
    for _ in range(20):
        token.press()  # a button that somebody played with
    two = f"{token.press()}\n{token.press()}\n"
    assert "is back in step" in cli.out("authenticator", "resync", token.username, typed=two)
    assert "was not right" in cli.refused("authenticator", "resync", token.username, "old token", typed=two)

    dry = cli.out("authenticator", "remove", token.username, "Old token", "--dry-run")
    assert "To be taken from" in dry
    cli.out("authenticator", "remove", token.username, "Old token", "--yes")
    assert cli.json("authenticator", "list", token.username) == []
    assert "See what there is" in cli.refused("authenticator", "remove", token.username, "Old token")
    assert "no free token" in cli.refused("authenticator", "assign", token.username, "999")


def test_who_is_locked_is_shown_so_and_unlocked(quiet_house: CommandLine) -> None:
    cli = quiet_house
    cli.out("settings", "change", "--lockout-threshold", "3", "--hard-stop", "3")
    cli.out("user", "add", "loki", "--password", "none")
    wrong = "000000\n111111\n222222\n"
    enrolled = cli.json("authenticator", "enroll", "loki")
    right = app_passcode(enrolled["shown"][1])
    assert right not in wrong.split()
    assert "Not proven" in cli.refused("authenticator", "confirm", "loki", typed=wrong)
    assert "Too many failures" in cli.refused("authenticator", "confirm", "loki", typed=right + "\n")
    shown = cli.out("user", "show", "loki")
    assert "Passcode: 3 failures in a row. Locked until an administrator unlocks." in shown
    locked = cli.json("user", "show", "loki")["throttles"]
    assert [(one["factor"], one["failures"]) for one in locked] == [("passcode", 3)]
    assert cli.out("user", "unlock", "loki") == "The user loki can try again.\n"
    assert "in a row" not in cli.out("user", "show", "loki")


def test_everything_is_said_in_german_too(cli: CommandLine) -> None:
    german = "de_DE.UTF-8"
    added = cli.out("user", "add", "jörg", "--password", "none", language=german)
    assert added == "Der Benutzer jörg ist angelegt.\n"
    assert "Weitere Namen" not in cli.out("user", "show", "JÖRG", language=german)
    assert "Kennwort      hier keines hinterlegt" in cli.out("user", "show", "jörg", language=german)
    assert "Es gibt keinen Benutzer „nobody“" in cli.refused("user", "show", "nobody", language=german)
    removed = cli.process("user", "remove", "jörg", typed="j\n", language=german)
    assert "[j/N]" in removed.stderr
    assert removed.stdout == "Der Benutzer jörg ist entfernt.\n"
