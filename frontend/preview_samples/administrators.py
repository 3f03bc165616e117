"""Administrators, their roles, and what two of them have to agree on."""

from preview_samples.people import ADMIN, EVIL, LONG
from preview_samples.sample import DAY, HOSTILE, NOW, Sample
from vestibule.frontends.http.templates.views import Choice, Form, GrantRow, Words
from vestibule.model.actor import Right
from vestibule.model.proposal import Act, Proposal, ProposalState
from vestibule.model.right import OF_ADMINISTRATORS
from vestibule.model.role import AdminRole


def console_roles() -> list[Sample]:
    choices = {
        "roles": (Choice("administrator", ""), Choice("help_desk", ""), Choice("r1", HOSTILE)),
        "places": (Choice("demo", "Example GmbH"), Choice("system", "Vestibule")),
        "groups": (Choice("g1", "Example GmbH: Außendienst"),),
    }
    grants = (
        GrantRow("help_desk", "", "demo", "Example GmbH", ("Außendienst", HOSTILE)),
        GrantRow("r1", HOSTILE, "", ""),
    )
    proposals = tuple(
        (
            Proposal(
                tenant_id="system",
                proposal_id=f"p{number}",
                act=act,
                user_id="u3",
                username=HOSTILE,
                actor=f"u{number}",
                actor_name="katharina",
                state=state,
                decided_by_name="root" if number else "",
                created_at=NOW,
                expires_at=NOW + DAY,
            ),
            ((Words("role.fact.number"), "+49 30 1234567"),),
        )
        for number, (act, state) in enumerate(
            (
                (Act.ADD_FACTOR, ProposalState.OPEN),
                (Act.ROLES, ProposalState.OPEN),
                (Act.PASSWORD, ProposalState.CONFIRMED),
            )
        )
    )
    rights = tuple(right.value for right in Right if right in OF_ADMINISTRATORS)
    own = AdminRole(tenant_id="system", role_id="r1", name=HOSTILE, rights=("people.read", "pins.change"))
    built_in = AdminRole(
        tenant_id="system",
        role_id="auditor",
        name="auditor",
        rights=("people.read", "history.read"),
        version=0,
    )
    named = {"rights": rights, "ticked": own.rights, "form": Form(), "longest_name": 100}
    holders = ((ADMIN, (GrantRow("administrator", "", "", ""),)), (EVIL, grants))
    people = {"holders": holders, "proposals": (), "own_id": "u1", "link": "", **choices}
    return [
        Sample("administrators", "console/administrators.html", {**people, "proposals": proposals}),
        Sample(
            "administrators-invited",
            "console/administrators.html",
            {**people, "link": "https://example.org/console/setup/" + "k3Jx" * 10},
        ),
        Sample("administrator", "console/administrator.html", {"user": EVIL, "grants": grants, **choices}),
        Sample("administrator-none", "console/administrator.html", {"user": LONG, "grants": (), **choices}),
        Sample("roles", "console/roles.html", {"roles": (built_in, own), **named}),
        Sample("role", "console/role.html", {"role": own, **named}),
        Sample("role-built-in", "console/role.html", {"role": built_in, **named, "ticked": built_in.rights}),
    ]
