"""RADIUS over TLS (RFC 6614): who may connect, whose a connection is, and what its stream may look like."""

from __future__ import annotations

import asyncio
import os
import ssl
from pathlib import Path

import msgspec
import pytest
import uvloop

from tests.houses import PASSWORD, TENANT
from tests.integration.radius_tls.conftest import SECRET, Scene, passcode, sign_in, tls_scene
from tests.peers.openldap_certificates import TestAuthority
from vestibule.crypto.secret import Secret
from vestibule.frontends.radius.state import StateKey
from vestibule.interfaces.transaction.lists import Page
from vestibule.interfaces.transaction.radius import AccountingFilter
from vestibule.model.actor import SYSTEM
from vestibule.services.refusal import Refusal, Refused
from vestibule.wire.radius import SharedSecret
from vestibule.wire.radius.numbers import ACCOUNTING_RESPONSE, NAS_IDENTIFIER, STATUS_SERVER

ACCEPT, REJECT, CHALLENGE = 2, 3, 11


async def test_a_client_signs_somebody_in(scene: Scene) -> None:
    """RFC 6614 §2: known by its certificate, with the secret that all share."""
    alice = await scene.house.add_person("alice")
    client = await scene.add_client()
    peer = await scene.connect(await scene.issue(client))
    assert (await sign_in(scene, peer, alice)).code == ACCEPT
    (attempt,) = await scene.house.attempts()
    assert attempt.client_id == client.client_id
    await peer.close()


async def test_accounting_comes_through_the_same_port(scene: Scene) -> None:
    """RFC 6614 §2.2."""
    peer = await scene.connect(await scene.issue(await scene.add_client()))
    attributes = [(1, b"alice"), (40, (1).to_bytes(4, "big")), (44, b"s-1")]
    peer.writer.write(SharedSecret(SECRET).encode_accounting(7, attributes))
    assert (await peer.read()).code == ACCOUNTING_RESPONSE
    (kept,) = (
        await scene.house.services.accounting.list(SYSTEM, TENANT, AccountingFilter(), Page(limit=9))
    ).rows
    assert (kept.kind, kept.username) == ("Start", "alice")
    await peer.close()


async def test_a_client_asks_whether_we_are_there(scene: Scene) -> None:
    """RFC 5997 §4: a signed Status-Server is answered, which also keeps the connection open."""
    peer = await scene.connect(await scene.issue(await scene.add_client()))
    peer.writer.write(
        SharedSecret(SECRET).encode_request(STATUS_SERVER, 9, os.urandom(16), [(NAS_IDENTIFIER, b"vpn")])
    )
    assert (await peer.read()).code == ACCEPT
    await peer.close()


