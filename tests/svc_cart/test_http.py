"""The cart over HTTP, beside the real auth and product services."""

import asyncio
from datetime import timedelta

import pytest

from mallkit.idempotency import ANSWERS
from mallkit.settings import load
from mallkit.sqlite import open_store
from svc_cart.settings import Settings
from tests.svc_cart.shopping import CART, ITEMS, Shopping, age, lines


@pytest.mark.requirement(26)
def test_the_cart_service_listens_on_8002() -> None:
    secrets = {"MALL_CART_CLIENT_SECRET": "c" * 32, "MALL_FINGERPRINT_KEY": "f" * 32, "MALL_CART_GUEST_KEY": "g" * 32}
    assert (
        load(Settings, "cart", {"MALL_ENV": "dev", **secrets}).port
        == Settings(env="test", client_secret="c", fingerprint_key="f", guest_key="g").port
        == 8002
    )


@pytest.mark.requirement(19, 20, 22)
async def test_a_cart_exists_from_the_first_look_and_shows_what_was_added(shopping: Shopping) -> None:
    empty = await shopping.cart()
    assert empty.json == {
        "items": [],
        "total": 0.00,
        "currency": "USD",
        "prices_as_of": empty.json["prices_as_of"],
        "changes": False,
        "saved": [],
        "rate": None,
    }
    added = await shopping.add("pot", 2)
    assert lines(added) == [("pot", 2, 39.98)]
    await shopping.add("mug")
    both = await shopping.add("pot")
    assert lines(both) == lines(await shopping.cart()) == [("pot", 3, 59.97), ("mug", 1, 5.0)]
    assert b'"total":64.97' in both.body
    assert both.json["items"][0]["unit_price"] == 19.99
    assert timedelta(0) <= age(both) < timedelta(seconds=30)


@pytest.mark.requirement(21, 23)
async def test_lines_can_be_set_removed_and_all_cleared(shopping: Shopping) -> None:
    await shopping.add("pot", 2)
    assert lines(await shopping.set("pot", 7)) == [("pot", 7, 139.93)]
    assert lines(await shopping.set("mug", 2)) == [("pot", 7, 139.93), ("mug", 2, 10.0)]
    assert lines(await shopping.remove("pot")) == [("mug", 2, 10.0)]
    gone = await shopping.remove("pot")
    assert (gone.status, gone.kind) == (404, "not-found")
    assert lines(await shopping.mall.call("cart", "DELETE", CART, token=shopping.ann)) == []
    assert lines(await shopping.cart()) == []


async def test_an_unknown_product_is_not_found_and_changes_nothing(shopping: Shopping) -> None:
    for answer in (await shopping.add("nothing"), await shopping.set("nothing", 1), await shopping.set("p%20x", 1)):
        assert (answer.status, answer.kind) == (404, "not-found")
    assert lines(await shopping.cart()) == []


async def test_a_product_can_be_bought_the_moment_it_is_on_sale(shopping: Shopping) -> None:
    await shopping.add("pot")
    await shopping.mall.call("product", "DELETE", f"/api/v1/products/{shopping.products['mug']}", token=shopping.operator)
    assert (await shopping.add("mug")).status == 404
    await shopping.sell("mug", 6)
    assert lines(await shopping.add("mug")) == [("pot", 1, 19.99), ("mug", 1, 6.0)]


async def test_one_hundred_products_and_999_pieces_are_enough(shopping: Shopping) -> None:
    assert (await shopping.set("pot", 999)).status == 200
    full = await shopping.add("pot")
    assert (full.status, full.kind, full.json["most"]) == (422, "cart/full", 999)
    assert lines(await shopping.cart()) == [("pot", 999, 19970.01)]


async def test_the_same_key_adds_once_also_at_once(shopping: Shopping) -> None:
    answers = await asyncio.gather(*(shopping.add("pot", 2, key="press-1") for _ in range(20)))
    assert {answer.body for answer in answers} == {answers[0].body}
    assert lines(await shopping.cart()) == [("pot", 2, 39.98)]
    assert (await shopping.add("pot", 3, key="press-1")).kind == "idempotency-key-reused"
    assert lines(await shopping.add("pot", 2, key="press-2")) == [("pot", 4, 79.96)]


async def test_a_key_is_remembered_by_the_cart_itself_when_its_answer_was_lost(shopping: Shopping) -> None:
    await shopping.add("pot", 2, key="press-1")
    async with open_store(shopping.mall.folder / "cart.db", (ANSWERS,)) as store:
        for answer in (await store[ANSWERS].find()).items:
            assert await store[ANSWERS].remove(answer.id)
    assert lines(await shopping.add("pot", 2, key="press-1")) == [("pot", 2, 39.98)]


async def test_adding_fifty_times_at_once_loses_nothing(shopping: Shopping) -> None:
    await asyncio.gather(*(shopping.add(["pot", "mug"][n % 2]) for n in range(50)))
    assert {(name, quantity) for name, quantity, _ in lines(await shopping.cart())} == {("pot", 25), ("mug", 25)}


