"""An order that is paid later: its stock is taken once it is paid, and it is cancelled once its time is over; never while it is paying."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import product
from contracts.order import AttemptOf, BeginPayment, MarkPaid, Status, WrongStatus
from contracts.order_words import Cause
from mallkit.errors import ShopError
from mallkit.times import APART, NEVER
from svc_order.domain import moving, owed
from svc_order.domain.order import Order
from svc_order.domain.timeline import Origin
from svc_order.use_cases import pay, settle
from tests.svc_order.test_settle import HOUR, NOW, PAY_WITHIN, World, orders

PLACED = Order("o1", "ann", Status.PENDING, 1000, "USD", NOW, NOW, hold_id="h1", pay_by=NOW + PAY_WITHIN)
OVER = NOW + PAY_WITHIN


@pytest.mark.requirement(38)
async def test_when_its_time_is_over_it_is_cancelled_and_gives_its_stock_back(tmp_path: Path) -> None:
    world = World()
    async with orders(tmp_path, world, PLACED) as ports:
        world.now = OVER - 0.001
        await settle.expire_all(ports)
        assert (await ports.orders.get("o1")).status is Status.PENDING
        world.now = OVER
        await settle.expire_all(ports)
        expired = await ports.orders.get("o1")
        assert (expired.status, expired.owing, expired.reason) == (Status.CANCELLED, False, moving.NOT_PAID)
        assert world.asked == ["give-back"]
        with pytest.raises(WrongStatus):
            await pay.begin_payment(BeginPayment(order_id="o1", attempt="late", user_id="ann"), ports)
        await settle.expire_all(ports)
        await settle.settle_all(ports)
        assert world.asked == ["give-back"]


async def test_stock_that_cannot_be_given_back_then_is_given_back_later(tmp_path: Path) -> None:
    world = World(now=OVER, away={product.give_back})
    async with orders(tmp_path, world, PLACED) as ports:
        with pytest.raises(ShopError):
            await settle.expire_all(ports)
        world.away.clear()
        world.now += owed.LONGEST_WAIT
        await settle.settle_all(ports)
        assert not (await ports.orders.get("o1")).owing


async def test_an_order_that_is_paying_is_left_to_its_attempt(tmp_path: Path) -> None:
    world = World()
    async with orders(tmp_path, world, PLACED) as ports:
        await pay.begin_payment(BeginPayment(order_id="o1", attempt="a1", user_id="ann"), ports)
        world.now = OVER + HOUR
        await settle.expire_all(ports)
        assert (await ports.orders.get("o1")).status is Status.PAYING
        await pay.end_payment(AttemptOf(order_id="o1", attempt="a1"), ports)
        await settle.expire_all(ports)
        assert (await ports.orders.get("o1")).status is Status.CANCELLED


@pytest.mark.requirement(39)
async def test_paid_in_time_its_stock_is_taken_by_the_job_until_it_is(tmp_path: Path) -> None:
    world = World(away={product.take_hold})
    async with orders(tmp_path, world, PLACED) as ports:
        await pay.begin_payment(BeginPayment(order_id="o1", attempt="a1", user_id="ann"), ports)
        paid = await pay.mark_paid(MarkPaid(order_id="o1", attempt="a1", transaction_id="t1"), ports)
        assert (paid.status, paid.owing) == (Status.PAID, True)
        with pytest.raises(ShopError):
            await settle.settle_all(ports)
        world.away.clear()
        world.now = OVER + HOUR
        await settle.expire_all(ports)
        await settle.settle_all(ports)
        taken = await ports.orders.get("o1")
        assert (taken.status, taken.owing, world.asked) == (Status.PAID, False, ["take"])


async def test_cancelled_before_its_stock_was_taken_it_takes_nothing(tmp_path: Path) -> None:
    world = World(is_gone=True)
    paid = replace(PLACED, status=Status.PAID, transaction_id="t1", takes=True, due=NOW)
    async with orders(tmp_path, world, paid) as ports:
        with pytest.raises(product.HoldGone):
            await settle.settle_all(ports)
        assert (await ports.orders.get("o1")).owing, "a paid order without its stock is not forgotten"
        await ports.orders.change("o1", lambda order: moving.cancel(order, "", Origin(NOW, Cause.CUSTOMER)))
        assert not (await settle.settle(paid, ports)).owing
        assert {"give-back", "refund-rest"} <= set(world.asked)


async def test_more_than_a_batch_is_over_in_one_round(tmp_path: Path) -> None:
    world = World(now=OVER)
    many = [replace(PLACED, id=f"o{number}", hold_id=f"h{number}") for number in range(2 * settle.BATCH + 1)]
    async with orders(tmp_path, world, *many) as ports:
        await settle.expire_all(ports)
        assert len(world.asked) == len(many)


async def test_an_order_that_a_clock_placed_an_hour_ahead_does_not_wait_for_it(tmp_path: Path) -> None:
    ahead = replace(PLACED, created=NOW + HOUR, pay_by=NOW + HOUR + PAY_WITHIN)
    async with orders(tmp_path, World(), ahead) as ports:
        await settle.expire_all(ports)
        assert (await ports.orders.get("o1")).status is Status.CANCELLED


async def test_who_was_promised_a_longer_time_has_it(tmp_path: Path) -> None:
    promised = replace(PLACED, pay_by=NOW + HOUR)
    async with orders(tmp_path, World(), promised) as ports:
        await settle.expire_all(ports)
        assert (await ports.orders.get("o1")).status is Status.PENDING


@given(placed=st.floats(-HOUR, HOUR), within=st.floats(1, HOUR), later=st.floats(0, 2 * HOUR))
def test_it_is_overdue_after_its_time_and_not_before(placed: float, within: float, later: float) -> None:
    order = replace(PLACED, created=NOW + placed, pay_by=NOW + placed + within)
    now = NOW + placed + later
    assert moving.is_overdue(order, now) == (order.pay_by <= now)
    assert moving.is_overdue(order, order.created - APART - 1)


def test_it_wakes_the_job_only_where_there_is_something_to_do() -> None:
    assert PLACED.wakes == PLACED.pay_by
    for idle in (replace(PLACED, pay_by=0.0), replace(PLACED, status=Status.PAYING), replace(PLACED, status=Status.PAID)):
        assert idle.wakes == NEVER
    assert replace(PLACED, status=Status.PAID, takes=True, due=NOW).wakes == NOW
