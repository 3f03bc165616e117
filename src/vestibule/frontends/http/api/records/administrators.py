"""Administrators, roles, and what waits for a second one."""

from __future__ import annotations

from typing import Any

from vestibule.frontends.http.api.records.listing import Record
from vestibule.model.proposal import Proposal
from vestibule.model.role import AdminRole
from vestibule.services.roles import Holder


class RoleRecord(Record):
    """A role; a built-in one has version 0."""

    named = "role_id"

    id: str
    name: str
    rights: list[str]
    version: int


class GrantRecord(Record):
    """A role that somebody has. Without `tenant_id`: in every tenant; without `groups`: over everybody."""

    role_id: str
    tenant_id: str
    groups: list[str]


class AdministratorRecord(Record):
    user_id: str
    username: str
    status: str
    roles: list[GrantRecord]


class ProposalRecord(Record):
    named = "proposal_id"

    id: str
    act: str
    user_id: str
    username: str
    facts: dict[str, Any]
    actor: str
    actor_name: str
    state: str
    decided_by_name: str
    created_at: int
    expires_at: int


def role_record(role: AdminRole) -> RoleRecord:
    record: RoleRecord = RoleRecord.of(role, rights=list(role.rights))
    return record


def administrator_record(holder: Holder) -> AdministratorRecord:
    roles = [GrantRecord.of(grant, groups=list(grant.groups)) for grant in holder.grants]
    record: AdministratorRecord = AdministratorRecord.of(holder.user, roles=roles)
    return record


def proposal_record(proposal: Proposal) -> ProposalRecord:
    record: ProposalRecord = ProposalRecord.of(proposal)
    return record
