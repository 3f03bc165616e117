"""Recovery codes: ten on paper, each for one sign-in when everything else is lost.

State: keyed hashes of the codes that are `left` and of those `spent`. The key is the sealed secret, so the
state alone tells nothing, and 80 random bits a code leave nothing to guess (NIST SP 800-63B-4 §3.1.2).
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Mapping
from typing import Any

from vestibule.interfaces.method import MethodDescriptor, NewAuthenticator, RandomBytes
from vestibule.model.verdict import MALFORMED, MISMATCH, REPLAY, Verdict, VerdictKind
from vestibule.model.verification import Reason

CODES = 10
_CODE_BYTES = 10
_KEY_BYTES = 32
_FORM = re.compile("[a-z2-7]{16}")
_SEPARATORS = str.maketrans("", "", " -")


class RecoveryCode:
    descriptor = MethodDescriptor(
        name="recovery_code",
        amr="otp",
        takes_passcode=True,
        verified_reason=Reason.RECOVERY_CODE_VERIFIED,
        is_recovery=True,
        documentation="docs/how-to/register-an-authenticator.md",
    )

    def enroll(self, options: Mapping[str, Any], random_bytes: RandomBytes) -> NewAuthenticator:
        """Takes no options of its own."""
        unknown = options.keys() - {"issuer", "account"}
        if unknown:
            raise ValueError(f"unknown options: {sorted(unknown)}")
        key = random_bytes(_KEY_BYTES)
        codes = [base64.b32encode(random_bytes(_CODE_BYTES)).decode().lower() for _ in range(CODES)]
        return NewAuthenticator(
            parameters={},
            secret=key,
            state={"left": [_hash(key, code) for code in codes], "spent": []},
            shown=tuple("-".join(re.findall("....", code)) for code in codes),
        )

    def verify(
        self,
        parameters: Mapping[str, Any],
        secret: bytes,
        state: Mapping[str, Any],
        answer: str,
        at: int,
    ) -> Verdict:
        del parameters, at
        if not answer.isascii():
            return MALFORMED
        code = answer.translate(_SEPARATORS).lower()
        if _FORM.fullmatch(code) is None:
            return MALFORMED
        given = _hash(secret, code)
        left = [kept for kept in state["left"] if not hmac.compare_digest(kept, given)]
        if len(left) < len(state["left"]):
            return Verdict(VerdictKind.MATCH, {"left": left, "spent": [*state["spent"], given]})
        # Which are spent is no secret: the codes are compared by hash.
        return REPLAY if given in state["spent"] else MISMATCH


def _hash(key: bytes, code: str) -> str:
    return hmac.digest(key, code.encode(), "sha256").hex()


METHOD = RecoveryCode()
