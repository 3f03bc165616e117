"""Attempts, and what devices made of them."""

from typing import Any

from preview_samples.people import ALICE, BOB, EVIL, LONG
from preview_samples.sample import HOSTILE, MINUTE, NOW
from vestibule.model.device_record import DeviceFact, DeviceRecord, asked_devices
from vestibule.model.user import User
from vestibule.model.verification import Reason, TraceLine, Verification, VerificationState

APPROVED_TRACE = (
    TraceLine("application", "enabled"),
    TraceLine("user", "active"),
    TraceLine("password", "match"),
    TraceLine("first_factor", "proven"),
    TraceLine("second_factor", "required"),
    TraceLine("passcode", "match", {"method": "totp", "label": "Diensttelefon"}),
    TraceLine("second_factor", "proven", {"method": "totp"}),
)


DENIED_TRACE = (
    *APPROVED_TRACE[:5],
    TraceLine("passcode", "replay"),
    TraceLine("throttle", "counted", {"failures": "3"}),
)


def make_attempt(
    number: int, user: User | None, state: VerificationState, reason: Reason, **more: Any
) -> Verification:
    known: dict[str, Any] = {"user_id": user.user_id, "username": user.username} if user else {}
    return Verification(
        **{
            "tenant_id": "demo",
            "verification_id": f"01JBQ0{number:02}Y7K3N9ZC4H8T2WXV5M",
            "started_at": NOW - number * 11 * MINUTE,
            "decided_at": NOW - number * 11 * MINUTE + 8_400,
            "expires_at": NOW + 3 * MINUTE,
            "application_id": "vpn",
            "application_name": "VPN Berlin",
            "client_id": "gateway",
            "client_name": "vpn-gateway-1",
            "client_address": "192.0.2.17",
            "user_address": "203.0.113.9",
            "channel": "radius",
            "claimed_username": user.username if user else "administrator",
            "state": state,
            "reason": reason,
            "node_name": "node-1",
            "node_address": "192.0.2.2",
            "is_authenticated": state is VerificationState.APPROVED,
            **known,
            **more,
        }
    )


HELD = {"method": "totp", "authenticator_label": "Diensttelefon"}


ATTEMPTS = (
    make_attempt(
        1,
        ALICE,
        VerificationState.APPROVED,
        Reason.PASSCODE_VERIFIED,
        trace=APPROVED_TRACE,
        legacy_result="SUCCESS_OATH_CODE_VERIFIED",
        **HELD,
    ),
    make_attempt(
        2,
        ALICE,
        VerificationState.DENIED,
        Reason.PASSCODE_REPLAYED,
        trace=DENIED_TRACE,
        legacy_result="FAILED_OATH_CODE_DUPLICATE",
        given_name="Alice",
        family_name="Example",
        email="alice@example.com",
        **HELD,
    ),
    make_attempt(3, LONG, VerificationState.PENDING, Reason.PASSCODE_PENDING, decided_at=None),
    make_attempt(4, None, VerificationState.DENIED, Reason.UNKNOWN_USER, user_address=""),
    make_attempt(5, EVIL, VerificationState.DENIED, Reason.LOCKED_OUT, client_name=HOSTILE),
    make_attempt(6, BOB, VerificationState.EXPIRED, Reason.TIMED_OUT),
    make_attempt(7, LONG, VerificationState.APPROVED, Reason.RECOVERY_CODE_VERIFIED, method="recovery_code"),
)


ASKED_IN_APP = make_attempt(
    8,
    ALICE,
    VerificationState.DENIED,
    Reason.APP_DENIED,
    method="app",
    authenticator_id="a6",
    authenticator_label="Pixel 9",
    device="7d6f1c0b52a94e8c93d1f0a7b6c5e4d3",
)


def _device_record(number: int, label: str, fact: DeviceFact, seconds: int = 0) -> DeviceRecord:
    return DeviceRecord(
        tenant_id="demo",
        verification_id=ASKED_IN_APP.verification_id,
        authenticator_id=f"a{number}",
        fact=fact,
        label=label,
        at=ASKED_IN_APP.started_at + seconds * 1000,
    )


NOT_IN_APP = {"devices": (), "country": ""}


IN_APP = {
    "devices": asked_devices(
        ASKED_IN_APP,
        (
            _device_record(6, "Pixel 9", DeviceFact.NOTIFIED),
            _device_record(6, "Pixel 9", DeviceFact.SHOWN, 3),
            _device_record(7, HOSTILE, DeviceFact.UNREACHABLE),
            _device_record(8, "", DeviceFact.NO_PUSH),
            _device_record(8, "", DeviceFact.SHOWN, 4),
            _device_record(8, "", DeviceFact.TOO_LATE, 20),
        ),
    ),
    "country": "DE",
}
