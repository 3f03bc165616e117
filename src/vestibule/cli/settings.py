"""`vestibule settings`: the settings of a tenant, in the database. Those of the process: `check-config`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

import msgspec
from cyclopts import App, Parameter

from vestibule.cli import finding
from vestibule.cli.desk import Desk, at_desk
from vestibule.cli.parameters import HERE, Json, Scope
from vestibule.cli.terminal import NotDone
from vestibule.cli.values import named_values, plain_name
from vestibule.model.app_check import AppCheck
from vestibule.model.self_service import PasswordReset
from vestibule.model.tenant import TenantSettings, Whom
from vestibule.model.voucher import Vouch

app = App(
    name="settings", help="The settings of a tenant: lockout, time limits, records.", help_format="plaintext"
)

_LONGEST_ISSUER = 60


@app.command
def show(*, as_json: Json = False, scope: Scope = HERE) -> int:
    """Show the settings of a tenant.

    For example:

      vestibule settings show
      vestibule settings show --tenant acme --json
    """

    async def work(desk: Desk) -> None:
        settings, terminal = desk.tenant.settings, desk.terminal
        if as_json:
            terminal.json(settings)
            return
        terminal.facts([(f"setting.{name}", _shown(desk, settings, name)) for name in _names(settings)])

    return at_desk(scope, work)


@app.command
def change(
    *,
    language: Literal["en", "de"] | None = None,
    issuer: str | None = None,
    record_names: bool | None = None,
    record_email: bool | None = None,
    tells_names: bool | None = None,
    strip_domain_prefix: bool | None = None,
    lockout_threshold: int | None = None,
    lockout_seconds: int | None = None,
    lockout_reset_seconds: int | None = None,
    hard_stop: int | None = None,
    spraying_failures: int | None = None,
    spraying_pause_seconds: int | None = None,
    service_spraying_failures: int | None = None,
    challenge_seconds: int | None = None,
    challenge_tries: int | None = None,
    pin_least_digits: int | None = None,
    pin_most_digits: int | None = None,
    pin_refuse_simple: bool | None = None,
    pin_refuse_phone: bool | None = None,
    pin_history: int | None = None,
    pin_expiry_days: int | None = None,
    country_code: str | None = None,
    calling_codes: Annotated[
        list[str] | None, Parameter(name="--calling-code", negative="--no-calling-codes")
    ] = None,
    trusted_addresses: Annotated[
        list[str] | None, Parameter(name="--trusted-address", negative="--no-trusted-addresses")
    ] = None,
    text_one_way_seconds: int | None = None,
    text_two_way_seconds: Annotated[
        int | None, Parameter(name=["--text-two-way-seconds", "--pfsvc_pendingSmsTimeoutSeconds"])
    ] = None,
    call_seconds: int | None = None,
    app_seconds: int | None = None,
    app_devices: int | None = None,
    app_unapproved_per_hour: int | None = None,
    texts_per_hour: int | None = None,
    texts_per_number: int | None = None,
    texts_per_prefix: int | None = None,
    texts_per_tenant: int | None = None,
    texts_per_day: int | None = None,
    breaker_unanswered: int | None = None,
    daily_cost_cap: int | None = None,
    open_country: Annotated[list[str] | None, Parameter(negative="")] = None,
    close_country: Annotated[list[str] | None, Parameter(negative="")] = None,
    two_way_texts: bool | None = None,
    text_template: Annotated[list[str] | None, Parameter(negative="")] = None,
    fraud_reports: bool | None = None,
    fraud_code: str | None = None,
    fraud_blocks: bool | None = None,
    block_days: int | None = None,
    own_bypass: bool | None = None,
    caller_id: str | None = None,
    app_check: Literal["nothing", "pin", "unlock"] | None = None,
    app_plain_approval: bool | None = None,
    password_reset: Literal["off", "groups", "all"] | None = None,
    password_reset_groups: Annotated[
        list[str] | None, Parameter(name="--password-reset-group", negative="--no-password-reset-groups")
    ] = None,
    password_reset_by_phone: bool | None = None,
    security_question: Annotated[list[str] | None, Parameter(negative="--no-security-questions")] = None,
    security_questions_kept: int | None = None,
    security_questions_right: int | None = None,
    help_contact: str | None = None,
    disowning_blocks: bool | None = None,
    app_passwords: bool | None = None,
    nt_hashes: bool | None = None,
    knows_nt_hashes: Annotated[bool, Parameter(negative="")] = False,
    method: Annotated[list[str] | None, Parameter(name="--method", negative="--all-methods")] = None,
    registration_methods: int | None = None,
    registration_policy: Whom | None = None,
    registration_group: Annotated[
        list[str] | None, Parameter(name="--registration-group", negative="--no-registration-groups")
    ] = None,
    registration_except_group: Annotated[
        list[str] | None,
        Parameter(name="--registration-except-group", negative="--no-registration-except-groups"),
    ] = None,
    registration_skip_days: int | None = None,
    vouching: Annotated[list[Vouch] | None, Parameter(name="--vouching", negative="--no-vouching")] = None,
    registration_open_until: str | None = None,
    registration_code_days: int | None = None,
    two_administrators: bool | None = None,
    scope: Scope = HERE,
) -> int:
    """Change settings of a tenant; they hold within a second. What is left out stays as it is.

    For example:

      vestibule settings change --lockout-threshold 5 --lockout-seconds 1800
      vestibule settings change --record-email --no-record-names
      vestibule settings change --pin-least-digits 6 --pin-expiry-days 90
      vestibule settings change --country-code 49 --open-country 43 --open-country 41
      vestibule settings change --texts-per-tenant 500 --daily-cost-cap 50
      vestibule settings change --text-template "en=Your code for {application}: {passcode}"
      vestibule settings change --caller-id +4930901820 --fraud-code 9

    Parameters
    ----------
    language
        For a person who has chosen no language and whose browser names none that is spoken here.
    issuer
        The name that authenticator apps show beside the account.
    record_names
        Write first and last name into each attempt.
    record_email
        Write the e-mail address into each attempt.
    tells_names
        Of a server: tell the service the user name of each attempt, and what of the above is in it.
    strip_domain_prefix
        Look up alice where DOMAIN\\alice is no name of anyone.
    lockout_threshold
        Failures in a row, per user and factor, that lock for a while: 1 to 100.
    lockout_seconds
        How long that while is: 1 to 86400.
    lockout_reset_seconds
        How long nothing must fail for earlier failures to be forgotten: up to 86400; 0: only a success
        forgets them.
    hard_stop
        Failures in a row after which only an administrator can unlock: from the threshold to 100.
    spraying_failures
        Failed sign-ins of all users together within ten minutes that raise an alarm: 20 to 1000000.
    spraying_pause_seconds
        While it holds: how long what somebody enters waits before it is judged: up to 5, or 0 for not at all.
    service_spraying_failures
        Of the tenant system: failed sign-ins of all tenants together that raise an alarm: 20 to 10000000.
    challenge_seconds
        How long a user has for the passcode after the password: 15 to 600.
    challenge_tries
        Wrong passcodes after which a sign-in starts anew: 1 to 10.
    pin_least_digits
        Digits that a PIN has at least: 4 to 20.
    pin_most_digits
        Digits that a PIN has at most: up to 20.
    pin_refuse_simple
        Refuse three equal digits in a row in a PIN, and runs such as 123.
    pin_refuse_phone
        Refuse four digits in a row of the person's phone numbers in a PIN.
    pin_history
        How many PINs of a person are remembered, so that none of them comes back: 0 to 24.
    pin_expiry_days
        Days after which a PIN must be changed: up to 3650, or 0 for never.
    country_code
        Calling code of phone numbers that are written without one, such as 49; empty: there is none.
    calling_codes
        Open these countries besides that of country-code, and no others; may be repeated.
    trusted_addresses
        Addresses of the organization: a network, a range or a single address, and no others; may be repeated.
    text_one_way_seconds
        How long a texted passcode can be entered: 30 to 3600.
    text_two_way_seconds
        How long the reply to a text is awaited: 30 to 3600.
    call_seconds
        How long a call may take, from the first ring to the last key: 30 to 600.
    app_seconds
        How long a request waits in the app: 15 to 300.
    app_devices
        Devices with the app that one user may have: 1 to 10.
    app_unapproved_per_hour
        Requests in an hour that nobody approves before the app of that user is silent: 1 to 100.
    texts_per_hour
        Texts and calls to one user within an hour: 1 to 100.
    texts_per_number
        Texts and calls to one number within an hour: up to 1000, or 0 for no limit.
    texts_per_prefix
        The same to numbers that differ in their last four digits only: up to 100000, or 0 for no limit.
    texts_per_tenant
        Texts and calls of the whole tenant within an hour: up to 1000000, or 0 for no limit.
    texts_per_day
        The same within a day of UTC: up to 10000000, or 0 for no limit.
    breaker_unanswered
        After so many within an hour, none answered, a range of numbers rests: up to 10000, or 0 for never.
    daily_cost_cap
        What texts and calls may cost in a day of UTC, in whole units of your currency; 0 for no cap.
    open_country
        Open one more country, such as 43; may be repeated. Nobody elsewhere is called or texted.
    close_country
        Close a country again; may be repeated.
    text_template
        The text in a language, such as de=TEXT, with {passcode} in it once; without TEXT the built-in one.
    two_way_texts
        Users may register a phone in the portal whose texts are answered by replying.
    fraud_reports
        A user who is called may report that it was not he who signs in.
    fraud_code
        What he presses for it, before #: up to eight digits.
    fraud_blocks
        A report blocks the user until the block is over or an administrator lifts it.
    block_days
        How long a block holds for which nothing else is said: 1 to 3650.
    own_bypass
        Users may make a one-time bypass for themselves in the portal, right after a second factor.
    caller_id
        The number that calls show, with its plus sign; carriers may suppress it. Empty: the gateway's own.
    app_check
        What approving in the app needs besides the number: nothing, the user's pin, or the device's unlock.
    app_plain_approval
        Where a client can show no number, the app approves without one.
    password_reset
        Who may reset a forgotten password by what he has registered: nobody, members of groups, or all.
    password_reset_groups
        Id of a group whose members may; may be repeated.
    password_reset_by_phone
        Who may is also asked by a text, a call or a request in the app.
    security_question
        en=What was your first street? The questions of a language, in their order, one option each; they take
        the place of those before. Without any, people cannot answer any.
    security_questions_kept
        How many a person picks and answers: 2 to 10.
    security_questions_right
        How many answers must be right: 2 to as many as he picks.
    help_contact
        How people reach the help desk, as the help of the portal shows it to everybody.
    disowning_blocks
        Block a user who says of an attempt that it was not his, until an administrator lets him in.
    app_passwords
        Users may make app passwords for old programs; switched off, none is taken any more.
    nt_hashes
        Keep a copy of each local password, once it is set anew, that MS-CHAPv2 can be checked with. Why not:
        the copy is as good as the password, and whoever records one sign-in can compute it in hours, however
        good the password is. Switched off, all copies are deleted at once.
    knows_nt_hashes
        You have read why not; needed to switch --nt-hashes on.
    method
        What users may register and use beside recovery codes; may be repeated. --all-methods: everything.
    registration_methods
        How many methods a registration takes: 1 or 2.
    registration_policy
        Who is asked to register, whatever else is asked of him: nobody, everybody, groups.
    registration_group
        Identifier of a group that the policy means; may be repeated.
    registration_except_group
        Identifier of a group that it does not mean; may be repeated.
    registration_skip_days
        For how many days the policy can be put off, from when somebody is first asked: 0 to 365.
    vouching
        What may vouch for a first registration besides the password; may be repeated: open_window,
        trusted_network, letter, email, help_desk.
    registration_open_until
        The last day of the open window, such as 2026-12-31. Empty: 14 days after the tenant was made.
    registration_code_days
        For how many days a registration code can be used: 1 to 90.
    two_administrators
        Of the tenant system: what is done to people who have a role needs a second administrator.
    """
    given = {
        "language": language,
        "record_names": record_names,
        "record_email": record_email,
        "tells_names": tells_names,
        "strip_domain_prefix": strip_domain_prefix,
        "lockout_threshold": lockout_threshold,
        "lockout_seconds": lockout_seconds,
        "lockout_reset_seconds": lockout_reset_seconds,
        "hard_stop": hard_stop,
        "spraying_failures": spraying_failures,
        "spraying_pause_seconds": spraying_pause_seconds,
        "service_spraying_failures": service_spraying_failures,
        "challenge_seconds": challenge_seconds,
        "challenge_tries": challenge_tries,
        "pin_least_digits": pin_least_digits,
        "pin_most_digits": pin_most_digits,
        "pin_refuse_simple": pin_refuse_simple,
        "pin_refuse_phone": pin_refuse_phone,
        "pin_history": pin_history,
        "pin_expiry_days": pin_expiry_days,
        "country_code": country_code,
        "calling_codes": None if calling_codes is None else tuple(calling_codes),
        "trusted_addresses": None if trusted_addresses is None else tuple(trusted_addresses),
        "text_one_way_seconds": text_one_way_seconds,
        "text_two_way_seconds": text_two_way_seconds,
        "call_seconds": call_seconds,
        "app_seconds": app_seconds,
        "app_devices": app_devices,
        "app_unapproved_per_hour": app_unapproved_per_hour,
        "texts_per_hour": texts_per_hour,
        "texts_per_number": texts_per_number,
        "texts_per_prefix": texts_per_prefix,
        "texts_per_tenant": texts_per_tenant,
        "texts_per_day": texts_per_day,
        "breaker_unanswered": breaker_unanswered,
        "daily_cost_cap": daily_cost_cap,
        "two_way_texts": two_way_texts,
        "fraud_reports": fraud_reports,
        "fraud_code": fraud_code,
        "fraud_blocks": fraud_blocks,
        "block_days": block_days,
        "own_bypass": own_bypass,
        "caller_id": caller_id,
        "app_check": None if app_check is None else AppCheck(app_check),
        "app_plain_approval": app_plain_approval,
        "password_reset": None if password_reset is None else PasswordReset(password_reset),
        "password_reset_groups": None if password_reset_groups is None else tuple(password_reset_groups),
        "password_reset_by_phone": password_reset_by_phone,
        "security_questions": _questions(security_question),
        "security_questions_kept": security_questions_kept,
        "security_questions_right": security_questions_right,
        "help_contact": help_contact,
        "disowning_blocks": disowning_blocks,
        "app_passwords": app_passwords,
        "nt_hashes": nt_hashes,
        "registration_methods": registration_methods,
        "registration_policy": registration_policy,
        "registration_groups": None if registration_group is None else tuple(registration_group),
        "registration_except_groups": (
            None if registration_except_group is None else tuple(registration_except_group)
        ),
        "registration_skip_days": registration_skip_days,
        "vouching": None if vouching is None else tuple(vouching),
        "registration_open_until": registration_open_until,
        "registration_code_days": registration_code_days,
        "two_administrators": two_administrators,
    }

    async def work(desk: Desk) -> None:
        before = desk.tenant.settings
        chosen_methods = finding.methods(desk, method)
        named = {} if issuer is None else {"issuer": plain_name(issuer, _LONGEST_ISSUER)}
        all_given = {**given, "methods": chosen_methods}
        chosen = {name: value for name, value in all_given.items() if value is not None}
        texts = _templates(before.text_templates, text_template or ())
        wanted = msgspec.structs.replace(before, **chosen, **named, text_templates=texts)
        codes = _codes(wanted.calling_codes, open_country or (), close_country or ())
        wanted = msgspec.structs.replace(wanted, calling_codes=codes)
        if wanted == before:
            raise NotDone("cli.nothing_to_change")
        after = (
            await desk.services.applications.change_settings(
                desk.actor, desk.tenant_id, wanted, knows_nt_hashes=knows_nt_hashes
            )
        ).settings
        changed = [name for name in _names(after) if getattr(after, name) != getattr(before, name)]
        desk.terminal.say("settings.changed")
        desk.terminal.facts([(f"setting.{name}", _shown(desk, after, name)) for name in changed])

    return at_desk(scope, work)


def _codes(before: tuple[str, ...], opened: Iterable[str], closed: Iterable[str]) -> tuple[str, ...]:
    """Return the open countries after some were opened and some closed, each with a plus sign or without."""
    gone = {code.removeprefix("+") for code in closed}
    return tuple(dict.fromkeys(code for code in (*before, *_bare(opened)) if code not in gone))


def _bare(codes: Iterable[str]) -> tuple[str, ...]:
    return tuple(code.removeprefix("+") for code in codes)


def _templates(before: dict[str, str], entries: Iterable[str]) -> dict[str, str]:
    """Return the texts of the tenant's own with those that were given; an empty one is taken away."""
    given = {language: values[-1] for language, values in named_values(entries).items()}
    return {language: template for language, template in {**before, **given}.items() if template}


def _questions(entries: list[str] | None) -> dict[str, tuple[str, ...]] | None:
    """Return the questions by language, in the order in which they were given."""
    if entries is None:
        return None
    return {language: tuple(questions) for language, questions in named_values(entries).items()}


def _names(settings: TenantSettings) -> tuple[str, ...]:
    return settings.__struct_fields__


def _shown(desk: Desk, settings: TenantSettings, name: str) -> str:
    value = getattr(settings, name)
    if isinstance(value, msgspec.Struct):
        return msgspec.json.encode(value).decode()
    if isinstance(value, dict):
        return "; ".join(f"{language}: {template}" for language, template in sorted(value.items()))
    if isinstance(value, tuple):
        return ", ".join(value) or desk.terminal.words("word.nothing")
    return desk.terminal.yes_no(value) if isinstance(value, bool) else str(value)
