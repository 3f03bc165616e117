"""Other implementations that ask us over TLS, each through its ordinary configuration."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.houses import PASSWORD
from tests.integration.radius_tls.conftest import Scene, passcode
from tests.peers.freeradius import DICTIONARIES
from tests.peers.program import find_program, run
from tests.peers.radius_tls import SECRET, FreeRadiusOverTls, RadsecProxy


async def told(port: int, *attributes: str, kind: str = "auth") -> str:
    """Ask with radclient; return what it shows."""
    process = await asyncio.create_subprocess_exec(
        *(find_program("radclient"), "-x", "-r", "1", "-t", "10", "-D", str(DICTIONARIES)),
        *(f"127.0.0.1:{port}", kind, SECRET),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    shown, _ = await process.communicate("\n".join(attributes).encode())
    return shown.decode()


async def _signs_in(scene: Scene, port: int) -> None:
    alice = await scene.house.add_person("alice")
    name = 'User-Name = "alice"'
    asked = await told(port, name, f'User-Password = "{PASSWORD}"')
    assert "Received Access-Challenge" in asked, asked
    state = asked.partition("State = ")[2].split()[0]
    answer = await told(port, name, f'User-Password = "{passcode(scene, alice)}"', f"State = {state}")
    assert "Received Access-Accept" in answer, answer


async def test_radsecproxy_brings_a_sign_in_and_accounting(scene: Scene, tmp_path: Path) -> None:
    chain = scene.file_of(await scene.issue(await scene.add_client()))
    proxy = RadsecProxy(tmp_path, server_port=scene.port, authority=scene.authority, chain=chain)
    proxy.start()
    try:
        await _signs_in(scene, proxy.port)
        session = ('User-Name = "alice"', "Acct-Status-Type = Start", 'Acct-Session-Id = "s-1"')
        assert "Received Accounting-Response" in await told(proxy.port, *session, kind="acct")
    finally:
        proxy.stop()


async def test_freeradius_brings_a_sign_in(scene: Scene, tmp_path: Path) -> None:
    chain = scene.file_of(await scene.issue(await scene.add_client()))
    proxy = FreeRadiusOverTls(
        tmp_path / "proxy", server_port=scene.port, authority=scene.authority, chain=chain
    )
    await asyncio.to_thread(proxy.start)
    try:
        await _signs_in(scene, proxy.port)
    finally:
        await asyncio.to_thread(proxy.stop)


async def test_openssl_is_shown_who_we_are(scene: Scene, tmp_path: Path) -> None:
    """A PKCS #12 file is what devices import; the certificate that we show has our names."""
    issued = await scene.issue(await scene.add_client())
    packed, chain = tmp_path / "vpn.p12", tmp_path / "vpn.pem"
    packed.write_bytes(issued.pkcs12.reveal())
    passphrase = f"pass:{issued.passphrase.reveal()}"
    await asyncio.to_thread(
        run, ["openssl", "pkcs12", "-in", packed, "-passin", passphrase, "-nodes", "-out", chain]
    )
    told = await asyncio.to_thread(
        run,
        [
            *("openssl", "s_client", "-connect", f"127.0.0.1:{scene.port}", "-cert", chain, "-key", chain),
            *("-CAfile", scene.authority, "-verify_return_error", "-verify_hostname", "localhost"),
        ],
        text="",
    )
    assert "Verify return code: 0 (ok)" in told.stdout
