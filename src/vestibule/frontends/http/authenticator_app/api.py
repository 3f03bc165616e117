"""What apps ask the server. No cookie opens anything here, so none of it needs a form token.

Reads strictly, calls `Apps`, and says in one shape why something was not done.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Final, TypeVar

import msgspec
from litestar import Response, delete, patch, post, put

from vestibule import catalog
from vestibule.crypto.device_unlock import NotUnlocked
from vestibule.crypto.signing import BadKey
from vestibule.frontends.http.authenticator_app.messages import (
    Activation,
    AnswerBody,
    AskedLists,
    Name,
    Subscription,
    told_activation,
    told_decision,
    told_list,
)
from vestibule.frontends.http.fields import InPath
from vestibule.frontends.http.pages import language_of
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.site import may_wait, origin_of, site_of
from vestibule.interfaces.push import PushSubscription
from vestibule.interfaces.store import Conflict, Unavailable
from vestibule.services.app_activations import UnknownCode, Unsigned
from vestibule.services.app_checks import Hindered
from vestibule.services.app_relay import ServerAway
from vestibule.services.apps import (
    Account,
    ActivationFailed,
    Apps,
    Closed,
    NotActivated,
    Over,
    Shown,
)
from vestibule.services.refusal import Refusal, Refused

MOST_BODY_BYTES: Final = 4096
_MOST_BYTES_OF_LISTS: Final = 32_768
_BEARER: Final = "bearer "
_STATUS: Final = {
    "malformed": 400,
    "not_activated": 401,
    "activation_failed": 401,
    "activation_unknown": 404,
    "over": 409,
    "last_authenticator": 409,
    "no_pin": 409,
    "no_unlock": 409,
    "too_many_authenticators": 409,
    "signature_wrong": 422,
    "unlock_wrong": 422,
    "endpoint_refused": 422,
    "unavailable": 503,
}
_CLOSED: Final = {NotActivated: "not_activated", ActivationFailed: "activation_failed"}
Body = TypeVar("Body", bound=msgspec.Struct)


class Malformed(Exception):
    """The request is not as the protocol describes it."""


@post("/v1/activate", request_max_body_size=MOST_BODY_BYTES)
async def activate(request: AnyRequest) -> Response[Any]:
    async def answer() -> Response[Any]:
        wanted = await body_of(request, Activation)
        services = site_of(request).services
        done = await services.app_activations.activate(
            wanted.code, wanted.public_key, wanted.name, wanted.signature
        )
        return told(told_activation(done, services.apps.pushes.public_key, services.clock.now()), 201)

    return await answered(request, answer())


@post("/v1/requests", request_max_body_size=_MOST_BYTES_OF_LISTS)
async def requests(request: AnyRequest) -> Response[Any]:
    """The lists of accounts; with `wait` as soon as one of them is another than the one that was seen."""

    async def answer() -> Response[Any]:
        wanted = await body_of(request, AskedLists)
        seen = [(each.token, each.seen) for each in wanted.accounts]
        lists: list[Shown | Closed] = []

        async def look(seconds: float) -> None:
            lists[:] = await _apps(request).changed(seen, seconds)

        polls, owner = site_of(request).app_polls, wanted.accounts[0].token
        waits = wanted.wait and may_wait(request)
        if not waits or not await polls.wait(owner, look(float(wanted.wait)), most=2):
            await look(0)
        return told({"lists": [_told_of(request, each) for each in lists]})

    return await answered(request, answer())


@post("/v1/requests/{request_id:str}/answer", request_max_body_size=MOST_BODY_BYTES)
async def answer(request: AnyRequest, request_id: InPath) -> Response[Any]:
    async def decide() -> Response[Any]:
        account = await account_of(request)
        wanted = await body_of(request, AnswerBody)
        given = wanted.given(origin_of(request))
        decided = await _apps(request).decide(
            account, request_id, wanted.decision, wanted.number, wanted.signature, given
        )
        return told(told_decision(decided, language_of(request)))

    return await answered(request, decide())


@put("/v1/push", request_max_body_size=MOST_BODY_BYTES)
async def subscribe(request: AnyRequest) -> Response[Any]:
    async def keep() -> Response[Any]:
        account = await account_of(request)
        given = await body_of(request, Subscription)
        subscription = PushSubscription(given.endpoint, given.p256dh, given.auth)
        try:
            await _apps(request).pushes.subscribe(account.authenticator, subscription)
        except ValueError:
            return _failed(request, "endpoint_refused")
        return Response(None, status_code=204)

    return await answered(request, keep())


@delete("/v1/push", status_code=200)
async def unsubscribe(request: AnyRequest) -> Response[Any]:
    async def forget() -> Response[Any]:
        await _apps(request).pushes.unsubscribe((await account_of(request)).authenticator)
        return Response(None, status_code=204)

    return await answered(request, forget())


@patch("/v1/account", request_max_body_size=MOST_BODY_BYTES)
async def rename(request: AnyRequest) -> Response[Any]:
    async def change() -> Response[Any]:
        account = await account_of(request)
        await _apps(request).rename(account, (await body_of(request, Name)).name)
        return Response(None, status_code=204)

    return await answered(request, change())


@delete("/v1/account", status_code=200)
async def remove(request: AnyRequest) -> Response[Any]:
    async def end() -> Response[Any]:
        await _apps(request).remove(await account_of(request))
        return Response(None, status_code=204)

    return await answered(request, end())


# --- parts ----------------------------------------------------------------------------------------------


def _apps(request: AnyRequest) -> Apps:
    return site_of(request).services.apps


def _told_of(request: AnyRequest, found: Shown | Closed) -> dict[str, object]:
    """Return a list, or why there is none."""
    return told_list(found) if isinstance(found, Shown) else _told_error(request, _CLOSED[type(found)])


def token_of(request: AnyRequest) -> str:
    given = request.headers.get("authorization", "")
    if not given.lower().startswith(_BEARER):
        raise NotActivated
    return given[len(_BEARER) :].strip()


async def account_of(request: AnyRequest) -> Account:
    return await _apps(request).account(token_of(request))


async def body_of(request: AnyRequest, kind: type[Body]) -> Body:
    try:
        return msgspec.json.decode(await request.body(), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Malformed from None


def seconds_of(text: str) -> float:
    if not text:
        return 0.0
    if not text.isascii() or not text.isdigit():
        raise Malformed
    return float(text)


async def answered(request: AnyRequest, work: Awaitable[Response[Any]]) -> Response[Any]:
    try:
        return await work
    except (Malformed, BadKey):
        return _failed(request, "malformed")
    except Closed as closed:
        return _failed(request, _CLOSED[type(closed)])
    except UnknownCode:
        return _failed(request, "activation_unknown")
    except Unsigned:
        return _failed(request, "signature_wrong")
    except NotUnlocked:
        return _failed(request, "unlock_wrong")
    except Hindered as hindered:
        return _failed(request, hindered.hindrance)
    except (Over, Conflict):
        return _failed(request, "over")
    except Unavailable:
        site_of(request).services.metrics.faults.labels("store").inc()
        return _failed(request, "unavailable")
    except ServerAway:
        return _failed(request, "unavailable")
    except Refused as refused:
        if refused.why is Refusal.LAST_AUTHENTICATOR:
            return _failed(request, "last_authenticator")
        if refused.why in (Refusal.TOO_MANY, Refusal.TOO_MANY_DEVICES):
            return _failed(request, "too_many_authenticators")
        return _failed(request, "over")


def _failed(request: AnyRequest, code: str) -> Response[Any]:
    headers = {"retry-after": "1"} if code == "unavailable" else {}
    return Response(_told_error(request, code), status_code=_STATUS[code], headers=headers)


def _told_error(request: AnyRequest, code: str) -> dict[str, object]:
    return {"code": code, "message": catalog.text(language_of(request), f"app_api.{code}")}


def told(content: dict[str, object], status: int = 200) -> Response[Any]:
    return Response(content, status_code=status)
