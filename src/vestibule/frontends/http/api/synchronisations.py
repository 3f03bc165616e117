"""Synchronisation of a directory: its settings, a trial, runs, and consent to what a run has withheld."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Controller, delete, get, post, put
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import JSONBody

from vestibule.frontends.http.api.caller import Caller
from vestibule.frontends.http.api.description import problems
from vestibule.frontends.http.api.records.listing import Listing, Record, whole
from vestibule.frontends.http.api.request import Discreet, invalid
from vestibule.frontends.http.api.values import Id, PathId
from vestibule.frontends.http.rights import needs
from vestibule.model.actor import Right
from vestibule.model.directory_difference import Change, Difference
from vestibule.model.synchronisation import (
    AttributeMap,
    Counts,
    Problem,
    RunState,
    Synchronisation,
    SyncItem,
    SyncRun,
    SyncSettings,
)
from vestibule.services.directory_links import Likeness
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.synchronisations import SyncStatus

_MOST_CHANGES = 1000


class NewSyncItem(SyncItem, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class NewAttributeMap(AttributeMap, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class NewSyncSettings(SyncSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is left out gets its default."""

    items: tuple[NewSyncItem, ...] = ()
    attributes: NewAttributeMap | None = None


class NewSynchronisation(Discreet):
    settings: NewSyncSettings
    version: Annotated[int, msgspec.Meta(ge=0)] | None = None
    """The version that was read; 0: there was none. Left out: whatever is there."""


class NewRun(Discreet):
    changes_only: bool = False
    """Read only what has changed since the last run."""


class NewLinks(Discreet):
    user_ids: Annotated[tuple[Id, ...], msgspec.Meta(min_length=1, max_length=1000)]
    """Of those who are listed, who is meant."""


class LikenessRecord(Record):
    user_id: str
    username: str
    reference: str
    entry: str
    """How the directory calls its own."""


class SynchronisationRecord(Record):
    settings: SyncSettings
    users: int
    """How many users are bound to the directory."""
    version: int


class SyncRunRecord(Record):
    named = "run_id"

    id: str
    state: RunState
    is_full: bool
    started_by: str
    node: str
    started_at: int
    ended_at: int
    """0: it is at work."""
    cause: str
    counts: Counts
    total: int
    done: int
    problems: tuple[Problem, ...]
    leavers: tuple[str, ...]
    """Identifiers of those who wait for consent to be disabled or removed."""
    approved_by: str


class ChangeRecord(Record):
    kind: str
    username: str
    user_id: str
    fields: dict[str, Any]
    before: dict[str, Any]


class DifferenceRecord(Record):
    read: int
    unchanged: int
    losses: int
    """How many people would be disabled or removed."""
    changes: list[ChangeRecord]
    """The first 1000."""
    more: int
    problems: tuple[Problem, ...]


