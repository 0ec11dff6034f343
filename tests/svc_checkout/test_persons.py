"""What the services of a purchase tell of a person, and what is left when they have forgotten."""

from typing import Any

import msgspec
import pytest

from mallkit.idempotency import ANSWERS
from mallkit.sqlite import open_store
from tests.journeys.people import SLOW
from tests.svc_checkout.buying import Buyer, Buying, new_id, until

pytestmark = pytest.mark.asyncio(loop_scope="module")
FORM: dict[str, Any] = {"firstname": "Wilhelmina", "email": "wilhelmina@example.org"}
SERVICES = ("cart", "checkout", "order", "payment")


async def told(mall: Buying, buyer: Buyer) -> str:
    """Everything that these services keep, as text."""
    answers = [await mall.inside(part, f"/internal/persons/{buyer.user_id}", method="GET") for part in SERVICES]
    assert {answer.status for answer in answers} == {200}
    return msgspec.json.encode([answer.json["data"] for answer in answers]).decode()


async def forgotten(mall: Buying, part: str, buyer: Buyer) -> bool:
    answer = await mall.inside(part, f"/internal/persons/{buyer.user_id}/forget")
    assert answer.status == 200, answer.body
    return bool(answer.json["done"])


@pytest.mark.requirement(16, 17)
async def test_everything_is_told_and_then_forgotten(mall: Buying) -> None:
    pot = await mall.product()
    buyer = await mall.with_cart(pot)
    bought = await mall.check_out(buyer, key=new_id("key"), **FORM)
    assert bought.status == 200, bought.body
    await mall.add(buyer, pot)
    before = await told(mall, buyer)
    assert before.count("Wilhelmina") == 2, "in the checkout and in the order"
    assert "visa" in before
    assert not await forgotten(mall, "order", buyer), "it has not been delivered"
    assert "Wilhelmina" in await told(mall, buyer)
    path = f"/api/v1/orders/{bought.json['order_id']}/cancel"
    assert (await mall.call("order", "PUT", path, {"reason": "for Wilhelmina"}, by=buyer)).status == 200
    await until(lambda: forgotten(mall, "order", buyer))
    assert [await forgotten(mall, part, buyer) for part in SERVICES] == [True] * 4
    after = await told(mall, buyer)
    assert ("Wilhelmina" in after, "visa" in after, pot in after) == (False, False, True)
    assert await mall.lines(buyer) == {}
    assert (await mall.call("cart", "POST", "/api/v1/cart/items", {"product_id": pot, "quantity": 1}, by=buyer)).status == 404
    assert (await mall.order_status(bought.json["order_id"])) == "cancelled"
    async with open_store(mall.mall.folder / "checkout.db", (ANSWERS,)) as store:
        assert (await store[ANSWERS].find({"subject": buyer.user_id})).items == []


@pytest.mark.requirement(16)
async def test_uses_of_coupons_are_told_where_they_are_counted_by_user(mall: Buying) -> None:
    for code, more in (("EACH", {"limit_per_user": 3}), ("ANY", {})):
        given = {"code": code, "kind": "percent", "basis_points": 1000} | more
        assert (await mall.call("checkout", "POST", "/api/v1/coupons", given, token=mall.operator)).status == 201
    buyer = await mall.with_cart(await mall.product(), 3)
    for coupon in ("each", "any", "each"):
        assert (await mall.check_out(buyer, coupon=coupon)).status == 200
        await mall.add(buyer, await mall.product())
    told = (await mall.inside("checkout", f"/internal/persons/{buyer.user_id}", method="GET")).json["data"]
    left = {thing: (uses["available"], uses["reserved"]) for thing, uses in told["coupon_uses"].items()}
    assert left == {f"EACH:{buyer.user_id}": (1, 0)}


@pytest.mark.requirement(17)
async def test_a_checkout_that_runs_ends_first(mall: Buying) -> None:
    buyer = await mall.with_cart(await mall.product())
    pending = await mall.check_out(buyer, SLOW, **FORM)
    assert pending.status == 202
    assert [await forgotten(mall, part, buyer) for part in SERVICES] == [False] * 4
    assert (await mall.ended(pending.json["checkout_id"]))["status"] == "done"
    assert await forgotten(mall, "cart", buyer)
    assert await forgotten(mall, "checkout", buyer)
    assert not await forgotten(mall, "order", buyer)


@pytest.mark.requirement(5)
async def test_only_services_ask(mall: Buying) -> None:
    buyer = await mall.buyer()
    for part in SERVICES:
        for method, path in (("GET", f"/internal/persons/{buyer.user_id}"), ("POST", f"/internal/persons/{buyer.user_id}/forget")):
            assert (await mall.call(part, method, path, by=buyer)).status == 403
            assert (await mall.call(part, method, path, token=mall.operator)).status == 403
