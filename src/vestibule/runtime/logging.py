"""Logs: one line for each record, to standard error, as JSON or for a person's eye.

Whatever passes through here is harmless to read: no value can begin a line of its own, color the terminal
or turn the direction of writing, none is longer than `LONGEST_VALUE`, and what a name calls secret is
masked even where somebody forgot to wrap it in `Secret`. Octets are never shown, as they may be a packet
with a password. Tracebacks show code, never the values of variables.

Libraries that log through the standard library come the same way.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from enum import Enum
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final, TextIO

import msgspec
import structlog

from vestibule.crypto.secret import MASK, Secret
from vestibule.runtime.settings import LogSettings

LONGEST_VALUE: Final = 500
"""In characters, for one value; a traceback may have `LONGEST_TRACEBACK`."""
LONGEST_TRACEBACK: Final = 8_000
_MOST_ENTRIES: Final = 40
_DEEPEST: Final = 4

_SECRET_WORDS: Final = frozenset(
    {
        "authorization",
        "cookie",
        "cookies",
        "credential",
        "credentials",
        "passcode",
        "passcodes",
        "passphrase",
        "passwd",
        "password",
        "passwords",
        "pin",
        "secret",
        "secrets",
        "seed",
        "token",
        "tokens",
    }
)
_SECRET_PAIRS: Final = frozenset(
    {("api", "key"), ("master", "key"), ("private", "key"), ("recovery", "code"), ("recovery", "codes")}
)

# Control characters (C0, DEL, C1), what breaks lines, what turns or hides text, and lone surrogates.
_UNSAFE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb]"
)
_UNSAFE_IN_TRACEBACK: Final = re.compile(_UNSAFE.pattern.replace("\x00-\x1f", "\x00-\x09\x0b-\x1f"))

EventDict = MutableMapping[str, Any]


def set_up(settings: LogSettings, stream: TextIO | None = None) -> None:
    """Set up logging for this process, to `stream` or standard error. Call it again to change it."""
    threshold = logging.getLevelNamesMapping()[settings.level.upper()]
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        make_harmless,
    ]
    render = render_json if settings.format == "json" else render_console
    target = stream or sys.stderr
    structlog.configure(
        processors=[*shared, render],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(target),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *shared, render],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(threshold, logging.WARNING) if threshold > logging.DEBUG else threshold)


def make_harmless(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Processor: mask secrets, encode what could deceive a reader, cut what is too long (LOG-01, LOG-02)."""
    harmless: EventDict = {}
    for key, value in list(event.items())[:_MOST_ENTRIES]:
        if key == "exception" and isinstance(value, str):
            harmless[key] = _encoded(value, _UNSAFE_IN_TRACEBACK, LONGEST_TRACEBACK)
        else:
            harmless[_encoded(str(key))] = _harmless(str(key), value, 0)
    return harmless


@lru_cache(maxsize=1024)
def is_secret_name(name: str) -> bool:
    """Tell whether a name says that its value is secret: `shared_secret`, `newPassword`, `x-api-key`."""
    words = re.findall(r"[a-z0-9]+", re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower())
    if not _SECRET_WORDS.isdisjoint(words):
        return True
    return any(pair in _SECRET_PAIRS for pair in pairwise(words))


def _harmless(name: str, value: object, depth: int) -> object:
    match value:
        case None | bool() | int() | float():
            # A passcode may be a number; whether somebody has one may not be hidden.
            return MASK if is_secret_name(name) and not isinstance(value, bool | None) else value
        case Secret():
            return MASK
        case _ if is_secret_name(name):
            return MASK
        case Enum():
            return _harmless(name, value.value, depth)
        case str():
            return _encoded(value)
        case bytes() | bytearray() | memoryview():
            return f"<{len(value)} bytes>"
        case _ if depth >= _DEEPEST:
            return "…"
        case Mapping():
            entries = list(value.items())[:_MOST_ENTRIES]
            return {_encoded(str(key)): _harmless(str(key), inner, depth + 1) for key, inner in entries}
        case list() | tuple() | set() | frozenset():
            return [_harmless(name, inner, depth + 1) for inner in list(value)[:_MOST_ENTRIES]]
        case _:
            return _encoded(repr(value))


def _encoded(value: str, unsafe: re.Pattern[str] = _UNSAFE, longest: int = LONGEST_VALUE) -> str:
    surplus = len(value) - longest
    # Nearly every value is short and plain. What is unsafe is never printable, so this passes nothing by.
    if surplus <= 0 and value.isprintable():
        return value
    # Cut first: encoding a megabyte to throw it away would itself be a way to slow us down.
    if surplus > 0:
        value = value[:longest]
    value = unsafe.sub(lambda found: f"\\u{ord(found[0]):04x}", value)
    return f"{value}… ({surplus} more)" if surplus > 0 else value


def render_json(_logger: object, _method: str, event: EventDict) -> str:
    order = {key: event[key] for key in ("timestamp", "level", "event") if key in event}
    return msgspec.json.encode(order | dict(event)).decode()


def render_console(_logger: object, _method: str, event: EventDict) -> str:
    """`10:21:07 info     listening   address=127.0.0.1:1812`; a traceback follows, marked on each line."""
    time = str(event.pop("timestamp", "")).partition("T")[2][:8]
    level = str(event.pop("level", ""))
    what = str(event.pop("event", ""))
    traceback = str(event.pop("exception", ""))
    values = " ".join(f"{key}={_quoted(value)}" for key, value in event.items())
    line = f"{time} {level:<8} {what:<32} {values}".rstrip()
    # The mark keeps a text inside an exception from passing for a record of its own.
    return "\n".join([line, *(f"    | {part}" for part in traceback.split("\n") if traceback)])


def _quoted(value: object) -> str:
    if isinstance(value, str) and re.fullmatch(r'[^\s"=]+', value):
        return value
    return msgspec.json.encode(value).decode()
