"""What the large providers send, in the shapes that their documentation shows.

Microsoft Entra ID writes `Add`, `Replace` and `"False"`, names attributes in a value without a path by paths,
and removes members by a list in the value or by a filter. Okta looks a person up by name, replaces whole
users, disables in a value without a path, and sends what it was shown back, identifiers included.
"""

from __future__ import annotations

from tests.integration.scim.conftest import GROUP, ROOT, USER, Provider

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


# --- Microsoft Entra ID -----------------------------------------------------------------------------------


async def test_entra_looks_for_a_person_and_adds_him(provider: Provider) -> None:
    assert (await provider.found("Users", 'userName eq "kai@contoso.example"')) == []
    assert (await provider.found("Users", 'externalId eq "jyoung"')) == []
    told = await provider.add(
        "kai@contoso.example",
        schemas=[USER, ENTERPRISE],
        externalId="kai",
        active=True,
        addresses=[{"type": "work", "formatted": "Main Street 1"}],
        displayName="Kai",
        emails=[{"type": "work", "value": "kai@contoso.example", "primary": True}],
        meta={"resourceType": "User"},
        name={"formatted": "Kai Lund", "familyName": "Lund", "givenName": "Kai"},
        phoneNumbers=[{"type": "mobile", "value": "+49 170 1234567"}],
        roles=[],
        title="Manager",
        **{ENTERPRISE: {"department": "bob", "manager": {"value": "SuzzyQ"}}},
    )
    (found,) = await provider.found("Users", 'emails[type eq "work"].value eq "KAI@contoso.example"')
    assert found == told
    user = await provider.user(told["id"])
    assert user is not None
    assert user.phone == "+491701234567"


async def test_entra_changes_attributes_by_paths_with_filters(provider: Provider) -> None:
    told = await provider.add("kai", emails=[{"type": "work", "value": "old@b.example", "primary": True}])
    answer = await provider.patch(
        f"Users/{told['id']}",
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "new@b.example"},
        {"op": "Replace", "path": "name.familyName", "value": "Newname"},
        {"op": "Add", "path": 'phoneNumbers[type eq "mobile"].value', "value": "+49 170 1234567"},
        {"op": "Add", "path": f"{ENTERPRISE}:department", "value": "Sales"},
        {"op": "Replace", "path": 'addresses[type eq "work"].country', "value": "DE"},
        {"op": "Add", "path": f"{USER}:preferredLanguage", "value": "de-DE"},
    )
    assert answer.status_code == 200, answer.text
    user = await provider.user(told["id"])
    assert user is not None
    assert (user.email, user.family_name) == ("new@b.example", "Newname")
    assert (user.phone, user.language) == ("+491701234567", "de")
    gone = await provider.patch(
        f"Users/{told['id']}", {"op": "Remove", "path": 'phoneNumbers[type eq "mobile"]'}
    )
    assert "phoneNumbers" not in gone.json()


async def test_entra_names_attributes_by_paths_in_a_value_without_a_path(provider: Provider) -> None:
    told = await provider.add("kai")
    answer = await provider.patch(
        f"Users/{told['id']}",
        {
            "op": "Replace",
            "value": {
                "displayName": "Bjfe",
                "name.givenName": "Kennedi",
                'emails[type eq "work"].value': "k@b.example",
                f"{ENTERPRISE}:employeeNumber": "7",
                ENTERPRISE: {"department": "x"},
            },
        },
    )
    # RFC 7644 §3.5.2.3: to replace by a filter, there must be something that it finds.
    assert (answer.status_code, answer.json()["scimType"]) == (400, "noTarget")
    answer = await provider.patch(
        f"Users/{told['id']}",
        {"op": "Add", "value": {"name.givenName": "Kennedi", 'emails[type eq "work"].value': "k@b.example"}},
    )
    assert answer.json()["name"] == {"givenName": "Kennedi", "formatted": "Kennedi"}
    assert answer.json()["emails"] == [{"type": "work", "value": "k@b.example"}]


async def test_entra_disables_by_a_text_with_a_capital_letter(provider: Provider) -> None:
    told = await provider.add("kai")
    for value, is_active in (("False", False), ("True", True), (False, False), (True, True)):
        answer = await provider.patch(
            f"Users/{told['id']}", {"op": "Replace", "path": "active", "value": value}
        )
        assert answer.json()["active"] is is_active
        user = await provider.user(told["id"])
        assert user is not None
        assert user.is_active is is_active


