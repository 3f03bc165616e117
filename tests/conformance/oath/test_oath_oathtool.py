"""The same passcodes by oathtool (OATH Toolkit), an implementation that shares nothing with ours."""

from __future__ import annotations

import random
import subprocess

import pytest

from tests.peers.program import find_program
from vestibule.wire.oath import HashAlgorithm, decode_base32, encode_base32, hotp, totp


def _oathtool(*options: str) -> list[str]:
    command = [find_program("oathtool"), *options]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout.split()


@pytest.mark.parametrize("algorithm", HashAlgorithm)
@pytest.mark.parametrize("digits", [6, 7, 8])
@pytest.mark.parametrize("interval", [30, 60])
def test_totp_as_oathtool_has_it(algorithm: HashAlgorithm, digits: int, interval: int) -> None:
    """S57, OTP-17: every combination of parameters, at random times up to the year 2600."""
    chance = random.Random(f"{algorithm}{digits}{interval}")
    for seconds in (59, 20_000_000_000, *(chance.randrange(20_000_000_000) for _ in range(4))):
        secret = chance.randbytes(chance.choice((16, 20, 32, 64)))
        theirs = _oathtool(
            f"--totp={algorithm}",
            f"--digits={digits}",
            f"--time-step-size={interval}s",
            f"--now=@{seconds}",
            secret.hex(),
        )
        assert theirs == [totp(secret, seconds * 1000, interval, digits, algorithm)]


@pytest.mark.parametrize("digits", [6, 7, 8])
def test_hotp_as_oathtool_has_it(digits: int) -> None:
    chance = random.Random(digits)
    for counter in (0, 2**32 - 5, 2**63 - 12, chance.getrandbits(62)):
        secret = chance.randbytes(20)
        theirs = _oathtool(f"--digits={digits}", f"--counter={counter}", "--window=9", secret.hex())
        assert theirs == [hotp(secret, counter + step, digits) for step in range(10)]


def test_base32_as_oathtool_has_it() -> None:
    """Grouped, in small letters, without padding: as apps show a secret."""
    secret = random.Random(1).randbytes(22)
    letters = encode_base32(secret)
    grouped = " ".join(letters[i : i + 4] for i in range(0, len(letters), 4)).lower()
    assert decode_base32(grouped) == secret
    assert _oathtool("--base32", "--totp", "--now=@59", grouped) == [totp(secret, 59_000)]
