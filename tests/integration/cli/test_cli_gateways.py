"""Gateways through the real program, against a provider that is asked over HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.integration.cli.conftest import CommandLine

KEY, WEBHOOK_KEY = "k-7f3a", "w-99"


@dataclass
class Provider:
    """Takes every text and remembers it; the command line has an event loop of its own, so this has a
    thread."""

    url: str = ""
    texts: list[dict[str, str]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    status: int = 202


@pytest.fixture
def provider() -> Iterator[Provider]:
    made = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            made.texts.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            made.keys.append(self.headers["X-Api-Key"])
            body = b'{"id": "km-1"}'
            self.send_response(made.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_port}/messages"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def settings_of(provider: Provider) -> dict[str, object]:
    return {
        "url": provider.url,
        "allow_plain_http": True,
        "format": "json",
        "authentication": "header",
        "secret_header": "X-Api-Key",
        "fields": {"to": "{to}", "text": "{text}"},
        "reference_path": "id",
    }


def test_a_gateway_is_added_tried_and_watched(
    quiet_house: CommandLine, provider: Provider, tmp_path: Path
) -> None:
    cli = quiet_house
    file = tmp_path / "kurier.json"
    file.write_text(json.dumps(settings_of(provider)))
    added = cli(
        "gateway", "add", "http_text", "Kurier", "--settings", str(file), "--ask-second-secret",
        typed=f"{KEY}\n{WEBHOOK_KEY}\n",
    )  # fmt: skip
    assert added.returncode == 0, added.stderr
    assert "gateway test Kurier NUMBER" in added.stderr
    shown = cli.json("gateway", "show", "kurier")
    assert shown["settings"] == settings_of(provider)
    assert (shown["has_secret"], shown["priority"], shown["is_enabled"]) == (True, 10, True)
    assert f"/callbacks/acme/{shown['id']}/" in shown["callback_url"]
    assert KEY not in cli.out("gateway", "show", "Kurier") + str(shown)

    cli.out("gateway", "change", "Kurier", "--set", "delivered_words=DONE", "--set", "timeout_seconds=1.5")
    assert cli.json("gateway", "show", "Kurier")["settings"]["delivered_words"] == ["DONE"]
    cli.out("gateway", "change", "Kurier", "--unset", "delivered-words", "--priority", "3")
    assert "delivered_words" not in cli.json("gateway", "show", "Kurier")["settings"]

    assert "Spent today" not in cli("gateway", "list").stderr, "nobody counts costs"
    told = "text_price: cheap"
    assert told in cli.refused("gateway", "change", "Kurier", "--text-price", "cheap")
    cli.out("gateway", "change", "Kurier", "--text-price", "0,10 49:0,07")
    assert cli.json("gateway", "show", "Kurier")["text_price"] == "0.10 49:0.07"
    cli.out("settings", "change", "--texts-per-number", "2", "--daily-cost-cap", "5")

    provider.status = 503
    assert "It was not sent." in cli.refused("gateway", "test", "Kurier", "+4930123456")
    german = cli.refused("gateway", "test", "Kurier", "+4930123456", language="de_DE.UTF-8")
    assert "Es wurde nicht gesendet. Der Anbieter ist überlastet" in german
    assert "no more are sent now" in cli.refused("gateway", "test", "Kurier", "+4930123456"), "SMS-04"
    assert provider.keys == [KEY, KEY]
    spending = cli.json("gateway", "spending")
    assert (spending["cost_today"], spending["daily_cost_cap"]) == ("0.14", 5)
    assert [(one["kind"], one["key"]) for one in spending["reached"]] == [("number", "••••••••56")]
    assert "Texts and calls to one number in an hour" in cli.out("gateway", "spending")
    german = cli("gateway", "list", language="de_DE.UTF-8").stderr
    assert "Heute ausgegeben (UTC): 0,14 von 5,00" in german
    assert "eine Obergrenze" in german
    cli.out("settings", "change", "--texts-per-number", "10", "--daily-cost-cap", "0")
    assert provider.texts[0]["to"] == "+4930123456"

    listed = cli.json("gateway", "deliveries", "--state", "failed", "--gateway", "Kurier")
    assert [one["number"] for one in listed] == ["••••••••56"] * 2
    assert "Failed" in cli.out("gateway", "deliveries", "--limit", "1")
    cli.out("gateway", "disable", "Kurier")
    assert "off" in cli.out("gateway", "list")
    cli.out("gateway", "enable", "Kurier")
    assert cli.json("gateway", "list")[0]["is_enabled"] is True
    cli.out("gateway", "remove", "Kurier", typed="y\n")
    assert "There are no gateways" in cli("gateway", "list").stderr


def test_what_is_wrong_with_a_gateway_is_said_in_plain_words(
    quiet_house: CommandLine, tmp_path: Path
) -> None:
    cli = quiet_house
    assert "is no kind of gateway" in cli.refused("gateway", "add", "pigeon", "P")
    assert "host: this setting is needed" in cli.refused(
        "gateway", "add", "smpp", "S", "--set", "system_id=x"
    )
    assert "there is no such setting" in cli.refused(
        "gateway", "add", "smpp", "S", "--set", "host=h", "--set", "system_id=x", "--set", "colour=red"
    )
    missing = cli.refused("gateway", "add", "smpp", "S", "--settings", str(tmp_path / "nowhere.toml"))
    assert "nowhere.toml cannot be used" in missing
    assert "There is no gateway “X”" in cli.refused("gateway", "show", "X")
    toml = tmp_path / "smpp.toml"
    toml.write_text('host = "127.0.0.1"\nport = 9\nsystem_id = "example"\n')
    cli.out("gateway", "add", "smpp", "S", "--settings", str(toml), "--off")
    assert cli.json("gateway", "show", "S")["settings"]["port"] == 9
    assert "no digits" not in cli.refused("gateway", "test", "S", "12")
    assert "not called or texted" in cli.refused("gateway", "test", "S", "+4990012345")


def test_the_kinds_are_explained(quiet_house: CommandLine) -> None:
    said = quiet_house.out("gateway", "kinds")
    assert "smpp: SMPP (texts)" in said
    assert "host: Host of the message center" in said
    assert "message_ids [same|decimal_then_hex|hex_then_decimal]" in said
    kinds = quiet_house.json("gateway", "kinds")
    assert {"smpp", "http_text", "http_call"} <= {kind["kind"] for kind in kinds}


def test_the_doctor_opens_gateways(quiet_house: CommandLine) -> None:
    cli = quiet_house
    cli.out(
        "gateway", "add", "http_call", "Calls", "--set", "account=AC1", "--set", "caller_id=+4930901820",
        "--ask-secret", typed="token\n",
    )  # fmt: skip
    cli.out(
        "gateway", "add", "smpp", "Op", "--set", "host=127.0.0.1", "--set", "port=9", "--set", "system_id=x"
    )
    done = cli("doctor", "--json")
    found = {one["text"]: one["grade"] for one in json.loads(done.stdout) if one["area"] == "gateways"}
    by_name = {
        name: (grade, text) for text, grade in found.items() for name in ("Calls", "Op") if name in text
    }
    assert by_name["Calls"][0] == "problem"
    assert "Set http.public_url" in by_name["Calls"][1]
    assert by_name["Op"][0] == "warning"
    assert "gets no connection" in by_name["Op"][1]


def test_settings_of_texts_and_calls(quiet_house: CommandLine) -> None:
    """S53: the old name is taken."""
    cli = quiet_house
    cli.out(
        "settings", "change", "--pfsvc_pendingSmsTimeoutSeconds", "90", "--caller-id", "+4930901820",
        "--text-template", "de={application}: {passcode}", "--no-fraud-blocks",
    )  # fmt: skip
    shown = cli.json("settings", "show")
    assert (shown["text_two_way_seconds"], shown["caller_id"]) == (90, "+4930901820")
    assert shown["text_templates"] == {"de": "{application}: {passcode}"}
    assert "text-two-way-seconds: time to reply to a text" in cli.out("settings", "show")
    assert "text_templates: de" in cli.refused("settings", "change", "--text-template", "de=no place for it")
    assert "call_seconds: 30…600" in cli.refused("settings", "change", "--call-seconds", "5")
    cli.out("settings", "change", "--text-template", "de=")
    assert cli.json("settings", "show")["text_templates"] == {}
    assert "as good as the password" in cli.refused("settings", "change", "--nt-hashes")
    cli.out("settings", "change", "--nt-hashes", "--knows-nt-hashes")
    assert cli.json("settings", "show")["nt_hashes"]
