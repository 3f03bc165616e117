"""What a client is told with an acceptance: attributes of policy, laid out as its vendor wants them."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from tests.houses import PASSWORD, TENANT
from tests.integration.proxy.conftest import Vpn
from tests.integration.replies.conftest import SECRET, door
from tests.peers.freeradius import DICTIONARIES
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.actor import SYSTEM
from vestibule.services.name_list import NamedLine
from vestibule.wire.radius.numbers import ACCESS_ACCEPT, ACCESS_CHALLENGE, ACCESS_REJECT, STATE, USER_NAME

ALICE = (USER_NAME, b"alice")
CISCO = (DICTIONARIES / "dictionary.cisco").read_bytes()


async def test_freeradius_reads_what_is_given(tmp_path: Path) -> None:
    """A real client, with dictionaries of its own: standard attributes, a tag, a vendor's, a secret one."""
    async with door(tmp_path) as made:
        alice = await made.house.add_person("alice")
        services = made.house.services
        await services.dictionaries.load(SYSTEM, TENANT, "cisco", CISCO)
        await made.give("Class", "OU=staff;")
        await made.give("filter-id", "vpn-users")
        await made.give("Framed-IP-Address", "192.0.2.7", user_id=alice.user.user_id)
        await made.give("Tunnel-Type:1", "VLAN")
        await made.give("Tunnel-Private-Group-Id:1", "42")
        await made.give("Tunnel-Password:1", "secret of the tunnel")
        await made.give("Cisco-AVPair", "ip:inacl#1=permit ip any any", application_id="vpn")
        await made.give("Cisco-AVPair", "shell:priv-lvl=15", client_id="asa", adds=True)
        await made.give("Idle-Timeout", "600", client_id="asa")
        printed = await made.radclient(alice)
        (attempt,) = await made.house.attempts()
        listed = await made.house.store.read(lambda tx: tx.events(TENANT, "", Page(limit=50)))
    assert "Received Access-Accept" in printed
    accept = printed.partition("Received Access-Accept")[2]
    for told in (
        "Class = 0x4f553d73746166663b",
        'Filter-Id = "vpn-users"',
        "Framed-IP-Address = 192.0.2.7",
        "Tunnel-Type:1 = VLAN",
        'Tunnel-Private-Group-Id:1 = "42"',
        'Tunnel-Password:1 = "secret of the tunnel"',
        'Cisco-AVPair = "ip:inacl#1=permit ip any any"',
        'Cisco-AVPair = "shell:priv-lvl=15"',
        "Idle-Timeout = 600",
    ):
        assert told in accept, accept
    line = attempt.trace[-1]
    assert (line.step, line.result) == ("reply", "given")
    assert line.facts["names"] == (
        "Class, Filter-Id, Framed-IP-Address, Tunnel-Type:1, Tunnel-Private-Group-Id:1, Tunnel-Password:1,"
        " Cisco-AVPair, Idle-Timeout"
    )
    assert "secret of the tunnel" not in f"{attempt.trace}{listed.rows}"


async def test_ra_19_nothing_that_a_request_carries_is_given(tmp_path: Path) -> None:
    """RA-19: of the wishes in a request none is granted, whether or not policy gives the same attribute."""
    async with door(tmp_path) as made:
        alice, bob = await made.house.add_person("alice"), await made.house.add_person("bob")
        await made.give("Class", "policy", user_id=alice.user.user_id)
        wishes = ('Class="wish"', 'Filter-Id="administrators"', "Session-Timeout=99")
        for person, given in ((alice, ["Class = 0x706f6c696379"]), (bob, [])):
            printed = await made.radclient(person, *wishes)
            accept = printed.partition("Received Access-Accept")[2].splitlines()[1:]
            told = [each.strip() for each in accept if each.strip()]
            assert [each for each in told if not each.startswith("Message-Authenticator")] == given


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
async def test_given_after_a_challenge_on_another_node(
    request: pytest.FixtureRequest, tmp_path: Path, engine: str
) -> None:
    """By application, group and user; the challenge itself gives nothing, and any node gives the same."""
    url = request.getfixturevalue("postgres_url") if engine == "postgresql" else None
    async with door(tmp_path, url, mode="challenge") as first:
        alice = await first.house.add_person("alice")
        groups = first.house.services.groups
        staff, admins = await groups.add(SYSTEM, TENANT, "Staff"), await groups.add(SYSTEM, TENANT, "admins")
        for group in (staff, admins):
            await groups.add_members(SYSTEM, TENANT, group.group_id, [NamedLine(1, "alice")])
        await first.give("Class", "by application", application_id="vpn")
        await first.give("Class", "by group staff", group_id=staff.group_id)
        await first.give("Class", "by group admins", group_id=admins.group_id)
        await first.give("Filter-Id", "by group staff", group_id=staff.group_id)
        await first.give("Filter-Id", "of alice", user_id=alice.user.user_id)
        await first.give("Idle-Timeout", "600", application_id="vpn")
        with closing(Vpn(first.port, SECRET)) as vpn:
            challenge = await vpn.ask(ALICE, vpn.password(PASSWORD))
        assert challenge.code == ACCESS_CHALLENGE
        assert {number for number, _ in challenge.attributes} == {18, 24, 80}
        now, state = first.house.clock.now(), (STATE, challenge.values(STATE)[0])
    async with door(tmp_path, url) as second:
        with closing(Vpn(second.port, SECRET)) as vpn:
            accept = await vpn.ask(ALICE, vpn.password(alice.passcode(now).reveal()), state)
            assert accept.code == ACCESS_ACCEPT
            assert vpn.opened(accept) == (
                (25, b"by group admins"),
                (11, b"of alice"),
                (28, (600).to_bytes(4, "big")),
            )
        (attempt,) = await second.house.attempts()
    assert [line.facts["names"] for line in attempt.trace if line.step == "reply"] == [
        "Class, Filter-Id, Idle-Timeout"
    ]


async def test_who_is_refused_is_told_nothing(tmp_path: Path) -> None:
    async with door(tmp_path, mode="challenge") as made:
        await made.house.add_person("alice")
        await made.give("Class", "for the approved")
        with closing(Vpn(made.port, SECRET)) as vpn:
            reject = await vpn.ask(ALICE, vpn.password("wrong"))
        assert reject.code == ACCESS_REJECT
        assert {number for number, _ in reject.attributes} == {18, 80}
        (attempt,) = await made.house.attempts()
    assert "reply" not in {line.step for line in attempt.trace}


async def test_more_than_a_packet_holds_lets_nobody_in(tmp_path: Path) -> None:
    """What does not fit could be the limits of what he may do: he is not let in without them."""
    async with door(tmp_path) as made:
        alice = await made.house.add_person("alice")
        for number in range(17):
            await made.give("Class", f"{number:02}" + "x" * 250)
        assert "Received Access-Reject" in await made.radclient(alice)
