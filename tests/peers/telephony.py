"""A provider of calls of Twilio's shape, and the person at the other end, on real sockets.

Written from the provider's documentation and apart from the gateway: it has its own signature and its own
reading of TwiML. A call is played by a script: what the person does at each question. Every request it makes
is signed; with `repeats` it makes each one twice, as a provider does whose first answer got lost.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import io
import json
import wave
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from urllib.parse import urlencode
from xml.etree import ElementTree as Xml

import httpx

from tests.peers.http_server import Asked, HttpServer, Told

ACCOUNT = "AC00000000000000000000000000000000"
TOKEN = "12345"
SILENCE, HANGS_UP = "", "hangs up"


def signature(token: str, url: str, form: dict[str, str]) -> str:
    """X-Twilio-Signature as the provider's documentation describes it."""
    content = url
    for name in sorted(form):
        content += name + form[name]
    return base64.b64encode(hmac.new(token.encode(), content.encode(), hashlib.sha1).digest()).decode()


@dataclass
class PlayedCall:
    sid: str
    asked: dict[str, str]
    """What the call was placed with."""
    heard: list[str] = field(default_factory=list)
    """Texts, and `sound:SAMPLES` for what was played."""
    pressed_by_us: list[str] = field(default_factory=list)
    questions: list[dict[str, str]] = field(default_factory=list)
    documents: list[bytes] = field(default_factory=list)
    status: str = "queued"
    ended_by_request: list[str] = field(default_factory=list)
    is_over: asyncio.Event = field(default_factory=asyncio.Event)
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)


