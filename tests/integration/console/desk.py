"""The console without a browser: an administrator's session, the pages he is shown, the forms he sends."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx

from tests.houses import TENANT
from tests.integration.http_api.house import HttpHouse
from vestibule.crypto.tokens import new_token, token_hash
from vestibule.model.application import CONSOLE_APPLICATION
from vestibule.model.session import Session
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.model.user import User

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
_TAG = re.compile(r"<[^>]+>")


class ConsoleWindow:
    """One signed-in administrator on the pages of one tenant."""

    def __init__(self, caller: httpx.AsyncClient, user: User) -> None:
        self.caller = caller
        self.user = user
        self._form_token = ""

    async def get(self, path: str, tenant_id: str = TENANT) -> httpx.Response:
        answer = await self.caller.get(self.address(path, tenant_id))
        found = _TOKEN.search(answer.text)
        self._form_token = found[1] if found else self._form_token
        return answer

    async def post(
        self,
        path: str,
        fields: Mapping[str, str | Sequence[str]] | None = None,
        tenant_id: str = TENANT,
        files: Any = None,
    ) -> httpx.Response:
        """Send a form as a page of ours does, and follow to where it leads."""
        if not self._form_token:
            await self.get("account", SYSTEM_TENANT)
        typed: dict[str, Any] = {"csrf_token": self._form_token, **(fields or {})}
        return await self.caller.post(
            self.address(path, tenant_id), data=typed, files=files, follow_redirects=True
        )

    @staticmethod
    def address(path: str, tenant_id: str = TENANT) -> str:
        return path if path.startswith("/") else f"/console/tenants/{tenant_id}/{path}"


def words(answer: httpx.Response) -> str:
    """Return what a page says, without its markup."""
    return " ".join(_TAG.sub(" ", answer.text).split())


@asynccontextmanager
async def at_console(house: HttpHouse, user: User) -> AsyncIterator[ConsoleWindow]:
    """Let somebody in who has proven both factors a moment ago."""
    token, now = new_token(32), house.inside.clock.now()
    session = Session(
        tenant_id=user.tenant_id,
        token_hash=token_hash(token),
        user_id=user.user_id,
        application_id=CONSOLE_APPLICATION,
        verification_id="",
        is_second_factor_proven=True,
        proven_at=now,
        created_at=now,
        seen_at=now,
        expires_at=now + 12 * 3_600_000,
    )
    await house.inside.store.transact(lambda tx: tx.add_session(session))
    async with house.caller() as caller:
        caller.cookies.set("vestibule-console", token)
        yield ConsoleWindow(caller, user)
