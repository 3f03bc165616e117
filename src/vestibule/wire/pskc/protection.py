"""Opening the encrypted values of a PSKC file (RFC 6030 §6), and proving that nobody changed them.

A value in CBC mode is decrypted only after its MAC was found right; without a MAC the whole file is refused,
because a changed or wrongly decrypted secret looks like any other. Key wrap (RFC 3394, RFC 5649) and GCM
carry their own proof. Whatever does not prove right refuses the whole file: a wrong key would otherwise fill
the database with garbage.

It must never put key material or decrypted bytes into an error. It has no randomness: it only opens.
"""

import binascii
import hashlib
import hmac
import re
from collections.abc import Callable
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.keywrap import (
    InvalidUnwrap,
    aes_key_unwrap,
    aes_key_unwrap_with_padding,
)

from vestibule.wire.oath.token import MASK, FileProblem, FileRefused, shown
from vestibule.wire.pskc.names import Fields

MOST_ITERATIONS: Final = 10_000_000
LONGEST_SALT: Final = 1024
_BLOCK: Final = 16
_GCM_NONCE: Final = 12

_XENC: Final = "http://www.w3.org/2001/04/xmlenc#"
_XENC11: Final = "http://www.w3.org/2009/xmlenc11#"
_DSIG_MORE: Final = "http://www.w3.org/2001/04/xmldsig-more#"
_MACS: Final = {
    "http://www.w3.org/2000/09/xmldsig#hmac-sha1": "sha1",
    _DSIG_MORE + "hmac-sha1": "sha1",
    _DSIG_MORE + "hmac-sha224": "sha224",
    _DSIG_MORE + "hmac-sha256": "sha256",
    _DSIG_MORE + "hmac-sha384": "sha384",
    _DSIG_MORE + "hmac-sha512": "sha512",
}
_DERIVATIONS: Final = frozenset(
    {
        "http://www.rsasecurity.com/rsalabs/pkcs/schemas/pkcs-5v2-0#pbkdf2",
        _XENC11 + "pbkdf2",
    }
)
_DERIVATION: Final = "EncryptionKey/DerivedKey/KeyDerivationMethod"
_PBKDF2: Final = _DERIVATION + "/PBKDF2-params"
_PRF: Final = re.compile(r".*#hmac-(sha1|sha256|sha384|sha512)|id-hmacWith(SHA1|SHA256|SHA384|SHA512)", re.I)


class Credential(msgspec.Struct, frozen=True, kw_only=True):
    """What the vendor sent apart from the file: the AES key itself, or a passphrase. At most one is used."""

    preshared_key: bytes | None = None
    passphrase: str | None = None

    def __repr__(self) -> str:
        return f"Credential({MASK})"


class EncryptedValue(msgspec.Struct, frozen=True):
    """One encrypted value: the URI of its algorithm, cipher text and MAC in Base64."""

    algorithm: str
    cipher_text: str
    mac: str


