"""What the servers show: the newest that the authority has issued, or files of one's own; how they stop."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest

from tests.houses import PASSWORD
from tests.integration.radius_tls.conftest import Peer, Scene
from tests.peers.openldap_certificates import TestAuthority
from vestibule.crypto.certificates import read_certificate
from vestibule.model.actor import SYSTEM
from vestibule.services.refusal import Refusal, Refused

CHALLENGE = 11


def shown(peer: Peer) -> str:
    """The fingerprint of the server's certificate."""
    session: ssl.SSLObject = peer.writer.get_extra_info("ssl_object")
    facts = read_certificate(session.getpeercert(binary_form=True) or b"")
    assert facts is not None
    return facts.fingerprint


async def test_a_new_certificate_is_shown_at_once_and_a_revoked_one_no_more(scene: Scene) -> None:
    certificates = scene.house.services.certificates
    issued = await scene.issue(await scene.add_client())
    first = await scene.connect(issued)
    scene.house.clock.advance(1)
    second_certificate = await certificates.issue_server(SYSTEM, ["127.0.0.1"])
    second = await scene.connect(issued)
    assert shown(second) == second_certificate.certificate_id != shown(first)
    await certificates.revoke(SYSTEM, "system", second_certificate.certificate_id)
    third = await scene.connect(issued)
    assert shown(third) == shown(first)
    for peer in (first, second, third):
        await peer.close()


async def test_without_a_certificate_nobody_is_let_in(scene: Scene) -> None:
    certificates = scene.house.services.certificates
    issued = await scene.issue(await scene.add_client())
    for each in certificates.list(SYSTEM, "system"):
        if each.kind == "server":
            await certificates.revoke(SYSTEM, "system", each.certificate_id)
    with pytest.raises((ConnectionError, ssl.SSLError)):
        await scene.connect(issued)


async def test_files_of_ones_own_are_shown_instead(scene: Scene, tmp_path: Path) -> None:
    own = TestAuthority(tmp_path / "own")
    certificate, key = own.issue("radius", "127.0.0.1")
    await scene.restart(tls_certificate=certificate, tls_key=key)
    context = ssl.create_default_context(cafile=str(own.ca_file))
    context.load_cert_chain(scene.file_of(await scene.issue(await scene.add_client())))
    peer = await scene.knock(context)
    assert (await peer.ask("alice", PASSWORD)).code == 3
    await peer.close()


async def test_an_authority_is_needed_first_and_an_old_one_is_replaced_beside_it(scene: Scene) -> None:
    """What the old one has signed stays good: devices are told one after the other."""
    certificates = scene.house.services.certificates
    client = await scene.add_client()
    before = await scene.issue(client)
    scene.house.clock.advance(1)
    await certificates.make_authority(SYSTEM, "The next")
    assert certificates.trusted_by_clients().count(b"BEGIN CERTIFICATE") == 2
    peer = await scene.connect(before)
    assert (await peer.ask("alice", PASSWORD)).code == 3
    await peer.close()
    for each in certificates.list(SYSTEM, "system"):
        await certificates.revoke(SYSTEM, "system", each.certificate_id)
    with pytest.raises(Refused) as refused:
        await scene.issue(client)
    assert refused.value.why is Refusal.NO_AUTHORITY


async def test_what_was_asked_before_the_stop_is_answered(scene: Scene) -> None:
    await scene.house.add_person("alice")
    peer = await scene.connect(await scene.issue(await scene.add_client()))
    assert (await peer.ask("alice", PASSWORD)).code == CHALLENGE
    peer.writer.write(peer.request("alice", PASSWORD))
    # Once it is taken, the doors close.
    while not scene.frontend._tasks._tasks:  # noqa: ASYNC110 - there is no event
        await asyncio.sleep(0)
    await scene.frontend.stop(10)
    assert (await peer.read()).code == CHALLENGE
    assert await peer.is_closed()
    await peer.close()
