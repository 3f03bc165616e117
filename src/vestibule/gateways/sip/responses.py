"""What answers a request of the trunk: its fields given back, and where it came from (RFC 3261 §8.2.6)."""

from __future__ import annotations

from vestibule.gateways.sip.links import Place
from vestibule.wire.sip import Request, Response
from vestibule.wire.sip.fields import split
from vestibule.wire.sip.message import Field

PRODUCT = "Vestibule"


def response_to(
    request: Request, place: Place, status: int, reason: str, fields: tuple[Field, ...], tag: str, body: bytes
) -> Response:
    """Return the response to `request`, which came from `place`; `tag` makes it the answer of somebody."""
    kept = [field for field in request.fields if field[0] in ("via", "record-route")]
    top = next(index for index, (name, _) in enumerate(kept) if name == "via")
    kept[top] = ("via", _stamped(kept[top][1], place))
    to = request.first("to")
    more = (
        ("from", request.first("from")),
        ("to", f"{to};tag={tag}" if tag and "tag=" not in to.lower() else to),
        ("call-id", request.call_id),
        ("cseq", request.first("cseq")),
        ("server", PRODUCT),
    )
    return Response(status=status, reason=reason, fields=(*kept, *more, *fields), body=body)


def _stamped(via: str, place: Place) -> str:
    """Say in the topmost Via where the request came from (RFC 3261 §18.2.1, RFC 3581 §4)."""
    top, *rest = split([via]) or [""]
    top = top.replace(";rport;", f";rport={place[1]};") if ";rport;" in top else top
    top = f"{top[:-6]};rport={place[1]}" if top.endswith(";rport") else top
    return ", ".join([f"{top};received={place[0]}", *rest])
