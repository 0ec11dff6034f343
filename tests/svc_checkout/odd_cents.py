"""Purchases of odd sums, made from a seed: `python -m tests.svc_checkout.odd_cents 1000000` looks at a million of them.

`make test` looks at fewer in the same way. What must hold of each stands in `look_at`.
"""

import sys
import time
from decimal import Decimal
from random import Random

from contracts.checkout import OrderFailed
from contracts.checkout_types import LineKind
from contracts.coupon import CouponGivesNothing, CouponKind, CouponMinimum
from svc_checkout.domain.coupon import Coupon
from svc_checkout.domain.currency import Exchange
from svc_checkout.domain.promotion import Promotion
from svc_checkout.domain.receipt import Good, Item, Receipt, Terms, price
from svc_checkout.domain.shares import rounded
from svc_checkout.domain.shipping import Step, Tariff
from svc_checkout.domain.tax import TaxTable

EXCHANGES = (
    Exchange.none("USD"),
    Exchange("USD", "EUR", Decimal("0.9215"), 1.0),
    Exchange("USD", "JPY", Decimal("149.53"), 1.0),
    Exchange("USD", "KWD", Decimal("0.30765"), 1.0),
)
CLASSES = ("standard", "reduced", "zero")
TABLES = tuple(
    TaxTable(inclusive, {"standard": standard, "reduced": reduced, "zero": 0}, shipping)
    for inclusive in (False, True)
    for standard, reduced, shipping in ((1900, 700, "standard"), (825, 333, ""), (2099, 1, "reduced"))
)
PROMOTIONS = (Promotion("p1", "Spring", "tea", 1234, 1.0), Promotion("p2", "All", "all", 777, 2.0))
TARIFF = Tariff((Step(500, 399), Step(5_000, 701), Step(1_000_000_000, 1999)), free_from=9_999)
CATEGORIES = ((), ("tea", "all"), ("all",), ("garden",))


def purchase(dice: Random) -> tuple[list[Good], Terms]:
    """Any."""
    goods, exchange = [], dice.choice(EXCHANGES)
    for number in range(dice.randint(1, 6)):
        item = Item(f"p{number}", "A", dice.randint(1, 12), exchange.of(dice.choice((0, 1, 7, 99, 333, 1999, dice.randint(1, 99_999)))))
        goods.append(Good(item, dice.choice(CATEGORIES), dice.choice(CLASSES), dice.randint(0, 999)))
    return goods, Terms("DE", exchange, TARIFF, dice.choice(TABLES), PROMOTIONS[: dice.randint(0, 2)], _coupon(dice, exchange.currency))


def _coupon(dice: Random, currency: str) -> Coupon | None:
    kind = dice.choice((None, *CouponKind))
    if kind is None:
        return None
    points = dice.choice((1, 333, 1000, 3333, 9999, 10_000)) if kind is CouponKind.PERCENT else 0
    minor = dice.randint(1, 9_999) if kind is CouponKind.FIXED else 0
    own = currency if kind is CouponKind.FIXED else "USD"
    return Coupon("C", kind, own, 0.0, "c", basis_points=points, minor=minor, minimum=dice.choice((0, 0, 500)))


def look_at(goods: list[Good], terms: Terms, dice: Random) -> Receipt | None:
    """The receipt, of which everything holds that is promised; none where the coupon does not hold."""
    try:
        receipt = price(goods, terms)
    except (CouponGivesNothing, CouponMinimum, OrderFailed):
        return None
    _adds_up(receipt, goods, terms)
    _is_refunded_to_the_last_unit(receipt, goods, dice)
    return receipt


def _adds_up(receipt: Receipt, goods: list[Good], terms: Terms) -> None:
    kinds = dict.fromkeys(LineKind, 0)
    nets = {good.item.product_id: 0 for good in goods}
    for line in receipt.lines:
        kinds[line.kind] += line.minor
        if line.product_id:
            nets[line.product_id] += line.minor
    assert receipt.total == sum(kinds.values())
    assert kinds[LineKind.ITEM] == sum(good.item.unit_minor * good.item.quantity for good in goods)
    assert min(nets.values()) >= 0, "nothing costs less than nothing"
    assert receipt.total - sum(nets.values()) >= 0, "nor does what belongs to the whole purchase"
    after = kinds[LineKind.ITEM] + kinds[LineKind.PROMOTION]
    if terms.coupon is not None and terms.coupon.kind is CouponKind.PERCENT:
        assert -kinds[LineKind.COUPON] == rounded(after * terms.coupon.basis_points, 10_000), "the shares are the discount"
    elif terms.coupon is not None and terms.coupon.kind is CouponKind.FIXED:
        assert -kinds[LineKind.COUPON] == min(after, terms.coupon.minor), "the shares are the discount"


def _is_refunded_to_the_last_unit(receipt: Receipt, goods: list[Good], dice: Random) -> None:
    """Piece by piece in any order, by the rule of orders."""
    pieces = [good.item for good in goods for _ in range(good.item.quantity)]
    dice.shuffle(pieces)
    nets = {good.item.product_id: 0 for good in goods}
    for line in receipt.lines:
        if line.product_id:
            nets[line.product_id] += line.minor
    back, given = dict.fromkeys(nets, 0), 0
    for item in pieces:
        net, before = nets[item.product_id], back[item.product_id]
        back[item.product_id] += 1
        amount = rounded(net * (before + 1), item.quantity) - rounded(net * before, item.quantity)
        assert amount >= 0
        given += amount
    given += receipt.total - sum(nets.values())
    assert given == receipt.total


def run(count: int, seed: int = 1) -> int:
    """How many of them had a price."""
    dice = Random(seed)
    return sum(look_at(*purchase(dice), dice) is not None for _ in range(count))


if __name__ == "__main__":
    began, wanted = time.perf_counter(), int(sys.argv[1])
    sys.stdout.write(f"{run(wanted)} of {wanted} purchases had a price, and every sum was right ({time.perf_counter() - began:.0f} s)\n")
