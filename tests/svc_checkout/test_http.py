"""Buying a cart over HTTP, with the real neighbours: every card's outcome, every refusal, and the same key again."""

import asyncio
from typing import Any

import pytest

from tests.journeys.people import ADDRESS, DECLINED, LOST, SLOW, card, order_form
from tests.mallhouse import Answer
from tests.svc_checkout.buying import CARD_CUT, Buyer, Buying, new_id, until

pytestmark = pytest.mark.asyncio(loop_scope="module")
LOST_AT_ONCE = "4000000000000267"


async def is_as_before(mall: Buying, buyer: Buyer, product_id: str, stock: int = 20) -> None:
    """Nothing is held or owed, the cart is open again, no order is left but cancelled ones, no money was taken."""

    async def undone() -> bool:
        return await mall.stock(product_id) == (stock, 0) and await mall.lines(buyer) == {product_id: 1}

    await until(undone)
    for order in await mall.orders(buyer):
        assert order["status"] == "cancelled"
        assert {each["status"] for each in await mall.payments(order["order_id"])} <= {"declined", "failed", "voided"}


@pytest.mark.requirement(134, 137)
async def test_a_quote_is_the_receipt_that_the_purchase_has(mall: Buying) -> None:
    product_id = await mall.product(13.85)
    buyer = await mall.with_cart(product_id)
    quote = await mall.call("checkout", "POST", "/api/v1/checkout/quote", {"address": ADDRESS}, by=buyer)
    assert quote.status == 200
    assert [(line["kind"], line["amount"]) for line in quote.json["lines"]] == [("item", 13.85), ("shipping", 5), ("tax", 1.14)]
    assert (quote.json["total"], quote.json["currency"]) == (19.99, "USD")
    at_home = await mall.call("checkout", "POST", "/api/v1/checkout/quote", {}, by=buyer)
    assert at_home.json == quote.json
    abroad = await mall.call("checkout", "POST", "/api/v1/checkout/quote", {"address": ADDRESS | {"country": "de"}}, by=buyer)
    assert [line["kind"] for line in abroad.json["lines"]] == ["item", "shipping"]
    bought = await mall.check_out(buyer, expected_total=19.99)
    assert bought.status == 200
    assert bought.json["receipt"] == quote.json


async def test_what_a_quote_refuses(mall: Buying) -> None:
    product_id = await mall.product()
    buyer = await mall.buyer()
    empty = await mall.call("checkout", "POST", "/api/v1/checkout/quote", {}, by=buyer)
    assert (empty.status, empty.kind, empty.json["code"]) == (409, "checkout/cart-empty", 4001002)
    await mall.add(buyer, product_id)
    nowhere = await mall.call("checkout", "POST", "/api/v1/checkout/quote", {"address": ADDRESS | {"country": "ZZ"}}, by=buyer)
    assert (nowhere.status, nowhere.json["code"], nowhere.json["field"]) == (422, 4001004, "country")
    await mall.call("product", "DELETE", f"/api/v1/products/{product_id}", token=mall.operator)
    gone = await mall.call("checkout", "POST", "/api/v1/checkout/quote", {}, by=buyer)
    assert (gone.status, gone.kind, gone.json["product_id"]) == (409, "checkout/not-on-sale", product_id)


@pytest.mark.requirement(33, 34, 39, 124, 127, 130, 131, 132, 133, 137, 143)
async def test_a_cart_is_bought(mall: Buying) -> None:
    product_id = await mall.product(10)
    buyer = await mall.with_cart(product_id, 2)
    told = await mall.check_out(buyer)
    assert told.status == 200, told.body
    assert await mall.lines(buyer) == {}
    assert await mall.stock(product_id) == (18, 0)
    order = (await mall.call("order", "GET", f"/api/v1/orders/{told.json['order_id']}", by=buyer)).json
    assert (order["status"], order["total"], order["transaction_id"]) == ("paid", 26.65, told.json["transaction_id"])
    assert order["receipt"] == told.json["receipt"]["lines"]
    assert [(line["product_id"], line["quantity"], line["line_total"]) for line in order["items"]] == [(product_id, 2, 20)]
    payment = (await mall.call("payment", "GET", f"/api/v1/payments/{told.json['transaction_id']}", by=buyer)).json
    assert (payment["status"], payment["amount"], payment["card"]) == ("captured", 26.65, "visa 4242")
    seen = (await mall.call("checkout", "GET", f"/api/v1/checkout/{told.json['checkout_id']}", by=buyer)).json
    assert (seen["status"], seen["order_id"], seen["receipt"]) == ("done", told.json["order_id"], told.json["receipt"])