async def test_everyone_has_a_cart_of_their_own(shopping: Shopping) -> None:
    await shopping.add("pot", 2)
    bob = await shopping.mall.token("bob")
    assert lines(await shopping.cart(token=bob)) == []
    await shopping.mall.call("cart", "DELETE", CART, token=bob)
    assert lines(await shopping.cart()) == [("pot", 2, 39.98)]


async def test_a_sealed_cart_is_bought_once_and_the_buyer_can_go_on(shopping: Shopping) -> None:
    await shopping.add("pot", 2)
    sealed = await shopping.step("c1")
    assert (sealed.status, sealed.json["checkout_id"]) == (200, "c1")
    assert sealed.json["lines"] == [{"product_id": shopping.products["pot"], "quantity": 2}]
    await shopping.add("mug")
    assert (await shopping.step("c1")).json == sealed.json
    busy = await shopping.step("c2")
    assert (busy.status, busy.kind, busy.json["checkout_id"], busy.headers["Retry-After"]) == (409, "checkout/running", "c1", "1")
    assert [(await shopping.step("c1", "/close")).status for _ in range(2)] == [204, 204]
    assert (await shopping.step("c1", "/undo")).status == 204
    assert (await shopping.step("c1")).kind == "cart/checkout-gone"
    assert lines(await shopping.cart()) == [("mug", 1, 5.0)]
    assert (await shopping.step("c2")).status == 200


async def test_an_undone_checkout_gives_the_lines_back_and_can_never_seal_again(shopping: Shopping) -> None:
    await shopping.add("pot", 2)
    await shopping.step("c1")
    await shopping.add("pot")
    assert (await shopping.step("c1", "/undo")).status == 204
    assert lines(await shopping.cart()) == [("pot", 3, 59.97)]
    assert (await shopping.step("c1")).kind == "cart/checkout-gone"
    assert (await shopping.step("c2", "/undo")).status == 204
    assert (await shopping.step("c2")).kind == "cart/checkout-gone"
    assert (await shopping.step("c1", "/close")).status == 204
    assert lines(await shopping.cart()) == [("pot", 3, 59.97)]


async def test_fifty_checkouts_at_once_seal_one_cart_once(shopping: Shopping) -> None:
    empty = await shopping.step("c0")
    assert (empty.status, empty.kind, empty.json["code"]) == (409, "checkout/cart-empty", 4001002)
    await shopping.add("pot", 2)
    answers = await asyncio.gather(*(shopping.step(f"c{n}") for n in range(50)))
    winners = [answer.json["checkout_id"] for answer in answers if answer.status == 200]
    assert len(winners) == 1
    assert {answer.json["checkout_id"] for answer in answers} == set(winners)
    assert {answer.kind for answer in answers if answer.status != 200} == {"checkout/running"}


async def test_a_quote_sees_the_open_lines(shopping: Shopping) -> None:
    await shopping.add("pot", 2)
    path = f"/internal/carts/{shopping.user_id}/lines"
    answer = await shopping.mall.call("cart", "GET", path, token=shopping.checkout)
    assert answer.json == {"lines": [{"product_id": shopping.products["pot"], "quantity": 2}]}
    await shopping.step("c1")
    assert (await shopping.mall.call("cart", "GET", path, token=shopping.checkout)).json == {"lines": []}


async def test_people_cannot_seal_and_services_have_no_cart(shopping: Shopping) -> None:
    await shopping.add("pot")
    for end in ("", "/undo", "/close"):
        assert (await shopping.step("c1", end, token=shopping.ann)).status == 403
        assert (await shopping.step("c1", end, token="")).status == 401
    assert (await shopping.cart(token=shopping.checkout)).status == 403
    assert (await shopping.cart(token="")).status == 401
    assert lines(await shopping.cart()) == [("pot", 1, 19.99)]


async def test_quantities_are_whole_numbers_from_1_to_999(shopping: Shopping) -> None:
    for quantity in (0, -1, 1000, 10**30, 1.5, "2", None, True, [1]):
        for answer in (await shopping.add("pot", quantity), await shopping.set("pot", quantity)):
            assert (answer.status, answer.headers["Content-Type"]) == (400, "application/problem+json"), quantity
    assert lines(await shopping.cart()) == []


async def test_a_body_that_does_not_fit_is_told(shopping: Shopping) -> None:
    fits = f'"product_id":"{shopping.products["pot"]}","quantity":1'
    as_json = {"Content-Type": "application/json"}
    for sent in ("", "{", "[]", "null", '{"quantity":1}', f'{{{fits},"price":0}}', '{"product_id":5,"quantity":1}', f"{{{fits}}}}}"):
        answer = await shopping.mall.call("cart", "POST", ITEMS, data=sent, headers=as_json, token=shopping.ann)
        assert (answer.status, answer.json["type"]) == (400, "/problems/bad-request"), sent
    sent = f"{{{fits}}}"
    answer = await shopping.mall.call("cart", "POST", ITEMS, data=sent, headers={"Content-Type": "text/plain"}, token=shopping.ann)
    assert (answer.status, answer.kind) == (415, "unsupported-media-type")
    assert lines(await shopping.cart()) == []
