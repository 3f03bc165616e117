"""Certificates for RADIUS over TLS: made, entered, watched, revoked. A client's key is handed out once."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.exceptions import NotFoundException

from vestibule.frontends.http.console.desk import Desk, desk, refused_form
from vestibule.frontends.http.downloads import download
from vestibule.frontends.http.fields import Fields, InPath, read_fields
from vestibule.frontends.http.rights import needs
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.templates.views import CertificateRow, Choice, Form, Words
from vestibule.interfaces.gateway import Attachment
from vestibule.model.actor import Right
from vestibule.model.application import ClientKind
from vestibule.model.certificate import Certificate
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.services.certificates import LARGEST_CERTIFICATE, SOON_MS, USUAL_DAYS
from vestibule.services.refusal import Refusal, Refused

FORMATS: Final = ("pem", "pkcs12")
_TYPES: Final = {"pem": "application/x-pem-file", "pkcs12": "application/x-pkcs12"}
_ENDINGS: Final = {"pem": "pem", "pkcs12": "p12"}
_BESIDE: Final = {Refusal.NOT_FOUND: "client_id", Refusal.OUT_OF_BOUNDS: "days"}


@get("/tenants/{tenant:str}/certificates", opt=needs(Right.READ_CONFIGURATION))
async def certificates(request: AnyRequest, tenant: InPath) -> Response[Any]:
    return _page(await desk(request, tenant))


@get("/tenants/{tenant:str}/certificates/authority", opt=needs(Right.READ_CONFIGURATION))
async def download_authority(request: AnyRequest, tenant: InPath) -> Response[bytes]:
    """Hand out what clients must trust; it is no secret."""
    at = await desk(request, tenant)
    pem = at.services.certificates.trusted_by_clients()
    if not pem:
        raise NotFoundException
    return download(Attachment("authority.pem", _TYPES["pem"], pem))


@post("/tenants/{tenant:str}/certificates/authority", opt=needs(Right.SETTINGS))
async def make_authority(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = _of_the_installation(await desk(request, tenant))
    fields = await read_fields(request)
    try:
        await at.services.certificates.make_authority(at.actor, fields.text("name"))
    except Refused as refused:
        return _page(at, authority=refused_form(refused, _typed(fields), {Refusal.SETTING_INVALID: "name"}))
    return at.done(at.path("certificates"), "form.saved")


@post("/tenants/{tenant:str}/certificates/server", opt=needs(Right.SETTINGS))
async def issue_server(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = _of_the_installation(await desk(request, tenant))
    fields = await read_fields(request)
    try:
        await at.services.certificates.issue_server(at.actor, fields.text("hosts", 4096).split())
    except Refused as refused:
        beside = dict.fromkeys((Refusal.SETTING_INVALID, Refusal.OUT_OF_BOUNDS), "hosts")
        return _page(at, server=refused_form(refused, _typed(fields), beside))
    return at.done(at.path("certificates"), "form.saved")


@post("/tenants/{tenant:str}/certificates/issue", opt=needs(Right.APPLICATIONS))
async def issue_client(request: AnyRequest, tenant: InPath) -> Response[Any]:
    """Answer with the file; it is made once."""
    at = await desk(request, tenant)
    fields = await read_fields(request)
    kind = fields.text("format") if fields.text("format") in FORMATS else FORMATS[0]
    try:
        issued = await at.services.certificates.issue_client(
            at.actor,
            tenant,
            fields.text("client_id"),
            fields.whole("days") or 0,
            fields.secret("passphrase") if kind == "pkcs12" else None,
        )
    except Refused as refused:
        beside = _BESIDE | {Refusal.SETTING_INVALID: "passphrase"}
        return _page(at, issuing=refused_form(refused, _typed(fields), beside))
    content = issued.pkcs12 if kind == "pkcs12" else issued.pem
    name = at.snapshot.peers[issued.certificate.client_id].client.name
    file = Attachment(f"{name}.{_ENDINGS[kind]}", _TYPES[kind], content.reveal())
    answer = download(file)
    answer.headers["cache-control"] = "no-store"
    return answer


@post("/tenants/{tenant:str}/certificates/enter", opt=needs(Right.APPLICATIONS))
async def enter_client(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    fields = await read_fields(request)
    file = fields.files.get("file")
    octets = await file.read(LARGEST_CERTIFICATE + 1) if file is not None else b""
    if not octets:
        return _page(at, entering=Form(_typed(fields), {"file": Words("form.no_file")}))
    try:
        await at.services.certificates.enter_client(at.actor, tenant, fields.text("owner_id"), octets)
    except Refused as refused:
        unfit = (
            Refusal.NO_CERTIFICATE,
            Refusal.AUTHORITY_AS_CLIENT,
            Refusal.CERTIFICATE_ENDED,
            Refusal.CERTIFICATE_TAKEN,
        )
        beside = {Refusal.NOT_FOUND: "owner_id"} | dict.fromkeys(unfit, "file")
        return _page(at, entering=refused_form(refused, _typed(fields), beside))
    return at.done(at.path("certificates"), "form.saved")


@post("/tenants/{tenant:str}/certificates/{certificate:str}/revoke", opt=needs(Right.APPLICATIONS))
async def revoke(request: AnyRequest, tenant: InPath, certificate: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    revoked = await at.services.certificates.revoke(at.actor, tenant, certificate)
    return at.done(at.path("certificates"), "console.certificates.revoked", name=revoked.name)


def _page(
    at: Desk,
    *,
    authority: Form | None = None,
    server: Form | None = None,
    issuing: Form | None = None,
    entering: Form | None = None,
) -> Response[Any]:
    clients = at.services.applications.clients(at.actor, at.tenant_id, ClientKind.RADIUS)
    return at.page(
        "console/certificates.html",
        status=422 if authority or server or issuing or entering else 200,
        rows=tuple(_row(at, each) for each in at.services.certificates.list(at.actor, at.tenant_id)),
        is_installation=at.tenant_id == SYSTEM_TENANT,
        has_authority=bool(at.services.certificates.trusted_by_clients()),
        clients=tuple(Choice(client.client_id, client.name) for client in clients),
        formats=FORMATS,
        usual_days=USUAL_DAYS,
        authority=authority or Form(),
        server=server or Form(),
        issuing=issuing or Form(),
        entering=entering or Form(),
    )


def _row(at: Desk, one: Certificate) -> CertificateRow:
    now, peer = at.services.clock.now(), at.snapshot.peers.get(one.client_id)
    return CertificateRow(
        certificate_id=one.certificate_id,
        kind=one.kind.value,
        name=", ".join(one.hosts) or one.name,
        client_name=peer.client.name if peer else "",
        not_after=one.not_after,
        is_revoked=one.revoked_at is not None,
        is_over=one.not_after <= now,
        ends_soon=now >= one.not_after - SOON_MS,
    )


def _of_the_installation(at: Desk) -> Desk:
    if at.tenant_id != SYSTEM_TENANT:
        raise NotFoundException
    return at


def _typed(fields: Fields) -> dict[str, str]:
    names = ("name", "client_id", "owner_id", "days", "format")
    return {**{name: fields.text(name) for name in names}, "hosts": fields.text("hosts", 4096)}


ROUTES: Final = [
    certificates,
    download_authority,
    make_authority,
    issue_server,
    issue_client,
    enter_client,
    revoke,
]
