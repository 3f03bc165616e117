"""The peers themselves: what each test may rely on when it starts one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

from tests.peers.chromium import Chromium
from tests.peers.freeradius import FreeRadius, StaticChallenge
from tests.peers.postgres import PostgresServer
from tests.peers.program import PeerFailed, Program, run
from tests.peers.sshd_pam_radius import SshdPamRadius

SECRET = "nobody-knows-this-one"


async def test_each_test_has_an_empty_database_that_syncs(empty_postgres_url: str) -> None:
    connection = await asyncpg.connect(empty_postgres_url)
    try:
        assert await connection.fetchval("select count(*) from pg_stat_user_tables") == 0
        assert await connection.fetchval("show fsync") == "on"
        assert await connection.fetchval("show synchronous_commit") == "on"
    finally:
        await connection.close()


async def test_a_template_is_prepared_once_and_copied(postgres_server: PostgresServer) -> None:
    prepared: list[str] = []

    def prepare(url: str) -> None:
        prepared.append(url)
        postgres_server.query("create table seen (n int)", database="template_of_peers")

    for name in ("copy_one", "copy_two"):
        template = postgres_server.template("template_of_peers", prepare)
        postgres_server.create(name, template=template)
        assert postgres_server.query("select count(*) from seen", database=name) == "0"
        postgres_server.drop(name)
    assert len(prepared) == 1


def test_freeradius_judges_passwords(freeradius: Callable[..., FreeRadius]) -> None:
    server = freeradius(
        users={"alice": 'quote " and \\ and $x'}, secret=SECRET, require_message_authenticator=True
    )
    assert _radclient(server, "alice", 'quote " and \\ and $x') == "Access-Accept"
    assert _radclient(server, "alice", "wrong") == "Access-Reject"


def test_sshd_lets_in_whom_radius_accepts(
    freeradius: Callable[..., FreeRadius], sshd_pam_radius: Callable[..., SshdPamRadius]
) -> None:
    radius = freeradius(
        users={"alice": "correct horse"},
        challenges={"carol": StaticChallenge("123456", prompt="Your passcode, please: ")},
        secret=SECRET,
    )
    sshd = sshd_pam_radius(radius_port=radius.port, secret=SECRET, users=["alice", "carol"])

    accepted = sshd.sign_in("alice", ["correct horse"])
    assert accepted.is_accepted, accepted.output + sshd.output
    assert accepted.questions == ("Password: ",)

    assert not sshd.sign_in("alice", ["wrong"]).is_accepted
    assert not sshd.sign_in("nobody-we-know", ["correct horse"]).is_accepted

    challenged = sshd.sign_in("carol", ["any password", "123456"])
    assert challenged.is_accepted, challenged.output + sshd.output
    assert challenged.questions == ("Password: ", "Your passcode, please: ")
    assert not sshd.sign_in("carol", ["any password", "654321"]).is_accepted
    assert not sshd.sign_in("carol", ["any password"]).is_accepted


def test_sshd_leaves_the_machine_alone(tmp_path: Path, sshd_pam_radius: Callable[..., SshdPamRadius]) -> None:
    before = [Path(path).read_text() for path in ("/etc/passwd", "/etc/pam.d/sshd")]
    sshd_pam_radius(radius_port=9, secret=SECRET, users=["alice"])
    assert [Path(path).read_text() for path in ("/etc/passwd", "/etc/pam.d/sshd")] == before


@pytest.mark.asyncio(loop_scope="session")
async def test_chromium_draws_what_it_is_given(chromium: Chromium) -> None:
    page = await chromium.page(locale="de-DE")
    await page.set_content("<h1>Guten Tag</h1>")
    assert await page.inner_text("h1") == "Guten Tag"
    assert await page.evaluate("navigator.language") == "de-DE"


def test_a_program_that_ends_too_early_says_its_last_words() -> None:
    program = Program(["sh", "-c", "echo no such luck; exit 3"])
    with pytest.raises(PeerFailed, match="no such luck"):
        program.wait_for("ready")
    assert program.stop() == 3


def _radclient(server: FreeRadius, user: str, password: str) -> str:
    def quoted(value: str) -> str:
        return value.replace("\\", "\\\\").replace('"', '\\"')

    request = f'User-Name="{user}",User-Password="{quoted(password)}",Message-Authenticator=0x00\n'
    done = run(
        ["radclient", "-x", "-t", "3", f"127.0.0.1:{server.port}", "auth", server.secret], text=request
    )
    answers = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("Received ")]
    return answers[0] if answers else done.stdout + done.stderr
