"""Packets as an RD Gateway chain sends them: the gateway's server is our client, and the server behind.

The gateway has checked the password; its server sends none, says so in Called-Station-Id, tells no
Calling-Station-Id, and adds a Proxy-State. S62, S63: this is how terminal services are protected.
"""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path

import pytest

from tests.integration.proxy.conftest import Vpn, scene
from tests.integration.proxy.test_proxied_passwords import MS_CHAP_2, approve
from tests.peers.freeradius_eap import FreeRadiusEap
from vestibule.model.verification import Reason
from vestibule.wire.radius import Attribute
from vestibule.wire.radius.numbers import (
    ACCESS_ACCEPT,
    ACCESS_REJECT,
    ACCESS_REQUEST,
    PROXY_STATE,
    TUNNEL_PASSWORD,
    USER_NAME,
)

MICROSOFT = (311).to_bytes(4, "big")
STATE_OF_CHAIN = (PROXY_STATE, b"\xfe\x80\0\0chain of the gateway")


def gateway_request(username: str = "CONTOSO\\gwen", *, of: bytes = b"UserAuthType:PW") -> list[Attribute]:
    return [
        (USER_NAME, username.encode()),
        (30, of),
        (61, (5).to_bytes(4, "big")),
        (26, MICROSOFT + b"\x2f\x06\0\0\0\1"),
        (26, MICROSOFT + b"\x22\x08PC-0" + b"17"),
        (6, (2).to_bytes(4, "big")),
        STATE_OF_CHAIN,
    ]


async def test_s63_the_gateway_lets_in_who_answers_the_call(
    tmp_path: Path, freeradius_eap: FreeRadiusEap
) -> None:
    """S63: authorized by the server behind, without any password in the request, then asked by a call; every
    attribute and the Proxy-State come back."""
    async with scene(tmp_path, freeradius_eap.name, mode="out_of_band") as made:
        await made.phones.house.change_settings(strip_domain_prefix=True)
        await made.add_caller("gwen")
        with closing(Vpn(made.port)) as chain:
            asked = asyncio.create_task(chain.ask(*gateway_request()))
            await approve(made)
            accept = await asked
            assert accept.code == ACCESS_ACCEPT
            assert accept.attributes[-1] == STATE_OF_CHAIN
            assert (TUNNEL_PASSWORD, b"\1a tunnel's own password") in chain.opened(accept)
        (attempt,) = await made.phones.house.attempts()
    assert (attempt.username, attempt.reason, attempt.user_address) == ("gwen", Reason.CALL_CONFIRMED, "")


async def test_s63_whom_the_server_behind_does_not_authorize_rings_nobody(
    tmp_path: Path, freeradius_eap: FreeRadiusEap
) -> None:
    async with scene(tmp_path, freeradius_eap.name, mode="out_of_band") as made:
        await made.phones.house.change_settings(strip_domain_prefix=True)
        await made.add_caller("gwen")
        with closing(Vpn(made.port)) as chain:
            reject = await chain.ask(*gateway_request(of=b"UserAuthType:SC"))
        assert reject.code == ACCESS_REJECT
        assert made.phones.far.errands == []


@pytest.mark.parametrize(
    "attributes", [gateway_request(), [*MS_CHAP_2, STATE_OF_CHAIN]], ids=["none", "ms-chap"]
)
async def test_s63_who_holds_only_a_passcode_is_rejected_and_never_challenged(
    tmp_path: Path, freeradius_eap: FreeRadiusEap, attributes: list[Attribute]
) -> None:
    """RA-17: a passcode cannot be typed at a gateway, and one factor is never enough."""
    async with scene(tmp_path, freeradius_eap.name, mode="out_of_band") as made:
        await made.phones.house.change_settings(strip_domain_prefix=True)
        for name in ("gwen", "User"):
            await made.phones.house.add_person(name)
        with closing(Vpn(made.port)) as chain:
            reject = await chain.ask(*attributes)
        assert reject.code == ACCESS_REJECT
        (attempt,) = await made.phones.house.attempts()
    assert attempt.is_first_factor_proven
    assert not attempt.is_authenticated


async def test_s63_a_stranger_without_any_proof_is_not_let_in_even_without_user_match(
    tmp_path: Path, freeradius_eap: FreeRadiusEap
) -> None:
    """The server's word on a request that proves nothing says nothing of who asks."""
    settings = {"mode": "out_of_band", "require_user_match": False}
    async with scene(tmp_path, freeradius_eap.name, **settings) as made:
        with closing(Vpn(made.port)) as chain:
            assert (await chain.ask(*gateway_request())).code == ACCESS_REJECT
        (attempt,) = await made.phones.house.attempts()
    assert attempt.reason is Reason.UNKNOWN_USER


async def test_ra_25_nobody_is_let_in_after_the_gateways_patience(
    tmp_path: Path, freeradius_eap: FreeRadiusEap
) -> None:
    """RA-25: a gateway can ask for nothing more, so with its time the sign-in is over, and the call ends."""
    async with scene(tmp_path, freeradius_eap.name, mode="out_of_band", response_seconds=3) as made:
        await made.phones.house.change_settings(strip_domain_prefix=True)
        await made.add_caller("gwen")
        with closing(Vpn(made.port)) as chain:
            assert (await chain.ask(*gateway_request())).code == ACCESS_REJECT
        (attempt,) = await made.phones.house.attempts()
    assert attempt.reason is Reason.CANCELED


async def test_ra_09_an_unsigned_request_of_a_chain_is_dropped(
    tmp_path: Path, freeradius_eap: FreeRadiusEap
) -> None:
    """RA-09: the gateway's server signs only where that is switched on there. Here the unsigned request gets
    no answer, and the signed one after it does."""
    async with scene(tmp_path, freeradius_eap.name, mode="out_of_band") as made:
        with closing(Vpn(made.port)) as chain:
            signed = chain.request(*gateway_request())
            unsigned = _without_signature(signed)
            chain.station.send(unsigned)
            assert chain.check(await chain.station.ask(signed)).code == ACCESS_REJECT
        (attempt,) = await made.phones.house.attempts()
    assert attempt.reason is Reason.UNKNOWN_USER


def _without_signature(request: bytes) -> bytes:
    """The same request as a server sends it that does not sign: Message-Authenticator comes first in ours."""
    assert request[0] == ACCESS_REQUEST
    assert request[20:22] == b"\x50\x12"
    size = (len(request) - 18).to_bytes(2, "big")
    return request[:1] + bytes([request[1] ^ 1]) + size + request[4:20] + request[38:]
