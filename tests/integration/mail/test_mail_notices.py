"""Who is told of what: the person of every change (ENR-08), administrators of alerts (FRA-01), each once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.houses import TENANT, Person, TestHouse, open_house
from tests.integration.mail.mailing import add_mail_gateway, outbox, round_of
from tests.peers.mail_server import MailServer, Taken
from vestibule.catalog import LANGUAGES
from vestibule.crypto.secret import Secret
from vestibule.interfaces.store import Transaction
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.actor import SYSTEM, self_of
from vestibule.model.dispatch import DispatchState
from vestibule.model.mail_settings import MailSettings
from vestibule.model.mail_template import TEMPLATES, MailTemplate
from vestibule.model.notice import TOLD, Told, is_person_told
from vestibule.model.tenant import TenantSettings
from vestibule.model.user import Role
from vestibule.services.mail_settings import check_mail_settings
from vestibule.services.mails import built_in
from vestibule.services.phones import NewPhone
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.users import UserFields

SOC, HELP_DESK = "soc@example.org", "helpdesk@example.org"


@pytest.fixture
async def mailing(tmp_path: Path) -> AsyncIterator[tuple[TestHouse, MailServer]]:
    with MailServer(tmp_path / "mail", "none") as server:
        async with open_house(tmp_path / "house", http_public_url="https://signin.example.org") as house:
            await add_mail_gateway(house, server)
            await house.add_application()
            yield house, server


async def add_alice(house: TestHouse, **fields: str) -> Person:
    return await house.add_person(
        "alice", given_name="Alice", email="alice@example.org", **({"language": "de"} | fields)
    )


async def set_mail(house: TestHouse, **fields: object) -> None:
    await house.change_settings(mail=MailSettings(**fields))


def to(taken: list[Taken], address: str) -> list[str]:
    return [one.message["Subject"] for one in taken if one.recipients == [address]]


async def test_the_person_is_told_of_every_change_of_his_factors(
    mailing: tuple[TestHouse, MailServer],
) -> None:
    """ENR-08: by whomever it was done, in his language, with what to do if it was not he."""
    house, server = mailing
    alice = await add_alice(house)
    services, user = house.services, alice.user
    self = self_of(TENANT, user.user_id, "alice")
    await house.add_authenticator(user)
    await services.phones.add(SYSTEM, TENANT, user.user_id, NewPhone(method="sms", typed="+4930123456"))
    await services.pins.set(SYSTEM, TENANT, user.user_id, Secret("73914682"))
    await services.enrollments.new_recovery_codes(self, TENANT, user.user_id)
    await services.enrollments.remove(SYSTEM, TENANT, user.user_id, alice.authenticator_id)
    await services.users.edit(SYSTEM, TENANT, user.user_id, UserFields(), Secret("Looking-Glass-1871"))
    await services.users.set_default_method(self, TENANT, user.user_id, "sms")
    await round_of(house)
    assert sorted(to(server.taken(), "alice@example.org")) == [
        "Authentifikator entfernt",
        "Benutzer geändert",
        "Neue Wiederherstellungscodes",
        "PIN vergeben",
        "Telefon hinzugefügt",
    ]
    words = {one.message["Subject"]: one.part("plain") for one in server.taken()}
    assert "Wenn Sie es nicht waren" in words["PIN vergeben"]
    assert "Durch: Vestibule" in words["PIN vergeben"]
    assert "Durch: Sie selbst" in words["Neue Wiederherstellungscodes"]
    assert "Kennwort" in words["Benutzer geändert"].splitlines()[5]
    everything = b"".join(one.octets for one in server.taken())
    assert b"73914682" not in everything
    assert b"Looking-Glass" not in everything


async def test_a_new_address_is_told_at_the_old_one_too(mailing: tuple[TestHouse, MailServer]) -> None:
    """ENR-08: whoever takes an account over reads its new mailbox himself."""
    house, server = mailing
    alice = await add_alice(house, language="en")
    fields = UserFields(email="mallory@example.org")
    await house.services.users.edit(SYSTEM, TENANT, alice.user.user_id, fields)
    await round_of(house)
    assert to(server.taken(), "alice@example.org") == ["User changed"]
    assert to(server.taken(), "mallory@example.org") == ["User changed"]
    old = next(one for one in server.taken() if one.recipients == ["alice@example.org"])
    assert "Your new e-mail address is not this one." in old.part("plain")
    assert "mallory" not in old.part("plain")


async def test_a_change_that_is_not_made_is_not_told(mailing: tuple[TestHouse, MailServer]) -> None:
    house, _ = mailing
    alice = await add_alice(house)
    await house.add_person("bob", email="bob@example.org")
    taken = UserFields(username="bob", email="new@example.org")
    with pytest.raises(Refused):
        await house.services.users.edit(SYSTEM, TENANT, alice.user.user_id, taken)
    await round_of(house)
    assert await outbox(house) == []


async def test_administrators_are_told_of_alerts_by_kind(mailing: tuple[TestHouse, MailServer]) -> None:
    """Inventory 1.19: addresses for each kind; `*` for all alerts that are not named; none for nobody."""
    house, server = mailing
    await set_mail(
        house,
        alerts={
            "*": (SOC,),
            "limit.reached": (),
            "user.added": (HELP_DESK,),
            "user.locked": (SOC, HELP_DESK),
        },
    )
    await house.change_settings(lockout_threshold=1)
    await add_alice(house)
    await house.start("alice", "wrong")
    await house.services.users.add(SYSTEM, TENANT, UserFields(username="bob"))
    await round_of(house)
    assert to(server.taken(), SOC) == ["User locked: alice"]
    assert sorted(to(server.taken(), HELP_DESK)) == ["User added: bob", "User locked: alice"]
    assert to(server.taken(), "alice@example.org") == ["Benutzer gesperrt"]
    await round_of(house)
    assert len(server.taken()) == 4  # Each once.


async def test_a_report_of_fraud_is_told_at_once(mailing: tuple[TestHouse, MailServer]) -> None:
    """FRA-01: administrators are told of the report, the person that he is blocked by it."""
    house, server = mailing
    await set_mail(house, alerts={"*": (SOC,)})
    alice = await add_alice(house, language="en")

    async def reported(tx: Transaction) -> None:
        for kind in ("user.fraud_reported", "user.blocked"):
            await record(tx, SYSTEM, TENANT, kind, alice.user.user_id, "alice", application="vpn")

    await house.store.transact(reported)
    await round_of(house)
    assert sorted(to(server.taken(), SOC)) == [
        "User blocked: alice",
        "User reported fraud: alice",
    ]
    assert to(server.taken(), "alice@example.org") == ["User blocked"]


async def test_notices_can_be_switched_off_and_other_tenants_hear_nothing(
    mailing: tuple[TestHouse, MailServer],
) -> None:
    """TEN-06: a tenant's events go to its own addresses, through its own gateways."""
    house, server = mailing
    await set_mail(house, notices=False, alerts={"user.added": (SOC,)})
    await house.services.applications.add_tenant(
        SYSTEM, "other", "Other", TenantSettings(mail=MailSettings(alerts={"user.added": (HELP_DESK,)}))
    )
    await house.services.users.add(SYSTEM, "other", UserFields(username="carol"))
    alice = await add_alice(house)
    await house.services.users.edit(SYSTEM, TENANT, alice.user.user_id, UserFields(email="a@example.org"))
    await round_of(house)
    assert server.taken() == []
    await house.services.users.add(SYSTEM, TENANT, UserFields(username="dave"))
    await round_of(house)
    assert to(server.taken(), SOC) == ["User added: dave"]


