"""A device with an app on it, written from docs/protocols/authenticator-app.md and from nothing else.

It has its own key and its own codecs, and shares no code with the server.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fido2.cose import ES256
from fido2.webauthn import (
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)


class AppError(Exception):
    """The server has refused something."""

    def __init__(self, status: int, told: dict[str, str]) -> None:
        self.status, self.code, self.message = status, told["code"], told["message"]
        super().__init__(f"{self.status} {self.code}: {self.message}")


def _base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _text(*lines: str) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


class PlatformAuthenticator:
    """The part of a device that is unlocked: one credential, and whoever holds the finger.

    What it says of itself can be changed, to lie: `flags`, `host`, `origin`, `counter`.
    """

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.host = httpx.URL(origin).host
        self.flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV
        self.counter = 0
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.credential = b"credential of " + hashlib.sha256(origin.encode()).digest()[:8]

    def make(self, text: bytes) -> dict[str, str]:
        """Return what an answer brings along for `"unlock": "make"`."""
        client_data = self._client_data(CollectedClientData.TYPE.CREATE, text)
        public = ES256.from_cryptography_key(self.key.public_key())  # type: ignore[no-untyped-call] # theirs
        attested = AttestedCredentialData.create(b"\0" * 16, self.credential, public)
        data = self._data(self.flags | AuthenticatorData.FLAG.AT, attested)
        return {
            "credential": _base64url(self.credential),
            "client_data": _base64url(client_data),
            "attestation": _base64url(AttestationObject.create("none", data, {})),
        }

    def use(self, text: bytes) -> dict[str, str]:
        """Return what an answer brings along for `"unlock": "use"`."""
        client_data = self._client_data(CollectedClientData.TYPE.GET, text)
        data = self._data(self.flags)
        signature = self.key.sign(data + hashlib.sha256(client_data).digest(), ec.ECDSA(SHA256()))
        return {
            "client_data": _base64url(client_data),
            "authenticator_data": _base64url(data),
            "signature": _base64url(signature),
        }

    def _client_data(self, kind: CollectedClientData.TYPE, text: bytes) -> CollectedClientData:
        return CollectedClientData.create(kind, hashlib.sha256(text).digest(), self.origin)

    def _data(
        self, flags: AuthenticatorData.FLAG, attested: AttestedCredentialData | None = None
    ) -> AuthenticatorData:
        host = hashlib.sha256(self.host.encode()).digest()
        data: AuthenticatorData = AuthenticatorData.create(host, flags, self.counter, attested or b"")
        return data


class AppDevice:
    """`client` reaches the server's origin. After `activate` it is one account."""

    def __init__(self, client: httpx.AsyncClient, name: str = "Test phone", language: str = "en") -> None:
        self.client = client
        self.name = name
        self.language = language
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.platform = PlatformAuthenticator(str(client.base_url).rstrip("/"))
        self.account: dict[str, Any] = {}
        self.list: dict[str, Any] = {}
        self.version = ""
        self.is_woken = False
        self.move = ""
        """What opens the stage of a move that this device has begun."""

    @property
    def public_key(self) -> str:
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return _base64url(point)

    def sign(self, *lines: str) -> str:
        """Return the signature over these lines."""
        text = _text(*lines)
        r, s = decode_dss_signature(self.key.sign(text, ec.ECDSA(SHA256())))
        return _base64url(r.to_bytes(32, "big") + s.to_bytes(32, "big"))

    async def activate(self, given: str, **changed: Any) -> dict[str, Any]:
        """Use a code as it is shown or typed; `changed` replaces fields of the request."""
        plain = given.upper().replace("-", "")
        body = {
            "code": plain,
            "public_key": self.public_key,
            "name": self.name,
            "signature": self.sign("vestibule activate 1", plain, self.public_key),
        }
        self.account = await self._ask("POST", "/app/v1/activate", body | changed)
        return self.account

    async def requests(self, wait: int = 0) -> list[dict[str, Any]]:
        """Return the list; with `wait`, when it is another than at the last time, or the time is over."""
        (found,) = await self.lists_with(wait=wait)
        if "code" in found:
            raise AppError(401, found)  # As every other request tells it.
        self.list, self.is_woken = found, found["push"]
        return list(found["requests"])

    async def lists_with(self, *others: AppDevice, wait: int = 0) -> list[dict[str, Any]]:
        """Return the lists of several accounts, as if this device held them all."""
        held = (self, *others)
        accounts = [{"token": each.account["token"], "seen": each.version} for each in held]
        answer = await self._ask("POST", "/app/v1/requests", {"wait": wait, "accounts": accounts})
        for each, found in zip(held, answer["lists"], strict=True):
            each.version = found.get("version", "")
        return list(answer["lists"])

    async def next_request(self, wait: int = 5) -> dict[str, Any]:
        """Wait for the one request there is."""
        found = await self.requests()
        if not found:
            found = await self.requests(wait)
        (request,) = found
        return request

    def answer_body(
        self, request: dict[str, Any], decision: str, number: str = "", **given: Any
    ) -> dict[str, Any]:
        """Return a decision, signed, and the device unlocked for it where that is asked for."""
        lines = self.answer_lines(request, decision, number)
        body: dict[str, Any] = {
            "decision": decision,
            "number": number,
            "signature": self.sign(*lines),
        }
        if decision == "approve" and request["unlock"]:
            prove = {"make": self.platform.make, "use": self.platform.use}[request["unlock"]]
            body["unlock"] = prove(_text(*lines))
        return body | given

    def answer_lines(self, request: dict[str, Any], decision: str, number: str) -> tuple[str, ...]:
        return (
            "vestibule answer 1",
            self.account["tenant"],
            self.account["user"],
            self.account["authenticator"],
            request["verification"],
            request["id"],
            request["application_id"],
            number,
            decision,
            str(request["expires_at"]),
        )

    async def answer(
        self, request: dict[str, Any], decision: str, number: str = "", **given: Any
    ) -> dict[str, Any]:
        """Decide; `given` are `pin` and `new_pin`, or anything else in the place of what belongs there."""
        return await self.send(request, self.answer_body(request, decision, number, **given))

    async def send(self, request: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        """Send the body of an answer as it is."""
        return await self._ask("POST", f"/app/v1/requests/{request['id']}/answer", body)

    async def approve(self, request: dict[str, Any], number: str = "", **given: Any) -> dict[str, Any]:
        return await self.answer(request, "approve", number, **given)

    def passcode(self, at: int) -> str:
        """Return what the app shows at `at` (epoch ms), without asking anybody (RFC 6238)."""
        secret = self.account["passcodes"]["secret"]
        key = base64.b32decode(secret + "=" * (-len(secret) % 8))
        step = at // (self.account["passcodes"]["period"] * 1000)
        digest = hmac.digest(key, step.to_bytes(8, "big"), hashlib.sha1)
        place = digest[-1] & 15
        number = int.from_bytes(digest[place : place + 4], "big") & 0x7FFFFFFF
        digits = self.account["passcodes"]["digits"]
        return f"{number % 10**digits:0{digits}d}"

    async def subscribe(self, endpoint: str, p256dh: str, auth: str) -> None:
        await self._ask("PUT", "/app/v1/push", {"endpoint": endpoint, "p256dh": p256dh, "auth": auth})

    async def unsubscribe(self) -> None:
        await self._ask("DELETE", "/app/v1/push")

    def move_body(self, at: int, old: str = "remove") -> dict[str, Any]:
        """Return the beginning of a move at `at` (epoch ms by the server's clock), signed."""
        named = (self.account["tenant"], self.account["user"], self.account["authenticator"])
        lines = ("vestibule move 1", *named, old, str(at))
        unlock = self.platform.use(_text(*lines)) if self.list.get("move_credential") else None
        return {"old": old, "at": at, "signature": self.sign(*lines), "unlock": unlock}

    async def begin_move(self, old: str = "remove") -> str:
        """Begin a move and return the code for the new device."""
        await self.requests()
        return await self.send_move(self.move_body(self.list["now"], old))

    async def send_move(self, body: dict[str, Any]) -> str:
        """Send the beginning of a move as it is."""
        begun = await self._ask("POST", "/app/v1/move", body)
        self.move = begun["move"]
        return str(begun["code"])

    async def move_stage(self, seen: str = "", wait: int = 0) -> dict[str, Any]:
        """Return how far the move is; with `wait`, when it is another stage than `seen`."""
        query = f"?wait={wait}&seen={seen}" if wait else ""
        return await self._ask("GET", f"/app/v1/move{query}", token=self.move)

    async def cancel_move(self) -> None:
        await self._ask("DELETE", "/app/v1/move", token=self.move)

    async def rename(self, name: str) -> None:
        await self._ask("PATCH", "/app/v1/account", {"name": name})

    async def remove(self) -> None:
        await self._ask("DELETE", "/app/v1/account")

    async def _ask(
        self, method: str, path: str, body: dict[str, Any] | None = None, token: str = ""
    ) -> dict[str, Any]:
        headers = {"accept-language": self.language}
        token = token or self.account.get("token", "")
        if token:
            headers["authorization"] = f"Bearer {token}"
        answer = await self.client.request(method, path, json=body, headers=headers, timeout=40)
        if answer.status_code >= 400:
            raise AppError(answer.status_code, answer.json())
        return dict(answer.json()) if answer.content else {}
