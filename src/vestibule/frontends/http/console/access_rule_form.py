"""The form of one access rule: people by their names, everything else chosen from what there is."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response

from vestibule.frontends.http.console.desk import Desk
from vestibule.frontends.http.console.skipping import addresses
from vestibule.frontends.http.fields import LONG, Fields
from vestibule.frontends.http.templates.views import Choice, Form, Words
from vestibule.model.access_rule import AccessRule, Effect, RuleSet, RuleState
from vestibule.model.actor import Right

_TEXTS: Final = (
    *("name", "effect", "state", "users", "except_users", "places", "except_places"),
    *("within_minutes", "note"),
)
_TICKS: Final = ("groups", "except_groups", "applications", "except_applications", "methods")


async def read_rule(at: Desk, fields: Fields, rule_id: str) -> AccessRule | Form:
    """Return the rule that a form says, or the form with what is wrong beside its fields."""
    effect, state = fields.text("effect"), fields.text("state")
    users, unknown = await _people(at, fields, "users")
    except_users, unknown_excepted = await _people(at, fields, "except_users")
    minutes = fields.text("within_minutes")
    errors: dict[str, Words] = {}
    if not fields.text("name", 100):
        errors["name"] = Words("form.required")
    if unknown:
        errors["users"] = Words("console.access.unknown_user", {"name": unknown})
    if unknown_excepted:
        errors["except_users"] = Words("console.access.unknown_user", {"name": unknown_excepted})
    if minutes and fields.whole("within_minutes") is None:
        errors["within_minutes"] = Words("form.not_a_number", {"least": 0, "most": 129_600})
    if errors:
        return Form(typed_rule(fields), errors)
    requires = effect not in (Effect.SKIP, Effect.DENY)
    return AccessRule(
        rule_id=rule_id,
        name=fields.text("name", 100),
        effect=Effect(effect) if effect in set(Effect) else Effect.REQUIRE,
        state=RuleState(state) if state in set(RuleState) else RuleState.OFF,
        users=users,
        except_users=except_users,
        places=addresses(fields, "places"),
        except_places=addresses(fields, "except_places"),
        groups=fields.many("groups"),
        except_groups=fields.many("except_groups"),
        applications=fields.many("applications"),
        except_applications=fields.many("except_applications"),
        methods=fields.many("methods") if requires else (),
        within_minutes=fields.whole("within_minutes") if requires and minutes else None,
    )


def typed_rule(fields: Fields) -> dict[str, str]:
    return {name: fields.text(name, LONG) for name in _TEXTS}


async def names_of(at: Desk, rules: tuple[AccessRule, ...]) -> dict[str, str]:
    """Return what people call the people, groups and applications that rules name, by identifier."""
    snapshot, tenant_id = at.snapshot, at.tenant_id
    names = {group.group_id: group.name for key, group in snapshot.groups.items() if key[0] == tenant_id}
    for key, application in snapshot.applications.items():
        if key[0] == tenant_id:
            names[application.application_id] = application.name
    if not at.may(Right.READ_PEOPLE):
        return names
    for user_id in {user_id for rule in rules for user_id in (*rule.users, *rule.except_users)}:
        person = await at.services.users.find(at.actor, tenant_id, user_id)
        if person is not None:
            names[user_id] = person.user.username
    return names


async def rule_page(
    at: Desk,
    current: RuleSet,
    rule: AccessRule | None,
    form: Form,
    fields: Fields | None = None,
    *,
    asks_anyway: bool = False,
) -> Response[Any]:
    """Show a rule, or an empty form; `asks_anyway`: with a box to tick that it is wanted all the same."""
    names = await names_of(at, (rule,) if rule else ())
    ticked = {name: fields.many(name) if fields else getattr(rule, name, ()) for name in _TICKS}
    groups = [group for group in at.snapshot.groups.values() if group.tenant_id == at.tenant_id]
    return at.page(
        "console/access_rule_edit.html",
        status=422 if form.errors or form.problem else 200,
        rule=rule,
        version=current.version,
        form=form,
        names=names,
        ticked=ticked,
        groups=tuple(
            Choice(group.group_id, group.name)
            for group in sorted(groups, key=lambda group: group.name.casefold())
        ),
        applications=tuple(
            Choice(one.application_id, one.name)
            for one in at.services.applications.applications(at.actor, at.tenant_id)
        ),
        methods=tuple(sorted(at.services.enrollments.methods)),
        asks_anyway=asks_anyway,
    )


async def _people(at: Desk, fields: Fields, name: str) -> tuple[tuple[str, ...], str]:
    """Return the identifiers of the people named on each line, and the first name that nobody has."""
    found: dict[str, None] = {}
    for line in addresses(fields, name):
        person = await at.services.users.find_by_name(at.actor, at.tenant_id, line)
        if person is None:
            return (), line[:100]
        found[person.user.user_id] = None
    return tuple(found), ""
