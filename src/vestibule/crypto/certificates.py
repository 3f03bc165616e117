"""X.509 certificates of a small authority: made, read, and packed for a device (RFC 5280).

Times are epoch milliseconds. Private keys are on the curve P-256 and leave this file as `Secret`.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from vestibule.crypto.secret import Secret

_CLOCKS_DIFFER_MS: Final = 3_600_000
"""For a device whose clock is behind ours."""


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A certificate and its private key, both PEM."""

    certificate: bytes
    key: Secret[bytes]


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What a certificate says of itself. `fingerprint` is SHA-256 in hexadecimal digits (RFC 6614 §2.3)."""

    pem: bytes
    fingerprint: str
    subject: str
    not_before: int
    not_after: int
    is_authority: bool


def make_authority(name: str, now: int, not_after: int) -> KeyPair:
    """Return an authority that signs for itself, and for nothing below another authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _name(name)
    builder = (
        _builder(subject, subject, key.public_key(), now, not_after)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
    )
    return _pair(builder.sign(key, hashes.SHA256()), key)


def issue(
    authority: KeyPair, name: str, hosts: Sequence[str], now: int, not_after: int, *, for_server: bool
) -> KeyPair:
    """Return a certificate for a server with these host names and addresses, or for a client. It never
    outlives its authority. Raises ValueError for a name that no certificate can hold."""
    issuer = x509.load_pem_x509_certificate(authority.certificate)
    signing = load_pem_private_key(authority.key.reveal(), None)
    assert isinstance(signing, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    end = min(not_after, _milliseconds(issuer.not_valid_after_utc))
    purpose = ExtendedKeyUsageOID.SERVER_AUTH if for_server else ExtendedKeyUsageOID.CLIENT_AUTH
    builder = (
        _builder(_name(name), issuer.subject, key.public_key(), now, end)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False
        )
    )
    if hosts:
        alternatives = x509.SubjectAlternativeName([_general_name(host) for host in hosts])
        builder = builder.add_extension(alternatives, critical=False)
    return _pair(builder.sign(signing, hashes.SHA256()), key)


def read_certificate(octets: bytes) -> CertificateFacts | None:
    """Read one certificate, PEM or DER; None if that is none."""
    is_pem = b"-----BEGIN" in octets
    try:
        read = x509.load_pem_x509_certificate(octets) if is_pem else x509.load_der_x509_certificate(octets)
        subject = read.subject.rfc4514_string()
        not_before, not_after = read.not_valid_before_utc, read.not_valid_after_utc
        is_authority = _is_authority(read)
    except ValueError:
        return None
    return CertificateFacts(
        pem=read.public_bytes(Encoding.PEM),
        fingerprint=read.fingerprint(hashes.SHA256()).hex(),
        subject=subject,
        not_before=_milliseconds(not_before),
        not_after=_milliseconds(not_after),
        is_authority=is_authority,
    )


def public_key_digest(octets: bytes) -> bytes:
    """Return SHA-256 of a certificate's public key (SubjectPublicKeyInfo), PEM or DER; raises ValueError."""
    is_pem = b"-----BEGIN" in octets
    read = x509.load_pem_x509_certificate(octets) if is_pem else x509.load_der_x509_certificate(octets)
    key = read.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(key).digest()


def written_pin(digest: bytes) -> str:
    """Return such a digest as curl and people write it: `sha256//` and base64."""
    return f"sha256//{b64encode(digest).decode()}"


def packed(pair: KeyPair, authorities: bytes, name: str, passphrase: Secret[str]) -> bytes:
    """Return certificate, key and the authorities in one file (PKCS #12, RFC 7292)."""
    return pkcs12.serialize_key_and_certificates(
        name.encode(),
        load_pem_private_key(pair.key.reveal(), None),  # type: ignore[arg-type]  # ours are all EC keys
        x509.load_pem_x509_certificate(pair.certificate),
        x509.load_pem_x509_certificates(authorities),
        BestAvailableEncryption(passphrase.reveal().encode()),
    )


# --- parts ----------------------------------------------------------------------------------------------


def _is_authority(read: x509.Certificate) -> bool:
    try:
        return read.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _pair(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> KeyPair:
    octets = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return KeyPair(certificate.public_bytes(Encoding.PEM), Secret(octets))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, begin: int, end: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(_moment(begin - _CLOCKS_DIFFER_MS))
        .not_valid_after(_moment(end))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds // 1000, UTC)


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp()) * 1000
