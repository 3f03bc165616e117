"""What a key package becomes: a complete token, or a fault that names line, serial and reason."""

from __future__ import annotations

import msgspec
import pytest

from tests.unit.wire.pskc.pskc_files import (
    HOTP,
    SECRET,
    TOTP,
    base64_of,
    container,
    package,
    read,
    refusal,
)
from vestibule.wire.oath import (
    FileProblem,
    HashAlgorithm,
    OathAlgorithm,
    RowFault,
    RowProblem,
    TokenKey,
)

P = RowProblem
PLAIN_SECRET = f"<Secret><PlainValue>{base64_of(SECRET)}</PlainValue></Secret>"
INTERVAL = "<TimeInterval><PlainValue>30</PlainValue></TimeInterval>"


def _one(body: str) -> TokenKey | RowFault:
    (row,) = read(container(body))
    return row


def _hotp(counter: str) -> str:
    return PLAIN_SECRET + f"<Counter><PlainValue>{counter}</PlainValue></Counter>"


def test_a_complete_totp_key() -> None:
    """S60: everything the file says of a token, and nothing it does not say."""
    row = _one(
        package(
            "AB-1",
            device="<Manufacturer> Maker </Manufacturer><SerialNo>AB-1</SerialNo><Model>M1</Model>"
            "<StartDate>2024-01-01T00:00:00Z</StartDate><UserId>CN=device</UserId>",
            parameters='<Suite>HMAC-SHA256</Suite><ResponseFormat Length="8" Encoding="DECIMAL"/>',
            data=PLAIN_SECRET + "<Time><PlainValue>0</PlainValue></Time>"
            "<TimeInterval><PlainValue>60</PlainValue></TimeInterval>"
            "<TimeDrift><PlainValue>-4</PlainValue></TimeDrift>",
            policy="<StartDate>2024-02-01T00:00:00+01:00</StartDate><ExpiryDate>2031-12-31T23:59:59.5Z</ExpiryDate>"
            "<KeyUsage>OTP</KeyUsage>",
        )
    )
    assert row == TokenKey(
        line=2,
        serial="AB-1",
        algorithm=OathAlgorithm.TOTP,
        secret=SECRET,
        hash_algorithm=HashAlgorithm.SHA256,
        digits=8,
        interval=60,
        counter=None,
        drift=-4,
        manufacturer="Maker",
        model="M1",
        owner="CN=device",
        valid_from=1_706_742_000_000,
        valid_until=1_956_527_999_000,
    )


def test_a_complete_hotp_key() -> None:
    row = _one(package(algorithm=HOTP, data=_hotp("9223372036854775807")))
    assert isinstance(row, TokenKey)
    assert (row.algorithm, row.counter, row.interval) == (OathAlgorithm.HOTP, 2**63 - 1, None)


def test_the_key_identifier_stands_in_for_a_serial() -> None:
    """RFC 6030 figure 2 has no serial number."""
    row = _one(package("7", device="<Manufacturer>Maker</Manufacturer>"))
    assert isinstance(row, TokenKey)
    assert row.serial == "id-7"


