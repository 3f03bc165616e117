"""Answers to security questions: one row for each person who has given any, gone with the person."""

from __future__ import annotations

from typing import Final

from vestibule.model.security_question import SecurityAnswers
from vestibule.stores.rows import SECURITY_ANSWERS, record_values, security_answers_of
from vestibule.stores.statement import Statement, insert, select
from vestibule.stores.transaction import Requests

ANSWERS_OF: Final = Statement(
    f"select {select(SECURITY_ANSWERS)} from security_answers"  # noqa: S608 - made of constants
    " where tenant_id = :tenant_id and user_id = :user_id"
)
PUT_ANSWERS: Final = Statement(
    insert("security_answers", SECURITY_ANSWERS) + " on conflict (tenant_id, user_id) do update"
    " set sealed = excluded.sealed, created_at = excluded.created_at"
)
REMOVE_ANSWERS: Final = Statement(
    "delete from security_answers where tenant_id = :tenant_id and user_id = :user_id"
)


class SecurityAnswerRows(Requests):
    __slots__ = ()

    async def security_answers(self, tenant_id: str, user_id: str) -> SecurityAnswers | None:
        rows = await self.fetch(ANSWERS_OF(tenant_id=tenant_id, user_id=user_id))
        return security_answers_of(rows[0]) if rows else None

    async def put_security_answers(self, answers: SecurityAnswers) -> None:
        await self.execute(PUT_ANSWERS(**record_values(answers)))

    async def remove_security_answers(self, tenant_id: str, user_id: str) -> bool:
        return await self.execute(REMOVE_ANSWERS(tenant_id=tenant_id, user_id=user_id)) > 0
