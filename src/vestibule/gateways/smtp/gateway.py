"""A mail server that mails are handed to, one connection for each.

Must never hand over a mail or a password without the protection that is set; must never put what a mail says,
or a password, into a log or a cause.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from typing import Final

from aiosmtplib import SMTP, SMTPException

from vestibule.crypto.secret import Secret
from vestibule.gateways.smtp.message import written
from vestibule.gateways.smtp.settings import SmtpSettings
from vestibule.gateways.smtp.trouble import Stage, sending_of
from vestibule.interfaces.gateway import Errand, Mail, NotSent, Sending, Sent
from vestibule.model.mail_address import read_address

_PARTING_SECONDS: Final = 1.0


class SmtpGateway:
    """Implements `Gateway` and `Probes`."""

    def __init__(self, settings: SmtpSettings, secret: Secret[str]) -> None:
        """Raises ValueError naming the setting that is wrong."""
        self._settings = settings
        self._secret = secret
        self._tls = _tls_context(settings.ca_file)

    async def send(self, errand: Errand) -> Sending:
        if not isinstance(errand, Mail):
            return NotSent("gateway.cause.not_carried")
        to = read_address(errand.to)
        if to is None:
            return NotSent("smtp.cause.not_an_address", is_final=True)
        return await self._converse(errand, to)

    async def probe(self) -> str:
        """Connect and sign in, and send nothing; return why that fails."""
        outcome = await self._converse(None, "")
        return "" if isinstance(outcome, Sent) else outcome.cause

    async def close(self) -> None:
        """Nothing stays open between two mails."""

    async def _converse(self, mail: Mail | None, to: str) -> Sending:
        client = self._client()
        stage = Stage.CONNECTING
        try:
            # The library's own limit begins anew with each answer; this one holds for the whole.
            async with asyncio.timeout(self._settings.timeout_seconds):
                await client.connect()
                if self._settings.username:
                    stage = Stage.LOGIN
                    await client.login(self._settings.username, self._secret.reveal())
                if mail is None:
                    return Sent("")
                stage = Stage.ENVELOPE
                is_utf8 = not (to + mail.sender).isascii()
                if is_utf8 and not client.supports_extension("smtputf8"):
                    return NotSent("smtp.cause.no_smtputf8")
                await client.mail(
                    self._settings.sender,
                    options=("SMTPUTF8", "BODY=8BITMIME") if is_utf8 else (),
                    encoding="utf-8" if is_utf8 else "ascii",
                )
                await client.rcpt(to, encoding="utf-8" if is_utf8 else "ascii")
                content = written(mail, to, self._settings, is_utf8=is_utf8)
                stage = Stage.CONTENT
                await client.data(content)
            await _part(client)
            return Sent(mail.dispatch_id)
        except (SMTPException, OSError, TimeoutError) as problem:
            return sending_of(problem, stage)
        finally:
            client.close()

    def _client(self) -> SMTP:
        settings = self._settings
        return SMTP(
            hostname=settings.host,
            port=settings.port,
            use_tls=settings.security == "tls",
            start_tls=settings.security == "starttls",
            tls_context=None if settings.security == "none" else self._tls,
            local_hostname=settings.hello_name or settings.sender.rpartition("@")[2],
            timeout=settings.timeout_seconds,
        )


async def _part(client: SMTP) -> None:
    """Say goodbye (RFC 5321 §4.1.1.10). What was answered before stands, whatever comes of it."""
    with contextlib.suppress(SMTPException, OSError, TimeoutError):
        async with asyncio.timeout(_PARTING_SECONDS):
            await client.quit()


def _tls_context(ca_file: str) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=ca_file or None)
    except OSError as problem:  # ssl.SSLError is one
        raise ValueError(f"ca_file: {problem.strerror or 'holds no certificate'}") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
