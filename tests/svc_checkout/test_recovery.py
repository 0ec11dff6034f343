"""What a dead process left is ended by whoever lives: forward where money was taken, back where not, and once."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from contracts.checkout import CheckoutStatus
from contracts.checkout_types import LineKind
from contracts.payment import PaymentStatus
from mallkit.sqlite import open_store
from mallkit.times import NEVER
from svc_checkout.domain.address import Destination
from svc_checkout.domain.checkout import Buyer, Checkout, Refusal
from svc_checkout.domain.receipt import Item, Line, Receipt
from svc_checkout.repository import CHECKOUTS, Checkouts
from svc_payment.domain import account as accounts
from svc_payment.domain.attempt import Attempt
from svc_payment.repository import ACCOUNTS, POINTERS, Accounts
from tests.journeys import people
from tests.journeys.people import ADDRESS, SLOW, card
from tests.svc_checkout.buying import Buyer as Person
from tests.svc_checkout.buying import Buying, buying, new_id, until

pytestmark = pytest.mark.asyncio(loop_scope="module")
LEASE = 2.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mall(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Buying]:
    """Leases so short that whoever works slowly is overtaken."""
    fast = {
        "MALL_CHECKOUT_LEASE_SECONDS": str(LEASE),
        "MALL_CHECKOUT_RECOVER_SECONDS": "0.1",
        "MALL_PAYMENT_SETTLE_SECONDS": "0.1",
        "MALL_BANK_SLOW_SECONDS": "4",
    }
    async with buying(tmp_path_factory.mktemp("mall"), **fast) as running:
        yield running


@dataclass
class Left:
    """A checkout that a process died on, and what it had begun."""

    mall: Buying
    buyer: Person
    product_id: str
    id: str
    order_id: str

    async def seal(self) -> Any:
        return await self.mall.inside("cart", f"/internal/carts/{self.buyer.user_id}/seals/{self.id}")

    async def hold(self) -> Any:
        return await self.mall.hold(self.id, self.order_id, self.product_id)

    async def place(self, **more: Any) -> Any:
        return await self.mall.place(self.buyer, self.order_id, self.id, self.product_id, **more)

    async def charge(self, number: str = people.GOOD) -> Any:
        body = {"amount": 10, "credit_card": card(number), "order_id": self.order_id, "user_id": self.buyer.user_id}
        return await self.mall.inside("payment", "/payment/charge", body, key=self.id)

    async def die(self, *, priced: bool = False, status: CheckoutStatus = CheckoutStatus.RUNNING, pay_later: bool = False) -> None:
        """Writes the record with a lease that has ended: the job takes it over at once."""
        item = Item(self.product_id, "A Thing", 1, 1000)
        to = Destination(ADDRESS["street_address"], ADDRESS["city"], ADDRESS["state"], "US", ADDRESS["zip_code"])
        record = Checkout(
            id=self.id,
            user_id=self.buyer.user_id,
            order_id=self.order_id,
            buyer=Buyer("Ann", "Other", "ann@example.org"),
            destination=to,
            owner="dead",
            lease=time.time() - 1,
            created=time.time(),
            status=status,
            pay_later=pay_later,
            items=(item,) if priced else (),
            receipt=Receipt((Line(LineKind.ITEM, "A Thing", 1000, self.product_id, 1),), "USD") if priced else None,
            refusal=None if status is CheckoutStatus.RUNNING else Refusal("checkout/payment-failed", "declined", b'{"reason":"declined"}'),
        )
        async with open_store(self.mall.mall.folder / "checkout.db", (CHECKOUTS,)) as store:
            await Checkouts(store[CHECKOUTS]).start(record)

    async def account(self, *steps: Callable[[accounts.Account], Any]) -> None:
        """Writes an attempt, and what else became of it, as a payment service that died left them."""
        now = time.time()
        attempt = Attempt(
            self.id, f"t-{self.id}", self.buyer.user_id, PaymentStatus.ASKED, 1000, "USD", "credit_card", "visa 4242", now, now, now + 60
        )
        async with open_store(self.mall.mall.folder / "payment.db", (ACCOUNTS, POINTERS)) as store:
            books = Accounts(store)
            await books.ask(self.order_id, attempt)
            for step in steps:
                await books.change(self.order_id, step)

    async def begin_payment(self) -> Any:
        path = f"/internal/orders/{self.order_id}/attempts/{self.id}"
        return await self.mall.inside("order", path, {"user_id": self.buyer.user_id})

    async def authorize(self) -> Any:
        plastic = {"number": people.GOOD, "cvv": "123", "year": 2031, "month": 12}
        return await self.mall.bank("/v1/authorizations", {"key": self.id, "amount": 1000, "currency": "USD", "card": plastic})

    async def is_undone(self, *, ordered: bool = True) -> None:
        """Refused, and everything as before; whatever of it arrives late is refused too."""
        seen = await self.mall.ended(self.id)
        assert seen["status"] == "refused"
        assert await self.mall.stock(self.product_id) == (20, 0)
        assert await self.mall.lines(self.buyer) == {self.product_id: 1}
        assert {each["status"] for each in await self.mall.payments(self.order_id)} <= {"voided", "declined", "failed"}
        late = [await self.seal(), await self.hold()]
        if ordered:
            late += [await self.place() if not await self.mall.orders(self.buyer) else await self.begin_payment(), await self.charge()]
        assert [answer.status for answer in late] == [409] * len(late), [answer.body for answer in late]
        assert await self.mall.stock(self.product_id) == (20, 0)
        assert {order["status"] for order in await self.mall.orders(self.buyer)} <= {"cancelled"}

    async def is_bought(self) -> None:
        """Done, paid once, taken once."""
        seen = await self.mall.ended(self.id)
        assert (seen["status"], seen["refusal"]) == ("done", "")
        assert await self.mall.order_status(self.order_id) == "paid"
        paid = [each for each in await self.mall.payments(self.order_id) if each["status"] == "captured"]
        assert [each["transaction_id"] for each in paid] == [seen["transaction_id"]]
        assert await self.mall.stock(self.product_id) == (19, 0)
        assert await self.mall.lines(self.buyer) == {}


async def left(mall: Buying) -> Left:
    product_id = await mall.product()
    return Left(mall, await mall.with_cart(product_id), product_id, new_id("c"), new_id("o"))


async def did(*steps: Awaitable[Any]) -> None:
    for step in steps:
        answer = await step
        assert answer.status == 200, answer.body


async def test_started_and_nothing_begun(mall: Buying) -> None:
    dead = await left(mall)
    await dead.die()
    await dead.is_undone(ordered=False)


async def test_started_sealed_and_held(mall: Buying) -> None:
    dead = await left(mall)
    await did(dead.seal(), dead.hold())
    await dead.die()
    await dead.is_undone(ordered=False)


async def test_priced_and_not_ordered(mall: Buying) -> None:
    dead = await left(mall)
    await did(dead.seal(), dead.hold())
    await dead.die(priced=True)
    await dead.is_undone()


async def test_ordered_and_not_charged(mall: Buying) -> None:
    dead = await left(mall)
    await did(dead.seal(), dead.hold(), dead.place())
    await dead.die(priced=True)
    await dead.is_undone()


async def test_asked_and_the_order_does_not_know(mall: Buying) -> None:
    dead = await left(mall)
    await did(dead.seal(), dead.hold(), dead.place())
    await dead.account()
    await dead.die(priced=True)
    await dead.is_undone()


@pytest.mark.requirement(36, 132)
async def test_authorized_and_not_captured(mall: Buying) -> None:
    dead = await left(mall)
    await did(dead.seal(), dead.hold(), dead.place(), dead.begin_payment(), dead.authorize())
    await dead.account()
    await dead.die(priced=True)
    await dead.is_undone()
    captured = await mall.bank("/v1/captures", {"key": f"late-{dead.id}", "authorization": dead.id})
    assert (captured.json["status"], captured.json["reason"]) == ("declined", "voided")


async def test_capturing_goes_forward(mall: Buying) -> None:
    dead = await left(mall)
    await did(dead.seal(), dead.hold(), dead.place(), dead.begin_payment(), dead.authorize())
    now = time.time()
    await dead.account(lambda account: accounts.capturing(account, dead.id, now, now + 0.5))
    await dead.die(priced=True)
    await dead.is_bought()


@pytest.mark.requirement(39, 137)
async def test_paid_and_not_finished(mall: Buying) -> None:
    dead = await left(mall)
    await did(dead.seal(), dead.hold(), dead.place(), dead.charge())
    await dead.die(priced=True)
    await dead.is_bought()


async def test_undoing_turns_forward_when_the_money_turns_out_to_be_taken(mall: Buying) -> None:
    dead = await left(mall)
    await did(dead.seal(), dead.hold(), dead.place(), dead.charge())
    await dead.die(priced=True, status=CheckoutStatus.UNDOING)
    await dead.is_bought()


async def test_an_undoing_that_stopped_goes_on_and_tells_what_was_told(mall: Buying) -> None:
    dead = await left(mall)
    await did(dead.seal(), dead.hold(), dead.place())
    await dead.die(priced=True, status=CheckoutStatus.UNDOING)
    await dead.is_undone()
    seen = await mall.seen(dead.id)
    assert (seen["refusal"], seen["detail"]) == ("/problems/checkout/payment-failed", "declined")


async def test_an_order_cancelled_while_nobody_worked_on_it_gets_money_and_stock_back(mall: Buying) -> None:
    dead = await left(mall)
    await did(dead.seal(), dead.hold(), dead.place(), dead.charge())
    cancelled = await mall.call("order", "PUT", f"/api/v1/orders/{dead.order_id}/cancel", {}, by=dead.buyer)
    assert cancelled.status == 200
    await dead.die(priced=True)
    assert (await mall.ended(dead.id))["status"] == "done"
    await until(lambda: _refunded(mall, dead.order_id))
    assert await mall.stock(dead.product_id) == (20, 0)


async def _refunded(mall: Buying, order_id: str) -> bool:
    return [each["status"] for each in await mall.payments(order_id)] == ["refunded"]


async def test_two_copies_recover_at_once(mall: Buying) -> None:
    undone, paid = [await left(mall) for _ in range(4)], [await left(mall) for _ in range(4)]
    for dead in undone:
        await did(dead.seal(), dead.hold(), dead.place())
    for dead in paid:
        await did(dead.seal(), dead.hold(), dead.place(), dead.charge())
    other = mall.mall.ports["user"]  # a part that does not run here: its port is free
    runner = await mall.mall.open("checkout", other)
    try:
        await asyncio.gather(*(dead.die(priced=True) for dead in (*undone, *paid)))
        await asyncio.gather(*(dead.is_undone() for dead in undone), *(dead.is_bought() for dead in paid))
    finally:
        await runner.cleanup()
    async with open_store(mall.mall.folder / "checkout.db", (CHECKOUTS,)) as store:
        records = [await store[CHECKOUTS].get(dead.id) for dead in (*undone, *paid)]
    assert {record.lease for record in records} == {NEVER}


async def test_who_is_overtaken_while_the_bank_thinks_stops_and_nothing_is_taken(mall: Buying) -> None:
    product_id = await mall.product()
    buyer = await mall.with_cart(product_id)
    told = await mall.check_out(buyer, SLOW, key="overtaken")
    assert told.status in {202, 503}, told.body
    (order,) = await mall.orders(buyer)
    assert await mall.order_status(order["order_id"]) == "cancelled"
    assert [each["status"] for each in await mall.payments(order["order_id"])] == ["voided"]
    assert await mall.stock(product_id) == (20, 0)
    assert await mall.lines(buyer) == {product_id: 1}


@pytest.mark.requirement(187)
async def test_after_an_outage_the_same_key_buys(mall: Buying) -> None:
    dead = await left(mall)
    await did(dead.seal(), dead.hold())
    await dead.die()
    await dead.is_undone(ordered=False)
    first = await mall.check_out(dead.buyer, key="once-more")
    again = await mall.check_out(dead.buyer, key="once-more")
    assert (first.status, first.body) == (200, again.body)


async def test_the_buyers_own_payment_of_the_order_is_taken_for_the_purchase(mall: Buying) -> None:
    dead = await left(mall)
    await did(dead.seal(), dead.hold(), dead.place())
    body = {"amount": 10, "credit_card": card(), "order_id": dead.order_id, "user_id": dead.buyer.user_id}
    await did(mall.call("payment", "POST", "/payment/charge", body, by=dead.buyer))
    assert (await dead.charge()).kind == "payment/already-paid"
    await dead.die(priced=True)
    await dead.is_bought()
