"""How a body is read: strictly or not at all (WEB-12)."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, strategies
from litestar.exceptions import ClientException, ValidationException

from vestibule.frontends.http.api.check import CheckRequest
from vestibule.frontends.http.api.request import decode, is_json
from vestibule.frontends.http.api.users import NewUser, UserChange


def test_a_good_body() -> None:
    wanted = decode(b'{"username":"alice","passcode":"123456"}', CheckRequest)
    assert (wanted.username, wanted.passcode, wanted.password) == ("alice", "123456", None)


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b'{"username":"alice","passcode":123456}', "passcode"),
        (b'{"username":[],"passcode":"1"}', "username"),
        (b'{"passcode":"123456"}', ""),
        (b'{"username":"alice","passcode":"1","role":"administrator"}', ""),
    ],
)
def test_the_place_of_a_mistake(body: bytes, where: str) -> None:
    with pytest.raises(ValidationException) as caught:
        decode(body, CheckRequest)
    assert isinstance(caught.value.extra, list)
    assert [entry["key"] for entry in caught.value.extra] == [where]


def test_a_place_inside_a_list() -> None:
    with pytest.raises(ValidationException) as caught:
        decode(b'{"username":"a","other_names":["b",1]}', NewUser)
    assert isinstance(caught.value.extra, list)
    assert caught.value.extra[0]["key"] == "other_names[1]"


def test_null_is_not_the_same_as_left_out() -> None:
    with pytest.raises(ValidationException):
        decode(b'{"given_name":null}', UserChange)


@given(strategies.binary(max_size=200))
def test_any_bytes_are_a_request_or_refused(body: bytes) -> None:
    with contextlib.suppress(ClientException):
        assert isinstance(decode(body, CheckRequest), CheckRequest)


@pytest.mark.parametrize("deep", [b"[" * 100_000, b'{"a":' * 100_000, b'{"username":' + b"[" * 50_000])
def test_nesting_without_end(deep: bytes) -> None:
    with pytest.raises(ClientException):
        decode(deep, CheckRequest)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"application/json", True),
        (b"Application/JSON; charset=utf-8", True),
        (b"application/jsonp", False),
        (b"text/plain; application/json", False),
        (b"application/json, text/plain", False),
        (b"", False),
    ],
)
def test_what_is_called_json(value: bytes, expected: bool) -> None:
    assert is_json([(b"content-type", value)]) is expected
