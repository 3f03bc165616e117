"""Directories."""

from preview_samples.sample import DAY, HOSTILE, NOW, Sample
from vestibule.frontends.http.templates.views import Form, Setting
from vestibule.interfaces.directory import DirectoryEntry
from vestibule.model.application import DirectoryConfiguration

DIRECTORY = DirectoryConfiguration(
    tenant_id="demo",
    directory_id="d1",
    kind="ldap",
    name="Active Directory example.com",
    settings={"urls": ["ldaps://dc1.example.com", "ldaps://dc2.example.com"]},
    secret=b"sealed",
    created_at=NOW - 90 * DAY,
)


SETTINGS = (
    Setting("urls", "list", required=True),
    Setting("base_dn", "text", required=True),
    Setting("start_tls", "yes_no", default="yes"),
    Setting("name_attributes", "list", default="uid mail"),
    Setting("timeout_seconds", "number", default="5"),
)


RADIUS_SETTINGS = (
    Setting("servers", "list", required=True),
    Setting("require_message_authenticator", "yes_no", default="yes"),
    Setting("tries", "number", default="3"),
    Setting("accounting_port", "number", default="0"),
)


def directories() -> list[Sample]:
    page = "console/directory_edit.html"
    tried = {"tried": "", "found": None, "problem_of_try": None}
    found = DirectoryEntry(reference="b7c1", username="alice", given_name="Alice", family_name=HOSTILE)
    values = {"name": DIRECTORY.name, "urls": "ldaps://dc1.example.com", "base_dn": "DC=example,DC=com"}
    return [
        Sample("directories", "console/directories.html", {"directories": (DIRECTORY,), "kinds": ("ldap",)}),
        Sample("directories-empty", "console/directories.html", {"directories": (), "kinds": ("ldap",)}),
        Sample(
            "directory-add",
            page,
            {
                **tried,
                "directory": None,
                "kind": "ldap",
                "settings": SETTINGS,
                "form": Form({"start_tls": "yes"}),
            },
        ),
        Sample(
            "directory-add-radius",
            page,
            {
                **tried,
                "directory": None,
                "kind": "radius",
                "settings": RADIUS_SETTINGS,
                "form": Form({"require_message_authenticator": "yes", "tries": "3"}),
            },
        ),
        Sample(
            "directory",
            page,
            {
                "directory": DIRECTORY,
                "kind": "ldap",
                "settings": SETTINGS,
                "form": Form(values),
                "tried": HOSTILE,
                "found": found,
                "problem_of_try": None,
            },
        ),
    ]
