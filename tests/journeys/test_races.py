"""Everybody at once: nothing is lost, doubled or oversold."""

import asyncio
from collections import Counter

import pytest

from tests.journeys.people import People, Person, order_form

PATIENCE = 20.0


async def _until_nothing_is_held(people: People, product_id: str) -> dict[str, int]:
    async with asyncio.timeout(PATIENCE):
        while (stock := await people.stock(product_id))["reserved"]:
            await asyncio.sleep(0.05)
    return stock


@pytest.mark.requirement(30, 31, 48, 133)
async def test_a_hundred_buyers_and_twenty_pieces(people: People) -> None:
    product_id = await people.product(stock=20)
    buyers = [await people.shopper() for _ in range(100)]
    await asyncio.gather(*(buyer.add(product_id) for buyer in buyers))
    answers = await asyncio.gather(*(buyer.check_out() for buyer in buyers))
    assert Counter(answer.status for answer in answers) == {200: 20, 409: 80}, Counter((a.status, a.kind) for a in answers)
    assert {answer.kind for answer in answers if answer.status == 409} == {"checkout/out-of-stock"}
    stock = await _until_nothing_is_held(people, product_id)
    assert (stock["on_hand"], stock["available"], stock["reserved"]) == (0, 0, 0)
    for buyer, answer in zip(buyers, answers, strict=True):
        orders = (await buyer.call("GET", f"/api/v1/users/{buyer.user_id}/orders")).json["items"]
        paid = [each for each in orders if each["status"] == "paid"]
        assert len(paid) == (1 if answer.status == 200 else 0)


@pytest.mark.requirement(112)
async def test_one_checkout_sent_fifty_times_with_one_key(people: People) -> None:
    product_id = await people.product(stock=100)
    buyer = await people.shopper()
    await buyer.add(product_id, 2)
    answers = await asyncio.gather(*(buyer.check_out(key="once") for _ in range(50)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    orders = (await buyer.call("GET", f"/api/v1/users/{buyer.user_id}/orders")).json
    assert orders["total"] == 1
    order_id = answers[0].json["order_id"]
    payments = (await buyer.call("GET", f"/api/v1/payments?order_id={order_id}")).json["items"]
    assert [each["status"] for each in payments] == ["captured"]
    assert (await people.stock(product_id))["on_hand"] == 98


async def test_without_a_key_one_cart_is_bought_once_and_the_buyer_goes_on(people: People) -> None:
    product_id = await people.product(stock=100)
    buyer = await people.shopper()
    await buyer.add(product_id)
    answers = await asyncio.gather(*(buyer.check_out() for _ in range(20)))
    assert Counter(answer.status for answer in answers) == {200: 1, 409: 19}
    assert {answer.kind for answer in answers if answer.status == 409} <= {"checkout/running", "checkout/cart-empty"}
    await buyer.bought(product_id)
    stock = await _until_nothing_is_held(people, product_id)
    assert stock["on_hand"] == 98


@pytest.mark.requirement(99)
async def test_fifty_refunds_of_one_on_a_payment_of_1999(people: People) -> None:
    product_id = await people.product(stock=5, price=13.85)  # with 5.00 shipping and 8.25 % tax: 19.99
    buyer, operator = await people.shopper(), await people.operator()
    bought = await buyer.bought(product_id)
    assert bought["receipt"]["total"] == 19.99
    path = f"/api/v1/payments/{bought['transaction_id']}/refunds"
    body = {"amount": 1.00, "reason": "test"}
    answers = await asyncio.gather(*(operator.call("POST", path, body, key=f"refund-{n}") for n in range(50)))
    assert Counter(answer.status for answer in answers) == {201: 19, 409: 31}
    assert {answer.kind for answer in answers if answer.status == 409} == {"payment/refund-too-large"}
    payment = (await operator.call("GET", f"/api/v1/payments/{bought['transaction_id']}")).json
    assert (payment["refunded"], payment["status"]) == (19, "partly_refunded")


@pytest.mark.requirement(98, 123)
@pytest.mark.parametrize("attempt", range(8))
async def test_cancel_and_pay_at_once(people: People, attempt: int) -> None:
    product_id = await people.product(stock=10)
    buyer = await people.shopper()
    await buyer.add(product_id, 3)
    paying = asyncio.create_task(buyer.check_out())
    orders: list[dict[str, str]] = []
    while not orders and not paying.done():
        orders = (await buyer.call("GET", f"/api/v1/users/{buyer.user_id}/orders")).json["items"]
    for _ in range(attempt):
        await buyer.call("GET", "/api/v1/cart")
    cancelled = await buyer.call("PUT", f"/api/v1/orders/{orders[0]['order_id']}/cancel", {"reason": "changed my mind"}) if orders else None
    paid = await paying
    stock = await _until_nothing_is_held(people, product_id)
    order_id = orders[0]["order_id"] if orders else paid.json["order_id"]
    order = await buyer.order(order_id)
    if cancelled is not None and cancelled.status == 200:
        async with asyncio.timeout(PATIENCE):
            while await _kept(buyer, order_id):  # the job gives back what could not be given back at once
                await asyncio.sleep(0.05)
        assert (order["status"], stock["on_hand"]) == ("cancelled", 10)
    else:
        assert paid.status == 200, paid.body
        assert (order["status"], await _kept(buyer, order_id), stock["on_hand"]) == ("paid", order["total"], 7)


async def _kept(buyer: Person, order_id: str) -> float:
    """What was taken for the order and has not gone back."""
    payments = (await buyer.call("GET", f"/api/v1/payments?order_id={order_id}")).json.get("items", [])
    return float(sum(each["amount"] - each["refunded"] for each in payments if each["status"] in {"captured", "partly_refunded"}))


async def test_one_order_is_charged_once_by_many(people: People) -> None:
    product_id = await people.product(stock=10)
    buyer = await people.shopper()
    bought = await buyer.bought(product_id)
    form = order_form()
    charge = {
        "amount": bought["receipt"]["total"],
        "credit_card": form["credit_card"],
        "order_id": bought["order_id"],
        "user_id": buyer.user_id,
    }
    answers = await asyncio.gather(*(buyer.call("POST", "/payment/charge", charge) for _ in range(10)))
    assert {(answer.status, answer.json.get("code")) for answer in answers} == {(409, 4005002)}
