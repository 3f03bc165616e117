"""Encrypted values: opened only when they prove that nobody changed them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

import pytest

from tests.unit.wire.pskc.pskc_files import (
    CBC128,
    HMAC_SHA1,
    HMAC_SHA256,
    HOTP,
    KEY,
    MAC_KEY,
    SECRET,
    base64_of,
    container,
    derived_key_head,
    encrypt,
    encrypted_value,
    key_name_head,
    mac_head,
    package,
    protected_file,
    read,
    refusal,
)
from vestibule.wire.oath import FileProblem, FileRefused, TokenKey
from vestibule.wire.pskc import Credential

XENC = "http://www.w3.org/2001/04/xmlenc#"
XENC11 = "http://www.w3.org/2009/xmlenc11#"
PRESHARED = Credential(preshared_key=KEY)


def _secrets(content: bytes, credential: Credential) -> list[bytes]:
    rows = read(content, credential)
    assert all(isinstance(row, TokenKey) for row in rows), rows
    return [row.secret for row in rows if isinstance(row, TokenKey)]


@pytest.mark.parametrize("bits", [128, 192, 256])
@pytest.mark.parametrize("form", ["aes{}-cbc", "kw-aes{}", "aes{}-gcm", "kw-aes-{}-pad"])
@pytest.mark.parametrize(("uri", "name"), [(HMAC_SHA1, "sha1"), (HMAC_SHA256, "sha256")])
def test_preshared_keys_of_every_kind(bits: int, form: str, uri: str, name: str) -> None:
    """S60, RFC 6030 §6.1: CBC with its MAC; key wrap and GCM prove themselves."""
    namespace = XENC11 if form.endswith(("gcm", "pad")) else XENC
    key = bytes(range(bits // 8))
    # Plain key wrap takes whole blocks of eight only (RFC 3394 §2).
    secret = SECRET[:16] if form == "kw-aes{}" else SECRET
    content = protected_file(
        algorithm=namespace + form.format(bits), key=key, mac_algorithm=uri, mac_hash=name, secret=secret
    )
    assert _secrets(content, Credential(preshared_key=key)) == [secret]


@pytest.mark.parametrize(("length", "algorithm"), [(16, "128"), (24, "192"), (32, "256")])
@pytest.mark.parametrize(
    ("prf", "name"),
    [
        ("<PRF/>", "sha1"),
        ("", "sha1"),
        ('<PRF Algorithm="http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"/>', "sha256"),
        ('<PRF Algorithm="http://www.w3.org/2001/04/xmldsig-more#hmac-sha512"/>', "sha512"),
    ],
)
def test_passphrases(length: int, algorithm: str, prf: str, name: str) -> None:
    """S60, RFC 6030 §6.2, RFC 8018: PBKDF2 with the file's own salt, iterations and function."""
    key = hashlib.pbkdf2_hmac(name, "Türöffner".encode(), b"saltsalt", 1000, length)
    head = derived_key_head(length=length, prf=prf)
    content = protected_file(algorithm=f"{XENC}aes{algorithm}-cbc", key=key, head=head)
    assert _secrets(content, Credential(passphrase="Türöffner")) == [SECRET]
    assert refusal(content, Credential(passphrase="Turoffner")) is FileProblem.KEY_WRONG


def test_without_a_mac_key_the_encryption_key_makes_the_mac() -> None:
    cipher_text = encrypt(CBC128, KEY, SECRET)
    element = encrypted_value(CBC128, cipher_text, hmac.digest(KEY, cipher_text, "sha1"))
    content = container(package(secret=element), key_name_head() + mac_head(None))
    assert _secrets(content, PRESHARED) == [SECRET]


def test_encrypted_numbers() -> None:
    """Both ways that vendors encrypt a counter: as digits, and as bytes."""
    for value, counter in ((b"831791", 831791), (b"\x00", 0), ((2**40).to_bytes(8, "big"), 2**40), (b"5", 5)):
        parts = []
        for name, content in (("Secret", SECRET), ("Counter", value)):
            cipher_text = encrypt(CBC128, KEY, content)
            mac = hmac.digest(MAC_KEY, cipher_text, "sha1")
            parts.append(encrypted_value(CBC128, cipher_text, mac, name))
        wrapped = mac_head(encrypt(CBC128, KEY, MAC_KEY))
        content = container(package(algorithm=HOTP, data="".join(parts)), key_name_head() + wrapped)
        (row,) = read(content, PRESHARED)
        assert isinstance(row, TokenKey)
        assert row.counter == counter


# --- what must not be opened --------------------------------------------------------------------------------


def test_every_flipped_bit_refuses_the_whole_file() -> None:
    """TOK-02: in MAC key, cipher text, vector or MAC; the good package before it counts no more."""
    content = protected_file(["1", "2"]).decode()
    values = list(re.finditer(r"(?<=<xenc:CipherValue>)[^<]+|(?<=<ValueMAC>)[^<]+", content))
    assert len(values) == 5
    for found in (values[0], values[3], values[4]):
        octets = base64.b64decode(found[0])
        for position in range(len(octets)):
            changed = bytearray(octets)
            changed[position] ^= 1 << position % 8
            flipped = content[: found.start()] + base64_of(bytes(changed)) + content[found.end() :]
            assert refusal(flipped.encode(), PRESHARED) is FileProblem.KEY_WRONG


