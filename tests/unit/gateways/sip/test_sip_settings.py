"""Settings of a trunk are checked before anything connects, and the wrong one is named."""

from __future__ import annotations

from typing import Any

import pytest

from vestibule.crypto.secret import Secret
from vestibule.gateways.sip import GATEWAY
from vestibule.gateways.sip.settings import from_mapping
from vestibule.interfaces.gateway import Carries, Surroundings


def test_a_server_is_enough() -> None:
    settings = from_mapping({"server": "trunk.example"})
    assert settings.server_port == 5060
    assert settings.server_domain == "trunk.example"
    assert settings.rtp_pairs == 500
    assert not settings.rtp_from_elsewhere


def test_tls_has_a_port_of_its_own() -> None:
    assert from_mapping({"server": "192.0.2.1", "transport": "tls"}).server_port == 5061
    assert from_mapping({"server": "2001:db8::1", "port": 5080}).server_port == 5080


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"server": "a b"}, "server"),
        ({"server": "sip:trunk.example"}, "server"),
        ({"port": 70_000}, "port"),
        ({"port": "x"}, "port"),
        ({"transport": "ws"}, "transport"),
        ({"user": 'a"b'}, "user"),
        ({"user": "a b"}, "user"),
        ({"authentication_user": "a@b"}, "authentication_user"),
        ({"register": True}, "user"),
        ({"from_user": "account"}, "user"),
        ({"domain": "a/b"}, "domain"),
        ({"caller_id": "Vestibule"}, "caller_id"),
        ({"number_prefix": "+0"}, "number_prefix"),
        ({"codecs": []}, "codecs"),
        ({"codecs": ["PCMA", "PCMA"]}, "codecs"),
        ({"codecs": ["opus"]}, "codecs"),
        ({"local_address": "here"}, "local_address"),
        ({"public_address": "here.example"}, "public_address"),
        ({"more_addresses": ["192.0.2.1/8"]}, "more_addresses"),
        ({"first_rtp_port": 2_000, "last_rtp_port": 1_999}, "last_rtp_port"),
        ({"first_rtp_port": 2_000, "last_rtp_port": 2_010}, "last_rtp_port"),
        ({"most_calls": 0}, "most_calls"),
        ({"register_seconds": 1}, "register_seconds"),
        ({"nobody": 1}, "nobody"),
    ],
)
def test_the_wrong_setting_is_named(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=f"^{named}: "):
        from_mapping({"server": "trunk.example"} | changes)


def test_a_server_is_needed() -> None:
    with pytest.raises(ValueError, match=r"^server: this setting is needed"):
        from_mapping({})


async def test_the_kind_describes_itself_and_opens_without_connecting() -> None:
    assert GATEWAY.name == "sip"
    assert GATEWAY.carries == {Carries.CALL}
    surroundings = Surroundings(gateway_id="g", inbox=None)  # type: ignore[arg-type]
    gateway = GATEWAY.open({"server": "trunk.example", "user": "a"}, Secret("hush-hush"), surroundings)
    assert not gateway.is_connected
    assert "hush-hush" not in repr(vars(gateway))
    await gateway.close()


def test_a_file_of_authorities_must_be_one() -> None:
    surroundings = Surroundings(gateway_id="g", inbox=None)  # type: ignore[arg-type]
    settings = {"server": "trunk.example", "transport": "tls", "ca_file": "/dev/null/none"}
    with pytest.raises(ValueError, match=r"^ca_file: "):
        GATEWAY.open(settings, Secret(""), surroundings)
