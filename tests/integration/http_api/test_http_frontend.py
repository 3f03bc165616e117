"""The server on a real socket: addresses, TLS, limits (WEB-14, WEB-21), and stopping in good order."""

from __future__ import annotations

import asyncio
import signal
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from structlog.testing import capture_logs

from tests.integration.http_api.house import API, PASSWORD, HttpHouse, usual_frontend
from vestibule.frontends.http import FRONTEND, HttpFrontend, HttpOptions
from vestibule.interfaces.frontend import CannotListen
from vestibule.services.outcome import Progress

FREE = (("127.0.0.1", 0),)


@asynccontextmanager
async def serving(house: HttpHouse, **options: object) -> AsyncIterator[HttpFrontend]:
    wanted = HttpOptions(**({"listen": FREE} | options))  # type: ignore[arg-type] # of any options
    with usual_frontend(house.inside.services, wanted) as frontend:
        await frontend.start()
        try:
            yield frontend
        finally:
            await frontend.stop(5)


async def raw(frontend: HttpFrontend, *pieces: bytes) -> bytes:
    """Send bytes and return all that comes until the server closes."""
    address = urlsplit(frontend.addresses()[0])
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


async def test_several_addresses(house: HttpHouse) -> None:
    async with serving(house, listen=(("127.0.0.1", 0), ("::1", 0))) as frontend:
        first, second = frontend.addresses()
        assert first.startswith("http://127.0.0.1:")
        assert second.startswith("http://[::1]:")
        async with httpx.AsyncClient() as caller:
            for address in (first, second):
                assert (await caller.get(f"{address}/health")).text == "alive\n"


async def test_a_taken_address_is_named(house: HttpHouse, free_port: Callable[[], int]) -> None:
    port = free_port()
    async with serving(house, listen=(("127.0.0.1", port),)):
        with pytest.raises(CannotListen, match=f"127.0.0.1:{port}"):
            async with serving(house, listen=(("127.0.0.1", 0), ("127.0.0.1", port))):
                pass


async def test_signals_stay_with_the_process(house: HttpHouse) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    async with serving(house):
        assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


async def test_the_process_opens_it_from_its_settings(house: HttpHouse) -> None:
    settings = house.inside.house.settings.http
    frontend = FRONTEND.open(house.inside.services, settings)
    assert frontend.name == "http"
    assert frontend.addresses() == []


# --- limits ---------------------------------------------------------------------------------------------


async def test_a_large_head_is_refused(house: HttpHouse) -> None:
    heads = [
        b"".join(b"x-%d: y\r\n" % number for number in range(10_000)),
        b"x-long: " + b"y" * 100_000 + b"\r\n",
        b"".join(b"a: b\r\n" for _ in range(101)),
    ]
    async with serving(house) as frontend:
        for head in heads:
            # A connection that is closed while we still send may be reset before its last answer is read.
            answer = await raw(frontend, b"GET /health HTTP/1.1\r\nhost: x\r\n" + head + b"\r\n")
            assert answer.startswith(b"HTTP/1.1 431 ") or answer == b""
        long_line = b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n"
        assert (await raw(frontend, long_line)).startswith(b"HTTP/1.1 431 ")
        async with httpx.AsyncClient() as caller:
            assert (await caller.get(f"{frontend.addresses()[0]}/health")).status_code == 200


async def test_a_slow_head_is_not_waited_for(house: HttpHouse) -> None:
    async with serving(house, header_seconds=0.2) as frontend:
        assert (await raw(frontend, b"GET / HT")).startswith(b"HTTP/1.1 408 ")
        assert (await raw(frontend)).startswith(b"HTTP/1.1 408 ")


async def test_a_body_that_stands_still_is_not_waited_for(house: HttpHouse) -> None:
    key = await house.add_key("verify")
    head = (
        f"POST /api/v1/check HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key.text}\r\n"
        "content-type: application/json\r\ncontent-length: 100\r\n\r\n"
    ).encode()
    async with serving(house, body_seconds=0.2) as frontend:
        assert await raw(frontend, head, b"{", b'"') == b""
    assert await house.inside.attempts() == []


async def test_one_connection_too_many_is_told_so(house: HttpHouse) -> None:
    async with serving(house, max_connections=1) as frontend:
        url = f"{frontend.addresses()[0]}/health"
        async with httpx.AsyncClient() as caller:
            assert (await caller.get(url)).status_code == 200
            with capture_logs() as logs:
                for _ in range(2):
                    assert (await raw(frontend)).startswith(b"HTTP/1.1 503 ")
            told = [line for line in logs if line["event"] == "no more connections are taken"]
            assert [line["connections"] for line in told] == [1], "once, not for every one of them"
            assert (await caller.get(url)).status_code == 200, "who has one keeps it"