def test_a_refusal_comes_before_any_other_judgment_of_the_row() -> None:
    """TOK-02: a changed package cannot hide behind an algorithm that is not supported anyway."""
    content = protected_file().decode().replace(":totp", ":ocra")
    content = re.sub("(?<=<ValueMAC>).", "A", content)
    assert refusal(content.encode(), PRESHARED) is FileProblem.KEY_WRONG


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        (lambda text: re.sub("<ValueMAC>[^<]*</ValueMAC>", "", text), FileProblem.MAC_MISSING),
        (lambda text: re.sub("<ValueMAC>[^<]*</ValueMAC>", "<ValueMAC/>", text), FileProblem.MAC_MISSING),
        (lambda text: re.sub("<MACMethod.*</MACMethod>", "", text), FileProblem.MAC_MISSING),
        (lambda text: re.sub("<ValueMAC>[^<]*", "<ValueMAC>AA==", text), FileProblem.KEY_WRONG),
        (lambda text: re.sub("<ValueMAC>[^<]*", "<ValueMAC>no base64!", text), FileProblem.KEY_WRONG),
        (lambda text: re.sub("(?<=CipherValue>)[^<]+", "no base64!", text), FileProblem.KEY_WRONG),
        (lambda text: re.sub("(?<=CipherValue>)[^<]+", "AA==", text), FileProblem.KEY_WRONG),
        (lambda text: text.replace("hmac-sha1", "hmac-md5"), FileProblem.MAC_UNSUPPORTED),
        (
            lambda text: re.sub(r"<MACKey>.*</MACKey>", "<MACKeyReference>x</MACKeyReference>", text),
            FileProblem.MAC_UNSUPPORTED,
        ),
        (lambda text: text.replace("aes128-cbc", "tripledes-cbc"), FileProblem.ENCRYPTION_UNSUPPORTED),
        (lambda text: text.replace("aes128-cbc", "aes256-cbc"), FileProblem.KEY_LENGTH),
        (lambda text: text.replace("aes128-cbc", "kw-aes128"), FileProblem.KEY_WRONG),
        (
            lambda text: re.sub("<xenc:EncryptionMethod[^>]*/>", "", text),
            FileProblem.ENCRYPTION_UNSUPPORTED,
        ),
        (
            lambda text: text.replace("ds:KeyName", "ds:X509Data"),
            FileProblem.ENCRYPTION_UNSUPPORTED,
        ),
    ],
)  # fmt: skip
def test_what_proves_nothing_is_refused(changed: object, problem: FileProblem) -> None:
    """TOK-02: CBC without a valid MAC is no protection, so the file is refused rather than believed."""
    assert callable(changed)
    assert refusal(changed(protected_file(["1", "2"]).decode()).encode(), PRESHARED) is problem


def test_wrong_keys_are_refused_and_not_stored_as_garbage() -> None:
    """TOK-03: whatever the padding happens to look like."""
    content = protected_file()
    for number in range(300):
        wrong = Credential(preshared_key=number.to_bytes(2, "big") * 8)
        assert refusal(content, wrong) is FileProblem.KEY_WRONG


def test_a_missing_credential_says_which_one() -> None:
    derived = protected_file(head=derived_key_head())
    assert refusal(protected_file()) is FileProblem.PRESHARED_KEY_NEEDED
    assert refusal(protected_file(), Credential(passphrase="x")) is FileProblem.PRESHARED_KEY_NEEDED
    assert refusal(derived) is FileProblem.PASSPHRASE_NEEDED
    assert refusal(derived, PRESHARED) is FileProblem.PASSPHRASE_NEEDED


@pytest.mark.parametrize(
    "head",
    [
        derived_key_head(iterations=0),
        derived_key_head(iterations=10_000_001),
        derived_key_head(iterations="9" * 30),
        derived_key_head(iterations="many"),
        derived_key_head(length=8),
        derived_key_head(length=64),
        derived_key_head(salt=b""),
        derived_key_head(salt=bytes(2000)),
        derived_key_head(prf='<PRF Algorithm="http://www.w3.org/2001/04/xmldsig-more#hmac-md5"/>'),
        derived_key_head().replace("#pbkdf2", "#scrypt"),
    ],
)
def test_derivations_that_are_weak_costly_or_unknown_are_refused(head: str) -> None:
    content = protected_file(head=head)
    assert refusal(content, Credential(passphrase="x")) is FileProblem.DERIVATION_UNSUPPORTED


def test_a_key_that_is_both_plain_and_encrypted_is_neither() -> None:
    content = protected_file().replace(b"<Secret>", b"<Secret><PlainValue>" + b"MTIz" * 8 + b"</PlainValue>")
    (row,) = read(content, PRESHARED)
    assert not isinstance(row, TokenKey)


def test_nothing_secret_is_in_an_error_or_a_representation() -> None:
    """TOK-10, KEY-06."""
    credential = Credential(preshared_key=b"canary-psk-16oct", passphrase="canary-passphrase")
    shown = [repr(credential), str(credential)]
    for content in (protected_file(), protected_file(head=derived_key_head())):
        with pytest.raises(FileRefused) as caught:
            read(content, credential)
        shown += [str(caught.value), repr(caught.value), caught.value.detail]
    assert "canary" not in " ".join(shown)
    assert "63616e617279" not in " ".join(shown)


def test_the_context_of_an_error_holds_no_secret() -> None:
    """TOK-10: a traceback that somebody logs shows no chained exception with the bytes in it."""
    content = protected_file(algorithm=f"{XENC}kw-aes128", secret=SECRET[:16])
    with pytest.raises(FileRefused) as caught:
        read(content, Credential(preshared_key=b"canary-psk-16oct"))
    assert caught.value.__suppress_context__
    assert caught.value.__cause__ is None
