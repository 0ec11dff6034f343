"""The worked example of docs/pricing.md is what the rules say."""

import re
from pathlib import Path

import pytest

from contracts.coupon import CouponKind
from mallkit.money import Money
from svc_checkout.domain.coupon import Coupon
from svc_checkout.domain.currency import Exchange
from svc_checkout.domain.promotion import Promotion
from svc_checkout.domain.receipt import Good, Item, Receipt, Terms, price
from svc_checkout.domain.shares import rounded
from svc_checkout.domain.shipping import Step, Tariff
from svc_checkout.domain.tax import TaxTable

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "pricing.md"
GOODS = (
    Good(Item("tea", "Green tea", 3, 699), ("green-tea", "tea"), "reduced", 100),
    Good(Item("pot", "Clay pot", 1, 2450), ("pots",), "standard", 800),
)
TERMS = Terms(
    country="DE",
    exchange=Exchange.none("EUR"),
    tariff=Tariff((Step(1_000, 490), Step(5_000, 790)), free_from=5_000),
    taxes=TaxTable(inclusive=False, rates={"standard": 1900, "reduced": 700}, shipping="standard"),
    promotions=(Promotion("p", "Tea week", "tea", 1500, 0.0),),
    coupon=Coupon("FIVE", CouponKind.FIXED, "EUR", 0.0, "c", minor=500),
)


def told(receipt: Receipt) -> list[list[str]]:
    rows = [[line.kind.value, line.text, line.product_id or "—", str(Money(line.minor, "EUR").amount)] for line in receipt.lines]
    return [*rows, ["", "total", "", str(Money(receipt.total, "EUR").amount)]]


@pytest.mark.requirement(134, 135, 136)
def test_the_worked_example_is_what_the_rules_say() -> None:
    text = DOCUMENT.read_text()
    table = re.findall(r"^\| *([a-z]*) *\| *(.*?) *\| *(tea|pot|—|) *\| *(-?[\d.]+) *\|$", text, re.MULTILINE)
    receipt = price(GOODS, TERMS)
    assert [list(row) for row in table] == told(receipt)
    net = sum(line.minor for line in receipt.lines if line.product_id == "tea")
    back = [rounded(net * pieces, 3) for pieces in (1, 2, 3)]
    steps = [after - before for before, after in zip([0, *back], back, strict=False)]
    assert f"{', '.join(str(Money(step, 'EUR').amount) for step in steps)}" in text