async def test_who_is_added_is_welcomed_where_that_is_switched_on(
    mailing: tuple[TestHouse, MailServer],
) -> None:
    """Inventory 1.32: by method and language, in the tenant's own words if it has some, and with no PIN."""
    house, server = mailing
    templates = {"welcome.sms.en": MailTemplate("Hi {name}", "Texts for you. {how}\n\n{portal_url}")}
    await set_mail(house, welcomes=True, notices=False, templates=templates)
    fields = UserFields(username="alice", given_name="Alice", email="alice@example.org")
    alice = await house.services.users.add(SYSTEM, TENANT, fields)
    await round_of(house)
    phone = NewPhone(method="sms", typed="+4930123456")
    await house.services.phones.add(SYSTEM, TENANT, alice.user_id, phone)
    await house.services.pins.set(SYSTEM, TENANT, alice.user_id, Secret("73914682"))
    await round_of(house)
    first, second = server.taken()
    assert "Nothing is set up yet." in first.part("plain")
    assert f"https://signin.example.org/portal/{TENANT}" in first.part("plain")
    assert second.message["Subject"] == "Hi Alice"
    assert second.part("plain").startswith("Texts for you. You get a text on your phone.")


WRONG = (
    ("welcome.en", MailTemplate("Hi", "Your PIN: {pin}"), Refusal.PLACEHOLDER_UNKNOWN),
    ("welcome.en", MailTemplate("Hi {details}", "x"), Refusal.PLACEHOLDER_UNKNOWN),
    ("welcome.en", MailTemplate("Hi", "{0.__class__}"), Refusal.TEMPLATE_BRACE),
    ("welcome.en", MailTemplate("Hi", "{{name}}"), Refusal.TEMPLATE_BRACE),
    ("welcome.en", MailTemplate(" ", "x"), Refusal.TEMPLATE_EMPTY),
    ("welcome.en", MailTemplate("Hi", "x" * 5001), Refusal.TEMPLATE_TOO_LONG),
    ("welcome.fr", MailTemplate("Hi", "x"), Refusal.TEMPLATE_UNKNOWN),
    ("welcome.pigeon.en", MailTemplate("Hi", "x"), Refusal.TEMPLATE_UNKNOWN),
    ("alert.sms.en", MailTemplate("Hi", "x"), Refusal.TEMPLATE_UNKNOWN),
    ("farewell.en", MailTemplate("Hi", "x"), Refusal.TEMPLATE_UNKNOWN),
)


