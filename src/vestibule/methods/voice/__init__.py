"""Voice: a telephone that is called. What is said and understood in the call is `dialogue`.

Nothing is typed at a sign-in: a typed answer is never this method's, so `verify` matches none. What proves
the telephone is the result of the call. The random secret of an authenticator is what every method has, so
that no two are alike; nobody is shown it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vestibule.interfaces.dialogue import CallPlan, DialogueEvent, DialogueState, Step
from vestibule.interfaces.method import MethodDescriptor, NewAuthenticator, RandomBytes
from vestibule.methods.voice import dialogue
from vestibule.model.verdict import MALFORMED, Verdict
from vestibule.model.verification import Reason

_SECRET_BYTES = 16


class Voice:
    descriptor = MethodDescriptor(
        name="voice",
        amr="tel",
        takes_passcode=False,
        out_of_band=True,
        verified_reason=Reason.CALL_VERIFIED,
        documentation="docs/how-to/record-voice-messages.md",
    )

    def enroll(self, options: Mapping[str, Any], random_bytes: RandomBytes) -> NewAuthenticator:
        if unknown := options.keys() - {"issuer", "account"}:
            raise ValueError(f"unknown options: {sorted(unknown)}")
        return NewAuthenticator(parameters={}, secret=random_bytes(_SECRET_BYTES), state={})

    def verify(
        self,
        parameters: Mapping[str, Any],
        secret: bytes,
        state: Mapping[str, Any],
        answer: str,
        at: int,
    ) -> Verdict:
        del parameters, secret, state, answer, at
        return MALFORMED

    def begin(self, plan: CallPlan) -> DialogueState:
        return dialogue.begin(plan)

    def advance(self, plan: CallPlan, state: DialogueState, event: DialogueEvent) -> Step:
        return dialogue.advance(plan, state, event)


METHOD = Voice()
