"""PEAP version 0 inside its tunnel: a generic token card asks and hears (RFC 3748 §5.6); a device that wants
MS-CHAPv2 instead proves its password so, where that is spoken."""

from __future__ import annotations

import os
from typing import Final

from vestibule.frontends.radius.eap.inside import Confirmed, Heard, Proven, Say, Unfit, named, typed
from vestibule.wire.eap.inner import has_confirmed, inner_request, read_inner_response, result_request
from vestibule.wire.eap.ms_chap import challenge, has_agreed, read_response, success
from vestibule.wire.eap.packet import GTC, IDENTITY, MS_CHAP, NAK
from vestibule.wire.radius.ms_chap import MsChap2

_CHALLENGE_OCTETS: Final = 16
_IDENTIFIER: Final = 1
_SERVER: Final = b"vestibule"


class Peap:
    """`password_question` is what the person reads before he types the first time."""

    def __init__(self, password_question: str, *, speaks_ms_chap: bool = False) -> None:
        self._password_question = password_question
        self._speaks_ms_chap = speaks_ms_chap
        self._name: bytes | None = None
        self._challenge = b""
        self._has_heard = False
        self._is_accepted = False

    @property
    def can_ask(self) -> bool:
        return not self._challenge

    def opening(self) -> bytes:
        return inner_request(IDENTITY)

    def hear(self, octets: bytes) -> Heard:
        response = read_inner_response(octets)
        if response is None:
            return Unfit()
        if self._is_accepted:
            if self._challenge and response.type == MS_CHAP and has_agreed(response.data):
                return Say(result_request(0))
            return Confirmed() if has_confirmed(response) else Unfit()
        if self._name is None:
            if response.type != IDENTITY:
                return Unfit()
            self._name = response.data
            return Say(self.question(self._password_question))
        if response.type == NAK and not self._has_heard and not self._challenge:
            return self._declined(response.data)
        if response.type == MS_CHAP and self._challenge and not self._has_heard:
            return self._proven(self._name, response.data)
        if response.type != GTC or self._challenge:
            return Unfit()
        self._has_heard = True
        return typed(self._name, response.data)

    def question(self, words: str) -> bytes:
        return inner_request(GTC, words.encode())

    def acceptance(self, confirmation: bytes = b"") -> bytes:
        self._is_accepted = True
        if self._challenge:
            return inner_request(MS_CHAP, success(_IDENTIFIER, confirmation))
        return result_request(0)

    def _declined(self, wanted: bytes) -> Heard:
        if MS_CHAP not in wanted or not self._speaks_ms_chap:
            return Unfit(speaks_other=True)
        self._challenge = os.urandom(_CHALLENGE_OCTETS)
        return Say(inner_request(MS_CHAP, challenge(_IDENTIFIER, self._challenge, _SERVER)))

    def _proven(self, name: bytes, data: bytes) -> Heard:
        self._has_heard = True
        found = read_response(data, _IDENTIFIER)
        told = named(name)
        # The name in the proof is made part of it, so it must be the same one but for the domain.
        if found is None or told is None or _plain(found.name) != _plain(name):
            return Unfit()
        proof = MsChap2(_IDENTIFIER, self._challenge, found.peer_challenge, found.response)
        return Proven(told, proof)


def _plain(name: bytes) -> bytes:
    return name.rpartition(b"\\")[2]
