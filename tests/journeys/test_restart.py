"""What was done is there again after the whole mall was stopped and started."""

from pathlib import Path
from typing import Any

import aiohttp
import pytest

from mall.running import running_mall
from tests.journeys.people import People, Person


def stores(folder: Path) -> set[str]:
    """Whose stores are there: each service has its own."""
    return {path.stem for path in folder.glob("*.db")}


@pytest.mark.requirement(10, 119, 143, 156)
async def test_all_is_there_again_after_the_mall_was_stopped_and_started(tmp_path: Path) -> None:
    with running_mall(MALL_DATA=str(tmp_path)) as first:
        async with aiohttp.ClientSession() as session:
            people = People(session, first.gateway)
            product_id = await people.product(5, 10)
            ann = await people.shopper()
            bought = await ann.bought(product_id, 2)
            await ann.add(product_id, 1)
            before = await seen(ann, product_id, bought)
    assert stores(tmp_path) >= {"auth", "user", "product", "cart", "order", "payment", "checkout", "bank"}
    with running_mall(MALL_DATA=str(tmp_path)) as second:
        async with aiohttp.ClientSession() as session:
            back = Person(session, second.gateway, ann.token, ann.user_id, ann.refresh_token)
            assert await seen(back, product_id, bought) == before
            assert (await back.check_out()).status == 200


async def seen(who: Person, product_id: str, bought: dict[str, Any]) -> list[Any]:
    """What a buyer sees of a purchase."""
    paths = (
        f"/api/v1/products/{product_id}",
        f"/api/v1/orders/{bought['order_id']}",
        f"/api/v1/payments/{bought['transaction_id']}",
        f"/api/v1/checkout/{bought['checkout_id']}",
        "/api/v1/users/me",
        "/api/v1/cart",
    )
    told = [await who.call("GET", path) for path in paths]
    assert {each.status for each in told} == {200}, [each.body for each in told]
    assert told[0].json["stock"] == 3
    told[-1].json.pop("prices_as_of")
    for line in told[-1].json["items"]:
        line.pop("stock")  # as old as the price may be
    return [each.json for each in told]
