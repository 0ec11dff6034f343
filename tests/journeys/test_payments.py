"""Paying an order by itself, and giving money back."""

import uuid
from typing import Any

import pytest

from mall.running import Mall
from tests.journeys.people import People, Person, Told, card
from tests.journeys.world import World


@pytest.mark.requirement(99, 123)
async def test_parts_of_a_payment_are_given_back_never_more(people: People) -> None:
    product_id = await people.product(5, 13.85)  # with shipping and tax: 19.99
    ann, operator = await people.shopper(), await people.operator()
    bought = await ann.bought(product_id)
    path = f"/api/v1/payments/{bought['transaction_id']}/refunds"

    async def refund(key: str, **body: Any) -> Told:
        return await operator.call("POST", path, {"reason": "damaged", **body}, key=f"{bought['order_id']}-{key}")

    first = await refund("one", amount=5.5)
    assert (first.status, first.json["amount"], first.json["status"]) == (201, 5.5, "refunded")
    assert (await refund("one", amount=5.5)).body == first.body
    other = await refund("one", amount=6)
    assert (other.status, other.kind) == (422, "idempotency-key-reused")
    much = await refund("two", amount=14.5)
    assert (much.status, much.kind, much.json["refundable"]) == (409, "payment/refund-too-large", 14.49)
    assert (await refund("three", amount=4.49)).status == 201
    rest = await refund("four")
    assert (rest.status, rest.json["amount"]) == (201, 10)
    assert (await refund("five", amount=0.01)).status == 409
    payment = (await ann.call("GET", f"/api/v1/payments/{bought['transaction_id']}")).json
    assert (payment["status"], payment["refunded"], len(payment["refunds"])) == ("refunded", 19.99, 3)


@pytest.mark.requirement(94, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 115, 119)
async def test_an_order_is_charged_as_the_requirements_show_it(people: People, mall: Mall) -> None:
    world = World.of(mall)
    shopper = world.shopper
    ann = Person(people.session, people.gateway, shopper.token, shopper.user_id)
    charge = {
        "amount": 1.25,
        "credit_card": card() | {"credit_card_cvv": 123},
        "payment_method": "credit_card",
        "order_id": world.pending(),
        "user_id": shopper.user_id,
    }
    expired = await ann.call("POST", "/payment/charge", charge | {"credit_card": card() | {"credit_card_expiration_year": 2025}})
    assert (expired.status, expired.json["code"]) == (422, 4004001)
    paid = await ann.call("POST", "/payment/charge", charge, key=str(charge["order_id"]))
    assert paid.status == 200, paid.body
    assert paid.json.keys() == {"transaction_id"}
    assert uuid.UUID(paid.json["transaction_id"])
    again = await ann.call("POST", "/payment/charge", charge, key=str(charge["order_id"]))
    assert again.body == paid.body
    twice = await ann.call("POST", "/payment/charge", charge)
    assert (twice.status, twice.kind, twice.json["code"]) == (409, "payment/already-paid", 4005002)
    by_number = await ann.call("POST", "/payment/charge", charge | {"order_id": 123456})
    assert (by_number.status, by_number.kind) == (404, "not-found")
    assert (await ann.order(str(charge["order_id"])))["status"] == "paid"
