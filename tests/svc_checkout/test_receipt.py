"""Receipts: lines that add up, discounts shared to the last unit, tax on top or inside, nothing negative, sums that can be paid."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.checkout import OrderFailed
from contracts.checkout_types import LineKind
from contracts.coupon import CouponKind
from contracts.shipping import ParcelTooHeavy, TariffWrong
from contracts.tax import TaxClassUnknown
from mallkit.money import MOST, Money
from svc_checkout import views
from svc_checkout.domain import shipping, tax
from svc_checkout.domain.coupon import Coupon
from svc_checkout.domain.currency import Exchange
from svc_checkout.domain.promotion import Promotion, best
from svc_checkout.domain.receipt import Good, Item, Line, Rates, Receipt, Terms, payable, price
from svc_checkout.domain.shares import shared
from svc_checkout.domain.shipping import Step, Tariff
from svc_checkout.domain.tax import TaxTable
from tests.svc_checkout import odd_cents

RATES = Rates({"*": 1500, "US": 500, "FR": 0}, {"*": 0, "US": 825, "DE": 1900})
LOOKED_AT = 15_000
ITEMS = st.lists(
    st.builds(Item, st.text(min_size=1, max_size=5), st.text(max_size=300), st.integers(1, 999), st.integers(0, 99_999_999)),
    min_size=1, max_size=20, unique_by=lambda item: item.product_id,
).map(tuple)  # fmt: skip
COUNTRIES = st.sampled_from(["US", "DE", "FR", "NZ"])
ITEM, PROMOTION, COUPON, SHIPPING, TAX = (
    LineKind.ITEM, LineKind.PROMOTION, LineKind.COUPON, LineKind.SHIPPING, LineKind.TAX,
)  # fmt: skip


def flat(country: str, currency: str = "USD") -> Terms:
    """Where nothing is stored: the settings' rates."""
    tariff, table = shipping.for_country({}, RATES.shipping, country), tax.for_country({}, RATES.tax, country)
    return Terms(country, Exchange.none(currency), tariff, table)


def plain(items: tuple[Item, ...], country: str, currency: str = "USD") -> Receipt:
    return price([Good(item, tax_class="standard") for item in items], flat(country, currency))


def of_kind(receipt: Receipt, kind: LineKind) -> int:
    return sum(line.minor for line in receipt.lines if line.kind is kind)


def lines(receipt: Receipt) -> list[tuple[LineKind, int, str]]:
    return [(line.kind, line.minor, line.product_id) for line in receipt.lines]


@pytest.mark.requirement(134)
@given(ITEMS, COUNTRIES, st.sampled_from(["USD", "JPY", "KWD"]))
def test_the_lines_are_the_total(items: tuple[Item, ...], country: str, currency: str) -> None:
    receipt = plain(items, country, currency)
    assert receipt.total == sum(line.minor for line in receipt.lines)
    assert all(line.minor >= 0 for line in receipt.lines)
    assert of_kind(receipt, ITEM) == sum(item.quantity * item.unit_minor for item in items)
    shown = views.receipt(receipt)
    assert sum(line.amount for line in shown.lines) == shown.total == Money(receipt.total, currency).amount


@pytest.mark.requirement(134, 135, 136)
def test_purchases_of_odd_cents_add_up_and_are_refunded_to_the_last_one() -> None:
    assert odd_cents.run(LOOKED_AT) > LOOKED_AT // 2


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**9), max_size=20))
def test_shares_are_the_sum_each_within_one_unit_of_its_due(total: int, weights: list[int]) -> None:
    parts, whole = shared(total, weights), sum(weights)
    assert len(parts) == len(weights)
    assert sum(parts) == (total if whole else 0)
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(total * weight, whole or 1)) < 1
        assert weight or not part
        assert part <= weight or total > whole


def test_of_equal_remainders_the_earlier_ones_get_the_cents() -> None:
    assert shared(100, [1, 1, 1]) == (34, 33, 33)
    assert shared(2, [1, 1, 1]) == (1, 1, 0)
    assert shared(10, [5, 0, 5]) == (5, 0, 5)
    assert shared(10, [0, 0]) == (0, 0)


@given(ITEMS, COUNTRIES)
def test_tax_is_rounded_half_up_once_for_all_of_a_rate(items: tuple[Item, ...], country: str) -> None:
    receipt = plain(items, country)
    exact = Fraction(of_kind(receipt, ITEM) * RATES.tax.get(country, 0), 10_000)
    assert Fraction(-1, 2) < of_kind(receipt, TAX) - exact <= Fraction(1, 2)


