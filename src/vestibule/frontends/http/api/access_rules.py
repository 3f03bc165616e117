"""Access rules: the version that holds, those before it, a new one, and a rehearsal."""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, get, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta

from vestibule.crypto.tokens import new_id
from vestibule.frontends.http.api.access_records import (
    RehearsalRecord,
    RuleSetRecord,
    rehearsal_record,
    rule_set_record,
)
from vestibule.frontends.http.api.caller import Caller
from vestibule.frontends.http.api.description import problems
from vestibule.frontends.http.api.listing import USUAL_LIMIT
from vestibule.frontends.http.api.records.listing import Listing, whole
from vestibule.frontends.http.api.request import Discreet
from vestibule.frontends.http.api.values import Id, Limit, Name
from vestibule.frontends.http.rights import needs
from vestibule.model.access_rule import AccessRule, Effect, RuleState
from vestibule.model.actor import Right

Ids = Annotated[tuple[Id, ...], Meta(max_length=1000)]
Place = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
Places = Annotated[tuple[Place, ...], Meta(max_length=1000)]
Seen = Annotated[int, Meta(ge=0, le=2**31)]
Note = Annotated[str, Meta(max_length=300, pattern=r"^[^\x00-\x1f\x7f]*$")]
Minutes = Annotated[int, Meta(ge=0, le=129_600)]
Username = Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^[^\x00]*$")]
Address = Annotated[str, Meta(max_length=100, pattern=r"^[^\x00]*$")]
Before = Annotated[
    int, QueryParameter(name="before", ge=0, le=2**31, description="Only versions before this one; 0: all.")
]


class Rule(Discreet):
    """Empty conditions fit everything; an exception takes away what a condition has fitted."""

    name: Name
    effect: Effect
    state: RuleState = RuleState.ON
    id: Id = ""
    """Of a rule that is there already; a new one is given one."""
    users: Ids = ()
    """Users by identifier; who is one of them or in one of `groups` is meant. Both empty: everybody."""
    groups: Ids = ()
    except_users: Ids = ()
    except_groups: Ids = ()
    applications: Ids = ()
    except_applications: Ids = ()
    places: Places = ()
    """Networks, ranges, addresses, or `trusted`: the addresses that the tenant trusts."""
    except_places: Places = ()
    methods: Ids = ()
    """Of `require`: the methods that are enough; empty: those of the application."""
    within_minutes: Minutes | None = None
    """Of `require`: how old a remembered or cached proof may be; 0: it is asked for every time."""


class NewRules(Discreet):
    """All rules, in the order in which they are asked."""

    rules: Annotated[tuple[Rule, ...], Meta(max_length=1000)]
    version: Seen
    """The version that these rules were made from; a newer one is not overwritten."""
    note: Note = ""
    """Why; stands beside the version."""


class Question(Discreet):
    username: Username
    application_id: Id
    address: Address = ""
    """Where he comes from; empty: as if the client did not tell it."""
    rules: Annotated[tuple[Rule, ...], Meta(max_length=1000)] | None = None
    """Rules to try; left out: those that hold."""


class AccessRules(Controller):
    path = "/access-rules"
    tags = ("Access rules",)

    @get(responses=problems(404), opt=needs(Right.READ_CONFIGURATION))
    async def read_rules(self, caller: NamedDependency[Caller]) -> RuleSetRecord:
        """Read the rules that hold. Version 0: nobody has written any."""
        return rule_set_record(caller.services.rule_sets.current(caller.actor, caller.tenant_id))

    @put(responses=problems(404, 409, 422), opt=needs(Right.RULES))
    async def write_rules(self, caller: NamedDependency[Caller], data: JSONBody[NewRules]) -> RuleSetRecord:
        """Replace the rules, all or nothing; they hold from the next sign-in on."""
        written = await caller.services.rule_sets.write(
            caller.actor, caller.tenant_id, _rules(data.rules), seen=data.version, note=data.note
        )
        return rule_set_record(written)

    @get("/versions", responses=problems(404), opt=needs(Right.READ_CONFIGURATION))
    async def list_versions(
        self, caller: NamedDependency[Caller], before: Before = 0, limit: Limit = USUAL_LIMIT
    ) -> Listing[RuleSetRecord]:
        """List the versions that there were, newest first."""
        service = caller.services.rule_sets
        newest = service.current(caller.actor, caller.tenant_id).version
        found = await service.versions(caller.actor, caller.tenant_id, before or newest + 1, limit)
        return whole(rule_set_record(one) for one in found)

    @post("/rehearsal", status_code=200, responses=problems(404, 422), opt=needs(Right.READ_CONFIGURATION))
    async def rehearse(self, caller: NamedDependency[Caller], data: JSONBody[Question]) -> RehearsalRecord:
        """Say what would be decided about a user who has typed the right password, and why. Changes and
        sends nothing."""
        rehearsal = await caller.services.rule_sets.rehearse(
            caller.actor,
            caller.tenant_id,
            username=data.username,
            application_id=data.application_id,
            address=data.address,
            rules=None if data.rules is None else _rules(data.rules),
        )
        return rehearsal_record(rehearsal)


def _rules(given: tuple[Rule, ...]) -> tuple[AccessRule, ...]:
    return tuple(_rule(rule) for rule in given)


def _rule(rule: Rule) -> AccessRule:
    values = {name: getattr(rule, name) for name in rule.__struct_fields__ if name != "id"}
    return AccessRule(rule_id=rule.id or new_id(), **values)
