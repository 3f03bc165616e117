"""What the checks of the doctor make of what they see."""

from __future__ import annotations

import errno
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from vestibule.cli.checks import WITH_DATABASE, WITHOUT_DATABASE, doors
from vestibule.cli.checks.database import judge_postgres
from vestibule.cli.checks.doors import (
    is_loopback,
    is_private_origin,
    judge_certificate,
    secret_for,
    why_not_bound,
)
from vestibule.cli.checks.findings import (
    Finding,
    Grade,
    Installation,
    OpenInstallation,
    note,
    ok,
    problem,
    warning,
)
from vestibule.cli.checks.machine import file_system, is_clock_synchronized, speech
from vestibule.cli.checks.tenants import is_relying_party, judge_client
from vestibule.cli.doctor import Report, _each, line
from vestibule.cli.terminal import Terminal
from vestibule.crypto.secret import Secret
from vestibule.model.application import Application, Client, ClientKind
from vestibule.runtime.settings import Loaded, load
from vestibule.runtime.settings_values import Endpoint
from vestibule.services.configuration import Peer

NOW = 1_800_000_000_000
DAY = 86_400_000
LONG = Secret(b"a shared secret that is long enough")


def keys(findings: list[Finding]) -> list[str]:
    return [finding.key for finding in findings]


def peer(address: str = "127.0.0.1/32", *secrets: tuple[int | None, Secret[bytes]], **settings: Any) -> Peer:
    client = Client(
        tenant_id="acme",
        client_id="c",
        application_id="vpn",
        kind=ClientKind.RADIUS,
        name="vpn 1",
        address=address,
        settings=settings,
        created_at=0,
    )
    application = Application(tenant_id="acme", application_id="vpn", name="VPN", created_at=0)
    return Peer(client, application, secrets)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://signin.example.com", True),
        ("https://signin.example.com:8443", True),
        ("http://localhost:8080", True),
        ("http://signin.example.com", False),
        ("https://192.0.2.10", False),
        ("https://[2001:db8::10]:8443", False),
        ("http://127.0.0.1:8080", False),
    ],
)
def test_the_unlock_of_a_device_is_proven_to_a_name_only(url: str, expected: bool) -> None:
    assert is_relying_party(url) is expected


# --- RADIUS clients -------------------------------------------------------------------------------------


def installation() -> OpenInstallation:
    nothing: Any = SimpleNamespace()
    return OpenInstallation(nothing, "en", None, nothing, NOW)


@pytest.mark.parametrize(
    ("client", "expected"),
    [
        (peer("192.0.2.1/32", (None, LONG)), []),
        (peer("192.0.2.1/32"), ["clients.no_secret"]),
        (peer("192.0.2.1/32", (NOW, LONG)), ["clients.expired"]),
        (peer("192.0.2.1/32", (NOW + DAY, LONG)), ["clients.ends_soon"]),
        (peer("192.0.2.1/32", (NOW + DAY, LONG), (None, LONG)), []),
        (peer("192.0.2.1/32", (NOW + 30 * DAY, LONG)), []),
        (peer("192.0.2.1/32", (None, Secret(b"short"))), ["clients.short"]),
        (peer("192.0.2.1/32", (None, LONG), message_authenticator="observe"), ["clients.forgeable"]),
        (peer("192.0.2.1/32", (None, LONG), message_authenticator="warn"), ["clients.forgeable"]),
        (peer("192.0.2.1/32", (None, LONG), mode="unheard-of"), ["clients.unreadable"]),
        (peer("0.0.0.0/0", (None, LONG)), ["clients.everybody"]),
        (peer("2001:db8::/32", (None, LONG)), []),
    ],
)
def test_a_radius_client_is_judged(client: Peer, expected: list[str]) -> None:
    findings = judge_client(installation(), client)
    assert keys(findings) == expected
    for finding in findings:
        for language in ("en", "de"):
            assert "vpn 1" in line(finding, language)


def test_a_client_without_secret_is_a_problem_and_a_weak_one_a_warning() -> None:
    """RA-03: who gets no answer cannot work; who need not sign can be lied to."""
    assert judge_client(installation(), peer())[0].grade is Grade.PROBLEM
    weak = judge_client(installation(), peer("192.0.2.1/32", (None, LONG), message_authenticator="observe"))
    assert weak[0].grade is Grade.WARNING
    assert "client signing --tenant acme" in line(weak[0], "en")


