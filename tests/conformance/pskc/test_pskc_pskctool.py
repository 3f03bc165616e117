"""PSKC files through pskctool (OATH Toolkit), which has its own parser and writer, in both directions."""

from __future__ import annotations

import base64
import random
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.peers.program import find_program
from tests.unit.wire.pskc.pskc_files import HOTP, TOTP, base64_of, container, package, protected_file
from vestibule.wire.oath import TokenKey, TokenRow
from vestibule.wire.pskc import read_pskc

_FIELDS = {
    "SerialNo": "serial",
    "Manufacturer": "manufacturer",
    "Model": "model",
    "Key Secret (base64)": "secret",
    "Key Counter": "counter",
    "Key TimeInterval": "interval",
    "Key TimeDrift": "drift",
    "Policy StartDate": "valid_from",
    "Policy ExpiryDate": "valid_until",
    "Algorithm Parameters Suite": "suite",
    "Response Format Length": "digits",
}


def _pskctool(*options: object) -> str:
    command = [find_program("pskctool"), *map(str, options)]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout


def _as_pskctool_reads(path: Path) -> list[dict[str, str]]:
    """Return what pskctool prints of each package, under our names."""
    keys = []
    for part in re.split(r"KeyPackage \d+:", _pskctool("--info", path))[1:]:
        pairs = (line.strip().partition(": ")[::2] for line in part.splitlines())
        keys.append({_FIELDS[name]: value for name, value in pairs if name in _FIELDS})
    return keys


def _as_we_read(rows: list[TokenRow]) -> list[dict[str, str]]:
    keys = []
    for row in rows:
        assert isinstance(row, TokenKey), row
        key = {
            "serial": row.serial,
            "manufacturer": row.manufacturer,
            "model": row.model,
            "secret": base64_of(row.secret),
            "digits": str(row.digits),
            "suite": f"HMAC-{row.hash_algorithm.name}",
        }
        numbers = {"interval": row.interval, "counter": row.counter, "drift": row.drift or None}
        key |= {name: str(value) for name, value in numbers.items() if value is not None}
        for name in ("valid_from", "valid_until"):
            at = getattr(row, name)
            if at is not None:
                key[name] = datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
        keys.append(key)
    return keys


def _package(chance: random.Random, number: int) -> str:
    is_totp = chance.random() < 0.5
    secret = base64.b64encode(chance.randbytes(chance.choice((16, 20, 32, 64)))).decode()
    data = f"<Secret><PlainValue>{secret}</PlainValue></Secret>"
    if is_totp:
        data += "<Time><PlainValue>0</PlainValue></Time>"
        data += f"<TimeInterval><PlainValue>{chance.choice((30, 60))}</PlainValue></TimeInterval>"
        data += f"<TimeDrift><PlainValue>{chance.randint(1, 9)}</PlainValue></TimeDrift>"
    else:
        data += f"<Counter><PlainValue>{chance.getrandbits(62)}</PlainValue></Counter>"
    suite = chance.choice(("SHA1", "SHA256", "SHA512"))
    return package(
        f"S{number}",
        algorithm=TOTP if is_totp else HOTP,
        data=data,
        parameters=f"<Suite>HMAC-{suite}</Suite>"
        f'<ResponseFormat Length="{chance.randint(6, 8)}" Encoding="DECIMAL"/>',
        policy="<StartDate>2024-02-29T12:00:00Z</StartDate><ExpiryDate>2037-12-31T23:59:59Z</ExpiryDate>",
    )


@pytest.fixture
def written(tmp_path: Path) -> Path:
    chance = random.Random(6030)
    path = tmp_path / "ours.pskcxml"
    path.write_bytes(container("".join(_package(chance, number) for number in range(40))))
    return path


def test_pskctool_reads_what_we_read(written: Path) -> None:
    """S60: secret, counter, interval, drift, dates, suite and length of every key."""
    ours = _as_we_read(list(read_pskc([written.read_bytes()])))
    assert len(ours) == 40
    assert _as_pskctool_reads(written) == ours


def test_we_read_what_pskctool_writes(written: Path, tmp_path: Path) -> None:
    """S60: a file that pskctool built from its own values, and signed."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [
            *(
                find_program("openssl"),
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-subj",
                "/CN=vendor",
            ),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
        timeout=60,
    )
    theirs = _pskctool("--sign", f"--sign-key={key}", f"--sign-crt={certificate}", written)
    assert "SignatureValue" in theirs
    expected = _as_pskctool_reads(written)
    assert _as_we_read(list(read_pskc([theirs.encode()]))) == expected


@pytest.mark.parametrize("protected", [False, True])
def test_the_files_of_our_tests_are_valid_by_the_schema(tmp_path: Path, protected: bool) -> None:
    """RFC 6030 §11: so that a test that passes means something."""
    path = tmp_path / "file.pskcxml"
    path.write_bytes(protected_file(["1", "2"]) if protected else container(package("1") + package("2")))
    assert _pskctool("--validate", path).strip() == "OK"
