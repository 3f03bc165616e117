"""Applications, RADIUS clients, API keys, tenants and settings, through the real program."""

from __future__ import annotations

from tests.integration.cli.conftest import CommandLine, Running


def test_an_application_comes_changes_and_goes(cli: CommandLine) -> None:
    cli.out("application", "add", "Intranet", "--first-factor", "client", "--method", "totp")
    shown = cli.json("application", "show", "intranet")
    assert (shown["first_factor"], shown["second_factor"], shown["methods"]) == ("client", "always", ["totp"])
    cli.out("application", "change", "Intranet", "--name", "Web", "--all-methods", "--disable")
    changed = cli.json("application", "show", "Web")
    assert (changed["methods"], changed["is_enabled"]) == ([], False)
    assert "already taken" in cli.refused("application", "add", "Web")
    assert "no method for this" in cli.refused("application", "change", "Web", "--method", "telepathy")
    assert "directory list" in cli.refused("application", "add", "Mail", "--first-factor", "directory")
    assert "still in use" in cli.refused("application", "remove", "VPN", "--yes")
    assert "not possible" in cli.refused("application", "change", "Portal", "--first-factor", "client")
    cli.out("application", "remove", "Web", "--yes")
    assert "application list" in cli.refused("application", "show", "Web")


def test_a_new_secret_works_before_the_old_one_ends(running: Running) -> None:
    """RA-07: a secret is replaced without interruption, and seen once."""
    cli, server = running.cli, running.server
    secret = cli.out("client", "secret", "add", "concentrator").strip()
    assert len(secret) == 32
    # The server knows it within a second; the question is asked again until then.
    asked = (
        "try",
        "--status",
        "--server",
        f"127.0.0.1:{server.radius_port}",
        "--timeout",
        "1",
        "--tries",
        "5",
    )
    assert cli(*asked, "--secret", secret).returncode == 0
    assert cli(*asked, "--secret", running.installation.shared_secret.decode()).returncode == 0

    stored = cli.json("client", "secret", "list", "concentrator")
    assert stored[0]["hint"] == secret[-3:]
    assert secret not in cli.out("client", "show", "concentrator") + cli.out("events", "list", "--json")
    ends = cli.out("client", "secret", "end", "concentrator", stored[0]["id"][:8], "--at", "24h")
    assert f"The secret …{secret[-3:]} of “concentrator” ends" in ends
    assert "Nothing was changed" in cli.refused(
        "client", "secret", "end", "concentrator", stored[0]["id"], typed="n\n"
    )
    cli.out("client", "secret", "end", "concentrator", f"…{secret[-3:]}", "--yes")
    assert len(cli.json("client", "secret", "list", "concentrator")) == 1


def test_a_radius_client_comes_changes_and_goes(cli: CommandLine) -> None:
    branch = ("client", "add", "branch", "198.51.100.7/24", "--mode", "combined", "--passcode-length", "8")
    assert "passcode_only" in cli.refused(*branch, "--application", "VPN"), (
        "it leaves the password to the client"
    )
    cli.out("application", "add", "Branch offices")
    added = cli(*branch, "--application", "Branch offices")
    assert added.returncode == 0, added.stderr
    assert len(added.stdout.strip()) == 32
    shown = cli.json("client", "show", "branch")
    assert shown["address"] == "198.51.100.0/24"
    assert shown["settings"] == {"mode": "combined", "passcode_length": 8}
    assert "Digits of the passcode" in cli.out("client", "show", "198.51.100.0")
    assert "already has the address" in cli.refused(
        "client", "add", "other", "198.51.100.0/24", "--application", "VPN"
    )
    assert "neither an IP address" in cli.refused("client", "add", "x", "nowhere", "--application", "VPN")
    assert "application list" in cli.refused("client", "add", "x", "192.0.2.9", "--application", "None")

    cli.out("client", "change", "branch", "--message-authenticator", "observe", "--disable")
    changed = cli.json("client", "show", "branch")
    assert (changed["is_enabled"], changed["settings"]["message_authenticator"]) == (False, "observe")
    cli.out("client", "secret", "add", "branch", "--ask", typed="a-secret-that-it-has-already\n")
    assert "at least 16 characters" in cli.refused(
        "client", "secret", "add", "branch", "--ask", typed="short\n"
    )
    assert "without blanks" in cli.refused("client", "secret", "add", "branch", "--ask", typed="a b\n")
    old = ("client", "add", "old", "198.51.101.1", "--application", "VPN", "--ask-secret")
    assert "at least 16 characters" in cli.refused(*old, typed="short\n")
    assert "client list" in cli.refused("client", "show", "old")
    cli.out("client", "remove", "branch", "--yes")
    assert "client list" in cli.refused("client", "show", "branch")