class TestRa22:
    """RA-22: who has no certificate that is a client's, valid and from there, is refused; the tenant is that
    of the certificate."""

    async def _is_refused(self, scene: Scene, context: ssl.SSLContext) -> bool:
        try:
            peer = await scene.knock(context)
        except (ConnectionError, ssl.SSLError):
            return True
        try:
            peer.writer.write(peer.request("alice", PASSWORD))
            return await peer.is_closed()
        finally:
            await peer.close()

    async def test_ra_22_without_a_certificate(self, scene: Scene) -> None:
        await scene.add_client()
        assert await self._is_refused(scene, scene.context(None))

    async def test_ra_22_of_another_authority_with_the_same_name(self, scene: Scene, tmp_path: Path) -> None:
        await scene.issue(await scene.add_client())
        certificate, key = TestAuthority(tmp_path / "other").issue("vpn", "vpn", for_client=True)
        both = tmp_path / "both.pem"
        both.write_bytes(certificate.read_bytes() + key.read_bytes())
        assert await self._is_refused(scene, scene.context(both))

    async def test_ra_22_of_our_authority_but_nobodys(self, scene: Scene) -> None:
        """The name in it is a client's; that says nothing."""
        client = await scene.add_client()
        issued = await scene.issue(client)
        await scene.house.store.transact(lambda tx: tx.remove(issued.certificate))
        await scene.house.services.configuration.refresh()
        assert await self._is_refused(scene, scene.context(scene.file_of(issued)))

    async def test_ra_22_expired(self, scene: Scene, tmp_path: Path) -> None:
        client = await scene.add_client()
        certificate, key = TestAuthority(tmp_path / "old").issue("vpn", is_expired=True, for_client=True)
        services = scene.house.services
        with pytest.raises(Refused) as refused:
            await services.certificates.enter_client(
                SYSTEM, TENANT, client.client_id, certificate.read_bytes()
            )
        assert refused.value.why is Refusal.CERTIFICATE_ENDED
        both = tmp_path / "both.pem"
        both.write_bytes(certificate.read_bytes() + key.read_bytes())
        assert await self._is_refused(scene, scene.context(both))

    async def test_ra_22_one_that_ends_while_it_is_connected(self, scene: Scene) -> None:
        peer = await scene.connect(await scene.issue(await scene.add_client()))
        assert (await peer.ask("alice", PASSWORD)).code == REJECT
        scene.house.clock.advance(400 * 86_400)
        peer.writer.write(peer.request("alice", PASSWORD))
        assert await peer.is_closed()

    async def test_ra_22_revoked_while_it_is_connected(self, scene: Scene) -> None:
        client = await scene.add_client()
        issued = await scene.issue(client)
        peer = await scene.connect(issued)
        assert (await peer.ask("alice", PASSWORD)).code == REJECT
        await scene.house.services.certificates.revoke(SYSTEM, TENANT, issued.certificate.certificate_id)
        peer.writer.write(peer.request("alice", PASSWORD))
        assert await peer.is_closed()
        assert await self._is_refused(scene, scene.context(scene.file_of(issued)))

    async def test_ra_22_from_elsewhere_than_its_address(self, scene: Scene) -> None:
        client = await scene.add_client(address="192.0.2.7")
        assert await self._is_refused(scene, scene.context(scene.file_of(await scene.issue(client))))

    async def test_ra_22_a_client_that_is_switched_off(self, scene: Scene) -> None:
        client = await scene.add_client()
        issued = await scene.issue(client)
        off = msgspec.structs.replace(client, is_enabled=False)
        await scene.house.services.applications.change_client(SYSTEM, off)
        assert await self._is_refused(scene, scene.context(scene.file_of(issued)))

    async def test_ra_22_of_another_tenant(self, scene: Scene) -> None:
        """Each certificate opens its own tenant: neither people nor states are known in the other."""
        alice = await scene.house.add_person("alice")
        await scene.house.services.applications.add_tenant(SYSTEM, "beta", "Beta")
        own, other = await scene.add_client("vpn"), await scene.add_client("gate", "beta")
        peer = await scene.connect(await scene.issue(own))
        stranger = await scene.connect(await scene.issue(other))
        asked = await peer.ask("alice", PASSWORD)
        state = asked.first(24)
        assert asked.code == CHALLENGE
        assert state is not None
        assert (await stranger.ask("alice", PASSWORD)).code == REJECT
        assert (await stranger.ask("alice", passcode(scene, alice), state)).code == REJECT
        assert (await peer.ask("alice", passcode(scene, alice), state)).code == ACCEPT
        await peer.close()
        await stranger.close()

    async def test_ra_22_one_certificate_is_one_clients(self, scene: Scene, tmp_path: Path) -> None:
        """A tenant cannot take another's connections by entering its certificate."""
        await scene.house.services.applications.add_tenant(SYSTEM, "beta", "Beta")
        own, other = await scene.add_client("vpn"), await scene.add_client("gate", "beta")
        certificate, _ = TestAuthority(tmp_path / "own").issue("vpn", for_client=True)
        enter = scene.house.services.certificates.enter_client
        await enter(SYSTEM, TENANT, own.client_id, certificate.read_bytes())
        with pytest.raises(Refused) as refused:
            await enter(SYSTEM, "beta", other.client_id, certificate.read_bytes())
        assert refused.value.why is Refusal.CERTIFICATE_TAKEN

    async def test_ra_22_a_certificate_of_ones_own(self, scene: Scene, tmp_path: Path) -> None:
        """Made elsewhere, it lets in this client; another one of the same authority lets in nobody."""
        client = await scene.add_client()
        authority = TestAuthority(tmp_path / "own")
        certificate, key = authority.issue("vpn", for_client=True)
        await scene.house.services.certificates.enter_client(
            SYSTEM, TENANT, client.client_id, certificate.read_bytes()
        )
        both = tmp_path / "both.pem"
        both.write_bytes(certificate.read_bytes() + key.read_bytes())
        peer = await scene.knock(scene.context(both))
        assert (await peer.ask("alice", PASSWORD)).code == REJECT
        await peer.close()
        certificate, key = authority.issue("gate", for_client=True)
        both.write_bytes(certificate.read_bytes() + key.read_bytes())
        assert await self._is_refused(scene, scene.context(both))

    async def test_ra_22_a_state_is_not_sealed_with_the_secret_that_all_know(self, scene: Scene) -> None:
        await scene.house.add_person("alice")
        client = await scene.add_client()
        peer = await scene.connect(await scene.issue(client))
        state = (await peer.ask("alice", PASSWORD)).first(24)
        assert state is not None
        assert StateKey(Secret(SECRET)).unseal(state, client, "alice") is None
        sealing = scene.house.services.certificates.sealing_secret()
        assert StateKey(sealing).unseal(state, client, "alice") is not None
        await peer.close()


def test_a_server_runs_it_on_a_loop_of_another_make(tmp_path: Path) -> None:
    """`vestibule serve` runs on uvloop, which hands over connections in another order."""

    async def one_sign_in() -> int:
        async with tls_scene(tmp_path) as scene:
            alice = await scene.house.add_person("alice")
            peer = await scene.connect(await scene.issue(await scene.add_client()))
            code = (await sign_in(scene, peer, alice)).code
            await peer.close()
            return code

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(one_sign_in()) == ACCEPT
