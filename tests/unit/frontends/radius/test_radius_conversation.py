"""Conversations of EAP inside State: what they carry, to whom they belong, and when they are over."""

from __future__ import annotations

import pickle

import pytest

from tests.unit.frontends.radius.scripted import SECRET, radius_client
from vestibule.crypto.secret import Secret
from vestibule.frontends.radius.conversation import (
    LONGEST_SECONDS,
    LONGEST_STATE,
    MOST_ROUNDS,
    Conversation,
    ConversationKey,
)
from vestibule.wire.radius.numbers import LARGEST_VALUE

KEY = ConversationKey(Secret(SECRET))
CLIENT = radius_client().client
BEGAN = 1_800_000_000
SECOND = Conversation(BEGAN).after("radius1:1812", b"a state of the server")


def test_every_node_reads_what_one_has_sealed() -> None:
    state = KEY.seal(SECOND, CLIENT, "Alice")
    assert ConversationKey(Secret(SECRET)).unseal(state, CLIENT, "alice") == SECOND
    assert b"a state of the server" not in state
    assert SECOND.server_among(("radius2:1812", "radius1:1812")) == "radius1:1812"
    assert SECOND.server_among(("radius2:1812",)) is None


def test_it_belongs_to_one_client_and_user_and_is_not_to_be_changed() -> None:
    """RA-15: altered, cut, of another user, client, tenant or secret is none."""
    state = KEY.seal(SECOND, CLIENT, "alice")
    altered = bytes([state[20] ^ 1])
    assert KEY.unseal(state[:20] + altered + state[21:], CLIENT, "alice") is None
    for short in (state[:-1], state[:12], b""):
        assert KEY.unseal(short, CLIENT, "alice") is None
    assert KEY.unseal(state, CLIENT, "bob") is None
    assert KEY.unseal(state, radius_client(client_id="other").client, "alice") is None
    assert KEY.unseal(state, radius_client(tenant_id="other").client, "alice") is None
    assert ConversationKey(Secret(b"another secret of others")).unseal(state, CLIENT, "alice") is None


def test_the_longest_state_of_a_server_finds_room() -> None:
    longest = Conversation(BEGAN).after("radius1:1812", bytes(LONGEST_STATE))
    assert len(KEY.seal(longest, CLIENT, "alice")) == LARGEST_VALUE


def test_it_ends_after_so_many_rounds_and_so_long() -> None:
    assert not SECOND.is_over(BEGAN + LONGEST_SECONDS)
    assert SECOND.is_over(BEGAN + LONGEST_SECONDS + 1)
    last = SECOND
    for _ in range(MOST_ROUNDS - 1):
        assert not last.is_over(BEGAN)
        last = last.after("radius1:1812", b"")
    assert last.is_over(BEGAN)


def test_a_key_does_not_show_itself() -> None:
    assert repr(KEY) == "ConversationKey(***)"
    with pytest.raises(TypeError):
        pickle.dumps(KEY)
