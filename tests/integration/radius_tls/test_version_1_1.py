"""RADIUS/1.1 (RFC 9765): agreed on by ALPN, without shared secret and MD5; where required, nothing else."""

from __future__ import annotations

import ssl

import pytest

from tests.houses import PASSWORD, TENANT
from tests.integration.radius_tls.conftest import Peer, Scene, passcode, sign_in
from vestibule.crypto.secret import Secret
from vestibule.directories.radius import DIRECTORY
from vestibule.interfaces.directory import PasswordVerdictKind
from vestibule.interfaces.transaction.lists import Page
from vestibule.interfaces.transaction.radius import AccountingFilter
from vestibule.interfaces.upstream import Carried
from vestibule.model.actor import SYSTEM
from vestibule.model.user import User
from vestibule.wire.radius import Message
from vestibule.wire.radius.numbers import ACCOUNTING_RESPONSE, MESSAGE_AUTHENTICATOR

V11, V10 = "radius/1.1", "radius/1.0"
ACCEPT, REJECT, CHALLENGE = 2, 3, 11
ALICE = User(tenant_id="t", user_id="u", username="alice", names=("alice",), created_at=0, updated_at=0)


def packet(code: int, token: int, *attributes: tuple[int, bytes]) -> bytes:
    """A packet as RFC 9765 §4.1 lays it out, built here and not by the code under test."""
    body = b"".join([bytes((number, len(value) + 2)) + value for number, value in attributes])
    return (
        bytes((code, 0)) + (20 + len(body)).to_bytes(2, "big") + token.to_bytes(4, "big") + bytes(12) + body
    )


async def ask(peer: Peer, code: int, token: int, *attributes: tuple[int, bytes]) -> Message:
    peer.writer.write(packet(code, token, *attributes))
    answer = await peer.read()
    assert answer.identifier == 0
    assert answer.authenticator == token.to_bytes(4, "big") + bytes(12)
    assert answer.first(MESSAGE_AUTHENTICATOR) is None
    return answer


def agreed(peer: Peer) -> str | None:
    session: ssl.SSLObject = peer.writer.get_extra_info("ssl_object")
    return session.selected_alpn_protocol()


async def test_somebody_signs_in_without_a_shared_secret(scene: Scene) -> None:
    """RFC 9765 §4, §5: Token, plain User-Password, no Message-Authenticator; one that comes says nothing."""
    alice = await scene.house.add_person("alice")
    peer = await scene.connect(await scene.issue(await scene.add_client()), (V11, V10))
    assert agreed(peer) == V11
    name, meaningless = (1, b"alice"), (MESSAGE_AUTHENTICATOR, bytes(16))
    asked = await ask(peer, 1, 0xFFFFFFFF, name, (2, PASSWORD.encode()), meaningless)
    state = asked.first(24)
    assert asked.code == CHALLENGE
    assert state is not None
    typed = passcode(scene, alice).encode()
    assert (await ask(peer, 1, 0, name, (2, typed), (24, state))).code == ACCEPT
    await peer.close()


async def test_a_token_counts_on_its_own_connection_only(scene: Scene) -> None:
    """RFC 9765 §4.2.2: the same packet on another connection is another request, and is judged anew."""
    await scene.house.add_person("alice")
    issued = await scene.issue(await scene.add_client())
    for tries in (1, 2):
        peer = await scene.connect(issued, (V11,))
        assert (await ask(peer, 1, 7, (1, b"alice"), (2, b"wrong"))).code == REJECT
        assert len(await scene.house.attempts()) == tries
        await peer.close()


async def test_more_packets_wait_than_an_identifier_could_tell(scene: Scene) -> None:
    peer = await scene.connect(await scene.issue(await scene.add_client()), (V11,))
    for token in range(300):
        peer.writer.write(packet(12, token))
    answers = {(await peer.read()).authenticator[:4] for _ in range(300)}
    assert answers == {token.to_bytes(4, "big") for token in range(300)}
    await peer.close()


async def test_status_and_accounting_need_no_proof_but_that_of_tls(scene: Scene) -> None:
    peer = await scene.connect(await scene.issue(await scene.add_client()), (V11,))
    assert (await ask(peer, 12, 1)).code == ACCEPT
    told = ((1, b"alice"), (40, (1).to_bytes(4, "big")), (44, b"s-1"))
    assert (await ask(peer, 4, 2, *told)).code == ACCOUNTING_RESPONSE
    (kept,) = (
        await scene.house.services.accounting.list(SYSTEM, TENANT, AccountingFilter(), Page(limit=9))
    ).rows
    assert kept.session == "s-1"
    await peer.close()


