"""Usage and bills, for a tenant and for the operator."""

from decimal import Decimal

from preview_samples.sample import DAY, HOSTILE, NOW, Sample
from vestibule.frontends.http.templates.views import Form, Words
from vestibule.model.day import day_after
from vestibule.model.delivery import Carries
from vestibule.model.phone_cost import PhoneCost
from vestibule.model.price_list import PriceList
from vestibule.model.provider import Provider, UsageModel
from vestibule.model.statement import LineKind, Statement, StatementLine
from vestibule.model.usage import OPEN, MeteredUser, Usage
from vestibule.policy.rating import rated, total_of
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.statement_files import with_days
from vestibule.services.statement_formats import FileFormat
from vestibule.services.statements import CustomerMonth

_PROVIDER = Provider(
    tenant_id="demo",
    provider_id="p1",
    name="Donaudampfschifffahrtsgesellschaft, Hauptverwaltung",
    usage_model=UsageModel.PER_USER,
    is_linked=True,
    currency="EUR",
    created_at=NOW - 90 * DAY,
)
_PRICES = tuple(
    PriceList(
        tenant_id="system",
        price_list_id=f"l{currency}",
        currency=currency,
        from_day="2026-01-01",
        per_user=Decimal("1.405"),
        per_pack=Decimal("1.4"),
        per_licence=Decimal(16),
        created_at=NOW,
    )
    for currency in ("CHF", "EUR")
)
_USAGES = tuple(
    Usage(
        tenant_id="demo",
        provider_id="p1",
        day=day_after("2026-10-01", number),
        usage_model=UsageModel.PER_USER,
        service_users=5000 + number,
        server_users=12,
        licensed=45,
        service_attempts=12_345 * number,
        metered_at=NOW,
    )
    for number in range(31)
)
_LINES = rated(_USAGES, _PRICES, "EUR", _PROVIDER.name)
_DRAFT = Statement(
    tenant_id="demo",
    statement_id="2026-10-EUR",
    month="2026-10",
    currency="EUR",
    customer="Demonstration",
    lines=_LINES,
    total=total_of(_LINES),
)
_ISSUED = Statement(
    tenant_id="demo",
    statement_id="2026-10-EUR",
    number="2026-000017",
    month="2026-10",
    currency="EUR",
    customer=HOSTILE,
    lines=_LINES,
    total=total_of(_LINES),
    issued_at=NOW,
    issued_by="k.meier",
)
_CREDIT = Statement(
    tenant_id="demo",
    statement_id="2026-10-EUR-1",
    number="2026-000018",
    month="2026-10",
    currency="EUR",
    customer=HOSTILE,
    lines=(
        StatementLine(
            kind=LineKind.CREDIT,
            from_day="2026-10-01",
            last_day="2026-10-31",
            count=1,
            units="1",
            price=Decimal("-12.50"),
            amount=Decimal("-12.50"),
        ),
    ),
    total=Decimal("-12.50"),
    issued_at=NOW,
    issued_by="k.meier",
    credits_number="2026-000017",
    reason=f"Ausfall am 3. November {HOSTILE}",
)
_COSTS = tuple(
    PhoneCost(
        tenant_id="demo",
        day="2026-10-01",
        gateway_id="g1",
        calling_code=code,
        carries=carries,
        count=1234,
        cost=863_800,
    )
    for code, carries in (("49", Carries.TEXT), ("43", Carries.CALL))
)
_USERS = tuple(
    MeteredUser(
        tenant_id="demo",
        provider_id="p1",
        user_id=name,
        from_day="2026-09-12",
        until_day=OPEN,
        username=name,
        is_licensed=name == "alice",
    )
    for name in ("alice", HOSTILE)
)
_AROUND = ("2026-09", "2026-11")


def statements() -> list[Sample]:
    page = {
        "month": "2026-10",
        "around": _AROUND,
        "statements": (_DRAFT,),
        "problem": None,
        "usages": _USAGES,
        "issued": (_CREDIT, _ISSUED),
        "provider": _PROVIDER,
        "form": Form({"amount": "500"}),
        "costs": _COSTS,
        "gateways": {"g1": "Trunk"},
        "is_operator": True,
    }
    nothing = {
        "statements": (),
        "problem": Words("refusal.price_missing", {"key": "EUR 2026-10-01"}),
        "usages": (),
        "issued": (),
        "provider": None,
        "costs": (),
        "is_operator": False,
    }
    refused = Form({"amount": "x"}, {"amount": Words("refusal.amount_invalid", {"key": "x"})})
    statement = {
        "unwritten": ("株式会社",),
        "statement": _ISSUED,
        "days": with_days(_ISSUED, _USAGES).days,
        "formats": tuple(FileFormat),
        "may_credit": True,
        "form": Form(),
    }
    customers = (
        CustomerMonth(
            tenant_id="demo", customer="Demonstration", statements=(_ISSUED,), refused=None, phone_cost=86_380
        ),
        CustomerMonth(
            tenant_id="late",
            customer=HOSTILE,
            statements=(),
            refused=Refused(Refusal.PRICE_MISSING, "EUR 2026-10-01"),
            phone_cost=0,
        ),
    )
    overview = {
        "month": "2026-10",
        "around": _AROUND,
        "customers": customers,
        "cursor": "",
        "next_cursor": "late",
        "problems": {"late": Words("refusal.price_missing", {"key": "EUR 2026-10-01"})},
        "issued": (_CREDIT, _ISSUED),
    }
    day = {"usage": _USAGES[0], "users": _USERS, "cursor": "", "next_cursor": "bob"}
    wrong = Form({"currency": "€"}, {"currency": Words("refusal.currency_invalid", {"key": "€"})})
    return [
        Sample("billing", "console/billing.html", page),
        Sample("billing-empty", "console/billing.html", page | nothing),
        Sample("billing-refused", "console/billing.html", page | {"form": refused}),
        Sample("billing-overview", "console/billing_overview.html", overview),
        Sample("billing-nobody", "console/billing_overview.html", overview | {"customers": (), "issued": ()}),
        Sample("statement", "console/statement.html", statement),
        Sample(
            "credit-note",
            "console/statement.html",
            statement | {"statement": _CREDIT, "days": ((),), "may_credit": False},
        ),
        Sample("usage-day", "console/usage_day.html", day),
        Sample("prices", "console/prices.html", {"lists": _PRICES, "form": wrong}),
        Sample("prices-empty", "console/prices.html", {"lists": (), "form": Form()}),
    ]
