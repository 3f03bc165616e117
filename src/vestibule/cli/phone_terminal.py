"""The simulated phone in a terminal: what arrives is written out line by line, what is typed is done.

It speaks to the server over its HTTP door, as the page in a browser does, because the phone is in the memory
of that process. Nothing that arrives reaches the terminal as a control sequence.
"""

from __future__ import annotations

import http.client
import json
import queue
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from vestibule.catalog import text
from vestibule.cli.output import harmless

if TYPE_CHECKING:
    from vestibule.runtime.settings import HttpSettings

_LONGEST_WAIT_SECONDS: Final = 30
_LOOK_SECONDS: Final = 0.5
_WILDCARDS: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where to reach who listens everywhere
_KEYS: Final = frozenset("0123456789*#")
_QUIT: Final = frozenset({"quit", "exit", "ende"})
_HELP: Final = frozenset({"help", "hilfe", "?"})
_REPLY: Final = frozenset({"text", "reply", "antwort"})
_ACTS: Final = {
    "answer": "answer",
    "annehmen": "answer",
    "decline": "decline",
    "ablehnen": "decline",
    "hangup": "hang_up",
    "auflegen": "hang_up",
    "ringout": "ring_out",
    "busy": "be_busy",
    "besetzt": "be_busy",
    "free": "be_free",
    "frei": "be_free",
    "off": "be_unreachable",
    "aus": "be_unreachable",
    "on": "be_reachable",
    "an": "be_reachable",
}

State = dict[str, Any]


class Silent(Exception):
    """The server does not answer, or no longer knows the link."""


