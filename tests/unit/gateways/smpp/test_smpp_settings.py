"""Settings of a message center are checked before anything connects, and the wrong one is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.inboxes import KeepingInbox
from vestibule.catalog import keys
from vestibule.crypto.secret import Secret
from vestibule.gateways.smpp import GATEWAY
from vestibule.gateways.smpp.settings import SmppSettings, from_mapping
from vestibule.gateways.smpp.trouble import Trouble
from vestibule.interfaces.gateway import Surroundings
from vestibule.wire.smpp.messages import Address

NEEDED: dict[str, Any] = {"host": "smsc.example", "system_id": "esme"}


def test_the_defaults_protect_the_connection() -> None:
    settings = from_mapping(NEEDED, Secret("pw"))
    assert settings.tls is True
    assert settings.receipts is True
    assert settings.source_address == Address()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"host": ""}, "host"),
        ({"host": 7}, "host"),
        ({"host": "a\x00b"}, "host"),
        ({"host": "smpp://a"}, "host"),
        ({"port": 0}, "port"),
        ({"port": 65536}, "port"),
        ({"port": "2775"}, "port"),
        ({"system_id": "a b"}, "system_id"),
        ({"system_id": "é"}, "system_id"),
        ({"system_id": "a\n"}, "system_id"),
        ({"system_type": "x" * 13}, "system_type"),
        ({"service_type": "x" * 6}, "service_type"),
        ({"source": "Büro"}, "source"),
        ({"source": "a name too long"}, "source"),
        ({"source": "+49 30"}, "source"),
        ({"source_ton": 256}, "source_ton"),
        ({"window": 0}, "window"),
        ({"per_second": -1}, "per_second"),
        ({"per_second": float("nan")}, "per_second"),
        ({"default_alphabet": "ebcdic"}, "default_alphabet"),
        ({"message_ids": "roman"}, "message_ids"),
        ({"answer_seconds": 10}, "answer_seconds"),
        ({"answer_seconds": 0}, "answer_seconds"),
        ({"enquire_seconds": 0.5}, "enquire_seconds"),
        ({"reconnect_seconds": 0}, "reconnect_seconds"),
        ({"tls": "yes"}, "tls"),
        ({"password": "canary"}, "password"),
    ],
)
def test_a_wrong_setting_is_named(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=rf"^{named}: ") as problem:
        from_mapping(NEEDED | changes, Secret("pw"))
    assert "canary" not in str(problem.value)


@pytest.mark.parametrize("missing", ["host", "system_id"])
def test_what_is_needed_is_named(missing: str) -> None:
    with pytest.raises(ValueError, match=rf"^{missing}: this setting is needed"):
        from_mapping({name: value for name, value in NEEDED.items() if name != missing}, Secret(""))


@pytest.mark.parametrize("secret", ["canary" * 20, "cänary", "canary\x00"])
def test_a_password_that_cannot_be_sent_is_not_shown(secret: str) -> None:
    with pytest.raises(ValueError, match=r"^secret: ") as problem:
        from_mapping(NEEDED, Secret(secret))
    assert "nary" not in str(problem.value)


def test_a_file_of_authorities_that_is_not_there_is_named(tmp_path: Path) -> None:
    surroundings = Surroundings(gateway_id="g", inbox=KeepingInbox())
    with pytest.raises(ValueError, match=r"^ca_file: "):
        GATEWAY.open(NEEDED | {"ca_file": str(tmp_path / "none.pem")}, Secret("pw"), surroundings)


def test_every_setting_and_every_cause_has_words() -> None:
    known = set(keys())
    settings = {f"smpp.setting.{field.name}" for field in msgspec.structs.fields(SmppSettings)}
    assert settings - known == set()
    assert {f"smpp.cause.{trouble}" for trouble in Trouble} - known == set()
