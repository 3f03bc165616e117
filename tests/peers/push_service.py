"""A browser and the push service that it is subscribed to, with the reading halves by others.

The service is a TLS server on a real socket. What comes in is judged as RFC 8030 and RFC 8292 demand, the
signature by py-vapid; a test may have its `server` answer something else, or misbehave. The browser decrypts
with http-ece. As a process of its own the service takes everything without looking, for measurements.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import http_ece
import uvloop
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02

from tests.peers.http_server import Asked, HttpServer, Told
from tests.peers.program import Program

_LONGEST_SIGNED_SECONDS = 86_400
_LONGEST_BODY = 4096


def base64url(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


def claims_of(authorization: str) -> dict[str, object]:
    """Return what the token in an `Authorization` claims, once py-vapid has checked its signature."""
    assert Vapid02.verify(authorization.replace(", ", ","))
    claims = authorization.removeprefix("vapid t=").split(".")[1]
    found = json.loads(urlsafe_b64decode(claims + "=="))
    assert isinstance(found, dict)
    return found


@dataclass
class Browser:
    """Has keys of its own, and can read what is sent to it."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    secret: bytes = field(default_factory=lambda: os.urandom(16))

    @property
    def p256dh(self) -> str:
        return base64url(
            self.key.public_key().public_bytes(
                serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
            )
        )

    @property
    def auth(self) -> str:
        return base64url(self.secret)

    def read(self, message: bytes) -> bytes:
        """Return the payload; raises what http-ece or its library raises if it is not for this browser."""
        read = http_ece.decrypt(message, private_key=self.key, auth_secret=self.secret, version="aes128gcm")
        assert isinstance(read, bytes)
        return read


class PushService:
    """`async with PushService(certificate, public_key) as service:`; it is at `localhost`."""

    def __init__(self, certificate: tuple[Path, Path], public_key: str) -> None:
        """`public_key` is what its browsers have subscribed with."""
        self.gone: set[str] = set()
        """Paths of subscriptions that are over."""
        self.server = HttpServer(certificate=certificate)
        self.server.answer = self._judge
        self._public_key = public_key

    @property
    def origin(self) -> str:
        return self.server.url

    @property
    def place(self) -> str:
        return f"localhost:{self.server.port}"

    async def __aenter__(self) -> Self:
        await self.server.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.server.__aexit__(kind, problem, trace)

    async def _judge(self, asked: Asked) -> Told:
        if asked.path in self.gone:
            return Told(410)
        return Told(self._status(asked), headers={"Location": f"{self.origin}/message/1"})

    def _status(self, asked: Asked) -> int:
        headers = asked.headers
        # RFC 8030 §5.2: without a time to live a request is none.
        if asked.method != "POST" or not headers.get("ttl", "").isdigit():
            return 400
        if headers.get("content-encoding") != "aes128gcm":
            return 415
        if len(asked.body) > _LONGEST_BODY:
            return 413
        if not headers.get("authorization", "").endswith(f", k={self._public_key}"):
            return 403
        claims = claims_of(headers["authorization"])
        left = int(str(claims["exp"])) - time.time()
        is_valid = claims["aud"] == self.origin and 0 < left <= _LONGEST_SIGNED_SECONDS
        return 201 if is_valid else 403


class PushServiceProcess:
    """`with PushServiceProcess(certificate) as service:`; it is at `localhost`, on `port`."""

    def __init__(self, certificate: tuple[Path, Path]) -> None:
        self._program = Program([sys.executable, "-u", "-m", "tests.peers.push_service", *certificate])
        self.port = int(self._program.wait_for(r"listening on (\d+)")[1])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._program.kill()


async def _take_everything(certificate: tuple[Path, Path]) -> None:
    async with HttpServer(certificate=certificate) as server:

        async def take(asked: Asked) -> Told:
            server.asked.clear()
            return Told(201)

        server.answer = take
        print(f"listening on {server.port}")
        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(_take_everything((Path(sys.argv[1]), Path(sys.argv[2]))))
