"""What a server asks of the kernel, as strace sees it: what it received, wrote, synced and sent, in order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto

from tests.callers import ACCESS_ACCEPT, ACCESS_REQUEST
from tests.peers.program import find_program

_CALLS = "recvfrom,recvmsg,read,sendto,sendmsg,write,pwrite64,fsync,fdatasync"
_SYNCS = frozenset({"fsync", "fdatasync"})
_WRITES = frozenset({"pwrite64", "write"})

_LINE = re.compile(r"^(?:\[pid +(?P<thread>\d+)\] )?(?P<call>[a-z0-9]+)\(\d+<(?P<file>[^>]*)>(?P<rest>.*)$")
_RESUMED = re.compile(r"^(?:\[pid +(?P<thread>\d+)\] )?<\.\.\. (?P<call>[a-z0-9]+) resumed>(?P<rest>.*)$")
_TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"')
_PORT = re.compile(r"sin_port=htons\((\d+)\)")


def traced() -> list[object]:
    """Return the wrapper of a ServerProcess that writes its calls between the lines of its output.

    The tracer is no parent of the server (-D), so signals go where they should.
    """
    strace = find_program("strace")
    return [strace, "-D", "-f", "--seccomp-bpf", "-y", "-xx", "-s", "48", "-e", f"trace={_CALLS}", "--"]


class Kind(Enum):
    REQUEST = auto()
    WRITTEN = auto()
    """To a file of the database."""
    SYNC_BEGUN = auto()
    SYNCED = auto()
    COMMIT_TOLD = auto()
    """A database server has said that a transaction is committed."""
    ACCEPT = auto()


@dataclass(frozen=True, slots=True)
class Event:
    """`key` is the request's, its identifier and port; of a sync, the thread's."""

    kind: Kind
    key: tuple[int, int] = (0, 0)


def events(lines: Iterable[str]) -> Iterator[Event]:
    """Read the lines of a trace; whatever else stands between them is skipped."""
    syncing: set[int] = set()
    for line in lines:
        if resumed := _RESUMED.match(line):
            thread = int(resumed["thread"] or 0)
            if resumed["call"] in _SYNCS and thread in syncing:
                syncing.discard(thread)
                yield Event(Kind.SYNCED, (thread, 0))
            else:  # What was received is shown when the call returns.
                yield from _message(resumed["call"], resumed["rest"])
            continue
        found = _LINE.match(line)
        if found is None:
            continue
        call, file, thread = found["call"], _plain(found["file"]), int(found["thread"] or 0)
        if call in _SYNCS and ".db" in file:
            yield Event(Kind.SYNC_BEGUN, (thread, 0))
            if "unfinished" in line:
                syncing.add(thread)
            else:
                yield Event(Kind.SYNCED, (thread, 0))
        elif call in _WRITES and ".db" in file:
            yield Event(Kind.WRITTEN)
        else:
            yield from _message(call, found["rest"])


def _message(call: str, rest: str) -> Iterator[Event]:
    text, port = _TEXT.search(rest), _PORT.search(rest)
    octets = b"" if text is None else _octets(text[1])
    if octets[:1] == b"C" and b"COMMIT\0" in octets:
        yield Event(Kind.COMMIT_TOLD)
    elif port is None or len(octets) < 20:
        return
    elif call.startswith("recv") and octets[0] == ACCESS_REQUEST:
        yield Event(Kind.REQUEST, (octets[1], int(port[1])))
    elif call.startswith("send") and octets[0] == ACCESS_ACCEPT:
        yield Event(Kind.ACCEPT, (octets[1], int(port[1])))


def hasty_accepts(trace: Iterable[Event]) -> tuple[int, int]:
    """Return how many accepts there were, and how many of them left before their commit was safe.

    Safe is, after the request came: something was written to the database and then synced; or the database
    server said that it has committed.
    """
    accepts = hasty = 0
    is_written: dict[tuple[int, int], bool] = {}
    is_safe: dict[tuple[int, int], bool] = {}
    covered: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for event in trace:
        match event.kind:
            case Kind.REQUEST:
                is_written[event.key] = is_safe[event.key] = False
            case Kind.WRITTEN:
                is_written |= dict.fromkeys(is_written, True)
            case Kind.SYNC_BEGUN:
                covered[event.key] = [key for key, written in is_written.items() if written]
            case Kind.SYNCED:
                is_safe |= {key: True for key in covered.pop(event.key, []) if key in is_safe}
            case Kind.COMMIT_TOLD:
                is_safe |= dict.fromkeys(is_safe, True)
            case Kind.ACCEPT:
                accepts += 1
                hasty += not is_safe.pop(event.key, False)
                is_written.pop(event.key, None)
    return accepts, hasty


def _plain(text: str) -> str:
    return _octets(text).decode("utf-8", "replace")


def _octets(text: str) -> bytes:
    """`\\x01\\x41` as octets; -xx writes every octet so, but leaves the names of sockets as they are."""
    return bytes.fromhex(text.replace("\\x", "")) if text.startswith("\\x") else text.encode()
