"""One person's bind while it is verified: the password at the directory, then the second factor.

Invariants: the proof is handed on once, after the attempt was counted; the connection on which it was proven
is kept only if everything is, and belongs to nobody before (LD-03, LD-04).
"""

from __future__ import annotations

import asyncio
import secrets

from vestibule.crypto.secret import Secret
from vestibule.frontends.ldap.handing import Handed, hand_on
from vestibule.interfaces.directory import (
    EntryBehind,
    PasswordVerdict,
    PasswordVerdictKind,
    StandsBehind,
)
from vestibule.model.ldap_client import LdapClientSettings
from vestibule.model.user import User
from vestibule.services.attempt import Origin
from vestibule.services.outcome import Progress
from vestibule.services.verification import Verifications
from vestibule.wire.ldap.messages import Message


class SignIn:
    """Carried out once; `handed` is his connection as soon as the directory lets him in."""

    def __init__(
        self,
        verifications: Verifications,
        origin: Origin,
        message: Message,
        behind: StandsBehind,
        user: User | None,
        entry: EntryBehind | None,
        password: bytes,
        passcode: Secret[str] | None,
    ) -> None:
        self._verifications = verifications
        self._origin = origin
        self._message = message
        self._behind = behind
        self._user = user
        self._entry = entry
        self._password = password
        self._passcode = passcode
        self.handed: Handed | None = None

    async def carried_out(self, settings: LdapClientSettings, gone: asyncio.Event) -> Progress | None:
        """Return how it ended, or, where its client keeps asking, where it stands; None: another bind for the
        same sign-in has the answer. Raises `Unavailable`."""
        try:
            is_stranger = self._user is None and self._entry is not None and not settings.require_user_match
            stranger = self._judge_stranger if is_stranger else None
            progress = await self._verifications.start_judged(
                self._origin, self._judge, self._passcode, stranger=stranger
            )
            if not progress.is_answered_elsewhere:
                return progress
            waited = await self._waited(progress, settings.response_seconds, gone)
            is_left_open = waited is not None and waited.is_answered_elsewhere and settings.keep_asking
            if waited is None or not waited.is_pending or is_left_open:
                return waited
            # Nothing can be asked of the person here: with the patience of his client it is over.
            return await self._verifications.give_up(self._origin, waited)
        except BaseException:
            self.drop()
            raise

    def drop(self) -> None:
        """Leave nobody bound."""
        if self.handed is not None:
            self.handed.close()
            self.handed = None

    async def _judge(self, asked: User | None) -> PasswordVerdict:
        if asked is None or self._user is None or self._entry is None or asked.user_id != self._user.user_id:
            return await self._judged_as_nobodys()
        return await self._judged(self._entry)

    async def _judge_stranger(self, _: User | None) -> PasswordVerdict:
        """Let the directory alone decide about somebody who is no user here."""
        assert self._entry is not None
        return await self._judged(self._entry)

    async def _judged(self, entry: EntryBehind) -> PasswordVerdict:
        try:
            handed = await hand_on(self._behind, self._message, entry.bind_name, self._password)
        except ConnectionError:
            return PasswordVerdict(PasswordVerdictKind.UNAVAILABLE)
        verdict = self._behind.verdict(handed.result.code, handed.result.diagnostic, entry.reference)
        self.handed = handed
        if not verdict.is_match:
            self.drop()
        return verdict

    async def _judged_as_nobodys(self) -> PasswordVerdict:
        """Spend the time of a bind on nobody's name and password (BF-14)."""
        try:
            nobodys = self._behind.nobodys_name(), secrets.token_hex(8).encode()
            (await hand_on(self._behind, self._message, *nobodys)).close()
        except ConnectionError:
            return PasswordVerdict(PasswordVerdictKind.UNAVAILABLE)
        return PasswordVerdict(PasswordVerdictKind.MISMATCH)

    async def _waited(self, progress: Progress, seconds: float, gone: asyncio.Event) -> Progress | None:
        """Wait for the answer, but no longer than the client does."""
        waiting = asyncio.ensure_future(self._verifications.wait(self._origin, progress, seconds))
        leaving = asyncio.ensure_future(gone.wait())
        try:
            await asyncio.wait((waiting, leaving), return_when=asyncio.FIRST_COMPLETED)
            return waiting.result() if waiting.done() else progress
        finally:
            waiting.cancel()
            leaving.cancel()
