"""Coupons as rules: when one holds, what it takes off, and what it is refused with."""

from dataclasses import replace
from decimal import Decimal

import pytest

from contracts.coupon import (
    CouponContradicts,
    CouponEnded,
    CouponExpired,
    CouponGivesNothing,
    CouponKind,
    CouponMinimum,
    CouponNotYet,
    CouponOtherCurrency,
)
from contracts.promotion import WindowWrong
from mallkit.errors import ShopError
from svc_checkout.domain.coupon import Coupon, code_of, fitting, takes_off, valid
from svc_checkout.domain.currency import Exchange
from svc_checkout.domain.window import Window, window

TEN_PERCENT = Coupon("TEN", CouponKind.PERCENT, "USD", 0.0, "c", basis_points=1000, window=Window(100.0, 200.0))
FIVE_OFF = Coupon("FIVE", CouponKind.FIXED, "USD", 0.0, "c", minor=500, minimum=1000)
FREE = Coupon("FREE", CouponKind.FREE_SHIPPING, "USD", 0.0, "c", minimum=1000)
DOLLARS, EUROS = Exchange.none("USD"), Exchange("USD", "EUR", Decimal("0.9"), 1.0)


@pytest.mark.requirement(136)
@pytest.mark.parametrize(
    ("coupon", "now", "refusal"),
    [
        (TEN_PERCENT, 99.9, CouponNotYet),
        (TEN_PERCENT, 200.0, CouponExpired),
        (replace(TEN_PERCENT, ended=True), 150.0, CouponEnded),
    ],
)
def test_outside_of_its_time_a_coupon_is_refused_by_name(coupon: Coupon, now: float, refusal: type[ShopError]) -> None:
    with pytest.raises(refusal):
        valid(coupon, now)


def test_within_its_time_it_holds() -> None:
    assert valid(TEN_PERCENT, 100.0) is TEN_PERCENT
    assert valid(TEN_PERCENT, 199.9) is TEN_PERCENT
    with pytest.raises(WindowWrong):
        window(100.0, 100.0)


@pytest.mark.requirement(136)
@pytest.mark.parametrize(
    ("coupon", "goods", "shipping", "off"),
    [
        (TEN_PERCENT, 1005, 300, 101),
        (TEN_PERCENT, 1004, 300, 100),
        (FIVE_OFF, 1000, 300, 500),
        (replace(FIVE_OFF, minimum=0), 499, 300, 499),
        (FREE, 1000, 300, 300),
    ],
)
def test_what_it_takes_off(coupon: Coupon, goods: int, shipping: int, off: int) -> None:
    assert takes_off(coupon, goods, shipping, DOLLARS) == off


@pytest.mark.requirement(136)
@pytest.mark.parametrize(
    ("coupon", "goods", "shipping", "exchange", "refusal"),
    [
        (FIVE_OFF, 999, 300, DOLLARS, CouponMinimum),
        (FIVE_OFF, 5000, 300, EUROS, CouponOtherCurrency),
        (FREE, 899, 300, EUROS, CouponMinimum),
        (FREE, 1000, 0, DOLLARS, CouponGivesNothing),
        (TEN_PERCENT, 4, 300, DOLLARS, CouponGivesNothing),
    ],
)
def test_where_it_does_not_fit(coupon: Coupon, goods: int, shipping: int, exchange: Exchange, refusal: type[ShopError]) -> None:
    with pytest.raises(refusal):
        takes_off(coupon, goods, shipping, exchange)


def test_the_least_that_it_asks_for_is_exchanged_like_a_price() -> None:
    assert takes_off(FREE, 900, 300, EUROS) == 300


@pytest.mark.parametrize(
    "wrong",
    [
        replace(TEN_PERCENT, basis_points=0),
        replace(TEN_PERCENT, minor=1),
        replace(FIVE_OFF, minor=0),
        replace(FIVE_OFF, basis_points=1),
        replace(FREE, minor=1),
        replace(FREE, currency="EUR"),
        replace(TEN_PERCENT, currency="EUR"),
    ],
)
def test_a_coupon_has_the_value_that_its_kind_needs(wrong: Coupon) -> None:
    with pytest.raises(CouponContradicts):
        fitting(wrong, "USD")
    assert fitting(replace(FIVE_OFF, currency="EUR"), "USD").currency == "EUR"


def test_large_and_small_letters_are_the_same_and_a_user_is_counted_only_where_it_matters() -> None:
    assert code_of("Spring-10") == "SPRING-10"
    assert FREE.things("ann") == ("FREE",)
    assert replace(FREE, per_user=1).things("ann") == ("FREE", "FREE:ann")
