"""What an administrator says about a provider of texts, checked before anything connects.

A ValueError names the setting that is wrong. The secret is never among the settings: they name the places
where it goes by `{secret}`, and only fields, headers and authentication may (a URL is written to logs).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import msgspec

from vestibule.gateways.http_text.presets import PRESETS
from vestibule.interfaces.plugin_settings import values_of
from vestibule.wire.http_forms.places import read_place
from vestibule.wire.http_forms.signature import Algorithm, Spelling
from vestibule.wire.http_forms.template import check_header, check_text, check_tree

_IN_PATHS: Final = frozenset({"account", "sender", "to", "to_digits", "delivery_id"})
_IN_HEADERS: Final = frozenset({"account", "sender", "to", "to_digits", "delivery_id", "secret"})
_IN_FIELDS: Final = _IN_HEADERS | {
    "text",
    "alphabet",
    "callback_url",
    "valid_seconds",
    "valid_minutes",
    "valid_milliseconds",
}
_PLACES: Final = (
    "callback_signature",
    "receipt_reference",
    "receipt_state",
    "receipt_cause",
    "reply_sender",
    "reply_recipient",
    "reply_body",
    "reply_message_id",
)
# What each proof covers; a value from elsewhere could be changed on the way and would still be believed.
_COVERED: Final = {
    "": ("form", "query", "header", "json", "field"),
    "shared_secret": ("form", "query", "header", "json", "field"),
    "hmac_body": ("form", "json", "field"),
    "hmac_url_form": ("form", "query", "field"),
    "hmac_fields": ("form", "query", "json", "field"),
}
_MOST_SECONDS: Final = 9.5
"""`send` is through within ten seconds, whatever happens."""
_LONGEST_PATTERN: Final = 200
# No group that repeats, nothing behind `(?` or `\1`, and two repetitions at most: whatever a provider
# answers, the search takes milliseconds (ASVS 1.3.12).
_REPEATS: Final = re.compile(r"[*+{]")
_SLOW: Final = re.compile(r"\)[*+{]|\(\?|\\[1-9]")


class HttpTextSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of one provider. What a preset says holds where a setting has its default."""

    preset: Literal["", "twilio", "vonage"] = ""
    """A provider that is known here; it fills in what its interface is like."""
    account: str = ""
    """Account or key name at the provider; stands where `{account}` does."""
    sender: str = ""
    """From what number or name texts come; stands where `{sender}` does."""

    url: str = ""
    """Where a text is sent to. May hold `{account}`, `{sender}`, `{to}`, `{to_digits}`, `{delivery_id}`."""
    allow_plain_http: bool = False
    """Texts and the secret may cross the network in the clear: only for a device in one's own room."""
    method: Literal["POST", "GET", "PUT"] = "POST"
    format: Literal["form", "json", "query"] = "form"
    """How the fields are encoded."""
    headers: dict[str, str] = {}
    """Further headers; may hold `{secret}`."""
    fields: dict[str, Any] = {}
    """Names and templates; in JSON with structure. Placeholders: `{to}`, `{to_digits}` (without plus),
    `{text}`, `{sender}`, `{account}`, `{delivery_id}`, `{callback_url}`, `{valid_seconds}`,
    `{valid_minutes}`, `{valid_milliseconds}`, `{alphabet}`, `{secret}`; `{valid_seconds:number}` is a number
    in JSON. A field that is nothing but an empty placeholder is left out."""
    least_valid_seconds: int = 0
    most_valid_seconds: int = 0
    """The bounds that the provider sets for the time of validity; 0: none."""
    alphabet_plain: str = "text"
    alphabet_unicode: str = "unicode"
    """What `{alphabet}` becomes: for a text that fits the alphabet of phones, and for any other."""

    authentication: Literal["none", "basic", "bearer", "header"] = "none"
    username: str = ""
    """Of `basic`; may hold `{account}`. The secret is the password."""
    secret_header: str = ""
    """Of `header`: the header whose value is the secret."""

    success_statuses: tuple[int, ...] = ()
    """Which HTTP statuses mean that the text was taken; empty: 200 to 299."""
    success_path: str = ""
    """Where in the JSON answer it says whether the text was taken, such as `messages.0.status`."""
    success_values: tuple[str, ...] = ()
    """What stands there if it was taken."""
    reference_path: str = ""
    """Where in the JSON answer the provider's name for the text stands."""
    reference_pattern: str = ""
    """For an answer that is no JSON: a plain regular expression whose first group is that name, searched in
    the first 500 characters."""
    final_statuses: tuple[int, ...] = ()
    """HTTP statuses that mean: no gateway can send to this number."""
    final_path: str = ""
    """Where in the JSON answer the provider's number of the error stands."""
    final_values: tuple[str, ...] = ()
    """Errors that mean: no gateway can send to this number."""
    unsure_statuses: tuple[int, ...] = (504,)
    """Statuses after which nobody knows whether the text was taken. All others of 400 and above are a no."""

    timeout_seconds: float = 8.0
    proxy: str = ""
    """URL of an HTTP proxy; empty: none, whatever the environment says."""
    ca_file: str = ""
    """PEM file of the authorities to trust; empty: the system's."""

    callback_proof: Literal["", "shared_secret", "hmac_body", "hmac_url_form", "hmac_fields"] = ""
    """What shows that a callback is the provider's; empty: no callback is believed, unless
    `callback_username` is set."""
    callback_signature: str = ""
    """Where the signature or the shared secret stands: `header:X-Signature`, `query:token`, `field:sig`."""
    callback_algorithm: Algorithm = Algorithm.SHA256
    callback_spelling: Spelling = Spelling.HEX
    callback_prefix: str = ""
    """What stands in front of the signature, such as `sha256=`."""
    callback_username: str = ""
    """Callbacks must bring this name and the callback secret by HTTP Basic, besides any signature."""
    callback_list: str = ""
    """For several receipts or replies in one JSON body: the path of their list."""

    receipt_reference: str = ""
    """Place of the provider's name for the text. Places are written `form:…`, `query:…`, `header:…`,
    `json:…` or `field:…`, which is any of JSON, form and query."""
    receipt_state: str = ""
    """Place of the word for what became of it."""
    receipt_cause: str = ""
    """Place of the provider's number of the error."""
    delivered_words: tuple[str, ...] = ()
    failed_words: tuple[str, ...] = ()
    """Any word that is in neither list means: on its way."""
    reply_sender: str = ""
    reply_recipient: str = ""
    reply_body: str = ""
    reply_message_id: str = ""
    adds_plus: bool = False
    """Numbers in callbacks come without the plus sign."""

    answer_status: int = 204
    answer_type: str = ""
    answer_body: str = ""
    """What a believed callback is answered with."""


