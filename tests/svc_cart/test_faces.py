"""The product cache: how old a price may be, one call for many, and what happens when the product service is away."""

import asyncio
from typing import Any

import pytest

from contracts.product import Card, Cards
from mallkit import deadline
from mallkit.errors import Unavailable
from mallkit.money import Money
from svc_cart.faces import ProductFaces


class Shelf:
    """A product service of a few lines: what is on sale, and which look-ups were made."""

    def __init__(self, **prices: int) -> None:
        self.prices = prices
        self.asked: list[list[str]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.away = False

    async def __call__(self, endpoint: Any, wish: Any, *, key: str = "", seconds: float = 5.0) -> Any:  # noqa: ARG002  # Neighbour's shape
        self.asked.append(wish.product_ids)
        assert deadline.left(seconds) == seconds
        await self.open.wait()
        if self.away:
            raise Unavailable
        cards = [
            Card(product_id=one, name=one.title(), unit_minor=self.prices[one], currency="USD", stock=1)
            for one in wish.product_ids
            if one in self.prices
        ]
        return Cards(items=cards)


def faces(shelf: Shelf, most: int = 1000) -> ProductFaces:
    return ProductFaces(shelf, seconds=30, most=most, look_up_seconds=2)


async def test_a_price_is_asked_once_and_again_when_it_is_older_than_30_s() -> None:
    shelf = Shelf(pot=1999, mug=500)
    cache = faces(shelf)
    assert (await cache.of(["pot"], 1000.0))["pot"].unit == Money(1999, "USD")
    shelf.prices["pot"] = 2500
    young = await cache.of(["pot", "mug"], 1030.0)
    assert (young["pot"].unit, young["pot"].asked, young["mug"].asked) == (Money(1999, "USD"), 1000.0, 1030.0)
    assert (await cache.of(["pot", "mug"], 1030.1))["pot"].unit == Money(2500, "USD")
    assert shelf.asked == [["pot"], ["mug"], ["pot"]]


async def test_fifty_at_once_share_one_call() -> None:
    shelf = Shelf(pot=1999, mug=500)
    cache = faces(shelf)
    shelf.open.clear()
    waiting = [asyncio.create_task(cache.of(["pot", "mug"][: 1 + n % 2], 1000.0)) for n in range(50)]
    await asyncio.sleep(0)
    shelf.open.set()
    found = await asyncio.gather(*waiting)
    assert {face["pot"].name for face in found} == {"Pot"}
    assert [len(face) for face in found] == [1, 2] * 25
    assert shelf.asked == [["pot"], ["mug"]]


async def test_whoever_asked_first_may_go_away() -> None:
    shelf = Shelf(pot=1999)
    cache = faces(shelf)
    shelf.open.clear()
    first, second = (asyncio.create_task(cache.of(["pot"], 1000.0)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    shelf.open.set()
    assert (await second)["pot"].name == "Pot"
    assert first.cancelled()
    assert len(shelf.asked) == 1


async def test_the_first_ones_deadline_is_not_the_others() -> None:
    deadline.start("1", 15)
    assert (await faces(Shelf(pot=1999)).of(["pot"], 1000.0))["pot"].name == "Pot"


async def test_an_outage_is_told_and_not_remembered() -> None:
    shelf = Shelf(pot=1999)
    cache = faces(shelf)
    await cache.of(["pot"], 1000.0)
    shelf.away = True
    assert (await cache.of(["pot"], 1029.0))["pot"].name == "Pot"
    for asked in (["pot"], ["mug"]):
        with pytest.raises(Unavailable):
            await cache.of(asked, 1031.0)
    shelf.away = False
    assert (await cache.of(["pot"], 1031.0))["pot"].asked == 1031.0


async def test_an_outage_that_nobody_waits_for_any_more_is_no_noise() -> None:
    shelf = Shelf()
    shelf.away = True
    cache = faces(shelf)
    shelf.open.clear()
    only = asyncio.create_task(cache.of(["pot"], 1000.0))
    await asyncio.sleep(0)
    only.cancel()
    await asyncio.wait([only])
    shelf.open.set()
    with pytest.raises(Unavailable):
        await cache.of(["pot"], 1000.0)


async def test_off_sale_is_remembered_but_not_believed_of_a_product_in_doubt() -> None:
    shelf = Shelf()
    cache = faces(shelf)
    assert (await cache.of(["pot"], 1000.0))["pot"].unit is None
    shelf.prices["pot"] = 1999
    assert (await cache.of(["pot"], 1001.0))["pot"].unit is None
    assert (await cache.of(["pot"], 1001.0, doubted="pot"))["pot"].unit == Money(1999, "USD")
    assert (await cache.of(["pot"], 1002.0))["pot"].unit == Money(1999, "USD")
    assert len(shelf.asked) == 2


async def test_the_cache_is_bounded() -> None:
    shelf = Shelf()
    cache = faces(shelf, most=100)
    for n in range(1000):
        await cache.of([f"p{n}"], 1000.0)
    assert len(shelf.asked) == 1000
    await cache.of([f"p{n}" for n in range(960, 1000)], 1000.0)
    assert len(shelf.asked) == 1000
    await cache.of([f"p{n}" for n in range(900)], 1000.0)
    assert [one for asked in shelf.asked[-9:] for one in asked] == [f"p{n}" for n in range(900)]
