"""A purchase from the first page to the money back, and the ways on which it ends otherwise."""

import asyncio
import time
import uuid
from typing import Any

import pytest

from tests.journeys.people import LOST, SLOW, People, Person, Told, order_form

PATIENCE = 20.0


async def payments_of(who: Person, order_id: str) -> list[dict[str, Any]]:
    """The attempts at an order; none is told as not found."""
    told = await who.call("GET", f"/api/v1/payments?order_id={order_id}")
    return list(told.json.get("items", []))


async def orders_of(who: Person) -> list[dict[str, Any]]:
    told = await who.call("GET", f"/api/v1/users/{who.user_id}/orders")
    assert told.status == 200
    return list(told.json["items"])


async def until_final(who: Person, told: Told) -> dict[str, Any]:
    """The checkout of a 202, once it is done or refused."""
    assert told.json["status_url"] == f"/api/v1/checkout/{told.json['checkout_id']}"
    async with asyncio.timeout(PATIENCE):
        while (seen := await who.call("GET", told.json["status_url"])).json["status"] in {"running", "undoing"}:
            await asyncio.sleep(0.1)
    return dict(seen.json)


async def until_stock(people: People, product_id: str, **wanted: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while not (stock := await people.stock(product_id)).items() >= wanted.items():
            await asyncio.sleep(0.05)
    assert stock["on_hand"] == stock["available"] + stock["reserved"]


@pytest.mark.requirement(1, 2, 15, 16)
async def test_somebody_registers_logs_in_and_has_a_profile(people: People) -> None:
    account = {"email": f"Ann.{time.time_ns()}@Example.org", "password": "correct-horse-battery"}
    nobody = people.nobody()
    made = await nobody.call("POST", "/api/v1/auth/register", {**account, "name": "Ann Other"})
    assert made.status == 201
    twice = await nobody.call("POST", "/api/v1/auth/register", {**account, "name": "Ann Again"})
    assert (twice.status, twice.kind, twice.json["code"]) == (409, "auth/email-taken", 4001002)
    ann = await people.signed_in({**account, "email": account["email"].lower()})
    assert ann.user_id == made.json["user_id"]
    profile = (await ann.call("GET", "/api/v1/users/me")).json
    assert (profile["user_id"], profile["email"].lower(), profile["name"]) == (ann.user_id, account["email"].lower(), "Ann Other")
    changed = await ann.call("PATCH", "/api/v1/users/me", {"phone": "+44 20 7946 0000", "locale": "en-GB"})
    assert changed.status == 200
    again = (await ann.call("GET", "/api/v1/users/me")).json
    assert again == changed.json
    assert (again["name"], again["phone"], again["locale"]) == ("Ann Other", "+44 20 7946 0000", "en-GB")


@pytest.mark.requirement(17)
async def test_a_closed_account_is_gone(people: People) -> None:
    ann = await people.shopper()
    assert (await ann.call("DELETE", "/api/v1/users/me")).status == 204
    async with asyncio.timeout(PATIENCE):
        while (await ann.call("GET", "/api/v1/cart")).status != 401:
            await asyncio.sleep(0.05)


@pytest.mark.requirement(4)
async def test_a_session_goes_on_with_its_refresh_token(people: People) -> None:
    ann = await people.shopper()
    told = await people.nobody().call("POST", "/api/v1/auth/refresh", {"refresh_token": ann.refresh_token})
    assert told.status == 200
    assert told.json["refresh_token"] != ann.refresh_token
    again = Person(people.session, people.gateway, told.json["access_token"], told.json["user_id"])
    assert (await again.call("GET", "/api/v1/users/me")).json["user_id"] == ann.user_id


@pytest.mark.requirement(27, 28, 29)
async def test_what_an_operator_sells_is_found_in_two_languages(people: People) -> None:
    word = f"teapot{time.time_ns()}"
    product_id = await people.product(7, 24.5, name=f"Clay {word}", name_zh="紫砂茶壶", category=f"tea-{time.time_ns()}")
    nobody = people.nobody()
    product = (await nobody.call("GET", f"/api/v1/products/{product_id}")).json
    assert (product["price"], product["stock"], product["currency"]) == (24.5, 7, "USD")
    for query in (
        f"q={word}",
        f"q=clay+{word[:9]}&in_stock=true",
        f"category={product['category']}",
        f"q=茶壶&category={product['category']}",
    ):
        found = (await nobody.call("GET", f"/api/v1/products?{query}")).json["items"]
        assert product_id in [each["product_id"] for each in found], query
    categories = (await nobody.call("GET", "/api/v1/categories")).json["items"]
    assert (product["category"], 1) in [(each["category"], each["products"]) for each in categories]
    operator = await people.operator()
    assert (await operator.call("PATCH", f"/api/v1/products/{product_id}", {"price": 25})).json["price"] == 25
    assert (await operator.call("DELETE", f"/api/v1/products/{product_id}")).status == 204
    assert (await nobody.call("GET", f"/api/v1/products/{product_id}")).status == 404


@pytest.mark.requirement(19, 20, 21, 22, 23)
async def test_a_cart_is_filled_changed_and_emptied(people: People) -> None:
    cup, pot = await people.product(10, 3.5), await people.product(10, 20)
    ann = await people.shopper()
    assert (await ann.call("GET", "/api/v1/cart")).json["items"] == []
    await ann.add(cup, 2)
    await ann.add(cup, 1)
    cart = (await ann.add(pot)).json
    assert {line["product_id"]: line["quantity"] for line in cart["items"]} == {cup: 3, pot: 1}
    assert cart["total"] == 30.5
    cart = (await ann.call("PUT", f"/api/v1/cart/items/{cup}", {"quantity": 1})).json
    assert cart["total"] == 23.5
    cart = (await ann.call("DELETE", f"/api/v1/cart/items/{pot}")).json
    assert (cart["total"], len(cart["items"])) == (3.5, 1)
    assert (await ann.call("GET", "/api/v1/cart")).json["items"] == cart["items"]
    assert (await ann.call("DELETE", "/api/v1/cart")).json["items"] == []


@pytest.mark.requirement(
    30, 31, 33, 34, 36, 37, 39, 94, 96, 97, 98, 100, 101, 110, 123, 124, 125, 126, 127, 128, 129, 130, 131, 132, 133, 134, 137, 155
)
async def test_a_purchase_and_its_way_back(people: People) -> None:
    product_id = await people.product(10, 10)
    ann = await people.shopper()
    await ann.add(product_id, 2)
    quote = (await ann.call("POST", "/api/v1/checkout/quote", {"address": order_form()["address"]})).json
    assert quote["total"] == 26.65  # 2 x 10.00, 5.00 shipping, 8.25 % tax on the goods
    assert round(sum(line["amount"] for line in quote["lines"]), 2) == quote["total"]
    told = await ann.check_out(user_id=ann.user_id, expected_total=quote["total"])
    assert told.status == 200, told.body
    bought = told.json
    assert bought["receipt"] == quote
    assert str(uuid.UUID(bought["transaction_id"])) == bought["transaction_id"]
    assert (await ann.call("GET", "/api/v1/cart")).json["items"] == []
    await until_stock(people, product_id, on_hand=8, reserved=0)
    order = await ann.order(bought["order_id"])
    assert (order["status"], order["total"], order["transaction_id"]) == ("paid", 26.65, bought["transaction_id"])
    assert [(line["product_id"], line["quantity"], line["unit_price"]) for line in order["items"]] == [(product_id, 2, 10)]
    assert [each["order_id"] for each in await orders_of(ann)] == [bought["order_id"]]
    checkout = (await ann.call("GET", f"/api/v1/checkout/{bought['checkout_id']}")).json
    assert (checkout["status"], checkout["order_id"]) == ("done", bought["order_id"])
    payment = (await ann.call("GET", f"/api/v1/payments/{bought['transaction_id']}")).json
    assert (payment["status"], payment["amount"], payment["card"]) == ("captured", 26.65, "visa 4242")

    cancelled = await ann.call("PUT", f"/api/v1/orders/{bought['order_id']}/cancel", {"reason": "changed my mind"})
    assert (cancelled.status, cancelled.json["status"]) == (200, "cancelled")
    await until_stock(people, product_id, on_hand=10, available=10)
    [payment] = await payments_of(ann, bought["order_id"])
    assert (payment["status"], payment["refunded"]) == ("refunded", 26.65)
    again = await ann.call("PUT", f"/api/v1/orders/{bought['order_id']}/cancel", {})
    assert (again.status, again.json["status"]) == (200, "cancelled")
    assert (await people.stock(product_id))["on_hand"] == 10


@pytest.mark.requirement(132, 141)
@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("4000000000000002", "declined"),
        ("4000000000009995", "insufficient_funds"),
        ("4000000000000069", "expired_card"),
        ("4000000000000127", "wrong_cvv"),
        ("4000000000000374", "declined"),
    ],
)
async def test_a_card_that_the_bank_refuses_leaves_nothing_behind(people: People, number: str, reason: str) -> None:
    product_id = await people.product(5, 10)
    ann = await people.shopper()
    await ann.add(product_id, 2)
    told = await ann.check_out(number)
    assert (told.status, told.kind, told.json["code"], told.json["reason"]) == (402, "checkout/payment-failed", 4001003, reason)
    await until_stock(people, product_id, on_hand=5, available=5)
    async with asyncio.timeout(PATIENCE):
        while {order["status"] for order in await orders_of(ann)} != {"cancelled"}:
            await asyncio.sleep(0.05)
        while not (lines := (await ann.call("GET", "/api/v1/cart")).json["items"]):
            await asyncio.sleep(0.05)
    assert [(line["product_id"], line["quantity"]) for line in lines] == [(product_id, 2)]
    [order] = await orders_of(ann)
    assert {payment["status"] for payment in await payments_of(ann, order["order_id"])} <= {"declined", "failed", "voided"}
    assert (await ann.check_out()).status == 200  # the same cart, another card


