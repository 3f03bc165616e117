"""Hardware tokens from files: CSV and PSKC, on both engines, with the memory it took."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import resource
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.population import TENANT
from tests.peers.postgres import PostgresServer
from tests.servers import ServerProcess
from vestibule.model.actor import SYSTEM
from vestibule.runtime.build import build

COUNTS = (10_000, 1_000_000)


def report(folder: Path, postgres: PostgresServer, *, is_quick: bool) -> None:
    """Print seconds and peak memory of each import; each runs in a process of its own."""
    print(f"\n{'Hardware tokens imported':<58}{'seconds':>9}{'per s':>9}{'peak MiB':>10}", flush=True)
    for count in COUNTS[:1] if is_quick else COUNTS:
        for form in ("csv", "pskc"):
            file = folder / f"tokens-{count}.{form}"
            write_tokens(file, form, count)
            for engine in ("SQLite", "PostgreSQL"):
                name = f"tokens_{form}_{count}"
                url = postgres.create(name) if engine == "PostgreSQL" else ""
                arguments = [str(folder / f"{engine}-{name}"), url, str(file)]
                command = [sys.executable, "-m", "benchmarks.token_files", *arguments]
                told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
                seconds, peak = (float(part) for part in told.split())
                label = f"{count:,} tokens, {form.upper()}, {engine}"
                print(f"{label:<58}{seconds:>9.2f}{count / seconds:>9,.0f}{peak:>10.0f}", flush=True)
            file.unlink()


def write_tokens(file: Path, form: str, count: int) -> None:
    """Write a file of `count` tokens with made-up secrets."""
    with file.open("w", encoding="ascii") as out:
        if form == "csv":
            out.write("serial,secret,interval\n")
            for number in range(count):
                secret = base64.b32encode(_secret(number)).decode()
                out.write(f"T{number:08d},{secret},30\n")
            return
        out.write(
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<KeyContainer Version="1.0" xmlns="urn:ietf:params:xml:ns:keyprov:pskc">\n'
        )
        for number in range(count):
            secret = base64.b64encode(_secret(number)).decode()
            out.write(_KEY_PACKAGE.format(serial=f"T{number:08d}", secret=secret))
        out.write("</KeyContainer>\n")


def _secret(number: int) -> bytes:
    return hashlib.sha1(number.to_bytes(4, "big")).digest()


_KEY_PACKAGE = """\
<KeyPackage><DeviceInfo><Manufacturer>Example</Manufacturer><SerialNo>{serial}</SerialNo></DeviceInfo>
<Key Id="{serial}" Algorithm="urn:ietf:params:xml:ns:keyprov:pskc:totp"><Issuer>Example</Issuer>
<AlgorithmParameters><ResponseFormat Length="6" Encoding="DECIMAL"/></AlgorithmParameters>
<Data><Secret><PlainValue>{secret}</PlainValue></Secret><Time><PlainValue>0</PlainValue></Time>
<TimeInterval><PlainValue>30</PlainValue></TimeInterval></Data></Key></KeyPackage>
"""


async def _import(folder: Path, url: str, file: Path) -> None:
    house = await build(ServerProcess(folder, url or None).settings, migrate=True)
    try:
        services = house.services
        await services.setup.ensure_system()
        await services.applications.add_tenant(SYSTEM, TENANT, "Bench")
        began = time.perf_counter()
        with file.open("rb") as source:
            result = await services.token_imports.run(SYSTEM, TENANT, source)
        seconds = time.perf_counter() - began
        assert not result.problems, result.problems[:3]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{seconds} {peak}")
    finally:
        await house.close()


if __name__ == "__main__":
    asyncio.run(_import(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])))
