"""The crash points of all services: each is passed by something that people or jobs do, so that a drill can kill there."""

import importlib
import pkgutil
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import mallkit
from mallkit import steps
from mallkit.steps import Call
from tests.journeys import people
from tests.journeys.people import card
from tests.journeys.world import SVG
from tests.svc_checkout.buying import CHALLENGED, PARTS, Buyer, Buying, buying, new_id, until
from tests.svc_checkout.test_recovery import left

SERVICES = ("action", "auth", "user", "product", "allotment", "cart", "checkout", "order", "payment", "bank")
PACKAGES = ("svc_auth", "svc_user", "svc_product", "svc_cart", "svc_checkout", "svc_order", "svc_payment", "sandbox_bank")
MANY = 10**9
REFUND_CUT = "4000000000000382"


@pytest.fixture(autouse=True)
def _no_harm_is_left() -> Iterator[None]:
    yield
    steps.disarm()


@pytest.fixture
async def mall(tmp_path: Path) -> AsyncIterator[Buying]:
    """Everybody waits for little: the jobs come to their work within the test."""
    quick = {"MALL_CHECKOUT_LEASE_SECONDS": "2", "MALL_PAYMENT_ATTEMPT_SECONDS": "2", "MALL_ORDER_PAY_WITHIN": "3"}
    quick |= dict.fromkeys(("MALL_USER_CLOSING_SECONDS", "MALL_USER_STRAGGLING_SECONDS"), "0.2")
    quick |= dict.fromkeys(("MALL_CHECKOUT_RECOVER_SECONDS", "MALL_PAYMENT_SETTLE_SECONDS", "MALL_ORDER_SETTLE_SECONDS"), "0.1")
    async with buying(tmp_path, *PARTS, "user", **quick) as running:
        yield running


def declared() -> set[str]:
    """The points of the services themselves; relay, intake and desk are the kit's."""
    for package in map(importlib.import_module, (*PACKAGES, mallkit.__name__)):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    return {point for point in steps.points() if point.partition(".")[0] in SERVICES}


def test_there_are_enough_points_and_every_service_has_its_own() -> None:
    points = declared()
    assert len(points) >= 60
    assert {point.partition(".")[0] for point in points} == set(SERVICES)
    ours = [point for point in points if point.startswith(("checkout.", "payment.", "order.", "allotment."))]
    assert len(ours) >= 60, "those that money and stock depend on"


def test_every_undo_that_a_step_names_is_a_step() -> None:
    names = {point.partition(":")[0] for point in declared()}
    calls = [value for module in list(sys.modules.values()) for value in vars(module).values() if isinstance(value, Call)]
    undone = {call.undone_by for call in calls if call.undone_by and not call.name.startswith("test.")}
    assert len(undone) >= 7
    assert undone <= names


async def browse_and_buy(mall: Buying) -> None:
    """A purchase, its refund, and its cancelling."""
    product_id = await mall.product()
    buyer = await mall.with_cart(product_id)
    bought = await mall.check_out(buyer)
    assert bought.status == 200, bought.body
    path = f"/api/v1/payments/{bought.json['transaction_id']}/refunds"
    refunded = await mall.call("payment", "POST", path, {"amount": 1, "reason": "scratched"}, token=mall.operator, key=new_id("r"))
    assert refunded.status == 201, refunded.body
    await cancel(mall, buyer, bought.json["order_id"])


async def cancel(mall: Buying, buyer: Buyer, order_id: str) -> None:
    cancelled = await mall.call("order", "PUT", f"/api/v1/orders/{order_id}/cancel", {"reason": "changed my mind"}, by=buyer)
    assert cancelled.status == 200, cancelled.body


async def be_refused(mall: Buying) -> None:
    """By the bank: everything is undone."""
    buyer = await mall.with_cart(await mall.product())
    assert (await mall.check_out(buyer, people.DECLINED)).status == 402


async def be_asked_first(mall: Buying) -> None:
    """By the bank, before the money is set aside."""
    buyer = await mall.with_cart(await mall.product())
    told = await mall.check_out(buyer, CHALLENGED)
    assert told.status == 202, told.body

    async def is_waited_for() -> bool:
        return steps.armed["checkout.waits-on:after-commit"] < MANY

    await until(is_waited_for)
    await mall.act(told.json["action_url"], "approve")
    assert (await mall.ended(told.json["checkout_id"]))["status"] == "done"


