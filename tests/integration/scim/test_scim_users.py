"""People pushed by SCIM (RFC 7643, RFC 7644), over HTTP."""

from __future__ import annotations

from msgspec.structs import replace

from tests.integration.http_api.house import TENANT, HttpHouse
from tests.integration.scim.conftest import ROOT, USER, Provider
from vestibule.interfaces.store import Transaction
from vestibule.model.actor import SYSTEM
from vestibule.model.application import DirectoryConfiguration
from vestibule.model.synchronisation import Bond, Leavers
from vestibule.model.user import Requirement, UserStatus
from vestibule.services.users import UserFields

BARBARA = {
    "schemas": [USER, "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
    "externalId": "bjensen-1",
    "userName": "BJensen@example.com",
    "name": {"formatted": "Ms. Barbara J Jensen, III", "familyName": "Jensen", "givenName": "Barbara"},
    "displayName": "Babs Jensen",
    "title": "Tour Guide",
    "emails": [
        {"value": "babs@home.example", "type": "home"},
        {"value": "bjensen@example.com", "type": "work", "primary": True},
    ],
    "phoneNumbers": [
        {"value": "+1 202 555 0111", "type": "work"},
        {"value": "tel:+49-30-901820", "type": "mobile"},
    ],
    "preferredLanguage": "de-AT, en;q=0.8",
    "locale": "en-US",
    "active": True,
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Tours"},
    "groups": [{"value": "not-hers-to-say"}],
    "id": "not-hers-to-choose",
}


async def test_a_person_is_added_and_told_as_she_was_said(provider: Provider) -> None:
    """RFC 7644 §3.3; RFC 7643 §2.2: what only the server says is read over."""
    await provider.configure(requirement="enabled")
    answer = await provider.http.post(
        f"{ROOT}/Users", json=BARBARA, headers={"content-type": "application/scim+json"}
    )
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert answer.headers["content-type"].startswith("application/scim+json")
    assert answer.headers["location"] == told["meta"]["location"]
    assert answer.headers["etag"] == told["meta"]["version"] == 'W/"1"'
    for name in ("externalId", "userName", "name", "displayName", "emails", "phoneNumbers", "active"):
        assert told[name] == BARBARA[name], name
    assert {"title", "groups"}.isdisjoint(told)
    assert told["id"] != BARBARA["id"]
    user = await provider.user(told["id"])
    assert user is not None
    assert (user.given_name, user.family_name) == ("Barbara", "Jensen")
    assert (user.email, user.phone, user.language) == ("bjensen@example.com", "+4930901820", "de")
    assert user.names == ("bjensen@example.com",)
    assert user.requirement is Requirement.ENABLED
    assert await provider.recorded() == {"user.added": 1}
    again = await provider.get(f"Users/{told['id']}")
    assert again.json() == told


async def test_a_name_is_taken_in_every_spelling(provider: Provider) -> None:
    """RFC 7644 §3.3.1."""
    await provider.add("alice")
    answer = await provider.http.post(f"{ROOT}/Users", json={"schemas": [USER], "userName": "ALICE"})
    assert answer.status_code == 409
    assert answer.json() == {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": "409",
        "scimType": "uniqueness",
        "detail": answer.json()["detail"],
    }


async def test_what_no_user_can_have_is_refused_and_said(provider: Provider) -> None:
    """RFC 7644 §3.12."""
    wrong = {
        "userName": [{"userName": ""}, {}, {"userName": 7}, {"userName": "a\nb"}, {"userName": "x" * 300}],
        "email": [{"userName": "a", "emails": [{"value": "nobody"}]}],
        "active": [{"userName": "a", "active": "perhaps"}],
        "emails": [{"userName": "a", "emails": [{"value": f"{n}@b.c", "primary": True} for n in "12"]}],
        "name": [{"userName": "a", "name": "Alice"}],
    }
    for body in (each for several in wrong.values() for each in several):
        answer = await provider.http.post(f"{ROOT}/Users", json={"schemas": [USER], **body})
        assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidValue"), body
    for content in (b"{", b"[]", b"\xff", b"[" * 90_000):
        answer = await provider.http.post(
            f"{ROOT}/Users", content=content, headers={"content-type": "application/scim+json"}
        )
        assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidSyntax")
    plain = await provider.http.post(f"{ROOT}/Users", content=b"{}", headers={"content-type": "text/plain"})
    assert (plain.status_code, plain.json()["status"]) == (415, "415")


async def test_a_number_that_is_none_is_told_and_called_by_nobody(provider: Provider) -> None:
    numbers = [{"value": "extension 12", "type": "mobile"}]
    told = await provider.add("alice", phoneNumbers=numbers)
    assert told["phoneNumbers"] == numbers
    user = await provider.user(told["id"])
    assert user is not None
    assert user.phone == ""
    assert (await provider.events())[0].facts == {"unreadable": ["phone"]}


async def test_a_replacement_takes_back_what_was_given_and_nothing_else(provider: Provider) -> None:
    """RFC 7644 §3.5.1. What was typed here is not the provider's."""
    told = await provider.add("alice", name={"givenName": "Alice"}, emails=[{"value": "a@b.example"}])
    services = provider.house.inside.services
    await services.users.edit(SYSTEM, TENANT, told["id"], UserFields(phone="+4930901820"))
    answer = await provider.http.put(
        f"{ROOT}/Users/{told['id']}", json={"schemas": [USER], "userName": "alice2", "id": "other"}
    )
    assert answer.status_code == 200, answer.text
    user = await provider.user(told["id"])
    assert user is not None
    assert (user.username, user.names) == ("alice2", ("alice2",))
    assert (user.given_name, user.email, user.phone) == ("", "", "+4930901820")
    assert user.is_active, "what is not said of it stays"
    assert answer.json()["phoneNumbers"] == [{"value": "+4930901820", "type": "mobile"}]


async def test_a_change_of_one_thing_does_not_claim_the_others(provider: Provider) -> None:
    told = await provider.add("alice")
    services = provider.house.inside.services
    await services.users.edit(SYSTEM, TENANT, told["id"], UserFields(phone="+4930901820"))
    answer = await provider.patch(f"Users/{told['id']}", {"op": "replace", "path": "title", "value": "x"})
    assert answer.status_code == 200, answer.text
    await provider.http.put(f"{ROOT}/Users/{told['id']}", json={"schemas": [USER], "userName": "alice"})
    user = await provider.user(told["id"])
    assert user is not None
    assert user.phone == "+4930901820"


async def test_versions_keep_one_from_undoing_what_another_did(provider: Provider) -> None:
    """RFC 7644 §3.14."""
    told = await provider.add("alice")
    path, first = f"{ROOT}/Users/{told['id']}", told["meta"]["version"]
    unchanged = await provider.http.get(path, headers={"if-none-match": first})
    assert (unchanged.status_code, unchanged.headers["etag"]) == (304, first)
    body = {"schemas": [USER], "userName": "alice", "displayName": "A"}
    second = (await provider.http.put(path, json=body, headers={"if-match": first})).headers["etag"]
    assert second != first
    for late in (
        await provider.http.put(path, json=body, headers={"if-match": first}),
        await provider.patch(
            f"Users/{told['id']}", {"op": "replace", "path": "active", "value": False}, **{"if-match": first}
        ),
        await provider.http.delete(path, headers={"if-match": first}),
    ):
        assert (late.status_code, late.json()["status"]) == (412, "412")
    assert (await provider.http.get(path)).json()["displayName"] == "A"
    same = await provider.http.put(path, json=body, headers={"if-match": second})
    assert same.headers["etag"] == second, "nothing was changed"
    assert (await provider.http.delete(path, headers={"if-match": second})).status_code == 204


async def test_who_is_deleted_is_disabled_and_comes_back_only_as_himself(provider: Provider) -> None:
    """RFC 7644 §3.6."""
    told = await provider.add("alice", externalId="x-1")
    path = f"{ROOT}/Users/{told['id']}"
    assert (await provider.http.delete(path)).status_code == 204
    for gone in (
        await provider.http.get(path),
        await provider.http.put(path, json={"schemas": [USER], "userName": "alice"}),
        await provider.patch(f"Users/{told['id']}", {"op": "add", "path": "active", "value": True}),
        await provider.http.delete(path),
    ):
        assert (gone.status_code, gone.json()["status"]) == (404, "404")
    assert await provider.found("Users", 'userName eq "alice"') == []
    assert (await provider.get("Users")).json()["totalResults"] == 0
    user = await provider.user(told["id"])
    assert user is not None
    assert not user.is_active
    for other in ({}, {"externalId": "x-2"}):
        stranger = {"schemas": [USER], "userName": "alice", **other}
        assert (await provider.http.post(f"{ROOT}/Users", json=stranger)).status_code == 409
    back = await provider.add("alice", externalId="x-1")
    assert (back["id"], back["active"]) == (told["id"], True)


async def test_who_is_deleted_is_removed_where_that_is_chosen(provider: Provider) -> None:
    await provider.configure(when_deleted=Leavers.REMOVE.value)
    told = await provider.add("alice")
    assert (await provider.http.delete(f"{ROOT}/Users/{told['id']}")).status_code == 204
    assert await provider.user(told["id"]) is None
    assert await provider.recorded() == {"user.added": 1, "user.removed": 1}
    await provider.add("alice")


async def test_whom_a_directory_keeps_is_seen_and_not_changed(provider: Provider) -> None:
    """A person whom a synchronisation brought is that directory's."""
    services, store = provider.house.inside.services, provider.house.inside.store
    directory = DirectoryConfiguration(
        tenant_id=TENANT,
        directory_id="staff",
        kind="ldap",
        name="Staff",
        settings={"urls": ["ldaps://dc.example.org"], "base_dn": "dc=example"},
        created_at=0,
    )
    await services.applications.put_directory(SYSTEM, directory, None)
    await provider.configure(takes_over=True)
    person = await provider.house.add_person("alice")
    bound = replace(person.user, directory_id="staff", directory_reference="r-1")
    bond = Bond(tenant_id=TENANT, directory_id="staff", reference="r-1", user_id=bound.user_id)

    async def bind(tx: Transaction) -> None:
        assert await tx.replace_user(bound)
        await tx.put_bonds((bond,))

    await store.transact(bind)
    (seen,) = await provider.found("Users", 'userName eq "alice"')
    path = f"{ROOT}/Users/{seen['id']}"
    for refused in (
        await provider.http.put(path, json={"schemas": [USER], "userName": "mallory"}),
        await provider.patch(f"Users/{seen['id']}", {"op": "replace", "value": {"active": False}}),
        await provider.http.delete(path),
    ):
        assert refused.status_code == 403
        assert "Staff" in refused.json()["detail"]
    assert await provider.user(seen["id"]) == replace(bound, version=2)


async def test_who_was_added_by_hand_is_taken_over_only_by_leave(provider: Provider) -> None:
    person = await provider.house.add_person("alice")
    path = f"Users/{person.user.user_id}"
    change = {"op": "replace", "value": {"active": False}}
    assert (await provider.patch(path, change)).status_code == 403
    await provider.configure(takes_over=True)
    assert (await provider.patch(path, change)).json()["active"] is False
    assert await provider.recorded() == {"user.changed": 1, "user.taken_over": 1}
    await provider.configure()
    assert (await provider.patch(path, {"op": "replace", "value": {"active": True}})).status_code == 200


async def test_who_is_kept_for_emergencies_is_never_touched(provider: Provider) -> None:
    await provider.configure(takes_over=True)
    person = await provider.house.add_person("alice")
    await provider.house.inside.change_user(person, is_break_glass=True)
    assert (await provider.http.delete(f"{ROOT}/Users/{person.user.user_id}")).status_code == 403


async def test_another_tenant_has_no_identifier_of_ours(house: HttpHouse, provider: Provider) -> None:
    """TEN-01, TEN-02: read, change, delete, filter and membership."""
    await house.add_tenant("umbrella")
    told = await provider.add("alice", externalId="x-1")
    group = await provider.add_group("Staff", told["id"])
    async with house.caller(await house.add_key("scim", tenant_id="umbrella")) as http:
        theirs = Provider(house, provider.key, http)
        for path in (f"Users/{told['id']}", f"Groups/{group['id']}"):
            unknown = path[:-4] + "0000"
            for verb in ("GET", "PUT", "PATCH", "DELETE"):
                body = {
                    "schemas": [USER, "urn:ietf:params:scim:api:messages:2.0:PatchOp"],
                    "userName": "mine",
                    "displayName": "mine",
                    "Operations": [{"op": "add", "path": "externalId", "value": "mine"}],
                }
                answers = [await http.request(verb, f"{ROOT}/{each}", json=body) for each in (path, unknown)]
                assert [each.status_code for each in answers] == [404, 404], (verb, path)
                assert answers[0].json() == answers[1].json()
        for wanted in (f'id eq "{told["id"]}"', 'userName eq "alice"', 'externalId eq "x-1"', "userName pr"):
            assert await theirs.found("Users", wanted) == []
        named = {"displayName": "Mine", "members": [{"value": told["id"]}]}
        assert (await http.post(f"{ROOT}/Groups", json=named)).status_code == 400
    assert (await provider.get(f"Users/{told['id']}")).json() == (await provider.found("Users", "id pr"))[0]


async def test_a_key_of_another_scope_opens_nothing_and_one_that_was_revoked_neither(
    house: HttpHouse, provider: Provider
) -> None:
    """WEB-17. What is wrong is told in the form of SCIM."""
    async with house.caller(await house.add_key("admin", "verify")) as http:
        refused = await http.get(f"{ROOT}/Users")
        assert (refused.status_code, refused.json()["status"]) == (403, "403")
    async with house.caller(provider.key) as http:
        assert (await http.get("/api/v1/users")).status_code == 403
    async with house.caller() as http:
        nobody = await http.get(f"{ROOT}/Users")
        assert (nobody.status_code, nobody.headers["www-authenticate"]) == (401, 'Bearer realm="vestibule"')
    services = house.inside.services
    await services.applications.remove_client(SYSTEM, TENANT, provider.key.client_id)
    assert (await provider.get("Users")).status_code == 401


async def test_disabling_ends_sessions_and_is_in_the_record(provider: Provider) -> None:
    told = await provider.add("alice")
    await provider.patch(f"Users/{told['id']}", {"op": "replace", "value": {"active": False}})
    user = await provider.user(told["id"])
    assert user is not None
    assert user.status is UserStatus.DISABLED
    (changed,) = [each for each in await provider.events() if each.kind == "user.changed"]
    assert changed.facts == {"fields": ["status"]}


async def test_numbers_are_methods_at_once_where_that_is_chosen(provider: Provider) -> None:
    """The mobile one first, that for work as its backup; both go with the provider."""
    await provider.configure(phone_method="voice")
    numbers = [{"value": "+4930901820", "type": "work"}, {"value": "+491701234567", "type": "mobile"}]
    told = await provider.add("alice", phoneNumbers=numbers)

    async def phones() -> list[tuple[str, str]]:
        subject = await provider.house.inside.store.read(lambda tx: tx.subject(TENANT, told["id"]))
        assert subject is not None
        return [(each.method, each.phone) for each in subject.authenticators]

    assert await phones() == [("voice", "+491701234567"), ("voice", "+4930901820")]
    gone = {"op": "remove", "path": 'phoneNumbers[type eq "mobile"]'}
    assert (await provider.patch(f"Users/{told['id']}", gone)).status_code == 200
    assert await phones() == [("voice", "+4930901820")]
    await provider.configure()
    await provider.patch(f"Users/{told['id']}", {"op": "replace", "path": "displayName", "value": "A"})
    assert await phones() == []
