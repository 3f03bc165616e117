"""From a file of hardware tokens to authenticators, on both engines."""

from __future__ import annotations

import asyncio
import io
import re
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.peers.program import find_program
from tests.unit.wire.pskc.pskc_files import HOTP, KEY, base64_of, container, package, protected_file
from vestibule.crypto.sealing import Sealer, new_master_key
from vestibule.crypto.secret import Secret
from vestibule.interfaces.store import Store, Transaction
from vestibule.interfaces.transaction.held import AuthenticatorFilter
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.actor import SYSTEM, Actor, NotAllowed, Right
from vestibule.model.authenticator import Authenticator, AuthenticatorStatus
from vestibule.model.tenant import Tenant
from vestibule.model.throttle import ThrottleLimits
from vestibule.model.user import User
from vestibule.runtime import registry
from vestibule.runtime.token_files import read_token_file
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.enrollment import MAX_AUTHENTICATORS
from vestibule.services.fair_share import FairShare
from vestibule.services.metrics import Metrics
from vestibule.services.proving import Prover
from vestibule.services.token_import import (
    BATCH_ROWS,
    ImportReport,
    RowProblem,
    TokenFileOptions,
    TokenImports,
    UnusableFile,
)
from vestibule.stores import open_store
from vestibule.wire.oath import encode_base32

TENANT, OTHER = "acme", "other"
SECRET = b"canary-secret-20-oct"
BASE32 = encode_base32(SECRET)
SERVER = "serial,secret,interval\n"
CLOUD = "upn,serial number,secret key,time interval,manufacturer,model\n"
LIMITS = ThrottleLimits(10, 900_000, 100)


