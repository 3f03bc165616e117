"""Gateways to phones, and what they delivered."""

from typing import Final

from preview_samples.mail import mail, outbox
from preview_samples.sample import DAY, HOSTILE, MINUTE, NOW, Sample
from vestibule.frontends.http.templates.views import (
    Choice,
    DeliveryRow,
    Form,
    GatewayRow,
    Notice,
    PluginSetting,
    Words,
)
from vestibule.interfaces.transaction.sending import DeliveryFilter
from vestibule.model.gateway import GatewayConfiguration
from vestibule.model.range_breaker import RangeBreaker
from vestibule.model.sending_limit import LimitKind, LimitReached
from vestibule.policy.routing import Route, ranked
from vestibule.services.sending_limits import SendingStanding

GATEWAY: Final = GatewayConfiguration(
    tenant_id="demo",
    gateway_id="g1",
    kind="http_text",
    name=HOSTILE,
    secret=b"sealed",
    created_at=NOW - 9 * DAY,
)


QUIET: Final = SendingStanding(
    cost_today=0,
    daily_cost_cap=0,
    sendings_ceiling=0,
    cost_ceiling=0,
    reached=(),
    unpriced=(),
    is_closed=False,
)


BITTEN: Final = SendingStanding(
    cost_today=499_900,
    daily_cost_cap=50,
    sendings_ceiling=2000,
    cost_ceiling=80,
    reached=tuple(
        LimitReached(
            kind=kind, key=key, began_at=NOW, ends_at=NOW, reached_at=NOW - 7 * MINUTE, username=name
        )
        for kind, key, name in (
            (LimitKind.COST, "", ""),
            (LimitKind.CEILING, "", ""),
            (LimitKind.USER, "u1", HOSTILE),
            (LimitKind.PREFIX, "+4917612", ""),
            (LimitKind.NUMBER, "+4917612345678", ""),
            (LimitKind.COUNTRY, "882", ""),
        )
    ),
    unpriced=("Operator", HOSTILE),
    is_closed=True,
)


GATEWAY_ROWS: Final = (
    GatewayRow("g1", HOSTILE, "Texts over HTTP", ("text",), 10, "bad", "unopened", 0, HOSTILE),
    GatewayRow("g2", "Operator", "SMPP (texts)", ("text",), 20, "good", "ready"),
    GatewayRow("g3", "Calls", "Calls over HTTP", ("call",), 20, "wait", "failing", 2, "Nobody answered."),
    GatewayRow("g4", "Old", "SMPP (texts)", ("text",), 900, "", "off"),
)


DELIVERY_ROWS: Final = (
    DeliveryRow(NOW, "text", "••••••••••56", "Operator", "g2", "delivered", "good", is_test=True),
    DeliveryRow(NOW - MINUTE, "call", "••••••••••57", HOSTILE, "g1", "failed", "bad", HOSTILE),
    DeliveryRow(NOW - DAY, "text", "••••••••••58", "", "", "dropped", ""),
)


ROUTES: Final = ranked(
    Route(
        gateway_id=each, name=name, is_working=works, digits=2, priority=10, cost=700, carried=30, answered=n
    )
    for each, name, works, n in (
        ("g1", HOSTILE, True, 28),
        ("g2", "Operator", True, 3),
        ("g3", "Old", False, 0),
    )
)


BREAKERS: Final = (
    RangeBreaker(
        tenant_id="demo",
        prefix="+882161234",
        opened_at=NOW,
        rests_until=NOW + DAY,
        unanswered=20,
        cost=91_000,
    ),
    RangeBreaker(
        tenant_id="demo",
        prefix="+4917612",
        opened_at=NOW - DAY,
        rests_until=NOW - MINUTE,
        unanswered=21,
        cost=0,
    ),
    RangeBreaker(
        tenant_id="demo",
        prefix="+4917699",
        opened_at=NOW - DAY,
        rests_until=NOW,
        unanswered=20,
        cost=14_000,
        closed_at=NOW,
        closed_by="u1",
        closed_by_name=HOSTILE,
    ),
)


