"""Fraud alerts: what a person says who is asked for a sign-in that is not his."""

from __future__ import annotations

from tests.houses import TENANT
from tests.integration.phone.conftest import NUMBER, PhoneHouse
from tests.integration.phone.test_calls import Handset
from vestibule.interfaces.gateway import Reply
from vestibule.interfaces.transaction.blocks import BlockFilter
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.actor import SYSTEM
from vestibule.model.block import DAY_MS, BlockCause
from vestibule.model.call import CallEvent, CallEventKind
from vestibule.model.verification import Reason


async def reported(phones: PhoneHouse, *keys: str) -> Handset:
    """Let Alice, who is called, press these keys."""
    alice = await phones.house.add_bare_person("Alice", language="de")
    await phones.house.add_phone(alice, "voice", number=NUMBER)
    await phones.house.start("alice")
    gateway, call = await phones.far.next_call()
    handset = Handset(gateway, call.delivery_id)
    await handset.answer()
    for pressed in keys:
        await handset.press(pressed)
    return handset


async def told(phones: PhoneHouse) -> dict[str, dict[str, object]]:
    listed = await phones.house.services.attempts.events(SYSTEM, TENANT, "user", Page())
    return {event.kind: event.facts for event in listed.rows}


async def test_a_report_blocks_for_as_long_as_the_tenant_has_set(phones: PhoneHouse) -> None:
    """FRA-01: who reports is blocked, and not whoever tries can undo it."""
    await phones.house.change_settings(block_days=14)
    await reported(phones, "0#", "1")
    facts = await told(phones)
    assert facts["user.fraud_reported"]["action"] == "blocked"
    assert facts["user.blocked"]["cause"] == "fraud"
    (block,) = (await phones.house.services.blocks.list(SYSTEM, TENANT, BlockFilter(), Page())).rows
    assert (block.cause, block.username, block.actor_name) == (BlockCause.FRAUD, "Alice", "Alice")
    assert (block.until - block.begun_at, block.language) == (14 * DAY_MS, "de")
    (attempt,) = await phones.house.attempts()
    assert block.verification_id == attempt.verification_id
    assert attempt.reason is Reason.FRAUD_REPORTED
    assert (await phones.house.start("alice")).reason is Reason.USER_BLOCKED
    assert len(phones.far.errands) == 1, "nobody calls again"


async def test_a_report_that_only_alarms_says_that_nothing_was_done(phones: PhoneHouse) -> None:
    """FRA-01: where the tenant does not block."""
    await phones.house.change_settings(fraud_blocks=False)
    await reported(phones, "0#")
    facts = await told(phones)
    assert facts["user.fraud_reported"]["action"] == "none"
    assert "user.blocked" not in facts
    assert (await phones.house.start("alice")).reason is Reason.CALL_PENDING


async def test_nobody_reports_who_is_not_asked(phones: PhoneHouse) -> None:
    """FRA-02: neither by the code in a text from his number, nor in a call that is over."""
    handset = await reported(phones, "#")
    for kind, keys in ((CallEventKind.KEYS, "0"), (CallEventKind.KEYS, "1")):
        await handset.tell(kind, keys, finished=True)
    inbox = handset._gateway.inbox
    await inbox.reply(Reply(sender=NUMBER, recipient="", body="0"))
    await inbox.on_call("0" * 32, CallEvent(CallEventKind.KEYS, "0", True))
    phones.house.clock.advance(31)
    facts = await told(phones)
    assert not {"user.fraud_reported", "user.blocked"} & facts.keys()
    assert (await phones.house.start("alice")).reason is Reason.CALL_PENDING
