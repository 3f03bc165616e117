"""Users in the console: lists, groups, many at once."""

from preview_samples.people import ALICE, GROUP_CHOICES, GROUPS, LONG, USERS
from preview_samples.sample import HOSTILE, Sample
from vestibule.frontends.http.templates.views import Form, Notice, Words
from vestibule.interfaces.transaction.lists import Listed
from vestibule.services.bulk import BulkReport, LeftOut
from vestibule.services.groups import MembersReport, NamedLine, Sizes

NOWHERE = dict.fromkeys(("text", "status", "requirement", "method", "group_id"), "")


MANY = {
    "cursor": "",
    "groups": (),
    "methods": ("sms", "totp"),
    "bulk_acts": ("enable", "disable", "join", "leave"),
}


def console_groups() -> list[Sample]:
    one = {
        "group": GROUPS[0],
        "sizes": Sizes({"g1": 48_211}, 100_000),
        "listed": Listed(USERS, "next"),
        "cursor": "",
        "form": Form(),
        "members_form": Form(),
        "chosen_form": Form(),
        "report": None,
        "unknown": (),
        "most_names": 5000,
        "longest_name": 100,
    }
    kept = {"act": "disable", "choice": "", "whom": "ticked"}
    left_out = LeftOut("u3", HOSTILE, "last_administrator", HOSTILE)
    why = ((left_out, Words("refusal.last_administrator", {"key": HOSTILE})),)
    counts = {"chosen": 4812, "changed": 4700, "unchanged": 10, "left_out": (left_out,) * 102}
    unknown = (NamedLine(2, HOSTILE), NamedLine(17, "nobody"))
    return [
        Sample(
            "groups",
            "console/groups.html",
            {
                "groups": GROUPS,
                "sizes": Sizes({"g1": 48_211, "g3": 100_001}, 100_000),
                "form": Form(),
                "longest_name": 100,
            },
        ),
        Sample(
            "groups-empty",
            "console/groups.html",
            {
                "groups": (),
                "sizes": Sizes({}, 100_000),
                "form": Form({"name": ""}, {"name": Words("form.required")}),
                "longest_name": 100,
            },
        ),
        Sample(
            "bulk-tried",
            "console/bulk.html",
            {
                "report": BulkReport(is_dry_run=True, **counts),
                "left_out": why,
                "kept": kept,
                "user_ids": ("u1",),
            },
        ),
        Sample(
            "bulk-nobody",
            "console/bulk.html",
            {"report": None, "left_out": (), "kept": kept, "user_ids": ()},
            notices=(Notice("bad", Words("bulk.nobody")),),
        ),
        Sample("group", "console/group.html", one),
        Sample(
            "group-unknown",
            "console/group.html",
            {
                **one,
                "group": GROUPS[2],
                "listed": Listed(()),
                "report": MembersReport(read=3, added=0, already=0, unknown=unknown),
                "unknown": unknown,
                "members_form": Form({"names": "alice\nnobody"}, {"file": Words("refusal.not_text")}),
            },
        ),
        Sample(
            "group-tried", "console/group.html", {**one, "report": MembersReport(read=9, added=7, already=2)}
        ),
    ]


def console_people() -> list[Sample]:
    return [
        Sample(
            "users",
            "console/users.html",
            {
                "listed": Listed(USERS, "next"),
                "where": NOWHERE,
                **MANY,
                "groups": GROUP_CHOICES,
            },
        ),
        Sample(
            "users-found",
            "console/users.html",
            {
                "listed": Listed((ALICE,)),
                "where": {**NOWHERE, "text": "al", "status": "active"},
                **MANY,
                "cursor": "x",
            },
            notices=(Notice("good", Words("console.users.removed", {"name": HOSTILE})),),
        ),
        Sample(
            "users-none",
            "console/users.html",
            {
                "listed": Listed(()),
                "where": {**NOWHERE, "text": "q"},
                **MANY,
                "groups": GROUP_CHOICES,
            },
        ),
        Sample(
            "users-empty",
            "console/users.html",
            {"listed": Listed(()), "where": NOWHERE, **MANY},
        ),
        Sample("user-add", "console/user_edit.html", {"user": None, "form": Form()}),
        Sample(
            "user-edit",
            "console/user_edit.html",
            {
                "user": LONG,
                "form": Form(
                    {},
                    {"username": Words("refusal.name_taken", {"key": "mobervh"})},
                    Words("refusal.changed_meanwhile"),
                ),
            },
        ),
    ]
