"""Somebody fills a cart without an account, gets one, and buys: what was in the cart is bought, once."""

import asyncio
import time
from pathlib import Path

import pytest

from mall.running import Mall
from tests.journeys.people import People, Person, Told


def lines(told: Told) -> dict[str, int]:
    """Product → pieces."""
    assert told.status == 200, told.body
    return {line["product_id"]: line["quantity"] for line in told.json["items"]}


async def until_holds(buyer: Person, wanted: dict[str, int]) -> None:
    """The merge goes on behind the login."""
    async with asyncio.timeout(20):
        while lines(await buyer.call("GET", "/api/v1/cart")) != wanted:
            await asyncio.sleep(0.02)


@pytest.mark.requirement(19, 20, 34)
async def test_a_guest_fills_a_cart_registers_logs_in_and_buys_it_once(people: People, mall: Mall) -> None:
    pot, mug = await people.product(10), await people.product(10, 5)
    nobody = people.nobody()
    begun = await nobody.call("POST", "/api/v1/guest-carts")
    token = begun.json["cart_token"]
    guest = {"headers": {"Cart-Token": token}}
    for product_id, quantity in ((pot, 2), (mug, 1)):
        body = {"product_id": product_id, "quantity": quantity}
        assert (await nobody.call("POST", "/api/v1/guest-cart/items", body, **guest)).status == 200
    account = {"email": f"guest-{time.time_ns()}@example.org", "password": "a-long-password"}
    assert (await nobody.call("POST", "/api/v1/auth/register", {**account, "name": "Ann"})).status == 201
    ann = await people.signed_in({**account, "cart_token": token})
    await until_holds(ann, {pot: 2, mug: 1})
    merged = await ann.call("POST", "/api/v1/cart/merge", {"cart_token": token})
    assert (merged.status, merged.json["left_out"]) == (200, [])
    bought = await ann.check_out(key="press-1")
    assert bought.status == 200, bought.body
    assert {line["product_id"]: line["quantity"] for line in (await ann.order(bought.json["order_id"]))["items"]} == {pot: 2, mug: 1}
    again = await ann.call("POST", "/api/v1/cart/merge", {"cart_token": token})
    assert (again.status, again.json["cart"]["items"]) == (200, []), "what was bought does not come back"
    bob = await people.shopper()
    assert (await bob.call("POST", "/api/v1/cart/merge", {"cart_token": token})).kind == "cart/guest-cart-unknown"
    assert (await nobody.call("GET", "/api/v1/guest-cart", **guest)).kind == "cart/guest-cart-unknown"
    assert (await people.stock(pot))["available"] == 8
    expect_nowhere(mall.folder, token)


def expect_nowhere(folder: Path, token: str) -> None:
    """No log and no store has kept the token."""
    kept = [path for path in folder.rglob("*") if path.is_file() and token.encode() in path.read_bytes()]
    assert kept == []
