"""TLS in both directions with certificates and keys that are in no file.

OpenSSL reads them from files alone; those here exist in memory only, for as long as they are read.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Sequence
from pathlib import Path

from vestibule.crypto.certificates import KeyPair

_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""Of TLS 1.2; those of TLS 1.3 are all sound (RFC 9325 §4.2)."""


def server_context(own: KeyPair, trusted: Sequence[bytes], protocols: Sequence[str]) -> ssl.SSLContext:
    """Return the context of a server that lets nobody speak without a certificate of `trusted` (PEM), or one
    that is itself among them. `protocols` are offered by ALPN. Raises ssl.SSLError, or ValueError, for what
    cannot be read."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_REQUIRED
    # Which certificate it was decides whose the connection is; a resumed session would not show it again.
    context.num_tickets = 0
    context.options |= ssl.OP_NO_TICKET
    return _prepared(context, own, trusted, protocols)


def client_context(own: KeyPair, trusted: Sequence[bytes], protocols: Sequence[str]) -> ssl.SSLContext:
    """The same for a client, which looks for the server's name in its certificate."""
    return _prepared(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), own, trusted, protocols)


def _prepared(
    context: ssl.SSLContext, own: KeyPair, trusted: Sequence[bytes], protocols: Sequence[str]
) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_CIPHERS)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if trusted:
        context.load_verify_locations(cadata=b"".join(trusted).decode("ascii"))
    if protocols:
        context.set_alpn_protocols(list(protocols))
    _load(context, own)
    return context


def _load(context: ssl.SSLContext, own: KeyPair) -> None:
    handle = os.memfd_create("vestibule", os.MFD_CLOEXEC)
    try:
        os.write(handle, own.certificate + own.key.reveal())
        context.load_cert_chain(Path(f"/proc/self/fd/{handle}"))
    finally:
        os.close(handle)
