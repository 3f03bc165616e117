"""The types of single values in requests: how long they may be and what they may hold.

No text holds a NUL, which PostgreSQL cannot store. Identifiers that come in a path are of one shape.
"""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

from litestar.params import PathParameter, QueryParameter
from msgspec import Meta

ID_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9_.@-]{0,127}$"
_LINE: Final = r"^[^\x00-\x1f\x7f]*$"
_NO_NUL: Final = r"^[^\x00]*$"
LAST_TIME: Final = 253_402_300_799_999
"""The last millisecond of the year 9999."""

PathId: TypeAlias = Annotated[str, PathParameter(pattern=ID_PATTERN)]

Username: TypeAlias = Annotated[str, Meta(min_length=1, max_length=255, pattern=_NO_NUL)]
Password: TypeAlias = Annotated[str, Meta(min_length=1, max_length=1024, pattern=_NO_NUL)]
Passcode: TypeAlias = Annotated[str, Meta(min_length=1, max_length=64, pattern=_NO_NUL)]
Id: TypeAlias = Annotated[str, Meta(max_length=128, pattern=r"^[A-Za-z0-9_.@-]*$")]
Name: TypeAlias = Annotated[str, Meta(min_length=1, max_length=100, pattern=_LINE)]
ShortText: TypeAlias = Annotated[str, Meta(max_length=255, pattern=_LINE)]
Reason: TypeAlias = Annotated[str, Meta(min_length=1, max_length=500, pattern=_LINE)]
Serial: TypeAlias = Annotated[str, Meta(min_length=1, max_length=128, pattern=_LINE)]
Time: TypeAlias = Annotated[int, Meta(ge=0, le=LAST_TIME, description="Milliseconds since 1970, UTC.")]
Version: TypeAlias = Annotated[
    int, Meta(ge=1, le=2**53, description="Change it only if it still has this version.")
]

SearchText: TypeAlias = Annotated[
    str, QueryParameter(max_length=255, pattern=_NO_NUL, description="Beginning of the text to find.")
]
SearchId: TypeAlias = Annotated[str, QueryParameter(max_length=128, pattern=r"^[A-Za-z0-9_.@-]*$")]
SearchTime: TypeAlias = Annotated[
    int | None, QueryParameter(ge=0, le=LAST_TIME, description="Milliseconds since 1970, UTC.")
]
Limit: TypeAlias = Annotated[int, QueryParameter(ge=1, le=200, description="How many at most.")]
Cursor: TypeAlias = Annotated[
    str,
    QueryParameter(max_length=1024, pattern=_NO_NUL, description="The `next_cursor` of the page before."),
]
