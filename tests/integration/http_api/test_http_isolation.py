"""One tenant's key finds nothing of another's: every identifier, every route, every verb (TEN-01, TEN-02)."""

from __future__ import annotations

import re
from typing import Any

import httpx

from tests.conformance.stores.records import activated_server, remembered_browser
from tests.conformance.stores.test_store_billing import bill
from tests.integration.http_api.house import API, PASSWORD, SYSTEM_TENANT, TENANT, HttpHouse, Key
from vestibule.crypto.secret import Secret
from vestibule.crypto.tokens import new_id
from vestibule.model.actor import SYSTEM
from vestibule.model.application import ClientKind, DirectoryConfiguration, FirstFactor
from vestibule.model.dispatch import Carries, Dispatch
from vestibule.model.licence import LicenceKind
from vestibule.model.provider import UsageModel
from vestibule.model.range_breaker import opened
from vestibule.model.report import ReportFilter
from vestibule.model.voice_message import MessageType
from vestibule.services.reply_attributes import WantedReply
from vestibule.wire.sound import write_wav

OTHER = "umbrella"
OF_ALL = ("roles", "administrators", "proposals", "price-lists", "phone-costs")
"""What is about the whole installation is there for keys of the system tenant only."""


async def furnish(house: HttpHouse, tenant_id: str) -> dict[str, str]:
    """Give a tenant one of everything; return the identifiers by the name of the path parameter."""
    services = house.inside.services
    person = await house.add_person("alice", tenant_id)
    await services.pins.set(SYSTEM, tenant_id, person.user.user_id)
    key = await house.add_key("verify", tenant_id=tenant_id)
    radius = await services.applications.add_client(
        SYSTEM,
        tenant_id,
        key.application_id,
        ClientKind.RADIUS,
        "VPN",
        address=f"192.0.2.{len(tenant_id)}",
    )
    await services.applications.add_shared_secret(SYSTEM, tenant_id, radius.client_id)
    directory = DirectoryConfiguration(
        tenant_id=tenant_id,
        directory_id=f"directory-{tenant_id}",
        kind="ldap",
        name="Staff",
        settings={"urls": ["ldaps://dc.example.org"], "base_dn": "dc=example"},
        created_at=0,
    )
    await services.applications.put_directory(SYSTEM, directory, None)
    wiki = await services.applications.add_application(
        SYSTEM,
        tenant_id,
        "Wiki",
        first_factor=FirstFactor.DIRECTORY,
        directory_id=directory.directory_id,
    )
    ldap = await services.applications.add_client(
        SYSTEM,
        tenant_id,
        wiki.application_id,
        ClientKind.LDAP,
        "Wiki",
        address=f"192.0.2.{len(tenant_id)}",
    )
    async with house.caller(key) as shop:
        attempt = (
            await shop.post(f"{API}/verifications", json={"username": "alice", "password": PASSWORD})
        ).json()
    message = await services.voice_messages.add(
        SYSTEM, tenant_id, write_wav(bytes(1600)), language="en", message_type=MessageType.DENIED
    )
    gateway = await services.gateway_settings.add(
        SYSTEM,
        tenant_id,
        "smpp",
        f"Operator of {tenant_id}",
        {"host": "127.0.0.1", "port": 9, "system_id": "x"},
        Secret("p"),
        is_enabled=False,
    )
    group = await services.groups.add(SYSTEM, tenant_id, "Staff")
    app_password = await house.add_app_password(person)
    dispatch = Dispatch(
        tenant_id=tenant_id,
        dispatch_id=new_id(),
        carries=Carries.MAIL,
        kind="welcome",
        address="alice@example.org",
        due_at=house.inside.clock.now(),
        expires_at=house.inside.clock.now() + 1000,
        created_at=house.inside.clock.now(),
    )
    await house.inside.store.transact(lambda tx: tx.add_dispatch(dispatch))
    browser = remembered_browser(tenant_id, new_id(), user_id=person.user.user_id)
    await house.inside.store.transact(lambda tx: tx.add_remembered_browser(browser))
    template = "changed.de" if tenant_id == OTHER else "welcome.en"
    await services.mail_attachments.add(SYSTEM, tenant_id, template, "steps.pdf", b"%PDF-1.7")
    reply = await services.reply_attributes.add(
        SYSTEM, tenant_id, WantedReply(attribute="Class", value=Secret("theirs"))
    )
    dictionary = f"vendor-of-{tenant_id}"
    await services.dictionaries.load(SYSTEM, tenant_id, dictionary, b"VENDOR Acme 9999\n")
    secrets = [
        (await services.applications.secrets(SYSTEM, tenant_id, client_id))[0].secret_id
        for client_id in (key.client_id, radius.client_id)
    ]
    if not services.certificates.trusted_by_clients():
        await services.certificates.make_authority(SYSTEM, "Tests")
    issued = await services.certificates.issue_client(SYSTEM, tenant_id, radius.client_id)
    prefix = f"49{1000 + len(tenant_id)}"
    breaker = opened(tenant_id, f"+{prefix}", house.inside.clock.now(), unanswered=20, cost=0)
    await house.inside.store.transact(lambda tx: tx.open_range_breaker(breaker))
    provider = await services.providers.create(
        SYSTEM, f"Usage of {tenant_id}", UsageModel.PER_USER, "EUR", tenant_id
    )
    statement = await house.inside.store.transact(lambda tx: tx.add_statement(bill(tenant_id)))
    licence = await services.licences.add(SYSTEM, tenant_id, LicenceKind.OWN, 9, "2027-01-01", "2030-12-31")
    run = await services.report_runs.ask(SYSTEM, tenant_id, "usage", ReportFilter())
    role = await services.roles.add(SYSTEM, f"Desk of {tenant_id}", ("people.read",))
    made = await services.replication.make_credentials(SYSTEM, tenant_id, f"Site of {tenant_id}")
    server = activated_server(tenant_id, new_id(), group_id=made.group.group_id)
    await house.inside.store.transact(lambda tx: tx.add_activated_server(server))
    return {
        "tenant_id": tenant_id,
        "credentials_id": made.credentials.credentials_id,
        "replication_group_id": made.group.group_id,
        "server_id": server.server_id,
        "browser_id": browser.browser_id,
        "dispatch_id": dispatch.dispatch_id,
        "role_id": role.role_id,
        "provider_id": provider.provider_id,
        "day": f"2027-01-{len(tenant_id):02}",
        "number": statement.number,
        "price_list_id": f"prices-of-{tenant_id}",
        "licence_id": licence.licence_id,
        "certificate_id": issued.certificate.certificate_id,
        "user_id": person.user.user_id,
        "authenticator_id": person.authenticator_id,
        "app_password_id": app_password.app_password_id,
        "application_id": key.application_id,
        "directory_id": directory.directory_id,
        "attempt_id": attempt["id"],
        "gateway_id": gateway.gateway_id,
        "prefix": prefix,
        "report": f"report-of-{tenant_id}",
        "run_id": run.run_id,
        "group_id": group.group_id,
        "message_id": message.message_id,
        "template": template,
        "reply_id": reply.reply_id,
        "name": dictionary,
        "verification_id": attempt["id"],
        "api-clients": key.client_id,
        "api-secret": secrets[0],
        "radius-clients": radius.client_id,
        "radius-secret": secrets[1],
        "ldap-clients": ldap.client_id,
        "ldap-secret": secrets[1],
    }


