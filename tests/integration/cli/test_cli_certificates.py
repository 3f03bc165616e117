"""Certificates for RADIUS over TLS through the real program."""

from __future__ import annotations

import stat
from pathlib import Path

from cryptography.hazmat.primitives.serialization import pkcs12

from tests.integration.cli.conftest import CommandLine
from tests.peers.openldap_certificates import TestAuthority


def test_a_client_is_handed_its_certificate_once(cli: CommandLine, tmp_path: Path) -> None:
    cli.out("application", "add", "Over TLS")
    added = cli.json("client", "add", "tls-1", "--application", "Over TLS")
    assert "secret" not in added
    assert "no certificate authority" in cli.refused("certificate", "issue", "tls-1", str(tmp_path / "a.pem"))
    assert not (tmp_path / "a.pem").exists()
    assert "is made" in cli.out("certificate", "make-authority", "Of tests")
    assert "192.0.2.1" in cli.out("certificate", "server", "radius.example.org", "192.0.2.1")
    cli.out("certificate", "trust", str(tmp_path / "authority.pem"))
    assert b"BEGIN CERTIFICATE" in (tmp_path / "authority.pem").read_bytes()

    issued = tmp_path / "tls-1.pem"
    cli.out("certificate", "issue", "tls-1", str(issued))
    assert stat.S_IMODE(issued.stat().st_mode) == 0o600
    assert issued.read_bytes().count(b"BEGIN CERTIFICATE") == 2
    assert b"BEGIN PRIVATE KEY" in issued.read_bytes()
    assert "File exists" in cli.refused("certificate", "issue", "tls-1", str(issued))
    passphrase = cli.out("certificate", "issue", "tls-1", str(tmp_path / "tls-1.p12"), "--pkcs12").strip()
    key, certificate, _ = pkcs12.load_key_and_certificates(
        (tmp_path / "tls-1.p12").read_bytes(), passphrase.encode()
    )
    assert key is not None
    assert certificate is not None

    own, _ = TestAuthority(tmp_path / "own").issue("device", for_client=True)
    assert "CN=device" in cli.out("certificate", "enter", "tls-1", str(own))
    assert "in use already" in cli.refused("certificate", "enter", "tls-1", str(own))
    assert "not one certificate" in cli.refused("certificate", "enter", "tls-1", str(tmp_path / "tls-1.p12"))
    assert "No such file" in cli.refused("certificate", "enter", "tls-1", str(tmp_path / "none.pem"))
    cli.out("client", "remove", "tls-1", "--yes")  # other tests count the clients of this installation


def test_what_there_is_is_listed_and_revoked(cli: CommandLine, tmp_path: Path) -> None:
    cli.out("application", "add", "Revoking")
    cli.out("client", "add", "tls-2", "--application", "Revoking")
    cli.out("certificate", "make-authority")
    cli.out("certificate", "issue", "tls-2", str(tmp_path / "tls-2.pem"), "--days", "10")
    (mine,) = [one for one in cli.json("certificate", "list") if one["name"] == "CN=tls-2"]
    assert "key" not in mine
    assert "ends soon" in cli.out("certificate", "list")
    short = mine["certificate_id"][:16]
    assert "To be revoked: CN=tls-2" in cli.out("certificate", "revoke", short, "--dry-run")
    assert "is revoked" in cli.out("certificate", "revoke", short, "--yes")
    assert "revoked" in cli.out("certificate", "list")
    assert "no certificate" in cli.refused("certificate", "revoke", "0000000000", "--yes")
    cli.out("client", "remove", "tls-2", "--yes")
