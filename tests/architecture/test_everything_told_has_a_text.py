"""What administrators read of an attempt has a text: each step of a why-trace, each reason, each change.

The steps and kinds are found in the source itself, so that a new one without a text is a failure here.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path

from vestibule.catalog import has, keys, wordings
from vestibule.interfaces.directory import PasswordVerdictKind
from vestibule.model.access_rule import Effect
from vestibule.model.device_record import DeviceFact
from vestibule.model.mail_template import TEMPLATES
from vestibule.model.notice import TOLD
from vestibule.model.pin import PinState
from vestibule.model.verdict import VerdictKind
from vestibule.model.verification import Reason
from vestibule.services.activating import Began

SOURCE = Path(__file__).parents[2] / "src" / "vestibule"
RESULTS: dict[str, Iterable[StrEnum]] = {
    "passcode": VerdictKind,
    "password": PasswordVerdictKind,
    "front_end": Reason,
    "activation": Began,
    "rule": Effect,
    "report_only_rule": Effect,
    "skipped": [
        Reason.REMEMBERED_BROWSER,
        Reason.CACHED_FOR_USER,
        Reason.CACHED_FOR_APPLICATION,
        Reason.CACHED_FOR_ADDRESS,
    ],
    "pin": [state for state in PinState if state is not PinState.RIGHT],
}
"""Steps whose result is a member of an enumeration."""
RECORDERS = {"record", "event", "_record", "_event"}


def _calls(*folders: str) -> Iterator[tuple[str, ast.Call]]:
    """Yield every call in these packages with the name of what is called."""
    for folder in folders:
        for path in sorted((SOURCE / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call):
                    called = node.func
                    yield getattr(called, "id", getattr(called, "attr", "")), node


def _constants(node: ast.AST) -> list[str]:
    return [
        each.value
        for each in ast.walk(node)
        if isinstance(each, ast.Constant) and isinstance(each.value, str)
    ]


def _lines() -> Iterator[tuple[str, str, frozenset[str] | None]]:
    """Yield step, result and the names of the facts of every line that can stand in a why-trace; None where
    the facts are made elsewhere."""
    for name, call in _calls("services", "policy", "methods", "frontends", "worker"):
        if name != "TraceLine":
            continue
        for step in _constants(call.args[0]):
            results = call.args[1]
            if isinstance(results, ast.Constant | ast.IfExp):
                yield from ((step, result, _facts(call)) for result in _constants(results))
            else:
                yield from ((step, member.value, None) for member in RESULTS[step])


def _facts(call: ast.Call) -> frozenset[str] | None:
    if len(call.args) < 3:
        return frozenset()
    facts = call.args[2]
    if not isinstance(facts, ast.Dict) or None in facts.keys:
        return None
    return frozenset(key.value for key in facts.keys if isinstance(key, ast.Constant))


def test_each_step_of_a_trace_has_a_text() -> None:
    lines = {(step, result) for step, result, _ in _lines()}
    assert len(lines) > 30, "the search finds what there is"
    untold = [
        (step, result)
        for step, result in lines
        if not has(f"trace.{step}.{result}") and not (step == "front_end" and has(f"reason.{result}"))
    ]
    assert untold == []


def test_the_text_of_a_step_asks_for_no_fact_that_is_not_there() -> None:
    unfilled = [
        (step, result)
        for step, result, facts in _lines()
        if facts is not None
        and has(key := f"trace.{step}.{result}")
        and not wordings(key)["en"].placeholders <= facts
    ]
    assert unfilled == []


def test_no_text_tells_of_a_step_that_there_is_not() -> None:
    there_are = {f"trace.{step}.{result}" for step, result, _ in _lines()}
    assert [key for key in keys("trace.") if key not in there_are] == []


def test_each_reason_has_a_text() -> None:
    assert [reason for reason in Reason if not has(f"reason.{reason}")] == []


def test_each_fact_about_a_device_has_a_text() -> None:
    assert [fact for fact in DeviceFact if not has(f"app_device.fact.{fact}")] == []


def test_each_change_has_a_text() -> None:
    areas = {key.split(".")[1] for key in keys("event.")}
    kinds = {
        text
        for name, call in _calls("services")
        for argument in call.args
        for text in _constants(argument)
        if text.count(".") == 1
        and text.replace(".", "").replace("_", "").isalpha()
        and (name in RECORDERS or text.split(".")[0] in areas)
        and not has(text)
    }
    assert len(kinds) > 20, "the search finds what there is"
    assert [kind for kind in sorted(kinds) if not has(f"event.{kind}")] == []


def test_every_mail_has_words_and_a_name_in_the_outbox() -> None:
    wanted = [f"mail.{key}.{part}" for key in TEMPLATES for part in ("subject", "text")]
    wanted += [f"dispatch.kind.{key}" for key in TEMPLATES]
    wanted += [f"event.{kind}" for kind in TOLD]
    assert [key for key in wanted if not has(key)] == []


def test_every_column_at_the_terminal_has_a_heading() -> None:
    headings = {
        text
        for _, call in _calls("cli")
        for argument in call.keywords
        if argument.arg == "header" and isinstance(argument.value, ast.Tuple)
        for text in _constants(argument.value)
    }
    assert len(headings) > 20, "the search finds what there is"
    assert [text for text in sorted(headings) if not has(f"cli.label.{text}")] == []
