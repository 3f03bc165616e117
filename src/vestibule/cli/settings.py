"""`vestibule settings`: the settings of a tenant, in the database. Those of the process: `check-config`."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from cyclopts import App, Parameter

from vestibule.cli.desk import Desk, at_desk
from vestibule.cli.parameters import HERE, Json, Scope
from vestibule.cli.terminal import NotDone
from vestibule.cli.values import plain_name
from vestibule.model.tenant import TenantSettings

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
    strip_domain_prefix: bool | None = None,
    lockout_threshold: int | None = None,
    lockout_seconds: int | None = None,
    hard_stop: int | None = None,
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
    scope: Scope = HERE,
) -> int:
    """Change settings of a tenant; they hold within a second. What is left out stays as it is.

    For example:

      vestibule settings change --lockout-threshold 5 --lockout-seconds 1800
      vestibule settings change --record-email --no-record-names
      vestibule settings change --pin-least-digits 6 --pin-expiry-days 90
      vestibule settings change --country-code 49 --calling-code 49 --calling-code 43

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
    strip_domain_prefix
        Look up alice where DOMAIN\\alice is no name of anyone.
    lockout_threshold
        Failures in a row, per user and factor, that lock for a while: 1 to 100.
    lockout_seconds
        How long that while is: 1 to 86400.
    hard_stop
        Failures in a row after which only an administrator can unlock: from the threshold to 100.
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
        Only numbers that begin so are called and texted; may be repeated.
    """
    given = {
        "language": language,
        "record_names": record_names,
        "record_email": record_email,
        "strip_domain_prefix": strip_domain_prefix,
        "lockout_threshold": lockout_threshold,
        "lockout_seconds": lockout_seconds,
        "hard_stop": hard_stop,
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
    }

    async def work(desk: Desk) -> None:
        before = desk.tenant.settings
        named = {} if issuer is None else {"issuer": plain_name(issuer, _LONGEST_ISSUER)}
        chosen = {name: value for name, value in given.items() if value is not None}
        wanted = msgspec.structs.replace(before, **chosen, **named)
        if wanted == before:
            raise NotDone("cli.nothing_to_change")
        after = (
            await desk.services.applications.change_settings(desk.actor, desk.tenant_id, wanted)
        ).settings
        changed = [name for name in _names(after) if getattr(after, name) != getattr(before, name)]
        desk.terminal.say("settings.changed")
        desk.terminal.facts([(f"setting.{name}", _shown(desk, after, name)) for name in changed])

    return at_desk(scope, work)


def _names(settings: TenantSettings) -> tuple[str, ...]:
    return settings.__struct_fields__


def _shown(desk: Desk, settings: TenantSettings, name: str) -> str:
    value = getattr(settings, name)
    if isinstance(value, tuple):
        return ", ".join(value) or desk.terminal.words("word.all")
    return desk.terminal.yes_no(value) if isinstance(value, bool) else str(value)
