"""A provider of texts that is asked over HTTP and calls back over HTTP.

Must never believe a callback that is not proven, nor tell its sender why; must never put the text, a number
or the secret into a log or a cause.
"""

from __future__ import annotations

import math
import time
from typing import Final
from urllib.parse import urlencode

import structlog

from vestibule.crypto.secret import Secret
from vestibule.gateways.http_text.callbacks import (
    MOST_BODY_BYTES,
    PATHS,
    is_proven,
    receipts,
    received,
    replies,
)
from vestibule.gateways.http_text.requests import TROUBLE, request_of, sending_of
from vestibule.gateways.http_text.settings import HttpTextSettings
from vestibule.interfaces.gateway import (
    CallbackAnswer,
    CallbackRequest,
    Errand,
    NotSent,
    Sending,
    Surroundings,
    Text,
    Unsure,
)
from vestibule.outbound.http import HttpClient, NoAnswer
from vestibule.wire.http_forms.places import Received, Unreadable

logger = structlog.get_logger()

_METHODS: Final = frozenset({"GET", "POST"})


class HttpTextGateway:
    """Implements `Gateway` and `TakesCallbacks`."""

    def __init__(self, settings: HttpTextSettings, secret: Secret[str], surroundings: Surroundings) -> None:
        """Raises ValueError naming the setting that is wrong."""
        self._settings = settings
        # The second line, if there is one, is the secret that callbacks are signed with.
        first, _, second = secret.reveal().strip().partition("\n")
        self._secret = Secret(first.strip())
        self._callback_secret = Secret(second.strip() or first.strip())
        self._gateway_id = surroundings.gateway_id
        self._inbox = surroundings.inbox
        self._callback_url = self._receipt_url(surroundings.callback_url)
        self._refused, self._refused_at = 0, -math.inf
        self._client = HttpClient(
            timeout_seconds=settings.timeout_seconds, proxy=settings.proxy, ca_file=settings.ca_file
        )

    def _receipt_url(self, base: str) -> str:
        """Return where receipts go; a secret that stands in the query is part of that address."""
        place, _, name = self._settings.callback_signature.partition(":")
        if base and self._settings.callback_proof == "shared_secret" and place == "query":
            return f"{base}receipt?{urlencode({name: self._callback_secret.reveal()})}"
        return base and f"{base}receipt"

    async def send(self, errand: Errand) -> Sending:
        if not isinstance(errand, Text):
            return NotSent(f"{TROUBLE}.not_carried")
        try:
            request = request_of(self._settings, errand, self._secret, self._callback_url)
        except ValueError:
            return NotSent(f"{TROUBLE}.not_encodable")
        answer = await self._client.ask(request)
        if isinstance(answer, NoAnswer):
            outcome = Unsure if answer.has_left else NotSent
            return outcome(f"{TROUBLE}.{answer.trouble}")
        return sending_of(self._settings, answer)

    async def callback(self, request: CallbackRequest) -> CallbackAnswer:
        if request.method not in _METHODS:
            return CallbackAnswer(status=405)
        if request.path not in PATHS:
            return CallbackAnswer(status=404)
        if len(request.body) > MOST_BODY_BYTES:
            return CallbackAnswer(status=413)
        try:
            parts = received(request)
            is_authentic = is_proven(self._settings, self._callback_secret, request, parts)
        except Unreadable:
            is_authentic = False
        if not is_authentic:
            return self._refusal()
        return await self._tell(request.path, parts)

    def _refusal(self) -> CallbackAnswer:
        """403 and nothing else; one line a minute in the log, however many knock."""
        self._refused += 1
        if time.monotonic() - self._refused_at >= 60:
            logger.warning("gateway.callback.not_proven", gateway_id=self._gateway_id, count=self._refused)
            self._refused, self._refused_at = 0, time.monotonic()
        return CallbackAnswer(status=403)

    async def _tell(self, path: str, parts: Received) -> CallbackAnswer:
        try:
            told = [*receipts(self._settings, path, parts)], [*replies(self._settings, path, parts)]
        except Unreadable:
            # Proven, and yet it says two things at once: nothing of it is used.
            logger.warning("gateway.callback.ambiguous", gateway_id=self._gateway_id, path=path)
            return CallbackAnswer(status=400)
        for receipt in told[0]:
            await self._inbox.receipt(receipt)
        for reply in told[1]:
            await self._inbox.reply(reply)
        return CallbackAnswer(
            status=self._settings.answer_status,
            content_type=self._settings.answer_type,
            body=self._settings.answer_body.encode(),
        )

    async def close(self) -> None:
        await self._client.close()
