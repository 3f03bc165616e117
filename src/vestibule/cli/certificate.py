"""`vestibule certificate`: the small authority of the installation, its servers, and clients over TLS.

The key of a client is written once, into a file that nobody else can read, and kept nowhere.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias

from cyclopts import App, Parameter

from vestibule.cli import finding
from vestibule.cli.desk import Desk, at_desk
from vestibule.cli.listing import show_rows
from vestibule.cli.output import moment
from vestibule.cli.parameters import HERE, DryRun, Json, Scope, Yes
from vestibule.cli.terminal import NotDone
from vestibule.model.application import ClientKind
from vestibule.model.certificate import Certificate, CertificateKind
from vestibule.model.tenant import SYSTEM_TENANT

app = App(
    name="certificate",
    help="Certificates for RADIUS over TLS: the authority, the servers, the clients.",
    help_format="plaintext",
)

_SHORT: Final = 16

Days: TypeAlias = Annotated[
    int | None, Parameter(name="--days", help="For how long it is valid, 1 to 3650 days.")
]


@app.command
def make_authority(name: str = "Vestibule", /, *, days: Days = None, scope: Scope = HERE) -> int:
    """Make the authority that signs the certificates of servers and clients, for ten years.

    Made again, the new one signs from then on; what the old one has signed stays good until it ends.

    For example:

      vestibule certificate make-authority "Example RADIUS"

    Parameters
    ----------
    name
        What it is called in certificates.
    """

    async def work(desk: Desk) -> None:
        certificates = desk.services.certificates
        made = await certificates.make_authority(desk.actor, name, **_given(days))
        desk.terminal.say("certificate.authority_made", name=made.name, end=moment(made.not_after))

    return at_desk(scope, work)


@app.command
def server(host: str, /, *hosts: str, days: Days = None, scope: Scope = HERE) -> int:
    """Issue the certificate that every node shows from now on to who connects.

    For example:

      vestibule certificate server radius.example.com
      vestibule certificate server radius-1.example.com radius-2.example.com 192.0.2.10

    Parameters
    ----------
    host
        A host name or an address by which clients know a node.
    hosts
        Further ones.
    """

    async def work(desk: Desk) -> None:
        certificates = desk.services.certificates
        issued = await certificates.issue_server(desk.actor, (host, *hosts), **_given(days))
        desk.terminal.say(
            "certificate.server_issued", hosts=", ".join(issued.hosts), end=moment(issued.not_after)
        )

    return at_desk(scope, work)


@app.command
def trust(file: Path, /, *, scope: Scope = HERE) -> int:
    """Write what clients must trust, to know our servers: the certificate of the authority. It is no secret.

    For example:

      vestibule certificate trust authority.pem

    Parameters
    ----------
    file
        Where to write it, PEM.
    """

    async def work(desk: Desk) -> None:
        pem = desk.services.certificates.trusted_by_clients()
        if not pem:
            raise NotDone("cli.certificate.no_authority", command=desk.command("certificate make-authority"))
        _write(file, pem)
        desk.terminal.say("certificate.written", file=str(file))

    return at_desk(scope, work)


@app.command
def issue(
    client: str,
    file: Path,
    /,
    *,
    pkcs12: Annotated[
        bool,
        Parameter(
            negative="", show_default=False, help="Write a PKCS #12 file; its passphrase is shown once."
        ),
    ] = False,
    days: Days = None,
    scope: Scope = HERE,
) -> int:
    """Issue a certificate for a RADIUS client, and write it with its key into a new file.

    For example:

      vestibule certificate issue vpn-1 vpn-1.pem
      vestibule certificate issue vpn-1 vpn-1.p12 --pkcs12 --days 730

    Parameters
    ----------
    client
        The client's name, address or identifier.
    file
        Where to write certificate, key and authority. It must not be there yet.
    """

    async def work(desk: Desk) -> None:
        one = finding.client(desk, client, ClientKind.RADIUS)
        reserved = _new_file(file)
        try:
            issued = await desk.services.certificates.issue_client(
                desk.actor, desk.tenant_id, one.client_id, **_given(days)
            )
        except BaseException:
            _remove(reserved)
            raise
        _write(reserved, (issued.pkcs12 if pkcs12 else issued.pem).reveal())
        told = {"name": one.name, "file": str(file), "end": moment(issued.certificate.not_after)}
        if pkcs12:
            desk.terminal.note("certificate.issued", **told)
            desk.terminal.secret(issued.passphrase, "certificate.passphrase_shown")
        else:
            desk.terminal.say("certificate.issued", **told)

    return at_desk(scope, work)


@app.command
def enter(client: str, file: Path, /, *, scope: Scope = HERE) -> int:
    """Let a RADIUS client in with a certificate that was made elsewhere: this one, without its key.

    For example:

      vestibule certificate enter vpn-1 vpn-1-of-our-own.pem

    Parameters
    ----------
    client
        The client's name, address or identifier.
    file
        The certificate, PEM or DER.
    """

    async def work(desk: Desk) -> None:
        one = finding.client(desk, client, ClientKind.RADIUS)
        octets = _read(file)
        entered = await desk.services.certificates.enter_client(
            desk.actor, desk.tenant_id, one.client_id, octets
        )
        desk.terminal.say(
            "certificate.entered", name=one.name, subject=entered.name, end=moment(entered.not_after)
        )

    return at_desk(scope, work)


@app.command(name="list")
def list_certificates(*, as_json: Json = False, scope: Scope = HERE) -> int:
    """List the certificates of the authority, the servers and the tenant's clients, with their ends.

    For example:

      vestibule certificate list
    """

    async def work(desk: Desk) -> None:
        show_rows(
            desk.terminal,
            _all(desk),
            as_json=as_json,
            record=certificate_record,
            header=("kind", "name", "client", "valid_until", "status", "id"),
            row=lambda one: (
                desk.terminal.words(f"certificate.kind.{one.kind.value}"),
                ", ".join(one.hosts) or one.name,
                _client_name(desk, one),
                moment(one.not_after),
                desk.terminal.words(f"certificate.state.{_state(desk, one)}"),
                one.certificate_id[:_SHORT],
            ),
            empty="list.no_certificates",
        )

    return at_desk(scope, work)


@app.command
def revoke(certificate: str, /, *, yes: Yes = False, dry_run: DryRun = False, scope: Scope = HERE) -> int:
    """Revoke a certificate: it is worth nothing within a second, and connections with it are closed.

    For example:

      vestibule certificate revoke 3f0c9a55d1e27b64

    Parameters
    ----------
    certificate
        The beginning of its identifier, as `certificate list` shows it.
    """

    async def work(desk: Desk) -> None:
        one = finding.certificate(desk, _all(desk), certificate)
        if dry_run:
            desk.terminal.say("certificate.goes", name=one.name)
            desk.terminal.note("dry_run")
            return
        desk.terminal.confirm(yes, "ask.revoke_certificate", name=one.name)
        await desk.services.certificates.revoke(desk.actor, one.tenant_id, one.certificate_id)
        desk.terminal.say("certificate.revoked", name=one.name)

    return at_desk(scope, work)


# --- parts ----------------------------------------------------------------------------------------------


def certificate_record(one: Certificate) -> dict[str, Any]:
    return {
        "certificate_id": one.certificate_id,
        "kind": one.kind.value,
        "name": one.name,
        "hosts": list(one.hosts),
        "client_id": one.client_id,
        "not_before": one.not_before,
        "not_after": one.not_after,
        "revoked_at": one.revoked_at,
        "pem": one.pem,
    }


def _all(desk: Desk) -> tuple[Certificate, ...]:
    tenants = dict.fromkeys((SYSTEM_TENANT, desk.tenant_id))
    return tuple(
        one for tenant_id in tenants for one in desk.services.certificates.list(desk.actor, tenant_id)
    )


def _client_name(desk: Desk, one: Certificate) -> str:
    peer = desk.snapshot.peers.get(one.client_id)
    return peer.client.name if peer is not None and one.kind is CertificateKind.CLIENT else ""


def _state(desk: Desk, one: Certificate) -> str:
    from vestibule.services.certificates import SOON_MS

    if one.revoked_at is not None:
        return "revoked"
    if one.not_after <= desk.now:
        return "ended"
    return "ends_soon" if one.not_after - desk.now < SOON_MS else "valid"


def _given(days: int | None) -> dict[str, Any]:
    return {} if days is None else {"days": days}


def _new_file(file: Path) -> Path:
    """Make a file that nobody else can read."""
    try:
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as why:
        raise NotDone("cli.certificate.unwritable", file=str(file), reason=str(why.strerror)) from None
    return file


def _remove(file: Path) -> None:
    file.unlink(missing_ok=True)


def _write(file: Path, octets: bytes) -> None:
    try:
        file.write_bytes(octets)
    except OSError as why:
        raise NotDone("cli.certificate.unwritable", file=str(file), reason=str(why.strerror)) from None


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as why:
        raise NotDone("cli.certificate.unreadable", file=str(file), reason=str(why.strerror)) from None
