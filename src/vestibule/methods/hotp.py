"""Counter-based passcodes (RFC 4226): tokens whose button moves a counter.

State: `counter`, the next one to be accepted. It only grows, so an accepted passcode and all before it are
spent for good.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vestibule.interfaces.method import MethodDescriptor, NewAuthenticator, RandomBytes
from vestibule.model.verdict import MALFORMED, MISMATCH, REPLAY, Verdict, VerdictKind
from vestibule.model.verification import Reason
from vestibule.wire.oath import (
    MAX_COUNTER,
    HashAlgorithm,
    KeyUri,
    OathAlgorithm,
    build_key_uri,
    encode_base32,
    is_passcode,
    matching_counters,
)

LOOK_AHEAD = 10
"""How many times the button may have been pressed for nothing (RFC 4226 §7.4)."""
LOOK_BACK = 10
"""How far back a used passcode is recognized as such; it is refused either way."""
RESYNCHRONIZATION_LOOK_AHEAD = 500
_SECRET_BYTES = 20
_DEFAULTS: dict[str, Any] = {"algorithm": HashAlgorithm.SHA1.value, "digits": 6}
_HASHES = {algorithm.value: algorithm for algorithm in HashAlgorithm}


class Hotp:
    descriptor = MethodDescriptor(
        name="hotp",
        amr="otp",
        takes_passcode=True,
        verified_reason=Reason.PASSCODE_VERIFIED,
        passcode_digits=(6, 7, 8),
        can_be_hardware=True,
        documentation="docs/protocols/oath.md",
    )

    def enroll(self, options: Mapping[str, Any], random_bytes: RandomBytes) -> NewAuthenticator:
        """Options: `issuer`, `account`, `algorithm` (sha1, sha256, sha512), `digits` (6 to 8).

        Of a token that has its secret already, also `secret` (bytes) and `counter`, the next one; nothing of
        it is shown.
        """
        named = dict(options)
        issuer, account = named.pop("issuer", ""), named.pop("account", "")
        given, counter = named.pop("secret", None), named.pop("counter", 0)
        parameters = _DEFAULTS | named
        if parameters.keys() != _DEFAULTS.keys():
            raise ValueError(f"unknown options: {sorted(parameters.keys() - _DEFAULTS.keys())}")
        if (
            parameters["algorithm"] not in _HASHES
            or parameters["digits"] not in self.descriptor.passcode_digits
            or not 0 <= counter <= MAX_COUNTER
        ):
            raise ValueError("an unsuitable option")
        if given is not None:
            if not isinstance(given, bytes):
                raise ValueError("a secret is given as octets")
            return NewAuthenticator(parameters=parameters, secret=given, state={"counter": counter})
        secret = random_bytes(_SECRET_BYTES)
        uri = build_key_uri(
            KeyUri(
                kind=OathAlgorithm.HOTP,
                secret=secret,
                account=str(account),
                issuer=str(issuer),
                algorithm=HashAlgorithm(parameters["algorithm"]),
                digits=parameters["digits"],
                counter=counter,
            )
        )
        return NewAuthenticator(
            parameters=parameters,
            secret=secret,
            state={"counter": counter},
            shown=(uri, encode_base32(secret)),
        )

    def verify(
        self,
        parameters: Mapping[str, Any],
        secret: bytes,
        state: Mapping[str, Any],
        answer: str,
        at: int,
    ) -> Verdict:
        del at
        digits: int = parameters["digits"]
        if not is_passcode(answer, digits):
            return MALFORMED
        algorithm = _HASHES[parameters["algorithm"]]
        counter: int = state.get("counter", 0)
        ahead = range(counter, counter + LOOK_AHEAD)
        if found := matching_counters(secret, answer, ahead, digits, algorithm):
            return Verdict(VerdictKind.MATCH, {"counter": found[0] + 1})
        behind = range(counter - LOOK_BACK, counter)
        return REPLAY if matching_counters(secret, answer, behind, digits, algorithm) else MISMATCH

    def resynchronize(
        self,
        parameters: Mapping[str, Any],
        secret: bytes,
        state: Mapping[str, Any],
        answers: tuple[str, str],
        at: int,
    ) -> Verdict:
        del at
        digits: int = parameters["digits"]
        if not all(is_passcode(answer, digits) for answer in answers):
            return MALFORMED
        algorithm = _HASHES[parameters["algorithm"]]
        counter: int = state.get("counter", 0)
        ahead = range(counter, counter + RESYNCHRONIZATION_LOOK_AHEAD)
        first, second = (matching_counters(secret, a, ahead, digits, algorithm) for a in answers)
        pairs = [found + 1 for found in first if found + 1 in second]
        return Verdict(VerdictKind.MATCH, {"counter": pairs[0] + 1}) if pairs else MISMATCH

    def merge(self, stored: Mapping[str, Any], imported: Mapping[str, Any]) -> dict[str, Any]:
        return {"counter": max(stored.get("counter", 0), imported.get("counter", 0))}


METHOD = Hotp()