class Place:
    """A store with two tenants, the import service over it, and what tests ask of them."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.folder = folder
        sealer = Sealer(new_master_key())
        self.configuration = ConfigurationCache(store, sealer)
        self.prover = Prover(registry.methods(), sealer, self.configuration)
        self.service = TokenImports(store, self.prover, FairShare(Metrics()), read_token_file)

    async def bring(self, content: str | bytes, tenant_id: str = TENANT, **options: Any) -> ImportReport:
        octets = content.encode() if isinstance(content, str) else content
        is_dry_run = options.pop("is_dry_run", False)
        listeners = {name: options.pop(name) for name in ("progress", "on_problem") if name in options}
        return await self.service.run(
            SYSTEM,
            tenant_id,
            io.BytesIO(octets),
            TokenFileOptions(**options),
            is_dry_run=is_dry_run,
            **listeners,
        )

    async def tokens(self, tenant_id: str = TENANT) -> dict[str, Authenticator]:
        found: dict[str, Authenticator] = {}
        page = Page(limit=1000)
        while True:
            listed = await self.store.read(
                lambda tx, page=page: tx.authenticators(tenant_id, AuthenticatorFilter(), page)  # type: ignore[misc]
            )
            found |= {token.serial: token for token in listed.rows}
            if not listed.next_cursor:
                return found
            page = Page(limit=1000, cursor=listed.next_cursor)

    async def token(self, serial: str) -> Authenticator:
        return (await self.tokens())[serial]

    async def add_user(self, name: str, tenant_id: str = TENANT) -> str:
        user_id = f"{tenant_id}-{name}"
        user = User(
            tenant_id=tenant_id,
            user_id=user_id,
            username=name,
            names=(name.lower(),),
            created_at=1,
            updated_at=1,
        )
        await self.store.transact(lambda tx: tx.add_user(user))
        return user_id

    async def use(self, serial: str, state: dict[str, Any]) -> None:
        """Let the token be used by whoever holds it, so that its state is `state`."""
        token = await self.token(serial)
        assert token.user_id
        assert await self.store.transact(lambda tx: tx.advance_authenticator(token, state))


@pytest.fixture(params=["sqlite", "postgres"])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    is_sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path / 'db'}" if is_sqlite else request.getfixturevalue("postgres_url")
    store = open_store(url, None)
    await store.migrate()
    await store.open()
    for tenant_id in (TENANT, OTHER):
        tenant = Tenant(tenant_id=tenant_id, name=tenant_id, created_at=1)
        await store.transact(lambda tx, tenant=tenant: tx.put(tenant))  # type: ignore[misc]
    opened = Place(store, tmp_path)
    await opened.configuration.refresh()
    yield opened
    await store.close()


def csv(rows: Iterable[int | str], secret: str = BASE32) -> str:
    return SERVER + "".join(f"{serial},{secret},30\n" for serial in rows)


def counts(report: ImportReport) -> tuple[int, ...]:
    """Read, added, updated, unchanged, assigned, bad."""
    return (report.read, report.added, report.updated, report.unchanged, report.assigned, report.bad)


def problems(report: ImportReport) -> list[tuple[int, str, str]]:
    return [(one.line, one.serial, one.problem) for one in report.problems]


# --- what is stored -----------------------------------------------------------------------------------------


async def test_a_csv_file(place: Place) -> None:
    """S57, S61: active, free, sealed, and with exactly the parameters of the file."""
    report = await place.bring(f"{SERVER}2600 1,{BASE32},30\nab-2,{BASE32},60\n")
    assert counts(report) == (2, 2, 0, 0, 0, 0)
    assert (report.form, report.is_dry_run) == ("csv_server", False)
    tokens = await place.tokens()
    assert sorted(tokens) == ["26001", "AB-2"]
    token = tokens["26001"]
    assert (token.method, token.user_id, token.status) == ("totp", "", AuthenticatorStatus.ACTIVE)
    assert token.parameters == {"algorithm": "sha1", "digits": 6, "interval": 30}
    assert tokens["AB-2"].parameters["interval"] == 60
    assert place.prover.unseal(token) == SECRET


async def test_a_pskc_file(place: Place) -> None:
    """S60, TOK-09: counter, label and period of validity."""
    secret = f"<Secret><PlainValue>{base64_of(SECRET)}</PlainValue></Secret>"
    data = f"{secret}<Counter><PlainValue>77</PlainValue></Counter>"
    policy = "<StartDate>2024-01-01T00:00:00Z</StartDate><ExpiryDate>2031-01-01T00:00:00Z</ExpiryDate>"
    report = await place.bring(container(package("h1", algorithm=HOTP, data=data, policy=policy)))
    assert (counts(report), report.form) == ((1, 1, 0, 0, 0, 0), "pskc")
    token = await place.token("H1")
    assert (token.method, token.state, token.label) == ("hotp", {"counter": 77}, "Maker M1")
    assert not token.is_usable(1_704_067_199_999)
    assert token.is_usable(1_704_067_200_000)
    assert token.is_usable(1_924_991_999_999)
    assert not token.is_usable(1_924_992_000_000)


async def test_an_encrypted_pskc_file(place: Place) -> None:
    content = protected_file(["1", "2"])
    for wrong in ({}, {"preshared_key": Secret(bytes(16))}, {"passphrase": Secret("x")}):
        with pytest.raises(UnusableFile):
            await place.bring(content, **wrong)
    assert await place.tokens() == {}
    report = await place.bring(content, preshared_key=Secret(KEY))
    assert counts(report) == (2, 2, 0, 0, 0, 0)


async def test_an_imported_token_opens_the_door_once(place: Place) -> None:
    """S57, OTP-01: with the passcode that oathtool computes from the file's secret."""
    user_id = await place.add_user("alice")
    await place.bring(f"{CLOUD}alice,1,{BASE32},30,Maker,M1\n")

    async def now(tx: Transaction) -> int:
        return tx.now // 1000

    at = await place.store.transact(now)
    command = [find_program("oathtool"), "--totp", "--base32", f"--now=@{at}", BASE32]
    told = await asyncio.to_thread(subprocess.run, command, check=True, capture_output=True, text=True)

    async def sign_in(tx: Transaction) -> bool:
        subject = await tx.subject(TENANT, user_id)
        assert subject is not None
        usable = place.prover.usable(subject, tx.now)
        assert len(usable) == 1
        proof = await place.prover.prove(tx, subject, usable, Secret(told.stdout.strip()), LIMITS)
        return proof.is_match

    assert await place.store.transact(sign_in)
    assert not await place.store.transact(sign_in)


async def test_a_dry_run_tells_the_same_and_changes_nothing(place: Place) -> None:
    user_id = await place.add_user("alice")
    await place.bring(csv([1, 2]))
    content = f"{CLOUD}alice,2,{BASE32},30,Maker,M1\n,3,{BASE32},30,,\nbob,4,{BASE32},30,,\n,5,,30,,\n"
    before = await place.tokens()
    tried = await place.bring(content, is_dry_run=True)
    assert tried.is_dry_run
    assert await place.tokens() == before
    done = await place.bring(content)
    assert counts(tried) == counts(done) == (4, 1, 1, 0, 1, 2)
    assert problems(tried) == problems(done) == [(4, "4", "owner_unknown"), (5, "5", "secret_missing")]
    assert (await place.token("2")).user_id == user_id


