"""Filters as people write them (RFC 4515), and the controls of searches that read much."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule.wire.ldap.controls import (
    DIRSYNC_OID,
    PAGED_RESULTS_OID,
    More,
    dirsync,
    paged_results,
    read_more,
)
from vestibule.wire.ldap.filter_text import read_filter_text
from vestibule.wire.ldap.filters import And, Equality, Extensible, Filter, Not, Present, Substrings, describe
from vestibule.wire.ldap.messages import Control, Malformed

NAMES = st.sampled_from(["uid", "cn;lang-de", "2.5.4.3"])
VALUES = st.binary(min_size=1, max_size=5)
FILTERS = st.recursive(
    st.one_of(
        st.builds(Present, NAMES),
        st.builds(Equality, NAMES, st.binary(max_size=5)),
        st.builds(Substrings, NAMES, VALUES, st.lists(VALUES, max_size=2).map(tuple), VALUES),
        st.builds(Extensible, VALUES, st.none() | st.just("2.4.6"), NAMES, st.booleans()),
    ),
    lambda inner: st.builds(Not, inner) | st.builds(And, st.lists(inner, max_size=3).map(tuple)),
    max_leaves=6,
)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("(uid=ada)", Equality("uid", b"ada")),
        ("uid=ada", Equality("uid", b"ada")),
        ("(cn=*)", Present("cn")),
        ("(cn=a*b*c)", Substrings("cn", b"a", (b"b",), b"c")),
        (r"(o=Parens R Us \28for all your\29)", Equality("o", b"Parens R Us (for all your)")),
        (r"(bin=\00\04)", Equality("bin", b"\0\4")),
        ("(&(a=1)(!(b=*)))", And((Equality("a", b"1"), Not(Present("b"))))),
        ("(memberOf=cn=x,dc=y)", Equality("memberOf", b"cn=x,dc=y")),
        (
            "(memberOf:1.2.840.113556.1.4.1941:=cn=x)",
            Extensible(b"cn=x", "1.2.840.113556.1.4.1941", "memberOf"),
        ),
        ("(cn:dn:2.4.6.8.10:=Barney)", Extensible(b"Barney", "2.4.6.8.10", "cn", dn_attributes=True)),
        ("(cn=Müller)", Equality("cn", "Müller".encode())),
    ],
)
def test_a_filter_is_read_as_the_standard_says(text: str, meant: Filter) -> None:
    """RFC 4515 §4."""
    assert read_filter_text(text) == meant


@pytest.mark.parametrize(
    "text", ["", "(", "(uid=a", "(uid=a))", "(uid)", "(u d=a)", r"(uid=\2)", "(&(a=1)b)", "(:=x)", "(" * 40]
)
def test_what_is_no_filter_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read_filter_text(text)


@given(FILTERS)
def test_what_is_written_for_people_is_read_back(filter_: Filter) -> None:
    assert read_filter_text(describe(filter_)) == filter_


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        read_filter_text(text)


@given(st.binary(max_size=100))
def test_cookies_come_back_as_they_went(cookie: bytes) -> None:
    assert read_more([paged_results(500, cookie)], PAGED_RESULTS_OID) == More(cookie, bool(cookie))
    assert read_more([dirsync(cookie)], DIRSYNC_OID) == More(cookie, has_more=True)
    assert read_more([], DIRSYNC_OID) is None


@given(st.binary(max_size=64))
def test_hostile_bytes_in_a_control_are_malformed_and_nothing_worse(value: bytes) -> None:
    for oid in (PAGED_RESULTS_OID, DIRSYNC_OID):
        assert isinstance(read_more([Control(oid, False, value)], oid), More | Malformed)