@pytest.mark.parametrize(("goods", "due"), [(100, 8), (200, 17), (600, 50), (0, 0), (1400, 116)])
def test_tax_at_the_edges(goods: int, due: int) -> None:
    assert of_kind(plain((Item("p", "A", 1, goods),), "US"), TAX) == due


def test_tax_belongs_to_its_products_and_shipping_to_the_purchase() -> None:
    goods = [Good(Item("tea", "Tea", 1, 1001), tax_class="reduced"), Good(Item("pot", "Pot", 1, 1999), tax_class="standard")]
    table = TaxTable(inclusive=False, rates={"standard": 1900, "reduced": 700}, shipping="standard")
    assert lines(price(goods, Terms("DE", Exchange.none("EUR"), 499, table))) == [
        (ITEM, 1001, "tea"), (ITEM, 1999, "pot"), (SHIPPING, 499, ""), (TAX, 70, "tea"), (TAX, 380, "pot"), (TAX, 95, ""),
    ]  # fmt: skip


def test_tax_that_prices_contain_is_told_and_changes_no_sum() -> None:
    goods = [Good(Item("tea", "Tea", 1, 1070), tax_class="reduced"), Good(Item("pot", "Pot", 1, 1190), tax_class="standard")]
    table = TaxTable(inclusive=True, rates={"standard": 1900, "reduced": 700}, shipping="standard")
    receipt = price(goods, Terms("DE", Exchange.none("EUR"), 119, table))
    assert receipt.total == 1070 + 1190 + 119
    told = [(line.minor, line.included, line.product_id) for line in receipt.lines if line.kind is TAX]
    assert told == [(0, 70, "tea"), (0, 190, "pot"), (0, 19, "")]
    shown = [line for line in views.receipt(receipt).lines if line.kind is TAX]
    assert [line.amount for line in shown] == [Decimal(0)] * 3
    assert [line.included for line in shown] == [Decimal("0.70"), Decimal("1.90"), Decimal("0.19")]


def test_a_class_that_a_stored_table_has_not_is_refused_by_name_and_the_settings_know_all() -> None:
    good = Good(Item("pot", "Pot", 1, 1000), tax_class="luxury")
    with pytest.raises(TaxClassUnknown) as refusal:
        price([good], Terms("DE", Exchange.none("EUR"), 0, TaxTable(rates={"standard": 1900})))
    assert refusal.value.facts == {"product_id": "pot", "tax_class": "luxury", "country": "DE"}
    assert of_kind(price([good], flat("DE")), TAX) == 190
    with pytest.raises(TaxClassUnknown):
        tax.table({"standard": 1900}, "reduced", inclusive=False)


def test_what_is_stored_goes_before_the_settings_and_a_country_before_all_others() -> None:
    mine, others = Tariff((Step(1, 1),)), Tariff((Step(2, 2),))
    assert shipping.for_country({"US": mine, "others": others}, RATES.shipping, "US") is mine
    assert shipping.for_country({"DE": mine, "others": others}, RATES.shipping, "US") is others
    assert shipping.for_country({"DE": mine}, RATES.shipping, "US") == 500
    assert shipping.for_country({}, RATES.shipping, "NZ") == 1500
    table, rest = TaxTable(rates={"standard": 1}), TaxTable(rates={"standard": 2})
    assert tax.for_country({"US": table, "others": rest}, RATES.tax, "US") is table
    assert tax.for_country({"DE": table, "others": rest}, RATES.tax, "US") is rest
    assert tax.for_country({}, RATES.tax, "US").rate("anything") == 825


def test_shipping_is_by_country_and_lines_of_nothing_are_left_out() -> None:
    one = (Item("p", "A", 2, 1000),)
    assert lines(plain(one, "NZ")) == [(ITEM, 2000, "p"), (SHIPPING, 1500, "")]
    assert lines(plain(one, "FR")) == [(ITEM, 2000, "p")]
    assert plain(one, "US").total == 2000 + 500 + 165


@pytest.mark.parametrize(("grams", "goods", "due"), [(0, 1, 399), (500, 1, 399), (501, 1, 701), (5000, 9998, 701), (5000, 9999, 0)])
def test_shipping_is_by_weight_and_free_from_a_sum(grams: int, goods: int, due: int) -> None:
    tariff = shipping.tariff((Step(500, 399), Step(5000, 701)), 9999)
    assert shipping.cost(tariff, grams, goods, Exchange.none("USD")) == due


