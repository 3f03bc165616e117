r"""One canonical spelling for every name a person may type (after RFC 8265 §3.3, UsernameCaseMapped).

Two spellings that a directory, a VPN or a person takes for the same must become equal here, because
throttles, policies and attempts are keyed by the user behind the canonical name. A spelling that
cannot be made canonical belongs to nobody.
"""

from __future__ import annotations

import unicodedata

MAX_NAME_CHARACTERS = 255

# Control, surrogate, private use, unassigned, and the separators other than a plain space.
_DISALLOWED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def canonical_name(claimed: str) -> str | None:
    """Return the canonical spelling of `claimed`, or None if no user can have that name.

    Width is mapped, case is folded to lower, the result is NFC; blanks around the name and around the
    parts of `DOMAIN\\name` and `name@realm` are dropped.
    """
    if claimed.isascii():  # almost every name; the general way gives the same result
        name = claimed.strip().lower()
        if not name or len(name) > MAX_NAME_CHARACTERS or not name.isprintable():
            return None
        return name
    name = unicodedata.normalize("NFKC", claimed).strip().lower()
    name = unicodedata.normalize("NFC", name)
    if not name or len(name) > MAX_NAME_CHARACTERS:
        return None
    if any(unicodedata.category(character) in _DISALLOWED_CATEGORIES for character in name):
        return None
    return name


def lookup_names(claimed: str, *, strip_domain_prefix: bool) -> tuple[str, ...]:
    r"""Return the canonical names under which `claimed` may be stored, the most exact first.

    `CORP\alice` is looked up whole, then, if `strip_domain_prefix`, as `alice`.
    """
    name = canonical_name(claimed)
    if name is None:
        return ()
    prefix, backslash, rest = name.rpartition("\\")
    rest = rest.strip()
    if not strip_domain_prefix or not backslash or not prefix or not rest:
        return (name,)
    return (name, rest)
