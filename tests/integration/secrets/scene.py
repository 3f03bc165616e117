"""The scene of the canaries: an installation in which every secret is known, and all that people do in it,
rightly, wrongly and broken, through every door.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.callers import (
    ACCESS_ACCEPT,
    ACCESS_CHALLENGE,
    ACCESS_REJECT,
    access_request,
    ask,
    insist,
    proven_code,
    state_of,
)
from tests.installations import TENANT, Installation, Token, furnish
from tests.integration.secrets.hunt import Cage
from tests.servers import ServerProcess
from vestibule.crypto.ms_chap import nt_hash

VPN_SOURCE, STRANGER = "127.0.0.2", "127.0.0.3"
PASSWORD = "Canary-password-Kf83hz"
WRONG_PASSCODE = "97531864"


@dataclass(slots=True)
class Scene:
    """A server at work, its people, and the secrets of everybody."""

    server: ServerProcess
    installation: Installation
    cage: Cage
    api: httpx.Client
    """With an administrator's key."""
    shown: bytes = b""
    """All that an administrator has been told, except what is told once."""
    keys: dict[str, str] = field(default_factory=dict)
    shared_secret: str = ""

    @property
    def person(self) -> Token:
        return self.installation.people[0]

    def passcode(self) -> str:
        return self.cage.text("passcode", self.person.press())

    def made(self, path: str, body: dict[str, Any], *, is_secret: bool = False) -> dict[str, Any]:
        """Make something through the API; `is_secret` if the answer tells a secret this one time."""
        answer = self.api.post(f"/api/v1/{path}", json=body)
        assert answer.is_success, answer.text
        if not is_secret:
            self.shown += answer.content
        made: dict[str, Any] = answer.json() if answer.content else {}
        return made


# --- what there is --------------------------------------------------------------------------------------


def furnish_with_canaries(server: ServerProcess, cage: Cage) -> Installation:
    installation = furnish(server.settings, 1, password=cage.text("password", PASSWORD), digits=8)
    for person in installation.people:
        cage.put("seed", person.secret)
    cage.put("shared secret", installation.shared_secret.decode())
    cage.put("API key", installation.api_key)
    cage.put("API key", installation.admin_key)
    key_file = server.settings.key_file.read_text()
    cage.put("master key", bytes.fromhex(key_file.split()[-1]))
    return installation


def fill_through_the_api(scene: Scene) -> None:
    """Let an administrator make one of everything that holds a secret (OTP-18, TOK-10)."""
    cage = scene.cage
    vpn = scene.made("applications", {"name": "Password VPN", "first_factor": "local"})["id"]
    client = scene.made(
        "radius-clients", {"application_id": vpn, "name": "VPN", "address": f"{VPN_SOURCE}/32"}
    )["id"]
    scene.shared_secret = cage.text("shared secret", "canary-shared-secret-Tz5nQ2-Tz5nQ2")
    scene.made(f"radius-clients/{client}/secrets", {"secret": scene.shared_secret}, is_secret=True)
    caller = scene.made("api-clients", {"application_id": vpn, "name": "Shop"})["id"]
    key = scene.made(f"api-clients/{caller}/keys", {}, is_secret=True)["secret"]
    scene.keys["local"] = cage.text("API key", key)
    scene.made(
        "directories",
        {
            "kind": "ldap",
            "name": "Staff",
            "settings": {"urls": ["ldaps://ldap.example.org"], "base_dn": "dc=example,dc=org"},
            "password": cage.text("password of a directory", "canary-directory-password-8Hd2"),
        },
    )
    user = scene.made("users", {"username": "bob", "password": cage.text("password", "canary-bob-77-xyzzy")})
    for code in scene.made(f"users/{user['id']}/recovery-codes", {}, is_secret=True)["shown"]:
        cage.put("recovery code", code)
    app = scene.made(f"users/{user['id']}/authenticators", {"method": "totp"}, is_secret=True)
    cage.put("seed as people type it", app["shown"][-1])
    give_pins(scene, user["id"])
    keep_nt_hashes(scene)
    new = {"password": cage.text("password", "canary-bob-78-xyzzy")}
    cage.put("NT hash", nt_hash(new["password"]).reveal())
    scene.made(f"users/{user['id']}/password", new)
    import_tokens(scene)