def test_a_parcel_beyond_the_last_step_is_refused_by_name() -> None:
    with pytest.raises(ParcelTooHeavy) as refusal:
        shipping.cost(Tariff((Step(500, 399),), free_from=0), 501, 10**9, Exchange.none("USD"))
    assert refusal.value.facts == {"weight_grams": 501, "most_grams": 500}
    with pytest.raises(TariffWrong):
        shipping.tariff((Step(500, 1), Step(500, 2)), None)


@pytest.mark.requirement(135)
def test_the_best_promotion_on_a_product_counts_alone() -> None:
    small, large, late = (
        Promotion("a", "A", "tea", 500, 2.0), Promotion("b", "B", "all", 1500, 3.0), Promotion("c", "C", "all", 1500, 4.0),
    )  # fmt: skip
    assert best((small, late, large), ["green-tea", "tea", "all"]) is large
    assert best((small, large), ["tea"]) is small
    assert best((small, large), ["garden"]) is None
    goods = [Good(Item("p1", "Tea", 3, 333), ("tea", "all")), Good(Item("p2", "Rake", 1, 1000), ("garden",))]
    receipt = price(goods, Terms("DE", Exchange.none("EUR"), 0, TaxTable(rest=0), (small, large)))
    assert lines(receipt) == [(ITEM, 999, "p1"), (ITEM, 1000, "p2"), (PROMOTION, -150, "p1")]


@pytest.mark.requirement(135, 136)
def test_a_coupon_comes_after_promotions_and_is_shared_among_the_products() -> None:
    goods = [Good(Item("p1", "Tea", 1, 1000), ("tea",)), Good(Item("p2", "Rake", 1, 500))]
    coupon = Coupon("TEN", CouponKind.FIXED, "EUR", 0.0, "c", minor=1001)
    receipt = price(goods, Terms("DE", Exchange.none("EUR"), 300, TaxTable(rest=0), (Promotion("a", "A", "tea", 5000, 1.0),), coupon))
    assert lines(receipt) == [
        (ITEM, 1000, "p1"), (ITEM, 500, "p2"), (PROMOTION, -500, "p1"), (COUPON, -500, "p1"), (COUPON, -500, "p2"), (SHIPPING, 300, ""),
    ]  # fmt: skip
    assert receipt.total == 300, "never more than the goods cost"


@pytest.mark.requirement(136)
def test_a_coupon_for_shipping_takes_all_of_it_off_before_tax() -> None:
    coupon = Coupon("FREE", CouponKind.FREE_SHIPPING, "USD", 0.0, "c")
    table = TaxTable(rates={"standard": 1000}, shipping="standard")
    receipt = price([Good(Item("p", "A", 1, 1000), tax_class="standard")], Terms("US", Exchange.none("USD"), 700, table, (), coupon))
    assert lines(receipt) == [(ITEM, 1000, "p"), (COUPON, -700, ""), (SHIPPING, 700, ""), (TAX, 100, "p")]


def test_in_another_currency_everything_is_reckoned_in_it() -> None:
    yen = Exchange("USD", "JPY", Decimal("150.5"), 1000.0)
    tariff = Tariff((Step(1000, 499),), free_from=10_000)
    receipt = price([Good(Item("p", "A", 3, yen.of(333)), grams=1)], Terms("JP", yen, tariff, TaxTable(rest=1000)))
    assert lines(receipt) == [(ITEM, 1503, "p"), (SHIPPING, 751, ""), (TAX, 150, "p")]
    shown = views.receipt(receipt)
    assert (shown.total, shown.currency, shown.rate, shown.rate_as_of) == (
        Decimal(2404),
        "JPY",
        Decimal("150.5"),
        "1970-01-01T00:16:40.000Z",
    )
    free = price([Good(Item("p", "A", 1, yen.of(10_000)))], Terms("JP", yen, tariff, TaxTable(rest=0)))
    assert lines(free) == [(ITEM, 15_050, "p")]


@pytest.mark.parametrize(("minor", "right"), [(-1, False), (0, False), (1, True), (MOST, True), (MOST + 1, False)])
def test_only_what_a_payment_can_be_is_bought(minor: int, right: bool) -> None:  # noqa: FBT001  # a column of the table
    receipt = Receipt((Line(LineKind.ITEM, "A", minor),), "USD")
    if right:
        assert payable(receipt) is receipt
    else:
        with pytest.raises(OrderFailed):
            payable(receipt)
