"""The app: a person is shown in it who asks, and his decision is signed with a key that never leaves it.

What is held is one device with the app on it. Parameters, once it has been activated: `public_key` (P-256,
uncompressed point, base64url) and `token` (hash of what opens its list of requests). Its secret is that of
the passcodes it shows without a network. The number that the door shows is made here, anew for each request.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from vestibule.interfaces.method import MethodDescriptor, NewAuthenticator, Opening, RandomBytes
from vestibule.methods._clock import judged
from vestibule.model.tenant import TenantSettings
from vestibule.model.verdict import Verdict
from vestibule.model.verification import Channel, Reason
from vestibule.wire.oath import HashAlgorithm

NUMBER_DIGITS: Final = 2
_SECRET_BYTES: Final = 20
_DIGITS: Final = 6
_INTERVAL: Final = 30


class App:
    descriptor = MethodDescriptor(
        name="app",
        amr="swk",
        takes_passcode=True,
        out_of_band=True,
        verified_reason=Reason.APP_APPROVED,
        pending_reason=Reason.APP_PENDING,
        wrong_reason=Reason.APP_NUMBER_WRONG,
        spent_reason=Reason.APP_TRIES_SPENT,
        unsent_reason=Reason.APP_NOT_ASKED,
        passcode_digits=(_DIGITS,),
        asks_all=True,
        rank=-10,
        keywords=("app",),
        documentation="docs/protocols/authenticator-app.md",
    )

    def enroll(self, options: Mapping[str, Any], random_bytes: RandomBytes) -> NewAuthenticator:
        """It takes no options; the key comes when the app is activated."""
        unknown = options.keys() - {"issuer", "account"}
        if unknown:
            raise ValueError(f"unknown options: {sorted(unknown)}")
        parameters = {"digits": _DIGITS, "interval": _INTERVAL}
        return NewAuthenticator(parameters=parameters, secret=random_bytes(_SECRET_BYTES), state={})

    def open(
        self, parameters: Mapping[str, Any], settings: TenantSettings, random_bytes: RandomBytes
    ) -> Opening:
        del parameters
        # Eight octets: the remainder favors no number by more than one in 10^17.
        number = int.from_bytes(random_bytes(8), "big") % 10**NUMBER_DIGITS
        return Opening(
            channel=Channel.APP,
            carries=None,
            address="",
            number=f"{number:0{NUMBER_DIGITS}d}",
            app_check=settings.app_check,
            seconds=settings.app_seconds,
        )

    def verify(
        self,
        parameters: Mapping[str, Any],
        secret: bytes,
        state: Mapping[str, Any],
        answer: str,
        at: int,
    ) -> Verdict:
        """Judge a passcode that the app has shown (RFC 6238)."""
        return judged(
            secret,
            state,
            answer,
            at,
            digits=parameters["digits"],
            interval=parameters["interval"],
            algorithm=HashAlgorithm.SHA1,
        )


METHOD = App()
