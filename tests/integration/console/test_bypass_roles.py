"""Who mints bypasses and temporary passes, and for whom (BYP-03)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
import pytest

from tests.houses import PASSWORD, TENANT
from tests.integration.console.test_roles import actor_of, an_administrator
from tests.integration.http_api.house import HttpHouse
from vestibule.model.actor import SYSTEM, Actor, NotAllowed
from vestibule.model.role import Grant
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.model.verification import Reason
from vestibule.services.bypasses import NewBypass
from vestibule.services.refusal import Refusal, Refused

EVERYWHERE = Grant(role_id="help_desk")
Mint = Callable[[HttpHouse, Actor, str, str], Awaitable[object]]


def a_bypass(house: HttpHouse, actor: Actor, tenant_id: str, user_id: str) -> Awaitable[object]:
    return house.inside.services.bypasses.make(actor, tenant_id, user_id, NewBypass(reason="Forgotten"))


def a_pass(house: HttpHouse, actor: Actor, tenant_id: str, user_id: str) -> Awaitable[object]:
    return house.inside.services.passes.make(actor, tenant_id, user_id)


@pytest.mark.parametrize("mint", [a_bypass, a_pass])
async def test_a_help_desk_mints_none_for_people_with_roles_or_itself(house: HttpHouse, mint: Mint) -> None:
    """BYP-03: neither for an administrator, nor another helper, nor itself; for its users it does."""
    root = await an_administrator(house, "root")
    other = await an_administrator(house, "other", EVERYWHERE)
    person = await an_administrator(house, "helper", EVERYWHERE)
    helper = actor_of(person, EVERYWHERE)
    for victim in (root, other, person):
        with pytest.raises(NotAllowed):
            await mint(house, helper, SYSTEM_TENANT, victim.user.user_id)
        with pytest.raises(NotAllowed):
            await house.inside.services.bypasses.withdraw(helper, SYSTEM_TENANT, victim.user.user_id)
    alice = await house.add_person("alice")
    await mint(house, helper, TENANT, alice.user.user_id)
    assert await house.inside.services.proposals.list(actor_of(root)) == ()


@pytest.mark.parametrize("mint", [a_bypass, a_pass])
async def test_for_people_with_roles_two_mint_one(house: HttpHouse, mint: Mint) -> None:
    """BYP-03: proposed by one, confirmed by another, made once; and not for the one who confirms himself."""
    root, second, victim = [await an_administrator(house, name) for name in ("root", "second", "victim")]
    first, other = actor_of(root), actor_of(second)
    proposals, user_id = house.inside.services.proposals, victim.user.user_id
    assert await refusal(mint(house, first, SYSTEM_TENANT, user_id)) is Refusal.SECOND_NEEDED
    [proposal] = await proposals.list(first)
    assert await refusal(proposals.confirm(first, proposal.proposal_id)) is Refusal.OWN_PROPOSAL
    await proposals.confirm(other, proposal.proposal_id)
    await mint(house, first, SYSTEM_TENANT, user_id)
    assert await refusal(mint(house, first, SYSTEM_TENANT, user_id)) is Refusal.SECOND_NEEDED


@pytest.mark.parametrize("mint", [a_bypass, a_pass])
async def test_the_second_person_is_optional(house: HttpHouse, mint: Mint) -> None:
    """BYP-03: where the installation has switched that off, an administrator mints alone; a helper never."""
    root, victim = [await an_administrator(house, name) for name in ("root", "victim")]
    applications = house.inside.services.applications
    settings = house.inside.services.configuration.current.tenants[SYSTEM_TENANT].settings
    alone = msgspec.structs.replace(settings, two_administrators=False)
    await applications.change_settings(SYSTEM, SYSTEM_TENANT, alone)
    await mint(house, actor_of(root), SYSTEM_TENANT, victim.user.user_id)
    helper = actor_of(await an_administrator(house, "helper", EVERYWHERE), EVERYWHERE)
    with pytest.raises(NotAllowed):
        await mint(house, helper, SYSTEM_TENANT, victim.user.user_id)


async def test_what_was_refused_opens_nothing(house: HttpHouse) -> None:
    """BYP-03: a proposal alone lets nobody in."""
    root, _, victim = [await an_administrator(house, name) for name in ("root", "second", "victim")]
    house.inside.doors["portal"] = f"portal@{SYSTEM_TENANT}"
    await house.inside.services.setup.ensure_portal(SYSTEM_TENANT)
    minting = a_bypass(house, actor_of(root), SYSTEM_TENANT, victim.user.user_id)
    assert await refusal(minting) is Refusal.SECOND_NEEDED
    progress = await house.inside.start("victim", PASSWORD, door="portal")
    assert progress.reason is Reason.PASSCODE_PENDING


async def refusal(working: Awaitable[object]) -> Refusal:
    with pytest.raises(Refused) as refused:
        await working
    return refused.value.why