def filled(path: str, ids: dict[str, str]) -> str:
    kinds = (kind for kind in ("api", "ldap") if f"/{kind}-clients" in path)
    kind = next(kinds, "radius")
    named = {**ids, "client_id": ids[f"{kind}-clients"], "secret_id": ids[f"{kind}-secret"]}
    return re.sub(r"\{(\w+)\}", lambda found: named[found[1]], path)


BODIES: dict[str, dict[str, Any]] = {
    "AnswerRequest": {"challenge_id": "x", "passcode": "123456"},
    "Choice": {"challenge_id": "x", "way": "passcode"},
    "DefaultMethod": {"method": "totp"},
    "NewPhoneNumber": {"method": "sms", "number": "+49 30 1234567"},
    "NewPin": {},
    "BreakGlass": {"is_break_glass": True},
    "NewBudget": {"amount": "1"},
    "NewCredit": {"reason": "mine now"},
    "NewBlock": {"reason": "mine now"},
    "BlockEnd": {"reason": "mine now"},
    "WantedBypass": {"reason": "mine now"},
    "WantedPass": {},
    "DispatchTest": {},
    "NewEdition": {"edition": "free-suite"},
    "NewCeiling": {"sendings": 1, "cost": 1},
    "NewDirectoryLink": {"directory_id": "x", "name": "alice"},
    "NewLinks": {"user_ids": ["x"]},
    "NewPassword": {"password": "Looking-Glass-1871"},
    "NewRequirement": {"requirement": "enabled"},
    "NewWindow": {"hours": 1},
    "NewAuthenticator": {"method": "totp"},
    "Proof": {"passcode": "123456"},
    "Resynchronization": {"passcodes": ["123456", "654321"]},
    "Renaming": {"label": "mine now"},
    "Assignment": {"serial": "HW-1"},
    "SecretChange": {"not_after": 1},
    "NewSharedSecret": {},
    "NewClientCertificate": {},
    "OwnCertificate": {"pem": "mine now"},
    "UserChange": {"given_name": "mine now"},
    "ApplicationChange": {"name": "mine now"},
    "RadiusClientChange": {"name": "mine now"},
    "LdapClientChange": {"name": "mine now"},
    "ApiClientChange": {"name": "mine now"},
    "DirectoryChange": {"name": "mine now"},
    "GatewayChange": {"name": "mine now"},
    "RoleChange": {"name": "mine now", "rights": ["people.read"]},
    "GivenRoles": {"roles": []},
    "GroupChange": {"name": "mine now"},
    "ProviderChange": {"name": "mine now"},
    "LicenceChange": {},
    "GroupName": {"name": "mine now"},
    "NewMembers": {"usernames": ["alice"]},
    "NewRun": {},
    "NewSynchronisation": {"settings": {"interval_minutes": 7}},
    "WantedReport": {},
    "GatewayTest": {"number": "+4930123456"},
}