@pytest.mark.requirement(119, 132)
async def test_captured_though_the_banks_answer_was_lost(people: People) -> None:
    product_id = await people.product(5, 10)
    ann = await people.shopper()
    await ann.add(product_id)
    told = await ann.check_out(LOST)
    assert told.status in {200, 202}, told.body
    if told.status == 202:
        assert (await until_final(ann, told))["status"] == "done"
    order = await ann.order(told.json["order_id"])
    assert order["status"] == "paid"
    [payment] = await payments_of(ann, order["order_id"])
    assert (payment["status"], payment["amount"]) == ("captured", order["total"])
    await until_stock(people, product_id, on_hand=4, reserved=0)


@pytest.mark.requirement(112, 132)
async def test_a_slow_bank_is_answered_with_202_and_told_later(people: People) -> None:
    product_id = await people.product(5, 10)
    ann = await people.shopper()
    await ann.add(product_id)
    told = await ann.check_out(SLOW, key="slow")
    assert told.status == 202, told.body
    running = await ann.call("POST", "/api/v1/checkout", order_form())
    assert (running.status, running.kind, running.json["checkout_id"]) == (409, "checkout/running", told.json["checkout_id"])
    assert int(running.headers["Retry-After"]) > 0
    assert (await until_final(ann, told))["status"] == "done"
    again = await ann.check_out(SLOW, key="slow")
    assert (again.status, again.json["order_id"]) == (200, told.json["order_id"])
    assert (await ann.order(told.json["order_id"]))["status"] == "paid"
    assert len(await payments_of(ann, told.json["order_id"])) == 1


