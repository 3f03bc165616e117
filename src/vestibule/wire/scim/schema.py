"""The attributes of users and groups: what they are called, what they may hold, and who may change them.

Both what `/Schemas` tells (RFC 7643 §7) and what requests are read by, so that neither can say anything else
than the other.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

CORE: Final = "urn:ietf:params:scim:schemas:core:2.0:"
USER_SCHEMA: Final = f"{CORE}User"
GROUP_SCHEMA: Final = f"{CORE}Group"
MESSAGES: Final = "urn:ietf:params:scim:api:messages:2.0:"


class Attribute(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One attribute (RFC 7643 §2)."""

    name: str
    type: str = "string"
    multi_valued: bool = False
    description: str
    required: bool = False
    case_exact: bool = False
    mutability: str = "readWrite"
    returned: str = "default"
    uniqueness: str = "none"
    canonical_values: tuple[str, ...] = ()
    reference_types: tuple[str, ...] = ()
    sub_attributes: tuple[Attribute, ...] = ()

    @property
    def is_read_only(self) -> bool:
        return self.mutability == "readOnly"

    def sub(self, name: str) -> Attribute | None:
        """Return the sub-attribute of a name in any spelling."""
        return next((each for each in self.sub_attributes if each.name.lower() == name.lower()), None)

    def told(self) -> dict[str, Any]:
        """Return the attribute as `/Schemas` describes it; what is empty is left out."""
        told: dict[str, Any] = msgspec.to_builtins(self)
        told["subAttributes"] = [each.told() for each in self.sub_attributes]
        return {name: value for name, value in told.items() if value != []}


class Schema(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    name: str
    description: str
    attributes: tuple[Attribute, ...]
    passed_over: frozenset[str] = frozenset()
    """Attributes of the standard that are not kept here, in lower case: read over, and never told."""

    def find(self, name: str) -> Attribute | None:
        """Return the attribute of a name in any spelling, one of those that every resource has included."""
        wanted = name.lower()
        known = (*_COMMON, *self.attributes)
        return next((each for each in known if each.name.lower() == wanted), None)


_READ: Final = "readOnly"
_COMMON: Final = (
    Attribute(
        name="id",
        description="Given here, for good.",
        case_exact=True,
        mutability=_READ,
        uniqueness="server",
    ),
    Attribute(name="externalId", description="The client's own identifier.", case_exact=True),
    Attribute(
        name="schemas", description="What the resource is.", multi_valued=True, mutability=_READ
    ),
    Attribute(
        name="meta",
        type="complex",
        description="About the resource.",
        mutability=_READ,
        sub_attributes=(
            Attribute(name="resourceType", description="User or Group.", mutability=_READ),
            Attribute(name="created", type="dateTime", description="When it was added.", mutability=_READ),
            Attribute(
                name="lastModified", type="dateTime", description="When it was changed.", mutability=_READ
            ),
            Attribute(name="location", type="reference", description="Its address.", mutability=_READ),
            Attribute(name="version", description="Its ETag.", case_exact=True, mutability=_READ),
        ),
    ),
)  # fmt: skip


def _several(name: str, description: str, types: tuple[str, ...]) -> Attribute:
    return Attribute(
        name=name,
        type="complex",
        multi_valued=True,
        description=description,
        sub_attributes=(
            Attribute(name="value", description="The value itself."),
            Attribute(name="display", description="A name of it for people."),
            Attribute(name="type", description="What it is for.", canonical_values=types),
            Attribute(name="primary", type="boolean", description="Whether it is the preferred one."),
        ),
    )


USER: Final = Schema(
    id=USER_SCHEMA,
    name="User",
    description="A person.",
    attributes=(
        Attribute(
            name="userName",
            description="What the person types to sign in, in any case.",
            required=True,
            uniqueness="server",
        ),
        Attribute(
            name="name",
            type="complex",
            description="The parts of the name.",
            sub_attributes=(
                Attribute(name="givenName", description="The given name."),
                Attribute(name="familyName", description="The family name."),
                Attribute(name="formatted", description="The whole name."),
            ),
        ),
        Attribute(name="displayName", description="The name as it is shown."),
        Attribute(
            name="active", type="boolean", description="Whether the person may sign in.", required=True
        ),
        Attribute(name="preferredLanguage", description="The language of pages, texts and calls."),
        Attribute(name="locale", description="The language where no other is preferred."),
        _several("emails", "The primary one, else that for work, is written to.", ("work", "home", "other")),
        _several(
            "phoneNumbers",
            "The mobile one is called and texted; that for work stands in for it where that is allowed.",
            ("mobile", "work", "home", "other"),
        ),
        Attribute(
            name="groups",
            type="complex",
            multi_valued=True,
            description="The groups that the person is in.",
            mutability="readOnly",
            sub_attributes=(
                Attribute(name="value", description="The group's id.", case_exact=True, mutability=_READ),
                Attribute(
                    name="$ref",
                    type="reference",
                    description="The group's address.",
                    mutability=_READ,
                    reference_types=("Group",),
                ),
                Attribute(name="display", description="The group's name.", mutability=_READ),
            ),
        ),
    ),
    passed_over=frozenset(
        (
            *("title", "nickname", "profileurl", "usertype", "timezone", "ims", "photos", "addresses"),
            *("entitlements", "roles", "x509certificates", "password"),
        )
    ),
)

GROUP: Final = Schema(
    id=GROUP_SCHEMA,
    name="Group",
    description="People whom rules and settings name together.",
    attributes=(
        Attribute(name="displayName", description="The group's name.", required=True, uniqueness="server"),
        Attribute(
            name="members",
            type="complex",
            multi_valued=True,
            description="Who is in it.",
            sub_attributes=(
                Attribute(
                    name="value", description="The user's id.", case_exact=True, mutability="immutable"
                ),
                Attribute(
                    name="$ref",
                    type="reference",
                    description="The user's address.",
                    mutability="immutable",
                    reference_types=("User",),
                ),
                Attribute(
                    name="type", description="User.", mutability="immutable", canonical_values=("User",)
                ),
            ),
        ),
    ),
)
