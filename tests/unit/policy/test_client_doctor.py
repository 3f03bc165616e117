"""What is found wrong with a client, for each thing that can be."""

from __future__ import annotations

from typing import Any

import pytest

from vestibule.model.client_sighting import Seen, Sighting
from vestibule.model.radius_client import RadiusClientSettings, read_settings
from vestibule.policy.client_doctor import Finding, Grade, Patient, judge_client, judge_stranger
from vestibule.services.client_words import finding_words

NOW = 1_800_000_000_000
MINUTE = 60_000


def seen(kind: Seen, ago: int = 5 * MINUTE, **fields: Any) -> Sighting:
    usual = {"count": 2, "first_at": NOW - ago, "last_at": NOW - ago, "source": "192.0.2.1"}
    return Sighting(tenant_id="t", client_id="c", kind=kind, began_at=NOW, **(usual | fields))


def judged(*sightings: Sighting, is_carried: bool = False, **settings: Any) -> tuple[Finding, ...]:
    chosen: RadiusClientSettings = read_settings(settings)
    by_kind = {each.kind: each for each in sightings}
    found = judge_client(Patient(settings=chosen, is_carried=is_carried, seen=by_kind, now=NOW))
    assert all(finding_words("de", each) for each in found), "there are words for it"
    return found


def keys(found: tuple[Finding, ...]) -> list[str]:
    return [finding.key for finding in found]


@pytest.mark.parametrize(
    ("kind", "grade"),
    [
        (Seen.WRONG_SIGNATURE, Grade.PROBLEM),
        (Seen.UNREADABLE_PASSWORD, Grade.PROBLEM),
        (Seen.PROXY_STATE, Grade.PROBLEM),
        (Seen.MALFORMED, Grade.WARNING),
        (Seen.ACCOUNTING_HERE, Grade.WARNING),
        (Seen.NO_NAME, Grade.WARNING),
        (Seen.REPEATED_AFTER, Grade.WARNING),
        (Seen.UNNAMED_NAS, Grade.WARNING),
    ],
)
def test_some_things_are_wrong_whenever_they_are_seen(kind: Seen, grade: Grade) -> None:
    (found,) = judged(seen(kind))
    assert (found.key, found.grade, found.count) == (kind.value, grade, 2)
    assert (found.first_at, found.last_at) == (NOW - 5 * MINUTE, NOW - 5 * MINUTE)


@pytest.mark.parametrize("kind", [Seen.OLD_SECRET, Seen.NO_STATION])
def test_some_things_are_only_noted(kind: Seen) -> None:
    assert keys(judged(seen(kind), seen(Seen.ACCEPTED))) == [kind.value, "accepted"]


def test_unsigned_requests_are_a_problem_where_they_are_dropped() -> None:
    """RA-06."""
    (found,) = judged(seen(Seen.UNSIGNED))
    assert (found.key, found.grade) == ("unsigned_dropped", Grade.PROBLEM)
    (found,) = judged(seen(Seen.UNSIGNED), message_authenticator="warn")
    assert (found.key, found.grade) == ("unsigned", Grade.WARNING)


def test_a_device_that_gave_up_waited_too_briefly() -> None:
    """RA-25: three tries of one second are no time for a person."""
    (found,) = judged(seen(Seen.GAVE_UP, least=3000, most=9000), seen(Seen.REPEATED, least=1000))
    assert (found.key, found.grade, found.value) == ("gave_up", Grade.PROBLEM, 3)


def test_a_device_that_waits_a_minute_is_patient_enough() -> None:
    assert keys(judged(seen(Seen.GAVE_UP, least=60_000), seen(Seen.ACCEPTED))) == ["accepted"]


def test_repeats_alone_do_no_harm() -> None:
    """RA-01."""
    found = judged(seen(Seen.REPEATED, least=4900, most=5100), seen(Seen.ACCEPTED))
    assert [(each.key, each.value) for each in found] == [("repeated", 5), ("accepted", 0)]


def test_repeats_that_are_new_requests_are_told() -> None:
    """RA-03."""
    (found,) = judged(seen(Seen.RESTARTED, least=5000))
    assert (found.key, found.grade, found.value) == ("restarted", Grade.WARNING, 5)


def test_a_challenge_that_nobody_ever_answers_is_perhaps_never_shown() -> None:
    """S59: passcodes need a client that can ask."""
    assert keys(judged(seen(Seen.CHALLENGED))) == ["no_return"]
    assert keys(judged(seen(Seen.CHALLENGED, ago=MINUTE - 1))) == ["silent"]
    assert keys(judged(seen(Seen.CHALLENGED), seen(Seen.RETURNED), seen(Seen.ACCEPTED))) == ["accepted"]


@pytest.mark.parametrize("kind", [Seen.CHAP, Seen.MS_CHAP, Seen.EAP])
def test_what_hides_the_password_needs_a_server_behind(kind: Seen) -> None:
    """RA-17."""
    (found,) = judged(seen(kind))
    assert (found.key, found.grade) == (f"{kind.value}_refused", Grade.PROBLEM)
    found = judged(seen(kind), seen(Seen.ACCEPTED), is_carried=True)[0]
    assert (found.key, found.grade) == ("answered_elsewhere", Grade.NOTE)


@pytest.mark.parametrize("kind", [Seen.EAP, Seen.MS_CHAP])
def test_what_is_let_in_is_spoken_here(kind: Seen) -> None:
    assert keys(judged(seen(kind), seen(Seen.ACCEPTED))) == ["accepted"]


@pytest.mark.parametrize(
    ("least", "most", "expected"),
    [
        (-300_000, 300_000, "accepted"),
        (0, 600_000, "clock_ahead"),
        (-7_200_000, 10, "clock_behind"),
    ],
)
def test_a_clock_that_is_minutes_apart_is_told(least: int, most: int, expected: str) -> None:
    found = judged(seen(Seen.CLOCK, least=least, most=most), seen(Seen.ACCEPTED))[0]
    assert found.key == expected
    assert found.value in (0, max(-least, most) // 1000)


def test_where_nothing_is_wrong_that_is_said() -> None:
    asked = seen(Seen.PASSWORD)
    assert keys(judged()) == ["silent"]
    assert keys(judged(asked)) == ["undecided"]
    assert keys(judged(asked, seen(Seen.REJECTED))) == ["only_rejected"]
    (found,) = judged(asked, seen(Seen.REJECTED), seen(Seen.ACCEPTED))
    assert (found.key, found.grade) == ("accepted", Grade.FINE)


def test_the_worst_comes_first() -> None:
    found = judged(seen(Seen.NO_STATION), seen(Seen.UNNAMED_NAS), seen(Seen.WRONG_SIGNATURE))
    assert keys(found) == ["wrong_signature", "unnamed_nas", "no_station"]


def test_a_stranger_is_told_by_his_address() -> None:
    found = judge_stranger(seen(Seen.UNKNOWN_CLIENT))
    assert (found.key, found.grade) == ("unknown_client", Grade.PROBLEM)
