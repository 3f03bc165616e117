"""Providers and licences, for the operator and for a tenant."""

from preview_samples.people import ADMIN, EVIL
from preview_samples.sample import DAY, HOSTILE, NOW, Sample
from vestibule.frontends.http.templates.views import Form, Words
from vestibule.model.branding import Branding
from vestibule.model.edition import Edition
from vestibule.model.licence import Coverage, Licence, LicenceKind
from vestibule.model.provider import Provider, UsageModel
from vestibule.model.tenant import Tenant
from vestibule.services.licences import Bundle
from vestibule.services.providers import Ending

TENANT = Tenant(
    tenant_id="demo",
    name="Example GmbH",
    created_at=NOW - 90 * DAY,
    own_edition=Edition.FREE_ADMINS,
    lapses_at=NOW + 9 * DAY,
)
ALONE = Tenant(tenant_id="p-1f2e3d4c5b6a", name=HOSTILE, created_at=NOW, is_standalone=True)
LINKED = Provider(
    tenant_id="demo",
    provider_id="11" * 16,
    name="Example sign-ins",
    usage_model=UsageModel.PER_USER,
    is_linked=True,
    currency="EUR",
    created_at=NOW - 60 * DAY,
)
OWN = Provider(
    tenant_id=ALONE.tenant_id,
    provider_id="22" * 16,
    name=HOSTILE,
    usage_model=UsageModel.PER_AUTHENTICATION,
    is_linked=False,
    currency="USD",
    created_at=NOW,
    deleted_at=NOW,
)
LICENCE = Licence(
    tenant_id="demo",
    licence_id="33" * 16,
    kind=LicenceKind.BUNDLE,
    product="Office suite",
    quantity=250,
    first_day="2027-01-01",
    last_day="2027-12-31",
    created_at=NOW,
)
PICTURE = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVO"
    "RK5CYII="
)
COVERED = Coverage(configured=5000, licensed=249, licences=250)


def billing() -> list[Sample]:
    home = "/console/tenants"
    return [
        Sample(
            "branding",
            "console/branding.html",
            {
                "branding": Branding(tenant_id="demo", name=HOSTILE, color="#7a1fa2", logo="44" * 32),
                "logo": PICTURE,
                "form": Form({}, {"file": Words("refusal.brand_logo", {"key": "100"})}),
                "longest_name": 60,
            },
        ),
        Sample(
            "providers",
            "console/providers.html",
            {
                "rows": ((LINKED, TENANT, f"{home}/demo"), (OWN, ALONE, f"{home}/{ALONE.tenant_id}")),
                "free": (ALONE,),
                "models": tuple(UsageModel),
                "form": Form(
                    {"currency": "euro"}, {"currency": Words("refusal.currency_invalid", {"key": "euro"})}
                ),
                "longest_name": 100,
            },
        ),
        Sample("provider", "console/provider.html", _provider(LINKED, TENANT, ("VPN", HOSTILE), {})),
        Sample(
            "provider-alone",
            "console/provider.html",
            _provider(
                OWN,
                ALONE,
                (),
                {"applications": 2, "clients": 1, "gateways": 0, "voice_messages": 3, "servers": 2},
            ),
        ),
        Sample(
            "licences",
            "console/licences.html",
            {
                "tenant": TENANT,
                "providers": (LINKED, OWN),
                "coverage": COVERED,
                "bundles": (Bundle(LICENCE, 249),),
                "form": Form(problem=Words("refusal.product_missing")),
                "most_licences": 1_000_000,
                "longest_product": 100,
            },
        ),
        Sample(
            "licence",
            "console/licence.html",
            {
                "licence": LICENCE,
                "assigned": 249,
                "holders": (ADMIN, EVIL),
                "next_cursor": "x",
                "cursor": "",
                "form": Form(),
                "names_form": Form(problem=Words("refusal.licences_spent", {"key": "250"})),
                "most_licences": 1_000_000,
            },
        ),
    ]


def _provider(
    provider: Provider, tenant: Tenant, closed: tuple[str, ...], lost: dict[str, int]
) -> dict[str, object]:
    ending = Ending(
        provider=provider,
        tenant=tenant,
        coverage=COVERED,
        edition=Edition.FREE_ADMINS,
        closed=closed,
        lost=lost,
    )
    return {
        "ending": ending,
        "provider": provider,
        "tenant": tenant,
        "tenant_base": f"/console/tenants/{tenant.tenant_id}",
        "form": Form(),
        "longest_name": 100,
    }
