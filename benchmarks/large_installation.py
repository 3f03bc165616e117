"""A large installation, made in the database itself: people by the hundred thousand, and what they did.

The services would need hours for it. The statements are the same for both engines; two functions, which each
engine gets here, make identifiers that look like ours. Columns that are not named have their default.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from string import Template

import asyncpg

from benchmarks.population import TENANT

DAYS = 90
"""Over how many days the attempts are spread."""
APPLICATIONS = 20
CLIENTS = 40
GROUPS = 100
"""Each person is in five of them; the last has a thousandth of all."""
_DAY_MS = 24 * 3_600_000
_PART = 200_000
"""Rows that one statement makes."""
_GIVEN = ("Ada", "Alan", "Barbara", "Charles", "Edsger", "Frances", "Grace", "Jean", "Kathleen", "Niklaus")
_FAMILY = (
    "Allen",
    "Babbage",
    "Bartik",
    "Booth",
    "Dijkstra",
    "Hopper",
    "Liskov",
    "Lovelace",
    "Turing",
    "Wirth",
)
_TRACE = [
    ["application", "enabled", {}],
    ["user", "active", {}],
    ["first_factor", "checked_by_client", {}],
    ["throttle", "open", {"failures": "0", "limit": "10"}],
    ["second_factor", "proven", {"method": "totp"}],
    ["passcode", "match", {"step": "57000001", "drift": "0"}],
]

Run = Callable[[str], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Size:
    people: int
    attempts: int

    def __str__(self) -> str:
        return f"{self.people:,} people, {self.attempts:,} attempts"

    @property
    def events(self) -> int:
        """Each person was added, registered something and was changed."""
        return self.people * 3

    @property
    def deliveries(self) -> int:
        """Texts of the last day; older ones are swept."""
        return self.attempts // DAYS // 2


def username(number: int) -> str:
    """Return the name of a person, as the statements make it."""
    return f"{_GIVEN[number % 10]}.{_FAMILY[number // 10 % 10]}{number}".lower()


def user_id(number: int) -> str:
    return _hashed(number)


def authenticator_id(number: int) -> str:
    """Return the identifier of the hardware token T1…`number`; every tenth of a million people has one."""
    return _hashed(-1_000_000_001 - number)


def attempt_id(number: int, size: Size, now: int) -> str:
    return _ordered(_at(number, size, now), number)


def _at(number: int, size: Size, now: int) -> int:
    return now - (size.attempts - 1 - number) * (DAYS * _DAY_MS) // size.attempts


async def fill(url: str, size: Size, now: int) -> None:
    """Fill a database that is migrated and has the tenant; `now` (epoch ms) is when the last attempt was."""
    if url.startswith("sqlite:"):
        await _fill_sqlite(Path(url.removeprefix("sqlite:///")), size, now)
    else:
        await _fill_postgres(url, size, now)


async def _fill_sqlite(path: Path, size: Size, now: int) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("pragma synchronous = off")
        database.execute("pragma cache_size = -500000")
        database.create_function("hashed", 1, _hashed, deterministic=True)
        database.create_function("ordered", 2, _ordered, deterministic=True)

        async def run(sql: str) -> None:
            database.execute(sql)

        await _fill(run, size, now, secret=f"x'{'5a' * 60}'", nothing="x''")


async def _fill_postgres(url: str, size: Size, now: int) -> None:
    database = await asyncpg.connect(url, server_settings=_HASTE)
    try:
        await database.execute(_POSTGRES_FUNCTIONS)
        await _fill(database.execute, size, now, secret=f"'\\x{'5a' * 60}'::bytea", nothing="''::bytea")
        await database.execute("drop function hashed(bigint), ordered(bigint, bigint)")
        await database.execute("vacuum (analyze)")
    finally:
        await database.close()


# Whether each row's person and group are there is not asked again.
_HASTE = {"synchronous_commit": "off", "session_replication_role": "replica"}
_POSTGRES_FUNCTIONS = """
    create function hashed(bigint) returns text language sql immutable as $$ select md5($1::text) $$;
    create function ordered(bigint, bigint) returns text language sql immutable as
        $$ select lpad(to_hex($1), 12, '0') || left(md5($2::text), 20) $$;
