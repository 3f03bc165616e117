"""Who is taken over from an OpenLDAP directory, found again, and let go."""

from __future__ import annotations

from tests.integration.synchronisation.conftest import Sync, Unit, everybody
from vestibule.model.synchronisation import AttributeMap, Part, RunState, SyncItem
from vestibule.model.user import Requirement, UserStatus


async def test_a_dry_run_says_what_a_run_then_does(sync: Sync, unit: Unit) -> None:
    unit.add(
        "ada", givenName="Ada", mail="ada@example.org", mobile="+49 30 1234567", preferredLanguage="de-DE, en"
    )
    unit.add("bert", mobile="not a number")
    await sync.set_up(everybody(unit.dn, requirement=Requirement.ENABLED, language="en"))

    tried = await sync.try_out()

    assert {change.username for change in tried.changes} == {"ada", "bert"}
    assert await sync.people() == {}
    run = await sync.run()
    assert (run.state, run.counts.added, run.counts.read) == (RunState.DONE, 2, 2)
    assert [problem.why for problem in run.problems] == ["unreadable_phone"]
    people = await sync.people()
    ada = people["ada"]
    assert (ada.given_name, ada.email, ada.phone, ada.language) == (
        "Ada",
        "ada@example.org",
        "+49301234567",
        "de",
    )
    assert (people["bert"].phone, people["bert"].language) == ("", "en")
    assert ada.requirement is Requirement.ENABLED
    assert not (await sync.try_out()).changes


async def test_a_rename_and_a_move_keep_the_user(sync: Sync, unit: Unit) -> None:
    ada = unit.add("ada")
    elsewhere = unit.add_unit("elsewhere")
    await sync.set_up(everybody(unit.dn))
    await sync.run()
    before = (await sync.people())["ada"]

    unit.rename(ada, "ada.byron", under=elsewhere)
    run = await sync.run()

    assert (run.counts.changed, run.counts.added, run.counts.disabled) == (1, 0, 0)
    after = await sync.people()
    assert after.keys() == {"ada.byron"}
    assert after["ada.byron"].user_id == before.user_id
    assert after["ada.byron"].names == ("ada.byron",)


async def test_two_who_swap_their_names_are_who_they_were(sync: Sync, unit: Unit) -> None:
    ada, bert = unit.add("ada"), unit.add("bert")
    await sync.set_up(everybody(unit.dn))
    await sync.run()
    before = await sync.people()

    unit.rename(unit.rename(ada, "third"), "third")
    unit.rename(bert, "ada")
    unit.rename(f"uid=third,{unit.dn}", "bert")
    run = await sync.run()

    assert (run.state, run.counts.changed, run.problems) == (RunState.DONE, 2, ())
    after = await sync.people()
    assert after["bert"].user_id == before["ada"].user_id
    assert after["ada"].user_id == before["bert"].user_id


async def test_a_name_that_somebody_has_is_reported_and_never_merged(sync: Sync, unit: Unit) -> None:
    local = await sync.house.add_person("ada")
    unit.add("ada", givenName="Another")
    await sync.set_up(everybody(unit.dn))

    run = await sync.run()

    assert [(problem.why, problem.name) for problem in run.problems] == [("name_taken", "ada")]
    people = await sync.people()
    assert people["ada"].user_id == local.user.user_id
    assert people["ada"].given_name == ""


async def test_who_signed_in_by_the_directory_before_is_bound_by_his_entry(sync: Sync, unit: Unit) -> None:
    unit.add("ada", givenName="Ada")
    await sync.set_up(everybody(unit.dn))
    entry = (await sync.try_out()).changes[0]
    known = await sync.house.add_person("ada", directory_reference=entry.reference)

    run = await sync.run()

    assert (run.counts.changed, run.problems) == (1, ())
    ada = (await sync.people())["ada"]
    assert (ada.user_id, ada.given_name) == (known.user.user_id, "Ada")


async def test_what_the_directory_does_not_own_stays(sync: Sync, unit: Unit) -> None:
    ada = unit.add("ada", givenName="Ada", mail="ada@example.org")
    await sync.set_up(everybody(unit.dn))
    await sync.run()
    await sync.edit("ada", phone="+4930999", language="de", names=("ada", "countess"), given_name="By hand")

    unit.change(ada, mail=())
    await sync.run()

    after = (await sync.people())["ada"]
    assert (after.phone, after.language, after.names) == ("+4930999", "de", ("ada", "countess"))
    assert (after.given_name, after.email) == ("Ada", "")


async def test_who_is_disabled_there_is_disabled_here_and_back(sync: Sync, unit: Unit) -> None:
    ada = unit.add("ada", description="no")
    unit.add("bert", description="no")
    await sync.set_up(everybody(unit.dn), attributes=AttributeMap(usernames=("uid",), disabled="description"))
    await sync.run()
    await sync.edit("bert", status=UserStatus.DISABLED)

    unit.change(ada, description="TRUE")
    assert (await sync.run()).counts.disabled == 1
    assert not (await sync.people())["ada"].is_active
    unit.change(ada, description="no")
    assert (await sync.run()).counts.enabled == 1

    people = await sync.people()
    assert people["ada"].is_active
    assert not people["bert"].is_active, "whom an administrator has disabled stays so"


async def test_the_first_item_that_finds_somebody_is_his(sync: Sync, unit: Unit) -> None:
    staff = await sync.add_group("Staff")
    guests = await sync.add_group("Guests")
    ada, bert = unit.add("ada"), unit.add("bert")
    inner = unit.add_group("inner", ada)
    outer = unit.add_group("outer", inner)
    await sync.set_up(
        SyncItem(part=Part.GROUP, name=outer, groups=(staff,), language="de"),
        everybody(unit.dn, groups=(guests,)),
    )
    await sync.run()
    people = await sync.people()
    assert await sync.groups_of(people["ada"]) == {staff}
    assert await sync.groups_of(people["bert"]) == {guests}
    assert people["ada"].language == "de"

    unit.change(inner, member=(bert,))
    run = await sync.run(wants_all=False)

    assert run.is_full, "a group has changed, and whom that concerns only the group knows"
    assert await sync.groups_of(people["ada"]) == {guests}
    assert await sync.groups_of(people["bert"]) == {staff}


async def test_filters_and_levels_leave_people_out(sync: Sync, unit: Unit) -> None:
    unit.add("ada", title="Engineer (chief)")
    unit.add("bert", title="Clerk")
    unit.add("cora", under=unit.add_unit("below"), title="Engineer (chief)")
    chiefs = r"(title=*\28chief\29)"
    await sync.set_up(everybody(unit.dn, filter=chiefs, is_nested=False))

    await sync.run()

    assert (await sync.people()).keys() == {"ada"}


async def test_a_person_has_the_names_of_several_attributes_and_of_his_domain(sync: Sync, unit: Unit) -> None:
    unit.add("ada", mail="ada@example.org")
    attributes = AttributeMap(usernames=("uid", "mail"))
    await sync.set_up(everybody(unit.dn), attributes=attributes, domain="CORP", bare_names=False)
    await sync.run()
    assert (await sync.people())["ada"].names == ("ada@example.org", "corp\\ada")

    await sync.change(bare_names=True)
    await sync.run()

    assert (await sync.people())["ada"].names == ("ada", "ada@example.org", "corp\\ada")
