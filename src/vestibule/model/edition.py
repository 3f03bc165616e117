"""Edition: what a tenant may use, as a table of features.

The two free ones protect administrators, or the users of an office suite at its services, and cost nothing.
Everything else needs the full one.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Edition(StrEnum):
    FREE_ADMINS = "free-admins"
    """Administrators at the console, and nobody else (S17)."""
    FREE_SUITE = "free-suite"
    """Users at the services of the office suite whose licence they have, too (S19)."""
    FULL = "full"


class Feature(StrEnum):
    """What an edition has or has not. Texts for people are in the catalog under `edition.feature.…`."""

    SUITE_SERVICES = "suite_services"
    """Users beside the administrators, at services of the office suite."""
    OTHER_USERS = "other_users"
    """Users at every other application."""
    ON_PREMISES_APPLICATIONS = "on_premises_applications"
    """Applications that ask by RADIUS."""
    API = "api"
    """Programs that ask, or administer, over the REST API."""
    PIN_MODE = "pin_mode"
    FRAUD_ALERT = "fraud_alert"
    REPORTS = "reports"
    BYPASS = "bypass"
    VOICE_MESSAGES = "voice_messages"
    """Greetings of one's own in calls."""
    CALLER_ID = "caller_id"
    TRUSTED_ADDRESSES = "trusted_addresses"
    APP_PASSWORDS = "app_passwords"
    METHOD_CONTROL = "method_control"
    """Choosing which methods open an application."""
    REMEMBERED_BROWSERS = "remembered_browsers"


_FULL: Final = frozenset({Edition.FULL})
_ALL: Final = frozenset(Edition)

EDITIONS: Final[dict[Feature, frozenset[Edition]]] = {
    Feature.SUITE_SERVICES: frozenset({Edition.FREE_SUITE, Edition.FULL}),
    Feature.OTHER_USERS: _FULL,
    Feature.ON_PREMISES_APPLICATIONS: _FULL,
    Feature.API: _FULL,
    Feature.PIN_MODE: _FULL,
    Feature.FRAUD_ALERT: _FULL,
    Feature.REPORTS: _FULL,
    Feature.BYPASS: _FULL,
    Feature.VOICE_MESSAGES: _FULL,
    Feature.CALLER_ID: _FULL,
    Feature.TRUSTED_ADDRESSES: _FULL,
    Feature.APP_PASSWORDS: _ALL,
    Feature.METHOD_CONTROL: _ALL,
    Feature.REMEMBERED_BROWSERS: _ALL,
}
"""Which editions have a feature."""


OF_PEOPLE: Final = frozenset(
    {
        Feature.SUITE_SERVICES,
        Feature.ON_PREMISES_APPLICATIONS,
        Feature.PIN_MODE,
        Feature.BYPASS,
        Feature.TRUSTED_ADDRESSES,
        Feature.APP_PASSWORDS,
        Feature.METHOD_CONTROL,
        Feature.REMEMBERED_BROWSERS,
    }
)
"""What is of no use without people at the service; servers with people of their own, and programs, have it
there."""


def has(edition: Edition, feature: Feature) -> bool:
    return edition in EDITIONS[feature]


def needed(feature: Feature) -> Edition:
    """Return the least edition that has a feature."""
    return next(edition for edition in Edition if edition in EDITIONS[feature])


def lacking(edition: Edition) -> dict[str, str]:
    """Return the features that an edition has not, each with the least edition that has it."""
    return {feature.value: needed(feature).value for feature in Feature if not has(edition, feature)}
