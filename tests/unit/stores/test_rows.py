"""Rows: what the queries name is what the tables have, and every word of the model can be read back."""

from __future__ import annotations

import pytest

from vestibule.model.authenticator import AuthenticatorStatus
from vestibule.model.throttle import Factor
from vestibule.model.user import Role, UserStatus
from vestibule.model.verification import ChallengeState, Reason, TraceLine, VerificationState
from vestibule.stores import rows
from vestibule.stores.rows import json_text, storable
from vestibule.stores.schema.tables import metadata


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("tenants", rows.TENANT),
        ("applications", rows.APPLICATION),
        ("clients", rows.CLIENT),
        ("client_secrets", rows.CLIENT_SECRET),
        ("directories", rows.DIRECTORY),
        ("users", (*rows.USER[:17], "sort_name", *rows.USER[17:])),
        ("authenticators", rows.AUTHENTICATOR),
        ("verifications", rows.VERIFICATION),
        ("challenges", rows.CHALLENGE),
        ("deliveries", rows.DELIVERY),
        ("gateways", rows.GATEWAY),
        ("sessions", rows.SESSION),
        ("links", rows.LINK),
        ("events", rows.EVENT),
    ],
)
def test_the_columns_of_a_struct_are_those_of_its_table(table: str, columns: tuple[str, ...]) -> None:
    assert tuple(metadata.tables[table].columns.keys()) == columns


def test_every_record_is_keyed_by_its_tenant_first() -> None:
    of_the_installation = {"installation", "notes"}
    keys = {
        name: table.primary_key.columns.keys()[0]
        for name, table in metadata.tables.items()
        if name not in of_the_installation
    }
    assert set(keys.values()) == {"tenant_id"}


@pytest.mark.parametrize(
    ("kind", "known"),
    [
        (UserStatus, rows._USER_STATUS),
        (Role, rows._ROLE),
        (AuthenticatorStatus, rows._AUTHENTICATOR_STATUS),
        (VerificationState, rows._VERIFICATION_STATE),
        (Reason, rows._REASON),
        (ChallengeState, rows._CHALLENGE_STATE),
    ],
)
def test_every_member_is_read_back_as_itself(kind: type, known: dict[str, object]) -> None:
    assert [known[member.value] for member in kind] == list(kind)  # type: ignore[attr-defined]


def test_the_factors_are_those_that_a_subject_is_read_with() -> None:
    """The query of a subject names them; another factor needs another join. Questions of a reset are counted
    without one."""
    assert {factor.value for factor in Factor} == {
        "reset",
        "password",
        "passcode",
        "pin",
        "app",
        "app_password",
        "questions",
    }


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("plain", "plain"),
        ("", ""),
        ("grün\U0001f600", "grün\U0001f600"),
        ("a\0b", "a\ufffdb"),
        ("ü\0", "ü\ufffd"),
        ("\ud800x\udfff", "\ufffdx\ufffd"),
    ],
)
def test_what_cannot_be_stored_is_replaced(text: str, stored: str) -> None:
    assert storable(text) == stored


def test_what_is_no_unicode_does_not_keep_facts_from_being_stored() -> None:
    trace = (TraceLine("user", "unknown", {"name": "a\ud800", "k\udfff": "\0"}),)
    assert json_text(trace) == '[["user","unknown",{"name":"a\ufffd","k\ufffd":"\ufffd"}]]'
    assert json_text({"a": [1, None, True, "\0"]}) == '{"a":[1,null,true,"\\u0000"]}'
