"""Who has which roles, and what is proposed about people who have some. Roles themselves are records of the
configuration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from vestibule.model.proposal import Proposal
from vestibule.model.role import Grant
from vestibule.stores.rows import PROPOSAL, grant_of, json_text, proposal_of, record_values
from vestibule.stores.statement import Statement, insert, select
from vestibule.stores.transaction import Requests

_GRANT: Final = ("role_id", "reach", "groups")

GRANTS_OF: Final = Statement(
    f"select {select(_GRANT)} from grants where tenant_id = :tenant_id and user_id = :user_id"  # noqa: S608 - constants
    " order by role_id, reach",
    joins=True,
)
ALL_GRANTS: Final = Statement(
    f"select user_id, {select(_GRANT)} from grants where tenant_id = :tenant_id"  # noqa: S608 - constants
    " order by user_id, role_id, reach"
)
ADD_GRANT: Final = Statement(insert("grants", ("tenant_id", "user_id", *_GRANT)))
DROP_GRANTS: Final = Statement("delete from grants where tenant_id = :tenant_id and user_id = :user_id")

PROPOSALS: Final = Statement(
    f"select {select(PROPOSAL)} from proposals where tenant_id = :tenant_id and expires_at > :now"  # noqa: S608 - constants
    " order by created_at desc, proposal_id"
)
ADD_PROPOSAL: Final = Statement(insert("proposals", PROPOSAL))
REPLACE_PROPOSAL: Final = Statement(
    """
    update proposals set state = :state, decided_by = :decided_by, decided_by_name = :decided_by_name,
           expires_at = :expires_at, version = version + 1
     where tenant_id = :tenant_id and proposal_id = :proposal_id and version = :version
    """
)


class Roles(Requests):
    __slots__ = ()

    async def grants_of(self, tenant_id: str, user_id: str) -> tuple[Grant, ...]:
        return tuple(
            [grant_of(row) for row in await self.fetch(GRANTS_OF(tenant_id=tenant_id, user_id=user_id))]
        )

    async def grants(self, tenant_id: str) -> dict[str, tuple[Grant, ...]]:
        found: dict[str, list[Grant]] = {}
        for user_id, *row in await self.fetch(ALL_GRANTS(tenant_id=tenant_id)):
            found.setdefault(user_id, []).append(grant_of(row))
        return {user_id: tuple(grants) for user_id, grants in found.items()}

    async def replace_grants(self, tenant_id: str, user_id: str, grants: Sequence[Grant]) -> None:
        who = {"tenant_id": tenant_id, "user_id": user_id}
        await self.execute(DROP_GRANTS(**who))
        for grant in grants:
            groups = json_text(grant.groups)
            await self.execute(ADD_GRANT(**who, role_id=grant.role_id, reach=grant.tenant_id, groups=groups))

    async def add_proposal(self, proposal: Proposal) -> None:
        await self.execute(ADD_PROPOSAL(**record_values(proposal)))

    async def proposals(self, tenant_id: str) -> tuple[Proposal, ...]:
        rows = await self.fetch(PROPOSALS(tenant_id=tenant_id, now=self.now))
        return tuple([proposal_of(row) for row in rows])

    async def replace_proposal(self, proposal: Proposal) -> bool:
        values = record_values(proposal)
        return (
            await self.execute(
                REPLACE_PROPOSAL(**{name: values[name] for name in REPLACE_PROPOSAL.parameters})
            )
            > 0
        )
