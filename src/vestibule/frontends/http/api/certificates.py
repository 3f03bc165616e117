"""Certificates for RADIUS over TLS. The key of a client is told once."""

from __future__ import annotations

from base64 import b64encode
from typing import Annotated

from litestar import Controller, delete, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from vestibule.frontends.http.api.caller import Caller
from vestibule.frontends.http.api.clients import find_client
from vestibule.frontends.http.api.description import problems
from vestibule.frontends.http.api.records.applications import (
    AuthorityRecord,
    CertificateRecord,
    NewCertificateRecord,
    certificate_record,
)
from vestibule.frontends.http.api.records.listing import Listing, whole
from vestibule.frontends.http.api.request import Discreet
from vestibule.frontends.http.api.values import PathId, ShortText
from vestibule.frontends.http.options import MIB
from vestibule.frontends.http.rights import needs
from vestibule.model.actor import Right
from vestibule.model.application import ClientKind
from vestibule.services.certificates import (
    AUTHORITY_DAYS,
    LARGEST_CERTIFICATE,
    LONGEST_NAME,
    MOST_DAYS,
    MOST_HOSTS,
    USUAL_DAYS,
)

Days = Annotated[int, Meta(ge=1, le=MOST_DAYS)]


class NewAuthority(Discreet):
    name: Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME)] = "Vestibule"
    days: Days = AUTHORITY_DAYS


class NewServerCertificate(Discreet):
    hosts: Annotated[tuple[ShortText, ...], Meta(min_length=1, max_length=MOST_HOSTS)]
    """Host names and addresses by which clients know the nodes."""
    days: Days = USUAL_DAYS


class NewClientCertificate(Discreet):
    days: Days = USUAL_DAYS


class OwnCertificate(Discreet):
    pem: Annotated[str, Meta(min_length=1, max_length=LARGEST_CERTIFICATE)]
    """The certificate alone, without its key."""


class Certificates(Controller):
    path = "/certificates"
    tags = ("Certificates",)

    @get(responses=problems(404), opt=needs(Right.READ_CONFIGURATION))
    async def list_certificates(self, caller: NamedDependency[Caller]) -> Listing[CertificateRecord]:
        """List the certificates of the clients, newest first; of the system tenant those of authority and
        servers."""
        found = caller.services.certificates.list(caller.actor, caller.tenant_id)
        return whole(certificate_record(one) for one in found)

    @get("/authority", responses=problems(404), opt=needs(Right.READ_CONFIGURATION))
    async def read_authority(self, caller: NamedDependency[Caller]) -> AuthorityRecord:
        """Read what clients must trust to know the servers; empty if there is no authority yet."""
        return AuthorityRecord(pem=caller.services.certificates.trusted_by_clients().decode())

    @post("/authority", responses=problems(404, 422), opt=needs(Right.SETTINGS))
    async def make_authority(
        self, caller: NamedDependency[Caller], data: JSONBody[NewAuthority]
    ) -> CertificateRecord:
        """Make the authority that signs from now on. Only of the system tenant."""
        made = await caller.services.certificates.make_authority(caller.actor, data.name, data.days)
        return certificate_record(made)

    @post("/server", responses=problems(404, 422), opt=needs(Right.SETTINGS))
    async def issue_server_certificate(
        self, caller: NamedDependency[Caller], data: JSONBody[NewServerCertificate]
    ) -> CertificateRecord:
        """Issue the certificate that every node shows from now on. Only of the system tenant."""
        issued = await caller.services.certificates.issue_server(caller.actor, data.hosts, data.days)
        return certificate_record(issued)

    @delete("/{certificate_id:str}", responses=problems(404), opt=needs(Right.APPLICATIONS))
    async def revoke_certificate(self, caller: NamedDependency[Caller], certificate_id: PathId) -> None:
        """Revoke a certificate. It stays in the list; connections with it are closed."""
        await caller.services.certificates.revoke(caller.actor, caller.tenant_id, certificate_id)


class ClientCertificates(Controller):
    path = "/radius-clients/{client_id:str}/certificates"
    tags = ("Certificates",)

    @post(responses=problems(404, 422), opt=needs(Right.APPLICATIONS))
    async def issue_client_certificate(
        self,
        caller: NamedDependency[Caller],
        client_id: PathId,
        data: JSONBody[NewClientCertificate],
    ) -> NewCertificateRecord:
        """Issue a certificate for a RADIUS client, and tell its key this one time."""
        find_client(caller, client_id, ClientKind.RADIUS)
        issued = await caller.services.certificates.issue_client(
            caller.actor, caller.tenant_id, client_id, data.days
        )
        return NewCertificateRecord(
            certificate=certificate_record(issued.certificate),
            pem=issued.pem.reveal().decode(),
            pkcs12=b64encode(issued.pkcs12.reveal()).decode(),
            passphrase=issued.passphrase.reveal(),
        )

    @post(
        "/own",
        request_max_body_size=MIB,
        responses=problems(404, 422),
        opt=needs(Right.APPLICATIONS),
    )
    async def enter_client_certificate(
        self, caller: NamedDependency[Caller], client_id: PathId, data: JSONBody[OwnCertificate]
    ) -> CertificateRecord:
        """Let a RADIUS client in with a certificate that was made elsewhere."""
        find_client(caller, client_id, ClientKind.RADIUS)
        entered = await caller.services.certificates.enter_client(
            caller.actor, caller.tenant_id, client_id, data.pem.encode()
        )
        return certificate_record(entered)