@pytest.mark.requirement(134)
async def test_nothing_is_bought_at_another_price(people: People) -> None:
    product_id = await people.product(5, 10)
    ann = await people.shopper()
    await ann.add(product_id)
    old = (await ann.call("POST", "/api/v1/checkout/quote", {})).json["total"]
    await (await people.operator()).call("PATCH", f"/api/v1/products/{product_id}", {"price": 12})
    told = await ann.check_out(expected_total=old)
    assert (told.status, told.kind) == (409, "checkout/price-changed")
    receipt = told.json["receipt"]
    assert receipt["total"] != old
    assert (await orders_of(ann)) == []
    async with asyncio.timeout(PATIENCE):
        while (again := await ann.check_out(expected_total=receipt["total"])).status == 409:
            assert again.kind == "checkout/running"  # the refused one is being undone
            await asyncio.sleep(0.05)
    assert (again.status, again.json["receipt"]) == (200, receipt)


@pytest.mark.requirement(133, 138, 140, 142)
async def test_the_refusals_have_their_numbers(people: People) -> None:
    product_id = await people.product(1, 10)
    ann = await people.shopper()
    empty = await ann.check_out()
    assert (empty.status, empty.kind, empty.json["code"]) == (409, "checkout/cart-empty", 4001002)
    await ann.add(product_id, 2)
    short = await ann.check_out()
    assert (short.status, short.kind, short.json["code"]) == (409, "checkout/out-of-stock", 4001002)
    assert (short.json["product_id"], short.json["available"]) == (product_id, 1)
    nowhere = await ann.check_out(address=order_form()["address"] | {"country": "ZZ"})
    assert (nowhere.status, nowhere.kind, nowhere.json["code"]) == (422, "checkout/address-invalid", 4001004)
    unnamed = await ann.check_out(firstname="")
    assert (unnamed.status, unnamed.kind, unnamed.json["code"]) == (400, "checkout/bad-parameters", 4001001)
