"""What the settings of self-service may be."""

from __future__ import annotations

from typing import Final

from vestibule.catalog import LANGUAGES
from vestibule.model.tenant import TenantSettings
from vestibule.services.refusal import Refusal, Refused

LONGEST_CONTACT: Final = 500
MOST_GROUPS: Final = 100
LONGEST_QUESTION: Final = 200
MOST_QUESTIONS: Final = 50


def check_self_service(settings: TenantSettings) -> None:
    """Raise `Refused` for what cannot be shown or would mean nothing."""
    contact = settings.help_contact
    if len(contact) > LONGEST_CONTACT or not contact.replace("\n", "").isprintable():
        raise Refused(Refusal.SETTING_INVALID, f"help_contact: {contact[:20]}")
    for language, questions in settings.security_questions.items():
        is_sound = all(0 < len(each) <= LONGEST_QUESTION and each.isprintable() for each in questions)
        if language not in LANGUAGES or not is_sound or len(set(questions)) != len(questions):
            raise Refused(Refusal.SETTING_INVALID, f"security_questions: {language[:8]}")
        if not settings.security_questions_kept <= len(questions) <= MOST_QUESTIONS:
            bounds = f"security_questions: {settings.security_questions_kept}…{MOST_QUESTIONS}"
            raise Refused(Refusal.OUT_OF_BOUNDS, bounds)
    for name, most in (
        ("security_questions_kept", 10),
        ("security_questions_right", settings.security_questions_kept),
    ):
        if not 2 <= getattr(settings, name) <= most:
            raise Refused(Refusal.OUT_OF_BOUNDS, f"{name}: 2…{most}")
    if len(settings.password_reset_groups) > MOST_GROUPS:
        raise Refused(Refusal.OUT_OF_BOUNDS, f"password_reset_groups: 0…{MOST_GROUPS}")