# --- who holds it -------------------------------------------------------------------------------------------


async def test_owners(place: Place) -> None:
    """One token belongs to at most one user; a name in any spelling is the same user."""
    alice, bob = await place.add_user("alice@example.com"), await place.add_user("bob")
    report = await place.bring(
        f"{CLOUD}ALICE@example.com,1,{BASE32},30,,\nbob,2,{BASE32},30,,\nnobody,3,{BASE32},30,,\n,4,{BASE32},30,,\n"
    )
    assert counts(report) == (4, 3, 0, 0, 2, 1)
    assert problems(report) == [(4, "3", "owner_unknown")]
    held = {serial: token.user_id for serial, token in (await place.tokens()).items()}
    assert held == {"1": alice, "2": bob, "4": ""}
    again = await place.bring(
        f"{CLOUD}bob,1,{BASE32},30,,\n,2,{BASE32},30,,\nbob,4,{BASE32},30,,\nbob,2,{BASE32},30,,\n"
    )
    assert problems(again) == [(2, "1", "held_by_another"), (5, "2", "serial_repeated")]
    assert counts(again) == (4, 0, 1, 1, 1, 2)
    tokens = await place.tokens()
    assert {serial: token.user_id for serial, token in tokens.items()} == {"1": alice, "2": bob, "4": bob}
    assert all(place.prover.unseal(token) == SECRET for token in tokens.values())


async def test_nobody_gets_more_than_one_may_hold(place: Place) -> None:
    await place.add_user("alice")
    rows = "".join(f"alice,{serial},{BASE32},30,,\n" for serial in range(MAX_AUTHENTICATORS + 2))
    report = await place.bring(CLOUD + rows)
    assert (report.added, report.bad) == (MAX_AUTHENTICATORS, 2)
    assert {problem for _, _, problem in problems(report)} == {"too_many_held"}
    assert (await place.bring(CLOUD + rows)).unchanged == MAX_AUTHENTICATORS


async def test_tenants_are_apart(place: Place) -> None:
    """TOK-11, TEN-03: one serial in two tenants, one name in two tenants."""
    await place.add_user("alice", OTHER)
    report = await place.bring(f"{CLOUD}alice,1,{BASE32},30,,\n")
    assert problems(report) == [(2, "1", "owner_unknown")]
    other = encode_base32(b"another-secret-20-oc")
    await place.bring(csv([1]))
    await place.bring(csv([1], other), OTHER)
    mine, theirs = (await place.tokens())["1"], (await place.tokens(OTHER))["1"]
    assert place.prover.unseal(mine) != place.prover.unseal(theirs)
    assert mine.authenticator_id != theirs.authenticator_id


# --- importing again ----------------------------------------------------------------------------------------


async def test_importing_again_changes_nothing(place: Place) -> None:
    content = csv(range(5))
    await place.bring(content)
    before = await place.tokens()
    assert counts(await place.bring(content)) == (5, 0, 0, 5, 0, 0)
    assert await place.tokens() == before


async def test_a_counter_or_step_never_falls_back(place: Place) -> None:
    """TOK-05."""
    await place.add_user("alice")
    totp = f"{CLOUD}alice,t,{BASE32},30,,\n"

    def hotp(counter: int) -> bytes:
        secret = f"<Secret><PlainValue>{base64_of(SECRET)}</PlainValue></Secret>"
        data = f"{secret}<Counter><PlainValue>{counter}</PlainValue></Counter>"
        owner = "</Data><UserId>alice</UserId>"
        return container(package("h", algorithm=HOTP, data=data).replace("</Data>", owner))

    for content in (totp, hotp(10)):
        await place.bring(content)
    await place.use("T", {"step": 100, "offset": 1, "drift": 2})
    await place.use("H", {"counter": 50})
    for content in (totp, hotp(0), hotp(10), hotp(49)):
        assert counts(await place.bring(content)) == (1, 0, 0, 1, 0, 0)
    assert (await place.token("T")).state == {"step": 100, "offset": 1, "drift": 2}
    assert (await place.token("H")).state == {"counter": 50}
    assert counts(await place.bring(hotp(60))) == (1, 0, 1, 0, 0, 0)
    assert (await place.token("H")).state == {"counter": 60}


async def test_a_token_in_use_keeps_its_secret_and_parameters(place: Place) -> None:
    await place.add_user("alice")
    other = encode_base32(b"another-secret-20-oc")
    await place.bring(f"{CLOUD}alice,1,{BASE32},30,,\n")
    await place.use("1", {"step": 100, "offset": 0, "drift": 0})
    before = await place.tokens()
    assert problems(await place.bring(csv([1], other))) == [(2, "1", "secret_differs")]
    assert problems(await place.bring(csv([1]).replace(",30", ",60"))) == [(2, "1", "parameters_differ")]
    assert await place.tokens() == before


