"""Time-based passcodes (RFC 6238): apps and hardware tokens with a clock. Their state: `_clock.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vestibule.interfaces.method import MethodDescriptor, NewAuthenticator, RandomBytes
from vestibule.methods._clock import judged
from vestibule.model.verdict import MALFORMED, MISMATCH, REPLAY, Verdict, VerdictKind
from vestibule.model.verification import Reason
from vestibule.wire.oath import (
    INTERVALS,
    HashAlgorithm,
    KeyUri,
    OathAlgorithm,
    build_key_uri,
    encode_base32,
    is_passcode,
    matching_counters,
    totp,
    totp_step,
)

RESYNCHRONIZATION_STEPS = 120
"""How far a resynchronization searches each way: an hour of a 30-second token."""
_SECRET_BYTES = 20
_DEFAULTS: dict[str, Any] = {"algorithm": HashAlgorithm.SHA1.value, "digits": 6, "interval": 30}
_HASHES = {algorithm.value: algorithm for algorithm in HashAlgorithm}


class Totp:
    descriptor = MethodDescriptor(
        name="totp",
        amr="otp",
        takes_passcode=True,
        verified_reason=Reason.PASSCODE_VERIFIED,
        passcode_digits=(6, 7, 8),
        self_enrolled=True,
        can_be_hardware=True,
        documentation="docs/protocols/oath.md",
    )

    def enroll(self, options: Mapping[str, Any], random_bytes: RandomBytes) -> NewAuthenticator:
        """Options: `issuer`, `account`, `algorithm` (sha1, sha256, sha512), `digits` (6 to 8), `interval`.

        Of a token that has its secret already, also `secret` (bytes) and `drift`, how far its clock is known
        to be off, in steps; nothing of it is shown.
        """
        named = dict(options)
        issuer, account = named.pop("issuer", ""), named.pop("account", "")
        given, drift = named.pop("secret", None), named.pop("drift", 0)
        parameters = _DEFAULTS | named
        if parameters.keys() != _DEFAULTS.keys():
            raise ValueError(f"unknown options: {sorted(parameters.keys() - _DEFAULTS.keys())}")
        if (
            parameters["algorithm"] not in _HASHES
            or parameters["digits"] not in self.descriptor.passcode_digits
            or parameters["interval"] not in INTERVALS
        ):
            raise ValueError("an unsuitable option")
        if given is not None:
            if not isinstance(given, bytes):
                raise ValueError("a secret is given as octets")
            return NewAuthenticator(
                parameters=parameters, secret=given, state={"offset": drift} if drift else {}
            )
        secret = random_bytes(_SECRET_BYTES)
        uri = build_key_uri(
            KeyUri(
                kind=OathAlgorithm.TOTP,
                secret=secret,
                account=str(account),
                issuer=str(issuer),
                algorithm=HashAlgorithm(parameters["algorithm"]),
                digits=parameters["digits"],
                interval=parameters["interval"],
            )
        )
        return NewAuthenticator(
            parameters=parameters, secret=secret, state={}, shown=(uri, encode_base32(secret))
        )

    def verify(
        self,
        parameters: Mapping[str, Any],
        secret: bytes,
        state: Mapping[str, Any],
        answer: str,
        at: int,
    ) -> Verdict:
        return judged(
            secret,
            state,
            answer,
            at,
            digits=parameters["digits"],
            interval=parameters["interval"],
            algorithm=_HASHES[parameters["algorithm"]],
        )

    def resynchronize(
        self,
        parameters: Mapping[str, Any],
        secret: bytes,
        state: Mapping[str, Any],
        answers: tuple[str, str],
        at: int,
    ) -> Verdict:
        digits: int = parameters["digits"]
        if not all(is_passcode(answer, digits) for answer in answers):
            return MALFORMED
        now = totp_step(at, parameters["interval"])
        algorithm = _HASHES[parameters["algorithm"]]
        steps = range(now - RESYNCHRONIZATION_STEPS, now + RESYNCHRONIZATION_STEPS + 1)
        first, second = (matching_counters(secret, a, steps, digits, algorithm) for a in answers)
        pairs = [step + 1 for step in first if step + 1 in second]
        if not pairs:
            return MISMATCH
        step = pairs[-1]
        # Both must be unused: the first of the two, too, lies beyond everything accepted so far.
        if step - 1 <= state.get("step", -1):
            return REPLAY
        return Verdict(VerdictKind.MATCH, {"step": step, "offset": step - now, "drift": 0})

    def merge(self, stored: Mapping[str, Any], imported: Mapping[str, Any]) -> dict[str, Any]:
        """What was learned in use stays; an import never makes a spent step acceptable."""
        merged = {**imported, **stored}
        if "step" in merged:
            merged["step"] = max(stored.get("step", -1), imported.get("step", -1))
        return merged

    def passcode(
        self, parameters: Mapping[str, Any], secret: bytes, state: Mapping[str, Any], at: int
    ) -> str:
        del state
        algorithm = _HASHES[parameters["algorithm"]]
        return totp(secret, at, parameters["interval"], parameters["digits"], algorithm)


METHOD = Totp()
