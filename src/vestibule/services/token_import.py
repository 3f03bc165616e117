"""Token import: from a file of hardware tokens to authenticators, by the million and as often as one likes.

Invariants:
- Nothing of a file is stored that turns out to be unusable as a whole: it is read to its end before the
  first write.
- A token is known by its serial. Importing it again never lowers its counter, step or drift and never takes
  it from a person. Once it has been used, its secret and parameters are fixed; before that, importing again
  corrects them.
- Every row ends as added, updated, unchanged or named with its problem, and a row stands or falls alone.
- An import that was interrupted is completed by running it again: what is there already is unchanged.
- A secret is never in a report, an event or an exception. Memory does not grow with the file.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping
from contextlib import aclosing
from enum import StrEnum
from functools import partial
from typing import Any, BinaryIO, Final, NoReturn, Protocol

import msgspec

from vestibule.crypto.sealing import CannotUnseal
from vestibule.crypto.secret import Secret
from vestibule.crypto.tokens import new_ordered_id
from vestibule.interfaces.method import Merges, NewAuthenticator
from vestibule.interfaces.store import AlreadyExists, Conflict, Store, Transaction
from vestibule.model.actor import Actor, Right
from vestibule.model.authenticator import Authenticator, AuthenticatorStatus
from vestibule.model.username import canonical_name
from vestibule.services.enrollment import MAX_AUTHENTICATORS
from vestibule.services.fair_share import FairShare
from vestibule.services.proving import Prover
from vestibule.services.recording import record

BATCH_ROWS: Final = 100
"""Rows of one transaction: few enough that a sign-in does not wait for them."""
_CHECKED_ROWS: Final = 10_000
"""Rows that are read, after which progress is told."""
MOST_TRIES: Final = 8
PROBLEMS_KEPT: Final = 1000
_LONGEST_LABEL: Final = 64


class ImportedToken(msgspec.Struct, frozen=True, kw_only=True):
    """A row that can be used. `options` is what its method's `enroll` takes, the secret included."""

    line: int
    serial: str
    method: str
    options: dict[str, Any]
    label: str = ""
    owner: str = ""
    """The name of the person who is to hold it; empty leaves it with whoever holds it now."""
    not_before: int | None = None
    not_after: int | None = None

    def __repr__(self) -> str:
        return f"ImportedToken(line={self.line}, serial={self.serial!r}, {self.method})"


class RowProblem(msgspec.Struct, frozen=True):
    """Why a row is not used; texts are in the catalog under `token.problem.…`. Holds nothing secret."""

    line: int
    serial: str
    problem: str
    detail: str = ""


_Row = ImportedToken | RowProblem


class ImportProblem(StrEnum):
    """Problems that only the database tells. Those of the file itself are the reader's."""

    SERIAL_REPEATED = "serial_repeated"
    """An earlier row of the same file has this serial."""
    SECRET_DIFFERS = "secret_differs"  # noqa: S105 - the name of a problem
    PARAMETERS_DIFFER = "parameters_differ"
    OWNER_UNKNOWN = "owner_unknown"
    HELD_BY_ANOTHER = "held_by_another"
    TOO_MANY_HELD = "too_many_held"
    REVOKED = "revoked"
    STORED_UNREADABLE = "stored_unreadable"


class UnusableFile(Exception):
    """Nothing of the file may be used; texts are in the catalog under `token.unusable.…`."""

    def __init__(self, problem: str, line: int = 0, detail: str = "") -> None:
        super().__init__(f"{problem} at line {line}")
        self.problem = problem
        self.line = line
        self.detail = detail


class TokenFileOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller knows of a file that the file does not say."""

    form: str = "auto"
    """`auto`, `pskc`, `csv_server` or `csv_cloud`."""
    passphrase: Secret[str] | None = None
    preshared_key: Secret[bytes] | None = None
    secret_encoding: str = "unstated"  # noqa: S105 - the name of an encoding
    """Of CSV: `unstated` (Base32, and nothing that could be hexadecimal), `base32` or `hex`."""
    text_encoding: str = "detect"
    """Of CSV: `detect` (UTF-8 or UTF-16) or `windows-1252`."""
    allows_short_secrets: bool = False
    """Take secrets of 80 to 127 bits too, which RFC 4226 forbids."""


class TokenFile(Protocol):
    form: str
    """`pskc`, `csv_server` or `csv_cloud`."""

    def check(self) -> Iterator[None]:
        """Read the file once and yield for each row; raise UnusableFile if `rows` would."""
        ...

    def rows(self) -> Iterator[ImportedToken | RowProblem]:
        """Read the file from its beginning, as often as asked; raise UnusableFile where it is of no use."""
        ...


TokenFileReader = Callable[[BinaryIO, TokenFileOptions], TokenFile]
"""Opens a file that can be read again from its beginning; raises UnusableFile. It stays the caller's."""


