"""What the doctor of RADIUS clients says of a finding."""

from __future__ import annotations

from collections.abc import Mapping

from vestibule.catalog import LANGUAGES, text, wordings
from vestibule.policy.client_doctor import Finding

PARTS = ("seen", "why", "next")


def finding_texts(finding: Finding) -> tuple[tuple[str, Mapping[str, int]], ...]:
    """Return the texts that say what was seen, why it matters and what to do next: key and placeholders."""
    told = {"count": finding.count, "value": finding.value}
    texts = []
    for part in PARTS:
        key = f"client_doctor.{finding.key}.{part}"
        wanted = wordings(key)[LANGUAGES[0]].placeholders
        texts.append((key, {name: told[name] for name in wanted}))
    return tuple(texts)


def finding_words(language: str, finding: Finding) -> tuple[str, str, str]:
    """Return the same in a language, a sentence or two each."""
    seen, why, then = (text(language, key, **told) for key, told in finding_texts(finding))
    return seen, why, then
