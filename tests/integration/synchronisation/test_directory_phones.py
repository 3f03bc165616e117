"""Phones of a directory that are methods at once, go with it, and leave a person's own be."""

from __future__ import annotations

from msgspec.structs import replace

from tests.houses import TENANT, TestHouse
from tests.integration.synchronisation.conftest import Sync, Unit, everybody
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.actor import SYSTEM
from vestibule.model.authenticator import Authenticator
from vestibule.model.synchronisation import OPENLDAP
from vestibule.model.user import Requirement
from vestibule.services.phones import NewPhone

MAPPED = replace(OPENLDAP, phones=("mobile",), backup_phones=("homePhone",))
FIRST, SECOND, BACKUP = "+491701234567", "+491707654321", "+4930901820"


async def held(sync: Sync, username: str) -> tuple[Authenticator, ...]:
    user = (await sync.people())[username]
    subject = await sync.house.store.read(lambda tx: tx.subject(TENANT, user.user_id))
    assert subject is not None
    return subject.authenticators


async def phones(sync: Sync, username: str) -> list[tuple[str, str]]:
    return [(each.method, each.phone) for each in await held(sync, username)]


async def kinds(house: TestHouse, kind: str) -> int:
    return len((await house.store.read(lambda tx: tx.events(TENANT, kind, Page(100)))).rows)


async def set_up(sync: Sync, unit: Unit, method: str = "sms") -> None:
    item = replace(
        everybody(unit.dn),
        phone_method=method,
        default_method=method,
        send_mail=False,
        requirement=Requirement.ENABLED,
    )
    await sync.set_up(item, attributes=MAPPED)


async def test_a_number_of_the_directory_lets_him_in_at_once(sync: Sync, unit: Unit) -> None:
    """The number is texted at the first sign-in, with nothing registered."""
    unit.add("ada-phone", mobile="0170 1234567", homePhone="+49 30 901820")
    await sync.house.change_settings(country_code="49")
    await set_up(sync, unit)
    await sync.run()
    user = (await sync.people())["ada-phone"]
    assert (user.default_method, user.send_mail, user.phone) == ("sms", False, FIRST)
    assert user.requirement is Requirement.ENABLED
    assert await phones(sync, "ada-phone") == [("sms", FIRST), ("sms", BACKUP)]
    usable = sync.house.services.setup._prover.usable
    subject = await sync.house.store.read(lambda tx: tx.subject(TENANT, user.user_id))
    assert subject is not None
    assert len(usable(subject, sync.house.clock.now())) == 2
    assert await kinds(sync.house, "phone.added") == 0, "his welcome tells him"
    again = await sync.run()
    assert (again.counts.changed, await phones(sync, "ada-phone")) == (0, [("sms", FIRST), ("sms", BACKUP)])


async def test_it_changes_and_goes_with_the_directory(sync: Sync, unit: Unit) -> None:
    dn = unit.add("bert-phone", mobile=FIRST)
    await set_up(sync, unit)
    await sync.run()
    unit.change(dn, mobile=SECOND)
    await sync.run()
    assert await phones(sync, "bert-phone") == [("sms", SECOND)]
    assert (await kinds(sync.house, "phone.added"), await kinds(sync.house, "authenticator.removed")) == (
        1,
        1,
    )
    unit.change(dn, mobile="no number")
    assert "unreadable_phone" in {each.why for each in (await sync.run()).problems}
    assert await phones(sync, "bert-phone") == [("sms", SECOND)], "what cannot be read takes nothing"
    unit.change(dn, mobile=())
    await sync.run()
    assert await phones(sync, "bert-phone") == []


async def test_the_switch_holds_for_who_is_here_already(sync: Sync, unit: Unit) -> None:
    unit.add("cora-phone", mobile=FIRST)
    await sync.set_up(everybody(unit.dn), attributes=MAPPED)
    await sync.run()
    assert await phones(sync, "cora-phone") == []
    await set_up(sync, unit, "voice")
    await sync.run()
    assert await phones(sync, "cora-phone") == [("voice", FIRST)]
    await sync.change(items=(everybody(unit.dn),))
    await sync.run()
    assert await phones(sync, "cora-phone") == []


async def test_what_he_has_registered_himself_stays_and_is_not_doubled(sync: Sync, unit: Unit) -> None:
    dn = unit.add("dora-phone")
    await set_up(sync, unit)
    await sync.run()
    user = (await sync.people())["dora-phone"]
    own = NewPhone(method="sms", typed=FIRST, label="mine")
    await sync.house.services.phones.add(SYSTEM, TENANT, user.user_id, own)
    unit.change(dn, mobile=FIRST)
    await sync.run()
    assert await phones(sync, "dora-phone") == [("sms", FIRST)]
    unit.change(dn, mobile=SECOND)
    await sync.run()
    unit.change(dn, mobile=())
    await sync.run()
    (left,) = await held(sync, "dora-phone")
    assert (left.label, left.phone) == ("mine", FIRST)


async def test_a_number_that_must_not_be_paid_for_is_never_taken_over(sync: Sync, unit: Unit) -> None:
    """VOI-09, SMS-04."""
    unit.add("emil-phone", mobile="+870 773 111 632", homePhone="+7 912 345-67-89")
    await set_up(sync, unit)
    await sync.run()
    assert await phones(sync, "emil-phone") == []