def test_an_api_key_opens_the_api_until_it_is_revoked(running: Running) -> None:
    cli, server = running.cli, running.server
    done = cli("api-key", "add", "provisioning", "--application", "VPN", "--scope", "admin", "--ends", "90d")
    key = done.stdout.strip()
    assert (done.returncode, key[:4]) == (0, "vst_")
    with server.http(key) as caller:
        # Known within a second; each question takes a moment, so none is waited for.
        answers = (caller.get("/api/v1/users", params={"limit": 1}).status_code for _ in range(5000))
        assert 200 in answers

    renewed = cli.out("api-key", "renew", "provisioning", "--old-ends", "1h").strip()
    (program,) = [one for one in cli.json("api-key", "list") if one["name"] == "provisioning"]
    assert [one["hint"] for one in program["keys"]] == [renewed[-4:], key[-4:]]
    assert program["keys"][1]["not_after"] - program["keys"][0]["created_at"] < 3_700_000
    assert key not in cli.out("api-key", "list")
    cli.out("api-key", "revoke", "provisioning", "--yes")
    assert "api-key list" in cli.refused("api-key", "renew", "provisioning")


def test_which_tenant_is_meant_must_be_clear(quiet_house: CommandLine) -> None:
    """TEN-01: with one tenant it is that one; with several nobody guesses."""
    cli = quiet_house
    assert cli.json("user", "list") == []
    added = cli.json("tenant", "add", "globex", "Globex Corporation")
    assert added["id"] == "globex"
    unclear = cli.refused("user", "list")
    assert "Say which one with --tenant: acme, globex" in unclear
    assert "There is: acme, globex, system" in cli.refused("user", "list", "--tenant", "initech")

    cli.out("user", "add", "hank", "--password", "none", "--tenant", "globex")
    assert cli.json("user", "list", "--tenant", "acme") == []
    assert "--tenant acme" in cli.refused("user", "show", "hank", "--tenant", "acme")
    assert [one["id"] for one in cli.json("tenant", "list")] == ["acme", "globex", "system"]
    for wrong in ("Globex!", "system", "-x", "x" * 41):
        assert "small letters" in cli.refused("tenant", "add", "--", wrong, "Name")
    assert "already taken" in cli.refused("tenant", "add", "acme", "Name")


def test_settings_of_a_tenant_are_shown_and_changed(quiet_house: CommandLine) -> None:
    cli = quiet_house
    before = cli.json("settings", "show")
    of_the_app = ("--app-check", "pin", "--app-plain-approval")
    told = cli.out(
        "settings", "change", "--lockout-threshold", "5", "--record-email", "--issuer", "Acme", *of_the_app
    )
    assert "lockout-threshold: failures in a row that lock for a while" in told
    after = cli.json("settings", "show")
    changed = {"lockout_threshold": 5, "record_email": True, "issuer": "Acme"}
    assert after == {**before, **changed, "app_check": "pin", "app_plain_approval": True}
    assert "outside its bounds" in cli.refused("settings", "change", "--lockout-threshold", "0")
    assert "changes nothing" in cli.refused("settings", "change", "--lockout-threshold", "5")
    assert "Fehlversuche in Folge" in cli.out("settings", "show", language="de_DE.UTF-8")


def test_an_administrator_is_invited_by_a_link_that_opens(running: Running) -> None:
    cli, server = running.cli, running.server
    link = cli.out("admin", "link").strip()
    assert link.startswith(f"http://127.0.0.1:{server.http_port}/console/setup/")
    with server.http() as browser:
        assert browser.get(link).status_code == 200
        assert browser.get(link + "x").status_code != 200
    assert cli.json("admin", "list") == []
    assert "admin link" in cli("admin", "list").stderr
    assert "admin link" in cli.refused("user", "add", "root", "--password", "none", "--tenant", "system")
