"""Where a person may be sent: to a path of ours, and nowhere else (WEB-07)."""

from __future__ import annotations

import re
from typing import Any, Final

from litestar.response import Redirect

_LONGEST: Final = 1000
# Printable ASCII without backslash. A leading `//` or `/\` would name a host.
_LOCAL: Final = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*")


def local_path(path: str, otherwise: str = "/") -> str:
    """Return `path` if it can only lead to ourselves, else `otherwise`."""
    return path if len(path) <= _LONGEST and _LOCAL.fullmatch(path) else otherwise


def see_other(path: str) -> Redirect:
    """Answer a form that has been dealt with: the browser gets `path` next (303)."""
    answer: Any = Redirect(path=local_path(path), status_code=303)
    return answer  # type: ignore[no-any-return]