@pytest.mark.parametrize("password", [b"", b"Wonderland-2024\0", b"x" * 129])
async def test_a_password_is_whole_or_wrong(scene: Scene, password: bytes) -> None:
    """RA-13, RFC 9765 §5.1.1."""
    await scene.house.add_person("alice")
    peer = await scene.connect(await scene.issue(await scene.add_client()), (V11,))
    assert (await ask(peer, 1, 1, (1, b"alice"), (2, password))).code == REJECT
    await peer.close()


@pytest.mark.parametrize("protocols", [(), (V10,), ("radius/9.9",)])
async def test_ra_24_who_offers_it_not_speaks_the_historic_one(
    scene: Scene, protocols: tuple[str, ...]
) -> None:
    alice = await scene.house.add_person("alice")
    peer = await scene.connect(await scene.issue(await scene.add_client()), protocols)
    assert agreed(peer) == (V10 if V10 in protocols else None)
    assert (await sign_in(scene, peer, alice)).code == ACCEPT
    await peer.close()


@pytest.mark.parametrize("protocols", [(), (V10,)])
async def test_ra_24_required_it_is_not_done_without(scene: Scene, protocols: tuple[str, ...]) -> None:
    """RA-24: without ALPN, or with the historic name only, the connection ends; nothing is downgraded."""
    await scene.house.add_person("alice")
    client = await scene.add_client(settings={"require_radius_1_1": True})
    issued = await scene.issue(client)
    peer = await scene.connect(issued, protocols)
    peer.writer.write(peer.request("alice", PASSWORD))
    assert await peer.is_closed()
    assert await scene.house.attempts() == []
    peer = await scene.connect(issued, (V11,))
    assert (await ask(peer, 1, 1, (1, b"alice"), (2, PASSWORD.encode()))).code == CHALLENGE
    await peer.close()


async def test_ra_24_required_it_is_not_answered_over_udp(scene: Scene) -> None:
    client = await scene.add_client(address="127.0.0.1", settings={"require_radius_1_1": True})
    await scene.house.services.applications.add_shared_secret(SYSTEM, TENANT, client.client_id)
    assert scene.frontend._clients.table.find("127.0.0.1") is None


async def test_ra_24_it_is_not_spoken_below_tls_1_3(scene: Scene) -> None:
    """RFC 9765 §3.4."""
    issued = await scene.issue(await scene.add_client())
    context = scene.context(scene.file_of(issued), (V11,))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    peer = await scene.knock(context)
    peer.writer.write(packet(12, 1))
    assert await peer.is_closed()


async def test_a_server_behind_that_offers_it_is_asked_so(scene: Scene) -> None:
    """RFC 9765 §3: as a client, too, with whoever agrees; here with ourselves."""
    alice = await scene.house.add_person("alice")
    chain = scene.file_of(await scene.issue(await scene.add_client()))
    settings = {
        "servers": [f"127.0.0.1:{scene.port}"],
        "transport": "tls",
        "ca_file": str(scene.authority),
        "certificate_file": str(chain),
        "accounting_port": 1,
    }
    behind = DIRECTORY.open(settings, Secret(""))
    try:
        asked = await behind.carry(((1, b"alice"), (2, b"")), Secret(PASSWORD.encode()))
        assert isinstance(asked, Carried), asked
        assert asked.code == CHALLENGE
        (state,) = [each for each in asked.attributes if each[0] == 24]
        typed = Secret(passcode(scene, alice).encode())
        let_in = await behind.carry(((1, b"alice"), (2, b""), state), typed)
        assert isinstance(let_in, Carried), let_in
        assert let_in.code == ACCEPT
        assert await behind.account(((1, b"alice"), (40, (1).to_bytes(4, "big")), (44, b"s-2")))
        (road,) = behind._servers._roads.values()
        assert road._connection.secret.signs is False  # type: ignore[attr-defined]  # one over TLS
        wrong = await behind.check_password(ALICE, "alice", Secret("wrong"))
        assert wrong.kind is PasswordVerdictKind.MISMATCH
    finally:
        await behind.close()
