"""What is counted of requests, and what of it is written."""

from __future__ import annotations

import pytest

from tests.unit.frontends.radius.scripted import (
    SECRET,
    radius_client,
    sign_in_request,
    unsigned_request,
)
from vestibule.frontends.radius.admission import Admitted, Fate, admit
from vestibule.frontends.radius.clients import RadiusClient
from vestibule.frontends.radius.watching import MOST_STRANGERS, Watch
from vestibule.interfaces.store import Unavailable
from vestibule.model.client_sighting import HOUR_MS, Seen, Sighting
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.wire.radius import SharedSecret
from vestibule.wire.radius.numbers import (
    ACCESS_ACCEPT,
    ACCESS_CHALLENGE,
    CALLING_STATION_ID,
    EVENT_TIMESTAMP,
    NAS_IDENTIFIER,
    STATE,
)

START = 1_800_000_000_000
SOURCE = "192.0.2.1"
WHOLE = ((NAS_IDENTIFIER, b"vpn"), (CALLING_STATION_ID, b"198.51.100.7"))
KEY, OTHER_KEY = (1, SOURCE, 5000, 7), (1, SOURCE, 5001, 8)


class Hand:
    """A clock that is turned by hand, and a store that keeps what it is given or fails."""

    def __init__(self) -> None:
        self.time = START
        self.kept: list[tuple[Sighting, ...]] = []
        self.is_broken = False

    def now(self) -> int:
        return self.time

    async def keep(self, sightings: tuple[Sighting, ...]) -> None:
        if self.is_broken:
            raise Unavailable("no database")
        self.kept.append(sightings)


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def watch(hand: Hand) -> Watch:
    return Watch(hand, hand.keep)


async def seen(watch: Watch, hand: Hand) -> dict[Seen, Sighting]:
    await watch.flush()
    return {each.kind: each for each in (hand.kept[-1] if hand.kept else ())}


def begin(
    watch: Watch, datagram: bytes, client: RadiusClient, key: tuple[object, ...] = KEY, now: int = START
) -> None:
    request = admit(datagram, client, now)
    assert isinstance(request, Admitted)
    assert request.access is not None
    watch.begins(client, request, request.access, key, SOURCE)


async def test_a_sound_request_shows_how_it_was_signed_and_proven(watch: Watch, hand: Hand) -> None:
    begin(watch, sign_in_request(b"secret", *WHOLE), radius_client())
    watch.answered(KEY, ACCESS_ACCEPT)
    found = await seen(watch, hand)
    assert found.keys() == {Seen.PASSWORD, Seen.SIGNED, Seen.ACCEPTED}
    one = found[Seen.SIGNED]
    assert (one.tenant_id, one.client_id, one.source) == ("tenant-1", "client-1", SOURCE)
    assert (one.count, one.first_at, one.began_at) == (1, START, START - START % HOUR_MS)


async def test_an_unsigned_request_shows_whether_its_password_is_text(watch: Watch, hand: Hand) -> None:
    """A wrong secret makes rubbish of a password, and nothing else tells of it."""
    client = radius_client({"message_authenticator": "observe"})
    begin(watch, unsigned_request(*WHOLE), client)
    assert (await seen(watch, hand)).keys() == {Seen.PASSWORD, Seen.UNSIGNED}
    begin(watch, unsigned_request(*WHOLE, secret=SharedSecret(b"of somebody else")), client)
    assert Seen.UNREADABLE_PASSWORD in await seen(watch, hand)


async def test_the_older_of_two_secrets_is_told(watch: Watch, hand: Hand) -> None:
    """RA-27."""
    client = radius_client(secrets=((None, b"the new shared secret"), (None, SECRET)))
    begin(watch, sign_in_request(b"secret", *WHOLE), client)
    assert Seen.OLD_SECRET in await seen(watch, hand)


async def test_what_a_request_lacks_is_told(watch: Watch, hand: Hand) -> None:
    begin(watch, sign_in_request(b"secret", (STATE, b"s")), radius_client())
    assert {Seen.UNNAMED_NAS, Seen.NO_STATION, Seen.RETURNED} < (await seen(watch, hand)).keys()


