"""How one person is shown: what is known of him, what locks him out, what he holds."""

from __future__ import annotations

import shlex

from vestibule.catalog import text
from vestibule.cli import finding
from vestibule.cli.authenticator import authenticator_cells
from vestibule.cli.desk import Desk
from vestibule.cli.listing import show_rows
from vestibule.cli.output import moment
from vestibule.cli.records import authenticator_record
from vestibule.cli.terminal import Terminal
from vestibule.interfaces.transaction.sign_in import Person, Subject
from vestibule.model.throttle import NEVER, Throttle
from vestibule.model.user import User


async def show_person(desk: Desk, subject: Person) -> None:
    """Write what is known of a person, and what keeps him out."""
    user, terminal = subject.user, desk.terminal
    directory = desk.snapshot.directories.get((desk.tenant_id, user.directory_id))
    terminal.facts(
        [
            ("username", user.username),
            ("other_names", ", ".join(user.names[1:])),
            ("name", full_name(user)),
            ("email", user.email),
            ("send_mail", terminal.yes_no(user.send_mail)),
            ("phone", user.phone),
            ("language", user.language),
            ("status", status_words(terminal, user)),
            ("requirement", terminal.words(f"requirement.{user.requirement}")),
            ("registration", terminal.words("registration.demanded") if user.must_register else ""),
            ("role", terminal.words("word.administrator") if user.role else ""),
            ("directory", directory.name if directory else ""),
            ("password", terminal.words("word.kept" if user.password_hash else "word.none_kept")),
            ("added", moment(user.created_at)),
            ("id", user.user_id),
        ]
    )
    held = await desk.services.blocks.of(desk.actor, desk.tenant_id, user.user_id)
    if held is not None:
        lift = desk.command(f"user unblock {shlex.quote(user.username)} --reason …")
        by, at = held.actor_name, moment(held.until)
        reason = held.reason or text(terminal.language, f"block.cause.{held.cause}")
        terminal.line(terminal.words("user.is_blocked", at=at, by=by, reason=reason, command=lift))
    for throttle in subject.throttles.values():
        if throttle.failures:
            unlock_it = desk.command(f"user unlock {shlex.quote(user.username)}")
            terminal.line(_throttle_words(terminal, throttle, desk.now, unlock_it))
    for each in subject.sources:
        at = moment(each.failed_at)
        terminal.line(terminal.words("user.source", source=each.source, count=each.failures, at=at))


def _throttle_words(terminal: Terminal, throttle: Throttle, now: int, unlock_it: str) -> str:
    factor = terminal.words(f"factor.{throttle.factor.value}")
    failures = terminal.words("lock.failures", factor=factor, count=throttle.failures)
    if not throttle.is_locked(now):
        return failures
    if throttle.locked_until >= NEVER:
        locked = terminal.words("lock.for_good", command=unlock_it)
    else:
        locked = terminal.words("lock.until", at=moment(throttle.locked_until), command=unlock_it)
    return f"{failures} {locked}"


def show_authenticators(desk: Desk, subject: Subject) -> None:
    """Write what a person holds."""
    show_rows(
        desk.terminal,
        finding.held(subject),
        as_json=False,
        record=authenticator_record,
        header=("method", "label", "status", "used", "id"),
        row=lambda one: authenticator_cells(desk, subject, one),
        empty="list.no_authenticators",
    )


def full_name(user: User) -> str:
    return f"{user.given_name} {user.family_name}".strip()


def status_words(terminal: Terminal, user: User) -> str:
    return terminal.words(f"status.{user.status.value}")
