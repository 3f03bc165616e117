"""Error answers of SCIM (RFC 7644 §3.12), and nothing of the inside in them."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from litestar import Response

MEDIA_TYPE: Final = "application/scim+json"
ERROR_SCHEMA: Final = "urn:ietf:params:scim:api:messages:2.0:Error"
_TYPES: Final = {
    "invalidFilter": "invalidFilter",
    "invalidPath": "invalidPath",
    "invalidSyntax": "invalidSyntax",
    "invalidValue": "invalidValue",
    "mutability": "mutability",
    "noTarget": "noTarget",
    "tooMany": "tooMany",
    "name_taken": "uniqueness",
}
"""By our own code of a failure."""
_STATUS: Final = {"changed_meanwhile": 412, "kept_here": 403, "kept_by_directory": 403}


def scim_error(status: int, code: str, detail: str, headers: dict[str, str] | None = None) -> Response[Any]:
    """Return the answer to a failure that has `status` and `code` elsewhere."""
    status = _STATUS.get(code, 400 if status == 422 else status)
    scim_type = _TYPES.get(code, "invalidValue" if status == 400 else "")
    body = {"schemas": [ERROR_SCHEMA], "status": str(status), "detail": detail or code}
    if scim_type:
        body["scimType"] = scim_type
    return Response(msgspec.json.encode(body), media_type=MEDIA_TYPE, status_code=status, headers=headers)