class Protection:
    """What the head of a file says about its encryption; opens the values with what the caller knows."""

    def __init__(self, head: Fields, credential: Credential) -> None:
        self._head = head
        self._credential = credential
        self._key: bytes | None = None
        self._mac: tuple[bytes, str] | None = None

    def open(self, value: EncryptedValue, line: int) -> bytes:
        """Return the decrypted value; raise FileRefused unless it is proven unchanged."""
        cipher = _CIPHERS.get(value.algorithm)
        if cipher is None:
            raise FileRefused(FileProblem.ENCRYPTION_UNSUPPORTED, line, shown(value.algorithm))
        cipher_text = decode_base64(value.cipher_text)
        if cipher_text is None:
            raise FileRefused(FileProblem.KEY_WRONG, line)
        if not cipher.proves_itself or value.mac:
            self._check_mac(cipher_text, value.mac, line)
        return cipher.open(self._encryption_key(line), cipher_text, line)

    def _check_mac(self, cipher_text: bytes, mac: str, line: int) -> None:
        # RFC 6030 §6.1.1: the MAC is over the encrypted value, initialization vector included.
        if not mac:
            raise FileRefused(FileProblem.MAC_MISSING, line)
        if self._mac is None:
            self._mac = self._mac_key(line)
        key, algorithm = self._mac
        expected = hmac.digest(key, cipher_text, algorithm)
        if not hmac.compare_digest(expected, decode_base64(mac) or b""):
            raise FileRefused(FileProblem.KEY_WRONG, line)

    def _mac_key(self, line: int) -> tuple[bytes, str]:
        uri = self._head.get("MACMethod/@Algorithm", "")
        if not uri:
            raise FileRefused(FileProblem.MAC_MISSING, line)
        algorithm = _MACS.get(uri)
        if algorithm is None or "MACMethod/MACKeyReference" in self._head:
            raise FileRefused(FileProblem.MAC_UNSUPPORTED, line, shown(uri))
        wrapping = self._head.get("MACMethod/MACKey/EncryptionMethod/@Algorithm", "")
        if not wrapping:
            # Without a MAC key of its own the file's MACs are made with the encryption key.
            return self._encryption_key(line), algorithm
        cipher = _CIPHERS.get(wrapping)
        if cipher is None:
            raise FileRefused(FileProblem.ENCRYPTION_UNSUPPORTED, line, shown(wrapping))
        wrapped = decode_base64(self._head.get("MACMethod/MACKey/CipherData/CipherValue", "")) or b""
        return cipher.open(self._encryption_key(line), wrapped, line), algorithm

    def _encryption_key(self, line: int) -> bytes:
        if self._key is None:
            self._key = self._derived_key(line) if self._is_derived else self._preshared_key(line)
        return self._key

    @property
    def _is_derived(self) -> bool:
        return any(field.startswith("EncryptionKey/DerivedKey") for field in self._head)

    def _preshared_key(self, line: int) -> bytes:
        if any(field.startswith("EncryptionKey/X509Data") for field in self._head):
            raise FileRefused(FileProblem.ENCRYPTION_UNSUPPORTED, line, "X509Data")
        if self._credential.preshared_key is None:
            raise FileRefused(FileProblem.PRESHARED_KEY_NEEDED, line)
        return self._credential.preshared_key

    def _derived_key(self, line: int) -> bytes:
        if self._credential.passphrase is None:
            raise FileRefused(FileProblem.PASSPHRASE_NEEDED, line)
        method = self._head.get(_DERIVATION + "/@Algorithm", "")
        if method not in _DERIVATIONS:
            raise FileRefused(FileProblem.DERIVATION_UNSUPPORTED, line, shown(method))
        salt = decode_base64(self._head.get(_PBKDF2 + "/Salt/Specified", ""))
        iterations = self._number("IterationCount")
        length = self._number("KeyLength")
        prf = self._prf()
        if (
            not salt
            or len(salt) > LONGEST_SALT
            or not 1 <= iterations <= MOST_ITERATIONS
            or length not in (16, 24, 32)
            or prf is None
        ):
            raise FileRefused(FileProblem.DERIVATION_UNSUPPORTED, line, "PBKDF2-params")
        return hashlib.pbkdf2_hmac(prf, self._credential.passphrase.encode(), salt, iterations, length)

    def _number(self, name: str) -> int:
        text = self._head.get(f"{_PBKDF2}/{name}", "").strip()
        return int(text) if re.fullmatch("[0-9]{1,9}", text) else 0

    def _prf(self) -> str | None:
        # RFC 8018 §A.2: without another name the pseudorandom function is HMAC-SHA-1.
        name = self._head.get(_PBKDF2 + "/PRF/@Algorithm", "")
        if not name:
            return "sha1"
        found = _PRF.fullmatch(name)
        return (found[1] or found[2]).lower() if found else None


class _CipherMode(msgspec.Struct, frozen=True):
    key_bytes: int
    proves_itself: bool
    opens: Callable[[bytes, bytes], bytes]

    def open(self, key: bytes, cipher_text: bytes, line: int) -> bytes:
        if len(key) != self.key_bytes:
            raise FileRefused(FileProblem.KEY_LENGTH, line, f"{len(key)} for {self.key_bytes} bytes")
        try:
            return self.opens(key, cipher_text)
        except (InvalidTag, InvalidUnwrap, ValueError):
            raise FileRefused(FileProblem.KEY_WRONG, line) from None


def _open_cbc(key: bytes, cipher_text: bytes) -> bytes:
    # XML Encryption §5.2: the first block is the vector, the last octet says how many are padding.
    decryptor = Cipher(AES(key), CBC(cipher_text[:_BLOCK])).decryptor()
    padded = decryptor.update(cipher_text[_BLOCK:]) + decryptor.finalize()
    if not padded or not 1 <= padded[-1] <= _BLOCK:
        raise ValueError("the padding is wrong")
    return padded[: -padded[-1]]


def _open_gcm(key: bytes, cipher_text: bytes) -> bytes:
    return AESGCM(key).decrypt(cipher_text[:_GCM_NONCE], cipher_text[_GCM_NONCE:], None)


def _ciphers() -> dict[str, _CipherMode]:
    ciphers: dict[str, _CipherMode] = {}
    for bits in (128, 192, 256):
        size = bits // 8
        ciphers[f"{_XENC}aes{bits}-cbc"] = _CipherMode(size, False, _open_cbc)
        ciphers[f"{_XENC}kw-aes{bits}"] = _CipherMode(size, True, aes_key_unwrap)
        ciphers[f"{_XENC11}kw-aes-{bits}-pad"] = _CipherMode(size, True, aes_key_unwrap_with_padding)
        ciphers[f"{_XENC11}aes{bits}-gcm"] = _CipherMode(size, True, _open_gcm)
    return ciphers


_CIPHERS: Final = _ciphers()


def decode_base64(text: str) -> bytes | None:
    """Return the bytes of XML's base64Binary, in which blanks may stand anywhere; None if it is not."""
    try:
        return binascii.a2b_base64("".join(text.split()), strict_mode=True)
    except ValueError:
        return None
