"""Users from a CSV file over the API: tried, named row by row, and all or nobody."""

from __future__ import annotations

from tests.integration.http_api.house import API, HttpHouse


async def test_users_come_from_a_file_all_or_nobody(house: HttpHouse) -> None:
    async with house.caller(await house.add_key("admin")) as office:

        async def send(text: str, **form: str) -> dict[str, object]:
            files = {"file": ("users.csv", text.encode())}
            answer = await office.post(f"{API}/users/import", files=files, data=form)
            assert answer.status_code == 200, answer.text
            told: dict[str, object] = answer.json()
            return told

        async def names() -> list[str]:
            return [each["username"] for each in (await office.get(f"{API}/users")).json()["items"]]

        good = "username;email\nada;ada@example.org\nbert;\n"
        tried = await send(good, dry_run="true")
        assert (tried["is_dry_run"], tried["added"], await names()) == (True, ["ada", "bert"], [])
        wrong = await send("username;email\ncora;nowhere\nbert;\n")
        assert (wrong["added"], wrong["bad"], await names()) == ([], 1, [])
        assert wrong["problems"] == [
            {"line": 2, "problem": "email", "detail": "“nowhere” is no e-mail address."}
        ]
        assert (await send(good))["added"] == ["ada", "bert"]
        again = await send(good)
        assert [row["line"] for row in again["problems"]] == [2, 3]  # type: ignore[attr-defined,index] # JSON
        for content, code in ((b"\xff", "not_text"), (b"x" * (2 * 1024 * 1024 + 1), "list_too_long")):
            refused = await office.post(f"{API}/users/import", files={"file": ("users.csv", content)})
            assert (refused.status_code, refused.json()["code"]) == (422, code)
    async with house.caller(await house.add_key("verify")) as shop:
        assert (await shop.post(f"{API}/users/import", files={"file": ("u", b"")})).status_code == 403