class ImportProgress(msgspec.Struct, frozen=True):
    """How far an import is. `is_checking`: the first reading, which stores nothing."""

    is_checking: bool
    rows: int
    octets: int


class ImportReport(msgspec.Struct, frozen=True, kw_only=True):
    """What an import did, or as a dry run would do. `problems` are the first PROBLEMS_KEPT of `bad`.

    A dry run finds a serial that the file repeats only where the two rows are near one another.
    """

    is_dry_run: bool
    form: str
    read: int
    added: int
    updated: int
    unchanged: int
    assigned: int
    bad: int
    problems: tuple[RowProblem, ...]


class TokenImports:
    """The service. `read_file` is given by the composition root, which alone knows what a token file is."""

    def __init__(self, store: Store, prover: Prover, share: FairShare, read_file: TokenFileReader) -> None:
        self._store = store
        self._prover = prover
        self._share = share
        self._read_file = read_file

    async def run(
        self,
        actor: Actor,
        tenant_id: str,
        source: BinaryIO,
        options: TokenFileOptions | None = None,
        *,
        is_dry_run: bool = False,
        progress: Callable[[ImportProgress], None] | None = None,
        on_problem: Callable[[RowProblem], None] | None = None,
    ) -> ImportReport:
        """Import the tokens of `source`, a file that can be read again from its beginning.

        `progress` is called after each batch, `on_problem` for each bad row in the order of the file. Raises
        UnusableFile when nothing was stored, and `Unavailable` when the database was lost on the way: then
        what came before it is stored, and running it again does the rest.
        """
        actor.demand(Right.TOKENS, tenant_id)
        file = await asyncio.to_thread(self._read_file, source, options or TokenFileOptions())
        told = progress or _nothing
        if not is_dry_run:
            await self._check(file, source, told)
        began_at = await self._now()
        run = _Run(self._store, self._prover, self._share, actor, tenant_id, began_at, is_dry_run)
        async with aclosing(self._batches(file)) as batches:
            async for batch in batches:
                for problem in await run.add(batch):
                    if on_problem is not None:
                        on_problem(problem)
                told(ImportProgress(False, run.tally.read, source.tell()))
        report = run.tally.report(file.form, is_dry_run)
        if not is_dry_run:
            await self._record(actor, tenant_id, report)
        return report

    async def _check(self, file: TokenFile, source: BinaryIO, told: Callable[[ImportProgress], None]) -> None:
        read = 0
        async with aclosing(self._share.in_slices(file.check())) as rows:
            async for _ in rows:
                read += 1
                if read % _CHECKED_ROWS == 0:
                    told(ImportProgress(True, read, source.tell()))
        told(ImportProgress(True, read, source.tell()))

    async def _batches(self, file: TokenFile) -> AsyncGenerator[list[_Row], None]:
        batch: list[_Row] = []
        async with aclosing(self._share.in_slices(file.rows())) as rows:
            async for row in rows:
                batch.append(row)
                if len(batch) == BATCH_ROWS:
                    yield batch
                    batch = []
        if batch:
            yield batch

    async def _now(self) -> int:
        async def body(tx: Transaction) -> int:
            return tx.now

        return await self._store.read(body)

    async def _record(self, actor: Actor, tenant_id: str, report: ImportReport) -> None:
        counts = {name: getattr(report, name) for name in _COUNTS}

        async def body(tx: Transaction) -> None:
            await record(tx, actor, tenant_id, "tokens.imported", form=report.form, **counts)

        await self._store.transact(body, tenant_id)


_COUNTS: Final = ("read", "added", "updated", "unchanged", "assigned", "bad")


