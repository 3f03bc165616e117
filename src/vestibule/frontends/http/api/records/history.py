"""What happened."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from vestibule.frontends.http.api.records.listing import Record
from vestibule.model.device_record import AskedDevice
from vestibule.model.event import Event
from vestibule.model.verification import Verification


class AttemptRecord(Record):
    """One attempt as the list of attempts shows it."""

    named = "verification_id"

    id: str
    started_at: int
    decided_at: int | None
    expires_at: int
    application_id: str
    application_name: str
    client_id: str
    client_name: str
    client_address: str
    user_address: str
    channel: str
    claimed_username: str
    user_id: str
    username: str
    given_name: str
    family_name: str
    email: str
    method: str
    authenticator_id: str
    authenticator_label: str
    phone: str
    device: str
    state: str
    reason: str
    legacy_result: str
    is_first_factor_proven: bool
    is_authenticated: bool
    node_name: str
    node_address: str


class TraceRecord(Record):
    step: str
    result: str
    facts: dict[str, str]


class DeviceFactRecord(Record):
    fact: str
    at: int


class AskedDeviceRecord(Record):
    """What became of a request in the app at one device."""

    authenticator_id: str
    label: str
    decision: str
    """`decided` on this device, or on `another`; empty where no device has decided."""
    facts: list[DeviceFactRecord]


class TracedAttemptRecord(AttemptRecord):
    """One attempt with each step that led to its result, and the devices that were asked."""

    trace: list[TraceRecord]
    devices: list[AskedDeviceRecord]


class EventRecord(Record):
    named = "event_id"

    id: str
    at: int
    kind: str
    actor: str
    actor_name: str
    subject: str
    subject_name: str
    facts: dict[str, Any]


def attempt_record(verification: Verification) -> AttemptRecord:
    record: AttemptRecord = AttemptRecord.of(verification)
    return record


def traced_attempt_record(verification: Verification, asked: Iterable[AskedDevice]) -> TracedAttemptRecord:
    trace = [TraceRecord.of(line) for line in verification.trace]
    devices = [_asked_device_record(device) for device in asked]
    record: TracedAttemptRecord = TracedAttemptRecord.of(verification, trace=trace, devices=devices)
    return record


def _asked_device_record(device: AskedDevice) -> AskedDeviceRecord:
    facts = [DeviceFactRecord.of(each) for each in device.facts]
    record: AskedDeviceRecord = AskedDeviceRecord.of(device, facts=facts)
    return record


def event_record(event: Event) -> EventRecord:
    record: EventRecord = EventRecord.of(event)
    return record