def keep_nt_hashes(scene: Scene) -> None:
    settings = scene.api.get("/api/v1/settings").json()
    changed = scene.api.put("/api/v1/settings", json={**settings, "nt_hashes": True, "knows_nt_hashes": True})
    assert changed.is_success, changed.text


def give_pins(scene: Scene, user_id: str) -> None:
    path = f"/api/v1/users/{user_id}/pin"
    for pin, status in (("8305274190617250", 200), ("1118305274190618", 422), ("83052741906172-7", 400)):
        answer = scene.api.put(path, json={"pin": scene.cage.text("PIN", pin)})
        assert answer.status_code == status
        if status != 200:
            scene.shown += answer.content
    scene.shown += scene.api.get(path).content
    made = scene.api.put(path, json={"pin": scene.cage.text("PIN", "90617283052741960")})
    assert made.is_success
    assert scene.api.post(f"{path}/require-change").is_success


def import_tokens(scene: Scene) -> None:
    good, bad = "CANARYCANARYCANARYCANARYCANARY77", "CANARY-NOT-BASE32-CANARY-8901189"
    for seed in (good, bad):
        scene.cage.put("seed in a file of tokens", seed)
    rows = f"serial,secret,interval\nT1,{good},30\nT2,{bad},30\n{bad},T3,30\nT4,{good},-1\n"
    file = {"file": ("tokens.csv", rows.encode(), "text/csv")}
    answer = scene.api.post("/api/v1/tokens/import", files=file)
    assert answer.is_success, answer.text
    assert answer.json()["added"] == 1


# --- what people do -------------------------------------------------------------------------------------


def sign_in_by_radius(scene: Scene) -> None:
    secret, name = scene.shared_secret.encode(), scene.person.username
    wrong = scene.cage.text("password", "canary-wrong-password-4711")
    with radius_from(VPN_SOURCE, scene.server) as peer:
        ways = [
            (PASSWORD, scene.passcode(), ACCESS_ACCEPT),
            (PASSWORD, WRONG_PASSCODE, ACCESS_CHALLENGE),
            (PASSWORD, scene.cage.text("malformed passcode", "canary-passcode-9Jk2"), ACCESS_CHALLENGE),
        ]
        for number, (password, passcode, expected) in enumerate(ways):
            first = access_request(secret, 2 * number, name, password)
            challenge = insist(peer, first)
            assert proven_code(challenge, first, secret) == ACCESS_CHALLENGE
            second = access_request(secret, 2 * number + 1, name, passcode, state_of(challenge))
            assert proven_code(insist(peer, second), second, secret) == expected
        refused = access_request(secret, 100, name, wrong)
        assert proven_code(insist(peer, refused), refused, secret) == ACCESS_REJECT
        # Nobody answers these; the next exchange on the socket shows that they have been read.
        broken = access_request(secret, 101, name, PASSWORD)
        peer.send(broken[:-7])
        peer.send(access_request(b"canary-wrong-shared-secret", 102, name, PASSWORD))
        assert proven_code(insist(peer, refused), refused, secret) == ACCESS_REJECT
    scene.cage.put("shared secret", "canary-wrong-shared-secret")
    with radius_from(STRANGER, scene.server) as peer:
        assert ask(peer, broken) is None


def sign_in_by_api(scene: Scene) -> None:
    cage, name = scene.cage, scene.person.username
    bad_key = cage.text("API key", "vst_canary-api-key-that-is-good-for-nothing")
    with scene.server.http(scene.keys["local"]) as http:
        right = {"username": name, "password": PASSWORD, "passcode": scene.passcode()}
        assert http.post("/api/v1/check", json=right).json()["approved"]
        assert not http.post("/api/v1/check", json=right).json()["approved"]
        for body in (
            {**right, "password": cage.text("password", "canary-wrong-password-4712")},
            {**right, "passcode": WRONG_PASSCODE},
        ):
            assert not http.post("/api/v1/check", json=body).json()["approved"]
        headers = {"idempotency-key": "the-same-request"}
        started = {"username": name, "password": PASSWORD}
        assert http.post("/api/v1/verifications", json=started, headers=headers).json()["state"] == "pending"
        is_json = {"content-type": "application/json"}
        for broken in broken_bodies(cage, name):
            for path in ("check", "verifications"):
                answer = http.post(f"/api/v1/{path}", content=broken, headers=is_json)
                assert 400 <= answer.status_code < 500
                scene.shown += answer.content
        url = cage.text("password", "canary-password-in-a-url-313")
        scene.shown += http.get("/api/v1/check", params={"password": url}).content
        assert http.get(f"/portal/{TENANT}/{url}").status_code == 404
        for key in (bad_key, bad_key * 10):
            answer = http.post("/api/v1/check", json=right, headers={"authorization": f"Bearer {key}"})
            assert answer.status_code == 401


