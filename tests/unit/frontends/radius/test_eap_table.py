"""The table of conversations: whose they are, how many, and for how long."""

from __future__ import annotations

from typing import cast

from vestibule.frontends.radius.eap.peer import Peer
from vestibule.frontends.radius.eap.table import (
    DEVICE_SECONDS,
    EXPIRED_AT_ONCE,
    MOST,
    MOST_OF_A_CLIENT,
    PERSON_SECONDS,
    ConversationTable,
    Live,
)

PEER = cast("Peer", None)


def opened(table: ConversationTable, client: str, now: float = 0) -> Live:
    live = table.open(client, "anonymous", PEER, now)
    assert live is not None
    return live


def test_a_state_is_one_clients_and_one_names() -> None:
    """RA-15: a State that was changed, or given to another client or name, is none."""
    table = ConversationTable("node-1")
    state = opened(table, "a").state
    assert table.find(state, "a", "anonymous", 1) is not None
    assert table.find(state, "b", "anonymous", 1) is None
    assert table.find(state, "a", "alice", 1) is None
    assert table.find(state[:-1] + b"\0", "a", "anonymous", 1) is None
    assert table.find(bytes(253), "a", "anonymous", 1) is None


def test_another_node_knows_that_it_has_not_begun_it() -> None:
    state = opened(ConversationTable("node-1"), "a").state
    other = ConversationTable("node-2")
    assert other.find(state, "a", "anonymous", 1) is None
    assert other.is_of_another_node(state)
    assert not other.is_of_another_node(opened(other, "a").state)


def test_a_conversation_ends_when_nobody_answers() -> None:
    table = ConversationTable("node-1")
    state = opened(table, "a").state
    assert table.find(state, "a", "anonymous", DEVICE_SECONDS) is None
    assert len(table) == 0


def test_what_a_flood_has_begun_does_not_stay() -> None:
    table = ConversationTable("node-1")
    for _ in range(MOST_OF_A_CLIENT):
        opened(table, "a")
    opened(table, "b", DEVICE_SECONDS)
    assert len(table) == MOST_OF_A_CLIENT - EXPIRED_AT_ONCE + 1


def test_one_client_cannot_take_the_room_of_others() -> None:
    table = ConversationTable("node-1")
    held = [opened(table, "a") for _ in range(MOST_OF_A_CLIENT)]
    assert table.open("a", "anonymous", PEER, 1) is None
    last = opened(table, "b", 1)
    for live in held[:EXPIRED_AT_ONCE]:  # a person is asked
        live.expires_at = PERSON_SECONDS
    assert table.open("a", "anonymous", PEER, DEVICE_SECONDS) is not None
    assert table.find(last.state, "b", "anonymous", DEVICE_SECONDS) is last
    assert len(table) == EXPIRED_AT_ONCE + 2


def test_all_of_them_together_have_a_limit() -> None:
    table = ConversationTable("node-1")
    for number in range(MOST):
        opened(table, f"client {number % 5}")
    assert table.open("another", "anonymous", PEER, 1) is None
