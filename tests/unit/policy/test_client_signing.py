"""What is advised about the next step of a client that signs, or does not."""

from __future__ import annotations

import pytest

from vestibule.model.client_sighting import Seen, Sighting
from vestibule.model.radius_client import Signing, read_settings
from vestibule.policy.client_signing import Advice, judge_signing

NOW = 1_800_000_000_000


def seen(*kinds: Seen) -> dict[Seen, Sighting]:
    return {
        kind: Sighting(
            tenant_id="t", client_id="c", kind=kind, began_at=NOW, count=3, first_at=NOW, last_at=NOW + number
        )
        for number, kind in enumerate(kinds)
    }


@pytest.mark.parametrize(
    ("step", "kinds", "advice"),
    [
        (Signing.OBSERVE, (), Advice.UNSEEN),
        (Signing.OBSERVE, (Seen.SIGNED,), Advice.READY),
        (Signing.WARN, (Seen.SIGNED,), Advice.READY),
        (Signing.WARN, (Seen.EAP,), Advice.READY),
        (Signing.WARN, (Seen.UNSIGNED,), Advice.LACKING),
        (Signing.OBSERVE, (Seen.SIGNED, Seen.UNSIGNED), Advice.LACKING),
        (Signing.REQUIRE, (Seen.SIGNED,), Advice.KEEP),
        (Signing.REQUIRE, (), Advice.KEEP),
        (Signing.REQUIRE, (Seen.SIGNED, Seen.UNSIGNED), Advice.DROPPED),
    ],
)
def test_a_client_is_ready_when_all_that_came_was_signed(
    step: Signing, kinds: tuple[Seen, ...], advice: Advice
) -> None:
    """RA-06: one unsigned request within the time is enough to wait."""
    assert judge_signing("c", "vpn", step, seen(*kinds)).advice is advice


def test_the_report_says_how_many_and_when() -> None:
    found = judge_signing("c", "vpn", Signing.WARN, seen(Seen.SIGNED, Seen.UNSIGNED))
    assert (found.signed, found.signed_at) == (3, NOW)
    assert (found.unsigned, found.unsigned_at) == (3, NOW + 1)
    found = judge_signing("c", "vpn", Signing.WARN, {})
    assert (found.signed, found.signed_at, found.unsigned, found.unsigned_at) == (0, None, 0, None)


def test_there_are_three_steps_upwards() -> None:
    assert Signing.OBSERVE.next is Signing.WARN
    assert Signing.WARN.next is Signing.REQUIRE
    assert Signing.REQUIRE.next is None
    assert Signing.OBSERVE.is_below(Signing.WARN)
    assert not Signing.REQUIRE.is_below(Signing.REQUIRE)
    assert read_settings({}).message_authenticator is Signing.REQUIRE


@pytest.mark.parametrize(
    ("written", "step"),
    [
        ({"message_authenticator": "allow"}, Signing.OBSERVE),
        ({"message_authenticator": "auto"}, Signing.WARN),
        ({"message_authenticator": "auto", "has_signed": True}, Signing.REQUIRE),
        ({"message_authenticator": "require", "has_signed": True}, Signing.REQUIRE),
    ],
)
def test_what_was_written_before_is_understood(written: dict[str, object], step: Signing) -> None:
    """A client that had to sign once it had signed still has to."""
    assert read_settings(written).message_authenticator is step
