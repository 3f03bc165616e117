"""The settings of a tenant."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from litestar import Response, get, post

from vestibule import catalog
from vestibule.frontends.http.console.desk import CHANGED_MEANWHILE, Desk, desk, refused_words
from vestibule.frontends.http.fields import Fields, InPath, read_fields
from vestibule.frontends.http.rights import needs
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.templates.views import Form, Words
from vestibule.interfaces.store import Conflict
from vestibule.model.actor import Right
from vestibule.model.app_check import AppCheck
from vestibule.model.tenant import SYSTEM_TENANT, TenantSettings
from vestibule.services.refusal import Refusal, Refused

_TICKS: Final = (
    "two_administrators",
    "record_names",
    "record_email",
    "tells_names",
    "strip_domain_prefix",
    "pin_refuse_simple",
    "pin_refuse_phone",
    "fraud_reports",
    "fraud_blocks",
    "own_bypass",
    "two_way_texts",
    "app_plain_approval",
    "app_passwords",
    "nt_hashes",
)
_NUMBERS: Final = {
    "lockout_threshold": (1, 100),
    "lockout_seconds": (1, 86_400),
    "lockout_reset_seconds": (0, 86_400),
    "hard_stop": (1, 100),
    "spraying_failures": (20, 1_000_000),
    "spraying_pause_seconds": (0, 5),
    "service_spraying_failures": (20, 10_000_000),
    "block_days": (1, 3650),
    "challenge_seconds": (15, 600),
    "challenge_tries": (1, 10),
    "pin_least_digits": (4, 20),
    "pin_most_digits": (4, 20),
    "pin_history": (0, 24),
    "pin_expiry_days": (0, 3650),
    "text_one_way_seconds": (30, 3600),
    "text_two_way_seconds": (30, 3600),
    "call_seconds": (30, 600),
    "app_seconds": (15, 300),
    "app_devices": (1, 10),
    "app_unapproved_per_hour": (1, 100),
    "texts_per_hour": (1, 100),
    "texts_per_number": (0, 1000),
    "texts_per_prefix": (0, 100_000),
    "texts_per_tenant": (0, 1_000_000),
    "texts_per_day": (0, 10_000_000),
    "breaker_unanswered": (0, 10_000),
    "daily_cost_cap": (0, 1_000_000),
}
_CODES: Final = ("country_code", "calling_codes")
_LONGEST_CODES: Final = 1000
_TEMPLATE: Final = "text_template_"
"""In front of a language: the field of its text."""
_TEXTS: Final = ("caller_id", "fraud_code", *(f"{_TEMPLATE}{each}" for each in catalog.LANGUAGES))


@get("/tenants/{tenant:str}/settings", opt=needs(Right.READ_CONFIGURATION))
async def show_settings(request: AnyRequest, tenant: InPath) -> Response[Any]:
    return _page(await desk(request, tenant))


@post("/tenants/{tenant:str}/settings", opt=needs(Right.SETTINGS))
async def change_settings(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    fields = await read_fields(request)
    if fields.whole("version") != at.tenant.version:
        return _page(at, Form(problem=CHANGED_MEANWHILE), status=409)
    errors = _errors(fields)
    if errors:
        return _page(at, Form(_typed(fields), errors), fields)
    language, check = fields.text("language"), fields.text("app_check")
    wanted = msgspec.structs.replace(
        at.tenant.settings,
        language=language if language in catalog.LANGUAGES else at.tenant.settings.language,
        issuer=fields.text("issuer", 60),
        country_code=fields.text("country_code").removeprefix("+"),
        calling_codes=_codes(fields, "calling_codes"),
        caller_id=fields.text("caller_id", 20),
        fraud_code=fields.text("fraud_code", 20),
        text_templates=_templates(fields),
        app_check=AppCheck(check) if check in set(AppCheck) else at.tenant.settings.app_check,
        **{name: fields.is_ticked(name) for name in _TICKS},
        **{name: fields.whole(name) for name in _NUMBERS},
    )
    try:
        await at.services.applications.change_settings(
            at.actor, tenant, wanted, knows_nt_hashes=fields.is_ticked("knows_nt_hashes")
        )
    except Refused as refused:
        return _page(at, _refused(refused, fields), fields)
    except Conflict:
        return _page(await desk(request, tenant), Form(problem=CHANGED_MEANWHILE), status=409)
    return at.done(at.path("settings"), "form.saved")


def _page(
    at: Desk, form: Form | None = None, fields: Fields | None = None, status: int = 422
) -> Response[Any]:
    settings: TenantSettings = at.tenant.settings
    return at.page(
        "console/settings.html",
        status=status if form else 200,
        settings=settings,
        is_system=at.tenant_id == SYSTEM_TENANT,
        version=at.tenant.version,
        tenant=at.tenant,
        form=form or Form(),
        ticked={name: fields.is_ticked(name) if fields else getattr(settings, name) for name in _TICKS},
    )


def _errors(fields: Fields) -> dict[str, Words]:
    errors = {} if fields.text("issuer", 60) else {"issuer": Words("form.required")}
    for name, (least, most) in _NUMBERS.items():
        value = fields.whole(name)
        if value is None or not least <= value <= most:
            errors[name] = Words("form.not_a_number", {"least": least, "most": most})
    return errors


def _refused(refused: Refused, fields: Fields) -> Form:
    """Put a bound that depends on another setting beside its field."""
    field, _, told = refused.key.partition(": ")
    words = refused_words(refused)
    if field == "text_templates":
        field = f"{_TEMPLATE}{told}"
    is_beside = refused.why is Refusal.OUT_OF_BOUNDS and field in _NUMBERS
    if is_beside or field in (*_CODES, *_TEXTS):
        return Form(_typed(fields), {field: words})
    return Form(_typed(fields), problem=words)


def _codes(fields: Fields, name: str) -> tuple[str, ...]:
    """Return calling codes as people list them: between commas or blanks, with a plus sign or without."""
    words = fields.text(name, _LONGEST_CODES).replace(",", " ").split()
    return tuple(dict.fromkeys(word.removeprefix("+") for word in words))


def _typed(fields: Fields) -> dict[str, str]:
    typed = {name: fields.text(name) for name in ("language", "issuer", "app_check", *_NUMBERS)}
    return {**typed, **{name: fields.text(name, _LONGEST_CODES) for name in (*_CODES, *_TEXTS)}}


def _templates(fields: Fields) -> dict[str, str]:
    """Return the texts of the tenant's own, by language; the others are built in."""
    typed = {each: fields.text(f"{_TEMPLATE}{each}", _LONGEST_CODES) for each in catalog.LANGUAGES}
    return {language: template for language, template in typed.items() if template}


ROUTES: Final = [show_settings, change_settings]
