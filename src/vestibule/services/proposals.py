"""Proposals: whoever would do something to a person who has a role needs a second one who agrees.

Invariants:
- Nothing is done by agreeing. The one who proposed it does it, the very thing that was agreed to, once: what
  was agreed to is used up in the transaction that does it, so that one that fails can be tried again.
- Nobody agrees to what he proposed himself.
- A second person is asked for only where there is one who could agree; the command line on the server asks
  nobody. So an installation with one administrator is never locked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from vestibule.crypto.tokens import new_id
from vestibule.interfaces.store import Conflict, Store, Transaction
from vestibule.interfaces.transaction.lists import Page
from vestibule.interfaces.transaction.people import UserFilter
from vestibule.model.actor import SYSTEM, Actor, Forbidden, Right
from vestibule.model.proposal import AT_ONCE, Act, Proposal, ProposalState
from vestibule.model.role import reach_of
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.model.user import Role, User
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused

LIFETIME_MS: Final = 24 * 3_600_000
"""So long a proposal waits for a second person, and so long what was agreed to may be done."""
MOST_OPEN: Final = 200


class Agreement(msgspec.Struct, frozen=True):
    """What allows an act: a proposal that a second person has agreed to, or nothing in particular."""

    actor: Actor | None = None
    proposal_id: str = ""

    async def use(self, tx: Transaction) -> None:
        """Use it up in the transaction of the act; raises `Refused` if it was used or is over."""
        if self.actor is None:
            return
        for agreed in await tx.proposals(SYSTEM_TENANT):
            if agreed.proposal_id == self.proposal_id and agreed.state is ProposalState.CONFIRMED:
                await _move(tx, self.actor, agreed, ProposalState.DONE)
                return
        raise Refused(Refusal.SECOND_NEEDED)


NOT_NEEDED: Final = Agreement()


class Proposals:
    def __init__(self, store: Store, configuration: ConfigurationCache) -> None:
        self._store = store
        self._configuration = configuration

    async def list(self, actor: Actor) -> tuple[Proposal, ...]:
        """Return what is proposed and not over, newest first."""
        actor.demand(Right.ADMINISTRATORS, SYSTEM_TENANT)
        return await self._store.read(lambda tx: tx.proposals(SYSTEM_TENANT))

    async def need_second(
        self, actor: Actor, act: Act, user: User | None, facts: Mapping[str, Any]
    ) -> Agreement:
        """Return what allows this: that a second person has agreed, or that none is asked for. Else propose
        it and raise `Refused`. `user` is whom it is about, None for nobody in particular."""
        if actor == SYSTEM or act in AT_ONCE:
            return NOT_NEEDED
        told: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(facts))  # as it is stored

        async def body(tx: Transaction) -> Agreement | None:
            if not await self._is_asked_for(tx, actor):
                return NOT_NEEDED
            if actor.is_program:
                raise Forbidden("a program proposes nothing: whoever has its key could agree to it")
            proposals = await tx.proposals(SYSTEM_TENANT)
            mine = [each for each in proposals if _is_this(each, actor, act, user, told)]
            for agreed in mine:
                if agreed.state is ProposalState.CONFIRMED:
                    return Agreement(actor, agreed.proposal_id)
            if not any(each.state is ProposalState.OPEN for each in mine):
                if len(proposals) >= MOST_OPEN:
                    raise Refused(Refusal.TOO_MANY, str(MOST_OPEN))
                await self._propose(tx, actor, act, user, told)
            return None

        agreement = await self._store.transact(body)
        if agreement is None:
            raise Refused(Refusal.SECOND_NEEDED)
        return agreement

    async def confirm(self, actor: Actor, proposal_id: str) -> Proposal:
        """Agree to what somebody else has proposed."""
        return await self._decide(actor, proposal_id, ProposalState.CONFIRMED)

    async def refuse(self, actor: Actor, proposal_id: str) -> Proposal:
        """Refuse what somebody else has proposed, or take back a proposal of one's own."""
        return await self._decide(actor, proposal_id, ProposalState.REFUSED)

    async def _decide(self, actor: Actor, proposal_id: str, state: ProposalState) -> Proposal:
        actor.demand(Right.ADMINISTRATORS, SYSTEM_TENANT)
        if actor.is_program:
            raise Forbidden("a program agrees to nothing")

        async def body(tx: Transaction) -> Proposal:
            found = [each for each in await tx.proposals(SYSTEM_TENANT) if each.proposal_id == proposal_id]
            if not found or found[0].state is not ProposalState.OPEN:
                raise Refused(Refusal.NOT_FOUND, proposal_id)
            if state is ProposalState.CONFIRMED and found[0].actor == actor.actor_id:
                raise Refused(Refusal.OWN_PROPOSAL)
            return await _move(tx, actor, found[0], state)

        return await self._store.transact(body)

    async def _is_asked_for(self, tx: Transaction, actor: Actor) -> bool:
        """Tell whether there is anybody besides `actor` who could agree. Disabled people count: otherwise
        whoever disables all others would be free."""
        if not self._configuration.current.tenants[SYSTEM_TENANT].settings.two_administrators:
            return False
        others = await self._who_could_agree(tx)
        return bool(others - {actor.actor_id})

    async def _who_could_agree(self, tx: Transaction) -> set[str]:
        found = await tx.users(SYSTEM_TENANT, UserFilter(role=Role.ADMINISTRATOR.value), Page(limit=500))
        everything = {user.user_id for user in found.rows}
        own = self._configuration.current.roles
        limited = {
            user_id
            for user_id, grants in (await tx.grants(SYSTEM_TENANT)).items()
            if any(reach_of(grant, own).includes(Right.ADMINISTRATORS, SYSTEM_TENANT) for grant in grants)
        }
        return everything | limited

    async def _propose(
        self, tx: Transaction, actor: Actor, act: Act, user: User | None, facts: dict[str, Any]
    ) -> None:
        proposal = Proposal(
            tenant_id=SYSTEM_TENANT,
            proposal_id=new_id(),
            act=act,
            user_id=user.user_id if user else "",
            username=user.username if user else "",
            facts=facts,
            actor=actor.actor_id,
            actor_name=actor.name,
            created_at=tx.now,
            expires_at=tx.now + LIFETIME_MS,
        )
        await tx.add_proposal(proposal)
        await _record(tx, actor, proposal, "proposal.made")


