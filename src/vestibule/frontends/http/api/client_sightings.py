"""What is seen of RADIUS clients: who signs, what is wrong with one, which addresses are nobody's."""

from __future__ import annotations

from litestar import Controller, get, post
from litestar.di import NamedDependency

from vestibule.frontends.http.api.caller import Caller
from vestibule.frontends.http.api.clients import find_client
from vestibule.frontends.http.api.description import problems
from vestibule.frontends.http.api.records.applications import ClientRecord, client_record
from vestibule.frontends.http.api.records.listing import Listing, Record, whole
from vestibule.frontends.http.api.values import PathId, SearchTime
from vestibule.frontends.http.rights import needs
from vestibule.model.actor import Right
from vestibule.model.application import ClientKind
from vestibule.model.client_sighting import Sighting
from vestibule.model.tenant import DAY_MS
from vestibule.policy.client_doctor import Finding
from vestibule.policy.client_signing import ClientSigning
from vestibule.services.client_words import finding_words


class SigningRecord(Record):
    """How a client signs (Message-Authenticator), by the last seven days."""

    client_id: str
    name: str
    step: str
    """What becomes of unsigned requests: `observe`, `warn` or `require`."""
    signed: int
    unsigned: int
    signed_at: int | None
    unsigned_at: int | None
    advice: str
    """`ready` for the next step, `lacking`, `unseen`, `keep`, or `dropped`: unsigned requests come and are
    dropped."""


class FindingRecord(Record):
    """Something about a client that an administrator can act on, in English words."""

    finding: str
    grade: str
    """`problem`, `warning`, `note` or `fine`."""
    count: int
    first_at: int | None
    last_at: int | None
    seen: str
    why: str
    next: str


class StrangerRecord(Record):
    """An address that has asked and belongs to no client."""

    address: str
    count: int
    first_at: int
    last_at: int


class ClientSightings(Controller):
    tags = ("RADIUS clients",)

    @get("/radius-signing", responses=problems(404), opt=needs(Right.READ_CONFIGURATION))
    async def list_signing(self, caller: NamedDependency[Caller]) -> Listing[SigningRecord]:
        """List how each RADIUS client signs its requests, by name."""
        found = await caller.services.client_sightings.signing(caller.actor, caller.tenant_id)
        return whole(_signing(each) for each in found)

    @get("/radius-strangers", responses=problems(404), opt=needs(Right.READ_CONFIGURATION))
    async def list_strangers(
        self, caller: NamedDependency[Caller], since: SearchTime = None
    ) -> Listing[StrangerRecord]:
        """List addresses that asked by RADIUS and belong to no client, of the last day unless said, the
        latest first. Only who may read the configuration of the installation is shown any."""
        found = await caller.services.client_sightings.strangers(caller.actor, _since(caller, since))
        return whole(_stranger(each) for each in found)

    @get(
        "/radius-clients/{client_id:str}/findings",
        responses=problems(404),
        opt=needs(Right.READ_CONFIGURATION),
    )
    async def list_findings(
        self, caller: NamedDependency[Caller], client_id: PathId, since: SearchTime = None
    ) -> Listing[FindingRecord]:
        """Tell what is wrong with a RADIUS client by what was seen of it, of the last day unless said, the
        worst first."""
        client = find_client(caller, client_id, ClientKind.RADIUS)
        found = await caller.services.client_sightings.findings(
            caller.actor, caller.tenant_id, client.client_id, _since(caller, since)
        )
        return whole(_finding(each) for each in found)

    @post(
        "/radius-clients/{client_id:str}/raise-signing",
        responses=problems(404, 422),
        opt=needs(Right.APPLICATIONS),
    )
    async def raise_signing(self, caller: NamedDependency[Caller], client_id: PathId) -> ClientRecord:
        """Demand one step more of a RADIUS client: observe, warn, require."""
        client = find_client(caller, client_id, ClientKind.RADIUS)
        raised = await caller.services.applications.raise_signing(
            caller.actor, caller.tenant_id, client.client_id
        )
        return client_record(raised)


def _since(caller: Caller, since: int | None) -> int:
    return caller.services.clock.now() - DAY_MS if since is None else since


def _signing(report: ClientSigning) -> SigningRecord:
    shown: SigningRecord = SigningRecord.of(report)
    return shown


def _finding(finding: Finding) -> FindingRecord:
    seen, why, then = finding_words("en", finding)
    return FindingRecord(
        finding=finding.key,
        grade=finding.grade.key,
        count=finding.count,
        first_at=finding.first_at or None,
        last_at=finding.last_at or None,
        seen=seen,
        why=why,
        next=then,
    )


def _stranger(seen: Sighting) -> StrangerRecord:
    return StrangerRecord(
        address=seen.client_id, count=seen.count, first_at=seen.first_at, last_at=seen.last_at
    )
