"""The statements that make a large installation: the same for both engines.

`hashed(n)` and `ordered(at, n)`, which each engine gets, make identifiers that look like ours. $first and
$count bound the rows that a statement makes. Of what happens in time, $total happen in $span_ms up to $made,
and those after them as often. Rows are sorted by the key of their table, so that it grows at its end. Columns
that are not named have their default.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from string import Template

from benchmarks.population import TENANT

DAY_MS = 24 * 3_600_000
DAYS = 90
"""Over how many days the attempts are spread."""
GIVEN = ("Ada", "Alan", "Barbara", "Charles", "Edsger", "Frances", "Grace", "Jean", "Kathleen", "Niklaus")
FAMILY = (
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
_NUMBERED = "(select n + $first as n from numbers where n + $first < $count)"
_WORDS = {
    "tenant": TENANT,
    "name": "lower(g.word || '.' || f.word || p.n)",
    "numbered": _NUMBERED,
    "timed": f"(select n, $made - ($total - 1 - n) * $span_ms / $total as at from {_NUMBERED} numbered)",
    # Joined so that rows stay in the order of their time, as they are where they were written one by one.
    "words": "left join given g on g.k = p.n % 10 left join family f on f.k = p.n / 10 % 10",
    "parameters": """'{"algorithm":"sha1","digits":6,"interval":30}'""",
    "trace": json.dumps(_TRACE, separators=(",", ":")),
    "day_ms": str(DAY_MS),
    "days_ms": str(DAYS * DAY_MS),
}


@dataclass(frozen=True, slots=True)
class Timed:
    """What happens in time: so many, of so many people and attempts, in so many days."""

    count: Callable[[int, int], int]
    statement: Template
    days: int = DAYS


def _statement(text: str) -> Template:
    """Fill in the words, down to what is known only when it runs."""
    return Template(Template(text).safe_substitute(_WORDS))


OF_PEOPLE = tuple(
    _statement(text)
    for text in (
        """
        insert into users (tenant_id, user_id, username, names, given_name, family_name, email, phone,
                           language, directory_id, directory_reference, password_hash, status, role,
                           created_at, updated_at, version, sort_name, requirement, blocked_until)
        select '$tenant', hashed(p.n), $name, '["' || $name || '"]', g.word, f.word, $name || '@example.org',
               '', 'en', '', '', '', case when p.n % 1000 = 7 then 'disabled' else 'active' end, '',
               $made, $made, 1, $name, case when p.n % 1000 = 0 then 'enforced' else 'disabled' end,
               case when p.n % 1000 = 9 then $made + $days_ms else 0 end
          from $numbered p $words order by 2
        """,
        """
        insert into user_names (tenant_id, name, user_id) select '$tenant', $name, hashed(p.n)
          from $numbered p $words order by 2
        """,
        """
        insert into user_terms (tenant_id, term, user_id)
        select '$tenant', term, user_id from (
            select lower(g.word) as term, hashed(p.n) as user_id from $numbered p $words
             union all
            select lower(f.word), hashed(p.n) from $numbered p $words
             union all
            select $name || '@example.org', hashed(p.n) from $numbered p $words) terms
         order by 2, 3
        """,
        """
        insert into group_members (tenant_id, group_id, user_id)
        select '$tenant', group_id, user_id from (
            select 'group' || ((p.n + k.k * 17) % 99) as group_id, hashed(p.n) as user_id
              from $numbered p join (select 0 as k union all select 1 union all select 2 union all select 3
                                      union all select 4) k on true
             union all
            select 'group99', hashed(p.n) from $numbered p where p.n % 1000 = 500) members
         order by 2, 3
        """,
        """
        insert into throttles (tenant_id, user_id, factor, failures, locked_until)
        select '$tenant', hashed(p.n), 'passcode', 0, 0 from $numbered p order by 2
        """,
        """
        insert into authenticators (tenant_id, authenticator_id, user_id, method, label, serial, parameters,
                                    secret, state, status, created_at, version)
        select '$tenant', authenticator_id, user_id, 'totp', label, serial, $parameters, $secret, '{}',
               'active', $made, 1
          from (select hashed(-1 - p.n) as authenticator_id, hashed(p.n) as user_id, 'Phone' as label,
                       null as serial
                  from $numbered p
                 union all
                select hashed(-1000000001 - p.n), case when p.n % 10 = 0 then hashed(p.n) end, 'Token',
                       'T' || (100000000 + p.n)
                  from $numbered p where p.n % 10 < 2) held
         order by 2
        """,
        # The first of them has as many as one may have.
        """
        insert into app_passwords (tenant_id, app_password_id, user_id, name, applications, token_hash,
                                   created_at)
        select '$tenant', app_password_id, hashed(n), 'Mail on the laptop', '["app3"]', token_hash, $made
          from (select hashed(-3000000001 - p.n) as app_password_id, hashed(-3500000001 - p.n) as token_hash,
                       case when p.n < 40 then 0 else p.n end as n
                  from $numbered p where p.n < 40 or p.n % 10 = 0) made
         order by hashed(n), token_hash
        """,
        """
        insert into remembered_browsers (tenant_id, browser_id, token_hash, user_id, application_id, label,
                                         proven_at, used_at, expires_at)
        select '$tenant', browser_id, token_hash, hashed(n), 'app' || (n % 20), 'Firefox on Linux',
               $made - $day_ms, $made, $made + $days_ms
          from (select hashed(-4000000001 - p.n) as browser_id, hashed(-4500000001 - p.n) as token_hash,
                       case when p.n < 40 then 0 else p.n end as n
                  from $numbered p where p.n < 40 or p.n % 4 = 0) remembered
         order by 2
        """,
    )
)  # fmt: skip

_EVENTS = _statement("""
    insert into events (tenant_id, event_id, at, kind, actor, actor_name, subject, subject_name, facts,
                        format)
    select '$tenant', ordered(p.at, p.n), p.at,
           case p.n % 8 when 0 then 'user.added' when 1 then 'authenticator.enrolled'
                        when 2 then 'bypass.made' when 3 then 'app_password.made'
                        when 4 then 'user.blocked' else 'user.edited' end,
           hashed(-5 - p.n % 7), 'admin' || (p.n % 7), hashed(p.n / 3), 'person' || (p.n / 3),
           '{"fields":["email","phone"]}', 1
      from $timed p
