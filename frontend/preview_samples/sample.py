"""What every sample is made of, and the moments and words that many of them share."""

from dataclasses import dataclass, field
from typing import Any, Final

from vestibule.frontends.http.templates.views import Door, Notice

NOW: Final = 1_793_714_700_000


MINUTE: Final = 60_000


DAY: Final = 24 * 60 * MINUTE


HOSTILE: Final = "<script>alert(1)</script>{{7*7}}\"'"


@dataclass(frozen=True)
class Sample:
    """One rendering of a page; `name` becomes the file's name."""

    name: str
    page: str
    variables: dict[str, Any]
    door: Door = "portal"
    is_signed_in: bool = True
    notices: tuple[Notice, ...] = field(default=())
