"""Voice: a telephone that is called. What is said and understood in the call is `dialogue`.

Nothing is typed at a sign-in: a typed answer is never this method's, so `verify` matches none. What proves
the telephone is the result of the call. The random secret of an authenticator is what every method has, so
that no two are alike; nobody is shown it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vestibule.interfaces.dialogue import CallPlan, DialogueEvent, DialogueState, Step
from vestibule.interfaces.method import MethodDescriptor, NewAuthenticator, Opening, RandomBytes
from vestibule.methods.voice import dialogue
from vestibule.model.delivery import Carries
from vestibule.model.phone import read_phone
from vestibule.model.tenant import TenantSettings
from vestibule.model.verdict import MALFORMED, Verdict
from vestibule.model.verification import Channel, Reason

_SECRET_BYTES = 16


class Voice:
    descriptor = MethodDescriptor(
        name="voice",
        amr="tel",
        takes_passcode=False,
        out_of_band=True,
        verified_reason=Reason.CALL_CONFIRMED,
        pending_reason=Reason.CALL_PENDING,
        unsent_reason=Reason.CALL_FAILED,
        rank=30,
        keywords=("call", "phone", "voice", "anruf", "telefon"),
        documentation="docs/how-to/record-voice-messages.md",
    )

    def enroll(self, options: Mapping[str, Any], random_bytes: RandomBytes) -> NewAuthenticator:
        """Options: `number` as people write it, an extension behind an `x`; `country_code` for one without;
        `with_pin`, whether the PIN is asked for in the call."""
        named = {name: value for name, value in options.items() if name not in {"issuer", "account"}}
        number, country = str(named.pop("number", "")), str(named.pop("country_code", ""))
        with_pin = named.pop("with_pin", False)
        if named or not isinstance(with_pin, bool):
            raise ValueError(f"unsuitable options: {sorted(named)}")
        phone = read_phone(number, country)
        parameters = {"number": phone.number, "extension": phone.extension, "with_pin": with_pin}
        return NewAuthenticator(parameters=parameters, secret=random_bytes(_SECRET_BYTES), state={})

    def open(
        self, parameters: Mapping[str, Any], settings: TenantSettings, random_bytes: RandomBytes
    ) -> Opening:
        del random_bytes
        return Opening(
            channel=Channel.CALL,
            carries=Carries.CALL,
            address=parameters["number"],
            seconds=settings.call_seconds,
        )

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