class _Stay(HTTPRedirectHandler):
    """Follow nothing: the answer to an act leads to a page that is not wanted here."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Line:
    """The way to the phones of one link."""

    def __init__(self, link: str) -> None:
        self._link = link
        self._opener = build_opener(ProxyHandler({}), _Stay())

    def state(self, since: int | None = None) -> State:
        """Return how the phones stand, when it is not as of `since` any more or after a while."""
        query = "" if since is None else "?" + urlencode({"since": since})
        read: State = json.loads(self._ask(Request(f"{self._link}/state{query}")))  # noqa: S310 - our own http address
        return read

    def act(self, number: str, what: str, **fields: str) -> None:
        body = urlencode({"number": number, "act": what, **fields}).encode()
        self._ask(Request(f"{self._link}/act", data=body, method="POST"))  # noqa: S310 - our own address

    def _ask(self, request: Request) -> bytes:
        try:
            with self._opener.open(request, timeout=_LONGEST_WAIT_SECONDS) as answer:
                content: bytes = answer.read()
                return content
        except HTTPError as error:
            if error.code == 303:
                return b""
            raise Silent from None
        except (URLError, OSError, http.client.HTTPException):
            raise Silent from None


@dataclass(slots=True)
class Teller:
    """Turns one state after another into lines: what is new since the one before."""

    language: str
    _seen_until: int = -1
    _call_id: str = ""
    _said: int = 0
    _awaits: bool = False
    _over: set[str] = field(default_factory=set)

    def begin(self, phone: State) -> None:
        """Take what is there already as seen, but for a call that is up."""
        self._seen_until = max((one["at"] for one in phone["texts"]), default=-1)
        self._over = {one["call_id"] for one in phone["past_calls"]}

    def news(self, phone: State) -> Iterator[str]:
        yield from self._texts(phone["texts"])
        for call in reversed(phone["past_calls"]):
            if call["call_id"] not in self._over:
                self._over.add(call["call_id"])
                yield from self._said_in(call)
                yield self._in_words("terminal.call_over", ending=self._in_words(f"ending.{call['ending']}"))
        call = phone["call"]
        if call is None:
            return
        if call["call_id"] != self._call_id:
            self._call_id, self._said, self._awaits = call["call_id"], 0, False
            yield self._in_words("news.call", caller=harmless(call["caller"]))
        yield from self._said_in(call)
        if call["awaits_keys"] and not self._awaits:
            yield self._in_words("awaits_keys")
        self._awaits = call["awaits_keys"]

    def _texts(self, texts: list[State]) -> Iterator[str]:
        for one in reversed([one for one in texts if one["at"] > self._seen_until]):
            self._seen_until = one["at"]
            key = "terminal.sent" if one["is_written_here"] else "terminal.text"
            yield self._in_words(key, body=harmless(one["body"]))

    def _said_in(self, call: State) -> Iterator[str]:
        if call["call_id"] != self._call_id:
            return
        for number, one in enumerate(call["spoken"], call["forgotten"] + 1):
            if number > self._said:
                self._said = number
                yield self._in_words("terminal.says", words=harmless(one["text"]))

    def _in_words(self, key: str, **placeholders: str) -> str:
        return text(self.language, f"phone.{key}", **placeholders)


class Screen:
    """One phone in one terminal."""

    def __init__(self, line: Line, phone: State, language: str) -> None:
        self._line = line
        self._number = str(phone["number"])
        self._language = language
        self._teller = Teller(language)
        self._teller.begin(phone)
        self._ended = threading.Event()

    def follow(self) -> None:
        """Write out what happens, until the server is gone. Runs in a thread of its own."""
        since: int | None = None
        try:
            while True:
                state = self._line.state(since)
                since = state["version"]
                for phone in state["phones"]:
                    if phone["number"] == self._number:
                        self._write(*self._teller.news(phone))
        except Silent:
            self._ended.set()

    def take(self, typed: str) -> bool:
        """Do what was typed; False if that was to end."""
        word, _, rest = typed.strip().partition(" ")
        word = word.casefold()
        if word in _QUIT:
            return False
        if word in _HELP:
            self.tell("terminal.help")
        elif word in _REPLY and rest.strip():
            self._line.act(self._number, "reply", body=rest.strip())
        elif word in _ACTS:
            self._line.act(self._number, _ACTS[word])
        elif word and _KEYS.issuperset(word):
            self._line.act(self._number, "press", keys=word)
        elif word:
            self.tell("terminal.unknown", typed=harmless(typed.strip()))
        return True

    def tell(self, key: str, **placeholders: str) -> None:
        self._write(text(self._language, f"phone.{key}", **placeholders))

    @property
    def is_over(self) -> bool:
        return self._ended.is_set()

    @staticmethod
    def _write(*lines: str) -> None:
        for each in lines:
            sys.stdout.write(f"{each}\n")
        sys.stdout.flush()


def show_phone(inside: str, outside: str, language: str, start: str) -> int:
    """Show the phone of the link until the person ends it; `inside` is where it is reached from here,
    `outside` the same for a browser, `start` the command that starts the server."""
    line = Line(inside)
    try:
        phones = line.state()["phones"]
        if not phones:
            sys.stderr.write(text(language, "phone.none") + "\n")
            return 1
        screen = Screen(line, phones[0], language)
        screen.tell("terminal.shows", number=phones[0]["number"], link=outside)
        screen.tell("terminal.help")
        threading.Thread(target=screen.follow, daemon=True).start()
        if _take_lines(screen):
            return 0
    except Silent:
        pass
    url = inside.partition("/phone/")[0]
    sys.stderr.write(text(language, "phone.terminal.silent", url=url, command=start) + "\n")
    return 1


def _take_lines(screen: Screen) -> bool:
    """Do what is typed, line by line; False if the server was gone first.

    The end of the input ends it for a person; a script that has nothing more to type goes on reading.
    """
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_read_lines, args=(lines,), daemon=True).start()
    while not screen.is_over:
        try:
            typed = lines.get(timeout=_LOOK_SECONDS)
        except queue.Empty:
            continue
        if typed == "" and sys.stdin.isatty():
            return True
        if not screen.take(typed):
            return True
    return False


def _read_lines(lines: queue.SimpleQueue[str]) -> None:
    while True:
        typed = sys.stdin.readline()
        lines.put(typed)
        if not typed:
            return


def own_url(settings: HttpSettings) -> str:
    """Return where the server is reached from this machine, without a slash at the end."""
    if settings.tls_certificate is not None or not settings.listen:
        return settings.public_url
    host, port = settings.listen[0].host, settings.listen[0].port
    host = _WILDCARDS.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
