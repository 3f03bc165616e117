"""The doctor of RADIUS clients: what was seen of one, and what is to be said of it."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get
from litestar.exceptions import NotFoundException

from vestibule.frontends.http.console.desk import desk
from vestibule.frontends.http.fields import InPath, asked, whole_number
from vestibule.frontends.http.rights import needs
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.templates.views import FindingRow, Words
from vestibule.model.actor import Right
from vestibule.model.application import ClientKind
from vestibule.model.tenant import DAY_MS
from vestibule.policy.client_doctor import Finding
from vestibule.services.client_words import finding_texts

_LISTENS_MS: Final = 600_000
"""For how long a page that was asked to listen looks again by itself, where there is no script."""


@get("/tenants/{tenant:str}/clients/{client:str}/doctor", opt=needs(Right.READ_CONFIGURATION))
async def client_doctor(request: AnyRequest, tenant: InPath, client: InPath) -> Response[Any]:
    """Show what was seen since a time, or within the last day."""
    at = await desk(request, tenant)
    peer, now = at.snapshot.peers.get(client), at.services.clock.now()
    if peer is None or peer.client.tenant_id != tenant or peer.client.kind is not ClientKind.RADIUS:
        raise NotFoundException
    since = whole_number(asked(request, "since", 16))
    sightings = at.services.client_sightings
    found = await sightings.findings(at.actor, tenant, client, now - DAY_MS if since is None else since)
    return at.page(
        "console/client_doctor.html",
        client=peer.client,
        findings=tuple(_row(finding) for finding in found),
        since=since,
        now=now,
        is_listening=since is not None and now - since < _LISTENS_MS,
        strangers=await sightings.strangers(at.actor, now - DAY_MS),
    )


def _row(finding: Finding) -> FindingRow:
    seen, why, then = (Words(key, told) for key, told in finding_texts(finding))
    return FindingRow(finding, seen, why, then)


ROUTES: Final = [client_doctor]
