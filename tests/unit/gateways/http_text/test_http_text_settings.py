"""Settings of a provider of texts: each mistake is named, and no preset hides one."""

from __future__ import annotations

import time
from typing import Any, cast

import msgspec
import pytest

from vestibule.crypto.secret import Secret
from vestibule.gateways.http_text import GATEWAY
from vestibule.gateways.http_text.requests import sending_of
from vestibule.gateways.http_text.settings import HttpTextSettings, from_mapping
from vestibule.interfaces.gateway import Inbox, Surroundings, Unsure
from vestibule.outbound.http import Answer
from vestibule.wire.http_forms.signature import Algorithm

GOOD: dict[str, Any] = {"url": "https://provider.example/send", "fields": {"to": "{to}"}}


def test_the_least_that_is_needed() -> None:
    assert from_mapping(GOOD).format == "form"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("uri", "x"),
        ("preset", "nobody"),
        ("url", ""),
        ("url", "http://provider.example/"),
        ("url", "ftp://provider.example/"),
        ("url", "https://"),
        ("url", "https://{to}.example/"),
        ("url", "https://me:pw@provider.example/"),
        ("url", "https://provider.example/#part"),
        ("url", "https://provider.example:x/"),
        ("url", "https://provider.example/{secret}"),
        ("url", "https://provider.example/{text}"),
        ("method", "DELETE"),
        ("format", "xml"),
        ("fields", {"to": {"number": "{to}"}}),
        ("fields", {"to": "{number}"}),
        ("fields", []),
        ("headers", {"X-Text": "{text}"}),
        ("headers", {"X Y": "1"}),
        ("headers", {"X-Y": "a\r\nb"}),
        ("sender", "a\nb"),
        ("authentication", "oauth"),
        ("username", "{secret}"),
        ("success_path", "status"),
        ("reference_pattern", "("),
        ("reference_pattern", "id=[0-9]+"),
        ("reference_pattern", "(a+)+b"),
        ("reference_pattern", "(a|aa)*b"),
        ("reference_pattern", "a*a*a*(b)"),
        ("reference_pattern", "(?:a)(b)"),
        ("reference_pattern", r"(a)\1"),
        ("reference_pattern", "(" + "a" * 200 + ")"),
        ("timeout_seconds", 0),
        ("timeout_seconds", 10),
        ("timeout_seconds", "5"),
        ("callback_proof", "hmac_md5"),
        ("callback_signature", "cookie:x"),
        ("callback_algorithm", "md5"),
        ("receipt_state", "status"),
        ("receipt_state", "form:status"),
        ("reply_body", "form:text"),
        ("answer_status", 500),
        ("answer_type", "a\r\nb"),
    ],
)
def test_each_mistake_is_named(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=r"^[a-z_]+: ") as caught:
        from_mapping({**GOOD, name: value})
    assert str(caught.value).split(":")[0] in (name, "success_values", "receipt_state", "reply_body")


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"authentication": "basic"}, "username"),
        ({"method": "GET"}, "format"),
        ({"authentication": "basic", "username": "a:b"}, "username"),
        ({"authentication": "header"}, "secret_header"),
        ({"callback_proof": "hmac_body"}, "callback_signature"),
        ({"callback_proof": "hmac_body", "reply_sender": "query:a", "reply_body": "json:b"}, "reply_sender"),
        (
            {"callback_proof": "hmac_url_form", "reply_sender": "json:a", "reply_body": "form:b"},
            "reply_sender",
        ),
        (
            {"callback_proof": "hmac_fields", "reply_sender": "header:a", "reply_body": "form:b"},
            "reply_sender",
        ),
    ],
)
def test_what_does_not_fit_together_is_named(settings: dict[str, Any], name: str) -> None:
    """Among it a place that the proof does not cover: it could be changed on the way."""
    if "reply_sender" in settings:
        settings = {**settings, "callback_signature": "header:x"}
    with pytest.raises(ValueError, match=f"^{name}: "):
        from_mapping({**GOOD, **settings})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ca_file", "/nowhere/ca.pem"),
        ("proxy", "ftp://proxy.example"),
        ("proxy", "proxy.example:3128"),
        ("proxy", "http://["),
    ],
)
def test_what_only_the_client_can_check_is_named_too(name: str, value: str) -> None:
    surroundings = Surroundings(gateway_id="1", inbox=cast("Inbox", None))
    with pytest.raises(ValueError, match=f"^{name}: "):
        GATEWAY.open({**GOOD, name: value}, Secret("x"), surroundings)


def test_the_slowest_pattern_that_is_allowed_is_fast() -> None:
    """ASVS 1.3.12: an answer that is made to keep a search busy."""
    settings = from_mapping({**GOOD, "reference_pattern": "(a*a*b)"})
    begun = time.process_time()
    assert isinstance(sending_of(settings, Answer(200, b"a" * 65_536)), Unsure)
    assert time.process_time() - begun < 2


def test_a_preset_holds_where_a_setting_has_its_default() -> None:
    every_default = msgspec.to_builtins(HttpTextSettings())
    settings = from_mapping({**every_default, "preset": "twilio", "account": "AC1", "timeout_seconds": 3})
    assert settings.callback_algorithm is Algorithm.SHA1
    assert settings.url.startswith("https://api.twilio.com/")
    assert settings.timeout_seconds == 3
    own = from_mapping({"preset": "twilio", "fields": {"To": "{to}", "MessagingServiceSid": "MG1"}})
    assert own.fields == {"To": "{to}", "MessagingServiceSid": "MG1"}


@pytest.mark.parametrize("preset", ["twilio", "vonage"])
def test_presets_are_what_the_settings_allow(preset: str) -> None:
    settings = from_mapping({"preset": preset})
    assert msgspec.convert(msgspec.to_builtins(settings), HttpTextSettings) == settings
