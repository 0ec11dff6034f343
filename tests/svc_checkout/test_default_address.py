"""A purchase without an address goes to the buyer's default one, and stays with the one that it began with."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.journeys.people import ADDRESS, SLOW, order_form
from tests.mallhouse import Answer
from tests.svc_checkout.buying import PARTS, Buyer, Buying, buying, new_id

pytestmark = pytest.mark.asyncio(loop_scope="module")
MINE = "/api/v1/users/me/addresses"
HOME = ADDRESS | {"country": "DE", "city": "Berlin"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mall(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Buying]:
    """A bank that is slow for two seconds, and a checkout that waits for one."""
    settings = {"MALL_BANK_SLOW_SECONDS": "2", "MALL_CHECKOUT_ANSWER_SECONDS": "1"}
    async with buying(tmp_path_factory.mktemp("mall"), *PARTS, "user", **settings) as running:
        yield running


async def buy(mall: Buying, buyer: Buyer, key: str = "", **more: Any) -> Answer:
    """Without an address."""
    form = {name: value for name, value in order_form(**more).items() if name != "address"}
    return await mall.call("checkout", "POST", "/api/v1/checkout", form, by=buyer, key=key)


async def keep(mall: Buying, buyer: Buyer, **more: Any) -> str:
    answer = await mall.call("user", "POST", MINE, HOME | more, by=buyer)
    assert answer.status == 201, answer.body
    return str(answer.json["address_id"])


async def cities(mall: Buying, buyer: Buyer) -> list[str]:
    """Where the buyer's orders go."""
    told = await mall.inside("order", f"/internal/persons/{buyer.user_id}", method="GET")
    return [order["buyer"]["city"] for order in told.json["data"]["orders"]]


@pytest.mark.requirement(14, 128)
async def test_it_goes_to_the_default_address(mall: Buying) -> None:
    buyer = await mall.with_cart(await mall.product())
    await keep(mall, buyer, city="Bonn")
    await keep(mall, buyer, default=True)
    quote = await mall.call("checkout", "POST", "/api/v1/checkout/quote", {}, by=buyer)
    bought = await buy(mall, buyer, expected_total=quote.json["total"])
    assert bought.status == 200, bought.body
    assert bought.json["receipt"] == quote.json
    assert [line["text"] for line in quote.json["lines"] if line["kind"] == "shipping"] == ["Shipping to DE"]
    assert await cities(mall, buyer) == ["Berlin"]


@pytest.mark.requirement(128, 142)
async def test_without_one_the_field_is_named_and_nothing_is_begun(mall: Buying) -> None:
    buyer = await mall.with_cart(pot := await mall.product())
    refused = await buy(mall, buyer)
    assert (refused.status, refused.kind, refused.json["code"]) == (422, "checkout/address-invalid", 4001004)
    assert refused.json["field"] == "address"
    assert await mall.lines(buyer) == {pot: 1}
    quote = await mall.call("checkout", "POST", "/api/v1/checkout/quote", {}, by=buyer)
    assert [line["text"] for line in quote.json["lines"] if line["kind"] == "shipping"] == ["Shipping to US"], "the mall's own country"
    sent = await mall.check_out(buyer)
    assert sent.status == 200


@pytest.mark.requirement(128)
async def test_the_same_key_stays_with_the_address_it_began_with(mall: Buying) -> None:
    buyer = await mall.with_cart(await mall.product())
    home, key = await keep(mall, buyer), new_id("key")
    first = await buy(mall, buyer, key, number=SLOW)
    assert first.status == 202, first.body
    assert (await mall.call("user", "DELETE", f"{MINE}/{home}", by=buyer)).status == 204, "none is left"
    assert (await mall.ended(first.json["checkout_id"]))["status"] == "done"
    again = await buy(mall, buyer, key, number=SLOW)
    assert (again.status, again.json["order_id"]) == (200, first.json["order_id"])
    assert await cities(mall, buyer) == ["Berlin"]
