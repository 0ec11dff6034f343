"""Prices in other currencies: at the checkout service's rates, asked for only when somebody wants them, and kept for seconds."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from contracts.pricing import CurrencyUnknown, Rates, RateView
from mallkit.errors import Unavailable
from mallkit.listening import Runner
from mallkit.times import rfc3339
from svc_product.rates import KeptRates
from tests.mallhouse import house
from tests.svc_product.conftest import Shop, shop_in

ROUND = {"EUR": "0.92", "JPY": "149.5", "KWD": "0.3075"}


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    """Where rates are believed for no time at all."""
    async with house(tmp_path, "auth", "product", MALL_PRODUCT_RATES_SECONDS="0") as mall:
        yield await shop_in(mall)


async def opened(shop: Shop) -> Runner:
    """The checkout service, with rates."""
    runner = await shop.mall.open("checkout")
    await shop.mall.until_ready("checkout")
    for currency, per_unit in ROUND.items():
        body = {"per_unit": float(per_unit)}
        told = await shop.mall.call("checkout", "PUT", f"/api/v1/rates/{currency}", body, token=shop.operator)
        assert told.status == 200, told.body
    return runner


@pytest.mark.requirement(27)
async def test_prices_are_shown_in_the_currency_that_is_asked_for(shop: Shop) -> None:
    await opened(shop)
    pot = (await shop.sells(price=19.99))["product_id"]
    for currency, price in (("EUR", 18.39), ("JPY", 2989), ("KWD", 6.147), ("USD", 19.99)):
        one = await shop.get(f"products/{pot}", currency=currency)
        assert (one.json["price"], one.json["currency"]) == (price, currency)
        listed = (await shop.get("products", currency=currency)).json["items"]
        assert [(item["price"], item["currency"]) for item in listed] == [(price, currency)]
    plain = (await shop.get(f"products/{pot}")).json
    assert (plain["price"], plain["currency"]) == (19.99, "USD")


@pytest.mark.requirement(27)
async def test_an_unknown_currency_is_refused_with_those_that_are_known(shop: Shop) -> None:
    await opened(shop)
    pot = (await shop.sells())["product_id"]
    for path in ("products", f"products/{pot}"):
        refused = await shop.get(path, currency="CHF")
        assert (refused.status, refused.kind) == (422, "pricing/currency-unknown")
        assert set(refused.json["currencies"]) == {"USD", *ROUND}
        assert (await shop.get(path, currency="euro")).status == 400
    assert (await shop.get("products/unknown", currency="CHF")).status == 404


@pytest.mark.requirement(27)
async def test_nobody_is_asked_for_the_malls_own_currency_and_the_last_rates_do_when_nobody_answers(shop: Shop) -> None:
    pot = (await shop.sells(price=10))["product_id"]
    for query in ({}, {"currency": "USD"}):
        assert (await shop.get(f"products/{pot}", **query)).status == 200
    away = await shop.get(f"products/{pot}", currency="EUR")
    assert (away.status, away.headers["Retry-After"]) == (503, "1")
    checkout = await opened(shop)
    assert (await shop.get(f"products/{pot}", currency="EUR")).json["price"] == 9.2
    await checkout.cleanup()
    assert (await shop.get(f"products/{pot}", currency="EUR")).json["price"] == 9.2
    assert (await shop.get(f"products/{pot}", currency="CHF")).status == 422


@pytest.mark.requirement(27, 30)
async def test_an_etag_tells_the_currency_apart_and_still_names_the_stock(shop: Shop) -> None:
    await opened(shop)
    pot = (await shop.sells())["product_id"]
    tags = {(await shop.get(f"products/{pot}", currency=currency)).headers["ETag"] for currency in ("USD", *ROUND)}
    assert len(tags) == 4
    for tag in sorted(tags):
        told = await shop.do("PUT", f"products/{pot}/stock", {"on_hand": 20}, headers={"If-Match": tag})
        assert told.status in {200, 412}
    assert (await shop.stock(pot))["version"] != "1"


class Clock:
    """Stands still until it is set."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


class Counter:
    """Where rates are asked for."""

    def __init__(self) -> None:
        self.asked = 0
        self.away = False

    async def __call__(self, endpoint: Any, wish: Any, *, key: str = "", seconds: float = 5.0) -> Any:  # noqa: ARG002 - as Neighbour
        """Rates that count how often they were asked for."""
        self.asked += 1
        await asyncio.sleep(0)
        if self.away:
            raise Unavailable
        as_of = rfc3339(0.0)
        return Rates(base="USD", items=[RateView(currency="EUR", per_unit=Decimal(self.asked), as_of=as_of)])


async def test_rates_are_asked_for_once_by_all_who_wait_and_kept_for_their_seconds() -> None:
    clock, counter = Clock(), Counter()
    rates = KeptRates(counter, seconds=30.0, monotonic=clock)
    assert await asyncio.gather(*(rates.per_unit("EUR") for _ in range(20))) == [Decimal(1)] * 20
    clock.now += 30.0
    assert await rates.per_unit("EUR") == 1
    with pytest.raises(CurrencyUnknown):
        await rates.per_unit("CHF")
    assert counter.asked == 1
    clock.now += 0.1
    assert await rates.per_unit("EUR") == 2
    counter.away = True
    clock.now += 31.0
    assert [await rates.per_unit("EUR") for _ in range(5)] == [2] * 5
    assert counter.asked == 3, "who is away is not asked again at once"
    nothing = KeptRates(counter, seconds=30.0, monotonic=clock)
    for _ in range(2):
        with pytest.raises(Unavailable):
            await nothing.per_unit("EUR")
    assert counter.asked == 5
