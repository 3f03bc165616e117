"""Calls by a provider whose interface has the shape of Twilio's.

A call is placed by one request; from then on the provider asks at our addresses what to do, and the inbox
says it. A request counts only with the provider's signature over the very address and form (VOI-01: what is
pressed comes from the call itself, and from nobody else), and each step of a dialogue is told once.

Must never put a number, a text, keys or the secret into a log or a cause.
"""

from __future__ import annotations

import asyncio
import io
import time
import wave
from collections.abc import Callable
from typing import Final

import msgspec
import structlog

from vestibule.crypto.secret import Secret
from vestibule.gateways.http_call.addresses import ANSWERED, KEYS, MOST_STEPS, SAID, STATUS, Addresses, Step
from vestibule.gateways.http_call.events import event_of_status, event_of_step
from vestibule.gateways.http_call.memory import CallsUp, Dialogues
from vestibule.gateways.http_call.settings import HttpCallSettings
from vestibule.gateways.http_call.telephony import TROUBLE, Telephony
from vestibule.gateways.http_call.twiml import HANG_UP, document
from vestibule.interfaces.gateway import (
    Call,
    CallbackAnswer,
    CallbackRequest,
    Errand,
    NotSent,
    Sending,
    Sent,
    Sound,
    Surroundings,
)
from vestibule.model.call import CallEvent, CallEventKind
from vestibule.wire.http_forms.places import Unreadable, take_apart, value_of
from vestibule.wire.http_forms.signature import Algorithm, Spelling, is_signed, spellings, url_and_form

logger = structlog.get_logger()

_MOST_BODY_BYTES: Final = 65_536
_SIGNATURE: Final = "x-twilio-signature"
_PARTING_SECONDS: Final = 5.0
_GRACE_SECONDS: Final = 60
# For a call that was placed by another process, which alone knows how long it may last.
_USUAL_SECONDS: Final = 600
_END: Final = frozenset(CallEventKind) - {
    CallEventKind.ANSWERED,
    CallEventKind.MACHINE,
    CallEventKind.KEYS,
    CallEventKind.SAID,
}


