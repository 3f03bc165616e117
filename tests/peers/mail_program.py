"""A mail server as a program of its own: aiosmtpd, with what its recipients make it do.

    python mail_program.py PORT SECURITY FOLDER [CERTIFICATE KEY]

Whatever it takes is a file in FOLDER, whose first line is the envelope. The local part of a recipient says
what becomes of a mail to him: `unknown` 550, `relay` 550 5.7.1, `greylisted` 450 once, `full` 452, `deaf` no
answer, `broken` an end of the connection after the content, `rejected` 554 to the content. SECURITY is
`none`, or `starttls` or `tls`, and then it wants the account `vestibule` with the password `tests-only`.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

ACCOUNT = LoginPassword(b"vestibule", b"tests-only")
REFUSALS = {
    "unknown": "550 5.1.1 no such mailbox",
    "relay": "550 5.7.1 relaying denied",
    "full": "452 4.2.2 mailbox full",
}


class Mailboxes:
    """What aiosmtpd asks at each step."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: set[str] = set()
        self._count = 0

    async def handle_RCPT(  # noqa: N802 - named by aiosmtpd
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        local = address.partition("@")[0]
        if local == "deaf":
            await asyncio.Event().wait()
        if local == "greylisted" and address not in self._seen:
            self._seen.add(address)
            return "450 4.2.0 come again"
        if local in REFUSALS:
            return REFUSALS[local]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        local = envelope.rcpt_tos[0].partition("@")[0]
        if local == "rejected":
            return "554 5.6.0 what is this: tests-only"
        self._count += 1
        head = {"from": envelope.mail_from, "to": envelope.rcpt_tos, "hello": session.host_name}
        content = envelope.content or b""
        assert isinstance(content, bytes)
        part = self._folder / f"{self._count:04}.part"
        part.write_bytes(json.dumps(head).encode() + b"\n" + content)
        part.rename(part.with_suffix(".mail"))
        print("taken", self._count, flush=True)
        if local == "broken":
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        return "250 OK"


def sign_in(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    return AuthResult(success=data == ACCOUNT, handled=False)


async def main(port: int, folder: Path, tls: ssl.SSLContext | None, *, is_implicit: bool) -> None:
    boxes = Mailboxes(folder)

    def protocol() -> SMTP:
        return SMTP(
            boxes,
            hostname="mail.example",
            enable_SMTPUTF8=True,
            tls_context=None if is_implicit else tls,
            require_starttls=tls is not None and not is_implicit,
            authenticator=sign_in if tls else None,
            auth_required=tls is not None,
            auth_require_tls=not is_implicit,
        )

    server = await asyncio.get_running_loop().create_server(
        protocol, "127.0.0.1", port, ssl=tls if is_implicit else None
    )
    print("ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    _port, _security, _folder, *_files = sys.argv[1:]
    context = None
    if _files:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*_files)
    asyncio.run(main(int(_port), Path(_folder), context, is_implicit=_security == "tls"))