async def wait_for_money(mall: Buying) -> None:
    """An order cancelled whose refund the bank refuses: it is tried later."""
    buyer = await mall.with_cart(await mall.product())
    bought = await mall.check_out(buyer, REFUND_CUT)
    await cancel(mall, buyer, bought.json["order_id"])


async def die_after_the_money_was_taken(mall: Buying) -> None:
    """The recovery turns forward."""
    dead = await left(mall)
    for begun in (await dead.seal(), await dead.hold(), await dead.place(), await dead.charge()):
        assert begun.status == 200
    await dead.die(priced=True)
    await dead.is_bought()


async def be_called_in_vain(mall: Buying) -> None:
    """The step is repeated under a renewed lease."""
    steps.arm("checkout.take:late")
    buyer = await mall.with_cart(await mall.product())
    bought = await mall.check_out(buyer)
    assert bought.status == 200, bought.body
    await cancel(mall, buyer, bought.json["order_id"])


async def leave_a_payment_open(mall: Buying) -> None:
    """The job ends it."""
    buyer = await mall.buyer()
    order_id = await mall.pending(buyer, await mall.product())
    steps.arm("payment.begin-at-order:late")
    body = {"amount": 10, "credit_card": card(), "order_id": order_id, "user_id": buyer.user_id}
    assert (await mall.call("payment", "POST", "/payment/charge", body, by=buyer)).status == 504

    async def is_voided() -> bool:
        return [each["status"] for each in await mall.payments(order_id)] == ["voided"]

    await until(is_voided)


async def pay_later(mall: Buying) -> None:
    """An order that is paid after it was placed, and one that nobody pays."""
    product_id = await mall.product()
    buyer = await mall.with_cart(product_id)
    placed = await mall.place_order(buyer)
    assert (await mall.pay(buyer, placed.json)).status == 200
    await mall.add(buyer, product_id)
    assert (await mall.place_order(buyer)).status == 201

    async def is_back() -> bool:
        return await mall.stock(product_id) == (19, 0)

    await until(is_back)


async def use_a_coupon(mall: Buying) -> None:
    """Once in vain."""
    coupon = {"code": "ONE-MORE", "kind": "percent", "basis_points": 1000, "limit_per_user": 5}
    assert (await mall.call("checkout", "POST", "/api/v1/coupons", coupon, token=mall.operator)).status == 201
    product_id = await mall.product()
    buyer = await mall.with_cart(product_id)
    assert (await mall.check_out(buyer, people.DECLINED, coupon="ONE-MORE")).status == 402

    async def is_open_again() -> bool:
        return await mall.lines(buyer) == {product_id: 1}

    await until(is_open_again)
    assert (await mall.check_out(buyer, coupon="ONE-MORE")).status == 200


async def ship_and_take_back(mall: Buying) -> None:
    """What staff does with orders."""
    product_id = await mall.product()
    buyer = await mall.with_cart(product_id, 2)
    order_id = (await mall.check_out(buyer)).json["order_id"]
    path = f"/api/v1/orders/{order_id}"
    piece = {"lines": [{"product_id": product_id, "quantity": 1}]}
    by_staff: dict[str, Any] = {"token": mall.operator}
    await mall.add(buyer, product_id)
    given_up = (await mall.place_order(buyer)).json["order_id"]
    done = [
        await mall.call("order", "POST", f"{path}/shipments", {"carrier": "A", "tracking_number": order_id}, key=order_id, **by_staff),
        await mall.call("order", "POST", f"{path}/returns", piece | {"reason": "damaged"}, key=order_id, **by_staff),
        await mall.call("order", "PUT", f"{path}/status", {"status": "completed"}, **by_staff),
        await mall.call("order", "PUT", f"/api/v1/orders/{given_up}/status", {"status": "failed"}, **by_staff),
        await mall.call("order", "POST", "/api/v1/stats/orders/rebuild", {}, **by_staff),
    ]
    assert {answer.status for answer in done} <= {200, 201, 202}, [answer.body for answer in done]


async def hold_and_forget(mall: Buying) -> None:
    """Holds for a caller that comes back, and for one that does not."""
    product_id = await mall.product()
    lines = [{"product_id": product_id, "quantity": 1}]
    for hold_id in ("kept", "forgotten"):
        held = await mall.inside("product", f"/internal/holds/{hold_id}-{product_id}", {"lines": lines, "seconds": 1})
        assert held.status == 200, held.body
    bound = await mall.inside("product", f"/internal/holds/kept-{product_id}/bind", {"order_id": "o1"})
    assert bound.status == 200, bound.body

    async def is_back() -> bool:
        return await mall.stock(product_id) == (19, 1)

    await until(is_back)


