"""What the settings of registration may be."""

from __future__ import annotations

from datetime import date

from vestibule.model.tenant import TenantSettings
from vestibule.services.refusal import Refusal, Refused

BOUNDS = {
    "registration_methods": (1, 2),
    "registration_skip_days": (0, 365),
    "registration_code_days": (1, 90),
}


def check_registration(settings: TenantSettings) -> None:
    """Raise `Refused` for what is out of bounds, or no day."""
    for field, (least, most) in BOUNDS.items():
        if not least <= getattr(settings, field) <= most:
            raise Refused(Refusal.OUT_OF_BOUNDS, f"{field}: {least}…{most}")
    day = settings.registration_open_until
    if day and not _is_day(day):
        raise Refused(Refusal.SETTING_INVALID, f"registration_open_until: {day[:10]}")


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