class _Tally:
    """The counts of one import so far."""

    def __init__(self) -> None:
        self.read = self.added = self.updated = self.unchanged = self.assigned = self.bad = 0
        self.problems: list[RowProblem] = []

    def count(self, plan: _Plan, problems: list[RowProblem], read: int) -> None:
        self.read += read
        self.added += len(plan.added)
        self.updated += len(plan.changed)
        self.unchanged += plan.unchanged
        self.assigned += len(plan.assigned)
        self.bad += len(problems)
        self.problems += problems[: PROBLEMS_KEPT - len(self.problems)]

    def report(self, form: str, is_dry_run: bool) -> ImportReport:
        counts = {name: getattr(self, name) for name in _COUNTS}
        return ImportReport(is_dry_run=is_dry_run, form=form, problems=tuple(self.problems), **counts)


class _Known(msgspec.Struct, frozen=True):
    """What the database knew of the serials and owners of a batch."""

    now: int
    tokens: Mapping[str, Authenticator]
    users: Mapping[str, str]
    """User id by canonical name."""
    held: Mapping[str, int]
    """How many authenticators a user holds who is to be given one."""


class _Plan(msgspec.Struct):
    """What a batch comes to."""

    added: list[Authenticator] = []
    changed: list[Authenticator] = []
    assigned: list[tuple[str, str, str]] = []
    """User id, name as the file has it, serial."""
    unchanged: int = 0
    problems: list[RowProblem] = []


class _Bad(Exception):
    """Why a row is not used; becomes a RowProblem before it leaves this module."""

    def __init__(self, problem: ImportProblem) -> None:
        super().__init__(problem)
        self.problem = problem


