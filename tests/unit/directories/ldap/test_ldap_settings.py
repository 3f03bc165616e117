"""Settings of a directory are checked before anything connects, and the wrong one is named."""

from __future__ import annotations

from typing import Any

import pytest

from vestibule.crypto.secret import Secret
from vestibule.directories.ldap.settings import Endpoint, from_mapping

NEEDED: dict[str, Any] = {"urls": ["ldap://ldap.example.org"], "base_dn": "dc=example"}


def test_the_defaults_protect_the_connection() -> None:
    settings = from_mapping(NEEDED, Secret(""))
    assert settings.start_tls is True
    assert settings.timeout_seconds == 5
    assert settings.name_attributes == ("uid", "mail")


@pytest.mark.parametrize(
    ("url", "endpoint", "written"),
    [
        ("ldap://a.example", Endpoint("a.example", 389, False), "ldap://a.example:389"),
        ("ldaps://a.example/", Endpoint("a.example", 636, True), "ldaps://a.example:636"),
        ("ldap://[::1]:3890", Endpoint("::1", 3890, False), "ldap://[::1]:3890"),
        ("LDAPS://A.example:1", Endpoint("a.example", 1, True), "ldaps://a.example:1"),
    ],
)
def test_urls(url: str, endpoint: Endpoint, written: str) -> None:
    assert from_mapping(NEEDED | {"urls": [url]}, Secret("")).endpoints() == (endpoint,)
    assert str(endpoint) == written


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"urls": []}, "urls"),
        ({"urls": ["http://a"]}, "urls"),
        ({"urls": ["a.example"]}, "urls"),
        ({"urls": ["ldap://"]}, "urls"),
        ({"urls": ["ldap://user@a"]}, "urls"),
        ({"urls": ["ldap://a/dc=x"]}, "urls"),
        ({"urls": ["ldap://a?x"]}, "urls"),
        ({"urls": ["ldap://a:port"]}, "urls"),
        ({"urls": ["ldap://a:70000"]}, "urls"),
        ({"urls": "ldap://a"}, "urls"),
        ({"base_dn": 7}, "base_dn"),
        ({"bind_dn": "cn=reader"}, "bind_password"),
        ({"bind_password": "in the clear"}, "bind_password"),
        ({"name_attributes": []}, "name_attributes"),
        ({"name_attributes": ["uid=*)(x"]}, "name_attributes"),
        ({"reference_attribute": ""}, "reference_attribute"),
        ({"username_attribute": ""}, "username_attribute"),
        ({"email_attribute": "a b"}, "email_attribute"),
        ({"object_class": "x)(y"}, "object_class"),
        ({"timeout_seconds": 0}, "timeout_seconds"),
        ({"timeout_seconds": float("nan")}, "timeout_seconds"),
        ({"timeout_seconds": "soon"}, "timeout_seconds"),
        ({"max_connections": 0}, "max_connections"),
        ({"start_tls": "no"}, "start_tls"),
        ({"verify": False}, "verify"),
    ],
)
def test_a_wrong_setting_is_named(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=rf"^{named}: "):
        from_mapping(NEEDED | changes, Secret(""))


@pytest.mark.parametrize("missing", ["urls", "base_dn"])
def test_a_missing_setting_is_named(missing: str) -> None:
    with pytest.raises(ValueError, match=rf"^{missing}: "):
        from_mapping({name: value for name, value in NEEDED.items() if name != missing}, Secret(""))


def test_the_password_is_not_shown() -> None:
    settings = from_mapping(NEEDED | {"bind_dn": "cn=reader"}, Secret("hunter2"))
    assert "hunter2" not in repr(settings)
    assert settings.bind_password.reveal() == "hunter2"
