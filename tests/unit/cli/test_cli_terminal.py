"""What the terminal asks and says, without a house behind it."""

from __future__ import annotations

import ast
import io
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import vestibule.cli
from vestibule.catalog import LANGUAGES, has, keys, wordings
from vestibule.cli.attempts import explain
from vestibule.cli.desk import guarded
from vestibule.cli.listing import show_pages, show_rows
from vestibule.cli.terminal import NotDone, Terminal
from vestibule.crypto.secret import Secret
from vestibule.interfaces.store import Conflict, Unavailable
from vestibule.interfaces.transaction.lists import Listed, Page
from vestibule.model.verification import TraceLine
from vestibule.services.refusal import Refusal, Refused

FOLDER = Path(vestibule.cli.__file__).parent


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Any:
    """`typed("one", "two")`: what a script gives on standard input."""

    def give(*lines: str) -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))

    return give


# --- questions ------------------------------------------------------------------------------------------


def test_a_script_answers_on_standard_input(typed: Any, capsys: pytest.CaptureFixture[str]) -> None:
    typed("123456", "a password", "new one")
    terminal = Terminal("en")
    assert terminal.ask("ask.passcode") == "123456"
    assert terminal.ask_hidden("ask.password").reveal() == "a password"
    assert terminal.ask_new_password().reveal() == "new one"
    with pytest.raises(NotDone) as ended:
        terminal.ask("ask.passcode")
    assert ended.value.key == "cli.ask.nothing"
    out, err = capsys.readouterr()
    assert out == ""
    assert "a password" not in err


@pytest.mark.parametrize("answer", ["y", "YES", "j", "Ja"])
def test_yes_in_either_language_confirms(typed: Any, answer: str) -> None:
    typed(answer)
    Terminal("de").confirm(False, "ask.remove", name="bob")
    assert sys.stdin.read() == ""


@pytest.mark.parametrize("answer", ["", "n", "nein", "yess"])
def test_anything_else_does_not(typed: Any, answer: str) -> None:
    typed(answer)
    with pytest.raises(NotDone):
        Terminal("en").confirm(False, "ask.remove", name="bob")


def test_who_is_sure_is_not_asked(typed: Any) -> None:
    typed("n")
    Terminal("en").confirm(True, "ask.remove", name="bob")
    assert sys.stdin.read() == "n\n"


# --- answers --------------------------------------------------------------------------------------------