async def test_a_token_that_was_never_used_is_corrected(place: Place) -> None:
    """A file that was read as Base32 and is hexadecimal, or had the wrong interval."""
    user_id = await place.add_user("alice")
    await place.bring(f"{CLOUD}alice,1,{'ABCDEF23' * 4},30,,\n", secret_encoding="base32")
    report = await place.bring(csv([1], "ABCDEF23" * 4).replace(",30", ",60"), secret_encoding="hex")
    assert counts(report) == (1, 0, 1, 0, 0, 0)
    token = await place.token("1")
    assert place.prover.unseal(token) == bytes.fromhex("ABCDEF23" * 4)
    assert (token.parameters["interval"], token.user_id) == (60, user_id)


async def test_a_revoked_token_stays_revoked(place: Place) -> None:
    await place.bring(csv([1]))
    revoked = msgspec.structs.replace(await place.token("1"), status=AuthenticatorStatus.REVOKED, secret=b"")
    await place.store.transact(lambda tx: tx.replace_authenticator(revoked))
    assert problems(await place.bring(csv([1]))) == [(2, "1", "revoked")]


async def test_a_row_that_was_tampered_with_is_named(place: Place) -> None:
    """KEY-02: its neighbors are imported all the same."""
    await place.bring(csv([1, 2]))
    one, two = (await place.tokens()).values()
    swapped = msgspec.structs.replace(one, secret=two.secret)
    await place.store.transact(lambda tx: tx.replace_authenticator(swapped))
    report = await place.bring(csv([1, 2, 3]))
    assert problems(report) == [(2, "1", "stored_unreadable")]
    assert counts(report) == (3, 1, 0, 1, 0, 1)


async def test_a_serial_that_the_file_repeats(place: Place) -> None:
    """TOK-11: near and far, in any spelling; the first row counts."""
    far = csv(["a1", "A1", *range(BATCH_ROWS * 2), "a 1"])
    report = await place.bring(far)
    assert problems(report) == [(3, "A1", "serial_repeated"), (BATCH_ROWS * 2 + 4, "A1", "serial_repeated")]
    assert len(await place.tokens()) == BATCH_ROWS * 2 + 1


# --- when it goes wrong -------------------------------------------------------------------------------------


async def test_a_file_that_is_spoiled_at_its_end_leaves_no_trace(place: Place) -> None:
    """TOK-02, TOK-06: however much of it was good."""
    content = protected_file(map(str, range(BATCH_ROWS + 500))).decode()
    start = content.rindex("<ValueMAC>") + len("<ValueMAC>")
    spoiled = content[:start] + ("B" if content[start] == "A" else "A") + content[start + 1 :]
    for broken in (spoiled, content.removesuffix("</KeyContainer>\n"), content + "<more/>"):
        with pytest.raises(UnusableFile):
            await place.bring(broken, preshared_key=Secret(KEY))
    with pytest.raises(UnusableFile):
        await place.bring(csv(range(BATCH_ROWS + 500)) + '"open')
    assert await place.tokens() == {}


async def test_an_import_that_was_interrupted_is_completed_by_the_next(place: Place) -> None:
    """TOK-06: no token twice, none missing."""
    content = csv(range(BATCH_ROWS * 3))
    seen: list[int] = []

    def interrupt(progress: Any) -> None:
        if not progress.is_checking:
            seen.append(progress.rows)
            if progress.rows >= BATCH_ROWS * 2:
                raise InterruptedError

    with pytest.raises(InterruptedError):
        await place.bring(content, progress=interrupt)
    assert seen == [BATCH_ROWS, BATCH_ROWS * 2]
    assert len(await place.tokens()) == BATCH_ROWS * 2
    assert counts(await place.bring(content)) == (BATCH_ROWS * 3, BATCH_ROWS, 0, BATCH_ROWS * 2, 0, 0)
    assert len(await place.tokens()) == BATCH_ROWS * 3


