"""Where a person may be sent (WEB-07)."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies
from litestar.datastructures import URL

from vestibule.frontends.http.redirects import local_path


@pytest.mark.parametrize(
    "path", ["/", "/portal/", "/console/acme/users?text=a%20b&cursor=x", "/a//b", "/a?next=https://x.example"]
)
def test_own_paths_stay(path: str) -> None:
    assert local_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "portal/",
        "/a b",
        "/a\nSet-Cookie: x",
        "/a\r\n\r\n<html>",
        "\t//evil.example",
        "/\t/evil.example",
        " /portal/",
        "/é",
        "/a\x00",
        "/" + "a" * 1000,
    ],
)
def test_everything_else_leads_home(path: str) -> None:
    assert local_path(path) == "/"
    assert local_path(path, "/portal/") == "/portal/"


@given(strategies.text(alphabet="/\\.:@?#%ab\t\n\r ", max_size=12))
def test_what_is_let_through_has_no_host(path: str) -> None:
    url = URL(local_path(path))
    assert (url.scheme, url.netloc) == ("", "")
