"""Registration: why a person is asked to register now, if he is.

Each reason is a rule of its own; the first that holds is the one that he is told. Pure: what is done about
it, a door refuses or a page leads him through, is said by the services.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

import msgspec

from vestibule.model.access_rule import AccessRule, Effect
from vestibule.model.application import Application, Purpose, SecondFactor
from vestibule.model.tenant import DAY_MS, TenantSettings, Whom
from vestibule.model.user import Requirement, User


class RegistrationReason(StrEnum):
    """Why somebody is asked; the words for him are in the catalog under `registration.why.…`."""

    DEMANDED_AGAIN = "demanded_again"
    METHOD_SWITCHED_OFF = "method_switched_off"
    REQUIRED = "required"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - a reason, no password
    APPLICATION = "application"
    DEVICE_REGISTRATION = "device_registration"
    DEVICE_SIGN_IN_SETUP = "device_sign_in_setup"
    POLICY = "policy"
    UNFINISHED = "unfinished"


class Opened(msgspec.Struct, frozen=True):
    """An application that he wants to open, and whether its policy asks him for a second factor there."""

    application: Application
    needs_second_factor: bool


class RegistrationFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the rules may know of a person. `is_registered`: he holds a method that counts, usable now or
    not."""

    user: User
    now: int
    is_registered: bool = False
    chosen_is_off: bool = False
    """The method that he has chosen to be asked by was switched off."""
    resets_password: bool = False
    """He may reset his password by what he registers."""
    policy_days: int | None = None
    """For how many days he may put off what the registration policy asks; None: it does not mean him."""
    opened: tuple[Opened, ...] = ()


class Asked(msgspec.Struct, frozen=True):
    """Why he is asked. `until`: when he can put it off no more (epoch ms); None: he cannot at all.
    `application` is named in some of the reasons."""

    reason: RegistrationReason
    until: int | None = None
    application: str = ""

    def can_wait(self, now: int) -> bool:
        return self.until is not None and now < self.until


_Rule = Callable[[RegistrationFacts], Asked | None]


def asked_to_register(facts: RegistrationFacts) -> Asked | None:
    """Return the first reason that holds, None if he is not asked."""
    for rule in RULES:
        asked = rule(facts)
        if asked is not None:
            return asked
    return None


def needs_second_factor(application: Application, rule: AccessRule | None) -> bool:
    """Tell whether the policy of an application asks for a second factor: a rule that means this person
    there, or the application itself."""
    if rule is not None:
        return rule.effect is Effect.REQUIRE
    return application.second_factor is SecondFactor.ALWAYS


def policy_days(settings: TenantSettings, groups: frozenset[str]) -> int | None:
    """Return for how many days somebody in `groups` may put off the registration policy of his tenant, None
    if it does not mean him."""
    is_meant = settings.registration_policy is Whom.EVERYBODY or (
        settings.registration_policy is Whom.GROUPS and not groups.isdisjoint(settings.registration_groups)
    )
    if not is_meant or not groups.isdisjoint(settings.registration_except_groups):
        return None
    return settings.registration_skip_days


def closes_every_door(facts: RegistrationFacts) -> Asked | None:
    """Return why he is let in nowhere but where he registers, whether or not a second factor is asked for:
    registration was demanded of him anew, or the policy's time is up. None: he is let in."""
    asked = _demanded_again(facts) or _asked_by_policy(facts)
    return None if asked is None or asked.can_wait(facts.now) else asked


def is_first_asked_by_policy(facts: RegistrationFacts) -> bool:
    """Tell whether the policy asks him, and nobody has asked him before: his time begins now."""
    return not facts.user.registering_since and _asked_by_policy(facts) is not None


def _demanded_again(facts: RegistrationFacts) -> Asked | None:
    return Asked(RegistrationReason.DEMANDED_AGAIN) if facts.user.must_register else None


def _chosen_is_off(facts: RegistrationFacts) -> Asked | None:
    return Asked(RegistrationReason.METHOD_SWITCHED_OFF) if facts.chosen_is_off else None


def _required_of_him(facts: RegistrationFacts) -> Asked | None:
    if facts.is_registered or facts.user.requirement is Requirement.DISABLED:
        return None
    return Asked(RegistrationReason.REQUIRED)


def _resets_password_by_it(facts: RegistrationFacts) -> Asked | None:
    if facts.is_registered or not facts.resets_password:
        return None
    return Asked(RegistrationReason.PASSWORD_RESET)


def _needed_by_an_application(facts: RegistrationFacts) -> Asked | None:
    return _opens(facts, Purpose.SIGN_IN, RegistrationReason.APPLICATION)


def _registers_a_device(facts: RegistrationFacts) -> Asked | None:
    return _opens(facts, Purpose.DEVICE_REGISTRATION, RegistrationReason.DEVICE_REGISTRATION)


def _sets_up_a_device(facts: RegistrationFacts) -> Asked | None:
    return _opens(facts, Purpose.DEVICE_SIGN_IN_SETUP, RegistrationReason.DEVICE_SIGN_IN_SETUP)


def _asked_by_policy(facts: RegistrationFacts) -> Asked | None:
    """The time he has is counted from when he was first asked."""
    if facts.is_registered or facts.policy_days is None or facts.user.is_break_glass:
        return None
    since = facts.user.registering_since or facts.now
    return Asked(RegistrationReason.POLICY, until=since + facts.policy_days * DAY_MS)


def _has_begun(facts: RegistrationFacts) -> Asked | None:
    is_under_way = facts.user.registering_since > 0 and facts.is_registered
    return Asked(RegistrationReason.UNFINISHED) if is_under_way else None


def _opens(facts: RegistrationFacts, purpose: Purpose, reason: RegistrationReason) -> Asked | None:
    if facts.is_registered:
        return None
    for opened in facts.opened:
        if opened.needs_second_factor and opened.application.purpose is purpose:
            return Asked(reason, application=opened.application.name)
    return None


RULES: tuple[_Rule, ...] = (
    _demanded_again,
    _chosen_is_off,
    _required_of_him,
    _resets_password_by_it,
    _needed_by_an_application,
    _registers_a_device,
    _sets_up_a_device,
    _asked_by_policy,
    _has_begun,
)
