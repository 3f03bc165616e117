"""Security questions: what a person answers where he has nothing else at hand, if the tenant allows it.

They are no second factor: they stand in for one at the portal only, beside the password. Answers are judged
as people write them, whatever the case, the accents of the keyboard, blanks and punctuation.
"""

from __future__ import annotations

import unicodedata

import msgspec

LONGEST_ANSWER = 200
LEAST_ANSWER = 3
"""Characters that count of an answer at least: a shorter one is a guess away."""


class SecurityAnswers(msgspec.Struct, frozen=True, kw_only=True):
    """What a person has answered; `sealed` are the questions as they were asked, and hashes of answers."""

    tenant_id: str
    user_id: str
    sealed: bytes
    created_at: int

    def __repr__(self) -> str:
        return f"SecurityAnswers({self.tenant_id}/{self.user_id})"


def normalized(answer: str) -> str:
    """Return what counts of an answer: letters and digits, in one case and one spelling."""
    folded = unicodedata.normalize("NFKC", answer[:LONGEST_ANSWER]).casefold()
    return "".join(each for each in folded if each.isalnum())