@pytest.mark.requirement(141)
@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (DECLINED, "declined"),
        ("4000000000009995", "insufficient_funds"),
        ("4000000000000069", "expired_card"),
        ("4000000000000127", "wrong_cvv"),
        (CARD_CUT, "declined"),
    ],
)
async def test_a_card_that_the_bank_refuses(mall: Buying, number: str, reason: str) -> None:
    product_id = await mall.product()
    buyer = await mall.with_cart(product_id)
    told = await mall.check_out(buyer, number)
    assert (told.status, told.kind, told.json["code"]) == (402, "checkout/payment-failed", 4001003)
    assert told.json["reason"] == reason
    await is_as_before(mall, buyer, product_id)
    assert (await mall.check_out(buyer)).status == 200


@pytest.mark.parametrize("number", [LOST, LOST_AT_ONCE])
async def test_an_answer_of_the_bank_that_is_lost_costs_nobody_anything(mall: Buying, number: str) -> None:
    product_id = await mall.product()
    buyer = await mall.with_cart(product_id)
    told = await mall.check_out(buyer, number)
    assert told.status == 200, told.body
    assert [(each["status"], each["amount"]) for each in await mall.payments(told.json["order_id"])] == [("captured", 15.83)]
    assert await mall.stock(product_id) == (19, 0)


async def test_a_slow_bank_is_not_waited_for(mall: Buying) -> None:
    product_id = await mall.product()
    buyer = await mall.with_cart(product_id)
    told = await mall.check_out(buyer, SLOW, key="slow")
    assert told.status == 202, told.body
    assert told.json["status_url"] == f"/api/v1/checkout/{told.json['checkout_id']}"
    twice = await mall.check_out(buyer)
    assert twice.status == 409
    assert (twice.kind, twice.json["checkout_id"]) == ("checkout/running", told.json["checkout_id"])
    assert twice.headers["Retry-After"]
    seen = await mall.ended(told.json["checkout_id"])
    assert (seen["status"], seen["order_id"]) == ("done", told.json["order_id"])
    again = await mall.check_out(buyer, SLOW, key="slow")
    assert (again.status, again.json["order_id"], again.json["transaction_id"]) == (200, seen["order_id"], seen["transaction_id"])
    assert [each["status"] for each in await mall.payments(seen["order_id"])] == ["captured"]


async def test_nothing_is_bought_at_another_price(mall: Buying) -> None:
    product_id = await mall.product()
    buyer = await mall.with_cart(product_id)
    told = await mall.check_out(buyer, expected_total=15)
    assert (told.status, told.kind, told.json["receipt"]["total"]) == (409, "checkout/price-changed", 15.83)
    await is_as_before(mall, buyer, product_id)
    assert (await mall.check_out(buyer, expected_total=told.json["receipt"]["total"])).status == 200


@pytest.mark.requirement(133, 140)
async def test_more_than_there_is(mall: Buying) -> None:
    product_id = await mall.product(stock=0)
    buyer = await mall.with_cart(product_id)
    told = await mall.check_out(buyer)
    assert (told.status, told.kind, told.json["code"]) == (409, "checkout/out-of-stock", 4001002)
    assert (told.json["product_id"], told.json["available"], told.json["temporary"]) == (product_id, 0, False)
    await is_as_before(mall, buyer, product_id, stock=0)
    assert await mall.orders(buyer) == []


async def test_a_product_that_was_withdrawn(mall: Buying) -> None:
    product_id = await mall.product()
    buyer = await mall.with_cart(product_id)
    await mall.call("product", "DELETE", f"/api/v1/products/{product_id}", token=mall.operator)
    told = await mall.check_out(buyer)
    assert (told.status, told.kind, told.json["product_id"]) == (409, "checkout/not-on-sale", product_id)
    await until(lambda: _has(mall, buyer, {product_id: 1}))


async def _has(mall: Buying, buyer: Buyer, lines: dict[str, int]) -> bool:
    return await mall.lines(buyer) == lines


async def test_a_sum_that_no_payment_can_be(mall: Buying) -> None:
    dear = [await mall.product(999_999_999.99, stock=999) for _ in range(2)]
    buyer = await mall.buyer()
    for product_id in dear:
        await mall.add(buyer, product_id, 999)
    told = await mall.check_out(buyer)
    assert (told.status, told.kind) == (409, "checkout/order-failed")
    await until(lambda: _has(mall, buyer, dict.fromkeys(dear, 999)))


@pytest.mark.requirement(125)
async def test_the_user_is_the_one_who_is_signed_in(mall: Buying) -> None:
    product_id = await mall.product()
    buyer, other = await mall.with_cart(product_id), await mall.buyer()
    for user_id in (other.user_id, 1):
        told = await mall.check_out(buyer, user_id=user_id)
        assert (told.status, told.kind) == (404, "not-found")
    assert await mall.orders(buyer) == []
    assert (await mall.check_out(buyer, user_id=buyer.user_id)).status == 200


