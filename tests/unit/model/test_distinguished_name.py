"""Distinguished names that are written differently and mean the same, and those that only look like it."""

from __future__ import annotations

import pytest

from vestibule.model.distinguished_name import normalized_name

NAME = "cn=Wiki Server,ou=Services,dc=example,dc=org"


@pytest.mark.parametrize(
    "written",
    [
        NAME.upper(),
        "CN = Wiki Server , OU=Services,dc=example,dc=org ",
        r"cn=\57iki Server,ou=Services,dc=example,dc=org",
        r"cn=Wiki\20Server,ou=services,dc=example,dc=org",
        r"cn=Wiki\ Server,ou=services,dc=example,dc=org",
    ],
)
def test_spellings_of_one_name_are_equal(written: str) -> None:
    """LD-05"""
    assert normalized_name(written) == normalized_name(NAME)


@pytest.mark.parametrize(
    "written",
    [
        "cn=Wiki Server,ou=Services,dc=example",
        f"{NAME},dc=evil",
        f"cn=x,{NAME}",
        r"cn=Wiki Server\,ou=Services,dc=example,dc=org",
        r"cn=Wiki Server\2cou=Services,dc=example,dc=org",
        "cn=WikiServer,ou=Services,dc=example,dc=org",
        r"cn=Wiki Server\ ,ou=Services,dc=example,dc=org",
        "cn=Wiki Server+uid=1,ou=Services,dc=example,dc=org",
    ],
)
def test_what_only_looks_alike_is_another(written: str) -> None:
    """LD-05"""
    assert normalized_name(written) not in (None, normalized_name(NAME))


def test_the_parts_of_one_rdn_have_no_order() -> None:
    assert normalized_name("cn=a+uid=b,dc=x") == normalized_name("UID=b + CN=a,dc=x")
    assert normalized_name("cn=ä") == normalized_name(r"cn=\c3\a4") == normalized_name("CN=Ä")


@pytest.mark.parametrize(
    "written",
    [
        *(
            "",
            "alice",
            "alice@example.org",
            "CORP\\alice",
            "=x",
            "cn",
            "cn=a,",
            ",cn=a",
            "cn=a,,dc=x",
            "cn=a;dc=x",
        ),
        *('cn="a",dc=x', "cn=#0401", "cn=a\0", "cn=a\\", r"cn=\ff", r"cn=\zz", "ç=a", "cn=a" + "x" * 5000),
    ],
)
def test_what_is_not_surely_a_name_is_none(written: str) -> None:
    assert normalized_name(written) is None