def routing() -> list[Sample]:
    page = "console/routes.html"
    asked = {
        "form": Form({"number": "+49 176 1234567"}),
        "number": "+491761234567",
        "carries": "text",
        "kinds": ("text", "call"),
        "routes": ROUTES,
        "breakers": BREAKERS,
        "now": NOW,
    }
    wrong = Form({"number": HOSTILE}, {"number": Words("refusal.phone_invalid")})
    return [
        Sample("routes", page, asked),
        Sample("routes-none", page, {**asked, "routes": (), "breakers": ()}),
        Sample("routes-wrong", page, {**asked, "form": wrong, "number": "", "routes": ()}),
    ]


def gateways() -> list[Sample]:
    kinds = (("http_call", "Calls over HTTP"), ("smpp", "SMPP (texts)"))
    first = (
        PluginSetting("setting_host", "text", "Host of the message center", is_required=True),
        PluginSetting("setting_preset", "choice", "A provider", choices=("", "twilio")),
        PluginSetting("setting_tls", "yes_no", "Protect the connection by TLS"),
    )
    more = (
        PluginSetting("setting_fields", "json", "Names and templates"),
        PluginSetting("setting_window", "number", "Requests at the same time"),
    )
    adding = {
        "gateway": None,
        "row": None,
        "kind": "http_text",
        "kind_name": "Texts over HTTP",
        "first": first,
        "more": more,
        "secret_label": "Key at the provider",
        "second_secret_label": "Secret of callbacks",
        "carries": ("text",),
        "priced": ("text",),
        "callback_url": "",
        "caller_id": "",
        "form": Form({"priority": "10"}, {"setting_host": Words("form.required")}),
        "result": None,
        "lately": (),
    }
    there = {
        **adding,
        "gateway": GATEWAY,
        "row": GATEWAY_ROWS[0],
        "carries": ("text", "call"),
        "priced": ("text", "call"),
        "callback_url": "https://signin.example.com/callbacks/demo/g1/",
        "caller_id": "+4930901820",
        "form": Form({"name": HOSTILE, "priority": "10", "is_enabled": "yes", "setting_fields": HOSTILE}),
        "result": Notice("bad", Words("console.gateway.tested_failed", {"why": HOSTILE})),
        "lately": DELIVERY_ROWS,
    }
    filters = {
        "states": ("sent", "failed"),
        "gateways": (Choice("g1", HOSTILE),),
        "cursor": "",
        "searched_to": None,
    }
    page, list_page = "console/gateway_edit.html", "console/deliveries.html"
    shown = {**filters, "deliveries": DELIVERY_ROWS, "next_cursor": "n", "where": DeliveryFilter()}
    none = {**filters, "deliveries": (), "next_cursor": "", "where": DeliveryFilter(state="failed")}
    return [
        Sample(
            "gateways",
            "console/gateways.html",
            {
                "gateways": GATEWAY_ROWS,
                "kinds": kinds,
                "caller_id": "+4930901820",
                "standing": QUIET,
                "broken": 0,
            },
        ),
        Sample(
            "gateways-limits",
            "console/gateways.html",
            {"gateways": GATEWAY_ROWS, "kinds": kinds, "caller_id": "", "standing": BITTEN, "broken": 2},
        ),
        Sample(
            "gateways-empty",
            "console/gateways.html",
            {"gateways": (), "kinds": kinds, "caller_id": "", "standing": QUIET, "broken": 0},
        ),
        Sample("gateway-add", page, adding),
        Sample("gateway", page, there),
        Sample("gateway-mail", page, {**there, "carries": ("mail",), "priced": (), "lately": ()}),
        *routing(),
        *outbox(),
        *mail(),
        Sample("deliveries", list_page, shown),
        Sample("deliveries-none", list_page, none),
        Sample("deliveries-empty", list_page, {**none, "where": DeliveryFilter()}),
    ]
