"""Applications, their clients, and directories."""

from __future__ import annotations

from typing import Any

from vestibule.frontends.http.api.records.listing import Record
from vestibule.model.application import Application, Client, ClientSecret, DirectoryConfiguration
from vestibule.model.certificate import Certificate
from vestibule.model.reply_attribute import RadiusDictionary, ReplyAttribute
from vestibule.services.dictionaries import LoadedDictionary


class ApplicationRecord(Record):
    named = "application_id"

    id: str
    name: str
    first_factor: str
    directory_id: str
    second_factor: str
    methods: list[str]
    is_enabled: bool
    is_legacy: bool
    """Its clients can ask for nothing but name and password: users sign in with app passwords."""
    purpose: str
    trusted_addresses: list[str]
    skips_trusted: bool
    remember_days: int
    caching: str
    caching_seconds: int
    created_at: int
    version: int


class ClientRecord(Record):
    named = "client_id"

    id: str
    application_id: str
    kind: str
    name: str
    address: str
    settings: dict[str, Any]
    scopes: list[str]
    role_id: str
    """Of a key with the scope `admin`: the role whose rights it has."""
    is_enabled: bool
    created_at: int
    version: int


class SecretRecord(Record):
    """A shared secret or API key that is stored; `hint` is its last characters."""

    named = "secret_id"

    id: str
    hint: str
    not_after: int | None
    created_at: int


class NewSecretRecord(Record):
    """A new shared secret or API key. This is the only time it is told."""

    secret: str


class CertificateRecord(Record):
    named = "certificate_id"

    id: str
    """SHA-256 of the certificate, in hexadecimal digits."""
    kind: str
    client_id: str
    name: str
    """Whom it names."""
    hosts: tuple[str, ...]
    pem: str
    not_before: int
    not_after: int
    revoked_at: int | None
    created_at: int


class NewCertificateRecord(Record):
    """A new certificate of a client. This is the only time that its key is told."""

    certificate: CertificateRecord
    pem: str
    """Certificate, private key and authority."""
    pkcs12: str
    """The same as a PKCS #12 file under `passphrase`, in base64."""
    passphrase: str


class AuthorityRecord(Record):
    pem: str
    """What clients must trust; no secret."""


class DirectoryRecord(Record):
    named = "directory_id"

    id: str
    kind: str
    name: str
    settings: dict[str, Any]
    has_password: bool
    created_at: int
    version: int


class ReplyAttributeRecord(Record):
    """What RADIUS clients are told of those of whom all that is named here is true; empty is anybody."""

    named = "reply_id"

    id: str
    attribute: str
    value: str
    """As it was typed; empty if it is secret."""
    is_secret: bool
    adds: bool
    """Sent besides what others say of the same attribute, and not instead of it."""
    user_id: str
    group_id: str
    client_id: str
    application_id: str
    created_at: int


class RadiusDictionaryRecord(Record):
    name: str
    attributes: int
    """How many it names."""
    left_out: int
    """How many more it names that cannot be sent."""
    size: int
    """Octets."""
    created_at: int


class LoadedDictionaryRecord(Record):
    """What came of a dictionary that was loaded, or tried."""

    is_dry_run: bool
    dictionary: RadiusDictionaryRecord
    attributes: tuple[str, ...]
    left_out: tuple[str, ...]


def application_record(application: Application) -> ApplicationRecord:
    record: ApplicationRecord = ApplicationRecord.of(
        application,
        methods=list(application.methods),
        trusted_addresses=list(application.trusted_addresses),
    )
    return record


def client_record(client: Client) -> ClientRecord:
    record: ClientRecord = ClientRecord.of(client, scopes=list(client.scopes))
    return record


def secret_record(secret: ClientSecret) -> SecretRecord:
    record: SecretRecord = SecretRecord.of(secret)
    return record


def directory_record(directory: DirectoryConfiguration) -> DirectoryRecord:
    record: DirectoryRecord = DirectoryRecord.of(directory, has_password=bool(directory.secret))
    return record


def certificate_record(certificate: Certificate) -> CertificateRecord:
    record: CertificateRecord = CertificateRecord.of(certificate)
    return record


def reply_attribute_record(line: ReplyAttribute) -> ReplyAttributeRecord:
    record: ReplyAttributeRecord = ReplyAttributeRecord.of(line)
    return record


def radius_dictionary_record(dictionary: RadiusDictionary) -> RadiusDictionaryRecord:
    record: RadiusDictionaryRecord = RadiusDictionaryRecord.of(dictionary)
    return record


def loaded_dictionary_record(loaded: LoadedDictionary, *, is_dry_run: bool) -> LoadedDictionaryRecord:
    return LoadedDictionaryRecord(
        is_dry_run=is_dry_run,
        dictionary=radius_dictionary_record(loaded.dictionary),
        attributes=loaded.read.attributes,
        left_out=loaded.read.left_out,
    )
