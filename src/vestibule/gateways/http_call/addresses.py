"""The addresses that a provider calls back at: everything that is needed to go on stands in them.

A callback may reach another process than the one that placed the call, so an address names the delivery and
the step, bound together by a signature of ours; the provider's own signature proves who uses it. What is
played is sealed into its address, since a text that is spoken may hold a passcode: nobody reads it there, it
ends after some minutes, and it opens for its own call only.

The keys come from the gateway's secret and its id; an address of one gateway is nothing at another.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from typing import Final, NamedTuple

import msgspec

from vestibule.crypto.sealing import KEY_ID_BYTES, CannotUnseal, MasterKey, Sealer, context
from vestibule.crypto.secret import Secret
from vestibule.model.call import Spoken

ANSWERED, KEYS, SAID, STATUS = "answered", "keys", "said", "status"
MOST_STEPS: Final = 200
"""No dialogue is so long; a provider that goes round in a circle is stopped here."""
_SOUND_SECONDS: Final = 600
_LONGEST_SOUND_URL: Final = 3_000
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_STEP: Final = re.compile(
    r"(answered|keys|said|status)/([A-Za-z0-9_-]{1,64})/([0-9]{1,3})/([A-Za-z0-9_-]{32})"
)
_SOUND: Final = re.compile(r"sound/([A-Za-z0-9_-]{1,64})/([A-Za-z0-9_-]{1,4000})\.wav")


class Step(NamedTuple):
    what: str
    delivery_id: str
    number: int


class _Sealed(msgspec.Struct, frozen=True, array_like=True):
    ends_at: int
    language: str
    text: str
    sound_id: str


class Addresses:
    def __init__(self, base: str, secret: Secret[str], gateway_id: str) -> None:
        self._base = base
        key = hmac.digest(secret.reveal().encode(), f"http_call callbacks {gateway_id}".encode(), "sha256")
        self._signing = hmac.digest(key, b"steps", "sha256")
        self._sealer = Sealer(MasterKey(bytes(KEY_ID_BYTES), hmac.digest(key, b"sounds", "sha256")))

    @staticmethod
    def can_name(delivery_id: str) -> bool:
        return _ID.fullmatch(delivery_id) is not None

    def step(self, what: str, delivery_id: str, number: int) -> str:
        """Return the address at which this step is told."""
        return f"{self._base}{what}/{delivery_id}/{number}/{self._mark(what, delivery_id, number)}"

    def read_step(self, path: str) -> Step | None:
        """Return the step of an address, or None if we have not made it."""
        found = _STEP.fullmatch(path)
        if found is None:
            return None
        step = Step(found[1], found[2], int(found[3]))
        return step if hmac.compare_digest(self._mark(*step), found[4]) else None

    def sound(self, delivery_id: str, spoken: Spoken, now: float) -> str | None:
        """Return the address where this can be heard, or None if it would be too long for one."""
        sealed = _Sealed(int(now) + _SOUND_SECONDS, spoken.language, spoken.text, spoken.sound_id)
        token = self._sealer.seal(msgspec.msgpack.encode(sealed), context("", delivery_id))
        url = f"{self._base}sound/{delivery_id}/{base64.urlsafe_b64encode(token).decode().rstrip('=')}.wav"
        return url if len(url) <= _LONGEST_SOUND_URL else None

    def read_sound(self, path: str, now: float) -> Spoken | None:
        """Return what is to be heard, or None if the address is not ours, of another call, or too old."""
        found = _SOUND.fullmatch(path)
        if found is None:
            return None
        try:
            token = base64.urlsafe_b64decode(found[2] + "=" * (-len(found[2]) % 4))
            content = self._sealer.unseal(token, context("", found[1]))
        except (binascii.Error, CannotUnseal):
            return None
        sealed = msgspec.msgpack.decode(content, type=_Sealed)
        return Spoken(sealed.language, sealed.text, sealed.sound_id) if now < sealed.ends_at else None

    def _mark(self, what: str, delivery_id: str, number: int) -> str:
        digest = hmac.new(self._signing, f"{what}/{delivery_id}/{number}".encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest[:24]).decode()