async def test_the_clock_is_compared_where_the_client_tells_it(watch: Watch, hand: Hand) -> None:
    told = (START // 1000 - 90).to_bytes(4, "big")
    begin(watch, sign_in_request(b"secret", (EVENT_TIMESTAMP, told)), radius_client())
    found = (await seen(watch, hand))[Seen.CLOCK]
    assert (found.least, found.most) == (-90_000, -90_000)


async def test_an_answer_after_the_last_repeat_is_too_late(watch: Watch, hand: Hand) -> None:
    """RA-25: one second, three tries; the person approves after eight."""
    begin(watch, sign_in_request(b"secret", *WHOLE), radius_client())
    for hand.time in (START + 1000, START + 2000):
        watch.repeats(KEY)
    hand.time = START + 8000
    watch.answered(KEY, ACCESS_ACCEPT)
    found = await seen(watch, hand)
    assert (found[Seen.REPEATED].count, found[Seen.REPEATED].least) == (2, 1000)
    assert found[Seen.GAVE_UP].least == 3000


async def test_an_answer_between_two_repeats_is_in_time(watch: Watch, hand: Hand) -> None:
    begin(watch, sign_in_request(b"secret", *WHOLE), radius_client())
    hand.time = START + 5000
    watch.repeats(KEY)
    hand.time = START + 9000
    watch.answered(KEY, ACCESS_CHALLENGE)
    found = await seen(watch, hand)
    assert Seen.CHALLENGED in found
    assert Seen.GAVE_UP not in found


async def test_the_same_person_again_is_a_new_request_while_the_former_waits(
    watch: Watch, hand: Hand
) -> None:
    """RA-03."""
    client = radius_client()
    begin(watch, sign_in_request(b"secret", *WHOLE), client)
    hand.time = START + 5000
    begin(watch, sign_in_request(b"secret", *WHOLE, identifier=9), client, OTHER_KEY)
    assert (await seen(watch, hand))[Seen.RESTARTED].least == 5000
    watch.ends(KEY)
    watch.ends(OTHER_KEY)
    begin(watch, sign_in_request(b"secret", *WHOLE, identifier=10), client)
    assert Seen.RESTARTED not in await seen(watch, hand)


async def test_strangers_are_told_apart_up_to_a_number(watch: Watch, hand: Hand) -> None:
    """RA-12: a flood from many addresses costs no memory."""
    for number in range(1000):
        watch.stranger(f"2001:db8::{number:x}")
    await watch.flush()
    assert len(hand.kept[-1]) == MOST_STRANGERS
    assert {each.tenant_id for each in hand.kept[-1]} == {SYSTEM_TENANT}
    watch.stranger(SOURCE)
    watch.stranger(SOURCE)
    assert (await seen(watch, hand))[Seen.UNKNOWN_CLIENT].count == 2


@pytest.mark.parametrize(
    ("fate", "kind"),
    [
        (Fate.UNSIGNED, Seen.UNSIGNED),
        (Fate.BAD_SIGNATURE, Seen.WRONG_SIGNATURE),
        (Fate.PROXY_STATE, Seen.PROXY_STATE),
        (Fate.MALFORMED, Seen.MALFORMED),
        (Fate.ACCOUNTING, Seen.ACCOUNTING_HERE),
    ],
)
async def test_what_is_dropped_is_told(watch: Watch, hand: Hand, fate: Fate, kind: Seen) -> None:
    watch.dropped(radius_client(), fate, SOURCE)
    watch.dropped(radius_client(), Fate.OTHER_CODE, SOURCE)
    assert (await seen(watch, hand)).keys() == {kind}


async def test_what_could_not_be_written_is_written_with_what_follows(watch: Watch, hand: Hand) -> None:
    client = radius_client()
    hand.is_broken = True
    watch.dropped(client, Fate.UNSIGNED, SOURCE)
    watch.stranger(SOURCE)
    await watch.flush()
    hand.is_broken = False
    watch.dropped(client, Fate.UNSIGNED, SOURCE)
    found = await seen(watch, hand)
    assert found[Seen.UNSIGNED].count == 2
    assert Seen.UNKNOWN_CLIENT not in found
    await watch.flush()
    assert len(hand.kept) == 1, "nothing new is nothing to write"


def test_nothing_secret_is_kept() -> None:
    """A sum has no field for a name, a password or a State."""
    assert set(Sighting.__struct_fields__) == {
        *("tenant_id", "client_id", "kind", "began_at", "count", "first_at", "last_at"),
        *("least", "most", "source"),
    }
