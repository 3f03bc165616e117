"""PSKC files for tests, written by hand and encrypted with the same library in the other direction."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.keywrap import aes_key_wrap, aes_key_wrap_with_padding

from vestibule.wire.oath import FileProblem, FileRefused, RowFault, TokenKey
from vestibule.wire.pskc import Credential, read_pskc

NAMESPACES = (
    'xmlns="urn:ietf:params:xml:ns:keyprov:pskc" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" '
    'xmlns:xenc="http://www.w3.org/2001/04/xmlenc#" xmlns:xenc11="http://www.w3.org/2009/xmlenc11#" '
    'xmlns:pkcs5="http://www.rsasecurity.com/rsalabs/pkcs/schemas/pkcs-5v2-0#"'
)
SECRET = b"canary-secret-20-oct"
KEY = bytes(range(16))
MAC_KEY = bytes(range(100, 120))
CBC128 = "http://www.w3.org/2001/04/xmlenc#aes128-cbc"
HMAC_SHA1 = "http://www.w3.org/2000/09/xmldsig#hmac-sha1"
HMAC_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"
TOTP = "urn:ietf:params:xml:ns:keyprov:pskc:totp"
HOTP = "urn:ietf:params:xml:ns:keyprov:pskc:hotp"


def base64_of(content: bytes) -> str:
    return base64.b64encode(content).decode()


def container(body: str, head: str = "", attributes: str = 'Version="1.0"', prolog: str = "") -> bytes:
    return f"{prolog}<KeyContainer {attributes} {NAMESPACES}>\n{head}{body}</KeyContainer>\n".encode()


def package(
    serial: str = "1000",
    *,
    algorithm: str | None = TOTP,
    secret: str | None = None,
    data: str | None = None,
    parameters: str = '<ResponseFormat Length="6" Encoding="DECIMAL"/>',
    policy: str = "",
    device: str | None = None,
    key_attributes: str = "",
) -> str:
    """One package on one line, in the order of the schema; `secret` is the whole Secret element."""
    if secret is None:
        secret = f"<Secret><PlainValue>{base64_of(SECRET)}</PlainValue></Secret>"
    if data is None:
        data = secret + "<TimeInterval><PlainValue>30</PlainValue></TimeInterval>"
    if device is None:
        device = f"<Manufacturer>Maker</Manufacturer><SerialNo>{serial}</SerialNo><Model>M1</Model>"
    named = "" if algorithm is None else f' Algorithm="{algorithm}"'
    return (
        f'<KeyPackage><DeviceInfo>{device}</DeviceInfo><Key Id="id-{serial}"{named}{key_attributes}>'
        f"<AlgorithmParameters>{parameters}</AlgorithmParameters><Data>{data}</Data>"
        + (f"<Policy>{policy}</Policy>" if policy else "")
        + "</Key></KeyPackage>\n"
    )


def encrypt(algorithm: str, key: bytes, content: bytes, vector: bytes = bytes(range(16))) -> bytes:
    if algorithm.endswith("-cbc"):
        length = 16 - len(content) % 16
        encryptor = Cipher(AES(key), CBC(vector)).encryptor()
        return vector + encryptor.update(content + bytes([length]) * length) + encryptor.finalize()
    if algorithm.endswith("-gcm"):
        return vector[:12] + AESGCM(key).encrypt(vector[:12], content, None)
    if algorithm.endswith("-pad"):
        return aes_key_wrap_with_padding(key, content)
    return aes_key_wrap(key, content)


def encrypted_value(algorithm: str, cipher_text: bytes, mac: bytes | None, name: str = "Secret") -> str:
    value_mac = "" if mac is None else f"<ValueMAC>{base64_of(mac)}</ValueMAC>"
    return (
        f'<{name}><EncryptedValue><xenc:EncryptionMethod Algorithm="{algorithm}"/><xenc:CipherData>'
        f"<xenc:CipherValue>{base64_of(cipher_text)}</xenc:CipherValue></xenc:CipherData></EncryptedValue>"
        f"{value_mac}</{name}>"
    )


def mac_head(wrapped: bytes | None, mac_algorithm: str = HMAC_SHA1, wrapping: str = CBC128) -> str:
    if wrapped is None:
        return f'<MACMethod Algorithm="{mac_algorithm}"/>'
    return (
        f'<MACMethod Algorithm="{mac_algorithm}"><MACKey><xenc:EncryptionMethod Algorithm="{wrapping}"/>'
        f"<xenc:CipherData><xenc:CipherValue>{base64_of(wrapped)}</xenc:CipherValue></xenc:CipherData>"
        "</MACKey></MACMethod>"
    )


def key_name_head() -> str:
    return "<EncryptionKey><ds:KeyName>Pre-shared-key</ds:KeyName></EncryptionKey>"


def derived_key_head(
    salt: bytes = b"saltsalt", iterations: int | str = 1000, length: int | str = 16, prf: str = "<PRF/>"
) -> str:
    return (
        "<EncryptionKey><xenc11:DerivedKey><xenc11:KeyDerivationMethod "
        'Algorithm="http://www.rsasecurity.com/rsalabs/pkcs/schemas/pkcs-5v2-0#pbkdf2"><pkcs5:PBKDF2-params>'
        f"<Salt><Specified>{base64_of(salt)}</Specified></Salt><IterationCount>{iterations}</IterationCount>"
        f"<KeyLength>{length}</KeyLength>{prf}</pkcs5:PBKDF2-params></xenc11:KeyDerivationMethod>"
        "</xenc11:DerivedKey></EncryptionKey>"
    )


def protected_file(
    serials: Iterable[str] = ("1000",),
    *,
    algorithm: str = CBC128,
    key: bytes = KEY,
    mac_algorithm: str = HMAC_SHA1,
    mac_hash: str = "sha1",
    head: str | None = None,
    secret: bytes = SECRET,
) -> bytes:
    """A file whose secrets are encrypted and carry a MAC under a MAC key of its own."""
    wrapped = encrypt(algorithm, key, MAC_KEY if not algorithm.rpartition("kw-")[1] else MAC_KEY[:16])
    mac_key = MAC_KEY if not algorithm.rpartition("kw-")[1] else MAC_KEY[:16]
    cipher_text = encrypt(algorithm, key, secret, vector=bytes(range(50, 66)))
    element = encrypted_value(algorithm, cipher_text, hmac.digest(mac_key, cipher_text, mac_hash))
    body = "".join(package(serial, secret=element) for serial in serials)
    return container(body, (head or key_name_head()) + mac_head(wrapped, mac_algorithm, algorithm))


def read(content: bytes, credential: Credential | None = None, **options: Any) -> list[TokenKey | RowFault]:
    return list(read_pskc([content], credential or Credential(), **options))


def refusal(content: bytes, credential: Credential | None = None) -> FileProblem:
    """Return why the file is refused; fails if it is not."""
    try:
        rows = read(content, credential)
    except FileRefused as refused:
        return refused.problem
    raise AssertionError(f"not refused: {rows}")


def secret_of(number: int) -> bytes:
    return hashlib.sha1(str(number).encode()).digest()
