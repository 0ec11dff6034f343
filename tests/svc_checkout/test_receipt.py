"""Receipts: lines that add up, tax rounded half up, nothing negative, and sums that can be paid."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.checkout import OrderFailed
from contracts.checkout_types import LineKind
from mallkit.money import MOST, Money
from svc_checkout import views
from svc_checkout.domain.receipt import Item, Line, Rates, Receipt, payable, price

RATES = Rates({"*": 1500, "US": 500, "FR": 0}, {"*": 0, "US": 825, "DE": 1900})
ITEMS = st.lists(
    st.builds(Item, st.text(min_size=1, max_size=5), st.text(max_size=300), st.integers(1, 999), st.integers(0, 99_999_999)),
    min_size=1,
    max_size=20,
).map(tuple)
COUNTRIES = st.sampled_from(["US", "DE", "FR", "NZ"])


def of_kind(receipt: Receipt, kind: LineKind) -> int:
    return sum(line.minor for line in receipt.lines if line.kind is kind)


@pytest.mark.requirement(134)
@given(ITEMS, COUNTRIES, st.sampled_from(["USD", "JPY", "KWD"]))
def test_the_lines_are_the_total(items: tuple[Item, ...], country: str, currency: str) -> None:
    receipt = price(items, country, RATES, currency)
    assert receipt.total == sum(line.minor for line in receipt.lines)
    assert all(line.minor >= 0 for line in receipt.lines)
    assert of_kind(receipt, LineKind.ITEM) == sum(item.quantity * item.unit_minor for item in items)
    shown = views.receipt(receipt)
    assert sum(line.amount for line in shown.lines) == shown.total == Money(receipt.total, currency).amount


@given(ITEMS, COUNTRIES)
def test_tax_is_rounded_half_up(items: tuple[Item, ...], country: str) -> None:
    receipt = price(items, country, RATES, "USD")
    goods = of_kind(receipt, LineKind.ITEM)
    exact = Fraction(goods * RATES.tax.get(country, 0), 10_000)
    assert Fraction(-1, 2) < of_kind(receipt, LineKind.TAX) - exact <= Fraction(1, 2)


@pytest.mark.parametrize(("goods", "tax"), [(100, 8), (200, 17), (600, 50), (0, 0), (1400, 116)])
def test_tax_at_the_edges(goods: int, tax: int) -> None:
    assert of_kind(price((Item("p", "A", 1, goods),), "US", RATES, "USD"), LineKind.TAX) == tax


def test_shipping_is_by_country_and_lines_of_nothing_are_left_out() -> None:
    one = (Item("p", "A", 2, 1000),)
    assert [(line.kind, line.minor) for line in price(one, "NZ", RATES, "USD").lines] == [(LineKind.ITEM, 2000), (LineKind.SHIPPING, 1500)]
    assert [line.kind for line in price(one, "FR", RATES, "USD").lines] == [LineKind.ITEM]
    assert price(one, "US", RATES, "USD").total == 2000 + 500 + 165


@pytest.mark.parametrize(("minor", "right"), [(-1, False), (0, False), (1, True), (MOST, True), (MOST + 1, False)])
def test_only_what_a_payment_can_be_is_bought(minor: int, right: bool) -> None:  # noqa: FBT001  # a column of the table
    receipt = Receipt((Line(LineKind.ITEM, "A", minor),), "USD")
    if right:
        assert payable(receipt) is receipt
    else:
        with pytest.raises(OrderFailed):
            payable(receipt)
