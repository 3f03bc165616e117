"""The outbox and a real mail server: sent at least once, tried again with growing pauses, and with an end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.houses import TENANT, TestHouse, open_house
from tests.integration.mail.mailing import FACTS, add_mail_gateway, mail, outbox, round_of
from tests.peers.mail_server import MailServer
from vestibule.interfaces.transaction.lists import Page
from vestibule.interfaces.transaction.sending import DispatchFilter
from vestibule.model.actor import SYSTEM
from vestibule.model.dispatch import LIFE_MS, Dispatch, DispatchState
from vestibule.services.dispatches import LEASE_MS
from vestibule.services.refusal import Refusal, Refused

Starting = Callable[..., MailServer]
URL = "https://signin.example.org"


async def test_a_mail_leaves_with_the_commit_that_it_tells_of(mail_server: Starting, tmp_path: Path) -> None:
    """No commit, no mail; sent, nothing of its text is left in the database."""
    server = mail_server()
    async with open_house(tmp_path / "house", http_public_url=URL) as house:
        assert not await mail(house)
        assert await outbox(house) == []  # Without a gateway nothing is written that could never leave.
        await add_mail_gateway(house, server)

        async def fails(tx: Any) -> None:
            await house.services.mails.send(tx, TENANT, "alice@example.org", "en", "changed", FACTS)
            raise ArithmeticError

        with pytest.raises(ArithmeticError):
            await house.store.transact(fails)
        assert await outbox(house) == []
        assert not await mail(house, to="nobody")
        assert await mail(house, language="de")
        [waiting] = await _rows(house)
        assert b"change" not in waiting.sealed_body
        assert waiting.sealed_body
        await round_of(house)
        [sent] = await _rows(house)
        assert (sent.state, sent.sealed_body, sent.tries) == (DispatchState.SENT, b"", 1)
    [taken] = server.taken()
    assert taken.message["Subject"] == "A change"
    assert "Guten Tag Alice," in taken.part("plain")
    assert f"{URL}/portal/{TENANT}" in taken.part("plain")
    assert "\n\n\n" not in taken.part("plain")


async def test_values_are_text_and_nothing_else(mail_server: Starting, tmp_path: Path) -> None:
    """WEB-10, WEB-19: a name is no HTML, no placeholder, no line, and no link to elsewhere."""
    server = mail_server("none")
    hostile = "<b>{username}</b> {{7*7}} %s https://evil.example/x\r\nBcc: m@example.org\r\n\r\nhi"
    async with open_house(tmp_path / "house", http_public_url=URL) as house:
        await add_mail_gateway(house, server)
        lookalike = f"{URL}.evil.example/ {URL}@evil.example/"
        await mail(house, facts=FACTS | {"name": hostile, "what": hostile, "who": lookalike})
        await round_of(house)
    [taken] = server.taken()
    assert taken.message["Bcc"] is None
    assert "<b>{username}</b> {{7*7}} %s" in taken.part("plain").splitlines()[0]
    html = taken.part("html")
    assert "&lt;b&gt;{username}&lt;/b&gt; {{7*7}} %s" in html
    assert "<b>" not in html
    links = [each.partition('"')[0] for each in html.split('href="')[1:]]
    assert links == [f"{URL}/portal/{TENANT}"]


async def test_greylisting_passes(mail_server: Starting, tmp_path: Path) -> None:
    """450 (RFC 6647): tried again a minute later, under the same Message-ID."""
    server = mail_server("none")
    async with open_house(tmp_path / "house") as house:
        await add_mail_gateway(house, server)
        await mail(house, "greylisted@example.org")
        await round_of(house)
        [waits] = await outbox(house)
        assert waits.state is DispatchState.WAITING
        assert waits.cause == "smtp.cause.recipient_refused 450 4.2.0 come again"
        assert waits.due_at == house.clock.now() + 60_000
        await round_of(house)
        assert server.taken() == []  # Not due yet.
        house.clock.advance(60)
        await round_of(house)
        [sent] = await outbox(house)
    assert (sent.state, sent.tries, sent.cause) == (DispatchState.SENT, 2, "")
    assert server.taken()[0].message["Message-ID"] == f"<{sent.dispatch_id}@example.org>"


async def test_no_such_mailbox_is_the_end_at_once(mail_server: Starting, tmp_path: Path) -> None:
    """550: nobody tries again by himself; an administrator may, and others wait for nothing."""
    server = mail_server("none")
    async with open_house(tmp_path / "house") as house:
        await add_mail_gateway(house, server)
        await mail(house, "unknown@example.org")
        await mail(house)
        await round_of(house)
        failed, sent = await outbox(house)
        assert failed.state is DispatchState.FAILED
        assert failed.cause == "smtp.cause.recipient_refused 550 5.1.1 no such mailbox"
        assert sent.state is DispatchState.SENT
        with pytest.raises(Refused) as refused:
            await house.services.outbox.again(SYSTEM, TENANT, sent.dispatch_id)
        assert refused.value.why is Refusal.NOT_SENDABLE
        again = await house.services.outbox.again(SYSTEM, TENANT, failed.dispatch_id)
        assert (again.state, again.tries) == (DispatchState.WAITING, 0)
        await round_of(house)
        [failed_again] = await outbox(house, state="failed")
        assert failed_again.tries == 1


async def test_a_dead_server_is_waited_for_and_given_up_after_a_day(
    mail_server: Starting, tmp_path: Path
) -> None:
    """The pauses grow, the cause is kept, and what failed at last can be sent again after a weekend; what
    held a code cannot."""
    server = mail_server("none")
    async with open_house(tmp_path / "house") as house:
        await add_mail_gateway(house, server)
        server.stop()
        await mail(house)
        await mail(house, life_ms=600_000)
        began, pauses = house.clock.now(), []
        while any(one.state is DispatchState.WAITING for one in await outbox(house)):
            _rest_is_over(house)
            await round_of(house)
            lasting = (await outbox(house))[0]
            pauses.append((lasting.due_at - house.clock.now()) // 60_000)
            house.clock.time = lasting.due_at
        assert pauses[:6] == [1, 5, 15, 30, 60, 60]
        lasting, short = await outbox(house)
        assert {lasting.state, short.state} == {DispatchState.FAILED}
        assert lasting.cause == "smtp.cause.unreachable"
        assert lasting.due_at >= began + LIFE_MS
        house.clock.advance(2 * 86_400)
        await house.services.housekeeping.sweep()
        with pytest.raises(Refused):
            await house.services.outbox.again(SYSTEM, TENANT, short.dispatch_id)
        await house.services.outbox.again(SYSTEM, TENANT, lasting.dispatch_id)
        server.start()
        _rest_is_over(house)
        await round_of(house)
        assert [one.state for one in await outbox(house)] == [DispatchState.SENT, DispatchState.FAILED]


async def test_the_next_gateway_takes_over(mail_server: Starting, tmp_path: Path) -> None:
    """Several by priority: one that is gone does not hold up a mail."""
    first, second = mail_server("none"), mail_server()
    async with open_house(tmp_path / "house") as house:
        await add_mail_gateway(house, first, "first", priority=1)
        second_id = await add_mail_gateway(house, second, "second", priority=2)
        await mail(house)
        await round_of(house)
        first.stop()
        await mail(house)
        await round_of(house)
        assert (len(first.taken()), len(second.taken())) == (1, 1)
        assert (await outbox(house))[1].gateway_id == second_id


async def test_a_node_that_dies_leaves_its_mail_to_the_others(mail_server: Starting, tmp_path: Path) -> None:
    """Sent, and not written down: another sends it again, and a reader sees that it is the same."""
    server = mail_server("none")
    async with open_house(tmp_path / "house") as house:
        await add_mail_gateway(house, server)
        await mail(house)
        [taken] = await house.store.transact(lambda tx: tx.take_dispatches("dead", 5, LEASE_MS))
        errand = (await house.services.dispatches.unpack(taken)).errand
        assert errand is not None
        await house.services.gateways.all(TENANT)[0].gateway.send(errand)
        await round_of(house)
        assert len(server.taken()) == 1
        house.clock.advance(LEASE_MS / 1000)
        await round_of(house)
        assert len({one.message["Message-ID"] for one in server.taken()}) == 1
        assert len(server.taken()) == 2
        [sent] = await outbox(house)
        assert sent.state is DispatchState.SENT


async def test_a_test_mail_tells_what_came_of_it(mail_server: Starting, tmp_path: Path) -> None:
    server = mail_server()
    async with open_house(tmp_path / "house") as house:
        gateway_id = await add_mail_gateway(house, server, is_enabled=False)
        send = house.services.outbox.send_test
        sent = await send(SYSTEM, TENANT, gateway_id, "admin@example.org")
        assert sent.state is DispatchState.SENT
        house.clock.advance(1)
        refused = await send(SYSTEM, TENANT, gateway_id, "unknown@example.org")
        assert refused.cause == "smtp.cause.recipient_refused 550 5.1.1 no such mailbox"
        with pytest.raises(Refused) as wrong:
            await send(SYSTEM, TENANT, gateway_id, "nobody")
        assert wrong.value.why is Refusal.MAIL_ADDRESS_INVALID
        await round_of(house)
        assert [one.state for one in await outbox(house)] == [DispatchState.SENT, DispatchState.FAILED]
    assert "Acme" in server.taken()[0].part("plain")


async def _rows(house: TestHouse) -> list[Dispatch]:
    """Return the rows as they are stored, with what is sealed."""
    listed = await house.store.read(lambda tx: tx.dispatches(TENANT, DispatchFilter(), Page()))
    return list(listed.rows)


def _rest_is_over(house: TestHouse) -> None:
    """Let gateways that rest after failures be used again: that is real time."""
    for opened in house.services.gateways.all(TENANT):
        opened.rests_until = 0.0
