"""The MD5 of RADIUS over UDP.

CPython's own MD5 costs half of OpenSSL's for inputs as short as ours, and exists where a FIPS build of
OpenSSL refuses the algorithm. Both are asked for with usedforsecurity=False: RADIUS over UDP needs this
algorithm, nothing else here may use it.
"""

from typing import Protocol


class Md5(Protocol):
    """A running MD5; `copy` makes a prepared prefix reusable."""

    def update(self, octets: bytes, /) -> None: ...
    def digest(self) -> bytes: ...
    def copy(self) -> "Md5": ...


class _Constructor(Protocol):
    def __call__(self, octets: bytes = b"", /, *, usedforsecurity: bool = True) -> Md5: ...


def _constructor() -> _Constructor:
    try:
        from _md5 import md5  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415
    except ImportError:
        from hashlib import md5  # noqa: PLC0415
    md5(b"", usedforsecurity=False)
    chosen: _Constructor = md5
    return chosen


_md5 = _constructor()


def md5(octets: bytes = b"") -> Md5:
    """An MD5 over `octets`, to be read or continued. Raises ValueError where the platform has no MD5 at
    all.
    """
    return _md5(octets, usedforsecurity=False)