async def test_what_is_no_http_is_refused(house: HttpHouse) -> None:
    async with serving(house) as frontend:
        for bad in (
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
            b"GET\r\n\r\n",
            b"GET / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
            b"GET / HTTP/1.1\r\nhost: x\r\nbad header\r\n\r\n",
        ):
            assert (await raw(frontend, bad)).startswith(b"HTTP/1.1 400 ")


async def test_a_large_body_is_refused_before_it_is_read(house: HttpHouse) -> None:
    key = await house.add_key("verify", "admin")
    async with serving(house) as frontend:
        head = (
            f"authorization: Bearer {key.text}\r\nhost: x\r\ncontent-type: application/json\r\n"
            "content-length: 1000000000\r\n\r\n{"
        ).encode()
        for path in (b"users", b"verifications"):
            answer = await _first_line(frontend, b"POST /api/v1/" + path + b" HTTP/1.1\r\n" + head)
            assert answer.startswith(b"HTTP/1.1 413 ")


async def test_a_compressed_body_is_no_body(house: HttpHouse) -> None:
    key = await house.add_key("verify")
    async with serving(house) as frontend, httpx.AsyncClient() as caller:
        answer = await caller.post(
            f"{frontend.addresses()[0]}{API}/check",
            content=b"\x1f\x8b\x08\x00",
            headers={
                "authorization": f"Bearer {key.text}",
                "content-type": "application/json",
                "content-encoding": "gzip",
            },
        )
        assert answer.status_code == 400


async def _first_line(frontend: HttpFrontend, request: bytes) -> bytes:
    address = urlsplit(frontend.addresses()[0])
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(request)
    line = await reader.readline()
    writer.close()
    return line


# --- stopping -------------------------------------------------------------------------------------------


async def test_a_running_request_is_answered_before_the_end(house: HttpHouse) -> None:
    alice = await house.add_person("alice")
    key = await house.add_key("verify")
    headers = {"authorization": f"Bearer {key.text}"}
    async with (
        serving(house) as frontend,
        httpx.AsyncClient(base_url=frontend.addresses()[0], headers=headers) as caller,
    ):
        begun = await caller.post(
            f"{API}/verifications", json={"username": alice.user.username, "password": PASSWORD}
        )
        looked = _note_first_look(house)
        waiting = asyncio.create_task(
            caller.get(f"{API}/verifications/{begun.json()['id']}", params={"wait": 1})
        )
        await looked.wait()
        await frontend.stop(5)
        assert (await waiting).json()["state"] == "pending"
        with pytest.raises(httpx.ConnectError):
            await caller.get("/health")


def _note_first_look(house: HttpHouse) -> asyncio.Event:
    """Return what is set once somebody has asked for a verification."""
    verifications, looked = house.inside.services.verifications, asyncio.Event()
    find = verifications.find

    async def noted(*which: str) -> Progress | None:
        looked.set()
        return await find(*which)

    verifications.find = noted  # type: ignore[method-assign, assignment]
    return looked


# --- TLS ------------------------------------------------------------------------------------------------


def make_certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "vestibule test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = folder / "certificate.pem", folder / "key.pem"
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate_file, key_file


async def test_tls(house: HttpHouse, tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    async with serving(house, tls_certificate=certificate, tls_key=key) as frontend:
        (url,) = frontend.addresses()
        assert url.startswith("https://")
        trusting = ssl.create_default_context(cafile=str(certificate))
        async with httpx.AsyncClient(verify=trusting) as caller:
            answer = await caller.get(f"{url}/portal/acme/sign-in", follow_redirects=True)
            assert answer.headers["strict-transport-security"]
            assert all("Secure" in cookie for cookie in answer.headers.get_list("set-cookie"))
        weak = ssl.create_default_context(cafile=str(certificate))
        weak.set_ciphers("AES128-SHA256:AES256-SHA")
        weak.maximum_version = ssl.TLSVersion.TLSv1_2
        async with httpx.AsyncClient(verify=weak) as caller:
            with pytest.raises(httpx.ConnectError):
                await caller.get(f"{url}/health")


async def test_a_certificate_that_is_not_there(house: HttpHouse, tmp_path: Path) -> None:
    missing = tmp_path / "missing.pem"
    with pytest.raises(OSError, match=r"missing\.pem|No such file"):
        async with serving(house, tls_certificate=missing, tls_key=missing):
            pass
