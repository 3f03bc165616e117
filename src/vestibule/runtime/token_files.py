"""Token files for the import: which codec reads a file, and what a row of it means to our methods.

This is the one place that knows both the codecs and the service; the service gets `read_token_file` when the
house is built. It keeps no row and nothing secret.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final

from vestibule.model.authenticator import canonical_serial
from vestibule.services.token_import import (
    ImportedToken,
    RowProblem,
    TokenFileOptions,
    UnusableFile,
)
from vestibule.wire.oath import (
    LEAST_SECRET_BITS,
    MIN_SECRET_BITS,
    FileRefused,
    OathAlgorithm,
    RowFault,
    TokenKey,
    TokenRow,
)
from vestibule.wire.pskc import Credential, check_pskc, read_pskc
from vestibule.wire.token_csv import (
    SecretEncoding,
    TextEncoding,
    check_token_csv,
    is_cloud_form,
    read_token_csv,
)

PSKC: Final = "pskc"
CSV_SERVER: Final = "csv_server"
CSV_CLOUD: Final = "csv_cloud"
FORMS: Final = ("auto", CSV_SERVER, CSV_CLOUD, PSKC)
_CHUNK_BYTES: Final = 1 << 16
# The first character of XML, behind a byte order mark or not, in the encodings that XML allows.
_XML_BEGINNINGS: Final = (b"<", b"\xef\xbb\xbf<", b"\xff\xfe<\x00", b"\xfe\xff\x00<", b"\x00<")


def read_token_file(source: BinaryIO, options: TokenFileOptions) -> OathTokenFile:
    """Open a token file; raise UnusableFile if its columns tell already that it is none, ValueError for an
    option that does not exist."""
    if options.form not in FORMS:
        raise ValueError(f"a token file has one of the forms {FORMS}")
    source.seek(0)
    beginning = source.read(_CHUNK_BYTES)
    is_xml = options.form == PSKC or (options.form == "auto" and _is_xml(beginning))
    if is_xml:
        return OathTokenFile(source, options, PSKC)
    try:
        is_cloud = is_cloud_form(beginning, TextEncoding(options.text_encoding))
    except FileRefused as refused:
        raise _unusable(refused) from None
    return OathTokenFile(source, options, CSV_CLOUD if is_cloud else CSV_SERVER)


class OathTokenFile:
    """A file of HOTP and TOTP tokens whose form is known."""

    def __init__(self, source: BinaryIO, options: TokenFileOptions, form: str) -> None:
        self.form = form
        self._source = source
        self._options = options

    def check(self) -> Iterator[None]:
        """Read the file once without looking at its rows; raise UnusableFile."""
        self._source.seek(0)
        options = self._options
        try:
            if self.form == PSKC:
                yield from check_pskc(_chunks(self._source), self._credential())
            else:
                yield from check_token_csv(_chunks(self._source), TextEncoding(options.text_encoding))
        except FileRefused as refused:
            raise _unusable(refused) from None

    def rows(self) -> Iterator[ImportedToken | RowProblem]:
        """Read the file from its beginning; raise UnusableFile."""
        self._source.seek(0)
        try:
            for row in self._rows():
                yield _problem(row) if isinstance(row, RowFault) else _token(row)
        except FileRefused as refused:
            raise _unusable(refused) from None

    def _rows(self) -> Iterator[TokenRow]:
        options = self._options
        least_bits = LEAST_SECRET_BITS if options.allows_short_secrets else MIN_SECRET_BITS
        if self.form == PSKC:
            return read_pskc(_chunks(self._source), self._credential(), least_secret_bits=least_bits)
        return read_token_csv(
            _chunks(self._source),
            secret_encoding=SecretEncoding(options.secret_encoding),
            text_encoding=TextEncoding(options.text_encoding),
            least_secret_bits=least_bits,
        )

    def _credential(self) -> Credential:
        key, passphrase = self._options.preshared_key, self._options.passphrase
        return Credential(
            preshared_key=key.reveal() if key else None,
            passphrase=passphrase.reveal() if passphrase else None,
        )


def _chunks(source: BinaryIO) -> Iterator[bytes]:
    while chunk := source.read(_CHUNK_BYTES):
        yield chunk


def _is_xml(beginning: bytes) -> bool:
    return beginning.lstrip(b" \t\r\n").startswith(_XML_BEGINNINGS)


def _token(key: TokenKey) -> ImportedToken:
    options: dict[str, object] = {
        "secret": key.secret,
        "algorithm": key.hash_algorithm.value,
        "digits": key.digits,
    }
    if key.algorithm is OathAlgorithm.TOTP:
        options |= {"interval": key.interval, "drift": key.drift}
    else:
        options["counter"] = key.counter
    # An owner in the form of a distinguished name is the vendor's customer, not a name of ours.
    owner = "" if "=" in key.owner else key.owner
    return ImportedToken(
        line=key.line,
        serial=canonical_serial(key.serial),
        method=key.algorithm.value,
        options=options,
        label=f"{key.manufacturer} {key.model}".strip(),
        owner=owner,
        not_before=key.valid_from,
        not_after=key.valid_until,
    )


def _problem(fault: RowFault) -> RowProblem:
    return RowProblem(fault.line, fault.serial, fault.problem.value, fault.detail)


def _unusable(refused: FileRefused) -> UnusableFile:
    return UnusableFile(refused.problem.value, refused.line, refused.detail)
