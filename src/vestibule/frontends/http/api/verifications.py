"""Verifications: an application asks whether a person is who he says.

A verification is seen only by the client that began it (CH-07). A key of the header `Idempotency-Key`
stands for the one request it was sent with: the same key with another name, password or passcode is
another request, so that a careless client never gets yesterday's approval.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from typing import Annotated, Any, Final

import msgspec
from litestar import Controller, Request, delete, get, post
from litestar.exceptions import HTTPException, NotFoundException
from litestar.params import HeaderParameter, JSONBody, QueryParameter

from vestibule.crypto.secret import Secret
from vestibule.frontends.http.api.caller import asking_peer, may_verify
from vestibule.frontends.http.api.description import problems
from vestibule.frontends.http.api.records.verifications import VerificationRecord, verification_record
from vestibule.frontends.http.api.request import Discreet
from vestibule.frontends.http.api.values import Id, Passcode, Password, PathId, ShortText, Username
from vestibule.frontends.http.site import site_of
from vestibule.services.attempt import Origin
from vestibule.services.outcome import Progress

CHANNEL: Final = "api"
LONGEST_WAIT_SECONDS: Final = 25

AnyRequest = Request[Any, Any, Any]
IdempotencyKey = Annotated[
    str | None,
    HeaderParameter(
        name="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="The same request, sent again under the same key, is answered and not decided again.",
    ),
]
Wait = Annotated[
    int,
    QueryParameter(
        ge=0, le=LONGEST_WAIT_SECONDS, description="Answer when it is decided, after so many seconds at most."
    ),
]


class NotPending(HTTPException):
    """The verification is decided, or this challenge of it is over."""

    status_code = 409
    code = "not_pending"


class StartRequest(Discreet):
    """A claimed name, and what the person has typed so far."""

    username: Username
    password: Password | None = None
    passcode: Passcode | None = None
    user_address: ShortText = ""
    """Address of the person, for the record."""


class AnswerRequest(Discreet):
    challenge_id: Id
    passcode: Passcode


class Choice(Discreet):
    challenge_id: Id
    way: Id


class Verifications(Controller):
    path = "/verifications"
    tags = ("Verifications",)
    guards = (may_verify,)

    @post(status_code=200, responses=problems())
    async def start_verification(
        self, request: AnyRequest, data: JSONBody[StartRequest], idempotency_key: IdempotencyKey = None
    ) -> VerificationRecord:
        """Begin a verification. With a passcode it is decided at once; without one it may be pending, with
        a challenge to answer: by a passcode, or, as its `channel` says, from the person's phone."""
        progress = await start(request, data, idempotency_key)
        return verification_record(progress)

    @get("/{verification_id:str}", responses=problems(404))
    async def read_verification(
        self, request: AnyRequest, verification_id: PathId, wait: Wait = 0
    ) -> VerificationRecord:
        """Read a verification that this client has begun; with `wait`, as soon as it is decided, or asks the
        person something else. So many requests of one client wait at once; any more are answered at once."""
        progress = await _find(request, verification_id)
        if wait and progress.is_pending:
            progress = await _waited(request, progress, wait)
        return verification_record(progress)

    @post("/{verification_id:str}/answer", status_code=200, responses=problems(404, 409))
    async def answer_challenge(
        self, request: AnyRequest, verification_id: PathId, data: JSONBody[AnswerRequest]
    ) -> VerificationRecord:
        """Answer the open challenge with a passcode. After a wrong one it is pending still, while tries are
        left."""
        origin = await _open(request, verification_id, data.challenge_id)
        answered = await site_of(request).services.verifications.answer(
            origin, data.challenge_id, Secret(data.passcode)
        )
        if answered.verification.verification_id != verification_id:
            raise NotPending  # Another answer was quicker; the service has recorded this one as denied.
        return verification_record(answered)

    @post("/{verification_id:str}/choose", status_code=200, responses=problems(404, 409))
    async def choose_way(
        self, request: AnyRequest, verification_id: PathId, data: JSONBody[Choice]
    ) -> VerificationRecord:
        """Ask the person on another way, one of `choices`; the present one is asked once more. It costs no
        try; of texts and calls only so many go to one person in an hour."""
        origin = await _open(request, verification_id, data.challenge_id)
        chosen = await site_of(request).services.verifications.choose(origin, data.challenge_id, data.way)
        if chosen.verification.verification_id != verification_id:
            raise NotPending
        return verification_record(chosen)

    @delete("/{verification_id:str}", status_code=200, responses=problems(404))
    async def cancel_verification(self, request: AnyRequest, verification_id: PathId) -> VerificationRecord:
        """Cancel a pending verification; one that is decided stays as it is."""
        peer, _ = asking_peer(request)
        client = peer.client
        verification = await site_of(request).services.verifications.cancel(
            client.tenant_id, client.client_id, verification_id
        )
        if verification is None:
            raise NotFoundException
        return verification_record(Progress(verification))


async def start(request: AnyRequest, wanted: StartRequest, idempotency_key: str | None = None) -> Progress:
    """Begin a verification for the application of the key."""
    peer, address = asking_peer(request)
    site = site_of(request)
    key = site.options.form_key.reveal()
    origin = Origin(
        peer=peer,
        channel=CHANNEL,
        claimed_username=wanted.username,
        client_address=address,
        user_address=wanted.user_address,
        idempotency_key=_request_key(key, peer.client.client_id, idempotency_key, wanted),
    )
    return await site.services.verifications.start(
        origin,
        Secret(wanted.password) if wanted.password is not None else None,
        Secret(wanted.passcode) if wanted.passcode is not None else None,
    )


def _request_key(key: str, client_id: str, given: str | None, wanted: StartRequest) -> str | None:
    """Return what the store knows this very request by. Keyed, because a password is part of it."""
    if given is None:
        return None
    content = msgspec.json.encode((CHANNEL, client_id, given, wanted))
    return hmac.new(key.encode(), content, hashlib.sha256).hexdigest()


async def _open(request: AnyRequest, verification_id: str, challenge_id: str) -> Origin:
    """Return who asks, if this is the open challenge of a verification that he began."""
    peer, address = asking_peer(request)
    found = await _find(request, verification_id)
    is_it = found.challenge is not None and found.challenge.challenge_id == challenge_id
    if not (found.is_pending and is_it):
        raise NotPending
    return Origin(
        peer=peer,
        channel=CHANNEL,
        claimed_username=found.verification.claimed_username,
        client_address=address,
        user_address=found.verification.user_address,
    )


async def _waited(request: AnyRequest, progress: Progress, seconds: float) -> Progress:
    """Return where it stands once it is decided or asks something else, or the time is over."""
    site, (peer, _) = site_of(request), asking_peer(request)
    deadline = asyncio.get_running_loop().time() + seconds
    asked = _asked(progress)
    while progress.is_pending and _asked(progress) == asked:
        left = deadline - asyncio.get_running_loop().time()
        waiting = site.services.verifications.moved(progress, max(left, 0.0))
        if not await site.long_polls.wait(peer.client.client_id, waiting) or left <= 0:
            break
        progress = await _find(request, progress.verification.verification_id)
    return progress


def _asked(progress: Progress) -> str:
    return progress.challenge.challenge_id if progress.challenge is not None else ""


async def _find(request: AnyRequest, verification_id: str) -> Progress:
    peer, _ = asking_peer(request)
    client = peer.client
    found = await site_of(request).services.verifications.find(
        client.tenant_id, client.client_id, verification_id
    )
    if found is None:
        raise NotFoundException
    return found
