"""Attributes of our own with what a server behind has granted: they replace its like, or stand besides."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from tests.houses import TENANT
from tests.integration.proxy.conftest import PASSWORD, Vpn, scene
from tests.integration.proxy.test_proxied_passwords import ALICE, state_of, told_directly
from tests.peers.freeradius_eap import FreeRadiusEap
from vestibule.crypto.secret import Secret
from vestibule.model.actor import SYSTEM
from vestibule.services.reply_attributes import WantedReply
from vestibule.wire.radius.numbers import ACCESS_ACCEPT, TUNNEL_PASSWORD

FILTER_ID = 11


async def test_policy_replaces_what_the_server_gives_unless_it_adds(
    tmp_path: Path, freeradius_eap: FreeRadiusEap
) -> None:
    """After a challenge: the server's Tunnel-Password gives way to ours, each readable by the client; one
    that adds stands besides; all else of the server's is untouched."""
    direct = await told_directly(freeradius_eap, ALICE, password=PASSWORD)
    async with scene(tmp_path, freeradius_eap.name) as made:
        alice = await made.phones.house.add_person("alice")
        for name, value, adds in (("Tunnel-Password:3", "ours", False), ("Filter-Id", "besides", True)):
            wanted = WantedReply(attribute=name, value=Secret(value), adds=adds)
            await made.phones.house.services.reply_attributes.add(SYSTEM, TENANT, wanted)
            made.phones.house.clock.advance(0.001)
        with closing(Vpn(made.port)) as vpn:
            state = state_of(await vpn.ask(ALICE, vpn.password(PASSWORD)))
            passcode = alice.passcode(made.phones.house.clock.now()).reveal()
            accept = await vpn.ask(ALICE, vpn.password(passcode), state)
            assert accept.code == ACCESS_ACCEPT
            assert TUNNEL_PASSWORD in {number for number, _ in direct}
            kept = [each for each in direct if each[0] != TUNNEL_PASSWORD]
            own = [(TUNNEL_PASSWORD, b"\3ours"), (FILTER_ID, b"besides")]
            assert list(vpn.opened(accept)) == kept + own
