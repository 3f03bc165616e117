"""A server for the authenticator app, as its protocol describes it: in memory, for one browser.

It stands between page and network (Playwright's routes). Every signature is verified by another
implementation than the app's, against the lines that the server writes from what it knows itself.
"""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from playwright.async_api import BrowserContext, Route
from playwright.async_api import Error as BrowserError

NOT_ACTIVATED: Final = {
    "en": "Authentication request is not for an activated account",
    "de": "Die Authentifizierungsanfrage gilt nicht für ein aktiviertes Konto",
}
_ALPHABET: Final = "ABCDEFGHJKMNPQRSTVWXYZ0123456789"


@dataclass(slots=True)
class Asked:
    """A request that waits, with the number that its door shows."""

    request_id: str
    verification: str
    number: str
    expires_at: int
    fields: dict[str, Any]
    pin: str = ""
    tries_left: int = 3


@dataclass(slots=True)
class Held:
    """An account at the server."""

    account: str
    issuer: str
    token: str
    authenticator: str
    secret: str
    key: ec.EllipticCurvePublicKey
    name: str
    is_active: bool = False
    requests: dict[str, Asked] = field(default_factory=dict)
    push: dict[str, str] | None = None


class Refused(Exception):
    def __init__(self, status: int, code: str, message: str = "", retry_after: int = 0) -> None:
        self.status, self.code, self.message, self.retry_after = status, code, message, retry_after


