"""The State attribute."""

import os
import pickle

import pytest

from tests.unit.frontends.radius.scripted import CHALLENGE_ID, SECRET, peer
from vestibule.crypto.secret import Secret
from vestibule.frontends.radius.state import StateKey

KEY = StateKey(Secret(SECRET))
CLIENT = peer().client
STATE = KEY.seal(CHALLENGE_ID, CLIENT, "alice")


def test_state_names_its_challenge() -> None:
    assert len(STATE) == 64
    assert KEY.unseal(STATE, CLIENT, "alice") == CHALLENGE_ID
    assert StateKey(Secret(SECRET)).unseal(STATE, CLIENT, " Alice ") == CHALLENGE_ID


def test_state_is_text() -> None:
    """ocserv 1.1 cuts a State at its first zero."""
    assert STATE.isalnum()
    assert STATE.isascii()


def test_state_of_another_user_client_tenant_or_secret_is_none() -> None:
    """RA-15."""
    assert KEY.unseal(STATE, CLIENT, "bob") is None
    assert KEY.unseal(STATE, CLIENT, "") is None
    assert KEY.unseal(STATE, peer(client_id="client-2").client, "alice") is None
    assert KEY.unseal(STATE, peer(tenant_id="tenant-2").client, "alice") is None
    assert StateKey(Secret(SECRET + b"x")).unseal(STATE, CLIENT, "alice") is None


def test_names_do_not_run_into_one_another() -> None:
    """RA-15: what is bound cannot be read in two ways."""
    one = peer(tenant_id="a", client_id="b-c").client
    assert (
        KEY.unseal(KEY.seal(CHALLENGE_ID, one, "d"), peer(tenant_id="a", client_id="b").client, "-cd") is None
    )


@pytest.mark.parametrize("size", [0, 1, 31, 32, 33, 63, 65, 128, 253])
def test_cut_filled_or_random_state_is_none(size: int) -> None:
    """RA-15: any length."""
    assert KEY.unseal(STATE.ljust(size, b"\0")[:size], CLIENT, "alice") is None
    assert KEY.unseal(os.urandom(size), CLIENT, "alice") is None


def test_every_changed_octet_counts() -> None:
    """RA-15."""
    for position in range(64):
        changed = bytearray(STATE)
        changed[position] ^= 0x80
        assert KEY.unseal(bytes(changed), CLIENT, "alice") is None


def test_key_does_not_show_itself() -> None:
    """I10."""
    assert repr(KEY) == "StateKey(***)"
    with pytest.raises(TypeError):
        pickle.dumps(KEY)
