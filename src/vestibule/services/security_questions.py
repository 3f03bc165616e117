"""Security questions: chosen and answered at the portal, and judged there beside the password, nowhere else.

Invariants:
- Off unless the tenant has written questions. They let nobody in at any other door, and nobody without his
  password: they answer an open challenge of the portal.
- An attempt is counted before it is judged, in a count of its own; only right answers take it back.
- argon2id runs in a thread and never inside a transaction. An answer is never shown, told or logged.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec
import structlog

from vestibule.crypto.passwords import DUMMY_HASH, hash_password, verify_password
from vestibule.crypto.sealing import CannotUnseal, Sealer, context
from vestibule.crypto.secret import Secret
from vestibule.interfaces.store import Store, Transaction
from vestibule.model.actor import Actor, NotAllowed
from vestibule.model.security_question import LEAST_ANSWER, SecurityAnswers, normalized
from vestibule.model.tenant import TenantSettings
from vestibule.model.throttle import Factor
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused

log = structlog.get_logger(__name__)


class Answered(msgspec.Struct, frozen=True):
    """A question as it was asked, and the answer to it."""

    question: str
    answer: Secret[str]


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    question: str
    hashed: str


class SecurityQuestions:
    def __init__(self, store: Store, configuration: ConfigurationCache, sealer: Sealer) -> None:
        self._store = store
        self._configuration = configuration
        self._sealer = sealer

    def offered(self, tenant_id: str, language: str) -> tuple[str, ...]:
        """Return the tenant's questions in a language, in its order, else in the first that it has."""
        questions = self._settings(tenant_id).security_questions
        return questions.get(language) or next(iter(questions.values()), ())

    def to_keep(self, tenant_id: str) -> int:
        """Return how many a person picks."""
        return self._settings(tenant_id).security_questions_kept

    async def asked(self, tenant_id: str, user_id: str) -> tuple[str, ...]:
        """Return the questions that a person has answered; none while the tenant allows none."""
        if not self._settings(tenant_id).security_questions:
            return ()
        found = await self._store.read(lambda tx: tx.security_answers(tenant_id, user_id))
        return tuple([kept.question for kept in self._opened(found)]) if found else ()

    async def keep(self, actor: Actor, tenant_id: str, user_id: str, answers: Sequence[Answered]) -> None:
        """Put these answers in the place of any before; raises `Refused`. Nobody answers for another."""
        if not actor.is_self(tenant_id, user_id):
            raise NotAllowed("a person answers his security questions himself")
        offered = {
            each for questions in self._settings(tenant_id).security_questions.values() for each in questions
        }
        questions = [each.question for each in answers]
        if len(set(questions)) != self.to_keep(tenant_id) or not offered.issuperset(questions):
            raise Refused(Refusal.QUESTIONS_UNFIT, str(self.to_keep(tenant_id)))
        said = [normalized(each.answer.reveal()) for each in answers]
        if any(len(each) < LEAST_ANSWER for each in said) or len(set(said)) != len(said):
            raise Refused(Refusal.ANSWERS_UNFIT, str(LEAST_ANSWER))
        hashes = await asyncio.to_thread(lambda: [hash_password(each) for each in said])
        content = msgspec.json.encode([_Kept(*pair) for pair in zip(questions, hashes, strict=True)])
        sealed = self._sealer.seal(content, _context(tenant_id, user_id))

        async def body(tx: Transaction) -> None:
            subject = await tx.subject(tenant_id, user_id)
            if subject is None:
                raise Refused(Refusal.NOT_FOUND, user_id)
            kept = SecurityAnswers(tenant_id=tenant_id, user_id=user_id, sealed=sealed, created_at=tx.now)
            await tx.put_security_answers(kept)
            await tx.clear_throttle(tenant_id, user_id, Factor.QUESTIONS)
            await record(tx, actor, tenant_id, "user.questions_answered", user_id, subject.user.username)

        await self._store.transact(body)

    async def forget(self, actor: Actor, tenant_id: str, user_id: str) -> None:
        """Take a person's answers away."""
        actor.demand_of(tenant_id, user_id)

        async def body(tx: Transaction) -> None:
            subject = await tx.subject(tenant_id, user_id)
            if subject is not None and await tx.remove_security_answers(tenant_id, user_id):
                await record(tx, actor, tenant_id, "user.questions_removed", user_id, subject.user.username)

        await self._store.transact(body)

    async def check(self, tenant_id: str, user_id: str, answers: Sequence[Secret[str]]) -> bool:
        """Judge answers in the order of `asked`, counted; False for who has none or is locked, too."""
        limits, settings = self._configuration.current.limits[tenant_id], self._settings(tenant_id)
        if not settings.security_questions:
            return False

        async def reserve(tx: Transaction) -> SecurityAnswers | None:
            throttle = await tx.settle_attempt(tenant_id, user_id, Factor.QUESTIONS, False, limits)
            return await tx.security_answers(tenant_id, user_id) if throttle is not None else None

        found = await self._store.transact(reserve)
        kept = self._opened(found) if found else [_Kept("", DUMMY_HASH)] * settings.security_questions_kept
        said = [normalized(answer.reveal()) for answer in answers][: len(kept)]
        right = await asyncio.to_thread(
            lambda: sum(
                [verify_password(one.hashed, answer) for one, answer in zip(kept, said, strict=False)]
            )
        )
        if found is None or right < min(settings.security_questions_right, len(kept)) or not right:
            return False
        await self._store.transact(lambda tx: tx.clear_throttle(tenant_id, user_id, Factor.QUESTIONS))
        return True

    def _settings(self, tenant_id: str) -> TenantSettings:
        return self._configuration.current.tenants[tenant_id].settings

    def _opened(self, answers: SecurityAnswers) -> list[_Kept]:
        """Return what is sealed; nothing, loudly, if the row was tampered with: nobody knows them."""
        try:
            content = self._sealer.unseal(answers.sealed, _context(answers.tenant_id, answers.user_id))
            return msgspec.json.decode(content, type=list[_Kept])
        except (CannotUnseal, msgspec.DecodeError):
            log.error("security answers do not open", answers=repr(answers))
            return []


def _context(tenant_id: str, user_id: str) -> bytes:
    return context(tenant_id, "security_answers", user_id)
