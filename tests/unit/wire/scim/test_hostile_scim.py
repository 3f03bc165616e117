"""Whatever arrives is read or is a `ScimTrouble`, and nothing grows without end."""

from __future__ import annotations

import contextlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule.wire.scim.changes import member_steps, patched, read_operations
from vestibule.wire.scim.documents import decode, read_document
from vestibule.wire.scim.filter_text import LONGEST, MOST_TESTS, parse_filter, parse_path
from vestibule.wire.scim.filters import fits
from vestibule.wire.scim.schema import GROUP, USER
from vestibule.wire.scim.trouble import ScimTrouble

PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
WORDS = st.sampled_from(
    (
        *("userName", "emails", "value", "type", "eq", "ne", "pr", "and", "or", "not", "meta.created", "gt"),
        *("(", ")", "[", "]", ".", '"a"', '"', "\\", "true", "null", "7", " "),
        "urn:ietf:params:scim:schemas:core:2.0:User:",
    )
)
LINES = st.one_of(
    st.text(max_size=60), st.lists(WORDS, max_size=20).map(" ".join), st.lists(WORDS, max_size=9).map("".join)
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["value", "type", "primary", "userName", "emails", "active", "x"]), inner
        )
    ),
    max_leaves=12,
)
PERSON = {"userName": "a", "active": True, "emails": [{"value": "a@b.c", "type": "work", "primary": True}]}


@given(LINES)
def test_any_line_is_a_filter_and_a_path_or_trouble(line: str) -> None:
    with contextlib.suppress(ScimTrouble):
        fits(parse_filter(line, USER), PERSON)
    with contextlib.suppress(ScimTrouble):
        parse_path(line, USER)


@given(
    st.sampled_from(["add", "Replace", "remove", "x", 7]),
    LINES | st.sampled_from(["emails", "name", "active", None, ""]),
    JSON,
)
def test_any_operation_changes_a_person_or_is_trouble(kind: object, path: object, value: object) -> None:
    body = {"schemas": [PATCH], "Operations": [{"op": kind, "path": path, "value": value}]}
    with contextlib.suppress(ScimTrouble):
        read_document(patched(PERSON, read_operations(body, USER)), USER)
    with contextlib.suppress(ScimTrouble):
        member_steps(
            read_operations({**body, "Operations": [{"op": kind, "path": "members", "value": value}]}, GROUP)
        )


@given(JSON, st.binary(max_size=40))
def test_any_body_is_a_resource_or_trouble(document: object, content: bytes) -> None:
    for body in (msgspec.json.encode(document), content):
        with contextlib.suppress(ScimTrouble):
            read_document(decode(body), USER)


@pytest.mark.parametrize(
    "line",
    [
        "(" * 500,
        "not (" * 200,
        "userName pr and " * 200,
        "emails[" * 100,
        'userName eq "' + "\\" * 400,
        "x" * (LONGEST + 1),
        " or ".join(["userName pr"] * (MOST_TESTS + 1)),
    ],
)
def test_what_nests_or_goes_on_is_refused(line: str) -> None:
    with pytest.raises(ScimTrouble):
        parse_filter(line, USER)
