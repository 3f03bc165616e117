"""A part of the application: the routes of one door."""

from __future__ import annotations

from litestar import Router


class Part(Router):
    """A router that is made for one application and mounted once.

    Litestar mounts a copy of a router, so that it may be mounted twice, and to copy hundreds of routes takes
    longer than anything else that a start does.
    """

    def __deepcopy__(self, memo: dict[int, object]) -> Part:
        return self
