"""What a provider calls back with: proven first, then read as receipts and replies.

Nothing is told to the inbox, and nothing but 403 to the caller, before the proof (SMS-01, SMS-07): the
signature is made over exactly the bytes or fields that are then read. The address decides what may come:
`…/receipt`, `…/reply`, or both at the bare address.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Any, Final

from vestibule.crypto.secret import Secret
from vestibule.gateways.http_text.settings import HttpTextSettings
from vestibule.interfaces.gateway import CallbackRequest, Receipt, Reply
from vestibule.wire.http_forms.places import (
    Received,
    fields_of,
    look_up,
    read_place,
    take_apart,
    value_at,
    value_of,
    word,
)
from vestibule.wire.http_forms.signature import (
    is_same,
    is_signed,
    sorted_pairs,
    spellings,
    url_and_form,
)

PATHS: Final = frozenset({"", "receipt", "reply"})
MOST_BODY_BYTES: Final = 65_536
_MOST_ITEMS = 200
_LONGEST_BODY = 2_000
_BARE_NUMBER: Final = re.compile(r"[1-9][0-9]{6,14}")


def received(request: CallbackRequest) -> Received:
    """Take a callback apart; raises Unreadable."""
    return take_apart(request.query, request.headers, request.body)


def is_proven(
    settings: HttpTextSettings, secret: Secret[str], request: CallbackRequest, parts: Received
) -> bool:
    """Tell whether the provider sent this; raises Unreadable. Without any rule nobody is believed."""
    if not secret or not (settings.callback_proof or settings.callback_username):
        return False
    has_name = not settings.callback_username or _has_basic(settings, secret, parts)
    has_signature = not settings.callback_proof or _has_signature(settings, secret, request, parts)
    return has_name and has_signature


def _has_basic(settings: HttpTextSettings, secret: Secret[str], parts: Received) -> bool:
    pair = f"{settings.callback_username}:{secret.reveal()}".encode()
    return is_same(f"Basic {base64.b64encode(pair).decode()}", value_of(parts.headers, "authorization"))


def _has_signature(
    settings: HttpTextSettings, secret: Secret[str], request: CallbackRequest, parts: Received
) -> bool:
    place = read_place(settings.callback_signature)
    told = look_up(place, parts)
    if not told.startswith(settings.callback_prefix):
        return False
    told = told.removeprefix(settings.callback_prefix)
    if settings.callback_proof == "shared_secret":
        return is_same(secret.reveal(), told)
    key, rest = secret.reveal().encode(), (settings.callback_algorithm, settings.callback_spelling)
    return any(is_signed(content, key, told, *rest) for content in _signed(settings, request, parts))


def _signed(settings: HttpTextSettings, request: CallbackRequest, parts: Received) -> list[bytes]:
    """What may have been signed. A body that the scheme does not cover is covered by nothing."""
    match settings.callback_proof:
        case "hmac_body":
            return [request.body] if request.body else []
        case "hmac_url_form":
            is_covered = bool(parts.form) or not request.body
            return [url_and_form(url, parts.form) for url in spellings(request.url)] if is_covered else []
        case _:
            name = read_place(settings.callback_signature).name
            return [sorted_pairs(fields_of(parts), name)] if _is_flat(request, parts) else []


def _is_flat(request: CallbackRequest, parts: Received) -> bool:
    """Tell whether the signed fields are all there is: one kind of fields, and no structure inside them."""
    if request.body and (parts.query or not (parts.form or isinstance(parts.document, dict))):
        return False
    values = parts.document.values() if isinstance(parts.document, dict) else ()
    return not any(isinstance(value, dict | list) for value in values)


def receipts(settings: HttpTextSettings, path: str, parts: Received) -> Iterator[Receipt]:
    """Read what became of texts; what has no reference or no state is no receipt."""
    if path == "reply" or not settings.receipt_reference:
        return
    for item in _items(settings, parts):
        reference = _value(settings.receipt_reference, parts, item)
        state = _value(settings.receipt_state, parts, item)
        if reference and state and not (path == "" and _is_reply(settings, parts, item)):
            yield _receipt(settings, reference, state, _value(settings.receipt_cause, parts, item))


def _receipt(settings: HttpTextSettings, reference: str, state: str, cause: str) -> Receipt:
    is_delivered = state in settings.delivered_words
    return Receipt(
        reference=reference[:200],
        is_delivered=is_delivered,
        is_final=is_delivered or state in settings.failed_words,
        cause=word(f"{state} {cause}".strip()),
    )


def replies(settings: HttpTextSettings, path: str, parts: Received) -> Iterator[Reply]:
    """Read texts that came in; without a sender there is no reply."""
    if path == "receipt" or not settings.reply_sender:
        return
    for item in _items(settings, parts):
        if _is_reply(settings, parts, item):
            yield Reply(
                sender=_number(settings, _value(settings.reply_sender, parts, item)),
                recipient=_number(settings, _value(settings.reply_recipient, parts, item)),
                body=_value(settings.reply_body, parts, item)[:_LONGEST_BODY],
                message_id=_value(settings.reply_message_id, parts, item)[:200],
            )


def _is_reply(settings: HttpTextSettings, parts: Received, item: Any) -> bool:
    return bool(_value(settings.reply_sender, parts, item) and _value(settings.reply_body, parts, item))


def _items(settings: HttpTextSettings, parts: Received) -> list[Any]:
    if not settings.callback_list:
        return [None]
    found = value_at(parts.document, settings.callback_list)
    return found[:_MOST_ITEMS] if isinstance(found, list) else []


def _value(place: str, parts: Received, item: Any) -> str:
    return look_up(read_place(place), parts, item) if place else ""


def _number(settings: HttpTextSettings, told: str) -> str:
    # A plus sign that was not encoded in a query arrives as a blank.
    bare = told.strip()
    is_bare = _BARE_NUMBER.fullmatch(bare) is not None
    return f"+{bare}" if is_bare and (settings.adds_plus or told.startswith(" ")) else bare[:64]
