"""What usage comes to: the worked examples, and that nothing but usage is charged."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule.model.day import day_after
from vestibule.model.money import charged, read_price, rounded, shown_price
from vestibule.model.price_list import PriceList
from vestibule.model.provider import UsageModel
from vestibule.model.statement import LineKind, days_of, read_month
from vestibule.model.usage import Usage
from vestibule.policy.rating import NoPrice, licence_line, rated, total_of, units_of, years_begun

FIRST = "2026-10-01"


def usage(model: UsageModel = UsageModel.PER_USER, day: str = FIRST, **counted: object) -> Usage:
    return Usage(tenant_id="acme", provider_id="p1", day=day, usage_model=model, metered_at=0, **counted)


def prices(from_day: str = "2026-01-01", **changed: str) -> PriceList:
    usual = {"per_user": "1.40", "per_pack": "1.40", "per_licence": "16.80"} | changed
    return PriceList(
        tenant_id="system",
        price_list_id=from_day,
        currency="EUR",
        from_day=from_day,
        created_at=0,
        **{name: read_price(price) for name, price in usual.items()},
    )


@pytest.mark.parametrize(
    ("counted", "units"),
    [
        ({"service_users": 5000}, "161.29"),
        ({"service_users": 5015}, "161.77"),
        ({"service_users": 5000, "licensed": 4500}, "16.13"),
        ({"server_users": 5000}, "161.29"),
        ({"service_users": 3000, "server_users": 2000}, "161.29"),
        ({"service_users": 5000, "server_users": 4000, "is_synchronised": True}, "161.29"),
        ({"service_users": 4000, "server_users": 5000, "is_synchronised": True}, "161.29"),
        ({"service_users": 5, "licensed": 9}, "0.00"),
    ],
)
def test_a_day_of_users_is_a_thirty_first_of_them(counted: dict[str, object], units: str) -> None:
    """B3 and the worked examples: 5,000 users are 161.29, 15 more 161.77, with 4,500 licences 16.13."""
    assert str(rounded(units_of(usage(**counted)), 2)) == units


def test_a_day_of_attempts_is_a_tenth_of_them() -> None:
    """B4 and the worked example: 3,105 attempts are 310.5 packs, licensed or not (S33)."""
    counted = {"service_attempts": 3000, "server_attempts": 105}
    assert units_of(usage(UsageModel.PER_AUTHENTICATION, **counted)) == Fraction(3105, 10)
    assert units_of(usage(UsageModel.PER_AUTHENTICATION, licensed=3000, **counted)) == Fraction("310.5")


def test_s14_whoever_is_configured_is_counted_whether_or_not_he_verifies() -> None:
    """S14: of ten configured users three have verified; ten are counted."""
    assert units_of(usage(service_users=10, service_attempts=3)) == Fraction(10, 31)


def test_s29_licensed_users_are_not_counted() -> None:
    """S29, S30: of seven users five are licensed; the two others are counted."""
    assert units_of(usage(service_users=7, licensed=5)) == Fraction(2, 31)


def test_s16_licences_cost_their_yearly_fee_and_nothing_else() -> None:
    """S16: two hundred licences, by whatever they are used."""
    line = licence_line(200, FIRST, [prices()], "EUR")
    assert (line.kind, line.count, line.amount) == (LineKind.LICENCES, 200, Decimal("3360.00"))
    everybody = usage(service_users=200, licensed=200, service_attempts=99_999)
    assert total_of(rated([everybody], [prices()], "EUR")) == 0


def test_a_line_is_rounded_once() -> None:
    """Thirty-one days of 5,000 users are 5,000 months of a user, not 31 times a rounded day."""
    days = [usage(day=day_after(FIRST, n), service_users=5000) for n in range(31)]
    (line,) = rated(days, [prices()], "EUR", "Main")
    assert (line.units, line.count, line.amount) == ("5000", 155_000, Decimal("7000.00"))
    assert (line.from_day, line.last_day, line.provider_name) == (FIRST, "2026-10-31", "Main")


def test_a_new_price_list_begins_a_new_line() -> None:
    lists = [prices("2026-10-11", per_user="2"), prices()]
    days = [usage(day=day_after(FIRST, n), service_users=31) for n in range(31)]
    first, second = rated(days, lists, "EUR")
    assert (first.last_day, first.amount) == ("2026-10-10", Decimal("14.00"))
    assert (second.from_day, second.amount) == ("2026-10-11", Decimal("42.00"))


def test_without_a_price_list_nothing_is_charged_but_refused() -> None:
    with pytest.raises(NoPrice) as refused:
        rated([usage(service_users=1)], [prices("2026-10-02")], "EUR")
    assert (refused.value.currency, refused.value.day) == ("EUR", FIRST)
    with pytest.raises(NoPrice):
        rated([usage(service_users=1)], [prices()], "USD")


@pytest.mark.parametrize(
    ("units", "price", "currency", "amount"),
    [
        ("1/2", "0.01", "EUR", "0.01"),
        ("3/2", "0.01", "EUR", "0.02"),
        ("1/3", "0.01", "EUR", "0.00"),
        ("5000/31", "1.40", "EUR", "225.81"),
        ("1/2", "1", "JPY", "1"),
        ("1/2", "0.001", "KWD", "0.001"),
        ("1", "0.000005", "EUR", "0.00"),
    ],
)
def test_amounts_are_rounded_half_away_from_zero(units: str, price: str, currency: str, amount: str) -> None:
    assert str(charged(Fraction(units), Decimal(price), currency)) == amount


@pytest.mark.parametrize(
    ("typed", "shown"), [("1.4", "1.40"), ("1,405", "1.405"), ("0", "0.00"), ("2000", "2000.00")]
)
def test_prices_are_read_as_people_write_them(typed: str, shown: str) -> None:
    assert shown_price(read_price(typed), "EUR") == shown


@pytest.mark.parametrize("typed", ["", "-1", "1e3", "1.2345678", "١", "1 2", "NaN"])
def test_what_is_no_price_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=r"\A"):
        read_price(typed)


@pytest.mark.parametrize("typed", ["2026-13", "2026", "2026-1", "", "November"])
def test_what_is_no_month_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=r"\A"):
        read_month(typed)


def test_months_have_their_days() -> None:
    assert days_of("2026-02") == ("2026-02-01", "2026-02-28")
    assert days_of("2028-02") == ("2028-02-01", "2028-02-29")
    assert days_of("2026-12") == ("2026-12-01", "2026-12-31")


def test_the_fee_of_licences_is_due_once_a_year() -> None:
    """S16."""
    assert years_begun("2026-03-15", "2027-03-14") == ["2026-03-15"]
    assert years_begun("2026-03-15", "2027-03-15") == ["2026-03-15", "2027-03-15"]
    assert years_begun("2028-02-29", "2029-12-31") == ["2028-02-29", "2029-03-01"]


def test_the_order_of_days_changes_nothing() -> None:
    days = [usage(day=day_after(FIRST, n), service_users=n * 7) for n in range(4)]
    bills = {rated(order, [prices(), prices("2026-10-03")], "EUR") for order in permutations(days)}
    assert len(bills) == 1


@given(st.fractions(min_value=0, max_value=10**9), st.integers(0, 6))
def test_rounding_is_off_by_half_a_coin_at_most(value: Fraction, places: int) -> None:
    assert abs(Fraction(rounded(value, places)) - value) * 2 * 10**places <= 1


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6), st.booleans()), max_size=31))
def test_a_bill_is_the_exact_sum_of_its_days(counted: list[tuple[int, int, bool]]) -> None:
    """Whatever the days, the line differs from the exact sum by half a cent at most."""
    days = [
        usage(day=day_after(FIRST, n), service_users=here, server_users=there, is_synchronised=same)
        for n, (here, there, same) in enumerate(counted)
    ]
    exact = sum((units_of(day) for day in days), Fraction()) * Fraction("1.40")
    assert abs(Fraction(total_of(rated(days, [prices()], "EUR"))) - exact) * 200 <= 1
