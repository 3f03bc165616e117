"""Device record: what became of a request in the app at one of the devices that were asked."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from vestibule.model.verification import Verification


class DeviceFact(StrEnum):
    """The texts are in the catalog under `app_device.…`."""

    NOTIFIED = "notified"
    """The push service has taken the message."""
    PUSH_FAILED = "push_failed"
    """The push service refused it, or could not be reached."""
    UNREACHABLE = "unreachable"
    """The push service says that it does not reach the device any more, or has said so before."""
    NO_PUSH = "no_push"
    """The device wants no notifications, or cannot have any."""
    SHOWN = "shown"
    """The app has fetched the request."""
    TOO_LATE = "too_late"
    """It answered a request that was over, and was told so."""


class DeviceRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Each fact is written once for a device and an attempt, the first time."""

    tenant_id: str
    verification_id: str
    authenticator_id: str
    fact: DeviceFact
    label: str
    """What the device was called then."""
    at: int = 0


class AskedDevice(msgspec.Struct, frozen=True, kw_only=True):
    """What is told of one device in an attempt."""

    authenticator_id: str
    label: str
    facts: tuple[DeviceRecord, ...]
    """In the order in which they came."""
    decision: str = ""
    """`decided` on this device, or on `another`; empty where no device has decided."""


def asked_devices(attempt: Verification, records: Iterable[DeviceRecord]) -> tuple[AskedDevice, ...]:
    """Return the devices of which there are `records`, by name."""
    by_device: dict[str, list[DeviceRecord]] = {}
    for record in records:
        by_device.setdefault(record.authenticator_id, []).append(record)
    devices = [
        AskedDevice(
            authenticator_id=authenticator_id,
            label=own[0].label,
            facts=tuple(own),
            decision=_decision(attempt, authenticator_id),
        )
        for authenticator_id, own in by_device.items()
    ]
    return tuple(sorted(devices, key=lambda device: (device.label, device.authenticator_id)))


def _decision(attempt: Verification, authenticator_id: str) -> str:
    if not attempt.device:
        return ""
    return "decided" if attempt.authenticator_id == authenticator_id else "another"
