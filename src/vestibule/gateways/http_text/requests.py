"""From a text to a request of the provider, and from its answer to what became of it.

A request that can be built says exactly what the settings say: a value that its place cannot carry refuses
the text. An answer counts as taken only by the rule of success; one that cannot be read leaves it unsure.
"""

from __future__ import annotations

import base64
import re
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from vestibule.crypto.secret import Secret
from vestibule.gateways.http_text.settings import HttpTextSettings
from vestibule.interfaces.gateway import NotSent, Sending, Sent, Text, Unsure
from vestibule.outbound.http import Answer, Request
from vestibule.wire.http_forms.places import Unreadable, as_text, decode_json, value_at, word
from vestibule.wire.http_forms.template import (
    check_header,
    encode_form,
    encode_json,
    fill_path,
    fill_text,
    fill_tree,
    is_plain_text,
)

TROUBLE = "http_gateway.trouble"
"""Where the catalog has the causes. Behind a cause and a blank stands the provider's own word for it."""

_CONTENT_TYPES = {"form": "application/x-www-form-urlencoded", "json": "application/json"}
_MOST_REFERENCE = 200
_SEARCHED = 500


def request_of(settings: HttpTextSettings, text: Text, secret: Secret[str], callback_url: str) -> Request:
    """Raises ValueError (UnicodeError is one) for a text that cannot be put into the request."""
    values = _values(settings, text, secret, callback_url)
    fields = fill_tree(settings.fields, values)
    url = fill_path(settings.url, values)
    headers = [(name, fill_text(value, values)) for name, value in settings.headers.items()]
    headers += _proof(settings, values)
    for name, value in headers:
        check_header(name, value)
    if settings.format == "query":
        return Request(method=settings.method, url=_with_query(url, fields), headers=tuple(headers))
    body = encode_json(fields) if settings.format == "json" else encode_form(fields)
    headers.append(("content-type", _CONTENT_TYPES[settings.format]))
    return Request(method=settings.method, url=url, headers=tuple(headers), body=body)


def _values(settings: HttpTextSettings, text: Text, secret: Secret[str], callback_url: str) -> dict[str, str]:
    body = text.body.reveal()
    seconds = max(text.valid_seconds, settings.least_valid_seconds, 1)
    seconds = min(seconds, settings.most_valid_seconds or seconds)
    return {
        "to": text.to,
        "to_digits": text.to.removeprefix("+"),
        "text": body,
        "sender": settings.sender,
        "account": settings.account,
        "delivery_id": text.delivery_id,
        "callback_url": callback_url,
        "valid_seconds": str(seconds),
        "valid_minutes": str(-(-seconds // 60)),
        "valid_milliseconds": str(seconds * 1000),
        "alphabet": settings.alphabet_plain if is_plain_text(body) else settings.alphabet_unicode,
        "secret": secret.reveal(),
    }


def _proof(settings: HttpTextSettings, values: dict[str, str]) -> list[tuple[str, str]]:
    secret = values["secret"]
    match settings.authentication:
        case "basic":
            pair = f"{fill_text(settings.username, values)}:{secret}".encode()
            return [("authorization", f"Basic {base64.b64encode(pair).decode()}")]
        case "bearer":
            return [("authorization", f"Bearer {secret}")]
        case "header":
            return [(settings.secret_header, secret)]
        case _:
            return []


def _with_query(url: str, fields: dict[str, Any]) -> str:
    parts = urlsplit(url)
    query = "&".join(filter(None, (parts.query, encode_form(fields).decode())))
    return urlunsplit(parts._replace(query=query))


def sending_of(settings: HttpTextSettings, answer: Answer) -> Sending:
    """Tell what an answer means."""
    document = _document(answer.body)
    reason = word(f"{answer.status} {as_text(value_at(document, settings.final_path))}".strip())
    if _is_final(settings, answer.status, document):
        return NotSent(f"{TROUBLE}.wrong_number {reason}", is_final=True)
    if answer.status in settings.unsure_statuses:
        return Unsure(f"{TROUBLE}.unsure {reason}")
    if not _is_success(settings, answer.status):
        busy = answer.status == 429 or answer.status >= 500
        return NotSent(f"{TROUBLE}.{'busy' if busy else 'refused'} {reason}")
    if settings.success_path:
        told = as_text(value_at(document, settings.success_path))
        if not told:
            return Unsure(f"{TROUBLE}.garbled {reason}")
        if told not in settings.success_values:
            return NotSent(f"{TROUBLE}.refused {word(f'{answer.status} {told}')}")
    reference = _reference(settings, document, answer.body)
    return Unsure(f"{TROUBLE}.garbled {reason}") if reference is None else Sent(reference)


def _document(body: bytes) -> Any:
    try:
        return decode_json(body)
    except Unreadable:
        return None


def _is_success(settings: HttpTextSettings, status: int) -> bool:
    return status in settings.success_statuses if settings.success_statuses else 200 <= status <= 299


def _is_final(settings: HttpTextSettings, status: int, document: Any) -> bool:
    told = as_text(value_at(document, settings.final_path)) if settings.final_path else ""
    return status in settings.final_statuses or told in settings.final_values


def _reference(settings: HttpTextSettings, document: Any, body: bytes) -> str | None:
    """Return the provider's name for the text, "" if it gives none, None if it should have and did not."""
    if settings.reference_path:
        found = as_text(value_at(document, settings.reference_path))
    elif settings.reference_pattern:
        match = re.search(settings.reference_pattern, body[:_SEARCHED].decode("utf-8", "replace"))
        found = (match[1] or "") if match else ""
    else:
        return ""
    return found if 0 < len(found) <= _MOST_REFERENCE else None
