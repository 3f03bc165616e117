"""What the settings of self-service may be."""

from __future__ import annotations

from typing import Final

from vestibule.model.tenant import TenantSettings
from vestibule.services.refusal import Refusal, Refused

LONGEST_CONTACT: Final = 500
MOST_GROUPS: Final = 100


def check_self_service(settings: TenantSettings) -> None:
    """Raise `Refused` for what cannot be shown or would mean nothing."""
    contact = settings.help_contact
    if len(contact) > LONGEST_CONTACT or not contact.replace("\n", "").isprintable():
        raise Refused(Refusal.SETTING_INVALID, f"help_contact: {contact[:20]}")
    if len(settings.password_reset_groups) > MOST_GROUPS:
        raise Refused(Refusal.OUT_OF_BOUNDS, f"password_reset_groups: 0…{MOST_GROUPS}")
