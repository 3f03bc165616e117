"""Refusals: why a change that a person asked for was not made."""

from __future__ import annotations

from enum import StrEnum


class Refusal(StrEnum):
    """Why a change was not made; texts are in the catalog under `refusal.…`."""

    NAME_INVALID = "name_invalid"
    NAME_TAKEN = "name_taken"
    NOT_FOUND = "not_found"
    CHANGED_MEANWHILE = "changed_meanwhile"
    NT_HASHES_UNREAD = "nt_hashes_unread"
    PASSWORD_TOO_SHORT = "password_too_short"  # noqa: S105 - a refusal, no password
    PASSWORD_TOO_LONG = "password_too_long"  # noqa: S105 - a refusal, no password
    PASSWORD_CONTAINS_NAME = "password_contains_name"  # noqa: S105 - a refusal, no password
    PASSWORD_WRONG = "password_wrong"  # noqa: S105 - a refusal, no password
    PASSWORDS_DIFFER = "passwords_differ"
    PASSWORD_UNFIT = "password_unfit"  # noqa: S105 - a refusal, no password
    PASSWORD_USED_BEFORE = "password_used_before"  # noqa: S105 - a refusal, no password
    PASSWORD_TOO_YOUNG = "password_too_young"  # noqa: S105 - a refusal, no password
    DIRECTORY_SILENT = "directory_silent"
    QUESTIONS_UNFIT = "questions_unfit"
    ANSWERS_UNFIT = "answers_unfit"
    NOT_PROVEN = "not_proven"
    LAST_ADMINISTRATOR = "last_administrator"
    LAST_AUTHENTICATOR = "last_authenticator"
    SERIAL_TAKEN = "serial_taken"
    SERIAL_UNKNOWN = "serial_unknown"
    PASSCODE_WRONG = "passcode_wrong"
    LOCKED_OUT = "locked_out"
    TOO_MANY = "too_many"
    TOO_MANY_DEVICES = "too_many_devices"
    NOT_POSSIBLE = "not_possible"
    ADDRESS_INVALID = "address_invalid"
    ADDRESS_TAKEN = "address_taken"
    SECRET_TOO_SHORT = "secret_too_short"  # noqa: S105 - a refusal, no password
    IN_USE = "in_use"
    SETTING_INVALID = "setting_invalid"
    COMBINED_UNCHECKED = "combined_unchecked"
    DIRECTORY_NEEDED = "directory_needed"
    APP_PASSWORDS_OFF = "app_passwords_off"
    APP_PASSWORD_NOT_NEEDED = "app_password_not_needed"  # noqa: S105 - a refusal, no password
    APP_PASSWORD_NAME = "app_password_name"  # noqa: S105 - a refusal, no password
    APP_PASSWORD_APPLICATION = "app_password_application"  # noqa: S105 - a refusal, no password
    LEGACY_UNCHECKED = "legacy_unchecked"
    EDITION_NEEDED = "edition_needed"
    EDITION_EXCEEDED = "edition_exceeded"
    NO_PIN = "no_pin"
    PIN_REFUSED = "pin_refused"
    PHONE_INVALID = "phone_invalid"
    PHONE_TOO_SHORT = "phone_too_short"
    PHONE_TOO_LONG = "phone_too_long"
    PHONE_UNASSIGNED = "phone_unassigned"
    EXTENSION_INVALID = "extension_invalid"
    PHONE_NOT_ALLOWED = "phone_not_allowed"
    COUNTRY_CLOSED = "country_closed"
    METHOD_NOT_HELD = "method_not_held"
    NOTHING_SENT = "nothing_sent"
    CALL_IN_PROGRESS = "call_in_progress"
    PRICE_INVALID = "price_invalid"
    RANGE_INVALID = "range_invalid"
    NOT_SERVED = "not_served"
    ALERT_KIND_UNKNOWN = "alert_kind_unknown"
    TEMPLATE_UNKNOWN = "template_unknown"
    TEMPLATE_EMPTY = "template_empty"
    TEMPLATE_TOO_LONG = "template_too_long"
    TEMPLATE_BRACE = "template_brace"
    PLACEHOLDER_UNKNOWN = "placeholder_unknown"
    ATTACHMENT_TOO_LARGE = "attachment_too_large"
    ATTACHMENT_UNUSABLE = "attachment_unusable"
    MAIL_ADDRESS_INVALID = "mail_address_invalid"
    NOT_SENDABLE = "not_sendable"
    RULE_INVALID = "rule_invalid"
    NAMED_BY_RULE = "named_by_rule"
    LOCKS_OUT = "locks_out"
    OUT_OF_BOUNDS = "out_of_bounds"
    SECOND_NEEDED = "second_needed"
    OWN_PROPOSAL = "own_proposal"
    ROLE_UNKNOWN = "role_unknown"
    RIGHT_UNKNOWN = "right_unknown"
    GROUP_UNKNOWN = "group_unknown"
    LIMITS_A_ROLE = "limits_a_role"
    LIST_TOO_LONG = "list_too_long"
    NOT_TEXT = "not_text"
    METHOD_OFF = "method_off"
    CODE_WRONG = "code_wrong"
    NO_MAIL = "no_mail"
    VOUCHING_OFF = "vouching_off"
    REGISTRATION_UNFINISHED = "registration_unfinished"
    REASON_MISSING = "reason_missing"
    ALREADY_BLOCKED = "already_blocked"
    NOT_BLOCKED = "not_blocked"
    PHONE_NOT_HELD = "phone_not_held"
    NO_BYPASS = "no_bypass"
    NO_PASS = "no_pass"  # noqa: S105 - a refusal, no password
    USER_BLOCKED = "user_blocked"
    NAMED_BY_REPLY = "named_by_reply"
    REPLY_UNKNOWN = "reply_unknown"
    REPLY_NOT_GIVEN = "reply_not_given"
    REPLY_CONTAINER = "reply_container"
    REPLY_TAG = "reply_tag"
    REPLY_VALUE = "reply_value"
    REPLY_LENGTH = "reply_length"
    DICTIONARY_NAME = "dictionary_name"
    DICTIONARY_NOT_TEXT = "dictionary_not_text"
    DICTIONARY_TOO_LARGE = "dictionary_too_large"
    DICTIONARY_INCLUDE = "dictionary_include"
    DICTIONARY_KEYWORD = "dictionary_keyword"
    DICTIONARY_WORDS = "dictionary_words"
    DICTIONARY_NUMBER = "dictionary_number"
    DICTIONARY_TYPE = "dictionary_type"
    DICTIONARY_FLAG = "dictionary_flag"
    DICTIONARY_VENDOR = "dictionary_vendor"
    DICTIONARY_FORMAT = "dictionary_format"
    DICTIONARY_BLOCK = "dictionary_block"
    DICTIONARY_ATTRIBUTE = "dictionary_attribute"
    DICTIONARY_TWICE = "dictionary_twice"
    SYNC_RUNNING = "sync_running"
    SYNC_NOTHING_WAITS = "sync_nothing_waits"
    SYNC_IMPOSSIBLE = "sync_impossible"
    NO_AUTHORITY = "no_authority"
    NO_CERTIFICATE = "no_certificate"
    AUTHORITY_AS_CLIENT = "authority_as_client"
    CERTIFICATE_ENDED = "certificate_ended"
    CERTIFICATE_TAKEN = "certificate_taken"
    ENTRY_UNKNOWN = "entry_unknown"
    LINKED_ALREADY = "linked_already"
    ENTRY_LINKED = "entry_linked"
    MEMBER_UNKNOWN = "member_unknown"
    KEPT_HERE = "kept_here"
    KEPT_BY_DIRECTORY = "kept_by_directory"


class Refused(Exception):
    """A change that a person asked for is not possible as asked; `why` and `key` make the text."""

    def __init__(self, why: Refusal, key: str = "") -> None:
        super().__init__(f"{why.value}: {key}" if key else why.value)
        self.why = why
        self.key = key
