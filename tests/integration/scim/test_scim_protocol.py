"""Lists, filters, changes, groups and discovery as RFC 7644 and RFC 7643 have them, over HTTP."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.integration.http_api.house import TENANT, HttpHouse
from tests.integration.scim.conftest import GROUP, ROOT, Provider
from vestibule.interfaces.store import Transaction
from vestibule.model.access_rule import AccessRule, Effect
from vestibule.model.actor import SYSTEM, Forbidden
from vestibule.model.application import ClientKind, DirectoryConfiguration
from vestibule.model.synchronisation import Bond
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.services.refusal import Refused

PEOPLE = {
    "alice": {
        "name": {"givenName": "Alice", "familyName": "Pleasance"},
        "emails": [{"value": "alice@example.com", "type": "work", "primary": True}],
        "externalId": "A-1",
    },
    "bob": {"displayName": 'Bob "the Builder"', "active": False},
    "carol": {
        "emails": [{"value": "carol@example.org", "type": "home"}],
        "phoneNumbers": [{"value": "+49 30 901820", "type": "work"}],
    },
}
FILTERS = {
    'userName eq "ALICE"': "alice",
    'USERNAME Eq "bob"': "bob",
    'userName ne "bob"': "alice carol",
    'userName co "aro"': "carol",
    'userName sw "a"': "alice",
    'userName ew "b"': "bob",
    'userName gt "alice"': "bob carol",
    'userName ge "bob" and userName lt "carol"': "bob",
    "title pr": "",
    "emails pr": "alice carol",
    "not (emails pr)": "bob",
    "active eq true": "alice carol",
    "active eq false": "bob",
    "active ne true": "bob",
    "externalId pr": "alice",
    'externalId eq "A-1"': "alice",
    'externalId eq "a-1"': "",
    "externalId eq null": "bob carol",
    'emails.type eq "home"': "carol",
    'emails eq "alice@example.com"': "alice",
    'emails[type eq "work" and value co "@example.com"]': "alice",
    'emails[type eq "home" and value co "@example.com"]': "",
    'emails[not (type eq "work")]': "carol",
    'name.familyName sw "pleas"': "alice",
    'urn:ietf:params:scim:schemas:core:2.0:User:userName sw "b"': "bob",
    'displayName eq "bob \\"the builder\\""': "bob",
    'userName eq "bob" or userName eq "carol" and active eq false': "bob",
    '(userName eq "bob" or userName eq "carol") and active eq true': "carol",
    'meta.created gt "2020-01-01T00:00:00Z"': "alice bob carol",
    'meta.lastModified lt "2020-01-01T00:00:00Z"': "",
    'schemas eq "urn:ietf:params:scim:schemas:core:2.0:User"': "alice bob carol",
}
BAD_FILTERS = (
    "userName",
    "userName eq",
    'userName is "x"',
    'nonsense eq "x"',
    'name.nonsense eq "x"',
    'userName eq "x" and',
    '(userName eq "x"',
    'userName eq "x") ',
    'userName eq "x',
    "active gt true",
    "userName gt 7",
    'meta.created gt "yesterday"',
    'userName[value eq "x"]',
    'emails[type eq "x"',
    "userName eq {}",
    " or ".join(51 * ["userName pr"]),
    11 * "(" + "userName pr" + 11 * ")",
    'userName eq "' + 2000 * "x" + '"',
)


@pytest.fixture
async def people(provider: Provider) -> dict[str, str]:
    return {name: (await provider.add(name, **said))["id"] for name, said in PEOPLE.items()}


async def test_filters_find_whom_they_mean(provider: Provider, people: dict[str, str]) -> None:
    """RFC 7644 §3.4.2.2."""
    for wanted, names in FILTERS.items():
        found = await provider.found("Users", wanted)
        assert sorted(each["userName"] for each in found) == names.split(), wanted
    (by_id,) = await provider.found("Users", f'id eq "{people["bob"]}"')
    assert by_id["userName"] == "bob"


async def test_a_filter_that_means_nothing_is_refused(provider: Provider) -> None:
    for wanted in BAD_FILTERS:
        answer = await provider.get("Users", filter=wanted)
        assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidFilter"), wanted


async def test_a_person_is_found_by_each_of_his_names(provider: Provider) -> None:
    """Whoever is not found is added a second time."""
    person = await provider.house.add_person("alice")
    await provider.house.inside.change_user(person, names=("alice", "alice@corp.example"))
    (found,) = await provider.found("Users", 'userName eq "Alice@corp.example"')
    assert (found["id"], found["userName"]) == (person.user.user_id, "alice")


async def test_lists_are_told_in_parts(provider: Provider, people: dict[str, str]) -> None:
    """RFC 7644 §3.4.2.4."""
    for params, places in (
        ({}, (0, 1, 2)),
        ({"startIndex": 2, "count": 1}, (1,)),
        ({"startIndex": 3, "count": 9}, (2,)),
        ({"startIndex": 9}, ()),
        ({"startIndex": 0, "count": 2}, (0, 1)),
        ({"startIndex": -7, "count": -1}, ()),
        ({"count": 0}, ()),
    ):
        ordered = sorted(people.values())
        for wanted in ({}, {"filter": "userName pr"}):
            told = (await provider.get("Users", **params, **wanted)).json()
            assert [each["id"] for each in told["Resources"]] == [ordered[each] for each in places], params
            assert told["totalResults"] == 3
            assert told["itemsPerPage"] == len(places)
            assert told["startIndex"] == max(1, params.get("startIndex", 1))
    assert (await provider.get("Users", startIndex="x")).json()["scimType"] == "invalidValue"


async def test_only_the_wanted_attributes_are_told(provider: Provider, people: dict[str, str]) -> None:
    """RFC 7644 §3.9."""
    path = f"Users/{people['alice']}"
    some = (await provider.get(path, attributes="userName,name.givenName,emails.value")).json()
    assert some == {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "id": people["alice"],
        "userName": "alice",
        "name": {"givenName": "Alice"},
        "emails": [{"value": "alice@example.com"}],
    }
    rest = (await provider.get(path, excludedAttributes="emails.type,META,id,displayName")).json()
    assert rest["emails"] == [{"value": "alice@example.com", "primary": True}]
    assert rest["id"] == people["alice"]
    assert {"meta", "displayName"}.isdisjoint(rest)
    both = await provider.get(path, attributes="a", excludedAttributes="b")
    assert (both.status_code, both.json()["scimType"]) == (400, "invalidValue")


async def test_changes_as_the_standard_has_them(provider: Provider, people: dict[str, str]) -> None:
    """RFC 7644 §3.5.2.1 to §3.5.2.3: add, remove, replace."""
    path = f"Users/{people['alice']}"

    async def emails(*operations: dict[str, object]) -> list[dict[str, object]]:
        answer = await provider.patch(path, *operations)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, object]] = answer.json().get("emails", [])
        return found

    work = {"value": "alice@example.com", "type": "work", "primary": True}
    home = {"value": "a@home.example", "type": "home"}
    assert await emails({"op": "add", "path": "emails", "value": [home]}) == [work, home]
    assert await emails({"op": "add", "path": "emails", "value": [home]}) == [work, home]
    assert await emails({"op": "add", "value": {"emails": [{**home, "primary": True}]}}) == [
        {"value": "alice@example.com", "type": "work"},
        {**home, "primary": True},
    ]
    user = await provider.user(people["alice"])
    assert user is not None
    assert user.email == "a@home.example", "the primary one is written to"
    assert await emails({"op": "replace", "path": 'emails[type eq "work"]', "value": work}) == [work, home]
    assert await emails({"op": "remove", "path": 'emails[type eq "home" or value pr].primary'}) == [
        {"value": "alice@example.com", "type": "work"},
        home,
    ]
    assert await emails({"op": "remove", "path": 'emails[type eq "work"]'}) == [home]
    assert await emails({"op": "replace", "path": "emails", "value": [work]}) == [work]
    assert await emails({"op": "remove", "path": "emails"}) == []
    for operations, scim_type in (
        (({"op": "remove", "path": "userName"},), "mutability"),
        (({"op": "replace", "path": "id", "value": "x"},), "mutability"),
        (({"op": "add", "path": "groups", "value": [{"value": "x"}]},), "mutability"),
        (({"op": "add", "path": "groups.value", "value": "x"},), "mutability"),
        (({"op": "remove"},), "noTarget"),
        (({"op": "replace", "path": 'emails[type eq "work"].value', "value": "x@y.z"},), "noTarget"),
        (({"op": "add", "path": "nonsense", "value": "x"},), "invalidPath"),
        (({"op": "add", "path": "emails[type eq", "value": "x"},), "invalidPath"),
        (({"op": "add", "path": 'emails[type eq "x"]nonsense', "value": "x"},), "invalidPath"),
        (({"op": "add", "path": 7, "value": "x"},), "invalidPath"),
        (({"op": "add", "path": "displayName"},), "invalidValue"),
        (({"op": "add", "value": "x"},), "invalidValue"),
        (({"op": "replace", "path": "active", "value": "perhaps"},), "invalidValue"),
        (({"op": "replace", "path": "displayName", "value": {"a": 1}},), "invalidValue"),
        (({"op": "become", "path": "active", "value": True},), "invalidSyntax"),
        ((7,), "invalidSyntax"),
        ((), "invalidSyntax"),
        # All or nothing: the first would be possible.
        (({"op": "replace", "value": {"active": False}}, {"op": "remove"}), "noTarget"),
    ):
        answer = await provider.patch(path, *operations)  # type: ignore[arg-type]  # hostile on purpose
        assert (answer.status_code, answer.json().get("scimType")) == (400, scim_type), operations
    assert (await provider.get(path)).json()["active"] is True
    bare = await provider.http.patch(f"{ROOT}/{path}", json={"Operations": [{"op": "remove"}]})
    assert bare.json()["scimType"] == "invalidSyntax"


async def test_groups_and_their_versions(provider: Provider, people: dict[str, str]) -> None:
    """RFC 7643 §4.2, RFC 7644 §3.14: who is in a group is a part of its version."""
    group = await provider.add_group("Staff", people["alice"])
    path = f"Groups/{group['id']}"
    first = group["meta"]["version"]
    assert (await provider.http.get(f"{ROOT}/{path}", headers={"if-none-match": first})).status_code == 304
    add = {"op": "add", "path": "members", "value": {"value": people["bob"]}}
    assert (await provider.patch(path, add, **{"if-match": first})).status_code == 204
    late = await provider.patch(path, add, **{"if-match": first})
    assert (late.status_code, late.json()["status"]) == (412, "412")
    shown = await provider.http.patch(
        f"{ROOT}/{path}",
        params={"attributes": "members.value"},
        json={
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{"op": "remove", "path": "members"}],
        },
    )
    assert (shown.status_code, shown.json()) == (200, {"schemas": [GROUP], "id": group["id"]})
    assert (await provider.found("Groups", f'members.value eq "{people["bob"]}"')) == []
    second = await provider.http.post(f"{ROOT}/Groups", json={"displayName": "Staff"})
    assert (second.status_code, second.json()["scimType"]) == (409, "uniqueness")


async def test_members_are_people_of_this_tenant_and_all_of_them_or_none(
    provider: Provider, people: dict[str, str]
) -> None:
    group = await provider.add_group("Staff")
    path = f"Groups/{group['id']}"
    for value, scim_type in (
        ([{"value": people["alice"]}, {"value": "nobody"}], "invalidValue"),
        ([{"value": group["id"], "type": "Group"}], "invalidValue"),
        ([{"display": "x"}], "invalidValue"),
    ):
        answer = await provider.patch(path, {"op": "add", "path": "members", "value": value})
        assert (answer.status_code, answer.json()["scimType"]) == (400, scim_type)
    for operation in (
        {"op": "replace", "path": f'members[value eq "{people["alice"]}"]', "value": {"value": "x"}},
        {"op": "replace", "path": "members.value", "value": "x"},
    ):
        assert (await provider.patch(path, operation)).json()["scimType"] == "mutability"
    odd = await provider.patch(path, {"op": "remove", "path": 'members[type eq "User"]'})
    assert odd.json()["scimType"] == "invalidFilter"
    assert "members" not in (await provider.get(path)).json()


async def test_a_group_of_ones_own_is_taken_over_only_by_leave_and_one_of_a_rule_stays(
    provider: Provider,
) -> None:
    services = provider.house.inside.services
    own = await services.groups.add(SYSTEM, TENANT, "Own")
    path = f"Groups/{own.group_id}"
    rename = {"op": "replace", "path": "displayName", "value": "Theirs"}
    assert (await provider.patch(path, rename)).status_code == 403
    assert (await provider.http.delete(f"{ROOT}/{path}")).status_code == 403
    await provider.configure(takes_over=True)
    assert (await provider.patch(path, rename)).status_code == 204
    rule = AccessRule(rule_id="r1", name="Rule", effect=Effect.DENY, groups=(own.group_id,))
    await services.rule_sets.write(SYSTEM, TENANT, (rule,), seen=0)
    named = await provider.http.delete(f"{ROOT}/{path}")
    assert named.status_code == 400
    assert "Rule" in named.json()["detail"]


async def test_whom_a_directory_has_put_into_a_group_stays_in_it(provider: Provider) -> None:
    services, store = provider.house.inside.services, provider.house.inside.store
    await services.applications.put_directory(
        SYSTEM,
        DirectoryConfiguration(
            tenant_id=TENANT,
            directory_id="staff",
            kind="ldap",
            name="Staff",
            settings={"urls": ["ldaps://dc.example.org"], "base_dn": "dc=example"},
            created_at=0,
        ),
        None,
    )
    group = await provider.add_group("Staff")
    people = [(await provider.house.add_person(name)).user for name in ("alice", "bob")]

    async def bind(tx: Transaction) -> None:
        for user in people:
            reference = f"r-{user.username}"
            assert await tx.replace_user(replace(user, directory_id="staff", directory_reference=reference))
            groups = (group["id"],) if user.username == "alice" else ()
            bond = Bond(
                tenant_id=TENANT,
                directory_id="staff",
                reference=reference,
                user_id=user.user_id,
                groups=groups,
            )
            await tx.put_bonds((bond,))
            await tx.add_member(TENANT, group["id"], user.user_id)

    await store.transact(bind)
    await provider.patch(f"Groups/{group['id']}", {"op": "remove", "path": "members"})
    left = (await provider.get(f"Groups/{group['id']}")).json()["members"]
    assert [each["value"] for each in left] == [people[0].user_id]


async def test_the_server_says_what_it_can_do(provider: Provider) -> None:
    """RFC 7644 §4, RFC 7643 §5 to §7."""
    told = (await provider.get("ServiceProviderConfig")).json()
    supported = {
        name: value["supported"]
        for name, value in told.items()
        if isinstance(value, dict) and "supported" in value
    }
    assert supported == {
        "patch": True, "bulk": False, "filter": True, "changePassword": False, "sort": False, "etag": True,
    }  # fmt: skip
    types = (await provider.get("ResourceTypes")).json()["Resources"]
    assert [each["endpoint"] for each in types] == ["/Users", "/Groups"]
    schemas = {each["id"]: each for each in (await provider.get("Schemas")).json()["Resources"]}
    for each in types:
        assert (await provider.get(f"ResourceTypes/{each['id']}")).json() == each
        assert (await provider.get(f"Schemas/{each['schema']}")).json() == schemas[each["schema"]]
    (name,) = [each for each in schemas[GROUP]["attributes"] if each["name"] == "displayName"]
    assert (name["required"], name["uniqueness"], name["multiValued"]) == (True, "server", False)
    for unknown in ("Schemas/urn:x", "ResourceTypes/X", "Nothing", "Users/a b"):
        answer = await provider.get(unknown)
        assert (answer.status_code, answer.json()["status"]) == (404, "404")
    assert (await provider.get("Schemas", filter="id pr")).status_code == 403
    for verb, path in (("POST", "Bulk"), ("POST", ".search"), ("GET", "Me"), ("PATCH", "Me")):
        refused = await provider.http.request(verb, f"{ROOT}/{path}", json={})
        assert (refused.status_code, refused.json()["status"]) == (501, "501")


async def test_a_body_has_a_bound(provider: Provider) -> None:
    large = {"userName": "a", "displayName": "x" * 1_100_000}
    answer = await provider.http.post(f"{ROOT}/Users", json=large)
    assert (answer.status_code, answer.json()["status"]) == (413, "413")


async def test_a_key_that_pushes_is_made_by_who_may_change_people_and_never_for_the_system(
    house: HttpHouse, provider: Provider
) -> None:
    """TEN-05."""
    applications = house.inside.services.applications
    keys_only = replace(SYSTEM, actor_id="a", rights=frozenset({"api_keys.change"}))
    with pytest.raises(Forbidden):
        await applications.add_client(
            keys_only, TENANT, provider.key.application_id, ClientKind.API, "Mine", scopes=("scim",)
        )
    with pytest.raises(Refused):
        await house.add_key("scim", tenant_id=SYSTEM_TENANT)


async def test_a_search_by_post_is_a_list(provider: Provider, people: dict[str, str]) -> None:
    """RFC 7644 §3.4.3: what must not stand in the address line."""
    body = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
        "filter": 'userName sw "b"',
        "attributes": ["userName"],
        "startIndex": 1,
        "count": 10,
    }
    answer = await provider.http.post(f"{ROOT}/Users/.search", json=body)
    assert answer.status_code == 200
    (found,) = answer.json()["Resources"]
    assert (found["id"], found["userName"], "meta" in found) == (people["bob"], "bob", False)
    groups = await provider.http.post(f"{ROOT}/Groups/.search", json={"excludedAttributes": ["members"]})
    assert groups.json()["totalResults"] == 0
