"""What is wrong with a request, in the words of RFC 7644 §3.12."""

from __future__ import annotations


class ScimTrouble(ValueError):
    """`scim_type` is one of the table of RFC 7644 §3.12; `detail` repeats no value that was sent."""

    def __init__(self, scim_type: str, detail: str) -> None:
        super().__init__(f"{scim_type}: {detail}")
        self.scim_type = scim_type
        self.detail = detail
