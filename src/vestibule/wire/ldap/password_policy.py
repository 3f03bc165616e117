"""What a directory says of its rules for passwords, beside its answer to a bind or a change of password
(draft-behera-ldap-password-policy-10 §6): it says it to who has sent the control, which has no value then.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from vestibule.wire.ldap import ber
from vestibule.wire.ldap.messages import Control, Malformed, Message

PASSWORD_POLICY_OID: Final = "1.3.6.1.4.1.42.2.27.8.5.1"  # noqa: S105 - an object identifier
ASKING: Final = Control(PASSWORD_POLICY_OID)
_WARNING, _SECONDS_LEFT, _GRACE_LEFT, _ERROR = 0xA0, 0x80, 0x81, 0x81
_MAX_ELEMENTS = 8


class PolicyError(IntEnum):
    """What stands in the way; others stay plain integers."""

    PASSWORD_EXPIRED = 0
    ACCOUNT_LOCKED = 1
    CHANGE_AFTER_RESET = 2
    PASSWORD_MOD_NOT_ALLOWED = 3
    MUST_SUPPLY_OLD_PASSWORD = 4
    INSUFFICIENT_PASSWORD_QUALITY = 5
    PASSWORD_TOO_SHORT = 6
    PASSWORD_TOO_YOUNG = 7
    PASSWORD_IN_HISTORY = 8


@dataclass(frozen=True, slots=True)
class PasswordPolicy:
    """All None where a directory says nothing."""

    error: int | None = None
    grace_left: int | None = None
    """How often a password that has expired still lets somebody in."""
    seconds_left: int | None = None
    """How long it is until the password expires."""


def password_policy(message: Message) -> PasswordPolicy | Malformed:
    """Return what the control in a response says."""
    value = next((each.value for each in message.controls if each.oid == PASSWORD_POLICY_OID), None)
    if value is None:
        return PasswordPolicy()
    try:
        return _read(ber.Reader(value, 0, len(value), ber.Budget(_MAX_ELEMENTS)).enter(ber.SEQUENCE))
    except ber.MalformedBer as problem:
        return Malformed(str(problem))


def _read(reader: ber.Reader) -> PasswordPolicy:
    grace_left = seconds_left = error = None
    if reader.next_tag() == _WARNING:
        warning = reader.enter(_WARNING)
        if warning.next_tag() == _GRACE_LEFT:
            grace_left = warning.take_integer(_GRACE_LEFT)
        else:
            seconds_left = warning.take_integer(_SECONDS_LEFT)
    if reader.next_tag() == _ERROR:
        error = reader.take_integer(_ERROR)
    reader.finish(_WARNING, _ERROR)
    return PasswordPolicy(error, grace_left, seconds_left)