class TelephonyPeer:
    """`script` is what the person does at each question: keys with or without #, SILENCE, or HANGS_UP."""

    def __init__(self) -> None:
        self.server = HttpServer()
        self.server.answer = self._answer
        self.calls: list[PlayedCall] = []
        self.script: Sequence[str] = ()
        self.outcome = "in-progress"
        """Or `busy`, `no-answer`, `failed`: how the ringing ends."""
        self.sip_code = ""
        self.answered_by = ""
        self.rings_on = False
        """The person waits until the test sets `may_answer`."""
        self.repeats = 1
        self.refusals: list[int] = []
        self.statuses: list[int] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._client = httpx.AsyncClient(trust_env=False)

    @property
    def url(self) -> str:
        return self.server.url

    async def __aenter__(self) -> TelephonyPeer:
        await self.server.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._client.aclose()
        await self.server.__aexit__(kind, problem, trace)

    async def _answer(self, asked: Asked) -> Told:
        expected = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
        if asked.headers.get("authorization") != f"Basic {expected}":
            return _json(401, {"code": 20003, "message": "Authenticate", "status": 401})
        base = f"/2010-04-01/Accounts/{ACCOUNT}/Calls"
        form = dict(asked.form)
        if asked.path == f"{base}.json":
            return self._place(form)
        for call in self.calls:
            if asked.path == f"{base}/{call.sid}.json":
                return self._end(call, form["Status"])
        return _json(404, {"code": 20404, "status": 404})

    def _place(self, form: dict[str, str]) -> Told:
        if not form["To"].startswith("+") or len(form["To"]) < 9:
            return _json(400, {"code": 21211, "message": "Invalid 'To' Phone Number", "status": 400})
        call = PlayedCall(f"CA{len(self.calls):032x}", form)
        self.calls.append(call)
        task = asyncio.ensure_future(self._play(call))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return _json(201, {"sid": call.sid, "status": "queued", "to": form["To"], "from": form["From"]})

    def _end(self, call: PlayedCall, status: str) -> Told:
        call.ended_by_request.append(status)
        if status == "canceled" and call.status != "in-progress":
            call.status = "canceled"
        elif status == "completed" and call.status == "in-progress":
            call.status = "completed"
        call.may_answer.set()
        return _json(200, {"sid": call.sid, "status": call.status})

    async def _play(self, call: PlayedCall) -> None:
        if self.rings_on:
            await call.may_answer.wait()
        if call.status == "queued":
            call.status = self.outcome
        if call.status == "in-progress":
            await self._talk(call)
        call.status = "completed" if call.status == "in-progress" else call.status
        extra = {"SipResponseCode": self.sip_code} if self.sip_code else {}
        self.statuses.append((await self._post(call, call.asked["StatusCallback"], extra)).status_code)
        call.is_over.set()

    async def _talk(self, call: PlayedCall) -> None:
        keys = iter(self.script)
        extra = {"AnsweredBy": self.answered_by} if self.answered_by else {}
        url: str | None = call.asked["Url"]
        while url is not None and call.status == "in-progress":
            answer = await self._post(call, url, extra)
            if answer.status_code != 200:
                self.refusals.append(answer.status_code)
                return
            call.documents.append(answer.content)
            url, extra = await self._carry_out(call, answer.content, keys)

    async def _post(self, call: PlayedCall, url: str, extra: dict[str, str]) -> httpx.Response:
        form = {
            "AccountSid": ACCOUNT,
            "CallSid": call.sid,
            "CallStatus": call.status,
            "From": call.asked["From"],
            "To": call.asked["To"],
            **extra,
        }
        answers = [
            await self._client.post(
                url,
                content=urlencode(form),
                headers={
                    "X-Twilio-Signature": signature(TOKEN, url, form),
                    "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
                },
            )
            for _ in range(self.repeats)
        ]
        assert len({answer.content for answer in answers}) == 1
        return answers[0]

    async def _carry_out(
        self, call: PlayedCall, document: bytes, keys: object
    ) -> tuple[str | None, dict[str, str]]:
        root = Xml.fromstring(document)
        assert root.tag == "Response"
        for verb in root:
            match verb.tag:
                case "Say" | "Play" | "Pause":
                    await self._hear(call, verb)
                case "Gather":
                    for inner in verb:
                        await self._hear(call, inner)
                    call.questions.append(dict(verb.attrib))
                    return self._keyed(call, verb, next(keys, HANGS_UP))  # type: ignore[call-overload]
                case "Redirect":
                    return verb.text, {}
                case "Hangup":
                    break
                case other:
                    raise AssertionError(f"there is no verb {other}")
        call.status = "completed"
        return None, {}

    async def _hear(self, call: PlayedCall, verb: Xml.Element) -> None:
        if verb.tag == "Say":
            call.heard.append(f"{verb.get('language')}: {verb.text}")
        elif verb.tag == "Pause":
            call.pressed_by_us.append(f"pause {verb.get('length')}")
        elif digits := verb.get("digits"):
            call.pressed_by_us.append(digits)
        else:
            assert verb.text is not None
            answer = await self._client.get(verb.text)
            assert (answer.status_code, answer.headers["content-type"]) == (200, "audio/wav")
            with wave.open(io.BytesIO(answer.content)) as sound:
                assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (8000, 1, 2)
                call.heard.append(f"sound:{sound.getnframes()}")

    def _keyed(self, call: PlayedCall, gather: Xml.Element, keys: str) -> tuple[str | None, dict[str, str]]:
        if keys == HANGS_UP:
            call.status = "completed"
            return None, {}
        assert gather.get("actionOnEmptyResult") == "true"
        most = int(gather.get("numDigits", "100"))
        finish_key = gather.get("finishOnKey", "#")
        typed, sign, _ = keys.partition(finish_key) if finish_key else (keys, "", "")
        if len(typed) >= most:
            typed, sign = typed[:most], ""
        extra = {"Digits": typed, "msg": "Gather End"}
        if sign:
            extra["FinishedOnKey"] = sign
        return gather.get("action"), extra


def _json(status: int, content: dict[str, object]) -> Told:
    return Told(status, json.dumps(content).encode(), {"Content-Type": "application/json"})