class AppApi:
    """`await api.serve(context)`; `code = api.offer("alice")`; `asked = api.ask(held)`; `api.decisions`."""

    def __init__(self) -> None:
        self.offered: dict[str, str] = {}
        self.held: dict[str, Held] = {}
        self.decisions: list[tuple[str, str, str]] = []
        """What was decided, with the number and the PIN that came with it."""
        self.languages: set[str] = set()
        self.unavailable = False
        self.cut_off = False
        self.last_authenticator = False
        self.now_fixed: int | None = None
        self._changed = asyncio.Event()

    async def serve(self, context: BrowserContext) -> None:
        await context.route("**/app/v1/**", self._answer)

    # --- what a test does -------------------------------------------------------------------------------

    def offer(self, account: str = "alice", issuer: str = "Acme") -> str:
        """Return a code that activates one device."""
        code = "".join(secrets.choice(_ALPHABET) for _ in range(10))
        self.offered[code] = f"{account}\n{issuer}"
        return code

    def only(self) -> Held:
        (held,) = self.held.values()
        return held

    def ask(self, held: Held, *, seconds: int = 60, digits: int = 2, pin: str = "", **fields: Any) -> Asked:
        """Let somebody sign in."""
        number = "".join(secrets.choice("0123456789") for _ in range(digits))
        now = self.now()
        asked = Asked(
            request_id=secrets.token_hex(8),
            verification=secrets.token_hex(8),
            number=number,
            expires_at=now + seconds * 1000,
            pin=pin,
            fields={
                "kind": "sign_in",
                "application": "VPN",
                "application_id": "vpn",
                "account": held.account,
                "place": "203.0.113.7",
                "country": "DE",
                "asked_at": now,
                "digits": digits,
                "with_pin": bool(pin),
                "fraud": "blocks",
                **fields,
            },
        )
        held.requests[asked.request_id] = asked
        self.changed()
        return asked

    def withdraw(self, held: Held) -> None:
        """The server knows this account no more."""
        del self.held[held.token]
        self.changed()

    def changed(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def now(self) -> int:
        return int(time.time() * 1000) if self.now_fixed is None else self.now_fixed

    # --- answering --------------------------------------------------------------------------------------

    async def _answer(self, route: Route) -> None:
        with suppress(BrowserError):  # the page may be gone before its answer
            if self.cut_off:
                await route.abort("internetdisconnected")
                return
            try:
                status, body = await self._handle(route)
            except Refused as refused:
                said = {"code": refused.code, "message": refused.message}
                headers = {"retry-after": str(refused.retry_after)} if refused.retry_after else {}
                await route.fulfill(status=refused.status, json=said, headers=headers)
                return
            await route.fulfill(status=status, body="" if body is None else json.dumps(body))

    async def _handle(self, route: Route) -> tuple[int, Any]:
        request = route.request
        headers = await request.all_headers()
        language = headers["accept-language"]
        self.languages.add(language)
        if self.unavailable:
            raise Refused(503, "unavailable", "Try again later.")
        path = urlsplit(request.url).path.removeprefix("/app/v1")
        body = json.loads(request.post_data or "null")
        if path == "/activate":
            return 201, self._activate(body)
        held = self.held.get(headers.get("authorization", "").removeprefix("Bearer "))
        if held is None:
            raise Refused(401, "not_activated", NOT_ACTIVATED[language])
        match request.method, path.split("/")[1:]:
            case "GET", ["requests"]:
                return 200, await self._list(held, parse_qs(urlsplit(request.url).query), language)
            case "POST", ["requests", request_id, "answer"]:
                return 200, self._decide(held, request_id, body)
            case "PUT", ["push"]:
                held.push = body
            case "DELETE", ["push"]:
                held.push = None
            case "PATCH", ["account"]:
                held.name = body["name"]
            case "DELETE", ["account"]:
                if self.last_authenticator:
                    raise Refused(409, "last_authenticator", "It is the last one.")
                del self.held[held.token]
            case _:
                raise Refused(400, "malformed")
        return 204, None

    def _activate(self, body: dict[str, str]) -> dict[str, Any]:
        offered = self.offered.pop(body["code"], None)
        if offered is None:
            raise Refused(404, "activation_unknown", "No such code.")
        account, issuer = offered.split("\n")
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _octets(body["public_key"]))
        _verify(key, body["signature"], "vestibule activate 1", body["code"], body["public_key"])
        held = Held(
            account=account,
            issuer=issuer,
            token=f"acme.{secrets.token_hex(8)}",
            authenticator=secrets.token_hex(8),
            secret=base64.b32encode(secrets.token_bytes(20)).decode(),
            key=key,
            name=body["name"],
        )
        self.held[held.token] = held
        self.ask(held, kind="activation", application="", application_id="", fraud="off", country="")
        return {
            "tenant": "acme",
            "authenticator": held.authenticator,
            "user": f"user-{account}",
            "account": account,
            "issuer": issuer,
            "token": held.token,
            "passcodes": {"secret": held.secret, "algorithm": "SHA1", "digits": 6, "period": 30},
            "push_key": base64.urlsafe_b64encode(b"\x04" + bytes(64)).decode().rstrip("="),
            "now": self.now(),
        }

    async def _list(self, held: Held, query: dict[str, list[str]], language: str) -> dict[str, Any]:
        if "wait" in query:
            with suppress(TimeoutError):
                async with asyncio.timeout(int(query["wait"][0])):
                    while self._version(held) == query["seen"][0] and held.token in self.held:
                        await self._changed.wait()
        if held.token not in self.held:
            raise Refused(401, "not_activated", NOT_ACTIVATED[language])
        told = [
            {
                "id": asked.request_id,
                "verification": asked.verification,
                "expires_at": asked.expires_at,
                "seconds_left": max(0, (asked.expires_at - self.now()) // 1000),
                "tries_left": asked.tries_left,
                **asked.fields,
            }
            for asked in held.requests.values()
        ]
        return {
            "version": self._version(held),
            "now": self.now(),
            "account": held.account,
            "issuer": held.issuer,
            "requests": told,
        }

    @staticmethod
    def _version(held: Held) -> str:
        waiting = "".join(f"{each.request_id}{each.tries_left}" for each in held.requests.values())
        return f"v-{held.account}-{held.issuer}-{waiting}"

    def _decide(self, held: Held, request_id: str, body: dict[str, str]) -> dict[str, Any]:
        asked = held.requests.get(request_id)
        if asked is None:
            raise Refused(409, "over", "It is over.")
        number, decision = body["number"], body["decision"]
        _verify(
            held.key,
            body["signature"],
            "vestibule answer 1",
            "acme",
            f"user-{held.account}",
            held.authenticator,
            asked.verification,
            request_id,
            str(asked.fields["application_id"]),
            number,
            decision,
            str(asked.expires_at),
        )
        self.decisions.append((decision, number, body["pin"]))
        outcome = self._outcome(asked, decision, number, body["pin"])
        is_try = outcome.endswith("_wrong")
        asked.tries_left -= is_try
        if not is_try or not asked.tries_left:
            del held.requests[request_id]
            if asked.fields["kind"] == "activation":
                held.is_active = outcome == "approved"
                if not held.is_active:
                    del self.held[held.token]
        self.changed()
        return {"outcome": outcome, "tries_left": asked.tries_left, "message": ""}

    @staticmethod
    def _outcome(asked: Asked, decision: str, number: str, pin: str) -> str:
        if decision != "approve":
            return "denied" if decision == "deny" else "reported"
        if number != asked.number:
            return "number_wrong"
        return "approved" if pin == asked.pin else "pin_wrong"


def _verify(key: ec.EllipticCurvePublicKey, signature: str, *lines: str) -> None:
    octets = _octets(signature)
    halves = (int.from_bytes(octets[:32]), int.from_bytes(octets[32:]))
    said = "".join(f"{line}\n" for line in lines).encode()
    try:
        key.verify(encode_dss_signature(*halves), said, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise Refused(422, "signature_wrong") from None


def _octets(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
