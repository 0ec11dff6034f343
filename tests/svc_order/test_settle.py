"""What a cancelled order owes is tried again soon, also after long trouble and by clocks that jump and come back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import payment, product
from contracts.order import Cancel, Status
from mallkit.calls import Neighbour, NeighbourAway
from mallkit.endpoint import Caller, Role
from mallkit.errors import ShopError
from mallkit.sqlite import open_store
from svc_order.domain import owed
from svc_order.domain.order import Order, Return, Returned
from svc_order.domain.owed import LONGEST_WAIT
from svc_order.ports import Ports
from svc_order.repository.orders import ORDERS, PARCELS, Orders
from svc_order.repository.statistics import DAYS, POSITIONS, Statistics
from svc_order.use_cases import move, settle

NOW, HOUR = 1_800_000_000.0, 3600.0
PAID = Order("o1", "ann", Status.PAID, 1000, "USD", NOW, NOW, hold_id="h1", transaction_id="t1")
ANN = Caller("ann", Role.CUSTOMER)
PAY_WITHIN = 900.0


@dataclass
class World:
    """Payment and product in one, and the clock; what is `away` cannot be reached, a hold that `is_gone` is not taken."""

    now: float = NOW
    away: set[Any] = field(default_factory=set)
    is_gone: bool = False
    bank_thinks: bool = False
    refunds: dict[str, int] = field(default_factory=dict)
    back: dict[str, int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    async def __call__(self, endpoint: Any, wish: Any, *, key: str = "", seconds: float = 5.0) -> Any:
        assert (key, seconds > 0) == ("", True)
        if endpoint in self.away:
            raise NeighbourAway
        self.asked.append(endpoint.path.rsplit("/", 1)[-1])
        if endpoint is payment.refund_rest:
            return payment.Settled(order_id=wish.order_id, refunded_minor=1000, done=True)
        if endpoint is product.take_hold and self.is_gone:
            raise product.HoldGone
        if endpoint is payment.refund_part:
            self.refunds[wish.key] = wish.minor
            return payment.Settled(order_id=wish.order_id, refunded_minor=sum(self.refunds.values()), done=not self.bank_thinks)
        if endpoint is product.return_pieces:
            self.back = {line.product_id: line.quantity for line in wish.lines}
        assert endpoint in {product.give_back, product.take_hold, product.return_pieces}
        return product.HoldView(hold_id=wish.hold_id, state="returned")


@asynccontextmanager
async def orders(folder: Path, world: World, *placed: Order) -> AsyncIterator[Ports]:
    async with open_store(folder / "order.db", (ORDERS, PARCELS, DAYS, POSITIONS)) as store:
        for each in placed:
            await store[ORDERS].add(each)
        neighbours = cast("Neighbour", world)
        yield Ports(Orders(store), Statistics(store), neighbours, neighbours, world.clock, PAY_WITHIN)


@pytest.mark.requirement(98)
@pytest.mark.parametrize("away", [payment.refund_rest, product.give_back], ids=["money", "stock"])
async def test_a_cancelling_that_was_cut_off_goes_on_where_it_stopped(tmp_path: Path, away: Any) -> None:
    world = World(away={away})
    async with orders(tmp_path, world, PAID) as ports:
        owing = await move.cancel(Cancel(order_id="o1", reason="changed my mind"), ANN, ports)
        assert (owing.status, owing.owes, len(world.asked)) == (Status.CANCELLED, True, 1)
        world.away.clear()
        await settle.settle_all(ports)
        assert (await ports.orders.get("o1")).owes, "the cancelling itself may still be at it"
        world.now += owed.AT_ONCE
        await settle.settle_all(ports)
        assert not (await ports.orders.get("o1")).owes
        assert sorted(set(world.asked)) == ["give-back", "refund-rest"]
        await settle.settle_all(ports)
        assert len(world.asked) == 3, "nothing is owed any more"


async def test_after_a_day_of_trouble_it_takes_no_minute(tmp_path: Path) -> None:
    world = World(away={payment.refund_rest})
    cancelled = replace(PAID, status=Status.CANCELLED, owes=True, updated=NOW - 24 * HOUR, due=NOW)
    async with orders(tmp_path, world, cancelled) as ports:
        with pytest.raises(ShopError):
            await settle.settle_all(ports)
        world.away.clear()
        world.now += LONGEST_WAIT
        await settle.settle_all(ports)
        assert not (await ports.orders.get("o1")).owes


@pytest.mark.parametrize(("due", "owes"), [(NOW + HOUR, False), (NOW + LONGEST_WAIT, True), (NOW, False)])
async def test_a_next_try_that_a_clock_put_an_hour_ahead_is_made_now(tmp_path: Path, due: float, owes: bool) -> None:  # noqa: FBT001
    cancelled = replace(PAID, status=Status.CANCELLED, owes=True, updated=due, due=due)
    async with orders(tmp_path, World(), cancelled) as ports:
        await settle.settle_all(ports)
        assert (await ports.orders.get("o1")).owes == owes


BACK = Return("r1", NOW, (Returned("tea", 2, restock=True), Returned("tea", 1, restock=False)), "damaged", 700)
RETURNED = replace(PAID, status=Status.SHIPPED, returns=(BACK, replace(BACK, id="r2", minor=0)), due=NOW)


@pytest.mark.requirement(99)
async def test_what_returns_owe_is_paid_back_each_and_restocked_in_all(tmp_path: Path) -> None:
    world = World()
    async with orders(tmp_path, world, RETURNED) as ports:
        await settle.settle_all(ports)
        settled = await ports.orders.get("o1")
        assert (settled.owing, world.refunds, world.back) == (False, {"return-r1": 700}, {"tea": 4})
        assert world.asked.index("take") < world.asked.index("return"), "what is only held would all be released"
        await settle.settle_all(ports)
        assert len(world.asked) == 3


@pytest.mark.parametrize("away", [payment.refund_part, product.return_pieces, product.take_hold], ids=["money", "pieces", "taking"])
async def test_a_return_that_was_cut_off_goes_on_where_it_stopped(tmp_path: Path, away: Any) -> None:
    world = World(away={away})
    async with orders(tmp_path, world, RETURNED) as ports:
        with pytest.raises(ShopError):
            await settle.settle_all(ports)
        assert (await ports.orders.get("o1")).owing
        world.away.clear()
        world.now += LONGEST_WAIT
        await settle.settle_all(ports)
        assert not (await ports.orders.get("o1")).owing
        assert (world.refunds, world.back) == ({"return-r1": 700}, {"tea": 4})


async def test_a_refund_that_the_bank_has_not_confirmed_keeps_its_return_open(tmp_path: Path) -> None:
    world = World(bank_thinks=True)
    async with orders(tmp_path, world, RETURNED) as ports:
        await settle.settle_all(ports)
        assert [each.settled for each in (await ports.orders.get("o1")).returns] == [False, True]
        world.bank_thinks, world.now = False, NOW + LONGEST_WAIT
        await settle.settle_all(ports)
        assert not (await ports.orders.get("o1")).owing


@given(updated=st.floats(NOW - 48 * HOUR, NOW + HOUR))
def test_the_next_try_is_never_far(updated: float) -> None:
    owing = replace(PAID, status=Status.CANCELLED, owes=True, updated=updated)
    assert NOW + 1 <= owed.postponed(owing, NOW).due <= NOW + LONGEST_WAIT
