"""Voice messages through the API: uploaded, listed, heard, replaced, removed (inventory 1.4)."""

from __future__ import annotations

import math
import struct
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.houses import TENANT
from tests.integration.http_api.house import API, HttpHouse
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.actor import SYSTEM
from vestibule.wire.sound import read_wav, write_wav

PATH = f"{API}/voice-messages"


def wav(seconds: float = 0.5, rate: int = 16_000) -> bytes:
    count = int(seconds * rate)
    tone = [int(9000 * math.sin(2 * math.pi * 440 * n / rate)) for n in range(count)]
    return write_wav(struct.pack(f"<{count}h", *tone), rate)


@pytest.fixture
async def office(house: HttpHouse) -> AsyncIterator[httpx.AsyncClient]:
    async with house.caller(await house.add_key("admin")) as caller:
        yield caller


async def add(office: httpx.AsyncClient, file: bytes, **fields: str) -> httpx.Response:
    told = {"language": "en", "type": "successful", **fields}
    return await office.post(PATH, data=told, files={"file": ("a.wav", file, "audio/wav")})


async def test_life_of_a_recording(house: HttpHouse, office: httpx.AsyncClient) -> None:
    added = await add(office, wav(), description="take 1")
    assert added.status_code == 201, added.text
    shown = added.json()
    assert (shown["type"], shown["language"], shown["application_id"]) == ("successful", "en", "")
    assert (shown["milliseconds"], shown["description"]) == (500, "take 1")
    assert (await office.get(PATH)).json()["items"] == [shown]

    sound = await office.get(f"{PATH}/{shown['id']}/sound")
    assert (sound.status_code, sound.headers["content-type"]) == (200, "audio/wav")
    heard = read_wav(sound.content)
    assert (heard.rate, len(heard.samples)) == (8000, 4000)

    again = (await add(office, wav(1.0))).json()
    assert again["id"] != shown["id"]
    assert (await office.get(PATH)).json()["items"] == [again]
    assert (await office.get(f"{PATH}/{shown['id']}/sound")).status_code == 404

    services = house.inside.services
    assert await services.voice_messages.sound(TENANT, again["id"]) is not None

    assert (await office.delete(f"{PATH}/{again['id']}")).status_code == 204
    assert (await office.delete(f"{PATH}/{again['id']}")).status_code == 404
    assert (await office.get(PATH)).json()["items"] == []
    events = await services.attempts.events(SYSTEM, TENANT, "voice_message", Page())
    # The clock of this house stands still, so they have no order.
    kinds = {event.kind.removeprefix("voice_message.") for event in events.rows}
    assert kinds == {"added", "replaced", "removed"}


@pytest.mark.parametrize(
    ("file", "code"),
    [
        (b"", "sound_not_a_sound_file"),
        (b"GIF89a", "sound_not_a_sound_file"),
        (b"RIFF" + bytes(5 * 1024 * 1024), "sound_too_large"),
        (write_wav(bytes(2 * 8000 * 61)), "sound_too_long"),
        (write_wav(b""), "sound_no_sound"),
        (b"ID3" + bytes(100), "sound_damaged"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_file_that_cannot_be_used_is_refused_with_the_cause(
    office: httpx.AsyncClient, file: bytes, code: str
) -> None:
    answer = await add(office, file)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["detail"]
    assert (await office.get(PATH)).json()["items"] == []


async def test_what_is_no_place_for_a_recording_is_refused(office: httpx.AsyncClient) -> None:
    assert (await add(office, wav(), type="farewell")).status_code == 400
    assert (await add(office, wav(), language="../x")).status_code == 400
    assert (await add(office, wav(), language="tlh")).status_code == 404
    assert (await add(office, wav(), application_id="nowhere")).status_code == 404
    assert (await add(office, bytes(7 * 1024 * 1024))).status_code == 413
    assert (await office.get(f"{PATH}/nobody/sound")).status_code == 404


async def test_recordings_are_for_administrators(house: HttpHouse, office: httpx.AsyncClient) -> None:
    """TEN-01, API keys that may only verify reach nothing here."""
    one = (await add(office, wav())).json()["id"]
    async with house.caller(await house.add_key("verify")) as shop:
        for answer in (
            await shop.get(PATH),
            await add(shop, wav()),
            await shop.get(f"{PATH}/{one}/sound"),
            await shop.delete(f"{PATH}/{one}"),
        ):
            assert answer.status_code == 403