"""


def _hashed(number: int) -> str:
    return hashlib.md5(str(number).encode()).hexdigest()


def _ordered(at: int, number: int) -> str:
    return f"{at:012x}{_hashed(number)[:20]}"


async def _fill(run: Run, size: Size, now: int, secret: str, nothing: str) -> None:
    await run(_NUMBERS.substitute(part=_PART))
    await run("create temporary table given as " + _words(_GIVEN))
    await run("create temporary table family as " + _words(_FAMILY))
    values = {"tenant": TENANT, "now": now, "people": size.people, "secret": secret, "nothing": nothing}
    made = (
        (size.people, _OF_PEOPLE),
        (size.events, (_EVENTS,)),
        (size.deliveries, (_DELIVERIES,)),
        (size.attempts, (_ATTEMPTS,)),
    )
    for count, statements in made:
        for first in range(0, count, _PART):
            for statement in statements:
                await run(statement.substitute(values, first=first, count=count))


def _words(words: tuple[str, ...]) -> str:
    return " union all ".join(f"select {number} as k, '{word}' as word" for number, word in enumerate(words))


_NUMBERS = Template("""
    create temporary table numbers as
    with recursive counted(n) as (
        select cast(0 as bigint) union all select n + 1 from counted where n + 1 < $part)
    select n from counted
""")


def _statement(text: str, **parts: str) -> Template:
    """Fill in the parts, down to what is known only when it runs: $first, $count, $now and the like."""
    return Template(Template(Template(text).safe_substitute(parts)).safe_substitute(_PARTS))


_PARTS = {
    "name": "lower(g.word || '.' || f.word || p.n)",
    "numbered": "(select n + $first as n from numbers where n + $first < $count)",
    "words": "join given g on g.k = p.n % 10 join family f on f.k = p.n / 10 % 10",
    "parameters": """'{"algorithm":"sha1","digits":6,"interval":30}'""",
    "trace": json.dumps(_TRACE, separators=(",", ":")),
    "days_ms": str(DAYS * _DAY_MS),
    "day_ms": str(_DAY_MS),
}

_OF_PEOPLE = tuple(
    _statement(text)
    for text in (
        """
        insert into users (tenant_id, user_id, username, names, given_name, family_name, email, phone,
                           language, directory_id, directory_reference, password_hash, status, role,
                           created_at, updated_at, version, sort_name)
        select '$tenant', hashed(p.n), $name, '["' || $name || '"]', g.word, f.word, $name || '@example.org',
               '', 'en', '', '', '', case when p.n % 1000 = 7 then 'disabled' else 'active' end, '',
               $now, $now, 1, $name
          from $numbered p $words
        """,
        """
        insert into user_names (tenant_id, name, user_id) select '$tenant', $name, hashed(p.n)
          from $numbered p $words
        """,
        """
        insert into user_terms (tenant_id, term, user_id)
        select '$tenant', lower(g.word), hashed(p.n) from $numbered p $words
         union all
        select '$tenant', lower(f.word), hashed(p.n) from $numbered p $words
         union all
        select '$tenant', $name || '@example.org', hashed(p.n) from $numbered p $words
        """,
        """
        insert into group_members (tenant_id, group_id, user_id)
        select '$tenant', 'group' || ((p.n + k.k * 17) % 99), hashed(p.n)
          from $numbered p join (select 0 as k union all select 1 union all select 2 union all select 3
                                  union all select 4) k on true
        """,
        """
        insert into group_members (tenant_id, group_id, user_id)
        select '$tenant', 'group99', hashed(p.n) from $numbered p where p.n % 1000 = 500
        """,
        """
        insert into throttles (tenant_id, user_id, factor, failures, locked_until)
        select '$tenant', hashed(p.n), 'passcode', 0, 0 from $numbered p
        """,
        """
        insert into authenticators (tenant_id, authenticator_id, user_id, method, label, parameters,
                                    secret, state, status, created_at, version)
        select '$tenant', hashed(-1 - p.n), hashed(p.n), 'totp', 'Phone', $parameters, $secret, '{}',
               'active', $now, 1
          from $numbered p
        """,
        """
        insert into authenticators (tenant_id, authenticator_id, user_id, method, label, serial, parameters,
                                    secret, state, status, created_at, version)
        select '$tenant', hashed(-1000000001 - p.n), case when p.n % 10 = 0 then hashed(p.n) end, 'totp',
               'Token', 'T' || (100000000 + p.n), $parameters, $secret, '{}', 'active', $now, 1
          from $numbered p where p.n % 10 < 2
        """,
    )
)
_EVENTS = _statement("""
    insert into events (tenant_id, event_id, at, kind, actor, actor_name, subject, subject_name, facts,
                        format)
    select '$tenant', ordered(p.at, p.n), p.at,
           case p.n % 3 when 0 then 'user.added' when 1 then 'authenticator.enrolled' else 'user.edited' end,
           hashed(-5 - p.n % 7), 'admin' || (p.n % 7), hashed(p.n / 3), 'person' || (p.n / 3),
           '{"fields":["email","phone"]}', 1
      from (select n, $now - ($count - 1 - n) * $days_ms / $count as at from $numbered numbered) p