async def keep_the_shop(mall: Buying) -> None:
    """What an operator writes into the catalogue."""
    product_id, here = await mall.product(), "/api/v1/products"
    seen = await mall.call("product", "GET", f"{here}/{product_id}/stock", token=mall.operator)
    etag = {"If-Match": seen.headers["ETag"]}
    row = {"import_key": "a", "name": "Pot", "price": 19.99, "stock": 5, "category": "garden"}
    imports = f"/api/v1/catalogue/imports/{'ab' * 32}"
    done = [
        await mall.call("product", "PUT", f"{here}/{product_id}/stock", {"on_hand": 7}, token=mall.operator, headers=etag),
        await mall.call("product", "PATCH", f"{here}/{product_id}", {"price": 12}, token=mall.operator),
        await mall.call("product", "PUT", f"{here}/{product_id}/picture", {"svg": SVG}, token=mall.operator),
        await mall.call("product", "DELETE", f"{here}/{product_id}", token=mall.operator),
        await mall.call("product", "PUT", "/api/v1/categories/garden-tools", {"title": "Tools"}, token=mall.operator),
        await mall.call("product", "DELETE", "/api/v1/categories/garden-tools", token=mall.operator),
        await mall.call("product", "PUT", f"{imports}/parts/0", {"products": [row]}, token=mall.operator),
        await mall.call("product", "POST", imports, {"parts": 1}, token=mall.operator),
    ]
    assert {answer.status for answer in done} <= {200, 204}, [answer.body for answer in done]


async def come_and_go(mall: Buying) -> None:
    """An account from its opening to its closing, with addresses and an order, which all are forgotten."""
    buyer = await mall.with_cart(await mall.product())
    tokens = await mall.mall.login(f"{buyer.name}@example.org", f"password-of-{buyer.name}")
    assert (await mall.call("auth", "POST", "/api/v1/auth/refresh", {"refresh_token": tokens["refresh_token"]})).status == 200
    bought = await mall.check_out(buyer)
    await cancel(mall, buyer, bought.json["order_id"])
    me = "/api/v1/users/me"
    for method, body, status in (("GET", None, 200), ("PATCH", {"name": "Ann"}, 200)):
        assert (await mall.call("user", method, me, body, by=buyer)).status == status
    home = await mall.call("user", "POST", f"{me}/addresses", people.ADDRESS, by=buyer)
    here = f"{me}/addresses/{home.json['address_id']}"
    for method, path, body, status in (
        ("PUT", here, people.ADDRESS | {"city": "Paris"}, 200),
        ("DELETE", here, None, 204),
        ("DELETE", me, None, 204),
    ):
        assert (await mall.call("user", method, path, body, by=buyer)).status == status


async def come_and_rise(mall: Buying) -> None:
    """Somebody whose password changes, and then the role."""
    buyer = await mall.buyer()
    change = {"old_password": f"password-of-{buyer.name}", "new_password": "another-password"}
    assert (await mall.call("auth", "PUT", "/api/v1/auth/password", change, by=buyer)).status == 204
    path = f"/api/v1/auth/accounts/{buyer.user_id}/role"
    assert (await mall.call("auth", "PUT", path, {"role": "operator"}, token=await mall.mall.token("admin"))).status == 200


async def come_as_a_guest(mall: Buying) -> None:
    """A cart without an account, and then with one."""
    await mall.come_as_guest(await mall.buyer(), await mall.product())


JOURNEYS: tuple[Callable[[Buying], Coroutine[Any, Any, None]], ...] = (
    browse_and_buy,
    be_refused,
    be_asked_first,
    wait_for_money,
    die_after_the_money_was_taken,
    leave_a_payment_open,
    pay_later,
    use_a_coupon,
    ship_and_take_back,
    hold_and_forget,
    keep_the_shop,
    come_and_go,
    come_and_rise,
    come_as_a_guest,
    be_called_in_vain,
)


async def test_every_point_is_passed_by_something_that_happens(mall: Buying) -> None:
    points = declared()
    steps.armed.update(dict.fromkeys(points, MANY))
    for journey in JOURNEYS:
        await journey(mall)

    async def all_are_passed() -> bool:
        return MANY not in steps.armed.values()

    with suppress(TimeoutError):
        await until(all_are_passed)
    assert [point for point, left_over in steps.armed.items() if left_over == MANY] == []