def broken_bodies(cage: Cage, name: str) -> list[bytes]:
    cut = cage.text("password", "canary-password-in-cut-json-99")
    number = 8_675_309_867
    cage.put("passcode as a number", str(number))
    long = cage.text("password", "canary-password-without-end-" * 40)
    return [
        f'{{"username": "{name}", "password": "{cut}'.encode(),
        f'{{"username": "{name}", "passcode": {number}}}'.encode(),
        f'{{"username": "{name}", "passcode": ["{cut}"]}}'.encode(),
        f'{{"username": "{name}", "passcode": "1", "surplus": "{cut}"}}'.encode(),
        f'{{"username": "{name}", "passcode": "1", "password": "{long}"}}'.encode(),
        f'{{"username": "{name}", "passcode": "1", "password": "\\u0000{cut}"}}'.encode(),
        f'{{"username": {{"surplus": "{cut}"}}, "passcode": "1"}}'.encode(),
        b'{"username": "' + cut.encode() + b'\xff"}',
    ]


def sign_in_at_the_portal(scene: Scene) -> None:
    root = f"/portal/{TENANT}"
    with scene.server.http() as browser:
        form = {"csrf_token": form_token(browser, f"{root}/sign-in"), "username": scene.person.username}
        wrong = scene.cage.text("password", "canary-wrong-password-4713")
        refused = browser.post(f"{root}/sign-in", data={**form, "password": wrong})
        assert refused.status_code == 403
        asked = browser.post(f"{root}/sign-in", data={**form, "password": PASSWORD})
        assert asked.headers["location"].endswith("second-factor")
        forged = browser.post(f"{root}/sign-in", data={"csrf_token": "x", "password": PASSWORD})
        assert forged.status_code == 403
        answer = {**form, "kind": "passcode", "passcode": scene.passcode()}
        opened = browser.post(f"{root}/sign-in/second-factor", data=answer)
        assert opened.status_code == 303, opened.text
        scene.shown += refused.content + asked.content + forged.content + opened.content
        scene.cage.put("session", browser.cookies["vestibule-portal"])


def form_token(browser: httpx.Client, path: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(path).text)
    assert found is not None
    return found[1]


def meet_an_unexpected_error(scene: Scene, rename: Callable[[str, str], None]) -> None:
    """Sign in through every door while a table is missing (CH-14): an error nobody has foreseen."""
    rename("throttles", "throttles_gone")
    secret, name = scene.shared_secret.encode(), scene.person.username
    with radius_from(VPN_SOURCE, scene.server) as peer:
        request = access_request(secret, 200, name, PASSWORD)
        assert proven_code(insist(peer, request), request, secret) == ACCESS_REJECT
    with scene.server.http(scene.keys["local"]) as http:
        body = {"username": name, "password": PASSWORD, "passcode": scene.passcode()}
        assert http.post("/api/v1/check", json=body).json()["reason"] == "fault"
    with scene.server.http() as browser:
        root = f"/portal/{TENANT}"
        form = {"csrf_token": form_token(browser, f"{root}/sign-in"), "username": name, "password": PASSWORD}
        scene.shown += browser.post(f"{root}/sign-in", data=form).content
    rename("throttles_gone", "throttles")
    rename("user_names", "user_names_gone")
    new = {"username": "carol", "password": scene.cage.text("password", "canary-carol-79-xyzzy")}
    failed = scene.api.post("/api/v1/users", json=new)
    assert failed.status_code == 500
    scene.shown += failed.content
    rename("user_names_gone", "user_names")


def radius_from(source: str, server: ServerProcess) -> socket.socket:
    peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    peer.bind((source, 0))
    peer.settimeout(0.5)
    peer.connect(server.radius_address)
    return peer
