"""Where many users come from at once: a directory, or a file."""

from preview_samples.directories import DIRECTORY
from preview_samples.people import ALICE, BOB
from preview_samples.sample import DAY, HOSTILE, NOW, Sample
from vestibule.frontends.http.templates.views import Form, ProvisioningKeyRow, Words
from vestibule.model.directory_difference import Change, Difference, Kind
from vestibule.model.group import Group
from vestibule.model.provisioning import Provisioned, ProvisioningSettings
from vestibule.model.synchronisation import (
    Counts,
    Leavers,
    Part,
    Problem,
    RunState,
    Synchronisation,
    SyncItem,
    SyncRun,
    SyncSettings,
)
from vestibule.model.user import Requirement, UserStatus
from vestibule.services.provisioned_users import KnownUser
from vestibule.services.synchronisations import SyncStatus
from vestibule.services.user_file import COLUMNS, MOST_ROWS, RowProblem
from vestibule.services.user_import import UserImportReport

STAFF = Group(tenant_id="demo", group_id="g1", name="Außendienst", created_at=NOW)
SETTINGS = SyncSettings(
    items=(
        SyncItem(
            part=Part.GROUP,
            name="CN=VPN-Benutzer,OU=Gruppen,DC=example,DC=com",
            requirement=Requirement.ENFORCED,
            language="de",
            groups=("g1",),
        ),
        SyncItem(part=Part.UNIT, name=f"OU={HOSTILE},DC=example,DC=com", filter="(title=*)", is_nested=False),
    ),
    is_enabled=True,
)
PROBLEM = Problem("name_taken", "b7c1", "alice", "alice")


def _run(run_id: str, state: RunState, **more: object) -> SyncRun:
    return SyncRun(
        tenant_id="demo",
        run_id=run_id,
        directory_id="d1",
        started_at=NOW - DAY,
        moved_at=NOW,
        node="vestibule-1",
        state=state,
        **({"is_full": True, "started_by": "", "ended_at": NOW} | more),
    )


WAITING = _run("03", RunState.WAITING, counts=Counts(read=1200, withheld=2), leavers=("u1", "u2"))
FAILED = _run("02", RunState.FAILED, cause="unreachable", started_by=HOSTILE)
DONE = _run("01", RunState.DONE, counts=Counts(read=1200, added=12, problems=1), problems=(PROBLEM,))
READING = _run("04", RunState.APPLYING, ended_at=0, total=400, done=120, counts=Counts(read=1200, added=120))


def synchronisation() -> list[Sample]:
    values = {
        "interval_minutes": "15",
        "full_minutes": "1440",
        "approval_above": "5",
        "page_size": "500",
        "bare_names": "yes",
        "usernames": "sAMAccountName userPrincipalName",
    }
    nothing = {
        "directory": DIRECTORY,
        "sync": None,
        "settings": SyncSettings(),
        "version": 0,
        "waiting": None,
        "leavers": (),
        "causes": {},
        "groups": (STAFF,),
        "methods": ("totp", "sms"),
        "form": Form(values),
        "item_form": Form(),
        "found": None,
        "read": 0,
        "shown": 200,
    }
    stored = Synchronisation(tenant_id="demo", directory_id="d1", settings=SETTINGS, created_at=NOW)
    full = nothing | {"settings": SETTINGS, "version": 1, "causes": {"02": Words("ldap.trouble.unreachable")}}
    waits = {"waiting": WAITING, "leavers": (ALICE, BOB)}
    changes = (
        Change(kind=Kind.ADDED, username="carol", fields={"username": "carol"}),
        Change(
            kind=Kind.CHANGED,
            username=HOSTILE,
            user_id="u3",
            fields={"email": HOSTILE, "names": ("mallory", "corp\\mallory")},
            before={"email": "", "names": ("mallory",)},
        ),
        Change(
            kind=Kind.DISABLED,
            username="bob",
            user_id="u2",
            fields={"status": UserStatus.DISABLED},
            before={"status": UserStatus.ACTIVE},
        ),
    )
    page = "console/synchronisation.html"
    return [
        Sample("synchronisation-empty", page, nothing),
        Sample(
            "synchronisation",
            page,
            full
            | waits
            | {"sync": SyncStatus(synchronisation=stored, bound=1200, runs=(WAITING, FAILED, DONE))},
        ),
        Sample(
            "synchronisation-tried",
            page,
            full
            | {
                "sync": SyncStatus(synchronisation=stored, bound=1200, runs=(READING, DONE)),
                "found": Difference(changes, (PROBLEM,), 1197),
                "read": 1200,
            },
        ),
    ]


def user_import() -> list[Sample]:
    page = "console/user_import.html"
    problems = (
        RowProblem(1, "unknown_column", HOSTILE),
        RowProblem(3, "name_taken", HOSTILE),
        RowProblem(4, "phone", "12"),
    )
    usual = {"form": Form(), "report": None, "columns": COLUMNS, "shown": 100, "most_rows": MOST_ROWS}
    return [
        Sample("user-import", page, usual),
        Sample("user-import-wrong", page, usual | {"report": UserImportReport(read=3, problems=problems)}),
        Sample("user-import-tried", page, usual | {"report": UserImportReport(read=1, added=("alice",))}),
    ]


def provisioning() -> list[Sample]:
    keys = (
        ProvisioningKeyRow("c1", "Entra ID", ("Zx31", "9fQa"), "", ProvisioningSettings(), NOW - DAY),
        ProvisioningKeyRow(
            "c2",
            HOSTILE,
            ("00aa",),
            "198.51.100.0/24",
            ProvisioningSettings(
                when_deleted=Leavers.REMOVE, takes_over=True, requirement=Requirement.ENFORCED
            ),
            NOW,
        ),
    )
    gone = Provisioned(tenant_id="demo", user_id="u", client_id="c9", is_gone=True, pushed_at=NOW - DAY)
    here = Provisioned(tenant_id="demo", user_id="u", client_id="c1", external_id=HOSTILE, pushed_at=NOW)
    usual = {
        "address": "https://vestibule.example.com/scim/v2",
        "names": {"c1": "Entra ID"},
        "new_key": "",
        "form": Form(),
    }
    return [
        Sample(
            "provisioning",
            "console/provisioning.html",
            {**usual, "rows": keys, "pushed": (KnownUser(ALICE, here, ()), KnownUser(BOB, gone, ()))},
        ),
        Sample(
            "provisioning-new",
            "console/provisioning.html",
            {
                **usual,
                "rows": (),
                "pushed": (),
                "new_key": "vst_Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6",
                "form": Form({"takes_over": "yes"}, {"name": Words("form.required")}),
            },
        ),
    ]