@pytest.mark.parametrize(
    ("body", "problem", "detail"),
    [
        (package(algorithm=None), P.ALGORITHM_UNSUPPORTED, ""),
        (
            package(algorithm=TOTP.replace("totp", "ocra")),
            P.ALGORITHM_UNSUPPORTED,
            TOTP.replace("totp", "ocra"),
        ),
        (package(algorithm="urn:x"), P.ALGORITHM_UNSUPPORTED, "urn:x"),
        (package(parameters=""), P.DIGITS_MISSING, ""),
        (package(parameters='<ResponseFormat Encoding="DECIMAL"/>'), P.DIGITS_MISSING, ""),
        *(
            (
                package(parameters=f'<ResponseFormat Length="{n}" Encoding="DECIMAL"/>'),
                P.DIGITS_UNSUPPORTED,
                n,
            )
            for n in ("3", "5", "9", "11", "-6", "six")
        ),
        *(
            (package(parameters=f'<ResponseFormat Length="6" Encoding="{e}"/>'), P.RESPONSE_UNSUPPORTED, e)
            for e in ("HEXADECIMAL", "ALPHANUMERIC", "BASE64", "BINARY", "decimal")
        ),
        (
            package(parameters='<ResponseFormat Length="6" Encoding="DECIMAL" CheckDigits="true"/>'),
            P.RESPONSE_UNSUPPORTED,
            "CheckDigits",
        ),
        (
            package(
                parameters='<ChallengeFormat Encoding="DECIMAL" Min="6" Max="8"/>'
                '<ResponseFormat Length="6" Encoding="DECIMAL"/>'
            ),
            P.RESPONSE_UNSUPPORTED,
            "ChallengeFormat",
        ),
        (
            package(parameters='<Suite>HMAC-SHA3-256</Suite><ResponseFormat Length="6" Encoding="DECIMAL"/>'),
            P.HASH_UNSUPPORTED,
            "HMAC-SHA3-256",
        ),
        (package(data=INTERVAL), P.SECRET_MISSING, ""),
        (package(data="<Secret><PlainValue>!!</PlainValue></Secret>" + INTERVAL), P.SECRET_INVALID, ""),
        (
            package(data="<Secret><PlainValue>MTIzNA==</PlainValue></Secret>" + INTERVAL),
            P.SECRET_TOO_SHORT,
            "",
        ),
        (
            package(data=f"<Secret><PlainValue>{base64_of(bytes(200))}</PlainValue></Secret>" + INTERVAL),
            P.SECRET_TOO_LONG,
            "",
        ),
        (package(data=PLAIN_SECRET), P.INTERVAL_MISSING, ""),
        *(
            (
                package(data=f"{PLAIN_SECRET}<TimeInterval><PlainValue>{n}</PlainValue></TimeInterval>"),
                P.INTERVAL_UNSUPPORTED,
                n,
            )
            for n in ("0", "-1", "31", "1000000000")
        ),
        (
            package(data=f"{PLAIN_SECRET}<TimeInterval><PlainValue>thirty</PlainValue></TimeInterval>"),
            P.INTERVAL_UNSUPPORTED,
            "",
        ),
        (package(algorithm=HOTP, data=PLAIN_SECRET), P.COUNTER_MISSING, ""),
        *(
            (package(algorithm=HOTP, data=_hotp(n)), P.COUNTER_INVALID, "")
            for n in ("-1", "9223372036854775808", "1e3", "0x1", "1 2", "１", "9" * 40)
        ),
        (
            package(data=PLAIN_SECRET + INTERVAL + "<TimeDrift><PlainValue>9999</PlainValue></TimeDrift>"),
            P.DRIFT_INVALID,
            "",
        ),
        (package(policy="<StartDate>yesterday</StartDate>"), P.DATE_INVALID, "yesterday"),
        (
            package(policy="<ExpiryDate>2024-13-01T00:00:00Z</ExpiryDate>"),
            P.DATE_INVALID,
            "2024-13-01T00:00:00Z",
        ),
        (
            package(policy="<ExpiryDate>0001-01-01T00:00:00+14:00</ExpiryDate>"),
            P.DATE_INVALID,
            "0001-01-01T00:00:00+14:00",
        ),
        (package(policy="<KeyUsage>Encrypt</KeyUsage>"), P.USAGE_NOT_PASSCODE, "Encrypt"),
        (
            package(policy="<KeyUsage>CR</KeyUsage><KeyUsage>Verify</KeyUsage>"),
            P.USAGE_NOT_PASSCODE,
            "CR Verify",
        ),
        (
            package(policy="<NumberOfTransactions>9</NumberOfTransactions>"),
            P.POLICY_UNKNOWN,
            "NumberOfTransactions",
        ),
        (package(policy='<PINPolicy PINUsageMode="Append"/>'), P.POLICY_UNKNOWN, "PINPolicy"),
        (package(policy="<PINPolicy/>"), P.POLICY_UNKNOWN, "PINPolicy"),
        (package(policy="<Curfew>22:00</Curfew>"), P.POLICY_UNKNOWN, "Curfew"),
        (package(policy='<x:Curfew xmlns:x="urn:x">1</x:Curfew>'), P.POLICY_UNKNOWN, "?:Curfew"),
        (
            package(device=f"<Model>{'x' * 300}</Model><SerialNo>1000</SerialNo>"),
            P.NAME_INVALID,
            "DeviceInfo/Model",
        ),
        (
            package(device="<SerialNo>1000</SerialNo><SerialNo>2</SerialNo>"),
            P.REPEATED_ELEMENT,
            "DeviceInfo/SerialNo",
        ),
    ],
)
def test_what_cannot_be_kept_is_refused_by_row(body: str, problem: RowProblem, detail: str) -> None:
    """TOK-04, TOK-09: no silent default, and the rows around it are read."""
    rows = read(container(package("1") + "\n\n" + body + package("3")))
    assert [row.line for row in rows] == [2, 5, 6]
    assert [isinstance(row, TokenKey) for row in rows] == [True, False, True]
    assert rows[1] == RowFault(5, problem, "1000", detail)


@pytest.mark.parametrize("serial", ["А123", "12\n34", "=1+1", "1" * 65, "<!-- -->"])
def test_a_serial_nobody_could_type_is_refused_and_not_shown(serial: str) -> None:
    """TOK-11."""
    row = _one(package(device=f"<SerialNo>{serial}</SerialNo>").replace('Id="id-1000"', 'Id=""'))
    assert isinstance(row, RowFault)
    assert row.problem in (P.SERIAL_INVALID, P.SERIAL_MISSING)
    assert row.serial == ""


