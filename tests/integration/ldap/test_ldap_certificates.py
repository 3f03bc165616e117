"""No password leaves for a directory that cannot prove who it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.integration.ldap.conftest import Opening, user
from tests.integration.ldap.scripted import ScriptedDirectory, obliging
from tests.peers.openldap import PEOPLE, OpenLdap
from tests.peers.openldap_certificates import TestAuthority
from vestibule.crypto.secret import Secret
from vestibule.interfaces.directory import PasswordVerdictKind
from vestibule.wire.ldap import encode
from vestibule.wire.ldap.messages import BindResponse, ExtendedRequest, ExtendedResponse, Message, Result

ALICE = Secret(PEOPLE["alice"])
REFUSED = (PasswordVerdictKind.UNAVAILABLE, "ldap.trouble.insecure")


@pytest.mark.parametrize("transport", ["ldaps", "StartTLS"])
@pytest.mark.parametrize("fault", ["unknown authority", "other name", "expired", "system authorities"])
async def test_a_bad_certificate_is_refused(
    tmp_path: Path, open_directory: Opening, fault: str, transport: str
) -> None:
    """LD-13: unknown authority, wrong name, expired: no bind is sent, and the person is not let in."""
    made: dict[str, dict[str, Any]] = {
        "other name": {"certificate_names": ("ldap.example.org", "127.0.0.2")},
        "expired": {"has_expired_certificate": True},
    }
    trusted = {
        "unknown authority": str(TestAuthority(tmp_path / "other").ca_file),
        "system authorities": "",
    }
    with OpenLdap(tmp_path, **made.get(fault, {})) as server:
        changes: dict[str, Any] = {"ca_file": trusted.get(fault, server.ca_file), "start_tls": True}
        if transport == "ldaps":
            changes["urls"] = (server.tls_url,)
        verdict = await open_directory(server, **changes).check_password(user("alice"), "alice", ALICE)
        assert (verdict.kind, verdict.detail) == REFUSED
        server.flush_log()
        assert "cn=reader" not in server.log
        assert "alice" not in server.log


async def test_starttls_that_is_refused_is_not_done_without(open_directory: Opening) -> None:
    """LD-12: the connection is not used in the clear."""

    def script(message: Message) -> Any:
        is_start_tls = isinstance(message.operation, ExtendedRequest)
        return (ExtendedResponse(Result(52)),) if is_start_tls else obliging(message)

    async with ScriptedDirectory(script) as server:
        directory = open_directory(server, start_tls=True)
        verdict = await directory.check_password(user("alice"), "alice", ALICE)
        assert (verdict.kind, verdict.detail) == REFUSED
        assert [type(message.operation) for message in server.received] == [ExtendedRequest]


@pytest.mark.parametrize("count", [1, 2, 40])
async def test_bytes_slipped_in_behind_starttls_end_the_connection(
    open_directory: Opening, count: int
) -> None:
    """LD-11: an answer in the clear, sent ahead, is never taken for one that came protected."""

    def script(message: Message) -> Any:
        answer = encode(Message(message.message_id, ExtendedResponse(Result(0))))
        forged = b"".join(encode(Message(number, BindResponse(Result(0)))) for number in range(2, 2 + count))
        return (answer + forged,)

    async with ScriptedDirectory(script) as server:
        verdict = await open_directory(server, start_tls=True).check_password(user("alice"), "alice", ALICE)
        assert (verdict.kind, verdict.detail) == REFUSED
        assert [type(message.operation) for message in server.received] == [ExtendedRequest]


async def test_a_server_that_only_claims_to_start_tls(open_directory: Opening) -> None:
    """LD-12: what follows the yes must be a handshake."""

    def script(message: Message) -> Any:
        # Silent after its yes, the handshake's bytes are no LDAP for it, and it closes.
        return obliging(message)

    async with ScriptedDirectory(script) as server:
        directory = open_directory(server, start_tls=True, timeout_seconds=0.5)
        verdict = await directory.check_password(user("alice"), "alice", ALICE)
        assert verdict.kind is PasswordVerdictKind.UNAVAILABLE
        assert [type(message.operation) for message in server.received] == [ExtendedRequest]


def test_a_ca_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    from vestibule.directories.ldap import DIRECTORY  # noqa: PLC0415

    settings = {"urls": ["ldaps://127.0.0.1"], "base_dn": "dc=x", "ca_file": str(tmp_path / "none.pem")}
    with pytest.raises(ValueError, match=r"^ca_file: "):
        DIRECTORY.open(settings, Secret(""))
    (tmp_path / "none.pem").write_text("no certificate")
    with pytest.raises(ValueError, match=r"^ca_file: "):
        DIRECTORY.open(settings, Secret(""))
