"""Branding: how a tenant shows itself to its people, and colours that everybody can read.

Pure. One colour is chosen; what stands beside it in light and in dark is worked out of it, so that every pair
of text and ground keeps the contrast of WCAG 2.2 §1.4.3, 4.5 to 1.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

import msgspec

LEAST_CONTRAST: Final = 4.5
LONGEST_NAME: Final = 60
MOST_LOGO_BYTES: Final = 100 * 1024
MOST_PIXELS: Final = 1024
"""Width and height of a logo."""
_COLOR: Final = re.compile("#[0-9a-f]{6}")
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_END: Final = b"IEND\xaeB`\x82"

Rgb = tuple[int, int, int]

_WHITE: Final[Rgb] = (255, 255, 255)
_BLACK: Final[Rgb] = (0, 0, 0)
# The grounds of frontend/src/style/tokens.css on which the accent stands.
_LIGHT: Final[tuple[Rgb, ...]] = (_WHITE, (0xF5, 0xF4, 0xF0), (0xEF, 0xEE, 0xE9))
_DARK: Final[tuple[Rgb, ...]] = ((0x12, 0x18, 0x1A), (0x1B, 0x22, 0x25), (0x15, 0x1C, 0x1E))
_DARK_SURFACE: Final[Rgb] = (0x1B, 0x22, 0x25)
_ON_DARK: Final[Rgb] = (0x12, 0x18, 0x1A)


class Branding(msgspec.Struct, frozen=True, kw_only=True):
    """What is empty is as it is without any."""

    tenant_id: str
    name: str = ""
    """What stands where the name of the product would."""
    color: str = ""
    """Of buttons and links, such as #0b5a5e."""
    logo: str = ""
    """SHA-256 of the picture, which is a PNG."""
    version: int = 1


class Shades(msgspec.Struct, frozen=True):
    """Colours of one look, as style sheets write them."""

    accent: str
    accent_strong: str
    on_accent: str
    accent_soft: str


def shades(color: str) -> tuple[Shades, Shades] | None:
    """Return the colours in light and in dark; None if it is no colour, or too light to be read on white."""
    if not _COLOR.fullmatch(color):
        return None
    chosen = _read(color)
    soft = _mixed(chosen, _WHITE, 0.9)
    if not _is_readable(chosen, (*_LIGHT, soft)):
        return None
    light = Shades(color, _written(_mixed(chosen, _BLACK, 0.25)), _written(_WHITE), _written(soft))
    dark_soft = _mixed(chosen, _DARK_SURFACE, 0.8)
    tints = [_mixed(chosen, _WHITE, step / 20) for step in range(21)]
    accent = next(tint for tint in tints if _is_readable(tint, (*_DARK, dark_soft)))
    strong = _mixed(accent, _WHITE, 0.4)
    return light, Shades(_written(accent), _written(strong), _written(_ON_DARK), _written(dark_soft))


def darker(color: str) -> str:
    """Return the nearest darker colour that can be read; empty if it is none."""
    if not _COLOR.fullmatch(color):
        return ""
    tints = (_written(_mixed(_read(color), _BLACK, step / 20)) for step in range(21))
    return next(tint for tint in tints if shades(tint))


def style(color: str) -> str:
    """Return the style sheet of a colour that can be read."""
    found = shades(color)
    if found is None:
        return ""
    light, dark = found
    names = {name: name.replace("_", "-") for name in Shades.__struct_fields__}
    lines = (f"--{css}: light-dark({getattr(light, n)}, {getattr(dark, n)});" for n, css in names.items())
    return f":root {{ {' '.join(lines)} }}\n"


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, from 1 to 21."""
    return _contrast(_read(one), _read(other))


def is_logo(content: bytes) -> bool:
    """Tell whether it is a PNG of at most MOST_PIXELS to either side."""
    if len(content) > MOST_LOGO_BYTES or not content.startswith(_PNG) or content[12:16] != b"IHDR":
        return False
    width, height = int.from_bytes(content[16:20]), int.from_bytes(content[20:24])
    return 0 < width <= MOST_PIXELS and 0 < height <= MOST_PIXELS and content.endswith(_END)


def logo_name(content: bytes) -> str:
    """Return by what a logo is known."""
    return hashlib.sha256(content).hexdigest()


def _is_readable(color: Rgb, grounds: tuple[Rgb, ...]) -> bool:
    return all(_contrast(color, ground) >= LEAST_CONTRAST for ground in grounds)


def _contrast(one: Rgb, other: Rgb) -> float:
    brighter, dimmer = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (brighter + 0.05) / (dimmer + 0.05)


def _luminance(color: Rgb) -> float:
    """Relative luminance, as WCAG 2.2 defines it."""
    red, green, blue = (_linear(part / 255) for part in color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def _mixed(color: Rgb, other: Rgb, share: float) -> Rgb:
    """Return `color` with a share of the other in it."""
    red, green, blue = (round(one * (1 - share) + two * share) for one, two in zip(color, other, strict=True))
    return red, green, blue


def _read(color: str) -> Rgb:
    red, green, blue = (int(color[at : at + 2], 16) for at in (1, 3, 5))
    return red, green, blue


def _written(color: Rgb) -> str:
    return "#" + "".join(f"{part:02x}" for part in color)
