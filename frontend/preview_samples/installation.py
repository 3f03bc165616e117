"""Tenants, and the administrator himself."""

from preview_samples.people import ADMIN
from preview_samples.sample import DAY, HOSTILE, NOW, Sample
from vestibule.frontends.http.templates.views import Form, Words
from vestibule.model.edition import Edition
from vestibule.model.tenant import Tenant


def installation() -> list[Sample]:
    demo = Tenant(tenant_id="demo", name="Example GmbH", created_at=NOW - 90 * DAY)
    hostile = Tenant(tenant_id="t2", name=HOSTILE, created_at=NOW)
    rows = ((demo, "/console/tenants/demo", True), (hostile, "/console/tenants/t2", False))
    return [
        Sample(
            "tenants",
            "console/tenants.html",
            {
                "rows": rows,
                "public_url": "https://signin.example.com",
                "form": Form(problem=Words("refusal.edition_exceeded", {"key": "api, caller_id"})),
                "current": rows[0][0],
                "editions": tuple(Edition),
            },
        ),
        Sample(
            "account", "console/account.html", {"user": ADMIN, "form": Form(problem=Words("sign_in.refused"))}
        ),
    ]