class HttpCallGateway:
    """Implements `Gateway`, `TakesCallbacks` and `CallsEnd`."""

    def __init__(
        self,
        settings: HttpCallSettings,
        secret: Secret[str],
        surroundings: Surroundings,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Raises ValueError naming the setting that is wrong."""
        if not secret.reveal().strip():
            raise ValueError("secret: without the auth token no callback could be proven")
        self._settings = settings
        # The second line, if there is one, is the auth token; the first then is that of the API key.
        first, _, second = secret.reveal().strip().partition("\n")
        self._signing_key = Secret((second.strip() or first.strip()).encode())
        self._telephony = Telephony(settings, Secret(first.strip()))
        self._has_callbacks = bool(surroundings.callback_url)
        self._addresses = Addresses(surroundings.callback_url, secret, surroundings.gateway_id)
        self._gateway_id = surroundings.gateway_id
        self._inbox = surroundings.inbox
        self._now = now
        self._calls = CallsUp()
        self._dialogues = Dialogues()
        self._endings: set[asyncio.Future[None]] = set()
        self._refused, self._refused_at = 0, 0.0

    async def send(self, errand: Errand) -> Sending:
        if not isinstance(errand, Call):
            return NotSent(f"{TROUBLE}.not_carried")
        if not self._has_callbacks:
            return NotSent(f"{TROUBLE}.no_public_address")
        if not self._addresses.can_name(errand.delivery_id):
            return NotSent(f"{TROUBLE}.not_encodable")
        lasts = errand.ring_seconds + errand.most_seconds + _GRACE_SECONDS
        up = self._calls.begin(errand.delivery_id, self._now() + lasts)
        sending = await self._telephony.place(
            errand,
            answered_url=self._addresses.step(ANSWERED, errand.delivery_id, 0),
            status_url=self._addresses.step(STATUS, errand.delivery_id, 0),
        )
        if isinstance(sending, Sent):
            up.sid = sending.reference
            if up.is_unwanted:
                # Not awaited: `send` has its time.
                task = asyncio.ensure_future(self.hang_up(errand.delivery_id))
                self._endings.add(task)
                task.add_done_callback(self._endings.discard)
        elif isinstance(sending, NotSent):
            self._calls.end(errand.delivery_id)
        return sending

    async def hang_up(self, delivery_id: str) -> None:
        up = self._calls.find(delivery_id)
        if up is None:
            return
        up.is_unwanted = True
        if up.sid:
            self._calls.end(delivery_id)
            await self._telephony.end(up.sid, is_answered=up.is_answered)

    async def callback(self, request: CallbackRequest) -> CallbackAnswer:
        if len(request.body) > _MOST_BODY_BYTES:
            return CallbackAnswer(status=413)
        if request.path.startswith("sound/"):
            return await self._play(request)
        if request.method != "POST":
            return CallbackAnswer(status=405)
        try:
            parts = take_apart(request.query, request.headers, request.body)
            form = {name: value_of(parts.form, name) for name, _ in parts.form}
            step = self._addresses.read_step(request.path)
            is_proven = (
                self._is_signed(request, parts.form) and form.get("AccountSid") == self._settings.account
            )
        except Unreadable:
            step, is_proven = None, False
        if step is None or not is_proven:
            return self._refusal()
        return await (self._over(step, form) if step.what == STATUS else self._go_on(step, form))

    def _refusal(self) -> CallbackAnswer:
        """403 and nothing else; one line a minute in the log, however many knock."""
        self._refused += 1
        if not 0 <= self._now() - self._refused_at < 60:
            logger.warning("gateway.callback.not_proven", gateway_id=self._gateway_id, count=self._refused)
            self._refused, self._refused_at = 0, self._now()
        return CallbackAnswer(status=403)

    def _is_signed(self, request: CallbackRequest, form: tuple[tuple[str, str], ...]) -> bool:
        told = value_of(request.headers, _SIGNATURE)
        key = self._signing_key.reveal()
        contents = (url_and_form(url, form) for url in spellings(request.url))
        return any(is_signed(one, key, told, Algorithm.SHA1, Spelling.BASE64) for one in contents)

    async def _over(self, step: Step, form: dict[str, str]) -> CallbackAnswer:
        event = event_of_status(form)
        if event is not None:
            self._calls.end(step.delivery_id)
            await self._inbox.on_call(step.delivery_id, event)
        return CallbackAnswer()

    async def _go_on(self, step: Step, form: dict[str, str]) -> CallbackAnswer:
        event = event_of_step(step.what, form)
        self._note(step.delivery_id, event, form.get("CallSid", ""))
        answer = await self._dialogues.answer(step.delivery_id, step.number, lambda: self._think(step, event))
        if answer is None:
            return CallbackAnswer(status=409)
        return CallbackAnswer(status=200, content_type="text/xml", body=answer)

    def _note(self, delivery_id: str, event: CallEvent, sid: str) -> None:
        """Remember how to end a call that another process placed, or whose placing got no answer."""
        if event.kind in _END:
            self._calls.end(delivery_id)
            return
        up = self._calls.begin(delivery_id, self._now() + _USUAL_SECONDS)
        up.sid = up.sid or sid[:64]
        up.is_answered = True

    async def _think(self, step: Step, event: CallEvent) -> bytes:
        number = step.number + 1
        event = msgspec.structs.replace(event, number=number)
        instructions = await self._inbox.on_call(step.delivery_id, event)
        up = self._calls.find(step.delivery_id)
        is_unwanted = up is not None and up.is_unwanted
        if number > MOST_STEPS or event.kind in _END or is_unwanted:
            return HANG_UP
        return document(
            instructions,
            self._settings,
            keys_url=self._addresses.step(KEYS, step.delivery_id, number),
            said_url=self._addresses.step(SAID, step.delivery_id, number),
            sound_url=lambda spoken: self._addresses.sound(step.delivery_id, spoken, self._now()),
        )

    async def _play(self, request: CallbackRequest) -> CallbackAnswer:
        """Serve a sound. Providers fetch sounds without a signature; the address itself is the proof."""
        if request.method != "GET":
            return CallbackAnswer(status=405)
        spoken = self._addresses.read_sound(request.path, self._now())
        if spoken is None:
            return CallbackAnswer(status=404)
        sound = await self._inbox.sound(spoken)
        return CallbackAnswer(status=200, content_type="audio/wav", body=_wav(sound))

    async def close(self) -> None:
        try:
            async with asyncio.timeout(_PARTING_SECONDS):
                await asyncio.gather(*map(self.hang_up, self._calls.all(self._now())), *self._endings)
        except TimeoutError:
            logger.warning("gateway.calls_not_ended", gateway_id=self._gateway_id)
        await self._telephony.close()


def _wav(sound: Sound) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(8_000)
        written.writeframes(sound.samples)
    return file.getvalue()