class _Run:
    """One import on its way, batch by batch."""

    def __init__(
        self,
        store: Store,
        prover: Prover,
        share: FairShare,
        actor: Actor,
        tenant_id: str,
        began_at: int,
        is_dry_run: bool,
    ) -> None:
        self.tally = _Tally()
        self._store = store
        self._prover = prover
        self._share = share
        self._actor = actor
        self._tenant_id = tenant_id
        self._began_at = began_at
        self._is_dry_run = is_dry_run

    async def add(self, batch: list[ImportedToken | RowProblem]) -> list[RowProblem]:
        """Store a batch; return its bad rows in order."""
        tokens = [row for row in batch if isinstance(row, ImportedToken)]
        plan = await self._stored(tokens)
        problems = [row for row in batch if isinstance(row, RowProblem)] + plan.problems
        problems.sort(key=lambda problem: problem.line)
        self.tally.count(plan, problems, len(batch))
        return problems

    async def _stored(self, tokens: list[ImportedToken]) -> _Plan:
        """Plan outside the transaction, where sealing takes its time, and write only if nothing moved."""
        for tries_left in reversed(range(MOST_TRIES)):
            known = await self._store.read(lambda tx: self._look_up(tx, tokens))
            plan = await self._planned(tokens, known)
            if self._is_dry_run or not (plan.added or plan.changed):
                return plan
            try:
                await self._store.transact(partial(self._write, plan), self._tenant_id)
            except (AlreadyExists, Conflict):
                if not tries_left:
                    raise
            else:
                return plan
        raise AssertionError("unreachable")

    async def _look_up(self, tx: Transaction, tokens: list[ImportedToken]) -> _Known:
        tenant_id = self._tenant_id
        stored = await tx.authenticators_by_serial(tenant_id, [token.serial for token in tokens])
        names = {name for token in tokens if token.owner and (name := canonical_name(token.owner))}
        users = await tx.user_ids_by_names(tenant_id, sorted(names)) if names else {}
        held: dict[str, int] = {}
        for user_id in sorted(set(users.values())):
            subject = await tx.subject(tenant_id, user_id)
            held[user_id] = 0 if subject is None else len(subject.authenticators)
        return _Known(tx.now, stored, users, held)

    async def _write(self, plan: _Plan, tx: Transaction) -> None:
        if plan.added:
            await tx.add_authenticators(plan.added)
        if plan.changed:
            await tx.replace_authenticators(plan.changed)
        for user_id, name, serial in plan.assigned:
            await record(
                tx, self._actor, self._tenant_id, "authenticator.assigned", user_id, name, serial=serial
            )

    # --- planning -----------------------------------------------------------------------------------------

    async def _planned(self, tokens: Iterable[ImportedToken], known: _Known) -> _Plan:
        plan = _Plan()
        seen: set[str] = set()
        held = dict(known.held)
        async with aclosing(self._share.in_slices(tokens)) as slices:
            async for token in slices:
                try:
                    if token.serial in seen:
                        raise _Bad(ImportProblem.SERIAL_REPEATED)
                    seen.add(token.serial)
                    self._plan_token(token, known, held, plan)
                except _Bad as bad:
                    plan.problems.append(RowProblem(token.line, token.serial, bad.problem))
        return plan

    def _plan_token(self, token: ImportedToken, known: _Known, held: dict[str, int], plan: _Plan) -> None:
        user_id = self._owner(token, known)
        new = self._prover.methods[token.method].enroll(token.options, _no_chance)
        stored = known.tokens.get(token.serial)
        is_given = bool(user_id) and (stored is None or stored.user_id != user_id)
        if is_given and held[user_id] >= MAX_AUTHENTICATORS:
            raise _Bad(ImportProblem.TOO_MANY_HELD)
        if stored is None:
            plan.added.append(self._added(token, new, user_id, known.now))
        else:
            changed = self._changed(stored, token, new, user_id)
            if changed == stored:
                plan.unchanged += 1
            else:
                plan.changed.append(changed)
        if is_given:
            held[user_id] += 1
            plan.assigned.append((user_id, token.owner, token.serial))

    def _owner(self, token: ImportedToken, known: _Known) -> str:
        """Return the id of the user who is to hold the token, empty if the file names none."""
        if not token.owner:
            return ""
        user_id = known.users.get(canonical_name(token.owner) or "")
        if user_id is None:
            raise _Bad(ImportProblem.OWNER_UNKNOWN)
        return user_id

    def _added(self, token: ImportedToken, new: NewAuthenticator, user_id: str, now: int) -> Authenticator:
        bare = Authenticator(
            tenant_id=self._tenant_id,
            authenticator_id=new_ordered_id(now),
            user_id=user_id,
            method=token.method,
            label=token.label[:_LONGEST_LABEL],
            serial=token.serial,
            parameters=new.parameters,
            state=new.state,
            status=AuthenticatorStatus.ACTIVE,
            not_before=token.not_before,
            not_after=token.not_after,
            created_at=now,
        )
        return self._prover.sealed(bare, new.secret)

    def _changed(
        self, stored: Authenticator, token: ImportedToken, new: NewAuthenticator, user_id: str
    ) -> Authenticator:
        """Return the stored token with what the file says anew; raise _Bad where the two contradict."""
        if stored.created_at >= self._began_at:
            raise _Bad(ImportProblem.SERIAL_REPEATED)
        if stored.status is AuthenticatorStatus.REVOKED:
            raise _Bad(ImportProblem.REVOKED)
        if user_id and stored.user_id not in ("", user_id):
            raise _Bad(ImportProblem.HELD_BY_ANOTHER)
        is_same_secret = self._is_same_secret(stored, new)
        is_same_kind = stored.method == token.method and stored.parameters == new.parameters
        if stored.used_at is not None:
            # Steps of another length or passcodes of another secret would make no sense of what is stored.
            if not is_same_secret:
                raise _Bad(ImportProblem.SECRET_DIFFERS)
            if not is_same_kind:
                raise _Bad(ImportProblem.PARAMETERS_DIFFER)
        merged = msgspec.structs.replace(
            stored,
            user_id=stored.user_id or user_id,
            method=token.method,
            label=token.label[:_LONGEST_LABEL] or stored.label,
            parameters=new.parameters,
            state=self._merged(stored, new) if is_same_kind and is_same_secret else new.state,
            not_before=token.not_before,
            not_after=token.not_after,
        )
        if is_same_secret and merged.user_id == stored.user_id:
            return merged
        # The seal is bound to the holder.
        return self._prover.sealed(merged, new.secret)

    def _is_same_secret(self, stored: Authenticator, new: NewAuthenticator) -> bool:
        try:
            return hmac.compare_digest(self._prover.unseal(stored), new.secret)
        except CannotUnseal:
            raise _Bad(ImportProblem.STORED_UNREADABLE) from None

    def _merged(self, stored: Authenticator, new: NewAuthenticator) -> dict[str, Any]:
        method = self._prover.methods[stored.method]
        if isinstance(method, Merges):
            return method.merge(stored.state, new.state)
        return stored.state


def _no_chance(size: int) -> NoReturn:
    raise AssertionError("a token that is imported brings its secret")


def _nothing(progress: ImportProgress) -> None:
    """Nobody wants to know."""
