"""Check: name, password and passcode in, yes or no out. The shortest way through, and the one measured.

What the framework does for every request costs more than the decision itself. So `QuickCheck` answers this
one route before the framework sees it; whatever is not a plain good request it hands to the same error
answers as every other route. The handler below is the same route for the description, and for spellings of
the path that only the framework knows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec
from litestar import Request, post
from litestar.exceptions import ClientException, HTTPException
from litestar.params import JSONBody
from litestar.types import HTTPReceiveMessage, HTTPScope, Receive, Send

from vestibule.crypto.secret import Secret
from vestibule.frontends.http.api.caller import asking_peer, may_verify
from vestibule.frontends.http.api.description import problems
from vestibule.frontends.http.api.request import Discreet, UnsupportedMediaType, decode, invalid, is_json
from vestibule.frontends.http.api.values import Passcode, Password, ShortText, Username
from vestibule.frontends.http.api.verifications import CHANNEL
from vestibule.frontends.http.api_key import admitted_peer
from vestibule.frontends.http.client_address import client_address
from vestibule.frontends.http.site import Site, site_of
from vestibule.services.attempt import Origin
from vestibule.services.configuration import Peer

PATH: Final = "/api/v1/check"
MAX_BODY_BYTES: Final = 16 * 1024


class CheckRequest(Discreet):
    username: Username
    passcode: Passcode | None = None
    """Left out: the person is asked, e.g. by a call, and the answer is pending."""
    password: Password | None = None
    user_address: ShortText = ""
    """Address of the person, for the record."""


class CheckAnswer(msgspec.Struct, frozen=True):
    """`approved` is the answer; the rest explains. `state` says whether verification `id` goes on."""

    approved: bool
    state: str
    reason: str
    id: str
    user_id: str
    username: str
    method: str


class TooLarge(HTTPException):
    status_code = 413


@post(
    "/check",
    status_code=200,
    tags=["Verifications"],
    guards=[may_verify],
    responses=problems(),
    request_max_body_size=MAX_BODY_BYTES,
)
async def check(request: Request[Any, Any, Any], data: JSONBody[CheckRequest]) -> CheckAnswer:
    """Check a person in one call: approves or denies, and never waits for anything. Without a passcode the
    person is asked, by a text, a call, in his app, or for a passcode; then the answer is pending, and its
    `id` is that of a verification, to be read and answered like any other."""
    peer, address = asking_peer(request)
    return await decide(site_of(request), peer, address, data)


async def decide(site: Site, peer: Peer, address: str, wanted: CheckRequest) -> CheckAnswer:
    """Start a verification that is decided at once."""
    progress = await site.services.verifications.start(
        Origin(
            peer=peer,
            channel=CHANNEL,
            claimed_username=wanted.username,
            client_address=address,
            user_address=wanted.user_address,
        ),
        None if wanted.password is None else Secret(wanted.password),
        None if wanted.passcode is None else Secret(wanted.passcode),
    )
    verification = progress.verification
    return CheckAnswer(
        progress.is_approved,
        verification.state.value,
        verification.reason.value,
        verification.verification_id,
        verification.user_id,
        verification.username,
        verification.method,
    )


class QuickCheck:
    """The route as bare ASGI. `fail` turns an exception into the answer that every route gives."""

    def __init__(
        self, site: Site, headers: tuple[tuple[bytes, bytes], ...], fail: Callable[..., Any]
    ) -> None:
        self._site = site
        self._headers = ((b"content-type", b"application/json"), *headers)
        self._fail = fail

    async def __call__(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        try:
            answer = await self._answer(scope, receive)
        except ClientGone:
            return
        except Exception as error:
            await self._fail(error, scope, receive, send)
            return
        body = msgspec.json.encode(answer)
        length = (b"content-length", b"%d" % len(body))
        await send(
            {"type": "http.response.start", "status": 200, "headers": [length, *self._headers]},
        )
        await send({"type": "http.response.body", "body": body, "more_body": False})

    async def _answer(self, scope: HTTPScope, receive: Receive) -> CheckAnswer:
        headers = scope["headers"]
        client = scope["client"]
        address = client_address(client[0] if client else "", headers, self._site.proxies)
        peer = admitted_peer(self._site, headers, address, "verify")
        if not is_json(headers):
            raise UnsupportedMediaType
        if scope["query_string"]:
            raise invalid("query", "names a parameter that there is not")
        wanted = decode(await _body(receive), CheckRequest)
        return await decide(self._site, peer, address, wanted)


class ClientGone(Exception):
    """Nobody is there any more to be answered."""


async def _body(receive: Receive) -> bytes:
    body = b""
    while True:
        message: HTTPReceiveMessage = await receive()  # type: ignore[assignment]
        if message["type"] != "http.request":
            raise ClientGone
        body += message["body"]
        if len(body) > MAX_BODY_BYTES:
            raise TooLarge
        if not message["more_body"]:
            break
    if not body:
        raise ClientException("no body")
    return body
