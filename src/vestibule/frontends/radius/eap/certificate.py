"""What devices see inside EAP: the certificate of files, else that of the installation's own authority.

That one is looked up for each conversation, so that a new one needs no restart.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from OpenSSL import SSL

from vestibule.crypto.certificates import KeyPair
from vestibule.crypto.secret import Secret
from vestibule.frontends.radius.eap.tunnel import open_context

Files: TypeAlias = tuple[Path, Path]
"""Certificate with its chain, and key, both PEM."""


class OwnCertificate:
    """`issued` returns the newest that the installation's own authority has issued, if there is one."""

    def __init__(self, files: Files | None, issued: Callable[[], KeyPair | None]) -> None:
        self._files = files
        self._issued = issued
        self._shown: bytes | None = None
        self._context: SSL.Context | None = None

    def open(self) -> None:
        """Read the files, if any; raises OSError, which ssl.SSLError is, when they cannot be used."""
        if self._files is None:
            return
        certificate, key = self._files
        # The standard library says what is wrong with which.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
        self._context = open_context(KeyPair(certificate.read_bytes(), Secret(key.read_bytes())))

    def context(self) -> SSL.Context | None:
        """Return TLS with what devices are to see now; None while there is nothing."""
        if self._files is not None:
            return self._context
        pair = self._issued()
        shown = None if pair is None else pair.certificate
        if shown != self._shown:
            self._shown = shown
            self._context = None if pair is None else open_context(pair)
        return self._context
