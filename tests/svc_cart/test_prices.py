"""Names and prices in the cart: at most so old, told as old as they are, and never invented."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from mall.running import free_ports
from mallkit.sqlite import open_store
from svc_cart.domain.cart import Cart, Line
from svc_cart.repository import CARTS
from tests.mallhouse import house
from tests.svc_cart.shopping import Shopping, age, lines


@pytest.mark.requirement(24)
async def test_many_looks_ask_the_product_service_once(shopping: Shopping) -> None:
    await shopping.add("pot")
    await shopping.add("mug")
    before = await shopping.look_ups()
    await asyncio.gather(*(shopping.cart() for _ in range(50)))
    assert await shopping.look_ups() == before == 2


@pytest.mark.requirement(24)
async def test_fifty_looks_at_once_with_nothing_remembered_share_one_call(shopping: Shopping) -> None:
    await shopping.add("pot")
    await shopping.add("mug")
    before = await shopping.look_ups()
    shopping.mall.ports["cart2"] = free_ports(1)[0]
    await shopping.mall.open("cart", shopping.mall.ports["cart2"])  # the same store, and a product cache that is empty
    await shopping.mall.until_ready("cart2")
    answers = await asyncio.gather(*(shopping.mall.call("cart2", "GET", "/api/v1/cart", token=shopping.ann) for _ in range(50)))
    assert {answer.json["total"] for answer in answers} == {24.99}
    assert await shopping.look_ups() == before + 1


@pytest.mark.requirement(24)
async def test_a_new_price_is_shown_once_the_old_one_is_too_old(tmp_path: Path) -> None:
    async with house(tmp_path, "auth", "product", "cart", MALL_CART_PRICE_SECONDS="0.2") as mall:
        shopping = await Shopping.begin(mall)
        first = await shopping.add("pot", 2)
        path = f"/api/v1/products/{shopping.products['pot']}"
        assert (await mall.call("product", "PATCH", path, {"price": 10.5, "name": "big pot"}, token=shopping.operator)).status == 200
        async with asyncio.timeout(5):
            while lines(answer := await shopping.cart()) == lines(first):
                await asyncio.sleep(0.02)
        assert lines(answer) == [("big pot", 2, 21.0)]
        assert datetime.fromisoformat(answer.json["prices_as_of"]) > datetime.fromisoformat(first.json["prices_as_of"])


async def test_a_line_whose_product_went_off_sale_is_shown_and_counts_nothing(tmp_path: Path) -> None:
    async with house(tmp_path, "auth", "product", "cart", MALL_CART_PRICE_SECONDS="0") as mall:
        shopping = await Shopping.begin(mall)
        await shopping.add("pot", 2)
        await shopping.add("mug")
        await mall.call("product", "DELETE", f"/api/v1/products/{shopping.products['pot']}", token=shopping.operator)
        answer = await shopping.cart()
        assert lines(answer) == [("pot", 2, 0.0), ("mug", 1, 5.0)]
        assert [(line["available"], line["unit_price"]) for line in answer.json["items"]] == [(False, 0.0), (True, 5.0)]
        assert answer.json["total"] == 5.0
        assert lines(await shopping.set("pot", 1)) == [("pot", 1, 0.0), ("mug", 1, 5.0)]
        assert (await shopping.add("pot")).status == 404
        assert lines(await shopping.remove("pot")) == [("mug", 1, 5.0)]


async def test_with_the_product_service_away_young_prices_are_shown_and_otherwise_nothing_is_answered_or_changed(tmp_path: Path) -> None:
    settings = {"MALL_CART_PRICE_SECONDS": "3.5", "MALL_CART_LOOK_UP_SECONDS": "1"}
    async with house(tmp_path, "auth", "cart", **settings) as mall:
        product = await mall.open("product")
        await mall.until_ready("product")
        shopping = await Shopping.begin(mall)
        bob = await mall.token("bob")
        early = await shopping.add("pot", 2)
        while age(early) < timedelta(seconds=1.2):
            await asyncio.sleep(0.02)
        assert (await shopping.add("mug", token=bob)).status == 200
        await product.cleanup()
        assert lines(await shopping.cart()) == [("pot", 2, 39.98)]
        async with asyncio.timeout(10):
            while (answer := await shopping.cart()).status == 200:
                await asyncio.sleep(0.02)
        assert (answer.status, answer.kind, answer.headers["Retry-After"]) == (503, "unavailable", "1")
        # The mug's price is young enough, the pot's is not: the cart cannot be shown afterwards, so it is left as it is.
        assert [(await change).status for change in (shopping.set("mug", 1), shopping.add("mug"), shopping.remove("pot"))] == [503] * 3
        await mall.open("product")
        await mall.until_ready("product")
        assert lines(await shopping.cart()) == [("pot", 2, 39.98)]


async def test_a_line_tells_what_it_cost_when_it_was_put_in_and_what_can_be_bought_now(tmp_path: Path) -> None:
    async with house(tmp_path, "auth", "product", "cart", MALL_CART_PRICE_SECONDS="0") as mall:
        shopping = await Shopping.begin(mall)
        pot = f"/api/v1/products/{shopping.products['pot']}"
        first = await shopping.add("pot", 2)
        assert [(line["price_was"], line["stock"]) for line in first.json["items"]] == [(None, 20)]
        assert first.json["changes"] is False
        await mall.call("product", "PATCH", pot, {"price": 25}, token=shopping.operator)
        dearer = await shopping.cart()
        assert [(line["unit_price"], line["price_was"]) for line in dearer.json["items"]] == [(25, 19.99)]
        assert (dearer.json["changes"], dearer.json["total"]) == (True, 50)
        again = await shopping.set("pot", 3)
        assert [(line["price_was"], line["quantity"]) for line in again.json["items"]] == [(None, 3)], "it was put in at this price"
        seen = await mall.call("product", "GET", f"{pot}/stock", token=shopping.operator)
        etag = {"If-Match": seen.headers["ETag"]}
        assert (await mall.call("product", "PUT", f"{pot}/stock", {"on_hand": 2}, token=shopping.operator, headers=etag)).status == 200
        fewer = await shopping.cart()
        assert [(line["quantity"], line["stock"], line["price_was"]) for line in fewer.json["items"]] == [(3, 2, None)]
        assert fewer.json["changes"] is True
        await mall.call("product", "DELETE", pot, token=shopping.operator)
        gone = await shopping.cart()
        assert [(line["available"], line["stock"], line["price_was"]) for line in gone.json["items"]] == [(False, 0, None)]
        assert (gone.json["changes"], gone.json["total"]) == (True, 0)


async def test_a_line_of_an_earlier_release_has_no_price_to_compare_with(shopping: Shopping) -> None:
    async with open_store(shopping.mall.folder / "cart.db", (CARTS,)) as store:
        await store[CARTS].add(Cart(shopping.user_id, (Line(shopping.products["pot"], 2, "pot"),)))
    answer = await shopping.cart()
    assert [(line["unit_price"], line["price_was"]) for line in answer.json["items"]] == [(19.99, None)]
    assert answer.json["changes"] is False


async def test_a_full_cart_with_saved_lines_is_shown_though_nothing_is_remembered(shopping: Shopping) -> None:
    lines_of = [tuple(Line(f"{kind}{n}", 1, "gone") for n in range(100)) for kind in ("open", "saved")]
    async with open_store(shopping.mall.folder / "cart.db", (CARTS,)) as store:
        await store[CARTS].add(Cart(shopping.user_id, lines_of[0], saved=lines_of[1]))
    answer = await shopping.cart()
    assert (answer.status, len(answer.json["items"]), len(answer.json["saved"])) == (200, 100, 100)
    assert (await shopping.add("pot")).kind == "cart/full"