async def test_entra_keeps_a_group_by_members_one_by_one(provider: Provider) -> None:
    ids = [(await provider.add(name))["id"] for name in ("kai", "lin", "max")]
    group = await provider.add_group("Sales", externalId="g-1")
    path = f"Groups/{group['id']}"
    (found,) = await provider.found("Groups", 'displayName eq "sales"', excludedAttributes="members")
    assert found == {key: value for key, value in found.items() if key != "members"}
    for user_id in ids:
        added = await provider.patch(path, {"op": "Add", "path": "members", "value": [{"value": user_id}]})
        assert added.status_code == 204
    again = await provider.patch(path, {"op": "Add", "path": "members", "value": [{"value": ids[0]}]})
    assert again.status_code == 204
    assert [each["value"] for each in (await provider.get(path)).json()["members"]] == sorted(ids)
    (mine,) = (await provider.get(f"Users/{ids[0]}")).json()["groups"]
    assert (mine["value"], mine["display"]) == (group["id"], "Sales")
    await provider.patch(path, {"op": "Remove", "path": "members", "value": [{"value": ids[0]}]})
    await provider.patch(path, {"op": "Remove", "path": f'members[value eq "{ids[1]}"]'})
    assert [each["value"] for each in (await provider.get(path)).json()["members"]] == [ids[2]]
    renamed = await provider.patch(path, {"op": "Replace", "path": "displayName", "value": "Sellers"})
    assert renamed.status_code == 204
    assert (await provider.get(path, excludedAttributes="members")).json()["displayName"] == "Sellers"
    assert await provider.recorded() == {
        "user.added": 3,
        "group.added": 1,
        "group.member_added": 3,
        "group.member_removed": 2,
        "group.renamed": 1,
    }


# --- Okta -------------------------------------------------------------------------------------------------


async def test_okta_tests_the_connection(provider: Provider) -> None:
    for path in ("Users", "Groups"):
        answer = await provider.get(path, startIndex=1, count=2)
        assert answer.json() == {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
            "totalResults": 0,
            "startIndex": 1,
            "itemsPerPage": 0,
            "Resources": [],
        }


async def test_okta_replaces_a_person_by_what_it_was_shown(provider: Provider) -> None:
    told = await provider.add(
        "isaac.brock@example.com",
        name={"givenName": "Isaac", "familyName": "Brock"},
        emails=[{"primary": True, "value": "isaac.brock@example.com", "type": "work"}],
        displayName="Isaac Brock",
        locale="en-US",
        externalId="00ujl29u0le5T6Aj10h7",
        groups=[],
        password="1mz050nq",
        active=True,
    )
    (found,) = await provider.found("Users", 'userName eq "isaac.brock@example.com"', startIndex=1, count=100)
    changed = {**found, "name": {"givenName": "Zac", "familyName": "Brock"}}
    answer = await provider.http.put(f"{ROOT}/Users/{told['id']}", json=changed)
    assert answer.status_code == 200
    assert answer.json()["name"]["givenName"] == "Zac"
    user = await provider.user(told["id"])
    assert user is not None
    assert (user.given_name, user.password_hash) == ("Zac", ""), "passwords are not taken"


async def test_okta_disables_in_a_value_without_a_path(provider: Provider) -> None:
    told = await provider.add("isaac")
    answer = await provider.patch(f"Users/{told['id']}", {"op": "replace", "value": {"active": False}})
    assert (answer.status_code, answer.json()["active"]) == (200, False)


async def test_okta_pushes_a_group(provider: Provider) -> None:
    ids = [(await provider.add(name))["id"] for name in ("isaac", "jo", "kim")]
    group = await provider.add_group("Test SCIMv2", ids[0])
    path = f"Groups/{group['id']}"
    renamed = await provider.patch(
        path, {"op": "replace", "value": {"id": group["id"], "displayName": "Test SCIMv2 renamed"}}
    )
    assert renamed.status_code == 204
    moved = await provider.patch(
        path,
        {"op": "remove", "path": f'members[value eq "{ids[0]}"]'},
        {"op": "add", "path": "members", "value": [{"value": ids[1], "display": "jo@example.com"}]},
    )
    assert moved.status_code == 204
    told = (await provider.get(path)).json()
    assert told["displayName"] == "Test SCIMv2 renamed"
    assert [each["value"] for each in told["members"]] == [ids[1]]
    await provider.patch(
        path,
        {"op": "replace", "path": "members", "value": [{"value": each, "display": "x"} for each in ids[1:]]},
    )
    assert [each["value"] for each in (await provider.get(path)).json()["members"]] == sorted(ids[1:])
    whole = {"schemas": [GROUP], "displayName": "Last", "members": [{"value": ids[0], "display": "i"}]}
    put = await provider.http.put(f"{ROOT}/{path}", json=whole)
    assert [each["value"] for each in put.json()["members"]] == [ids[0]]
    assert (await provider.http.delete(f"{ROOT}/{path}")).status_code == 204
    assert (await provider.get(path)).status_code == 404