def test_a_secret_stands_alone_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    Terminal("en").secret(Secret("s3cr3t"), "client.secret_shown")
    out, err = capsys.readouterr()
    assert out == "s3cr3t\n"
    assert err.startswith("The shared secret, shown this one time")


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (NotDone("cli.tenant.several", tenants="a, b"), "There are several tenants"),
        (Refused(Refusal.NAME_TAKEN, "bob\x1b[1m"), "The name “bob\ufffd[1m” is already taken"),
        (Refused(Refusal.LOCKED_OUT), "Too many failures"),
        (Conflict(), "Somebody else has changed this meanwhile"),
        (Unavailable("PostgreSQL: no connection"), "PostgreSQL: no connection"),
    ],
)
async def test_what_was_not_done_is_said_and_ends_with_1(
    failure: Exception, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async def work() -> None:
        raise failure

    assert await guarded(Terminal("en"), work) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err


async def test_every_refusal_has_words() -> None:
    for language in LANGUAGES:
        for refusal in Refusal:
            assert Terminal(language).refusal(refusal.value, "7")


@pytest.mark.parametrize(
    ("line", "english", "german"),
    [
        (TraceLine("user", "active"), "The name belongs to a user", "Der Name gehört zu einem Benutzer"),
        (
            TraceLine("passcode", "match", {"method": "totp", "label": "Phone"}),
            "Time-based passcode, “Phone”",
            "Zeitbasierter Code, „Phone“",
        ),
        (
            TraceLine("password", "unavailable", {"detail": "ldap.trouble.timed_out"}),
            "(The directory did not answer in time.",
            "(Das Verzeichnis hat nicht rechtzeitig geantwortet.",
        ),
        (TraceLine("newer", "fact", {"a": "1\n"}), "newer: fact, a = 1\ufffd", "newer: fact, a = 1\ufffd"),
        (TraceLine("old", "unknown_user"), "No user of this name", "Kein Benutzer mit diesem Namen"),
    ],
)
def test_a_trace_is_told_in_words(line: TraceLine, english: str, german: str) -> None:
    assert english in explain(Terminal("en"), line)
    assert german in explain(Terminal("de"), line)


# --- lists ----------------------------------------------------------------------------------------------


def listed(rows: Sequence[int]) -> Any:
    """A service with a list of numbers, and the pages it was asked for."""
    asked: list[Page] = []

    async def fetch(page: Page) -> Listed:
        asked.append(page)
        start = int(page.cursor or 0)
        end = start + page.limit
        return Listed(tuple(rows[start:end]), str(end) if end < len(rows) else "")

    return fetch, asked


async def shown(rows: Sequence[int], limit: int | None, *, as_json: bool) -> list[Page]:
    fetch, asked = listed(rows)
    await show_pages(
        Terminal("en"),
        fetch,
        limit,
        as_json=as_json,
        record=lambda number: {"number": number},
        header=("name",),
        row=lambda number: (str(number),),
        empty="list.no_users",
    )
    return asked


@pytest.mark.parametrize("count", [0, 1, 2, 500, 501, 1250])
async def test_json_follows_the_pages_to_the_end(count: int, capsys: pytest.CaptureFixture[str]) -> None:
    asked = await shown(range(count), None, as_json=True)
    out, err = capsys.readouterr()
    assert json.loads(out) == [{"number": number} for number in range(count)]
    assert err == ""
    assert len(asked) == max(1, -(-count // 500))


@pytest.mark.parametrize(("limit", "lines"), [(None, 100), (3, 3), (600, 600), (0, 1250)])
async def test_people_see_as_much_as_they_asked_for(
    limit: int | None, lines: int, capsys: pytest.CaptureFixture[str]
) -> None:
    await shown(range(1250), limit, as_json=False)
    out, err = capsys.readouterr()
    assert out.splitlines() == ["Name", *map(str, range(lines))]
    assert ("There are more" in err) == (lines < 1250)


async def test_an_empty_list_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    await shown([], None, as_json=False)
    assert capsys.readouterr() == ("", "No users found.\n")


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_whole_list_is_one_json_array(count: int, capsys: pytest.CaptureFixture[str]) -> None:
    show_rows(
        Terminal("en"),
        range(count),
        as_json=True,
        record=lambda number: number,
        header=(),
        row=lambda _: (),
        empty="list.no_users",
    )
    assert json.loads(capsys.readouterr().out) == list(range(count))


# --- texts ----------------------------------------------------------------------------------------------

_SAYING = {"say", "note", "words", "ask", "ask_hidden"}
_SECOND = {"confirm", "secret"}
_FINDINGS = {"ok", "note", "warning", "problem"}
_SPEAKING = {*_SAYING, *_SECOND, *_FINDINGS, "NotDone"}


def constant(node: ast.AST | None) -> str:
    """Return the text of a literal, empty for anything else."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def calls() -> Iterator[tuple[Path, ast.Call, str]]:
    for file in sorted(FOLDER.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                function = node.func
                name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
                yield file, node, name


def texts_of(file: Path, call: ast.Call, name: str) -> Iterator[str]:
    """Yield the catalog keys that a call names literally."""
    first = constant(call.args[0]) if call.args else ""
    second = constant(call.args[1]) if len(call.args) > 1 else ""
    is_method = isinstance(call.func, ast.Attribute)
    if file.parent.name == "checks" or file.name == "doctor.py":
        if name in _FINDINGS and not is_method and second:
            yield from [f"doctor.area.{first}"] if first else []
            yield f"doctor.{second}"
        return
    if name == "NotDone" and first:
        yield first
    if not is_method or file.name in ("try_.py", "token.py"):
        return
    if name in _SAYING and first:
        yield f"cli.{first}"
    if name in _SECOND and second:
        yield f"cli.{second}"
    for word in call.keywords:
        if word.arg == "empty" and constant(word.value):
            yield f"cli.{constant(word.value)}"
        if word.arg == "header" and isinstance(word.value, ast.Tuple):
            yield from (f"cli.label.{constant(label)}" for label in word.value.elts)
    if name == "facts" and call.args and isinstance(call.args[0], ast.List):
        pairs = [pair for pair in call.args[0].elts if isinstance(pair, ast.Tuple)]
        yield from (f"cli.label.{constant(pair.elts[0])}" for pair in pairs)


def test_every_text_that_is_said_exists() -> None:
    wanted = [(file.name, key) for file, call, name in calls() for key in texts_of(file, call, name)]
    assert len(wanted) > 150
    assert [entry for entry in wanted if not has(entry[1])] == []


def test_texts_are_given_what_they_take() -> None:
    wrong, looked_at = [], 0
    for file, call, name in calls():
        key = ([""] + [key for key in texts_of(file, call, name) if ".area." not in key])[-1]
        if name in _SPEAKING and key and all(word.arg for word in call.keywords):
            looked_at += 1
            given = {word.arg for word in call.keywords}
            if wordings(key)["en"].placeholders != given:
                wrong.append((file.name, key, given))
    assert wrong == []
    assert looked_at > 150


def test_no_text_of_the_doctor_is_left_over() -> None:
    used = {key for file, call, name in calls() for key in texts_of(file, call, name)}
    by_name = ("doctor.grade.", "doctor.end", "doctor.users.without", "doctor.users.some_without")
    assert [key for key in keys("doctor.") if key not in used and not key.startswith(by_name)] == []
