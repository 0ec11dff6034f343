"""A cart shown in another currency: at the mall's dated rate, by name where there is none, and without a call where nobody asks."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from contracts.pricing import CurrencyUnknown, Rates, RateView
from mallkit.errors import Unavailable
from mallkit.money import Money
from svc_cart.domain.shown import Rate
from svc_cart.rates import MallRates
from tests.mallhouse import Answer, house
from tests.svc_cart.shopping import Shopping, lines


@pytest.fixture
async def abroad(tmp_path: Path) -> AsyncIterator[Shopping]:
    """With checkout, which knows what a euro and a yen are worth."""
    async with house(tmp_path, "auth", "product", "cart", "checkout", MALL_CART_PRICE_SECONDS="0") as mall:
        shopping = await Shopping.begin(mall)
        for currency, per_unit in (("EUR", 0.925), ("JPY", 150)):
            told = await mall.call("checkout", "PUT", f"/api/v1/rates/{currency}", {"per_unit": per_unit}, token=shopping.operator)
            assert told.status == 200, told.body
        yield shopping


async def shown(shopping: Shopping, currency: str, **more: Any) -> Answer:
    return await shopping.mall.call("cart", "GET", f"/api/v1/cart?currency={currency}", **{"token": shopping.ann, **more})


async def test_prices_are_shown_at_the_dated_rate(abroad: Shopping) -> None:
    await abroad.add("pot", 2)
    await abroad.add("mug")
    await abroad.move("items", "mug", "save")
    pot = f"/api/v1/products/{abroad.products['pot']}"
    assert (await abroad.mall.call("product", "PATCH", pot, {"price": 20}, token=abroad.operator)).status == 200
    euros = await shown(abroad, "EUR")
    assert lines(euros) == [("pot", 2, 37.0)]
    assert [(line["unit_price"], line["price_was"]) for line in euros.json["items"]] == [(18.5, 18.49)]
    assert [(line["unit_price"], line["name"]) for line in euros.json["saved"]] == [(4.63, "mug")], "half a cent goes up"
    assert (euros.json["total"], euros.json["currency"]) == (37.0, "EUR")
    assert (euros.json["rate"]["currency"], euros.json["rate"]["per_unit"]) == ("EUR", 0.925)
    yen = await shown(abroad, "JPY")
    assert (yen.json["total"], yen.json["items"][0]["unit_price"]) == (6000, 3000)
    own = await shown(abroad, "USD")
    assert (own.json["total"], own.json["currency"], own.json["rate"]) == (40.0, "USD", None)


async def test_a_guest_sees_other_currencies_too(abroad: Shopping) -> None:
    token = await abroad.begin_guest()
    await abroad.guest_adds(token, "mug", 2)
    assert lines(await abroad.guest(token, rest="?currency=EUR")) == [("mug", 2, 9.26)]
    empty = await abroad.guest(await abroad.begin_guest(), rest="?currency=EUR")
    assert (empty.json["total"], empty.json["currency"]) == (0, "EUR")


async def test_a_currency_without_a_rate_is_refused_by_name(abroad: Shopping) -> None:
    await abroad.add("pot")
    unknown = await shown(abroad, "GBP")
    assert (unknown.status, unknown.kind, unknown.json["currencies"]) == (422, "pricing/currency-unknown", ["USD", "EUR", "JPY"])
    for wrong in ("", "eur", "EURO", "E1R", "EUR&currency=USD"):
        assert (await shown(abroad, wrong)).status == 400


async def test_without_checkout_carts_are_shown_in_the_malls_own_currency(shopping: Shopping) -> None:
    await shopping.add("pot")
    assert lines(await shopping.cart()) == lines(await shown(shopping, "USD")) == [("pot", 1, 19.99)]
    away = await shown(shopping, "EUR")
    assert (away.status, away.kind) == (503, "unavailable")


class Checkout:
    """A checkout service of a few lines."""

    def __init__(self) -> None:
        self.asked = 0
        self.open = asyncio.Event()
        self.away = False

    async def __call__(self, endpoint: Any, wish: Any, *, key: str = "", seconds: float = 5.0) -> Any:  # noqa: ARG002  # Neighbour's shape
        self.asked += 1
        await self.open.wait()
        if self.away:
            raise Unavailable
        return Rates(base="USD", items=[RateView(currency="EUR", per_unit=Decimal("0.5"), as_of="2026-11-25T00:00:00.000Z")])


async def test_rates_are_asked_for_once_by_many_and_an_outage_is_not_remembered() -> None:
    checkout = Checkout()
    rates = MallRates(checkout, "USD", 60.0)
    assert (await rates.of("USD"), checkout.asked) == (None, 0)
    checkout.away = True
    checkout.open.set()
    with pytest.raises(Unavailable):
        await rates.of("EUR")
    checkout.away = False
    found = await asyncio.gather(*(rates.of("EUR") for _ in range(50)))
    assert set(found) == {Rate("EUR", Decimal("0.5"), "2026-11-25T00:00:00.000Z")}
    assert found[0] is not None
    assert found[0].of(Money(1999, "USD")) == Money(1000, "EUR")
    assert checkout.asked == 2
    with pytest.raises(CurrencyUnknown):
        await rates.of("GBP")
    assert checkout.asked == 2
    with pytest.raises(Unavailable):
        await MallRates(None, "USD", 60.0).of("EUR")
