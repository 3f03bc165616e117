"""Prompts are encoded once, and no more of them are kept than memory allows."""

from __future__ import annotations

from vestibule.gateways.sip.sound import Sounds
from vestibule.wire.sip.sdp import Codec


def test_a_prompt_is_encoded_once_for_each_law() -> None:
    sounds = Sounds()
    first = sounds.encoded(Codec.PCMU, bytes(320))
    assert first == b"\xff" * 160
    assert sounds.encoded(Codec.PCMU, bytes(320)) is first
    assert sounds.encoded(Codec.PCMA, bytes(320)) == b"\xd5" * 160


def test_the_least_used_go_first() -> None:
    sounds = Sounds(most_octets=1_000)
    kept = sounds.encoded(Codec.PCMU, b"a" * 300)
    sounds.encoded(Codec.PCMU, b"b" * 300)
    assert sounds.encoded(Codec.PCMU, b"a" * 300) is kept
    other = sounds.encoded(Codec.PCMU, b"c" * 300)
    assert sounds.encoded(Codec.PCMU, b"a" * 300) is kept
    assert sounds.encoded(Codec.PCMU, b"c" * 300) is other
    assert sounds._octets <= 1_000
