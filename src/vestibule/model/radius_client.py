"""What an administrator may set for one RADIUS client. It lies in `Client.settings`; all defaults are safe.

It stands in the model, because services check it whoever asks for the change, and several faces show it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

import msgspec


class Mode(StrEnum):
    """What stands in the password field of a sign-in."""

    CHALLENGE = "challenge"
    """The password; the passcode is asked for with an Access-Challenge."""
    COMBINED = "combined"
    """The password and, directly behind it, the passcode; see combined_password.py."""
    PASSCODE_ONLY = "passcode_only"
    """The passcode: the client has checked the password. Left empty, it is asked for with an
    Access-Challenge.
    """
    OUT_OF_BAND = "out_of_band"
    """Nothing that a person types reaches us, as behind an RD Gateway, which has checked the password and
    sends none: the answer comes on another road.
    """

    @property
    def can_ask(self) -> bool:
        """Whether the client can show a question and take an answer."""
        return self in (Mode.CHALLENGE, Mode.PASSCODE_ONLY)


class Signing(StrEnum):
    """What becomes of a request without Message-Authenticator (CVE-2024-3596): steps that are taken upwards,
    by an administrator, never by themselves."""

    OBSERVE = "observe"
    """It is taken and counted. Answers to the client can be forged by who sees and changes packets."""
    WARN = "warn"
    """The same, and administrators are told."""
    REQUIRE = "require"
    """It is dropped."""

    @property
    def next(self) -> Signing | None:
        """The next step up."""
        steps = tuple(Signing)
        return steps[steps.index(self) + 1] if self is not Signing.REQUIRE else None

    def is_below(self, other: Signing) -> bool:
        steps = tuple(Signing)
        return steps.index(self) < steps.index(other)


class RadiusClientSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of one client."""

    mode: Mode = Mode.CHALLENGE
    message_authenticator: Signing = Signing.REQUIRE
    limit_proxy_state: bool = True
    """Drop unsigned requests that carry Proxy-State, which every forgery of CVE-2024-3596 needs."""
    passcode_length: Annotated[int, msgspec.Meta(ge=6, le=10)] = 6
    """Mode `combined`: how many digits at the end are the passcode."""
    response_seconds: Annotated[int, msgspec.Meta(ge=3, le=300)] = 55
    """How long a request may wait for an answer from the phone: a little less than the client waits."""
    require_user_match: bool = True
    """Of a server behind: let in only whom Vestibule knows, too. Without it a person who is nobody here gets
    in by the first factor alone; who is known here never does."""
    require_inner_name: bool = True
    """Of EAP through a tunnel to a server behind: let in only whom that server has named in its acceptance
    (User-Name). Without it the name outside the tunnel counts, which anybody can choose."""
    require_radius_1_1: bool = False
    """Take requests over TLS only, and only as RADIUS/1.1 (RFC 9765), which does without MD5."""


def read_settings(settings: Mapping[str, Any]) -> RadiusClientSettings:
    """Read the settings of a client; raises ValueError naming the one that is wrong."""
    return msgspec.convert(_of_today(settings), RadiusClientSettings)


def _of_today(settings: Mapping[str, Any]) -> dict[str, Any]:
    """What the release before wrote: `allow`, and `auto`, which demanded a signature of who had signed."""
    written = dict(settings)
    has_signed = written.pop("has_signed", False)
    match written.get("message_authenticator"):
        case "allow":
            written["message_authenticator"] = Signing.OBSERVE.value
        case "auto":
            written["message_authenticator"] = (Signing.REQUIRE if has_signed else Signing.WARN).value
    return written
