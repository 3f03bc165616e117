"""Logs: nothing deceives a reader, nothing secret is written (LOG-01, LOG-02, KEY-06)."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any

import pytest
import structlog

from vestibule.crypto.secret import Secret
from vestibule.runtime.logging import LONGEST_TRACEBACK, LONGEST_VALUE, is_secret_name, set_up
from vestibule.runtime.settings import LogSettings

CANARY = "canary-7f3a"


@pytest.fixture
def log() -> Iterator[Callable[..., io.StringIO]]:
    root = logging.getLogger()
    kept = (root.handlers[:], root.level)

    def start(style: str = "json", level: str = "info") -> io.StringIO:
        stream = io.StringIO()
        set_up(LogSettings(level=level, format=style), stream)
        return stream

    yield start
    structlog.reset_defaults()
    root.handlers[:], root.level = kept


def records(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_record_is_one_line_of_json(log: Callable[..., io.StringIO]) -> None:
    stream = log()
    structlog.get_logger().info("radius.listening", address="127.0.0.1:1812", clients=3)
    (record,) = records(stream)
    assert list(record) == ["timestamp", "level", "event", "address", "clients"]
    assert record["event"] == "radius.listening"
    assert record["level"] == "info"
    assert record["clients"] == 3


def test_a_record_below_the_level_is_not_written(log: Callable[..., io.StringIO]) -> None:
    stream = log(level="warning")
    structlog.get_logger().info("quiet")
    assert stream.getvalue() == ""


def test_the_standard_library_comes_the_same_way(log: Callable[..., io.StringIO]) -> None:
    stream = log()
    logging.getLogger("some.library").warning("it said %s", "a\r\nb", extra={"password": CANARY})
    logging.getLogger("some.library").info("chatter of a library")
    (record,) = records(stream)
    assert record["logger"] == "some.library"
    assert record["event"] == "it said a\\u000d\\u000ab"
    assert record["level"] == "warning"


@pytest.mark.parametrize("style", ["json", "console"])
@pytest.mark.parametrize(
    "payload",
    [
        "alice\r\n10:00:00 info     forged",
        "alice\x1b[31m\x1b]0;title\x07",
        "alice\u202etxt.exe\u2066",
        "alice\u2028forged\u2029\x85forged",
        "nul\x00\x7f\x9b31m",
        "hidden\u200b\ufeff\u00ad",
        "\ud800 lone surrogate",
    ],
)
def test_a_name_cannot_forge_or_hide(log: Callable[..., io.StringIO], style: str, payload: str) -> None:
    """LOG-01: CR/LF, ANSI, bidirectional and NUL characters are encoded, in keys as in values."""
    stream = log(style)
    structlog.get_logger().info(payload, claimed_username=payload, nested={payload: [payload]})
    written = stream.getvalue()
    assert written.endswith("\n")
    assert written[:-1].isprintable(), written
    assert len(written.splitlines()) == 1


@pytest.mark.parametrize("style", ["json", "console"])
def test_a_megabyte_is_cut(log: Callable[..., io.StringIO], style: str) -> None:
    """LOG-01: over-long values are truncated, and say so."""
    stream = log(style)
    structlog.get_logger().info("sign-in", claimed_username="x" * 1_000_000, many=list(range(100_000)))
    assert len(stream.getvalue()) < 4 * LONGEST_VALUE
    assert f"{1_000_000 - LONGEST_VALUE} more" in stream.getvalue()


def test_deep_and_endless_values_end(log: Callable[..., io.StringIO]) -> None:
    stream = log()
    endless: list[Any] = []
    endless.append(endless)
    structlog.get_logger().info("deep", value=endless)
    assert records(stream)[0]["value"] == [[[["…"]]]]


class Color(Enum):
    RED = "red"


@pytest.mark.parametrize("style", ["json", "console"])
def test_secrets_are_masked_whoever_forgot(log: Callable[..., io.StringIO], style: str) -> None:
    """LOG-02, KEY-06: a canary is absent however it is handed over."""
    stream = log(style, "debug")
    structlog.get_logger().debug(
        "canaries",
        wrapped=Secret(CANARY),
        inside=[Secret(CANARY), {"deeper": Secret(CANARY)}],
        password=CANARY,
        user_password=CANARY,
        newPassword=CANARY,
        passcode=CANARY,
        shared_secret=CANARY.encode(),
        secrets={"first": CANARY},
        headers={"Authorization": CANARY, "Cookie": CANARY, "X-API-Key": CANARY},
        recovery_codes=[CANARY],
        packet=CANARY.encode(),
        view=memoryview(CANARY.encode()),
        color=Color.RED,
    )
    assert CANARY not in stream.getvalue()
    assert "red" in stream.getvalue()
    assert f"<{len(CANARY)} bytes>" in stream.getvalue()


def test_a_passcode_that_is_a_number_is_masked_too(log: Callable[..., io.StringIO]) -> None:
    stream = log()
    structlog.get_logger().info("sign-in", passcode=123456, has_passcode=True, password=None)
    (record,) = records(stream)
    assert "123456" not in stream.getvalue()
    assert record["has_passcode"] is True
    assert record["password"] is None


@pytest.mark.parametrize("name", ["tries", "key_id", "token_bucket_name", "client", "passing", "secretary"])
def test_only_whole_words_are_secret(name: str) -> None:
    assert is_secret_name(name) == (name == "token_bucket_name")


@pytest.mark.parametrize("style", ["json", "console"])
def test_a_traceback_shows_code_and_not_values(log: Callable[..., io.StringIO], style: str) -> None:
    stream = log(style)

    def fail(password: str) -> None:
        raise RuntimeError("no such\r\n12:00:00 info     forged\u202e" + "x" * 50_000)

    try:
        fail(CANARY)
    except RuntimeError:
        structlog.get_logger().exception("failed")
    written = stream.getvalue()
    assert "RuntimeError" in written
    assert CANARY not in written
    assert "\u202e" not in written
    assert "\r" not in written
    assert len(written) < 2 * LONGEST_TRACEBACK
    if style == "console":
        assert all(line.startswith("    | ") for line in written.splitlines()[1:])
    else:
        assert len(written.splitlines()) == 1
