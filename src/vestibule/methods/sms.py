"""Texts: a passcode is sent to the person's phone and comes back, typed at the door or as a reply.

The passcode belongs to the challenge, not to the authenticator: here is only what to send. Parameters:
`number` (E.164), `two_way` (the answer is a reply to the text), `with_pin` (the person's PIN follows the
passcode in the answer; the first six digits are the passcode).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from vestibule.interfaces.method import MethodDescriptor, NewAuthenticator, Opening, RandomBytes
from vestibule.model.delivery import SENT_DIGITS, Carries
from vestibule.model.phone import read_phone
from vestibule.model.tenant import TenantSettings
from vestibule.model.verdict import MALFORMED, Verdict
from vestibule.model.verification import Channel, Reason

_SECRET_BYTES: Final = 16
"""Nobody is shown it: it is what every authenticator has, so that no two are alike."""
_TEXTS: Final = {
    (False, False): "text.one_way",
    (False, True): "text.one_way_pin",
    (True, False): "text.two_way",
    (True, True): "text.two_way_pin",
}


class Sms:
    descriptor = MethodDescriptor(
        name="sms",
        amr="sms",
        takes_passcode=False,
        out_of_band=True,
        verified_reason=Reason.TEXT_VERIFIED,
        pending_reason=Reason.TEXT_PENDING,
        wrong_reason=Reason.TEXT_WRONG,
        spent_reason=Reason.TEXT_TRIES_SPENT,
        unsent_reason=Reason.TEXT_NOT_SENT,
        rank=20,
        keywords=("sms", "text"),
        documentation="docs/how-to/sign-in-by-text-or-call.md",
    )

    def enroll(self, options: Mapping[str, Any], random_bytes: RandomBytes) -> NewAuthenticator:
        """Options: `number` as people write it, `country_code` for one without, `two_way`, `with_pin`."""
        named = {name: value for name, value in options.items() if name not in {"issuer", "account"}}
        number, country = str(named.pop("number", "")), str(named.pop("country_code", ""))
        two_way, with_pin = named.pop("two_way", False), named.pop("with_pin", False)
        if named or not isinstance(two_way, bool) or not isinstance(with_pin, bool):
            raise ValueError(f"unsuitable options: {sorted(named)}")
        number = read_phone(number, country).number
        parameters = {"number": number, "two_way": two_way, "with_pin": with_pin}
        return NewAuthenticator(parameters=parameters, secret=random_bytes(_SECRET_BYTES), state={})

    def open(
        self, parameters: Mapping[str, Any], settings: TenantSettings, random_bytes: RandomBytes
    ) -> Opening:
        two_way, with_pin = parameters.get("two_way", False), parameters.get("with_pin", False)
        return Opening(
            channel=Channel.REPLY if two_way else Channel.TYPED,
            carries=Carries.TEXT,
            address=parameters["number"],
            passcode=_passcode(random_bytes),
            text_key=_TEXTS[two_way, with_pin],
            with_pin=with_pin,
            seconds=settings.text_two_way_seconds if two_way else settings.text_one_way_seconds,
        )

    def verify(
        self,
        parameters: Mapping[str, Any],
        secret: bytes,
        state: Mapping[str, Any],
        answer: str,
        at: int,
    ) -> Verdict:
        """Nothing a person could type is a passcode of this authenticator itself."""
        del parameters, secret, state, answer, at
        return MALFORMED


def _passcode(random_bytes: RandomBytes) -> str:
    # Eight octets: the remainder favors no passcode by more than one in 10^13.
    return f"{int.from_bytes(random_bytes(8), 'big') % 10**SENT_DIGITS:0{SENT_DIGITS}d}"


METHOD = Sms()
