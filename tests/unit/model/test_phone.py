"""Phone numbers as people write them, and which of them are never dialed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule.model.phone import (
    REFUSED_PREFIXES,
    Phone,
    calling_code,
    costly_prefix,
    is_calling_code,
    is_open,
    read_extension,
    read_phone,
)
from vestibule.model.sending_limit import LimitKind, closed_for
from vestibule.model.tenant import TenantSettings


@pytest.mark.parametrize(
    ("typed", "country_code", "expected"),
    [
        ("+49 30 1234567", "", "+49301234567"),
        ("+49 (0)30 / 123 45-67", "", "+49301234567"),
        ("+49 (0) 30 1234567", "1", "+49301234567"),
        ("0049 30 1234567", "1", "+49301234567"),
        ("0049 (0)30 1234567", "49", "+49301234567"),
        ("030 1234567", "49", "+49301234567"),
        ("(030) 1234567", "49", "+49301234567"),
        ("30 1234567", "49", "+49301234567"),
        ("030\u20131234567", "49", "+49301234567"),
        ("\u202a+49\u00a030\u202f1234567\u202c", "1", "+49301234567"),
        ("＋４９ ３０ １２３４５６７", "1", "+49301234567"),
        ("tel:+49-30-1234567", "1", "+49301234567"),
        ("212-234-5678", "1", "+12122345678"),
        ("1 (212) 234-5678", "1", "+12122345678"),
        ("+1 212 234 5678", "49", "+12122345678"),
        ("011 49 30 1234567", "1", "+49301234567"),
        ("06 1234 5678", "39", "+390612345678"),
        ("+39 06 1234 5678", "1", "+390612345678"),
        ("06 12 34 56 78", "33", "+33612345678"),
        ("+4420 79460958", "", "+442079460958"),
    ],
)
def test_a_number_has_one_spelling(typed: str, country_code: str, expected: str) -> None:
    """1.3: country code, number, and what people put between them."""
    assert read_phone(typed, country_code) == Phone(expected)


@pytest.mark.parametrize(
    ("typed", "country_code", "number", "extension"),
    [
        ("212-234-5678 x890", "1", "+12122345678", "890"),
        ("212-234-5678X890", "1", "+12122345678", "890"),
        ("+49 30 123456 ext. 12", "", "+4930123456", "12"),
        ("+49 30 123456 Ext 12", "", "+4930123456", "12"),
        ("tel:+4930123456;ext=12", "", "+4930123456", "12"),
        ("+49 30 123456 x,,12#", "", "+4930123456", ",,12#"),
        ("+49 30 123456 x@1 2-3", "", "+4930123456", "@123"),
    ],
)
def test_an_extension_stands_behind_a_mark(
    typed: str, country_code: str, number: str, extension: str
) -> None:
    """1.3: `555-123-4567 x890`; digits, comma, star, hash, and `@` in front."""
    assert read_phone(typed, country_code) == Phone(number, extension)


@pytest.mark.parametrize(
    ("typed", "country_code"),
    [
        ("", "49"),
        ("030 1234567", ""),
        ("alice", "49"),
        ("12", "49"),
        ("+0 30 1234567", "49"),
        ("+49 30 12345678901234", "49"),
        ("+49 30 123+45", "49"),
        ("0171 1234567", "1"),
        ("+1 555 123 4567", "1"),
        ("+1 155 234 5678", "1"),
        ("+1 555 234 567", "1"),
        ("+1 555 234 56789", "1"),
        ("+49 30 1234567 x", "49"),
        ("+49 30 1234567\r\nTo: +1", "49"),
        ("+49 30 1234567&to=+1", "49"),
        ("+٤٩ ٣٠ ١٢٣٤٥٦٧x", "49"),
        ("+49 30 1234567" + " " * 200, "49"),
    ],
)
def test_what_cannot_be_dialed_is_refused(typed: str, country_code: str) -> None:
    """SMS-09: nothing but digits reaches a gateway. A number of ours read as North American is none there."""
    with pytest.raises(ValueError, match=r"^(number|too_short|too_long|unassigned)$"):
        read_phone(typed, country_code)


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("+49 30 12345678901234", "number"),
        ("+49 3", "number"),
        ("+1 212 234 567", "too_short"),
        ("+1 212 234 56789", "too_long"),
        ("+1 155 234 5678", "unassigned"),
        ("+44 7700 900123", "unassigned"),
        ("+999 123 4567", "unassigned"),
    ],
)
def test_a_number_that_nobody_can_have_is_refused_with_the_reason(typed: str, why: str) -> None:
    """By the numbering plans; +44 7700 900… is kept free for films."""
    with pytest.raises(ValueError, match=f"^{why}$"):
        read_phone(typed, "")


@pytest.mark.parametrize(
    ("number", "prefix"),
    [
        ("+49180 1234567", "49180"),
        ("+49 900 1234567", "49900"),
        ("+447012345678", "44701"),
        ("+493012345", ""),
    ],
)
def test_the_plans_know_more_costly_numbers(number: str, prefix: str) -> None:
    """VOI-09: shared cost in Germany stands in no list of ours."""
    assert costly_prefix(number.replace(" ", "")) == prefix


@pytest.mark.parametrize("typed", ["@", "12@", "1,a", "1" * 41, "٣"])
def test_an_extension_that_cannot_be_keyed_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="extension"):
        read_extension(typed)


@given(st.text(max_size=120), st.sampled_from(["", "1", "39", "49"]))
def test_whatever_is_typed_is_a_number_or_refused(typed: str, country_code: str) -> None:
    try:
        phone = read_phone(typed, country_code)
    except ValueError as wrong:
        told = str(wrong)
    else:
        told = ""
    assert told in ("", "number", "too_short", "too_long", "unassigned", "extension")
    if told:
        return
    assert phone.number[0] == "+"
    assert phone.number[1:].isascii()
    assert phone.number[1:].isdigit()
    assert read_phone(str(phone), country_code) == phone, "what is stored is read as the same again"


def test_a_door_shows_two_digits() -> None:
    assert Phone("+49301234567", "12").masked == "••••••••••67"[1:]
    assert "4930" not in Phone("+49301234567").masked


@pytest.mark.parametrize(
    ("number", "code"),
    [("+12122345678", "1"), ("+79161234567", "7"), ("+4930123", "49"), ("+353123", "353"), ("+8821", "882")],
)
def test_the_country_code_of_a_number(number: str, code: str) -> None:
    assert calling_code(number) == code


def test_what_may_stand_in_the_list_of_calling_codes() -> None:
    assert [code for code in ("1", "49", "353", "1876", "4930") if not is_calling_code(code)] == []
    assert [
        code for code in ("", "4", "35", "0", "+49", "049", "49a", "٤٩", "12345678") if is_calling_code(code)
    ] == []


@pytest.mark.parametrize("prefix", REFUSED_PREFIXES)
def test_costly_numbers_are_never_dialed(prefix: str) -> None:
    """VOI-09, SMS-04: premium and satellite numbers, whatever the tenant opens."""
    number = f"+{prefix}{'2' * (11 - len(prefix))}"
    assert number.startswith(f"+{costly_prefix(number)}")
    closed = closed_for(TenantSettings(calling_codes=(calling_code(number),)), number)
    assert closed is not None
    assert closed.kind is LimitKind.PREMIUM


def test_only_open_countries_are_dialed() -> None:
    """SMS-04: every country is closed until it is opened."""
    here, there, jamaica = "+49301234567", "+48221234567", "+18762345678"
    assert [is_open(number, ()) for number in (here, there, jamaica)] == [False, False, False]
    assert [is_open(number, ("49", "43")) for number in (here, there, jamaica)] == [True, False, False]
    assert [is_open(number, ("1876",)) for number in (here, there, jamaica)] == [False, False, True]
    assert not is_open(here, ("4",)), "half a code is none"


def test_the_country_of_numbers_without_one_is_open() -> None:
    settings = TenantSettings(country_code="49", calling_codes=("43",))
    numbers = ("+49301234567", "+431234567", "+48221234567")
    assert [closed_for(settings, number) is None for number in numbers] == [True, True, False]
    assert closed_for(TenantSettings(), numbers[0]) is not None, "nothing is open by itself"
