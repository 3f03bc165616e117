"""People, and the groups that they are in."""

from typing import Any

from preview_samples.sample import DAY, HOSTILE, NOW
from vestibule.frontends.http.templates.views import Choice
from vestibule.model.group import Group
from vestibule.model.user import Role, User, UserStatus


def make_user(number: int, username: str, given_name: str = "", family_name: str = "", **more: Any) -> User:
    return User(
        **{
            "tenant_id": "demo",
            "user_id": f"u{number}",
            "username": username,
            "names": (username.lower(),),
            "given_name": given_name,
            "family_name": family_name,
            "password_hash": "x",
            "created_at": NOW - 90 * DAY,
            "updated_at": NOW,
            **more,
        }
    )


ALICE = make_user(
    1, "alice", "Alice", "Example", email="alice@example.com", phone="+49 30 5550123", language="de"
)


LONG = make_user(
    2,
    "maximiliane.oberschwarzenberger-von-hohenfels@subsidiary.example.com",
    "Maximiliane Friederike",
    "Oberschwarzenberger-von Hohenfels",
    email="maximiliane.oberschwarzenberger-von-hohenfels@subsidiary.example.com",
    names=(
        "maximiliane.oberschwarzenberger-von-hohenfels@subsidiary.example.com",
        "mobervh",
        "corp\\mobervh",
    ),
)


BOB = make_user(3, "bob", "Bob", "Builder", status=UserStatus.DISABLED, password_hash="")


EVIL = make_user(4, HOSTILE, "Mallory", HOSTILE, email="mallory@example.com")


ADMIN = make_user(5, "k.meier", "Katharina", "Meier", tenant_id="system", role=Role.ADMINISTRATOR)


USERS = (ALICE, BOB, LONG, EVIL, make_user(6, "zoe"))


GROUPS = (
    Group(tenant_id="demo", group_id="g1", name="Außendienst", created_at=NOW - 40 * DAY),
    Group(tenant_id="demo", group_id="g2", name=HOSTILE, created_at=NOW),
    Group(tenant_id="demo", group_id="g3", name="Berufsgenossenschaftsvertretung " * 3, created_at=NOW),
)


GROUP_CHOICES = tuple(Choice(group.group_id, group.name) for group in GROUPS)
