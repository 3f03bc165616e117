"""What a person holds, as the portal shows it to him and the console to administrators, numbers in full."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from vestibule.interfaces.method import Method
from vestibule.model.authenticator import Authenticator
from vestibule.services.app_activations import METHOD as APP
from vestibule.services.enrollment import Enrollments
from vestibule.services.phones import METHODS, phone_of

Kind = Literal["token", "app", "device", "text", "call"]
_PHONES: dict[str, Kind] = {"sms": "text", "voice": "call"}


@dataclass(frozen=True, slots=True)
class Holding:
    """An authenticator with what is told of it."""

    authenticator: Authenticator
    kind: Kind
    phone: str = ""
    """The whole number, with the extension; empty if it is no phone."""
    is_backup: bool = False
    """Another phone of the same method is asked before it."""
    traits: tuple[str, ...] = ()
    """`two_way`, `with_pin`."""


@dataclass(frozen=True, slots=True)
class Addable:
    """What a person of a tenant may add: `phones` are the methods that reach one, `device` is the app of
    ours."""

    phones: tuple[str, ...]
    app: bool
    device: bool
    hardware: bool


def holding_of(held: Authenticator, all_held: Sequence[Authenticator]) -> Holding:
    phone = phone_of(held)
    return Holding(
        held,
        _kind(held, is_phone=phone is not None),
        str(phone) if phone else "",
        phone is not None
        and any(one.method == held.method and one.created_at < held.created_at for one in all_held),
        tuple(name for name in ("two_way", "with_pin") if held.parameters.get(name)) if phone else (),
    )


def _kind(held: Authenticator, *, is_phone: bool) -> Kind:
    if held.is_hardware:
        return "token"
    if "public_key" in held.parameters:
        return "device"
    return _PHONES.get(held.method, "app") if is_phone else "app"


def addable(enrollments: Enrollments, tenant_id: str) -> Addable:
    on = {
        name: method.descriptor
        for name, method in enrollments.methods.items()
        if enrollments.prover.is_switched_on(tenant_id, name)
    }
    return Addable(
        phones=tuple(name for name in METHODS if name in on),
        app=any(each.self_enrolled for each in on.values()),
        device=APP in on,
        hardware=any(each.can_be_hardware for each in on.values()),
    )


def default_methods(methods: Mapping[str, Method], held: Sequence[Authenticator]) -> tuple[str, ...]:
    """Return the methods of which a person may choose the one to be asked by first."""
    names = {one.method for one in held if one.method in methods}
    usable = [name for name in names if methods[name].descriptor.is_own]
    return tuple(sorted(usable, key=lambda name: (methods[name].descriptor.rank, name)))
