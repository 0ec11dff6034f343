"""The undo arrives before the do: for each step that can be undone, the late do finds that it is over, and nothing comes of it."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from mallkit import steps
from tests.journeys.people import card
from tests.svc_checkout.buying import PATIENCE, Buying, buying, new_id, until

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mall(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Buying]:
    """A payment service that ends attempts soon."""
    quick = {"MALL_PAYMENT_SETTLE_SECONDS": "0.1", "MALL_PAYMENT_ATTEMPT_SECONDS": "1", "MALL_CHECKOUT_RECOVER_SECONDS": "0.1"}
    async with buying(tmp_path_factory.mktemp("mall"), **quick) as running:
        yield running


@pytest.fixture(autouse=True)
def _no_harm_is_left() -> Iterator[None]:
    yield
    steps.disarm()
    steps.told.clear()


async def arrived(step: str) -> str:
    """What became of the do that was held back."""
    async with asyncio.timeout(PATIENCE):
        while step not in steps.told:
            await asyncio.sleep(0.01)
    return steps.told[step]


LATE_IN_A_PURCHASE = {
    "checkout.seal": "CheckoutGone",
    "checkout.hold": "HoldGone",
    "checkout.place": "WrongStatus",
    "checkout.pay": "WrongStatus",
    "payment.begin-at-order": "AttemptEnded",
    "payment.authorize": "done",
}
"""Step → what it is told when it comes too late. The bank answers an authorization that it declines."""
LATE_OTHERWISE = {"checkout.take", "checkout.coupon", "order.take"}


@pytest.mark.requirement(43, 44, 45, 69)
@pytest.mark.parametrize("step", LATE_IN_A_PURCHASE)
async def test_a_purchase_whose_step_comes_after_its_undo(mall: Buying, step: str) -> None:
    product_id = await mall.product()
    buyer = await mall.with_cart(product_id, 2)
    steps.arm(f"{step}:late")
    key = new_id("k")
    refused = await mall.check_out(buyer, key=key)
    assert refused.status == 503, refused.body
    assert await arrived(step) == LATE_IN_A_PURCHASE[step]
    assert await mall.stock(product_id) == (20, 0)
    assert await mall.lines(buyer) == {product_id: 2}
    orders = await mall.orders(buyer)
    assert [order["status"] for order in orders] == ["cancelled"] * len(orders)
    for order in orders:
        assert {each["status"] for each in await mall.payments(order["order_id"])} <= {"voided"}
        await nothing_is_reserved_at_the_bank(mall, order["order_id"])
    bought = await mall.check_out(buyer, key=key)
    assert bought.status == 200, bought.body
    assert await mall.stock(product_id) == (18, 0)
    assert await mall.lines(buyer) == {}
    assert sorted(order["status"] for order in await mall.orders(buyer)) == ["cancelled"] * len(orders) + ["paid"]


async def nothing_is_reserved_at_the_bank(mall: Buying, order_id: str) -> None:
    """Whatever the bank was asked for this order, it has declined or ended."""
    shown = {"X-Api-Key": mall.mall.environ["MALL_BANK_API_KEY"]}
    statement = await mall.call("bank", "GET", "/v1/operations?limit=200", headers=shown)
    assert statement.status == 200, statement.body
    known = [each for each in statement.json["items"] if each["reference"] == order_id]
    ended = {each["authorization"] for each in known if each["kind"] == "void" and each["status"] == "approved"}
    reserved = {each["authorization"] for each in known if each["kind"] == "authorize" and each["status"] == "approved"}
    assert reserved <= ended
    assert [each for each in known if each["kind"] == "capture"] == []


@pytest.mark.requirement(43, 98)
async def test_pieces_that_are_taken_after_they_were_given_back_stay_where_they_are(mall: Buying) -> None:
    product_id = await mall.product()
    buyer = await mall.with_cart(product_id, 2)
    steps.arm("checkout.take:late")
    bought = await mall.check_out(buyer)  # the step is repeated: the first one is still on its way
    assert bought.status == 200, bought.body
    assert await mall.stock(product_id) == (18, 0)
    path = f"/api/v1/orders/{bought.json['order_id']}/cancel"
    assert (await mall.call("order", "PUT", path, {"reason": "changed my mind"}, by=buyer)).status == 200
    assert await arrived("checkout.take") == "done"
    assert await mall.stock(product_id) == (20, 0)


@pytest.mark.requirement(136)
async def test_a_use_of_a_coupon_that_comes_after_it_was_given_back_counts_nothing(mall: Buying) -> None:
    coupon = {"code": "LATE", "kind": "percent", "basis_points": 1000, "limit": 1}
    assert (await mall.call("checkout", "POST", "/api/v1/coupons", coupon, token=mall.operator)).status == 201
    product_id = await mall.product()
    buyer = await mall.with_cart(product_id, 2)
    steps.arm("checkout.coupon:late")
    refused = await mall.check_out(buyer, coupon="LATE")
    assert refused.status == 503, refused.body
    assert await arrived("checkout.coupon") == "OrderFailed"
    assert await mall.stock(product_id) == (20, 0)
    bought = await mall.check_out(buyer, coupon="LATE")
    assert bought.status == 200, bought.body
    assert (await mall.call("checkout", "GET", "/api/v1/coupons/LATE", token=mall.operator)).json["used"] == 1


@pytest.mark.requirement(43, 98)
async def test_pieces_of_an_order_paid_later_that_are_taken_after_they_were_given_back_stay(mall: Buying) -> None:
    product_id = await mall.product()
    buyer = await mall.with_cart(product_id, 2)
    placed = await mall.place_order(buyer)
    assert placed.status == 201, placed.body
    order_id, total = placed.json["order_id"], placed.json["receipt"]["total"]
    steps.arm("order.take:late")
    body = {"amount": total, "credit_card": card(), "order_id": order_id, "user_id": buyer.user_id}
    assert (await mall.call("payment", "POST", "/payment/charge", body, by=buyer)).status == 200
    await until(lambda: _is_taken(mall, product_id))
    assert (await mall.call("order", "PUT", f"/api/v1/orders/{order_id}/cancel", {"reason": "changed my mind"}, by=buyer)).status == 200
    assert await arrived("order.take") == "done"
    assert await mall.stock(product_id) == (20, 0)


async def _is_taken(mall: Buying, product_id: str) -> bool:
    return await mall.stock(product_id) == (18, 0)


@pytest.mark.requirement(96, 100)
@pytest.mark.parametrize("step", ["payment.begin-at-order", "payment.authorize"])
async def test_a_charge_whose_step_comes_after_the_job_has_ended_it(mall: Buying, step: str) -> None:
    buyer = await mall.buyer()
    order_id = await mall.pending(buyer, await mall.product())
    steps.arm(f"{step}:late")
    body = {"amount": 10, "credit_card": card(), "order_id": order_id, "user_id": buyer.user_id}
    lost = await mall.call("payment", "POST", "/payment/charge", body, by=buyer)
    assert lost.kind == "payment/outcome-unknown"
    assert await arrived(step) == LATE_IN_A_PURCHASE[step]
    assert [each["status"] for each in await mall.payments(order_id)] == ["voided"]
    await nothing_is_reserved_at_the_bank(mall, order_id)
    paid = await mall.call("payment", "POST", "/payment/charge", body, by=buyer)
    assert paid.status == 200, paid.body
    assert await mall.order_status(order_id) == "paid"


async def test_every_step_that_can_be_undone_is_tried_here() -> None:
    tried = {f"{step}:late" for step in {*LATE_IN_A_PURCHASE, *LATE_OTHERWISE}}
    assert {point for point in steps.points() if point.endswith(":late") and not point.startswith("test.")} == tried