def from_mapping(settings: Mapping[str, Any]) -> HttpTextSettings:
    """Return the settings with those of their preset; raises ValueError naming the one that is wrong."""
    given = values_of(HttpTextSettings, settings)
    defaults = HttpTextSettings()
    chosen = {name: value for name, value in given.items() if value != getattr(defaults, name)}
    complete = HttpTextSettings(**{**PRESETS[given.get("preset", "")], **chosen})
    _check(complete)
    return complete


def _check(settings: HttpTextSettings) -> None:
    _check_url(settings)
    _named("fields", lambda: check_tree(settings.fields, _IN_FIELDS, is_flat=settings.format != "json"))
    for name, value in settings.headers.items():
        _named("headers", lambda name=name, value=value: _check_header(name, value))
    _check_authentication(settings)
    _named("username", lambda: check_text(settings.username, {"account"}))
    for word in ("account", "sender"):
        if not getattr(settings, word).isprintable():
            raise ValueError(f"{word}: characters that cannot be seen")
    if not 0 < settings.timeout_seconds <= _MOST_SECONDS:
        raise ValueError(f"timeout_seconds: more than 0, at most {_MOST_SECONDS:g}")
    _check_answer(settings)
    _check_callbacks(settings)


def _check_url(settings: HttpTextSettings) -> None:
    if settings.method == "GET" and settings.format != "query":
        raise ValueError("format: a GET carries its fields in the query")
    _named("url", lambda: check_text(settings.url, _IN_PATHS))
    try:
        parts = urlsplit(settings.url)
        has_host = bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise ValueError("url: not a URL") from None
    if parts.scheme not in ("https", "http") or not has_host or "{" in parts.netloc or parts.fragment:
        raise ValueError("url: https://, a host and a path are needed")
    if parts.scheme == "http" and not settings.allow_plain_http:
        raise ValueError("url: without https everybody on the way can read texts and the secret")
    if parts.username is not None:
        raise ValueError("url: a name or password belongs into username and the secret")


def _check_header(name: str, template: str) -> None:
    check_text(template, _IN_HEADERS)
    check_header(name, template.replace("{", "").replace("}", ""))


def _check_authentication(settings: HttpTextSettings) -> None:
    if settings.authentication == "basic" and (not settings.username or ":" in settings.username):
        raise ValueError("username: a name without a colon is needed for basic")
    if settings.authentication == "header":
        _named("secret_header", lambda: check_header(settings.secret_header, ""))


def _check_answer(settings: HttpTextSettings) -> None:
    if bool(settings.success_path) != bool(settings.success_values):
        raise ValueError("success_values: path and values belong together")
    if len(settings.reference_pattern) > _LONGEST_PATTERN:
        raise ValueError("reference_pattern: too long")
    try:
        groups = re.compile(settings.reference_pattern).groups
    except re.error:
        raise ValueError("reference_pattern: not a regular expression") from None
    if settings.reference_pattern and groups < 1:
        raise ValueError("reference_pattern: a group is needed")
    if _SLOW.search(settings.reference_pattern) or len(_REPEATS.findall(settings.reference_pattern)) > 2:
        raise ValueError("reference_pattern: at most two of * + {, and none behind a group")
    if not 200 <= settings.answer_status <= 299:
        raise ValueError("answer_status: 200 to 299")
    _named("answer_type", lambda: check_header("content-type", settings.answer_type))


def _check_callbacks(settings: HttpTextSettings) -> None:
    for name in _PLACES:
        if written := getattr(settings, name):
            _named(name, lambda name=name, written=written: _check_place(settings, name, written))
    if settings.callback_proof and not settings.callback_signature:
        raise ValueError("callback_signature: say where it stands")
    if ":" in settings.callback_username:
        raise ValueError("callback_username: no colon")
    if bool(settings.receipt_reference) != bool(settings.receipt_state):
        raise ValueError("receipt_state: reference and state belong together")
    if bool(settings.reply_sender) != bool(settings.reply_body):
        raise ValueError("reply_body: sender and body belong together")


def _check_place(settings: HttpTextSettings, name: str, written: str) -> None:
    place = read_place(written)
    if name != "callback_signature" and place.kind not in _COVERED[settings.callback_proof]:
        raise ValueError(f"{settings.callback_proof} does not cover {written}")


def _named(setting: str, check: Any) -> None:
    try:
        check()
    except ValueError as problem:
        raise ValueError(f"{setting}: {problem}") from None
