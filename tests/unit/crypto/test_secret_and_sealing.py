"""Secrets mask themselves (LOG-02, KEY-06); sealed values open only where they belong (KEY-01, KEY-02)."""

import pickle

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from vestibule.crypto.passwords import DUMMY_HASH, hash_password, needs_rehash, verify_password
from vestibule.crypto.sealing import (
    CannotUnseal,
    MasterKey,
    Sealer,
    context,
    new_master_key,
)
from vestibule.crypto.secret import MASK, Secret
from vestibule.crypto.tokens import new_id, new_ordered_id, new_token, token_hash

HERE = context("tenant", "authenticator", "a1", "u1")


@pytest.mark.parametrize("show", [str, repr, "{}".format, "{:>30}".format, "%s".__mod__])
def test_a_secret_shows_a_mask_however_it_is_printed(show) -> None:
    shown = show(Secret("correct horse"))
    assert "horse" not in shown
    assert MASK in shown


def test_a_secret_is_neither_pickled_nor_a_key() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(Secret("x"))
    with pytest.raises(TypeError):
        {Secret("x"): 1}


def test_secrets_compare_by_content_and_reveal_it() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret(b"a").reveal() == b"a"
    assert not Secret("")


def test_a_sealed_value_opens_only_in_its_own_context() -> None:
    sealer = Sealer(new_master_key())
    sealed = sealer.seal(b"seed", HERE)
    assert sealer.unseal(sealed, HERE) == b"seed"
    with pytest.raises(CannotUnseal):
        sealer.unseal(sealed, context("tenant", "authenticator", "a1", "u2"))


def test_every_changed_byte_is_noticed() -> None:
    sealer = Sealer(new_master_key())
    sealed = sealer.seal(b"seed", HERE)
    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 1
        with pytest.raises(CannotUnseal):
            sealer.unseal(bytes(changed), HERE)


@pytest.mark.parametrize("broken", [b"", b"\x01", b"\x02abcd", b"\x01" * 60, b"\x02" * 60])
def test_what_was_never_sealed_does_not_open(broken: bytes) -> None:
    with pytest.raises(CannotUnseal):
        Sealer(new_master_key()).unseal(broken, HERE)


def test_an_older_key_still_opens_and_a_missing_one_does_not() -> None:
    old, new = new_master_key(), new_master_key()
    sealed = Sealer(old).seal(b"seed", HERE)
    assert Sealer(new, {old.key_id: old}).unseal(sealed, HERE) == b"seed"
    with pytest.raises(CannotUnseal):
        Sealer(new).unseal(sealed, HERE)


def test_a_tenant_has_a_key_of_its_own() -> None:
    """What seals one tenant's values does not open another's, even where nothing else binds them."""
    key = new_master_key()
    sealed = Sealer(key).seal(b"seed", HERE)
    ciphers = [
        AESGCM(HKDF(SHA256(), 32, salt=None, info=info).derive(key.material))
        for info in (b"sealing\0tenant", b"sealing\0other")
    ]
    assert ciphers[0].decrypt(sealed[5:17], sealed[17:], HERE) == b"seed"
    for other in (ciphers[1], AESGCM(key.material)):
        with pytest.raises(InvalidTag):
            other.decrypt(sealed[5:17], sealed[17:], HERE)


def test_what_was_sealed_under_the_master_key_itself_still_opens() -> None:
    """Values from before tenants had keys of their own, under the active key and under an older one."""
    old, new = new_master_key(), new_master_key()
    for key in (old, new):
        nonce = bytes(range(12))
        sealed = b"\x01" + key.key_id + nonce + AESGCM(key.material).encrypt(nonce, b"seed", HERE)
        assert Sealer(new, {old.key_id: old}).unseal(sealed, HERE) == b"seed"
        with pytest.raises(CannotUnseal):
            Sealer(new, {old.key_id: old}).unseal(sealed, context("tenant", "authenticator", "a1", "u2"))


def test_two_sealings_of_the_same_content_differ() -> None:
    sealer = Sealer(new_master_key())
    assert sealer.seal(b"seed", HERE) != sealer.seal(b"seed", HERE)


def test_a_master_key_does_not_show_its_material() -> None:
    key = MasterKey(b"\x01\x02\x03\x04", bytes(range(32)))
    assert bytes(range(32)).hex() not in repr(key)
    with pytest.raises(ValueError, match="4-byte identifier"):
        MasterKey(b"\x01", b"short")


def test_a_context_cannot_be_written_in_two_ways() -> None:
    assert context("a", "b", "c") != context("a", "bc")
    assert context("a", "b", "") != context("a", "b")


def test_passwords_are_hashed_with_argon2id_at_the_recommended_cost() -> None:
    """ASVS 11.4.2: argon2id, at least 19 MiB and two passes."""
    encoded = hash_password("ein langes Kennwort")
    assert encoded.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert verify_password(encoded, "ein langes Kennwort")
    assert not verify_password(encoded, "ein langes Kennwort ")
    assert not verify_password("not a hash", "x")
    assert not needs_rehash(encoded)
    assert not verify_password(DUMMY_HASH, "")
    assert DUMMY_HASH.startswith(encoded[: encoded.rindex("p=1") + 4])
    assert not needs_rehash(DUMMY_HASH)


def test_an_over_long_password_is_refused_before_it_is_hashed() -> None:
    """DOS-03."""
    with pytest.raises(ValueError, match="too long"):
        hash_password("x" * 1025)
    assert not verify_password(hash_password("x" * 1024), "x" * 1025)


def test_ordered_identifiers_sort_by_time_and_others_do_not_repeat() -> None:
    assert new_ordered_id(1) < new_ordered_id(2) < new_ordered_id(2**40)
    assert len({new_id() for _ in range(10_000)}) == 10_000
    assert len(new_id()) == 32


def test_a_token_is_stored_as_a_hash() -> None:
    token = new_token()
    assert len(token) >= 43
    assert token not in token_hash(token)
    assert token_hash(token) == token_hash(token)


def test_no_token_begins_like_an_option() -> None:
    """It is handed to programs such as radclient as an argument."""
    assert not any(new_token(3).startswith("-") for _ in range(2000))
