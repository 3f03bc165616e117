"""What an administrator may set for an LDAP client."""

from __future__ import annotations

import pytest

from vestibule.model.ldap_client import LdapClientSettings, exempt_name, read_settings

WIKI = "cn=wiki,dc=example,dc=org"


def test_the_defaults_are_safe() -> None:
    settings = read_settings({})
    assert settings == LdapClientSettings()
    assert settings.demand_tls
    assert settings.require_user_match
    assert not settings.allow_anonymous
    assert not settings.keep_asking
    assert settings.exempt_binds == ()


@pytest.mark.parametrize(
    "settings",
    [
        {"demand_tsl": True},
        {"passcodes": "anyhow"},
        {"passcode_length": 5},
        {"response_seconds": 301},
        {"exempt_binds": [WIKI]},
        {"exempt_binds": ["192.0.2.1"]},
        {"exempt_binds": [f"nowhere {WIKI}"]},
        {"exempt_binds": [f"192.0.2.1/24 {WIKI}"]},
        {"exempt_binds": ["192.0.2.1 \n"]},
        {"exempt_binds": [f"192.0.2.1 {WIKI}"] * 33},
    ],
)
def test_what_cannot_be_used_is_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read_settings(settings)


@pytest.mark.parametrize(
    ("entry", "name", "source", "is_exempt"),
    [
        (f"192.0.2.0/24 {WIKI}", "CN=Wiki, DC=example, DC=org", "192.0.2.77", True),
        (f"192.0.2.0/24 {WIKI}", WIKI, "::ffff:192.0.2.77", True),
        (f"192.0.2.0/24 {WIKI}", WIKI, "198.51.100.1", False),
        (f"192.0.2.0/24 {WIKI}", f"{WIKI},dc=x", "192.0.2.77", False),
        (f"192.0.2.10-192.0.2.20   {WIKI}", WIKI, "192.0.2.20", True),
        ("2001:db8::/32 wiki@corp.example", "WIKI@corp.example ", "2001:db8::1", True),
        ("2001:db8::/32 CORP\\wiki", "wiki", "2001:db8::1", False),
        (f"192.0.2.0/24 {WIKI}", WIKI, "", False),
    ],
)
def test_who_is_exempt(entry: str, name: str, source: str, is_exempt: bool) -> None:
    """LD-05: by the exact name and from its own address; bound by the name that was set."""
    found = exempt_name(read_settings({"exempt_binds": [entry]}), name, source)
    assert found == (entry.split(" ", 1)[1].strip() if is_exempt else None)
