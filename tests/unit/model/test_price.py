"""Prices as people write them, and what a text or call comes to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule.model.price import UNIT, amount, price_of, read_prices, written_prices

AMOUNTS = st.integers(0, 9999 * UNIT + UNIT - 1)
PREFIXES = st.one_of(st.just(""), st.from_regex(r"[1-9][0-9]{0,14}", fullmatch=True))


@pytest.mark.parametrize(
    ("written", "spelled"),
    [
        ("", ""),
        ("0.1", "0.10"),
        ("0,10", "0.10"),
        ("1", "1.00"),
        ("0.0755", "0.0755"),
        ("0.075", "0.075"),
        ("49:0.07 0.10", "0.10 49:0.07"),
        ("0,10; +49:0,07", "0.10 49:0.07"),
    ],
)
def test_prices_have_one_spelling(written: str, spelled: str) -> None:
    assert written_prices(read_prices(written)) == spelled


@pytest.mark.parametrize(
    "written", ["x", "-1", "0.00001", "10000", "49:", ":1", "049:1", "1 2", "49:1 49:2", "1.2.3", "٤"]
)
def test_what_is_no_price_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_prices(written)


def test_the_longest_beginning_counts() -> None:
    prices = read_prices("0.10 49:0.07 4917:0.05")
    numbers = ("+4917612345678", "+4930123456", "+43123456")
    assert [amount(price_of(prices, number)) for number in numbers] == ["0.05", "0.07", "0.10"]
    assert price_of(read_prices("49:0.07"), "+43123456") == 0


@given(st.dictionaries(PREFIXES, AMOUNTS, max_size=5))
def test_what_is_written_is_read_back(prices: dict[str, int]) -> None:
    assert read_prices(written_prices(prices)) == prices
