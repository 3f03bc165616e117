"""E-mail through the real program: a gateway, who is told of what, the words, and the outbox."""

from __future__ import annotations

from pathlib import Path

from tests.integration.cli.conftest import CommandLine
from tests.peers.mail_server import PASSWORD, MailServer


def add_gateway(cli: CommandLine, server: MailServer) -> None:
    settings = [word for name, value in server.settings.items() for word in ("--set", f"{name}={value}")]
    added = cli("gateway", "add", "smtp", "Mail", *settings, "--ask-secret", typed=f"{PASSWORD}\n")
    assert added.returncode == 0, added.stderr
    assert "gateway test Mail ADDRESS" in added.stderr


def test_mail_is_set_up_tried_and_watched(quiet_house: CommandLine, tmp_path: Path) -> None:
    cli = quiet_house
    with MailServer(tmp_path / "mail") as server:
        add_gateway(cli, server)
        assert cli.out("gateway", "test", "Mail", "admin@example.org") == "It was taken.\n"
        server.wait_for(1)
        refused = cli.refused("gateway", "test", "Mail", "unknown@example.org", language="de_DE.UTF-8")
        assert "Der Mailserver nimmt für diesen Empfänger nichts an. (550 5.1.1 no such mailbox)" in refused
        assert "no e-mail address" in cli.refused("gateway", "test", "Mail", "nobody")
        doctor = cli("doctor").stdout
        assert "“Mail” (tenant acme) opens" in doctor
        assert "nobody is told of alerts" in doctor
        assert "one e-mail or webhook of the last week could not be sent" in doctor
    assert "The mail server could not be reached." in cli("doctor").stdout

    (failed,) = cli.json("mail", "list", "--state", "failed")
    assert (failed["kind"], failed["address"], failed["tries"]) == ("test", "unknown@example.org", 1)
    assert "unknown@example.org" in cli.out("mail", "list")
    assert "cannot be sent again" in cli.refused("mail", "again", failed["id"])


def test_who_is_told_and_in_which_words(quiet_house: CommandLine, tmp_path: Path) -> None:
    cli = quiet_house
    cli.out("mail", "alert", "*", "security@example.org")
    cli.out("mail", "alert", "user.locked", "a@example.org", "b@example.org")
    cli.out("mail", "alert", "limit.reached")
    cli.out("mail", "settings", "--welcomes")
    mail = cli.json("mail", "settings")
    assert mail["alerts"] == {
        "*": ["security@example.org"],
        "user.locked": ["a@example.org", "b@example.org"],
        "limit.reached": [],
    }
    assert (mail["notices"], mail["welcomes"]) == (True, True)
    cli.out("mail", "alert", "limit.reached", "--forget")
    assert "limit.reached" not in cli.out("mail", "settings")
    assert "of this kind of event" in cli.refused("mail", "alert", "user.sneezed", "a@example.org")

    words = tmp_path / "words.txt"
    words.write_text("Welcome, {name}\n\nThis is {tenant}.\n\n{portal_url}\n")
    assert "second step" in cli.out("mail", "template", "welcome.en")
    cli.out("mail", "template", "welcome.en", str(words))
    assert cli.out("mail", "template", "welcome.en").startswith("Welcome, {name}\n\nThis is {tenant}.")
    words.write_text("Hi\n\nYour PIN is {pin}.")
    told = cli.refused("mail", "template", "welcome.en", str(words))
    assert "no such placeholder: welcome.en: {pin}" in told
    cli.out("mail", "template", "welcome.en", "--built-in")
    assert "second step" in cli.out("mail", "template", "welcome.en")
    cli.out("mail", "template", "welcome.en", "--sender", "helpdesk@example.org")
    shown = cli.out("mail", "template", "welcome.en")
    assert "helpdesk@example.org" in shown
    assert "second step" in shown
    told = cli.refused("mail", "template", "welcome.en", "--sender", "nobody")
    assert "no e-mail address" in told
    assert cli.json("mail", "settings")["alerts_per_hour"] == 5
    cli.out("mail", "settings", "--alerts-per-hour", "10")
    assert cli.json("mail", "settings")["alerts_per_hour"] == 10

    steps = tmp_path / "steps.pdf"
    steps.write_bytes(b"%PDF-1.7\n")
    assert "steps.pdf" in cli.out("mail", "attach", "welcome.en", str(steps))
    (attached,) = cli.json("mail", "attach", "welcome.en")
    assert (attached["content_type"], attached["size"]) == ("application/pdf", 9)
    steps.write_bytes(b"MZ\x90\x00")
    assert "cannot be an attachment" in cli.refused("mail", "attach", "welcome.en", str(steps))
    assert "No such file" in cli.refused("mail", "attach", "welcome.en", str(tmp_path / "none"))
    cli.out("mail", "attach", "welcome.en", "--remove")
    assert cli.json("mail", "attach", "welcome.en") == []

    cli.out("user", "add", "quiet", "--password", "none", "--no-send-mail")
    assert cli.json("user", "show", "quiet")["send_mail"] is False
    cli.out("user", "edit", "quiet", "--send-mail")
    assert cli.json("user", "show", "quiet")["send_mail"] is True
