"""What a product has cost, since when, and who changed it: written with the change."""

import asyncio

import pytest

from contracts.product import Prices
from mallkit.money import Money
from svc_product.domain import prices
from svc_product.domain.product import Product, Sheet
from tests.svc_product.conftest import Shop
from tests.svc_product.test_imports import apply, row, stage


async def cost(shop: Shop, product_id: str) -> list[tuple[float, bool]]:
    """Newest first: the price, and whether it is the present one."""
    told = await shop.get(f"products/{product_id}/prices")
    assert told.status == 200
    ends = [item["until"] for item in told.json["items"]]
    assert ends[1:] == [item["since"] for item in told.json["items"][:-1]]
    return [(item["price"], item["until"] is None) for item in told.json["items"]]


@pytest.mark.requirement(27)
async def test_every_price_is_told_with_when_it_began(shop: Shop) -> None:
    pot = await shop.sells(price=20)
    path = f"products/{pot['product_id']}"
    assert await cost(shop, pot["product_id"]) == [(20, True)]
    assert (await shop.get(f"{path}/prices")).json["items"][0]["since"] == pot["created_at"]
    for change in ({"price": 15}, {"price": 15}, {"name": "Pot"}, {"price": 18.5, "name": "Vase"}):
        await shop.do("PATCH", path, change)
    assert await cost(shop, pot["product_id"]) == [(18.5, True), (15, False), (20, False)]
    told = (await shop.do("GET", f"{path}/prices/changes")).json["items"]
    assert [bool(item["by"]) for item in told] == [True, True, False]
    assert "by" not in Prices.__struct_fields__
    assert all("by" not in item for item in (await shop.get(f"{path}/prices")).json["items"])
    assert [(await shop.get("products/unknown/prices")).status, (await shop.get(f"{path}/prices/changes")).status] == [404, 401]


@pytest.mark.requirement(27)
async def test_an_import_changes_prices_like_an_operator(shop: Shop) -> None:
    for price in (10, 10, 12):
        await stage(shop, 0, row("a", price=price))
        await apply(shop, 1)
    (pot,) = (await shop.get("products")).json["items"]
    assert await cost(shop, pot["product_id"]) == [(12, True), (10, False)]
    assert (await shop.do("GET", f"products/{pot['product_id']}/prices/changes")).json["items"][0]["by"]


@pytest.mark.requirement(27)
async def test_of_prices_set_at_once_none_is_lost(shop: Shop) -> None:
    pot = (await shop.sells(price=1))["product_id"]
    await asyncio.gather(*(shop.do("PATCH", f"products/{pot}", {"price": price}) for price in range(2, 12)))
    told = await cost(shop, pot)
    assert sorted(price for price, _ in told) == list(range(1, 12))
    assert told[0] == ((await shop.get(f"products/{pot}")).json["price"], True)


def test_the_oldest_of_very_many_prices_go() -> None:
    product = Product(id="p", import_key="k", sheet=Sheet(name="Pot", price=Money(0, "USD"), category="c"), created_at=0.0, updated_at=0.0)
    known = prices.Prices(id="p")
    for minor in range(1, prices.MOST + 10):
        sheet = Sheet(name="Pot", price=Money(minor, "USD"), category="c")
        changed = product.rewritten(sheet, float(minor))
        known, product = known.after(product, changed, "o"), changed
    assert [price.money.minor for price in known.of(product)] == list(range(10, prices.MOST + 10))
