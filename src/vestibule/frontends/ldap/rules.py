"""What may pass to the directory: pure rules over one request.

A connection that has not proven who it is may at most read, where its client allows that. Whatever could
stand for a bind and needs no second factor never passes: a password that is compared or searched for, in a
control too, and the control by which one acts as somebody else (LD-02, LD-08, LD-12).
"""

from __future__ import annotations

from typing import NamedTuple

from vestibule.model.ldap_client import LdapClientSettings
from vestibule.wire.ldap.messages import (
    PROXIED_AUTHORIZATION_OIDS,
    BindRequest,
    ExtendedRequest,
    Malformed,
    Message,
    OpaqueOperation,
    ResultCode,
    SearchRequest,
)
from vestibule.wire.ldap.passing import (
    COMPARE_REQUEST,
    RESPONSES,
    asserted_attributes,
    compared_attribute,
    filters_in,
)

# By name and by object identifier: RFC 4519, RFC 3112, Active Directory, Samba.
_PASSWORDS = frozenset(
    (
        "userpassword",
        "2.5.4.35",
        "authpassword",
        "1.3.6.1.4.1.4203.1.3.4",
        "unicodepwd",
        "1.2.840.113556.1.4.90",
        "sambantpassword",
        "1.3.6.1.4.1.7165.2.1.25",
    )
)


class Objection(NamedTuple):
    """Why a request does not pass: the result code, and the text under `ldap_proxy` in the catalog."""

    code: int
    why: str


def objection(
    message: Message, settings: LdapClientSettings, *, is_protected: bool, is_bound: bool
) -> Objection | None:
    """Return why `message` does not pass; None if it does. Of a bind only what is asked before it is read."""
    operation = message.operation
    if settings.demand_tls and not is_protected:
        return Objection(ResultCode.CONFIDENTIALITY_REQUIRED, "tls_needed")
    if any(control.oid in PROXIED_AUTHORIZATION_OIDS for control in message.controls):
        return Objection(ResultCode.AUTHORIZATION_DENIED, "no_other_identity")
    if isinstance(operation, BindRequest):
        return None
    is_reading = isinstance(operation, SearchRequest) or _is_comparison(operation)
    if not is_bound and not (settings.allow_anonymous and is_reading):
        return Objection(ResultCode.STRONGER_AUTH_REQUIRED, "bind_first")
    return _about_passwords(message)


def is_request(operation: object) -> bool:
    """Tell whether an operation is a client's to send, and answered."""
    if isinstance(operation, OpaqueOperation):
        return operation.tag in RESPONSES
    return isinstance(operation, BindRequest | SearchRequest | ExtendedRequest)


def _is_comparison(operation: object) -> bool:
    return isinstance(operation, OpaqueOperation) and operation.tag == COMPARE_REQUEST


def _about_passwords(message: Message) -> Objection | None:
    operation, asserted = message.operation, set[str]()
    if isinstance(operation, SearchRequest):
        asserted |= asserted_attributes(operation.filter)
    elif isinstance(operation, OpaqueOperation) and operation.tag == COMPARE_REQUEST:
        attribute = compared_attribute(operation)
        if isinstance(attribute, Malformed):
            return Objection(ResultCode.PROTOCOL_ERROR, "not_understood")
        asserted.add(attribute)
    for control in message.controls:
        filters = filters_in(control)
        if isinstance(filters, Malformed):
            return Objection(ResultCode.PROTOCOL_ERROR, "not_understood")
        asserted = asserted.union(*map(asserted_attributes, filters))
    # A matching rule without an attribute looks at all of them.
    if any(not name or name.partition(";")[0].lower() in _PASSWORDS for name in asserted):
        return Objection(ResultCode.UNWILLING_TO_PERFORM, "password_asserted")
    return None
