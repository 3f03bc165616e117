"""The two requests that are made of a provider of calls: place one, and end one.

Written from "Call resource" in Twilio's documentation. An answer that cannot be read leaves it unsure
whether somebody's phone rings.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

import structlog

from vestibule.crypto.secret import Secret
from vestibule.gateways.http_call.settings import HttpCallSettings
from vestibule.interfaces.gateway import Call, NotSent, Sending, Sent, Unsure
from vestibule.outbound.http import Answer, HttpClient, NoAnswer, Request
from vestibule.wire.http_forms.places import Unreadable, as_text, decode_json, value_at, word
from vestibule.wire.http_forms.template import encode_form

logger = structlog.get_logger()

TROUBLE: Final = "http_gateway.trouble"
"""Where the catalog has the causes. Behind a cause and a blank stands the provider's own word for it."""
_MOST_RING_SECONDS = 600
_MOST_CALL_SECONDS = 14_400


class Telephony:
    def __init__(self, settings: HttpCallSettings, secret: Secret[str]) -> None:
        """Raises ValueError naming the setting that is wrong."""
        self._settings = settings
        self._calls_url = f"{settings.base_url.rstrip('/')}/2010-04-01/Accounts/{settings.account}/Calls"
        pair = f"{settings.username or settings.account}:{secret.reveal()}".encode()
        self._authorization = Secret(f"Basic {base64.b64encode(pair).decode()}")
        self._client = HttpClient(
            timeout_seconds=settings.timeout_seconds, proxy=settings.proxy, ca_file=settings.ca_file
        )

    async def place(self, call: Call, *, answered_url: str, status_url: str) -> Sending:
        fields = {
            "To": call.to,
            "From": call.caller_id or self._settings.caller_id,
            "Url": answered_url,
            "Method": "POST",
            "StatusCallback": status_url,
            "StatusCallbackMethod": "POST",
            "StatusCallbackEvent": "completed",
            "Timeout": str(min(max(call.ring_seconds, 1), _MOST_RING_SECONDS)),
            "TimeLimit": str(min(max(call.most_seconds, 1), _MOST_CALL_SECONDS)),
        }
        if self._settings.machine_detection:
            fields["MachineDetection"] = "Enable"
        answer = await self._post(f"{self._calls_url}.json", fields)
        if isinstance(answer, NoAnswer):
            outcome = Unsure if answer.has_left else NotSent
            return outcome(f"{TROUBLE}.{answer.trouble}")
        return self._sending_of(answer)

    async def end(self, sid: str, *, is_answered: bool) -> None:
        """End a call. `canceled` ends one that rings and leaves one that was answered meanwhile, `completed`
        is for that one; which it is, another process may know better."""
        url = f"{self._calls_url}/{quote(sid, safe='')}.json"
        for status in ("completed",) if is_answered else ("canceled", "completed"):
            answer = await self._post(url, {"Status": status})
        if isinstance(answer, NoAnswer) or answer.status >= 500:
            logger.warning("gateway.call_not_ended")

    async def close(self) -> None:
        await self._client.close()

    async def _post(self, url: str, fields: Mapping[str, str]) -> Answer | NoAnswer:
        headers = (
            ("authorization", self._authorization.reveal()),
            ("content-type", "application/x-www-form-urlencoded"),
        )
        return await self._client.ask(
            Request(method="POST", url=url, headers=headers, body=encode_form(fields))
        )

    def _sending_of(self, answer: Answer) -> Sending:
        try:
            told = decode_json(answer.body)
        except Unreadable:
            told = None
        code = as_text(value_at(told, "code"))
        reason = word(f"{answer.status} {code}".strip())
        if 200 <= answer.status <= 299:
            sid = as_text(value_at(told, "sid"))
            return Sent(sid) if 0 < len(sid) <= 64 else Unsure(f"{TROUBLE}.garbled {reason}")
        if answer.status == 504:
            return Unsure(f"{TROUBLE}.unsure {reason}")
        if code in map(str, self._settings.final_codes):
            return NotSent(f"{TROUBLE}.wrong_number {reason}", is_final=True)
        is_busy = answer.status == 429 or answer.status >= 500
        return NotSent(f"{TROUBLE}.{'busy' if is_busy else 'refused'} {reason}")
