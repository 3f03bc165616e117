"""A user as a resource, and what a resource says of a user.

What was said is told again as it was said, as long as it means what the user has: three telephone numbers
stay three, though one of them is called.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from vestibule.catalog import LANGUAGES
from vestibule.frontends.http.scim.exchange import tag
from vestibule.model.mail_address import read_address
from vestibule.model.phone import read_phone
from vestibule.services.provisioned_users import KnownUser, PushedUser
from vestibule.wire.scim.schema import USER, USER_SCHEMA
from vestibule.wire.scim.trouble import ScimTrouble

LONGEST: Final = 255
"""Characters of what a user has."""
_UNTOLD: Final = ("userName", "externalId", "active")


def resource_of(known: KnownUser, base: str, country_code: str) -> dict[str, Any]:
    """Return a person as a resource of the server at `base`."""
    user = known.user
    told = known.record.told if known.record is not None else {}
    name = {
        "givenName": user.given_name,
        "familyName": user.family_name,
        "formatted": told.get("name", {}).get("formatted", f"{user.given_name} {user.family_name}".strip()),
    }
    resource = {
        "schemas": [USER_SCHEMA],
        "id": user.user_id,
        "externalId": known.record.external_id if known.record is not None else "",
        "userName": user.username,
        "name": {part: text for part, text in name.items() if text},
        "displayName": told.get("displayName", "") if known.record is not None else user.display_name,
        "active": user.is_active,
        "emails": _emails(user.email, told.get("emails", [])),
        "phoneNumbers": _phones(user.phone, told.get("phoneNumbers", []), country_code),
        **_languages(user.language, told),
        "groups": [
            {"value": group.group_id, "$ref": f"{base}/Groups/{group.group_id}", "display": group.name}
            for group in known.groups
        ],
        "meta": {
            "resourceType": "User",
            "created": moment(user.created_at),
            "lastModified": moment(known.changed_at),
            "location": f"{base}/Users/{user.user_id}",
            "version": tag(version_of(known)),
        },
    }
    return {key: value for key, value in resource.items() if value not in ("", [], {})}


def version_of(known: KnownUser) -> str:
    return str(known.user.version)


def writable(resource: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a resource a client may change."""
    known = ((name, USER.find(name)) for name in resource)
    return {name: resource[name] for name, each in known if each is not None and not each.is_read_only}


def pushed_of(said: Mapping[str, Any], country_code: str) -> PushedUser:
    """Return what a resource says; raises ScimTrouble for what no user can have."""
    username = said.get("userName", "")
    if not username:
        raise ScimTrouble("invalidValue", "userName is needed")
    name = said.get("name", {})
    fields = {
        "given_name": name.get("givenName", ""),
        "family_name": name.get("familyName", ""),
        "email": _address(said),
        "language": _language(said),
    }
    typed = _called(said.get("phoneNumbers", []))
    fields["phone"] = _read_phone(typed, country_code)
    for text in (username, said.get("externalId", ""), *fields.values()):
        if len(text) > LONGEST:
            raise ScimTrouble("invalidValue", f"a value is longer than {LONGEST} characters")
    return PushedUser(
        username=username,
        external_id=said.get("externalId", ""),
        is_active=said.get("active"),
        fields={field: text for field, text in fields.items() if text},
        phones=tuple(number for number in (fields["phone"], _backup(said, country_code)) if number),
        unreadable=("phone",) if typed and not fields["phone"] else (),
        told={key: value for key, value in said.items() if key not in _UNTOLD},
    )


def moment(at: int) -> str:
    """Return a time (epoch ms) as RFC 7643 §2.3.5 writes it."""
    text = datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def _emails(email: str, told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if _preferred(told, ("work", "home", "other", "")) == email:
        return told
    return [{"value": email, "type": "work", "primary": True}] if email else []


def _phones(phone: str, told: list[dict[str, Any]], country_code: str) -> list[dict[str, Any]]:
    if _read_phone(_called(told), country_code) == phone:
        return told
    return [{"value": phone, "type": "mobile"}] if phone else []


def _languages(language: str, told: Mapping[str, Any]) -> dict[str, str]:
    said = {key: told[key] for key in ("preferredLanguage", "locale") if key in told}
    return said if _language(said) == language else {"preferredLanguage": language}


def _address(said: Mapping[str, Any]) -> str:
    text = _preferred(said.get("emails", []), ("work", "home", "other", ""))
    if text and read_address(text) is None:
        raise ScimTrouble("invalidValue", "emails has a value that is no address")
    return text


def _called(numbers: Sequence[Mapping[str, Any]]) -> str:
    """Return the number that is called and texted: the mobile one, if there is one."""
    return next(
        (each["value"] for each in numbers if each.get("type", "").lower() == "mobile" and "value" in each),
        "",
    )


def _backup(said: Mapping[str, Any], country_code: str) -> str:
    """Return the number for work, if it can be read."""
    numbers = said.get("phoneNumbers", [])
    typed = next((each.get("value", "") for each in numbers if each.get("type", "").lower() == "work"), "")
    return _read_phone(typed, country_code)


def _preferred(values: Sequence[Mapping[str, Any]], types: Sequence[str]) -> str:
    """Return the primary value, or the first of the first type that there is."""
    named = [each for each in values if each.get("value")]
    ordered = sorted(
        named,
        key=lambda each: (
            not each.get("primary", False),
            types.index(kind) if (kind := each.get("type", "").lower()) in types else len(types),
        ),
    )
    return ordered[0]["value"] if ordered else ""


def _read_phone(typed: str, country_code: str) -> str:
    try:
        return str(read_phone(typed, country_code)) if typed else ""
    except ValueError:
        return ""


def _language(said: Mapping[str, Any]) -> str:
    """Return the first language of ours in `preferredLanguage` (RFC 9110 §12.5.4), else that of `locale`."""
    tags = f"{said.get('preferredLanguage', '')},{said.get('locale', '')}".replace("_", "-").split(",")
    primary = [tag.partition(";")[0].strip().partition("-")[0].lower() for tag in tags]
    return next((language for language in primary if language in LANGUAGES), "")