def test_the_own_server_is_asked_with_the_secret_of_the_most_specific_client() -> None:
    other = Secret(b"of the wider network, long enough")
    near, wide = peer("127.0.0.1/32", (None, LONG)), peer("127.0.0.0/8", (None, other))
    assert secret_for([wide, near], "127.0.0.1", NOW) == LONG
    assert secret_for([wide, near], "127.0.0.2", NOW) == other
    assert secret_for([wide, near], "192.0.2.1", NOW) is None
    assert secret_for([peer("::1/128", (None, LONG))], "::1", NOW) == LONG
    assert secret_for([peer("127.0.0.1/32", (NOW, LONG)), wide], "127.0.0.1", NOW) is None
    assert secret_for([peer("127.0.0.1/32", (NOW, other), (None, LONG))], "127.0.0.1", NOW) == LONG


# --- database -------------------------------------------------------------------------------------------

SOUND = {"fsync": "on", "commits": "on", "pages": "on", "is_standby": False, "version": "16.4"}


@pytest.mark.parametrize(
    ("setting", "expected", "grade"),
    [
        ({}, "database.postgres_durable", Grade.OK),
        ({"commits": "remote_apply"}, "database.postgres_durable", Grade.OK),
        ({"is_standby": True}, "database.standby", Grade.PROBLEM),
        ({"fsync": "off"}, "database.no_fsync", Grade.PROBLEM),
        ({"commits": "off"}, "database.no_synchronous_commit", Grade.PROBLEM),
        ({"commits": "local"}, "database.no_synchronous_commit", Grade.PROBLEM),
        ({"pages": "off"}, "database.no_full_pages", Grade.WARNING),
    ],
)
def test_a_postgresql_that_forgets_is_found(setting: dict[str, Any], expected: str, grade: Grade) -> None:
    (finding,) = judge_postgres(**{**SOUND, **setting})
    assert (finding.key, finding.grade) == (expected, grade)


# --- machine --------------------------------------------------------------------------------------------


def test_the_file_system_is_that_of_the_nearest_mount() -> None:
    mounts = (
        "/dev/vda1 / ext4 rw 0 0\ntmpfs /tmp tmpfs rw 0 0\n/dev/vdb /tmp/a\\040b xfs rw 0 0\n"
        "srv:/x /mnt nfs4 rw 0 0\n"
    )
    assert file_system(Path("/srv/vestibule"), mounts) == "ext4"
    assert file_system(Path("/tmp/state"), mounts) == "tmpfs"
    assert file_system(Path("/tmp/a b/state"), mounts) == "xfs"
    assert file_system(Path("/mnt/state"), mounts) == "nfs4"
    assert file_system(Path("/x"), "") == ""


def test_asking_the_kernel_about_its_clock_answers() -> None:
    assert is_clock_synchronized() in (True, False)


# --- doors ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("vpn.example", False)],
)
def test_loopback_is_known(host: str, expected: bool) -> None:
    assert is_loopback(Endpoint(host, 1812)) is expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://mfa.example.org", True),
        ("http://127.0.0.1:8080", True),
        ("http://[::1]:8080", True),
        ("http://localhost", True),
        ("http://mfa.example.org", False),
        ("http://192.0.2.1:8080", False),
    ],
)
def test_an_origin_is_private_with_tls_or_on_this_machine(url: str, expected: bool) -> None:
    assert is_private_origin(url) is expected


def test_why_an_address_cannot_be_bound() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        assert why_not_bound(Endpoint("127.0.0.1", port), socket.SOCK_DGRAM) == errno.EADDRINUSE
    assert why_not_bound(Endpoint("127.0.0.1", port), socket.SOCK_DGRAM) == 0
    assert why_not_bound(Endpoint("192.0.2.1", port), socket.SOCK_STREAM) == errno.EADDRNOTAVAIL


