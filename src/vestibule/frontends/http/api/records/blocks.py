"""Blocks and bypasses."""

from __future__ import annotations

from vestibule.frontends.http.api.records.listing import Record
from vestibule.model.block import Block
from vestibule.model.bypass import Bypass, BypassState


class BlockRecord(Record):
    """A block, whether or not it holds."""

    named = "block_id"

    id: str
    user_id: str
    username: str
    phone: str
    """The number that is called and texted for nobody meanwhile; empty: none."""
    language: str
    cause: str
    reason: str
    verification_id: str
    """The attempt that was reported as fraud."""
    actor: str
    actor_name: str
    begun_at: int
    until: int
    state: str
    """`active`, `expired` or `lifted`."""
    ended_at: int | None
    ended_by_name: str
    end_reason: str


class BypassRecord(Record):
    """A one-time bypass and what became of it."""

    named = "bypass_id"

    id: str
    user_id: str
    username: str
    application_id: str
    """Where it holds; empty: at every application but the console."""
    application_name: str
    seconds: int
    reason: str
    phone: str
    actor: str
    actor_name: str
    made_at: int
    expires_at: int
    state: str
    """`waiting`, `used`, `expired` or `withdrawn`."""
    is_used: bool
    ended_at: int | None
    verification_id: str
    """The attempt that used it."""


def block_record(block: Block, now: int) -> BlockRecord:
    record: BlockRecord = BlockRecord.of(block, state=block.state(now).value)
    return record


def bypass_record(bypass: Bypass, now: int) -> BypassRecord:
    state = bypass.state_at(now)
    record: BypassRecord = BypassRecord.of(bypass, state=state.value, is_used=state is BypassState.USED)
    return record
