"""Temporary access pass: a passcode that an administrator hands to a person who has nothing else at hand.

Eight digits, so that it can be read out on the phone and fits wherever a passcode is typed; the lock leaves
100 guesses at it. Its authenticator says until when it is good. State: the keyed hash of the pass, and
whether it was used. The key is the sealed secret, so the state alone tells nothing.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from typing import Any

from vestibule.interfaces.method import MethodDescriptor, NewAuthenticator, RandomBytes
from vestibule.model.verdict import MALFORMED, MISMATCH, REPLAY, Verdict, VerdictKind
from vestibule.model.verification import Reason

_DIGITS = 8
_RANDOM_BYTES = 16
"""So many more than eight digits hold that none of them is likelier than another."""
_KEY_BYTES = 32
_FORM = re.compile("[0-9]{8}")
_SEPARATORS = str.maketrans("", "", " -")


class TemporaryPass:
    descriptor = MethodDescriptor(
        name="temporary_pass",
        amr="otp",
        takes_passcode=True,
        passcode_digits=(_DIGITS,),
        verified_reason=Reason.TEMPORARY_PASS_VERIFIED,
        is_temporary=True,
        documentation="docs/how-to/help-when-a-phone-is-lost.md",
    )

    def enroll(self, options: Mapping[str, Any], random_bytes: RandomBytes) -> NewAuthenticator:
        """Takes `is_reusable`: whether the pass is good for more than one sign-in; if not said, it is not."""
        unknown = options.keys() - {"issuer", "account", "is_reusable"}
        if unknown:
            raise ValueError(f"unknown options: {sorted(unknown)}")
        key = random_bytes(_KEY_BYTES)
        number = int.from_bytes(random_bytes(_RANDOM_BYTES)) % 10**_DIGITS
        code = f"{number:0{_DIGITS}d}"
        return NewAuthenticator(
            parameters={"is_reusable": bool(options.get("is_reusable", False))},
            secret=key,
            state={"hash": _hash(key, code), "is_used": False},
            shown=(f"{code[:4]} {code[4:]}",),
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
        if not answer.isascii():
            return MALFORMED
        code = answer.translate(_SEPARATORS)
        if _FORM.fullmatch(code) is None:
            return MALFORMED
        if not hmac.compare_digest(state["hash"], _hash(secret, code)):
            return MISMATCH
        if state["is_used"] and not parameters["is_reusable"]:
            return REPLAY
        return Verdict(VerdictKind.MATCH, {**state, "is_used": True})


def _hash(key: bytes, code: str) -> str:
    return hmac.digest(key, code.encode(), "sha256").hex()


METHOD = TemporaryPass()
