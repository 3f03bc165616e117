"""CSV files of tokens: both forms, every way that programs write them, and every way to get them wrong."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from itertools import chain, repeat
from typing import Any

import pytest

from vestibule.wire.oath import (
    FileProblem,
    FileRefused,
    HashAlgorithm,
    OathAlgorithm,
    RowFault,
    RowProblem,
    TokenKey,
    TokenRow,
    encode_base32,
)
from vestibule.wire.token_csv import SecretEncoding, TextEncoding, read_token_csv

P = RowProblem
SECRET = b"canary-secret-20-oct"
BASE32 = encode_base32(SECRET)
SERVER = "serial,secret,interval\n"
CLOUD = "upn,serial number,secret key,time interval,manufacturer,model\n"


def read(content: str | bytes, size: int = 1 << 16, **options: Any) -> list[TokenRow]:
    octets = content.encode() if isinstance(content, str) else content
    chunks = [octets[start : start + size] for start in range(0, len(octets), size)]
    return list(read_token_csv(chunks, **options))


def refusal(content: str | bytes, **options: Any) -> tuple[FileProblem, int, str]:
    try:
        rows = read(content, **options)
    except FileRefused as refused:
        return refused.problem, refused.line, refused.detail
    raise AssertionError(f"not refused: {rows}")


def token(serial: str = "2600135004012", line: int = 2, interval: int = 30, **more: Any) -> TokenKey:
    return TokenKey(
        line=line,
        serial=serial,
        algorithm=OathAlgorithm.TOTP,
        secret=SECRET,
        interval=interval,
        **more,
    )


# --- the two forms ------------------------------------------------------------------------------------------


def test_the_server_form() -> None:
    """S58, S61: serial, Base32 secret, interval."""
    assert read(f"{SERVER}2600135004012,{BASE32},30\n2600135004013,{BASE32},60\n") == [
        token(),
        token("2600135004013", 3, 60),
    ]


def test_the_server_form_without_a_header() -> None:
    """S58: as token makers deliver it."""
    assert read(f"2600135004012,{BASE32},30\n") == [token(line=1)]
    assert read(f"\n2600135004012;{BASE32.lower()};60") == [token(line=2, interval=60)]


def test_the_cloud_form() -> None:
    row = f"alice@example.com,2600135004012,{BASE32},30,Contoso,HardwareKey\n"
    expected = token(owner="alice@example.com", manufacturer="Contoso", model="HardwareKey")
    assert read(CLOUD + row) == [expected]


def test_nobody_and_nothing_named_in_the_cloud_form() -> None:
    assert read(f"{CLOUD},2600135004012,{BASE32},30,,\n") == [token()]


@pytest.mark.parametrize(
    "header",
    [
        "Serial Number,Secret Key,Time Interval",
        "SERIALNUMBER;SECRETKEY;TIMEINTERVAL",
        "serial_number\tsecret_key\ttime_interval",
        '"Serial-No.","Seed","Time Step"',
        "Seriennummer;Geheimnis;Intervall",
        "\ufeffserial,secret,interval",
        " serial , secret , interval ",
    ],
)
def test_headers_that_mean_the_same(header: str) -> None:
    separator = next(mark for mark in "\t;," if mark in header)
    assert read(f"{header}\n2600135004012{separator}{BASE32}{separator}30\n") == [token()]


def test_columns_in_any_order_and_the_two_extra_ones() -> None:
    """OTP-17: eight digits and SHA-256 only where the file says so."""
    content = f"interval,algorithm,secret,digits,serial\n60,HMAC-SHA256,{BASE32},8,X1\n30,,{BASE32},,X2\n"
    assert read(content) == [
        token("X1", 2, 60, hash_algorithm=HashAlgorithm.SHA256, digits=8),
        token("X2", 3, 30),
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", (FileProblem.EMPTY, 0, "")),
        ("\n\r\n  \n", (FileProblem.EMPTY, 0, "")),
        (SERVER, None),
        ("serial,secret\n1,A\n", (FileProblem.COLUMN_MISSING, 1, "time interval")),
        ("serial,interval\n", (FileProblem.COLUMN_MISSING, 1, "secret key")),
        ("secret key;time interval;model\n", (FileProblem.COLUMN_MISSING, 1, "serial number")),
        ("upn\n", (FileProblem.COLUMN_MISSING, 1, "serial number, secret key, time interval")),
        (f"2600135004012,{BASE32}\n", (FileProblem.COLUMN_MISSING, 1, "")),
        ("serial,secret,interval,digit\n", (FileProblem.COLUMN_UNKNOWN, 1, "digit")),
        (f"serial,secret,interval,{BASE32}\n", (FileProblem.COLUMN_UNKNOWN, 1, "")),
        ("serial,,secret,interval\n", (FileProblem.COLUMN_UNKNOWN, 1, "")),
        ("serial,secret,serial number,interval\n", (FileProblem.COLUMN_REPEATED, 1, "serial number")),
        (f"2600135004012,{BASE32},30,Contoso\n", (FileProblem.HEADER_UNKNOWN, 1, "")),
        ("hello\n", (FileProblem.HEADER_UNKNOWN, 1, "")),
        ("<KeyContainer/>\n", (FileProblem.HEADER_UNKNOWN, 1, "")),
        ('"serial"x,secret,interval\n', (FileProblem.HEADER_UNKNOWN, 1, "")),
        ("x" * 5000, (FileProblem.HEADER_UNKNOWN, 1, "")),
        (b"PK\x03\x04\x14\x00\x06\x00\x08\x00", (FileProblem.HEADER_UNKNOWN, 1, "")),
    ],
)
def test_files_without_the_three_columns_are_refused(
    content: str | bytes, expected: tuple[FileProblem, int, str] | None
) -> None:
    """S61: a missing one is an error, and is named."""
    if expected is None:
        assert read(content) == []
    else:
        assert refusal(content) == expected


# --- rows ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "problem", "serial", "detail"),
    [
        (f",{BASE32},30", P.SERIAL_MISSING, "", ""),
        ("X1,,30", P.SECRET_MISSING, "X1", ""),
        (f"X1,{BASE32},", P.INTERVAL_MISSING, "X1", ""),
        (f"X1,{BASE32}", P.CELL_COUNT, "", ""),
        (f"X1,{BASE32},30,y", P.CELL_COUNT, "", ""),
        (f"А1,{BASE32},30", P.SERIAL_INVALID, "", ""),
        (f"{'1' * 65},{BASE32},30", P.SERIAL_INVALID, "", ""),
        ("X1,GEZDGNB1GEZDGNB8,30", P.SECRET_INVALID, "X1", ""),
        ("X1,GEZDGNBVGEZDGNBV=,30", P.SECRET_INVALID, "X1", ""),
        ("X1,GEZDGNBV,30", P.SECRET_TOO_SHORT, "X1", ""),
        (f"X1,{'GEZDGNBV' * 40},30", P.SECRET_TOO_LONG, "X1", ""),
        *((f"X1,{BASE32},{n}", P.INTERVAL_UNSUPPORTED, "X1", n) for n in ("0", "-1", "31", "1000000000")),
        (f"X1,{BASE32},30s", P.INTERVAL_UNSUPPORTED, "X1", ""),
        (f"X1,{BASE32},３０", P.INTERVAL_UNSUPPORTED, "X1", ""),
        (f"X1,{BASE32},030", P.INTERVAL_UNSUPPORTED, "X1", "030"),
        (f"X1,30,{BASE32}", P.SECRET_INVALID, "X1", ""),
        (f"{BASE32},X1,30", P.SECRET_INVALID, "", ""),
        (f'"X1"y,{BASE32},30', P.QUOTES, "", ""),
        (f"=1+1,{BASE32},30", P.SERIAL_INVALID, "", ""),
        (f"-1,{BASE32},30", P.SERIAL_INVALID, "", ""),
        (f"X\x001,{BASE32},30", P.SERIAL_INVALID, "", ""),
    ],
)
def test_a_bad_row_is_named_by_line_and_reason(
    row: str, problem: RowProblem, serial: str, detail: str
) -> None:
    """TOK-04, TOK-10: never by what stands in it, and the rows around it are read."""
    rows = read(f"{SERVER}A,{BASE32},30\n{row}\nB,{BASE32},30\n")
    assert rows == [token("A", 2), RowFault(3, problem, serial, detail), token("B", 4)]
    assert "canary" not in repr(rows)
    assert BASE32 not in repr(rows)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (f"=cmd|' /C calc'!A0,X1,{BASE32},30,M,m", P.OWNER_INVALID),
        (f"=HYPERLINK(),X1,{BASE32},30,M,m", P.FORMULA),
        (f"@SUM(1),X1,{BASE32},30,M,m", P.FORMULA),
        (f"alice,X1,{BASE32},30,+M,m", P.FORMULA),
        (f"alice,X1,{BASE32},30,M,-2+3", P.FORMULA),
        (f"al ice,X1,{BASE32},30,M,m", P.OWNER_INVALID),
        (f"a\u200blice,X1,{BASE32},30,M,m", P.OWNER_INVALID),
        (f"{'a' * 256},X1,{BASE32},30,M,m", P.OWNER_INVALID),
        (f"alice,X1,{BASE32},30,{'M' * 256},m", P.NAME_INVALID),
        (f"alice,X1,{BASE32},30,M,\x1b[31m", P.NAME_INVALID),
    ],
)
def test_names_that_would_do_harm_when_shown(row: str, problem: RowProblem) -> None:
    """TOK-07: formulas, control and invisible characters."""
    assert read(CLOUD + row) == [RowFault(2, problem, "X1")]


def test_a_hyphen_for_nothing_is_no_formula() -> None:
    (row,) = read(f"{CLOUD}alice,X1,{BASE32},30,-,-")
    assert isinstance(row, TokenKey)


# --- hexadecimal or Base32 ----------------------------------------------------------------------------------

AMBIGUOUS = "ABCDEF234567ABCDEF234567ABCDEF23"


@pytest.mark.parametrize("secret", [AMBIGUOUS, AMBIGUOUS.lower(), "2234567abcdef2234567abcdef", "ABCD " * 8])
def test_what_could_be_hexadecimal_is_not_guessed(secret: str) -> None:
    """TOK-08."""
    content = f"{SERVER}X1,{secret},30\n"
    assert read(content) == [RowFault(2, P.SECRET_AMBIGUOUS, "X1")]
    (base32,) = read(content, secret_encoding=SecretEncoding.BASE32)
    assert isinstance(base32, TokenKey)
    (hexadecimal,) = read(content, secret_encoding=SecretEncoding.HEX, least_secret_bits=80)
    assert isinstance(hexadecimal, TokenKey)
    assert hexadecimal.secret == bytes.fromhex(secret)
    assert base32.secret != hexadecimal.secret


def test_hexadecimal_is_read_only_when_it_is_said_to_be() -> None:
    """TOK-08: with a digit that Base32 does not have it is no Base32, and still not guessed."""
    content = f"{SERVER}X1,{SECRET.hex()},30\nX2,{BASE32},30\n"
    assert read(content) == [RowFault(2, P.SECRET_INVALID, "X1"), token("X2", 3)]
    rows = read(content, secret_encoding=SecretEncoding.HEX)
    assert rows == [token("X1", 2), RowFault(3, P.SECRET_INVALID, "X2")]


# --- texts as programs write them ---------------------------------------------------------------------------


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1 << 16])
def test_encodings_and_line_ends(line_end: str, encoding: str, size: int) -> None:
    """TOK-07: byte order marks, UTF-16 and lone carriage returns, however the bytes arrive."""
    lines = [
        "serial;secret;interval;model",
        f"X1;{BASE32};30;Schlüssel",
        "",
        f"X2;{BASE32};60;日本",
        "bad;;30;",
    ]
    expected = [token("X1", 2, model="Schlüssel"), token("X2", 4, 60, model="日本")]
    expected_fault = RowFault(5, P.SECRET_MISSING, "bad")
    for ending in ("", line_end):
        content = (line_end.join(lines) + ending).encode(encoding)
        assert read(content, size) == [*expected, expected_fault]


def test_windows_1252_when_it_is_said_to_be() -> None:
    content = f"serial;secret;interval;model\nX1;{BASE32};30;Schlüssel\n".encode("windows-1252")
    assert read(content, text_encoding=TextEncoding.WINDOWS_1252) == [token("X1", 2, model="Schlüssel")]
    assert read(content) == [RowFault(2, P.NOT_TEXT)]


def test_bytes_that_are_no_text_spoil_their_line_only() -> None:
    content = f"{SERVER}X1,{BASE32},30\n".encode() + b"X\xff2,A,30\n" + f"X3,{BASE32},30\n".encode()
    assert read(content) == [token("X1", 2), RowFault(3, P.NOT_TEXT), token("X3", 4)]
    odd = f"{SERVER}X1,{BASE32},30\n".encode("utf-16")[:-1]
    assert refusal(odd)[0] is FileProblem.NOT_TEXT
    lone = f"{SERVER}X1,{BASE32},30\n".encode("utf-16") + b"\x00\xd8\x00\x00"
    assert refusal(lone)[0] is FileProblem.NOT_TEXT


@pytest.mark.parametrize(
    "row",
    [
        f'"X1","{BASE32}","30"',
        f'"X1",{BASE32},30',
        f'="X1","{BASE32}",30',
        f'"=""X1""",{BASE32},30',
        f" X1 , {BASE32} , 30 ",
        f"X1,{BASE32},30,,,",
        f"X1,{' '.join(BASE32)},30",
    ],
)
def test_cells_as_spreadsheets_write_them(row: str) -> None:
    """TOK-07: quotes, text formulas that keep leading zeros, blanks, empty cells at the end."""
    assert read(f"{SERVER}{row}\n") == [token("X1")]