""")
_DELIVERIES = _statement("""
    insert into deliveries (tenant_id, delivery_id, verification_id, challenge_id, user_id, carries, address,
                            sealed_body, state, gateway_id, tried, reference, node, cause, tries, due_at,
                            expires_at, created_at, sent_at, version)
    select '$tenant', ordered(p.at, p.n), ordered(p.at, -p.n), ordered(p.at, p.n), hashed(p.n), 'text',
           '+4930' || (10000000 + p.n), $nothing, case when p.n % 50 = 0 then 'failed' else 'delivered' end,
           'texts', '[]', 'r' || p.n, 'node1', '', 1, p.at, p.at + $day_ms, p.at, p.at + 300, 3
      from (select n, $now - ($count - 1 - n) * $day_ms / $count as at from $numbered numbered) p
""")
# Of 1,000 attempts 20 are by nobody we know, 80 of ours are denied, 8 end unanswered and 2 are given up.
# Every tenth is by one of a hundred people who sign in all day long, as monitors do.
_ATTEMPTS = _statement("""
    insert into verifications (tenant_id, verification_id, started_at, decided_at, expires_at, application_id,
                               application_name, client_id, client_name, client_address, user_address,
                               channel, claimed_username, user_id, username, given_name, family_name, email,
                               method, authenticator_id, authenticator_label, phone, device, state, reason,
                               legacy_result, is_first_factor_proven, is_authenticated, node_name,
                               node_address, idempotency_key, trace, version)
    select '$tenant', ordered(p.at, p.i), p.at, p.at + 5, p.at + 180000, 'app' || (p.i % 20),
           'Application ' || (p.i % 20), 'client' || (p.i % 997 % 40), 'Client', '192.0.2.1',
           '198.51.100.' || (p.i % 250), case when p.i % 4 = 0 then 'api' else 'radius' end,
           case when p.known then $name else 'guest' || p.i end,
           case when p.known then hashed(p.n) else '' end, case when p.known then $name else '' end,
           case when p.known then g.word else '' end, case when p.known then f.word else '' end,
           case when p.known then $name || '@example.org' else '' end,
           case when p.known then 'totp' else '' end, case when p.known then hashed(-1 - p.n) else '' end,
           'Phone', '', '', p.state,
           case when not p.known then 'unknown_user' when p.state = 'approved' then 'passcode_verified'
                when p.state = 'denied' then 'passcode_wrong' when p.state = 'expired' then 'timed_out'
                else 'canceled' end,
           case p.state when 'approved' then 'SUCCESS_OATH_CODE_VERIFIED' else '' end, true,
           p.state = 'approved', 'node1', '192.0.2.10',
           case when p.i % 4 > 0 then hashed(-2000000001 - p.i) end, '$trace', 2
      from (select n as i, $now - ($count - 1 - n) * $days_ms / $count as at, n % 50 <> 13 as known,
                   case when n % 10 = 3 then n / 10 % 100 else n * 7919 % $people end as n,
                   case when n % 50 = 13 or n % 25 in (14, 22) then 'denied'
                        when n % 1000 in (1, 2) then 'canceled'
                        when n % 1000 between 3 and 10 then 'expired' else 'approved' end as state
              from $numbered numbered) p $words
""")