def _is_this(proposal: Proposal, actor: Actor, act: Act, user: User | None, facts: Mapping[str, Any]) -> bool:
    user_id = user.user_id if user else ""
    wanted = (actor.actor_id, act, user_id, facts)
    return (proposal.actor, proposal.act, proposal.user_id, proposal.facts) == wanted


_KINDS: Final = {
    ProposalState.CONFIRMED: "proposal.confirmed",
    ProposalState.REFUSED: "proposal.refused",
    ProposalState.DONE: "proposal.done",
}


async def _move(tx: Transaction, actor: Actor, proposal: Proposal, state: ProposalState) -> Proposal:
    is_decided = state is not ProposalState.DONE
    moved = replace(
        proposal,
        state=state,
        decided_by=actor.actor_id if is_decided else proposal.decided_by,
        decided_by_name=actor.name if is_decided else proposal.decided_by_name,
        expires_at=tx.now + LIFETIME_MS if is_decided else proposal.expires_at,
    )
    if not await tx.replace_proposal(moved):
        raise Conflict
    await _record(tx, actor, moved, _KINDS[state])
    return moved


async def _record(tx: Transaction, actor: Actor, proposal: Proposal, kind: str) -> None:
    await record(
        tx,
        actor,
        proposal.tenant_id,
        kind,
        proposal.user_id,
        proposal.username,
        act=proposal.act.value,
        proposed_by=proposal.actor_name,
    )