@pytest.mark.parametrize(
    "policy",
    [
        '<PINPolicy MinLength="4" MaxLength="4" PINKeyId="1" PINEncoding="DECIMAL" PINUsageMode="Local"/>',
        "<KeyUsage>CR</KeyUsage><KeyUsage>OTP</KeyUsage>",
        "<KeyUsage>OTP</KeyUsage>",
    ],
)
def test_policies_that_are_kept(policy: str) -> None:
    """TOK-09: a PIN that the token itself asks for is no concern of the server."""
    assert isinstance(_one(package(policy=policy)), TokenKey)


@pytest.mark.parametrize(
    ("suite", "algorithm"),
    [
        ("HMAC-SHA1", HashAlgorithm.SHA1),
        ("SHA-256", HashAlgorithm.SHA256),
        ("HmacSHA512", HashAlgorithm.SHA512),
    ],
)
def test_suites(suite: str, algorithm: HashAlgorithm) -> None:
    row = _one(package(parameters=f'<Suite>{suite}</Suite><ResponseFormat Length="6" Encoding="DECIMAL"/>'))
    assert isinstance(row, TokenKey)
    assert row.hash_algorithm is algorithm


def test_a_shorter_secret_is_taken_when_asked_for() -> None:
    short = package(secret=f"<Secret><PlainValue>{base64_of(SECRET[:10])}</PlainValue></Secret>")
    assert isinstance(_one(short), RowFault)
    (row,) = read(container(short), least_secret_bits=80)
    assert isinstance(row, TokenKey)


def test_foreign_elements_are_passed_over() -> None:
    """RFC 6030 §4.2: extensions mean nothing to us, wherever they stand and whatever they hold."""
    alien = '<x:More xmlns:x="urn:x"><x:SerialNo>9</x:SerialNo><KeyUsage>CR</KeyUsage></x:More>'
    extended = package(data=PLAIN_SECRET + INTERVAL + alien).replace(
        "</Key>", f"<Extensions>{alien}</Extensions></Key>{alien}"
    )
    plain = _one(package())
    assert isinstance(plain, TokenKey)
    assert _one(extended) == plain


def test_prefixes_comments_sections_and_references_mean_the_same() -> None:
    plain = _one(package())
    prefixed = package().replace("<", "<k:").replace("<k:/", "</k:").replace("<k:!", "<!")
    content = (
        container("").replace(b'xmlns="urn', b'xmlns:k="urn').replace(b"<KeyContainer", b"<k:KeyContainer")
    )
    content = content.replace(b"</KeyContainer>", prefixed.encode() + b"</k:KeyContainer>")
    assert read(content) == [plain]
    decorated = (
        package().replace("<Data>", "<!-- <Data> --><Data>").replace("Maker", "<![CDATA[Ma]]>k&#101;r")
    )
    assert _one(decorated) == plain


def test_line_numbers_count_every_kind_of_line_end() -> None:
    body = "\n\r\n\r" + package("1") + package("2", algorithm="urn:x")
    first, second = read(container(body))
    assert (first.line, second.line) == (5, 6)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", FileProblem.NOT_XML),
        (b"serial,secret,interval\n", FileProblem.NOT_XML),
        (b"<KeyContainer/>", FileProblem.NOT_PSKC),
        (b'<KeyContainer xmlns="urn:ietf:params:xml:ns:keyprov:pskc:1.0"/>', FileProblem.NOT_PSKC),
        (container(package(), attributes=""), FileProblem.VERSION_UNSUPPORTED),
        (container(package(), attributes='Version="2.0"'), FileProblem.VERSION_UNSUPPORTED),
        (container(""), FileProblem.EMPTY),
        (container(package())[:-5], FileProblem.NOT_XML),
        (container(package()) + b"<again/>", FileProblem.NOT_XML),
        (container(package()).replace(b"</Data>", b"</Date>"), FileProblem.NOT_XML),
        (container(package() + '<MACMethod Algorithm="urn:x"/>'), FileProblem.ELEMENT_ORDER),
        (container(package() + "<EncryptionKey/>" + package()), FileProblem.ELEMENT_ORDER),
    ],
)
def test_files_that_are_refused(content: bytes, problem: FileProblem) -> None:
    assert refusal(content) is problem


def test_a_signature_behind_the_packages_is_passed_over() -> None:
    """RFC 6030 §7: it is optional, and we have no key to check it with."""
    signature = "<ds:Signature><ds:SignedInfo/><ds:SignatureValue>AA==</ds:SignatureValue></ds:Signature>"
    assert len(read(container(package() + signature))) == 1


def test_tokens_are_values() -> None:
    row = _one(package())
    assert isinstance(row, TokenKey)
    with pytest.raises(AttributeError):
        row.serial = "2"  # type: ignore[misc]
    assert msgspec.structs.replace(row, line=9) != row
