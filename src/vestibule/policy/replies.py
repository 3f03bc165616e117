"""Which reply attributes somebody is given: who is named more closely counts more.

A line for a person counts more than one for a group, that more than one for a client, that more than one for
an application, and that more than one for the whole tenant. A line may name several of them; then the first
of this order that tells two lines apart decides. Of a person's groups the first by name counts. What counts
less is replaced, attribute by attribute and tag by tag, unless it says that it adds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from vestibule.model.reply_attribute import ReplyAttribute

Weight = tuple[bool, int, bool, bool]


class Replies(msgspec.Struct, frozen=True):
    """The lines of one tenant but those for single people."""

    shared: tuple[ReplyAttribute, ...] = ()
    has_own: bool = False
    """Whether there are lines for single people, too."""
    group_order: tuple[str, ...] = ()
    """Identifiers of all groups, by name."""

    def __bool__(self) -> bool:
        return bool(self.shared) or self.has_own

    @property
    def names_groups(self) -> bool:
        return self.has_own or any(line.group_id for line in self.shared)


NO_REPLIES: Final = Replies()


def chosen(
    lines: Sequence[ReplyAttribute],
    *,
    application_id: str,
    client_id: str,
    user_id: str,
    groups: Sequence[str],
) -> tuple[ReplyAttribute, ...]:
    """Return the lines that are sent, in the order in which they were added. `groups` are those of the
    person, by name; `user_id` is empty for somebody who is nobody here."""

    def weight(line: ReplyAttribute) -> Weight:
        group = len(groups) - groups.index(line.group_id) if line.group_id else 0
        return bool(line.user_id), group, bool(line.client_id), bool(line.application_id)

    fitting = [
        line
        for line in lines
        if line.user_id in ("", user_id)
        and (not line.group_id or line.group_id in groups)
        and line.client_id in ("", client_id)
        and line.application_id in ("", application_id)
    ]
    heaviest: dict[object, Weight] = {}
    for line in fitting:
        if not line.adds:
            heaviest[_key(line)] = max(weight(line), heaviest.get(_key(line), weight(line)))
    kept = [line for line in fitting if line.adds or weight(line) == heaviest[_key(line)]]
    return tuple(sorted(kept, key=lambda line: (line.created_at, line.reply_id)))


def _key(line: ReplyAttribute) -> object:
    """What one line replaces in another: the same attribute under the same tag."""
    return line.shape.place, line.shape.head
