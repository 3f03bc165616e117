"""The passcodes that the RFCs print (S57, OTP-17)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from vestibule.wire.oath import HashAlgorithm, hotp, matching_counters, totp, totp_step

_HERE = Path(__file__).parent


def _cases(name: str) -> list[Any]:
    cases = []
    for block in (_HERE / name).read_text().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith("#"))
        for pair in fields.get("passcodes", "").split():
            number, _, passcode = pair.partition("=")
            secret = fields["secret"].strip('"').encode()
            algorithm = HashAlgorithm(fields["algorithm"])
            name_of_case = f"{fields['source'][:19]} {algorithm} {number}"
            cases.append(pytest.param(secret, algorithm, int(number), passcode, id=name_of_case))
    assert cases
    return cases


@pytest.mark.parametrize(("secret", "algorithm", "counter", "passcode"), _cases("hotp.txt"))
def test_hotp_vectors(secret: bytes, algorithm: HashAlgorithm, counter: int, passcode: str) -> None:
    assert hotp(secret, counter, len(passcode), algorithm) == passcode


@pytest.mark.parametrize(("secret", "algorithm", "seconds", "passcode"), _cases("totp.txt"))
def test_totp_vectors(secret: bytes, algorithm: HashAlgorithm, seconds: int, passcode: str) -> None:
    assert totp(secret, seconds * 1000, 30, len(passcode), algorithm) == passcode


@pytest.mark.parametrize(("secret", "algorithm", "seconds", "passcode"), _cases("totp.txt"))
def test_a_token_with_other_parameters_does_not_match(
    secret: bytes, algorithm: HashAlgorithm, seconds: int, passcode: str
) -> None:
    """OTP-17: eight digits are not taken for six, nor one hash for another."""
    step = totp_step(seconds * 1000, 30)
    around = range(step - 1, step + 2)
    assert matching_counters(secret, passcode, around, 8, algorithm) == [step]
    assert matching_counters(secret, passcode, around, 6, algorithm) == []
    assert matching_counters(secret, passcode[-6:], around, 8, algorithm) == []
    for other in set(HashAlgorithm) - {algorithm}:
        assert matching_counters(secret, passcode, around, 8, other) == []
