"""What an app asks the server while a person moves to another device."""

from __future__ import annotations

from typing import Any

from litestar import Response, delete, get, post

from vestibule.frontends.http.authenticator_app.api import (
    MOST_BODY_BYTES,
    account_of,
    answered,
    body_of,
    seconds_of,
    token_of,
    told,
)
from vestibule.frontends.http.authenticator_app.messages import (
    MoveBody,
    stage_name,
    told_move,
    told_stage,
)
from vestibule.frontends.http.fields import asked
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.site import origin_of, site_of
from vestibule.services.app_activations import Stage


@post("/v1/move", request_max_body_size=MOST_BODY_BYTES)
async def begin(request: AnyRequest) -> Response[Any]:
    async def answer() -> Response[Any]:
        account = await account_of(request)
        wanted = await body_of(request, MoveBody)
        moves, given = site_of(request).services.app_moves, wanted.given(origin_of(request))
        return told(
            told_move(await moves.begin(account, wanted.old, wanted.at, wanted.signature, given)), 201
        )

    return await answered(request, answer())


@delete("/v1/move", status_code=200)
async def cancel(request: AnyRequest) -> Response[Any]:
    async def end() -> Response[Any]:
        await site_of(request).services.app_moves.cancel(token_of(request))
        return Response(None, status_code=204)

    return await answered(request, end())


@get("/v1/move")
async def stage(request: AnyRequest) -> Response[Any]:
    """How far a move is; with `wait` as soon as it is another stage than `seen`."""

    async def answer() -> Response[Any]:
        moves, token = site_of(request).services.app_moves, token_of(request)
        seconds = seconds_of(asked(request, "wait", 3))
        known = await moves.stage(token)
        if not seconds or stage_name(known) != asked(request, "seen", 16):
            return told(told_stage(known))
        moved: list[Stage] = []

        async def wait() -> None:
            moved.append(await moves.stage(token, known, seconds))

        await site_of(request).app_polls.wait(token.rpartition(".")[0], wait(), most=2)
        return told(told_stage(moved[-1] if moved else known))

    return await answered(request, answer())