def body_of(operation: dict[str, Any]) -> dict[str, Any] | None:
    if "requestBody" not in operation:
        return None
    schema = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    return BODIES[schema.rpartition("/")[2]]


async def operations(caller: httpx.AsyncClient) -> list[tuple[str, str, dict[str, Any]]]:
    """Return every operation whose path names something, from the description itself."""
    schema = (await caller.get(f"{API}/openapi.json")).json()
    return [
        (verb, path, operation)
        for path, verbs in schema["paths"].items()
        for verb, operation in verbs.items()
        if "{" in path and verb in ("get", "post", "put", "patch", "delete")
    ]


async def test_no_identifier_of_another_tenant_is_there(house: HttpHouse) -> None:
    await house.add_tenant(OTHER)
    theirs = await furnish(house, OTHER)
    mine = await furnish(house, TENANT)
    before = await everything(house, OTHER)
    tried = 0
    async with house.caller(await house.add_key("verify", "admin")) as caller:
        for verb, path, operation in await operations(caller):
            body = body_of(operation)
            for ids in (theirs, mine | {"user_id": theirs["user_id"]}, theirs | {"user_id": mine["user_id"]}):
                target = filled(path, ids)
                if not any(theirs[name] in target for name in theirs):
                    continue
                named = {parameter["name"] for parameter in operation.get("parameters", ())}
                for parameters in ({}, {"tenant": OTHER}) if "tenant" in named else ({},):
                    answer = await caller.request(verb, target, json=body, params=parameters)
                    assert (answer.status_code, verb, path) == (404, verb, path)
                    tried += 1
    assert tried > 100
    assert await everything(house, OTHER) == before


