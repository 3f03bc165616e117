"""What directories say of their rules for passwords, as bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule.wire.ldap.messages import BindResponse, Control, Malformed, Message, Result
from vestibule.wire.ldap.password_policy import (
    PASSWORD_POLICY_OID,
    PasswordPolicy,
    PolicyError,
    password_policy,
)


def said(value: bytes | None) -> PasswordPolicy | Malformed:
    other = Control("1.2.3", value=b"\x30\x03\x81\x01\x01")
    controls = (other, Control(PASSWORD_POLICY_OID, value=value))
    return password_policy(Message(1, BindResponse(Result(0)), controls))


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("3000", PasswordPolicy()),
        ("3003810100", PasswordPolicy(PolicyError.PASSWORD_EXPIRED)),
        ("3003810107", PasswordPolicy(PolicyError.PASSWORD_TOO_YOUNG)),
        ("3005a003810102", PasswordPolicy(grace_left=2)),
        ("3006a00480020e10", PasswordPolicy(seconds_left=3600)),
        ("3008a003810100810102", PasswordPolicy(PolicyError.CHANGE_AFTER_RESET, grace_left=0)),
        ("3003810163", PasswordPolicy(99)),
    ],
)
def test_warnings_and_errors(value: str, meant: PasswordPolicy) -> None:
    """draft-behera-ldap-password-policy-10 §6.2."""
    assert said(bytes.fromhex(value)) == meant


def test_silence_is_no_word() -> None:
    assert password_policy(Message(1, BindResponse(Result(0)))) == said(None) == PasswordPolicy()


@given(st.binary(max_size=20))
def test_whatever_comes_is_read_or_malformed(value: bytes) -> None:
    assert isinstance(said(value), PasswordPolicy | Malformed)


@pytest.mark.parametrize("value", ["", "04", "3005a003820102", "300381", "30028100", "a003810100"])
def test_what_is_no_such_value_is_malformed(value: str) -> None:
    assert isinstance(said(bytes.fromhex(value)), Malformed)