""")
_DELIVERIES = _statement("""
    insert into deliveries (tenant_id, delivery_id, verification_id, challenge_id, user_id, carries, address,
                            sealed_body, state, gateway_id, tried, reference, node, cause, tries, due_at,
                            expires_at, created_at, sent_at, version)
    select '$tenant', ordered(p.at, p.n), ordered(p.at, -p.n), ordered(p.at, p.n), hashed(p.n), 'text',
           '+4930' || (10000000 + p.n), $nothing, case when p.n % 50 = 0 then 'failed' else 'delivered' end,
           'texts', '[]', 'r' || p.n, 'node1', '', 1, p.at, p.at + $day_ms, p.at, p.at + 300, 3
      from $timed p
""")
_DISPATCHES = _statement("""
    insert into dispatches (tenant_id, dispatch_id, carries, kind, address, user_id, sealed_body, state,
                            gateway_id, node, cause, tries, due_at, expires_at, created_at, sent_at, version)
    select '$tenant', ordered(p.at, p.n), 'mail', case when p.n % 3 = 0 then 'welcome' else 'changed' end,
           'person' || p.n || '@example.org', hashed(p.n % $people), $nothing,
           case when p.n % 1000 = 5 then 'failed' else 'sent' end, 'mails', 'node1',
           case when p.n % 1000 = 5 then '550 no such mailbox' else '' end, 1, p.at, p.at + $day_ms, p.at,
           p.at + 900, 3
      from $timed p
""")
# Each was of another person; one in fifty still holds.
_BLOCKS = _statement("""
    insert into blocks (tenant_id, block_id, user_id, username, phone, language, cause, reason,
                        verification_id, actor, actor_name, begun_at, until, ended_at, ended_by,
                        ended_by_name, end_reason)
    select '$tenant', ordered(p.at, p.i), hashed(p.n), $name, '', 'en', 'hand', 'Lost the phone', '',
           hashed(-5 - p.i % 7), 'admin' || (p.i % 7), p.at, $made + $days_ms,
           case when p.i % 50 > 0 then p.at + $day_ms end,
           case when p.i % 50 > 0 then hashed(-5 - p.i % 7) else '' end,
           case when p.i % 50 > 0 then 'admin' || (p.i % 7) else '' end,
           case when p.i % 50 > 0 then 'Found it again' else '' end
      from (select n as i, n * 20 + 9 as n, at from $timed timed) p $words
""")
_BYPASSES = _statement("""
    insert into bypasses (tenant_id, bypass_id, user_id, username, application_id, application_name, seconds,
                          reason, phone, actor, actor_name, made_at, expires_at, state, ended_at,
                          verification_id)
    select '$tenant', ordered(p.at, p.i), hashed(p.n), $name, '', '', 300, 'Phone at home', '',
           hashed(-5 - p.i % 7), 'admin' || (p.i % 7), p.at, p.at + 300000,
           case when p.i % 3 = 0 then 'expired' else 'used' end, p.at + 60000, ''
      from (select n as i, n * 7919 % $people as n, at from $timed timed) p $words
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
      from (select n as i, at, n % 50 <> 13 as known,
                   case when n % 10 = 3 then n / 10 % 100 else n * 7919 % $people end as n,
                   case when n % 50 = 13 or n % 25 in (14, 22) then 'denied'
                        when n % 1000 in (1, 2) then 'canceled'
                        when n % 1000 between 3 and 10 then 'expired' else 'approved' end as state
              from $timed timed) p $words
""")
IN_TIME = (
    # Each person was added, registered something and was changed.
    Timed(lambda people, _: people * 3, _EVENTS),
    # Older texts are swept, and so are older mails.
    Timed(lambda _, attempts: attempts // DAYS // 2, _DELIVERIES, days=1),
    Timed(lambda people, _: people // 5, _DISPATCHES, days=8),
    Timed(lambda people, _: people // 20, _BLOCKS),
    Timed(lambda people, _: people // 5, _BYPASSES),
    Timed(lambda _, attempts: attempts, _ATTEMPTS),
)
