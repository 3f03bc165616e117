"""The two shapes that every token file is read into."""

from __future__ import annotations

import pytest

from vestibule.wire.oath import HashAlgorithm, OathAlgorithm, RowProblem, TokenKey
from vestibule.wire.oath.token import is_serial, nameable_serial, secret_problem, shown


@pytest.mark.parametrize(
    "serial", ["1", "2600135004012", "306EUO4-00960", "AB 12/3", "ekhg:1", "a" * 64, "X_1.2#3"]
)
def test_serials(serial: str) -> None:
    assert is_serial(serial)


@pytest.mark.parametrize(
    "serial",
    [
        "",
        " ",
        " 1",
        "1 ",
        "-1",
        "=1",
        "+1",
        "@1",
        "1\n",
        "1\t2",
        "1;2",
        "a" * 65,
        "А1",
        "１２３",
        "1\u200b2",
        "é1",
        "<b>1",
    ],
    ids=ascii,
)
def test_what_is_no_serial(serial: str) -> None:
    """TOK-11: look-alikes of another script are not serials, nor is what a spreadsheet would run (TOK-07)."""
    assert not is_serial(serial)


def test_a_serial_that_looks_like_a_secret_is_not_shown() -> None:
    """TOK-10: in a file with mixed up columns the serial is the secret."""
    assert nameable_serial("2600135004012") == "2600135004012"
    assert nameable_serial("26001350040122600135004012") == "26001350040122600135004012"
    assert nameable_serial("306EUO4-00960") == "306EUO4-00960"
    for secret in (
        "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
        "gezd gnbv gy3t qojq",
        "3132333435363738393031323334353637383930",
        "313233343536373839303132333435363738393a",
        "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=",
    ):
        assert nameable_serial(secret) == ""


def test_a_piece_of_a_secret_is_no_serial_to_be_named() -> None:
    """TOK-10: what a damaged row leaves of one; a maker's numbers are mostly digits."""
    assert nameable_serial("MNQW4YLSPEWXGZL") == ""
    assert nameable_serial("MNQW4YLSPE") == ""
    assert nameable_serial("ALNG12345678") == "ALNG12345678"


def test_a_token_masks_its_secret() -> None:
    key = TokenKey(
        line=1, serial="1", algorithm=OathAlgorithm.TOTP, secret=b"canary-of-a-secret", interval=30
    )
    assert "canary" not in repr(key)
    assert "canary" not in f"{key} {[key]}"
    assert key.hash_algorithm is HashAlgorithm.SHA1


def test_lengths_of_secrets() -> None:
    """RFC 4226 §4 R6; shorter ones only when asked for, and then not below 80 bits."""
    assert secret_problem(bytes(16), 128) is None
    assert secret_problem(bytes(15), 128) is RowProblem.SECRET_TOO_SHORT
    assert secret_problem(bytes(10), 80) is None
    assert secret_problem(bytes(9), 0) is RowProblem.SECRET_TOO_SHORT
    assert secret_problem(bytes(128), 128) is None
    assert secret_problem(bytes(129), 128) is RowProblem.SECRET_TOO_LONG


def test_what_a_report_shows_is_short_and_printable() -> None:
    assert shown("urn:x\n\x1b[31m") == "urn:x??[31m"
    assert len(shown("x" * 10_000)) == 80