def test_a_template_that_cannot_be_used_is_refused_when_it_is_saved() -> None:
    """Inventory 1.32: what is wrong with it is named, and nothing is saved."""
    for name, template, why in WRONG:
        with pytest.raises(Refused) as refused:
            check_mail_settings(MailSettings(templates={name: template}))
        assert refused.value.why is why
    built_in_ones = {
        f"{key}.{language}": built_in(key, language) for key in TEMPLATES for language in LANGUAGES
    }
    check_mail_settings(MailSettings(templates=built_in_ones))


async def test_addresses_of_alerts_are_checked_when_they_are_saved(
    mailing: tuple[TestHouse, MailServer],
) -> None:
    house, _ = mailing
    for alerts, why in (
        ({"*": ("nobody",)}, Refusal.MAIL_ADDRESS_INVALID),
        ({"*": ("a@example.org\r\nBcc: b@example.org",)}, Refusal.MAIL_ADDRESS_INVALID),
        ({"application.added": (SOC,)}, Refusal.ALERT_KIND_UNKNOWN),
        ({"*": (SOC,) * 21}, Refusal.TOO_MANY),
    ):
        with pytest.raises(Refused) as refused:
            await set_mail(house, alerts=alerts)
        assert refused.value.why is why


async def test_administrators_of_the_installation_are_told_too(
    mailing: tuple[TestHouse, MailServer],
) -> None:
    """The system tenant is a tenant like any other: with a gateway of its own."""
    house, server = mailing
    fields = {"email": "root@example.org", "role": Role.ADMINISTRATOR}
    root = (await house.add_person("root", tenant_id="system", **fields)).user
    settings = server.settings
    await house.services.gateway_settings.add(SYSTEM, "system", "smtp", "mail", settings, Secret(""))
    await house.services.users.edit(SYSTEM, "system", root.user_id, UserFields(email="r@example.org"))
    await round_of(house)
    assert to(server.taken(), "root@example.org") == ["User changed"]
    assert "https://signin.example.org/console" in server.taken()[0].part("plain")


async def fraud(house: TestHouse, times: int, kind: str = "user.fraud_reported") -> None:
    async def body(tx: Transaction) -> None:
        for _ in range(times):
            await record(tx, SYSTEM, TENANT, kind, "", "alice")

    await house.store.transact(body)


