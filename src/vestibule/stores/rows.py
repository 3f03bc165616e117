"""Rows to values and back. A row is any sequence in the order of the columns named here.

The columns follow the fields of the model's structs, so that a struct is a row but for the few fields that
are stored in another form: tuples and dictionaries as JSON text, an empty user or key as NULL.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Final, TypeVar

import msgspec
from msgspec.structs import astuple

from vestibule.model.access_rule import AccessRule, RuleSet
from vestibule.model.accounting_record import AccountingRecord, Forwarding
from vestibule.model.app_password import AppPassword
from vestibule.model.application import (
    Application,
    Caching,
    Client,
    ClientKind,
    ClientSecret,
    DirectoryConfiguration,
    FirstFactor,
    Purpose,
    SecondFactor,
)
from vestibule.model.authenticator import Authenticator, AuthenticatorStatus
from vestibule.model.block import Block, BlockCause
from vestibule.model.bypass import Bypass, BypassState
from vestibule.model.certificate import Certificate, CertificateKind
from vestibule.model.delivery import Carries, Delivery, DeliveryState, Owed
from vestibule.model.device_record import DeviceFact, DeviceRecord
from vestibule.model.dispatch import Dispatch, DispatchState
from vestibule.model.edition import Edition
from vestibule.model.event import Event
from vestibule.model.gateway import GatewayConfiguration
from vestibule.model.group import Group
from vestibule.model.held_reply import HeldReply
from vestibule.model.nt_hash import NtHash
from vestibule.model.pin import Pin
from vestibule.model.proposal import Act, Proposal, ProposalState
from vestibule.model.provisioning import Provisioned, ProvisionedGroup
from vestibule.model.remembered_browser import RememberedBrowser
from vestibule.model.reply_attribute import ReplyAttribute, Shape
from vestibule.model.role import AdminRole, Grant
from vestibule.model.security_question import SecurityAnswers
from vestibule.model.session import Link, Session
from vestibule.model.synchronisation import (
    Bond,
    Counts,
    Problem,
    RunState,
    Synchronisation,
    SyncRun,
    SyncSettings,
)
from vestibule.model.tenant import Tenant, TenantSettings
from vestibule.model.user import Requirement, Role, User, UserStatus
from vestibule.model.verification import (
    Challenge,
    ChallengeState,
    Channel,
    Reason,
    TraceLine,
    Verification,
    VerificationState,
)
from vestibule.model.voice_message import MessageType, VoiceMessage
from vestibule.model.voucher import Vouch, Voucher, VoucherKind

Row = Sequence[Any]
Values = tuple[Any, ...]
Kind = TypeVar("Kind", bound=StrEnum)

_encode: Final = msgspec.json.Encoder().encode
_decode_object: Final = msgspec.json.Decoder(dict[str, Any]).decode
_decode_texts: Final = msgspec.json.Decoder(tuple[str, ...]).decode
_decode_trace: Final = msgspec.json.Decoder(tuple[TraceLine, ...]).decode
_decode_rules: Final = msgspec.json.Decoder(tuple[AccessRule, ...]).decode
_decode_settings: Final = msgspec.json.Decoder(TenantSettings).decode
_decode_shape: Final = msgspec.json.Decoder(Shape).decode
_decode_sync: Final = msgspec.json.Decoder(SyncSettings).decode
_decode_counts: Final = msgspec.json.Decoder(Counts).decode
_decode_problems: Final = msgspec.json.Decoder(tuple[Problem, ...]).decode


def _values(kind: type[Kind]) -> dict[str, Kind]:
    # A dictionary is several times as fast as calling the enumeration, and refuses as firmly.
    return {member.value: member for member in kind}


_USER_STATUS: Final = _values(UserStatus)
_ROLE: Final = _values(Role)
_REQUIREMENT: Final = _values(Requirement)
_AUTHENTICATOR_STATUS: Final = _values(AuthenticatorStatus)
_VERIFICATION_STATE: Final = _values(VerificationState)
_REASON: Final = _values(Reason)
_CHALLENGE_STATE: Final = _values(ChallengeState)
_CHANNEL: Final = _values(Channel)


def json_text(value: Any) -> str:
    """Return `value` as JSON; what is no Unicode in it becomes U+FFFD."""
    try:
        return _encode(value).decode()
    except UnicodeEncodeError:
        return _encode(_all_storable(msgspec.to_builtins(value))).decode()


def _all_storable(value: Any) -> Any:
    match value:
        case str():
            return storable(value)
        case dict():
            return {storable(key): _all_storable(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_all_storable(inner) for inner in value]
    return value


def storable(text: str) -> str:
    """Replace what a database's text cannot hold (NUL, lone surrogates) by U+FFFD.

    For words that come from outside and are stored as they were said, such as a claimed name.
    """
    if text.isascii():
        return text if "\0" not in text else text.replace("\0", "\N{REPLACEMENT CHARACTER}")
    text = text.replace("\0", "\N{REPLACEMENT CHARACTER}")
    return "".join("\N{REPLACEMENT CHARACTER}" if "\ud800" <= each <= "\udfff" else each for each in text)


# --- people -------------------------------------------------------------------------------------------

USER: Final = User.__struct_fields__


def user_values(user: User) -> Values:
    values = astuple(user)
    return (*values[:3], json_text(user.names), *values[4:], user.names[0])


def user_of(row: Row) -> User:
    return User(
        tenant_id=row[0],
        user_id=row[1],
        username=row[2],
        names=_decode_texts(row[3]),
        given_name=row[4],
        family_name=row[5],
        email=row[6],
        phone=row[7],
        language=row[8],
        directory_id=row[9],
        directory_reference=row[10],
        password_hash=row[11],
        status=_USER_STATUS[row[12]],
        role=_ROLE[row[13]],
        created_at=row[14],
        updated_at=row[15],
        version=row[16],
        default_method=row[17],
        requirement=_REQUIREMENT[row[18]],
        must_register=bool(row[19]),
        is_break_glass=bool(row[20]),
        void_before=row[21],
        blocked_until=row[22],
        bypass_until=row[23],
        language_call=row[24],
        language_text=row[25],
        language_app=row[26],
        language_token=row[27],
        has_made_app_password=bool(row[28]),
        methods_since=row[29],
        registering_since=row[30],
        send_mail=bool(row[31]),
    )


AUTHENTICATOR: Final = Authenticator.__struct_fields__


def authenticator_values(authenticator: Authenticator) -> Values:
    it = authenticator
    return (
        it.tenant_id,
        it.authenticator_id,
        it.user_id or None,
        it.method,
        it.label,
        it.serial,
        json_text(it.parameters),
        it.secret,
        json_text(it.state),
        it.status.value,
        it.not_before,
        it.not_after,
        it.created_at,
        it.used_at,
        it.version,
    )


def authenticator_of(row: Row) -> Authenticator:
    return Authenticator(
        tenant_id=row[0],
        authenticator_id=row[1],
        user_id=row[2] or "",
        method=row[3],
        label=row[4],
        serial=row[5],
        parameters=_decode_object(row[6]),
        secret=row[7],
        state=_decode_object(row[8]),
        status=_AUTHENTICATOR_STATUS[row[9]],
        not_before=row[10],
        not_after=row[11],
        created_at=row[12],
        used_at=row[13],
        version=row[14],
    )


SECURITY_ANSWERS: Final = SecurityAnswers.__struct_fields__


def security_answers_of(row: Row) -> SecurityAnswers:
    return SecurityAnswers(**dict(zip(SECURITY_ANSWERS, row, strict=True)))


NT_HASH: Final = NtHash.__struct_fields__


def nt_hash_of(row: Row) -> NtHash:
    return NtHash(**dict(zip(NT_HASH, row, strict=True)))


PIN: Final = Pin.__struct_fields__


def pin_of(row: Row) -> Pin:
    values = dict(zip(PIN, row, strict=True))
    values["must_change"] = bool(values["must_change"])
    return Pin(**values)


APP_PASSWORD: Final = AppPassword.__struct_fields__


def app_password_of(row: Row) -> AppPassword:
    values = dict(zip(APP_PASSWORD, row, strict=True))
    values["applications"] = _decode_texts(values["applications"])
    return AppPassword(**values)


VOUCHER: Final = Voucher.__struct_fields__


def voucher_of(row: Row) -> Voucher:
    values = dict(zip(VOUCHER, row, strict=True))
    values["kind"] = VoucherKind(values["kind"])
    values["vouch"] = Vouch(values["vouch"])
    return Voucher(**values)


BLOCK: Final = Block.__struct_fields__
BYPASS: Final = Bypass.__struct_fields__


def block_of(row: Row) -> Block:
    values = dict(zip(BLOCK, row, strict=True))
    values["cause"] = BlockCause(values["cause"])
    return Block(**values)


def bypass_of(row: Row) -> Bypass:
    values = dict(zip(BYPASS, row, strict=True))
    values["state"] = BypassState(values["state"])
    return Bypass(**values)


# --- attempts -----------------------------------------------------------------------------------------

VERIFICATION: Final = Verification.__struct_fields__
_STATE: Final = VERIFICATION.index("state")
_KEY: Final = VERIFICATION.index("idempotency_key")
_FROM_OUTSIDE: Final = tuple(
    VERIFICATION.index(name) for name in ("claimed_username", "user_address", "device")
)


def verification_values(verification: Verification) -> Values:
    values = list(astuple(verification))
    for position in _FROM_OUTSIDE:
        values[position] = storable(values[position])
    # SQLite's driver looks twice at a member of an enumeration, which is a text but no plain one; `str` is
    # several times as fast as asking them for their value.
    values[_STATE] = str(verification.state)
    values[_STATE + 1] = str(verification.reason)
    values[_KEY] = verification.idempotency_key or None
    values[_KEY + 1] = json_text(verification.trace) if verification.trace else "[]"
    return tuple(values)


def verification_of(row: Row) -> Verification:
    values = dict(zip(VERIFICATION, row, strict=True))
    values["state"] = _VERIFICATION_STATE[values["state"]]
    values["reason"] = _REASON[values["reason"]]
    values["is_first_factor_proven"] = bool(values["is_first_factor_proven"])
    values["is_authenticated"] = bool(values["is_authenticated"])
    values["trace"] = _decode_trace(values["trace"])
    return Verification(**values)


CHALLENGE: Final = Challenge.__struct_fields__


def challenge_of(row: Row) -> Challenge:
    values = dict(zip(CHALLENGE, row, strict=True))
    values["state"] = _CHALLENGE_STATE[values["state"]]
    values["channel"] = _CHANNEL[values["channel"]]
    values["progress"] = _decode_object(values["progress"])
    return Challenge(**values)


DEVICE_RECORD: Final = DeviceRecord.__struct_fields__


def device_record_of(row: Row) -> DeviceRecord:
    values = dict(zip(DEVICE_RECORD, row, strict=True))
    values["fact"] = DeviceFact(values["fact"])
    return DeviceRecord(**values)


ACCOUNTING_RECORD: Final = AccountingRecord.__struct_fields__


def accounting_record_of(row: Row) -> AccountingRecord:
    values = dict(zip(ACCOUNTING_RECORD, row, strict=True))
    values["attributes"] = msgspec.json.decode(values["attributes"])
    values["forwarding"] = Forwarding(values["forwarding"])
    return AccountingRecord(**values)


HELD_REPLY: Final = HeldReply.__struct_fields__


def held_reply_of(row: Row) -> HeldReply:
    return HeldReply(**dict(zip(HELD_REPLY, row, strict=True)))


DELIVERY: Final = Delivery.__struct_fields__


def delivery_of(row: Row) -> Delivery:
    values = dict(zip(DELIVERY, row, strict=True))
    values["carries"] = Carries(values["carries"])
    values["state"] = DeliveryState(values["state"])
    values["owed"] = Owed(values["owed"])
    values["tried"] = _decode_texts(values["tried"])
    return Delivery(**values)


DISPATCH: Final = Dispatch.__struct_fields__


def dispatch_of(row: Row) -> Dispatch:
    values = dict(zip(DISPATCH, row, strict=True))
    values["carries"] = Carries(values["carries"])
    values["state"] = DispatchState(values["state"])
    return Dispatch(**values)


# --- configuration ------------------------------------------------------------------------------------

TENANT: Final = Tenant.__struct_fields__
APPLICATION: Final = Application.__struct_fields__
CLIENT: Final = Client.__struct_fields__
CLIENT_SECRET: Final = ClientSecret.__struct_fields__
DIRECTORY: Final = DirectoryConfiguration.__struct_fields__
GATEWAY: Final = GatewayConfiguration.__struct_fields__
ROLE: Final = AdminRole.__struct_fields__
CERTIFICATE: Final = Certificate.__struct_fields__
PROPOSAL: Final = Proposal.__struct_fields__


_AS_JSON: Final = (dict, tuple, msgspec.Struct)
"""Not as a union: one would be made, and slowly compared, for each value."""


def record_values(record: msgspec.Struct) -> dict[str, Any]:
    """Return any record of the configuration as parameters by name."""
    values = msgspec.structs.asdict(record)
    for name, value in values.items():
        if isinstance(value, StrEnum):
            values[name] = value.value
        elif isinstance(value, _AS_JSON):
            values[name] = json_text(value)
    return values


def tenant_of(row: Row) -> Tenant:
    values = dict(zip(TENANT, row, strict=True))
    values["settings"] = _decode_settings(values["settings"])
    values["edition"] = Edition(values["edition"])
    values["own_edition"] = Edition(values["own_edition"]) if values["own_edition"] else None
    values["is_standalone"] = bool(values["is_standalone"])
    return Tenant(**values)


def application_of(row: Row) -> Application:
    values = dict(zip(APPLICATION, row, strict=True))
    values["first_factor"] = FirstFactor(values["first_factor"])
    values["second_factor"] = SecondFactor(values["second_factor"])
    values["methods"] = _decode_texts(values["methods"])
    values["is_enabled"] = bool(values["is_enabled"])
    values["purpose"] = Purpose(values["purpose"])
    values["trusted_addresses"] = _decode_texts(values["trusted_addresses"])
    values["skips_trusted"] = bool(values["skips_trusted"])
    values["caching"] = Caching(values["caching"])
    values["is_legacy"] = bool(values["is_legacy"])
    return Application(**values)


def client_of(row: Row) -> Client:
    values = dict(zip(CLIENT, row, strict=True))
    values["kind"] = ClientKind(values["kind"])
    values["settings"] = _decode_object(values["settings"])
    values["scopes"] = _decode_texts(values["scopes"])
    values["is_enabled"] = bool(values["is_enabled"])
    return Client(**values)


def client_secret_of(row: Row) -> ClientSecret:
    return ClientSecret(**dict(zip(CLIENT_SECRET, row, strict=True)))


def role_of(row: Row) -> AdminRole:
    values = dict(zip(ROLE, row, strict=True))
    values["rights"] = _decode_texts(values["rights"])
    return AdminRole(**values)


def certificate_of(row: Row) -> Certificate:
    values = dict(zip(CERTIFICATE, row, strict=True))
    values["kind"] = CertificateKind(values["kind"])
    values["hosts"] = _decode_texts(values["hosts"])
    return Certificate(**values)


def grant_of(row: Row) -> Grant:
    return Grant(role_id=row[0], tenant_id=row[1], groups=_decode_texts(row[2]))


def proposal_of(row: Row) -> Proposal:
    values = dict(zip(PROPOSAL, row, strict=True))
    values["act"] = Act(values["act"])
    values["facts"] = _decode_object(values["facts"])
    values["state"] = ProposalState(values["state"])
    return Proposal(**values)


def directory_of(row: Row) -> DirectoryConfiguration:
    values = dict(zip(DIRECTORY, row, strict=True))
    values["settings"] = _decode_object(values["settings"])
    return DirectoryConfiguration(**values)


def gateway_of(row: Row) -> GatewayConfiguration:
    values = dict(zip(GATEWAY, row, strict=True))
    values["settings"] = _decode_object(values["settings"])
    values["is_enabled"] = bool(values["is_enabled"])
    return GatewayConfiguration(**values)


GROUP: Final = Group.__struct_fields__
RULE_SET: Final = RuleSet.__struct_fields__


def group_of(row: Row) -> Group:
    return Group(**dict(zip(GROUP, row, strict=True)))


def rule_set_of(row: Row) -> RuleSet:
    values = dict(zip(RULE_SET, row, strict=True))
    values["rules"] = _decode_rules(values["rules"])
    return RuleSet(**values)


REPLY_ATTRIBUTE: Final = ReplyAttribute.__struct_fields__


def reply_attribute_of(row: Row) -> ReplyAttribute:
    values = dict(zip(REPLY_ATTRIBUTE, row, strict=True))
    values["adds"] = bool(values["adds"])
    values["shape"] = _decode_shape(values["shape"])
    values["content"] = bytes(values["content"])
    return ReplyAttribute(**values)


VOICE_MESSAGE: Final = VoiceMessage.__struct_fields__


def voice_message_of(row: Row) -> VoiceMessage:
    values = dict(zip(VOICE_MESSAGE, row, strict=True))
    values["type"] = MessageType(values["type"])
    return VoiceMessage(**values)


# --- synchronisation ------------------------------------------------------------------------------------

SYNCHRONISATION: Final = Synchronisation.__struct_fields__
BOND: Final = Bond.__struct_fields__
SYNC_RUN: Final = SyncRun.__struct_fields__


def synchronisation_of(row: Row) -> Synchronisation:
    values = dict(zip(SYNCHRONISATION, row, strict=True))
    values["settings"] = _decode_sync(values["settings"])
    return Synchronisation(**values)


def bond_values(bond: Bond) -> Values:
    values = astuple(bond)
    return (*values[:4], *map(json_text, values[4:7]), *values[7:9], json_text(values[9]))


def bond_of(row: Row) -> Bond:
    return Bond(
        tenant_id=row[0],
        directory_id=row[1],
        reference=row[2],
        user_id=row[3],
        names=_decode_texts(row[4]),
        fields=_decode_texts(row[5]),
        groups=_decode_texts(row[6]),
        is_disabled=bool(row[7]),
        phone_method=row[8],
        phones=_decode_texts(row[9]),
    )


def sync_run_of(row: Row) -> SyncRun:
    values = dict(zip(SYNC_RUN, row, strict=True))
    values["is_full"] = bool(values["is_full"])
    values["state"] = RunState(values["state"])
    values["counts"] = _decode_counts(values["counts"])
    values["problems"] = _decode_problems(values["problems"])
    values["leavers"] = _decode_texts(values["leavers"])
    return SyncRun(**values)


# --- provisioning ---------------------------------------------------------------------------------------

PROVISIONED: Final = Provisioned.__struct_fields__
PROVISIONED_GROUP: Final = ProvisionedGroup.__struct_fields__


def provisioned_of(row: Row) -> Provisioned:
    values = dict(zip(PROVISIONED, row, strict=True))
    values["names"] = _decode_texts(values["names"])
    values["fields"] = _decode_texts(values["fields"])
    values["told"] = _decode_object(values["told"])
    values["is_gone"] = bool(values["is_gone"])
    return Provisioned(**values)


def provisioned_group_of(row: Row) -> ProvisionedGroup:
    return ProvisionedGroup(**dict(zip(PROVISIONED_GROUP, row, strict=True)))


# --- sessions, links, events --------------------------------------------------------------------------

SESSION: Final = Session.__struct_fields__
LINK: Final = Link.__struct_fields__
EVENT: Final = Event.__struct_fields__


REMEMBERED_BROWSER: Final = RememberedBrowser.__struct_fields__


def remembered_browser_of(row: Row) -> RememberedBrowser:
    return RememberedBrowser(**dict(zip(REMEMBERED_BROWSER, row, strict=True)))


def session_of(row: Row) -> Session:
    values = dict(zip(SESSION, row, strict=True))
    values["is_second_factor_proven"] = bool(values["is_second_factor_proven"])
    return Session(**values)


def link_of(row: Row) -> Link:
    return Link(**dict(zip(LINK, row, strict=True)))


def event_values(event: Event) -> Values:
    texts = [storable(value) for value in astuple(event)[3:-2]]
    return (event.tenant_id, event.event_id, event.at, *texts, json_text(event.facts), event.format)


def untold_text(event: Event) -> str:
    """Return the whole event as one text, in which everything is storable as it is in its row."""
    return json_text(msgspec.structs.asdict(event))


def event_of(row: Row) -> Event:
    values = dict(zip(EVENT, row, strict=True))
    values["facts"] = _decode_object(values["facts"])
    return Event(**values)
