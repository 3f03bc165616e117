"""Handing one bind on to the directory, on a connection of its own."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import msgspec

from vestibule.frontends.ldap.upstream import Upstream, connected
from vestibule.interfaces.directory import StandsBehind
from vestibule.wire.ldap import decode, encode
from vestibule.wire.ldap.messages import (
    BindRequest,
    BindResponse,
    Message,
    Result,
    ResultCode,
    Simple,
)


class Handed(msgspec.Struct, frozen=True):
    """What the directory said: its answer as it came, and the connection if it let somebody in."""

    answer: bytes
    result: Result
    upstream: Upstream | None

    def close(self) -> None:
        if self.upstream is not None:
            self.upstream.close()


async def hand_on(behind: StandsBehind, message: Message, name: str, password: bytes) -> Handed:
    """Bind as `name` with `password`, which must not be empty, and with the controls of `message`. Raises
    ConnectionError where there is no answer in time, or none that can be understood."""
    assert isinstance(message.operation, BindRequest)
    assert password
    request = replace(message.operation, name=name, authentication=Simple(password))
    try:
        upstream = await connected(behind)
        try:
            async with asyncio.timeout(behind.answer_seconds):
                answer = await upstream.bind(encode(replace(message, operation=request)), message.message_id)
            response = decode(answer)
            if not isinstance(response, Message) or not isinstance(response.operation, BindResponse):
                raise ConnectionError
        except BaseException:
            upstream.close()
            raise
    except TimeoutError:
        raise ConnectionError from None
    result = response.operation.result
    if result.code == ResultCode.SUCCESS:
        return Handed(answer, result, upstream)
    upstream.close()
    return Handed(answer, result, None)
