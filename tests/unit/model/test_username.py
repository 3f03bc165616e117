"""One canonical spelling (BF-05, RFC 8265): a spelling is never a way around a throttle or a rule."""

import pytest

from vestibule.model.username import canonical_name, lookup_names


@pytest.mark.parametrize(
    "spelling",
    ["alice", "ALICE", " Alice ", "\talice\n", "ａｌｉｃｅ", "ＡＬＩＣＥ", "\u00a0alice\u3000"],
)
def test_spellings_of_one_name_are_one(spelling: str) -> None:
    assert canonical_name(spelling) == "alice"


@pytest.mark.parametrize(
    ("one", "other"),
    [("Müller", "mu\u0308ller"), ("STRASSE", "strasse"), ("ﬁona", "fiona"), ("\u212aelvin", "kelvin")],
)
def test_compatible_forms_are_one_name(one: str, other: str) -> None:
    assert canonical_name(one) == canonical_name(other)


@pytest.mark.parametrize(("one", "other"), [("straße", "strasse"), ("alice", "аlice"), ("ali ce", "alice")])
def test_different_names_stay_different(one: str, other: str) -> None:
    assert canonical_name(one) != canonical_name(other)


@pytest.mark.parametrize(
    "name",
    ["", "   ", "a\x00b", "a\nb", "a\u202eb", "a\u200bb", "a" * 256, "\ud800", "a\x7fb", "\ue000"],
)
def test_a_name_that_nobody_can_have_belongs_to_nobody(name: str) -> None:
    assert canonical_name(name) is None


def test_canonical_names_are_fixed_points() -> None:
    for name in ("alice", "Ａlice", "Müller", "İstanbul", "ΣΊΣΥΦΟΣ", "user@EXAMPLE.org", "CORP\\Bob"):
        once = canonical_name(name)
        assert once is not None
        assert canonical_name(once) == once


def test_a_domain_prefix_is_looked_up_whole_first_then_stripped() -> None:
    assert lookup_names("CORP\\Alice", strip_domain_prefix=True) == ("corp\\alice", "alice")
    assert lookup_names("CORP\\Alice", strip_domain_prefix=False) == ("corp\\alice",)
    assert lookup_names("\\alice", strip_domain_prefix=True) == ("\\alice",)
    assert lookup_names("corp\\", strip_domain_prefix=True) == ("corp\\",)
    assert lookup_names("\x00", strip_domain_prefix=True) == ()
