"""Servers that are activated at this service, their groups and credentials."""

from typing import Any

from preview_samples.sample import DAY, HOSTILE, MINUTE, NOW, Sample
from vestibule.frontends.http.templates.views import Form, ServerRow, Words
from vestibule.model.replication import ActivationCredentials, ReplicationGroup

ROWS = (
    ServerRow("s1", "mfa-1.berlin.example.com", "Berlin", "1.4.0", "192.0.2.10", "connected", "", NOW),
    ServerRow("s2", "mfa-2.berlin.example.com", "Berlin", "1.3.2", "2001:db8::10", "away", "", NOW - DAY),
    ServerRow("s3", HOSTILE, HOSTILE, "1.4.0", "192.0.2.30", "refused", "provider_deleted", NOW - DAY),
)
GROUPS = tuple(
    ReplicationGroup(tenant_id="demo", group_id=group_id, provider_id="p", name=name, created_at=NOW - DAY)
    for group_id, name in (("g1", "Berlin"), ("g2", HOSTILE), ("g3", "Zweigniederlassung Süd"))
)
WAITING = ActivationCredentials(
    tenant_id="demo",
    credentials_id="c1",
    group_id="g1",
    secret_hash="",
    made_by="Ada Lovelace",
    created_at=NOW - MINUTE,
    expires_at=NOW + DAY,
)


def servers() -> list[Sample]:
    page = "console/servers.html"
    wrong = Form(
        {"group": "", "hours": "0"}, {"hours": Words("form.not_a_number", {"least": 1, "most": 720})}
    )
    empty = {"rows": (), "groups": (), "waiting": ()}
    return [
        Sample("servers", page, _servers()),
        Sample("servers-new", page, _servers(shown="Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF")),
        Sample("servers-empty", page, _servers(**empty, is_open=False, own_pin="", form=wrong)),
    ]


def _servers(**more: Any) -> dict[str, Any]:
    usual = {
        "rows": ROWS,
        "groups": tuple(zip(GROUPS, (2, 1, 0), strict=True)),
        "waiting": ((WAITING, "Berlin"),),
        "shown": "",
        "form": Form({"hours": "24"}),
        "most_hours": 720,
        "longest_name": 100,
        "is_open": True,
        "service": "https://mfa.example.com",
        "own_pin": "sha256//bm90IGEga2V5LCBidXQgYXMgbG9uZyBhcyBvbmUgaXM=",
    }
    return usual | more