async def test_lists_hold_the_own_tenant_only(house: HttpHouse) -> None:
    await house.add_tenant(OTHER)
    theirs, mine = await furnish(house, OTHER), await furnish(house, TENANT)
    async with house.caller(await house.add_key("admin")) as caller:
        schema = (await caller.get(f"{API}/openapi.json")).json()
        lists = [path for path, verbs in schema["paths"].items() if "{" not in path and "get" in verbs]
        assert len(lists) >= 9
        for path in lists:
            answer = await caller.get(path)
            if path.removeprefix(f"{API}/") in OF_ALL:
                assert answer.status_code == 404
                continue
            assert answer.status_code == 200
            assert not any(identifier in answer.text for identifier in theirs.values())
            assert OTHER not in answer.text
            assert (await caller.get(path, params={"tenant": OTHER})).status_code == 404
        users = (await caller.get(f"{API}/users", params={"username": "alice"})).json()["items"]
        assert [user["id"] for user in users] == [mine["user_id"]]


async def test_the_same_name_in_two_tenants_is_two_people(house: HttpHouse) -> None:
    """TEN-03: a passcode of one is nothing in the other."""
    await house.add_tenant(OTHER)
    here, there = await house.add_person("alice"), await house.add_person("alice", OTHER)
    mine, theirs = await house.add_key("verify"), await house.add_key("verify", tenant_id=OTHER)
    async with house.caller(mine) as shop, house.caller(theirs) as other:
        typed = house.typed(there)
        assert (await shop.post(f"{API}/check", json=typed)).json()["approved"] is False
        assert (await other.post(f"{API}/check", json=typed)).json()["approved"] is True
        answer = (await shop.post(f"{API}/check", json=house.typed(here))).json()
        assert (answer["approved"], answer["user_id"]) == (True, here.user.user_id)


async def test_a_key_of_the_system_tenant_names_the_tenant_it_means(house: HttpHouse) -> None:
    key = await house.add_key("admin", tenant_id=SYSTEM_TENANT)
    async with house.caller(key) as installer:
        added = await installer.post(f"{API}/tenants", json={"id": OTHER, "name": "Umbrella"})
        assert added.status_code == 201
        again = await installer.post(f"{API}/tenants", json={"id": OTHER, "name": "Umbrella"})
        assert (again.status_code, again.json()["code"]) == (409, "name_taken")
        there = {"tenant": OTHER}
        user = await installer.post(f"{API}/users", json={"username": "bob"}, params=there)
        assert user.status_code == 201
        assert len((await installer.get(f"{API}/users", params=there)).json()["items"]) == 1
        assert (await installer.get(f"{API}/users")).json()["items"] == []
        assert (await installer.get(f"{API}/users", params={"tenant": "nowhere"})).status_code == 404
        tenants = (await installer.get(f"{API}/tenants")).json()["items"]
        assert {tenant["id"] for tenant in tenants} == {SYSTEM_TENANT, TENANT, OTHER}
    async with house.caller(await house.add_key("admin")) as own:
        assert [tenant["id"] for tenant in (await own.get(f"{API}/tenants")).json()["items"]] == [TENANT]
        refused = await own.post(f"{API}/tenants", json={"id": "mine", "name": "Mine"})
        assert refused.status_code == 404


async def everything(house: HttpHouse, tenant_id: str) -> list[Any]:
    """Return what a tenant's administrator sees, to compare."""
    key: Key = await house.add_key("admin", tenant_id=SYSTEM_TENANT)
    async with house.caller(key) as installer:
        return [
            (await installer.get(f"{API}/{name}", params={"tenant": tenant_id})).json()
            for name in (
                "users",
                "applications",
                "api-clients",
                "radius-clients",
                "ldap-clients",
                "directories",
                "attempts",
                "gateways",
                "groups",
            )
        ]
