"""Templates of mails: what each is called, and which placeholders its words may have.

The words are in the catalog (`mail.KEY.subject`, `mail.KEY.text`) in every language, and a tenant may have
its own. A value lands in a text as it is, on one line: whatever it contains, it is no placeholder and ends no
line. What a mail is about stands in its key; a new one is a line here and its words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import msgspec

EVERYWHERE: Final = frozenset({"name", "username", "tenant", "portal_url", "help_contact"})
"""Placeholders that every mail to a person may have."""

TEMPLATES: Final[Mapping[str, frozenset[str]]] = {
    "alert": frozenset({"what", "whom", "when", "who", "details", "tenant", "portal_url"}),
    "alert_summary": frozenset({"what", "count", "since", "until", "tenant", "portal_url"}),
    "changed": EVERYWHERE | {"what", "when", "who", "details"},
    "registration_code": EVERYWHERE | {"code", "days"},
    "report_ready": EVERYWHERE | {"what", "count", "url"},
    "test": frozenset({"tenant"}),
    "welcome": EVERYWHERE | {"how"},
}
"""Placeholders by key."""

BY_METHOD: Final = frozenset({"changed", "welcome"})
"""What a tenant may say in other words for a method, as `welcome.METHOD`."""

LONGEST_SUBJECT: Final = 150
LONGEST_TEXT: Final = 5000
_PLACEHOLDER: Final = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_STRAY: Final = re.compile(r"[{}]")
_UNSEEN: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class MailTemplate(msgspec.Struct, frozen=True):
    """The words of one mail in one language. `text` has paragraphs with an empty line between them."""

    subject: str
    text: str
    sender: str = ""
    """The address that it comes from, as readers see it; empty: that of the gateway."""


class TemplateWrong(ValueError):
    """A template cannot be used: `why` is `unknown` (placeholder), `stray` (brace), `empty` or `too_long`;
    `told` is what of it."""

    def __init__(self, why: str, told: str = "") -> None:
        super().__init__(f"{why}: {told}" if told else why)
        self.why = why
        self.told = told


def check_template(template: MailTemplate, placeholders: frozenset[str]) -> None:
    """Raise TemplateWrong unless the words can be used with these placeholders."""
    for text, longest in ((template.subject, LONGEST_SUBJECT), (template.text, LONGEST_TEXT)):
        if not text.strip():
            raise TemplateWrong("empty")
        if len(text) > longest:
            raise TemplateWrong("too_long", str(longest))
        for name in _PLACEHOLDER.findall(text):
            if name not in placeholders:
                raise TemplateWrong("unknown", f"{{{name}}}")
        if stray := _STRAY.search(_PLACEHOLDER.sub("", text)):
            raise TemplateWrong("stray", stray[0])


def filled(text: str, values: Mapping[str, str]) -> str:
    """Return a text with each `{name}` replaced by its value on one line; a line that becomes empty by that
    is left out. KeyError for a placeholder without a value."""
    lines = []
    for line in text.splitlines():
        full = _PLACEHOLDER.sub(lambda found: _UNSEEN.sub(" ", values[found[1]]), line)
        if full.strip() or not line.strip():
            lines.append(full.rstrip())
    return "\n".join(lines).strip() + "\n"