async def test_what_happens_meanwhile_is_not_undone(place: Place) -> None:
    """A token that is used, and one that is added, between our reading and our writing."""
    await place.add_user("alice")
    await place.bring(f"{CLOUD}alice,1,{BASE32},30,,\n")
    plain = place.store.transact
    meanwhile = iter([place.use("1", {"step": 7, "offset": 0, "drift": 0}), place.bring(csv([2]), TENANT)])

    async def late(body: Callable[[Transaction], Awaitable[Any]], tenant_id: str = "") -> Any:
        if "_write" in repr(body):
            place.store.transact = plain  # type: ignore[method-assign]
            for event in meanwhile:
                await event
        return await plain(body, tenant_id)

    place.store.transact = late  # type: ignore[method-assign]
    report = await place.bring(f"{CLOUD},1,{BASE32},30,Maker,New\n,2,{BASE32},30,Maker,New\n")
    tokens = await place.tokens()
    assert tokens["1"].state == {"step": 7, "offset": 0, "drift": 0}
    assert tokens["1"].label == "Maker New"
    assert report.read == 2
    assert len(tokens) == 2


async def test_two_imports_at_once_store_each_token_once(place: Place) -> None:
    content = csv(range(300))
    reports = await asyncio.gather(*(place.bring(content) for _ in range(3)))
    assert sum(report.added for report in reports) == 300
    assert len(await place.tokens()) == 300


async def test_only_an_administrator_of_the_tenant_imports(place: Place) -> None:
    for rights, tenant_id in ((Right.SELF, TENANT), (Right.VERIFY, TENANT), (Right.ADMINISTER, OTHER)):
        actor = Actor(actor_id="x", name="x", tenant_id=tenant_id, rights=frozenset({rights}))
        with pytest.raises(NotAllowed):
            await place.service.run(actor, TENANT, io.BytesIO(csv([1]).encode()))
    assert await place.tokens() == {}


# --- what is told -------------------------------------------------------------------------------------------


async def test_every_bad_row_is_told_in_order(place: Place) -> None:
    """Even where there are more than the report keeps."""
    rows = [f"{n},{BASE32},{30 if n % 2 else 31}\n" for n in range(3000)]
    told: list[RowProblem] = []
    report = await place.bring(SERVER + "".join(rows), on_problem=told.append)
    assert [one.line for one in told] == [n + 2 for n in range(3000) if n % 2 == 0]
    assert (report.bad, len(report.problems)) == (1500, 1000)
    assert report.problems == tuple(told[:1000])


async def test_progress(place: Place) -> None:
    content = csv(range(BATCH_ROWS + 1))
    heard: list[Any] = []
    await place.bring(content, progress=heard.append)
    assert [one.rows for one in heard if not one.is_checking] == [BATCH_ROWS, BATCH_ROWS + 1]
    assert heard[0].is_checking
    assert heard[-1].octets == len(content)


async def test_the_import_and_each_assignment_are_recorded(place: Place) -> None:
    user_id = await place.add_user("alice")
    await place.bring(f"{CLOUD}alice,1,{BASE32},30,,\n,2,{BASE32},30,,\n")
    await place.bring(csv([3]), is_dry_run=True)
    events = (await place.store.read(lambda tx: tx.events(TENANT, "", Page()))).rows
    # By kind: in one millisecond time does not order them.
    assigned, imported = sorted(events, key=lambda event: event.kind)
    assert (assigned.kind, imported.kind) == ("authenticator.assigned", "tokens.imported")
    assert imported.facts["added"] == 2
    assert (assigned.subject, assigned.facts) == (user_id, {"serial": "1"})


async def test_no_secret_is_anywhere_but_sealed(place: Place, capfd: pytest.CaptureFixture[str]) -> None:
    """TOK-10, KEY-06: not in reports, events, exceptions, output or the database's files."""
    await place.add_user("alice")
    swapped = (
        f"{CLOUD}alice,{BASE32},12345,30,Maker,M1\nalice,1,{BASE32},{BASE32},M,m\nalice,2,{BASE32},30,M,m\n"
    )
    report = await place.bring(swapped)
    assert report.bad == 2
    events = await place.store.read(lambda tx: tx.events(TENANT, "", Page()))
    told = [repr(report), repr(events), repr(await place.tokens()), "".join(capfd.readouterr())]
    with pytest.raises(UnusableFile) as caught:
        await place.bring(f"{BASE32},{BASE32}\n")
    told.append(repr(caught.value) + str(caught.value) + caught.value.detail)
    canaries = [BASE32, SECRET.decode(), SECRET.hex(), base64_of(SECRET)]
    for canary in canaries:
        assert canary not in " ".join(told)
        assert not re.search(re.escape(canary[:12]), " ".join(told))
    await place.store.close()
    for file in place.folder.rglob("db*"):
        for canary in canaries:
            assert canary.encode() not in file.read_bytes()