def test_a_declared_separator() -> None:
    assert read(f"sep=;\nserial;secret;interval\nX1;{BASE32};30\n") == [token("X1", 3)]
    assert read(f'"sep=\t"\r\nX1\t{BASE32}\t30\r\n') == [token("X1", 2)]


def test_empty_lines_and_rows_are_passed_over_but_counted() -> None:
    assert read(f"{SERVER}\n,,\n  \n,,,,\nX1,{BASE32},30\n\n") == [token("X1", 6)]


def test_a_line_break_in_a_cell_is_one_fault_and_makes_no_row() -> None:
    """TOK-07: its second line, which looks like a row, is not taken for one."""
    content = f'{SERVER}"A\nX9,{BASE32},30\nB",{BASE32},30\nX1,{BASE32},30\n'
    assert read(content) == [RowFault(2, P.LINE_BREAK), token("X1", 5)]


def test_a_quote_that_is_never_closed_refuses_the_file() -> None:
    rows = f"X1,{BASE32},30\n" * 100
    assert refusal(f'{SERVER}{rows}X2",{BASE32},30\n{rows}') == (FileProblem.QUOTE_OPEN, 102, "")
    assert refusal(f'{SERVER}X2,"{BASE32},30') == (FileProblem.QUOTE_OPEN, 2, "")
    assert refusal(f'{SERVER}"A\n{"x" * 5000}\n') == (FileProblem.QUOTE_OPEN, 2, "")