def certificate(folder: Path, now: datetime, days: float) -> tuple[Path, Path]:
    """Write a certificate that ends `days` after `now`, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mfa.example.org")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=100))
        .not_valid_after(now + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    file, key_file = folder / f"{days}.pem", folder / f"{days}.key"
    file.write_bytes(made.public_bytes(pem))
    plain = serialization.NoEncryption()
    key_file.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    return file, key_file


@pytest.mark.parametrize(
    ("days", "expected", "grade"),
    [
        (90, "certificate.fine", Grade.OK),
        (10, "certificate.ends_soon", Grade.WARNING),
        (-1, "certificate.over", Grade.PROBLEM),
    ],
)
def test_the_end_of_a_certificate_is_told_in_time(
    tmp_path: Path, days: float, expected: str, grade: Grade
) -> None:
    now = datetime(2027, 1, 1, tzinfo=UTC)
    (finding,) = judge_certificate(*certificate(tmp_path, now, days), now)
    assert (finding.key, finding.grade) == (expected, grade)


def test_a_key_of_another_certificate_is_found(tmp_path: Path) -> None:
    now = datetime(2027, 1, 1, tzinfo=UTC)
    (file, key), (_, other_key) = certificate(tmp_path, now, 90), certificate(tmp_path, now, 91)
    assert keys(judge_certificate(file, other_key, now)) == ["certificate.other_key"]
    assert keys(judge_certificate(key, key, now)) == ["certificate.unreadable"]
    assert keys(judge_certificate(file, tmp_path / "none", now)) == ["certificate.unreadable"]


# --- the report -----------------------------------------------------------------------------------------


def report(*findings: Finding, **options: bool) -> int:
    told = Report(Terminal("en"), is_quiet=options.get("quiet", False), is_shown=True)
    for finding in findings:
        told.add(finding)
    return told.end()


def test_only_a_problem_fails(capsys: pytest.CaptureFixture[str]) -> None:
    fine = [ok("chance", "chance.fine"), note("web", "web.off"), warning("md5", "md5.refused")]
    assert report(*fine) == 0
    assert report(*fine, problem("chance", "chance.empty")) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "ok       Random source: ready"
    assert lines[4] == "Problems: 0. Warnings: 1"
    assert lines[-1] == "Problems: 1. Warnings: 1"


def test_quiet_shows_what_needs_attention(capsys: pytest.CaptureFixture[str]) -> None:
    report(ok("chance", "chance.fine"), warning("md5", "md5.refused"), quiet=True)
    (only,) = capsys.readouterr().out.splitlines()
    assert only.startswith("WARNING  MD5: ")


async def test_a_check_that_breaks_is_a_problem_and_the_rest_go_on() -> None:
    async def breaks(_at: object) -> list[Finding]:
        raise RuntimeError("unforeseen")

    async def works(_at: object) -> list[Finding]:
        return [ok("chance", "chance.fine")]

    found: list[Finding] = []
    await _each(None, [breaks, works], found.append)
    assert [finding.grade for finding in found] == [Grade.PROBLEM, Grade.OK]
    assert line(found[0], "en") == "breaks could not be checked: RuntimeError: unforeseen"


def test_every_check_says_what_it_looks_at() -> None:
    checks = (*WITHOUT_DATABASE, *WITH_DATABASE)
    assert len({check.__name__ for check in checks}) == len(checks) > 15
    assert all(check.__doc__ for check in checks)


async def test_a_missing_speech_engine_is_a_note(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Calls go on with recordings, so it is no problem; but nobody should wonder about a beep."""
    installation: Any = SimpleNamespace()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert [(one.grade, one.key) for one in await speech(installation)] == [(Grade.NOTE, "speech.missing")]
    engine = tmp_path / "espeak-ng"
    engine.touch(0o755)
    assert [(one.grade, one.key) for one in await speech(installation)] == [(Grade.OK, "speech.fine")]


async def test_ldap_addresses_are_looked_at(tmp_path: Path) -> None:
    """Nobody there, and somebody who accepts; a certificate is judged as that of the pages is."""
    file, key = certificate(tmp_path, datetime.now(UTC), 90)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        environment = {
            "VESTIBULE_STATE_DIRECTORY": str(tmp_path),
            "VESTIBULE_LDAP_LISTEN": f"127.0.0.1:{port},127.0.0.1:0",
            "VESTIBULE_LDAP_TLS_CERTIFICATE": str(file),
            "VESTIBULE_LDAP_TLS_KEY": str(key),
        }
        loaded = load(None, environment)
        assert isinstance(loaded, Loaded)
        at = Installation(loaded.settings, "en", None)
        assert keys(await doors.ldap(at)) == ["ldap.accepts", "door.any_port"]
    assert keys(await doors.ldap(at)) == ["door.closed", "door.any_port"]
    assert keys(await doors.certificate(at)) == ["certificate.fine"]