class Synchronisations(Controller):
    path = "/directories/{directory_id:str}/synchronisation"
    tags = ("Synchronisation",)

    @get(responses=problems(404), opt=needs(Right.READ_CONFIGURATION))
    async def read_synchronisation(
        self, caller: NamedDependency[Caller], directory_id: PathId
    ) -> SynchronisationRecord:
        """Read how a directory is synchronised."""
        status = await _status(caller, directory_id)
        return _record(status.synchronisation, status.bound)

    @put(responses=problems(404, 409, 422), opt=needs(Right.DIRECTORIES))
    async def put_synchronisation(
        self, caller: NamedDependency[Caller], directory_id: PathId, data: JSONBody[NewSynchronisation]
    ) -> SynchronisationRecord:
        """Set up or change how a directory is synchronised. With new settings everything is read anew."""
        services = caller.services.synchronisations
        settings = msgspec.convert(msgspec.to_builtins(data.settings), SyncSettings)
        try:
            changed = await services.put(caller.actor, caller.tenant_id, directory_id, settings, data.version)
        except Refused as refused:
            if refused.why is not Refusal.SETTING_INVALID:
                raise
            setting, _, why = refused.key.partition(": ")
            raise invalid(f"settings.{setting}", why or refused.key) from None
        return _record(changed, (await _status(caller, directory_id)).bound)

    @delete(responses=problems(404), opt=needs(Right.DIRECTORIES))
    async def remove_synchronisation(self, caller: NamedDependency[Caller], directory_id: PathId) -> None:
        """Synchronise a directory no more. Its users stay."""
        await caller.services.synchronisations.remove(caller.actor, caller.tenant_id, directory_id)

    @post("/trial", status_code=200, responses=problems(404, 422), opt=needs(Right.DIRECTORIES))
    async def try_synchronisation(
        self, caller: NamedDependency[Caller], directory_id: PathId
    ) -> DifferenceRecord:
        """Read the whole directory and say what a run would change; changes nothing."""
        services = caller.services.synchronisations
        try:
            found, read = await services.try_out(caller.actor, caller.tenant_id, directory_id)
        except OSError as silent:
            raise invalid("directory", str(silent)) from None
        return _difference(found, read)

    @get("/links", responses=problems(404, 422), opt=needs(Right.DIRECTORIES))
    async def list_likenesses(
        self, caller: NamedDependency[Caller], directory_id: PathId
    ) -> Listing[LikenessRecord]:
        """Read the whole directory and list the users who are called like an entry that nobody is yet."""
        links = caller.services.directory_links
        try:
            return _likenesses(await links.alike(caller.actor, caller.tenant_id, directory_id))
        except OSError as silent:
            raise invalid("directory", str(silent)) from None

    @post("/links", status_code=200, responses=problems(404, 409, 422), opt=needs(Right.DIRECTORIES))
    async def link_likenesses(
        self, caller: NamedDependency[Caller], directory_id: PathId, data: JSONBody[NewLinks]
    ) -> Listing[LikenessRecord]:
        """Link users to the entries that are called like them, and return those who were linked."""
        links = caller.services.directory_links
        try:
            linked = await links.link_alike(caller.actor, caller.tenant_id, directory_id, data.user_ids)
        except OSError as silent:
            raise invalid("directory", str(silent)) from None
        return _likenesses(linked)

    @get("/runs", responses=problems(404), opt=needs(Right.READ_CONFIGURATION))
    async def list_sync_runs(
        self, caller: NamedDependency[Caller], directory_id: PathId
    ) -> Listing[SyncRunRecord]:
        """List the newest runs, the newest first; one that is at work shows how far it is."""
        status = await _status(caller, directory_id)
        return whole(_run(run) for run in status.runs)

    @post("/runs", status_code=202, responses=problems(404, 409, 422), opt=needs(Right.DIRECTORIES))
    async def start_sync_run(
        self, caller: NamedDependency[Caller], directory_id: PathId, data: JSONBody[NewRun]
    ) -> SyncRunRecord:
        """Begin a run, and answer before it has ended."""
        services = caller.services.synchronisations
        begun = await services.start(
            caller.actor, caller.tenant_id, directory_id, wants_all=not data.changes_only
        )
        return _run(begun)

    @post("/approval", status_code=200, responses=problems(404, 422), opt=needs(Right.DIRECTORIES))
    async def approve_losses(self, caller: NamedDependency[Caller], directory_id: PathId) -> SyncRunRecord:
        """Agree to what the newest run has withheld; the next one does it, if it is still about them."""
        services = caller.services.synchronisations
        return _run(await services.approve(caller.actor, caller.tenant_id, directory_id))


def _likenesses(found: tuple[Likeness, ...]) -> Listing[LikenessRecord]:
    return whole(LikenessRecord.of(each) for each in found)


async def _status(caller: Caller, directory_id: str) -> SyncStatus:
    services = caller.services.synchronisations
    status = await services.status(caller.actor, caller.tenant_id, directory_id)
    if status is None:
        raise NotFoundException
    return status


def _record(synchronisation: Synchronisation, bound: int) -> SynchronisationRecord:
    record: SynchronisationRecord = SynchronisationRecord.of(synchronisation, users=bound)
    return record


def _run(run: SyncRun) -> SyncRunRecord:
    record: SyncRunRecord = SyncRunRecord.of(run)
    return record


def _difference(found: Difference, read: int) -> DifferenceRecord:
    return DifferenceRecord(
        read=read,
        unchanged=found.unchanged,
        losses=len(found.losses),
        changes=[_change(change) for change in found.changes[:_MOST_CHANGES]],
        more=max(0, len(found.changes) - _MOST_CHANGES),
        problems=found.problems,
    )


def _change(change: Change) -> ChangeRecord:
    record: ChangeRecord = ChangeRecord.of(change)
    return record