@pytest.mark.requirement(126, 127, 128, 129, 138, 142)
@pytest.mark.parametrize(
    ("form", "status", "code", "field"),
    [
        ({"address": ADDRESS | {"country": "ZZ"}}, 422, 4001004, "country"),
        ({"address": ADDRESS | {"city": " "}}, 422, 4001004, "city"),
        ({"credit_card": card("4242424242424241")}, 422, 4004001, "credit_card_number"),
        ({"credit_card": card(cvv="12")}, 422, 4004001, "credit_card_cvv"),
        ({"credit_card": card() | {"credit_card_expiration_year": 2025}}, 422, 4004001, "credit_card_expiration_year"),
        ({"firstname": "A\nB"}, 400, 4001001, ""),
        ({"lastname": " "}, 400, 4001001, ""),
    ],
)
async def test_what_cannot_be_right_is_refused_before_anything_begins(
    mall: Buying, form: dict[str, Any], status: int, code: int, field: str
) -> None:
    product_id = await mall.product()
    buyer = await mall.with_cart(product_id)
    told = await mall.check_out(buyer, **form)
    assert (told.status, told.json["code"], told.json.get("field", "")) == (status, code, field)
    assert await mall.orders(buyer) == []
    await is_as_before(mall, buyer, product_id)


async def test_a_card_that_only_payment_knows_to_be_wrong_is_undone(mall: Buying) -> None:
    product_id = await mall.product()
    buyer = await mall.with_cart(product_id)
    told = await mall.check_out(buyer, credit_card=card(cvv="1234"))
    assert (told.status, told.json["code"], told.json["field"]) == (422, 4004001, "credit_card_cvv")
    await is_as_before(mall, buyer, product_id)


@pytest.mark.requirement(112)
async def test_the_same_key_again(mall: Buying) -> None:
    product_id = await mall.product()
    buyer = await mall.with_cart(product_id)
    first = await mall.check_out(buyer, key="mine")
    again = await mall.check_out(buyer, key="mine")
    other_cvv = await mall.check_out(buyer, credit_card=card(cvv="999"), key="mine")
    assert (first.status, again.status, other_cvv.status) == (200, 200, 200)
    assert first.body == again.body == other_cvv.body
    other_card = await mall.check_out(buyer, "5555555555554444", key="mine")
    other_name = await mall.check_out(buyer, firstname="Bea", key="mine")
    assert {(told.status, told.kind) for told in (other_card, other_name)} == {(422, "idempotency-key-reused")}
    assert await mall.stock(product_id) == (19, 0)
    stranger = await mall.with_cart(product_id)
    assert (await mall.check_out(stranger, key="mine")).json["order_id"] != first.json["order_id"]


async def test_a_refusal_is_the_answer_of_its_key(mall: Buying) -> None:
    product_id = await mall.product()
    buyer = await mall.with_cart(product_id)
    first = await mall.check_out(buyer, DECLINED, key="no")
    await is_as_before(mall, buyer, product_id)
    again = await mall.check_out(buyer, DECLINED, key="no")
    assert (first.status, again.status) == (402, 402)
    assert first.body == again.body
    assert len(await mall.orders(buyer)) == 1


async def test_many_at_once_with_one_key_and_without(mall: Buying) -> None:
    product_id = await mall.product()
    buyer = await mall.with_cart(product_id)
    keyed: list[Answer] = await asyncio.gather(*(mall.check_out(buyer, key="at-once") for _ in range(10)))
    assert {(told.status, told.body) for told in keyed} == {(200, keyed[0].body)}
    await mall.add(buyer, product_id)
    free: list[Answer] = await asyncio.gather(*(mall.check_out(buyer) for _ in range(10)))
    assert sorted(told.status for told in free) == [200] + [409] * 9
    assert await mall.stock(product_id) == (18, 0)
    assert len(await mall.orders(buyer)) == 2


async def test_a_checkout_is_seen_by_its_buyer_and_by_operators(mall: Buying) -> None:
    product_id = await mall.product()
    buyer, other = await mall.with_cart(product_id), await mall.buyer()
    await mall.check_out(buyer, DECLINED, key="seen")
    bought = await mall.check_out(buyer)
    path = f"/api/v1/checkout/{bought.json['checkout_id']}"
    assert (await mall.call("checkout", "GET", path, by=buyer)).status == 200
    assert (await mall.call("checkout", "GET", path, token=mall.operator)).status == 200
    for unknown in (await mall.call("checkout", "GET", path, by=other), await mall.call("checkout", "GET", f"{path}x", by=buyer)):
        assert (unknown.status, unknown.kind) == (404, "not-found")


@pytest.mark.requirement(124)
async def test_the_path_of_the_document_works_too(mall: Buying) -> None:
    buyer = await mall.with_cart(await mall.product())
    told = await mall.call("checkout", "POST", "/checkout", order_form(), by=buyer, key=new_id("k"))
    assert told.status == 200
