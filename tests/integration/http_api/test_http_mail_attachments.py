"""Attachments of mails, and whether a person gets mails at all, through the API (inventory 1.32)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.integration.http_api.house import API, HttpHouse
from vestibule.model.mail_attachment import MOST_BYTES

PATH = f"{API}/mail-attachments"
PDF = b"%PDF-1.7\n\x00\xff"


@pytest.fixture
async def office(house: HttpHouse) -> AsyncIterator[httpx.AsyncClient]:
    async with house.caller(await house.add_key("admin")) as caller:
        yield caller


async def add(office: httpx.AsyncClient, file: bytes, name: str = "steps.pdf", **told: str) -> httpx.Response:
    fields = {"template": "welcome.en", **told}
    return await office.post(PATH, data=fields, files={"file": (name, file, "text/html")})


async def test_life_of_an_attachment(office: httpx.AsyncClient) -> None:
    """What it is, the program says, and not who sends it; it comes back as a file to be saved."""
    added = await add(office, PDF)
    assert added.status_code == 201, added.text
    shown = added.json()
    assert {name: shown[name] for name in ("template", "file_name", "content_type", "size")} == {
        "template": "welcome.en",
        "file_name": "steps.pdf",
        "content_type": "application/pdf",
        "size": len(PDF),
    }
    again = (await add(office, b"Hello\n", "Erste Schritte.txt")).json()
    assert (await office.get(PATH)).json()["items"] == [again]
    content = await office.get(f"{PATH}/welcome.en/content")
    assert (content.content, content.headers["content-type"].partition(";")[0]) == (b"Hello\n", "text/plain")
    assert content.headers["content-disposition"] == "attachment; filename*=UTF-8''Erste%20Schritte.txt"
    assert (await office.delete(f"{PATH}/welcome.en")).status_code == 204
    assert (await office.delete(f"{PATH}/welcome.en")).status_code == 404
    assert (await office.get(f"{PATH}/welcome.en/content")).status_code == 404


async def test_a_file_that_cannot_be_attached_is_refused_with_the_cause(office: httpx.AsyncClient) -> None:
    for file, told, status, code in (
        (b"MZ\x90\x00", {}, 422, "attachment_unusable"),
        (b"%PDF-" + bytes(MOST_BYTES), {}, 422, "attachment_too_large"),
        (PDF, {"template": "farewell.en"}, 422, "template_unknown"),
    ):
        answer = await add(office, file, **told)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (await add(office, PDF, template="../x.en")).status_code == 400
    assert (await add(office, bytes(MOST_BYTES + 2 * 1024 * 1024))).status_code == 413
    assert (await office.get(PATH)).json()["items"] == []


async def test_whether_a_person_gets_mails(office: httpx.AsyncClient) -> None:
    added = (await office.post(f"{API}/users", json={"username": "bob"})).json()
    assert added["send_mail"] is True
    one = f"{API}/users/{added['id']}"
    assert (await office.patch(one, json={"send_mail": False})).json()["send_mail"] is False
    assert (await office.patch(one, json={"given_name": "Bob"})).json()["send_mail"] is False
    bulk = {"act": "mail_on", "user_ids": [added["id"]]}
    assert (await office.post(f"{API}/users/bulk", json=bulk)).json()["changed"] == 1
    assert (await office.get(one)).json()["send_mail"] is True
    silent = (await office.post(f"{API}/users", json={"username": "eve", "send_mail": False})).json()
    assert silent["send_mail"] is False
