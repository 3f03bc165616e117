"""The small authority: what it makes is what others take for a certificate."""

from __future__ import annotations

import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import PolicyBuilder, Store

from vestibule.crypto.certificates import issue, make_authority, packed, read_certificate
from vestibule.crypto.secret import Secret

NOW = 1_800_000_000_000
DAY = 86_400_000
AUTHORITY = make_authority("Tests", NOW, NOW + 100 * DAY)


def test_a_server_is_known_by_its_names_and_addresses() -> None:
    """RFC 5280 §4.2.1.6, judged by another implementation than the one that uses it."""
    made = issue(AUTHORITY, "radius", ["radius.example.org", "192.0.2.1"], NOW, NOW + DAY, for_server=True)
    leaf = x509.load_pem_x509_certificate(made.certificate)
    store = Store([x509.load_pem_x509_certificate(AUTHORITY.certificate)])
    for name in (x509.DNSName("radius.example.org"), x509.IPAddress(ipaddress.ip_address("192.0.2.1"))):
        verifier = PolicyBuilder().store(store).time(leaf.not_valid_after_utc).build_server_verifier(name)
        verifier.verify(leaf, [])
    usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.SERVER_AUTH]


def test_a_certificate_does_not_outlive_its_authority() -> None:
    made = issue(AUTHORITY, "vpn", [], NOW, NOW + 1000 * DAY, for_server=False)
    facts = read_certificate(made.certificate)
    assert facts is not None
    assert (facts.subject, facts.not_after, facts.is_authority) == ("CN=vpn", NOW + 100 * DAY, False)


def test_it_is_good_for_a_device_whose_clock_is_behind() -> None:
    facts = read_certificate(issue(AUTHORITY, "vpn", [], NOW, NOW + DAY, for_server=False).certificate)
    assert facts is not None
    assert facts.not_before < NOW


def test_der_and_pem_are_the_same_certificate_and_the_rest_is_none() -> None:
    facts = read_certificate(AUTHORITY.certificate)
    assert facts is not None
    assert facts.is_authority
    der = x509.load_pem_x509_certificate(AUTHORITY.certificate).public_bytes(Encoding.DER)
    assert read_certificate(der) == facts
    for octets in (b"", b"-----BEGIN", der[:-1], AUTHORITY.certificate[:200], AUTHORITY.key.reveal()):
        assert read_certificate(octets) is None


def test_a_packed_file_opens_with_its_passphrase_and_holds_it_all() -> None:
    """RFC 7292."""
    made = issue(AUTHORITY, "vpn", [], NOW, NOW + DAY, for_server=False)
    octets = packed(made, AUTHORITY.certificate, "vpn", Secret("a passphrase"))
    key, certificate, others = pkcs12.load_key_and_certificates(octets, b"a passphrase")
    assert certificate is not None
    assert key is not None
    assert key.public_key() == certificate.public_key()
    assert others == [x509.load_pem_x509_certificate(AUTHORITY.certificate)]


def test_no_key_is_shown() -> None:
    assert "PRIVATE" not in repr(AUTHORITY)
