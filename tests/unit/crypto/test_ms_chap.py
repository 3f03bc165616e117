"""MD4 and MS-CHAPv2 by the examples of their documents."""

from __future__ import annotations

import pytest

from vestibule.crypto.md4 import md4
from vestibule.crypto.ms_chap import Proof, confirmation, is_proven, keys, nt_hash
from vestibule.crypto.secret import Secret


@pytest.mark.parametrize(
    ("text", "digest"),
    [
        ("", "31d6cfe0d16ae931b73c59d7e0c089c0"),
        ("abc", "a448017aaf21d8525fc10ae87aa6729d"),
        ("abcdefghijklmnopqrstuvwxyz", "d79e1c308aa5bbcdeea8ed63df412da9"),
        ("1234567890" * 8, "e33b4ddc9c38f2199c3e7b164fcc0536"),
    ],
)
def test_md4_as_rfc_1320_has_it(text: str, digest: str) -> None:
    """RFC 1320 §A.5."""
    assert md4(text.encode()).hex() == digest


PROOF = Proof(
    "User",
    bytes.fromhex("5b5d7c7d7b3f2f3e3c2c602132262628"),
    bytes.fromhex("21402324255e262a28295f2b3a337c7e"),
    bytes.fromhex("82309ecd8d708b5ea08faa3981cd83544233114a3d85d6df"),
)
HASH = nt_hash("clientPass")


def test_a_proof_as_rfc_2759_has_it() -> None:
    """RFC 2759 §9.2."""
    assert HASH.reveal().hex() == "44ebba8d5312b8d611474411f56989ae"
    assert is_proven(PROOF, HASH)
    assert confirmation(PROOF, HASH) == b"S=407A5589115FD0D6209F510FE9C04566932CDA56"


def test_keys_as_rfc_3079_has_them() -> None:
    """RFC 3079 §3.5.3: the key under which the server sends."""
    receive, send = keys(PROOF, HASH)
    assert send.reveal().hex() == "8b7cdc149b993a1ba118cb153f56dccb"
    assert receive != send


def test_what_was_made_otherwise_is_no_proof() -> None:
    """Another password, challenge, name or response. The domain before a name plays no part (§8.2)."""

    def changed(**fields: object) -> Proof:
        known = {name: getattr(PROOF, name) for name in Proof.__struct_fields__}
        return Proof(**(known | fields))

    assert is_proven(changed(name="DOMAIN\\User"), HASH)
    assert not is_proven(PROOF, nt_hash("clientpass"))
    assert not is_proven(PROOF, Secret(bytes(16)))
    for other in (
        changed(name="user"),
        changed(authenticator_challenge=bytes(16)),
        changed(peer_challenge=bytes(16)),
        changed(response=bytes(24)),
        changed(response=PROOF.response[:-1]),
    ):
        assert not is_proven(other, HASH)


def test_nothing_of_a_proof_is_shown() -> None:
    assert "82309" not in repr(PROOF)
    assert "User" not in repr(PROOF)
