"""An order's longer ways, at the gateway: paid later, never paid, shipped in parcels, returned in parts; and the figures of the day."""

import asyncio
import time
from typing import Any

import pytest

from tests.journeys.people import People, Person, card, order_form

PATIENCE = 20.0


async def placed(buyer: Person, product_id: str, quantity: int) -> dict[str, Any]:
    assert (await buyer.add(product_id, quantity)).status == 200
    form = order_form()
    del form["credit_card"]
    told = await buyer.call("POST", "/api/v1/orders", form, key=f"order-{product_id}")
    assert told.status == 201, told.body
    return dict(told.json)


async def paid(buyer: Person, order: dict[str, Any]) -> None:
    body = {"amount": order["receipt"]["total"], "credit_card": card(), "order_id": order["order_id"], "user_id": buyer.user_id}
    told = await buyer.call("POST", "/payment/charge", body)
    assert told.status == 200, told.body


@pytest.mark.requirement(33, 34, 35, 46, 98, 99, 155)
async def test_ordered_paid_later_shipped_in_parcels_and_returned_in_part(people: People) -> None:
    buyer, operator = await people.shopper(), await people.operator()
    product_id = await people.product(stock=10)
    order = await placed(buyer, product_id, 3)
    assert (await people.stock(product_id))["reserved"] == 3
    await paid(buyer, order)
    here = f"/api/v1/orders/{order['order_id']}"

    def pieces(quantity: int) -> dict[str, Any]:
        return {"lines": [{"product_id": product_id, "quantity": quantity}]}

    parcels = [{"carrier": "DHL", "tracking_number": f"{order['order_id']}-{number}"} for number in range(2)]
    first = await operator.call("POST", f"{here}/shipments", parcels[0] | pieces(2), key=f"{here}/1")
    second = await operator.call("POST", f"{here}/shipments", parcels[1], key=f"{here}/2")
    assert (first.status, second.status) == (201, 201)
    assert (await buyer.order(order["order_id"]))["status"] == "shipped"
    back = await operator.call("POST", f"{here}/returns", pieces(1) | {"reason": "damaged"}, key=f"{here}/3")
    assert back.status == 201, back.body
    async with asyncio.timeout(PATIENCE):
        while (seen := await buyer.order(order["order_id"]))["refunded"] != back.json["refund"] or not seen["returns"][0]["settled"]:
            await asyncio.sleep(0.05)
    assert (seen["items"][0]["shipped"], seen["items"][0]["returned"]) == (3, 1)
    stock = await people.stock(product_id)
    assert (stock["available"], stock["reserved"]) == (8, 0)
    timeline = (await buyer.call("GET", f"{here}/timeline")).json["items"]
    told = [entry["after"] or entry["what"] for entry in timeline]
    assert told == ["pending", "paying", "paid", "shipment", "shipment", "shipped", "return", "refund"]
    assert all(len(entry["trace_id"]) == 32 for entry in timeline)


@pytest.mark.requirement(38, 47, 68)
async def test_what_is_given_up_returns_to_the_shelf_and_stands_in_the_figures(people: People) -> None:
    buyer, operator = await people.shopper(), await people.operator()
    product_id = await people.product(stock=10)
    today = time.strftime("%Y-%m-%d", time.gmtime())

    async def figures() -> dict[str, Any]:
        return dict((await operator.call("GET", f"/api/v1/stats/orders?date={today}")).json)

    before = await figures()
    order = await placed(buyer, product_id, 2)
    told = await operator.call("PUT", f"/api/v1/orders/{order['order_id']}/status", {"status": "failed", "reason": "no such street"})
    assert told.json["status"] == "failed"
    async with asyncio.timeout(PATIENCE):
        while (await figures())["orders"]["failed"] <= before["orders"]["failed"]:
            await asyncio.sleep(0.05)
        while (await people.stock(product_id))["available"] < 10:
            await asyncio.sleep(0.05)