def test_a_line_that_is_too_long_is_one_fault() -> None:
    content = f"{SERVER}{'9' * 4097}\nX1,{BASE32},30\n"
    for size in (100, 4096, 1 << 16):
        assert read(content, size) == [RowFault(2, P.LINE_TOO_LONG), token("X1", 3)]


def _gigabyte() -> Iterator[bytes]:
    return chain([SERVER.encode()], repeat(b"A" * 65536, 1 << 14), [f"\nX1,{BASE32},30\n".encode()])


def test_memory_is_bounded_by_nothing_that_is_in_the_file() -> None:
    """TOK-07: a line of a gigabyte, and very many rows."""
    rows = (f"X{number},{BASE32},30\n".encode() for number in range(20_000))
    for chunks, count in ((_gigabyte(), 2), (chain([SERVER.encode()], rows), 20_000)):
        tracemalloc.start()
        assert sum(1 for _ in read_token_csv(chunks)) == count
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 2 << 20


def test_a_short_secret_is_taken_when_asked_for() -> None:
    content = f"{SERVER}X1,JBSWY3DPEHPK3PXP,30\n"
    assert read(content) == [RowFault(2, P.SECRET_TOO_SHORT, "X1")]
    assert isinstance(read(content, least_secret_bits=80)[0], TokenKey)