async def test_a_storm_of_alerts_is_a_few_mails_and_one_that_sums_up(
    mailing: tuple[TestHouse, MailServer], proof: Callable[[int, int], int]
) -> None:
    """Very many alerts of a kind (10,000 in the long form): five mails to each address, and after an hour one
    with the number of the others; all events stay in the list, and other kinds and addresses are told."""
    house, server = mailing
    storm = proof(60, 10_000)
    await set_mail(house, alerts={"*": (SOC, HELP_DESK), "limit.reached": (SOC,)})
    await fraud(house, storm)
    await fraud(house, 1, "limit.reached")
    await round_of(house)
    subjects = to(server.taken(), SOC)
    assert len(subjects) == 6
    assert sum(each.startswith("Limit of texts") for each in subjects) == 1
    assert len(to(server.taken(), HELP_DESK)) == 5
    house.clock.advance(3600)
    await round_of(house)
    await round_of(house)
    assert to(server.taken(), HELP_DESK)[5:] == [f"{storm - 5} more: User reported fraud"]
    assert sum(each.endswith("more: User reported fraud") for each in to(server.taken(), SOC)) == 1
    assert len(to(server.taken(), SOC)) == 7, "nothing was held back of the other kind"
    words = next(one.part("plain") for one in server.taken() if "more:" in one.message["Subject"])
    assert f"{storm - 5} more between 2027-01-15 08:00 UTC and 2027-01-15 09:00 UTC" in words
    events = 0
    page = Page(limit=500)
    while True:
        listed = await house.services.attempts.events(SYSTEM, TENANT, "user.fraud_reported", page)
        events += len(listed.rows)
        page = Page(limit=500, cursor=listed.next_cursor)
        if not page.cursor:
            break
    assert events == storm
    assert {one.state for one in await outbox(house)} == {DispatchState.SENT}


async def test_the_limit_of_alerts_is_set_by_tenant_and_begins_anew(
    mailing: tuple[TestHouse, MailServer],
) -> None:
    house, server = mailing
    await set_mail(house, alerts={"*": (HELP_DESK,)}, alerts_per_hour=1)
    await fraud(house, 2)
    await round_of(house)
    house.clock.advance(3600)
    await round_of(house)
    await fraud(house, 1)
    await round_of(house)
    assert [each.partition(":")[0] for each in to(server.taken(), HELP_DESK)] == [
        "User reported fraud",
        "1 more",
        "User reported fraud",
    ]
    for wrong in (0, 1001):
        with pytest.raises(Refused):
            await set_mail(house, alerts_per_hour=wrong)


async def test_who_wants_no_mails_is_told_only_what_could_be_a_strangers_doing(
    mailing: tuple[TestHouse, MailServer],
) -> None:
    """Inventory 1.32 and ENR-08: a flag of a person stops welcomes and courtesies, and no notice that his
    account may be in other hands."""
    house, server = mailing
    services = house.services
    await set_mail(house, welcomes=True)
    for name, wants in (("bob", True), ("carol", False)):
        fields = UserFields(username=name, email=f"{name}@example.org", send_mail=wants)
        person = await services.users.add(SYSTEM, TENANT, fields)
        await services.users.unlock(SYSTEM, TENANT, person.user_id)
        await services.phones.add(SYSTEM, TENANT, person.user_id, NewPhone(method="sms", typed="+4930123456"))
    await round_of(house)
    assert sorted(to(server.taken(), "bob@example.org")) == [
        "Phone added",
        "User unlocked",
        "Your sign-in at Acme",
        "Your sign-in at Acme",
    ]
    assert to(server.taken(), "carol@example.org") == ["Phone added"]


def test_all_that_gives_something_is_told_whoever_wants_no_mails() -> None:
    """ENR-08: what may be kept from a person is a short list, and nothing on it lets anybody in."""
    kept = {kind for kind, told in TOLD.items() if Told.PERSON in told} - {
        kind for kind in TOLD if is_person_told(kind, {"fields": ["email"]}, wants_mail=False)
    }
    assert kept == {
        "browsers.forgotten",
        "registration.demanded",
        "registration.finished",
        "user.unblocked",
        "user.unlocked",
    }
