"""The figures of a day: kept up event by event, each once, and the same as reckoned anew from the orders, whatever happened when."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from contracts.order_words import Cause, Status
from mallkit.errors import ShopError
from mallkit.sqlite import open_store
from mallkit.store import Event, Forgetting, Store
from svc_order.domain import moving, owed, paying, placing, returns, shipping, statistics
from svc_order.domain.order import Charge, Line, Order, Return, Returned, Shipment, day_of
from svc_order.domain.statistics import Day
from svc_order.domain.timeline import Origin
from svc_order.ports import Ports
from svc_order.repository.orders import ORDERS, PARCELS, Orders
from svc_order.repository.statistics import DAYS, POSITIONS, Statistics
from svc_order.use_cases import statistics as counting
from tests.svc_checkout.buying import Buying, buying, new_id, until

DAY = 86_400.0
NOW = 1_800_000_000.0
TODAY = day_of(NOW)


def at(moment: float) -> Origin:
    return Origin(moment, Cause.OPERATOR)


def placed(order_id: str, day: int, pieces: int) -> Order:
    created = NOW - day * DAY
    return Order(
        order_id, "ann", Status.PENDING, 1000 * pieces + 500, "USD" if pieces % 2 else "EUR", created, created, hold_id=f"h-{order_id}",
        lines=(Line("tea", "Tea", pieces, 1000),), receipt=(Charge("item", "Tea", 1000 * pieces, "tea"), Charge("shipping", "", 500)),
        pay_by=created + 900,
    )  # fmt: skip


def one_more(order: Order, step: str, dice: Random) -> Any:
    """What a rule makes of the order; the rules themselves refuse what does not fit."""
    why, thing = at(NOW), f"{step}-{dice.getrandbits(40)}"
    steps: dict[str, Callable[[], Any]] = {
        "begin": lambda: paying.begin_payment(order, "a1" if dice.random() < 0.8 else thing, "ann", None, why),
        "end": lambda: paying.end_payment(order, order.attempt, why),
        "pay": lambda: paying.mark_paid(order, order.attempt, f"t-{order.id}", why) if order.attempt else order,
        "undo": lambda: placing.undo(order, why),
        "cancel": lambda: moving.cancel(order, "", why),
        "expire": lambda: moving.expire(order, why),
        "fail": lambda: moving.fail(order, "", why),
        "complete": lambda: moving.complete(order, why),
        "ship": lambda: shipping.ship(order, Shipment(thing, 0, {"tea": 1}), why),
        "ship_rest": lambda: shipping.ship_rest(order, thing, why),
        "return": lambda: returns.take_back(order, Return(thing, 0, (Returned("tea", 1, dice.random() < 0.5),), "x"), why),
        "refund": lambda: paying.note_refund(order, thing, 100, why) if order.transaction_id else order,
        "settle": lambda: owed.settled(order, NOW),
    }
    return steps[step]()


STEPS = (
    "begin",
    "pay",
    "begin",
    "pay",
    "end",
    "undo",
    "cancel",
    "expire",
    "fail",
    "complete",
    "ship",
    "ship_rest",
    "return",
    "refund",
    "settle",
)


@given(seed=st.integers(0, 2**32), length=st.integers(0, 60))
def test_events_and_orders_give_the_same_figures_after_any_history(seed: int, length: int) -> None:
    dice, orders, by_events = Random(seed), dict[str, Order](), dict[str, Day]()

    def told(outcome: Any, order_id: str) -> None:
        order, *events = outcome if isinstance(outcome, tuple) else (outcome,)
        orders[order_id] = order
        statistics.add_all(by_events, (statistics.of_event(event) for event in events))

    for number in range(length):
        if not orders or dice.random() < 0.2:
            order = placed(f"o{number}", dice.randint(0, 2), dice.randint(1, 4))
            told(placing.place(order, order), order.id)
        order_id = dice.choice(sorted(orders))
        try:
            told(one_more(orders[order_id], dice.choice(STEPS), dice), order_id)
        except ShopError:
            continue
    orders["tombstone"] = placing.tombstone("tombstone", NOW)
    by_orders = dict[str, Day]()
    statistics.add_all(by_orders, map(statistics.of_order, orders.values()))
    assert {day: each for day, each in by_events.items() if each != Day(day)} == by_orders


class Shop:
    """A store of orders and statistics, and somebody who keeps it busy."""

    def __init__(self, store: Store, seed: int) -> None:
        self.store = store
        self.ports = Ports(Orders(store), Statistics(store), _nobody, _nobody, lambda: NOW, 900.0)
        self.dice = Random(seed)
        self.ids: list[str] = []

    async def do(self, steps: int) -> None:
        for _ in range(steps):
            if not self.ids or self.dice.random() < 0.3:
                order = placed(f"o{len(self.ids)}", self.dice.randint(0, 2), self.dice.randint(1, 4))
                await self.ports.orders.place(order)
                self.ids.append(order.id)
            step = self.dice.choice(STEPS)
            try:
                await self.ports.orders.change(self.dice.choice(self.ids), lambda order: one_more(order, step, self.dice))  # noqa: B023 - awaited here
            except ShopError:
                continue

    async def days(self) -> list[Day]:
        found = [await self.ports.statistics.day(day_of(NOW - day * DAY)) for day in range(3)]
        return [each for each in found if each != Day(each.id)]

    async def reckoned(self) -> list[Day]:
        """From the orders as they stand, by nothing but the rule."""
        days = dict[str, Day]()
        async for batch in self.store.rows((ORDERS,)):
            statistics.add_all(days, (statistics.of_order(order) for _, _, order in batch))
        return [days[day] for day in sorted(days, reverse=True)]


async def _nobody(*_: Any, **__: Any) -> Any:
    raise AssertionError


@asynccontextmanager
async def shop(folder: Path, seed: int = 1) -> AsyncIterator[Shop]:
    async with open_store(folder / "order.db", (ORDERS, PARCELS, DAYS, POSITIONS)) as store:
        yield Shop(store, seed)


@pytest.mark.requirement(47)
@pytest.mark.parametrize("seed", [1, 2])
async def test_every_event_counts_once_and_a_rebuild_gives_the_same(tmp_path: Path, seed: int) -> None:
    async with shop(tmp_path, seed) as busy:
        await counting.keep_up(busy.ports)
        for _ in range(3):
            await busy.do(30)
            await asyncio.gather(*(counting.keep_up(busy.ports) for _ in range(3)))
            await counting.keep_up(busy.ports)
            assert await busy.days() == await busy.reckoned()
        kept_up = await busy.days()
        assert sum(sum(day.orders.values()) for day in kept_up) == len(busy.ids)
        assert await counting.ask_rebuild(busy.ports) == 1
        await counting.keep_up(busy.ports)
        position = await busy.ports.statistics.position()
        assert position is not None
        assert (await busy.days(), position.rebuilds) == (kept_up, 1)


@pytest.mark.requirement(47)
@pytest.mark.parametrize("seed", [4, 5])
async def test_a_rebuild_while_orders_change_misses_none_and_counts_none_twice(tmp_path: Path, seed: int) -> None:
    async with shop(tmp_path, seed) as busy:
        await busy.do(120)
        await counting.keep_up(busy.ports)
        for _ in range(3):
            await counting.ask_rebuild(busy.ports)
            await asyncio.gather(busy.do(40), counting.keep_up(busy.ports))
            await counting.keep_up(busy.ports)
            assert await busy.days() == await busy.reckoned()


async def test_days_that_are_wrong_are_right_after_a_rebuild(tmp_path: Path) -> None:
    async with shop(tmp_path) as busy:
        await busy.do(50)
        await counting.keep_up(busy.ports)
        right = await busy.days()
        await busy.store[DAYS].change(right[0].id, lambda day: replace(day, items=day.items + 7))
        await busy.store[DAYS].add(Day("1999-12-31", {"paid": 1}))
        assert await busy.days() != right
        await counting.ask_rebuild(busy.ports)
        await counting.keep_up(busy.ports)
        assert await busy.days() == right
        assert await busy.ports.statistics.day("1999-12-31") == Day("1999-12-31")


async def test_events_that_were_purged_before_they_were_counted_are_reckoned_from_the_orders(tmp_path: Path) -> None:
    async with shop(tmp_path) as busy:
        await counting.keep_up(busy.ports)
        await busy.do(50)
        await busy.store.together(Forgetting(upto=10**9, before=NOW + DAY * 365 * 99))
        await busy.do(5)
        await counting.keep_up(busy.ports)
        assert await busy.days() == await busy.reckoned()


async def test_an_event_of_an_earlier_release_changes_nothing(tmp_path: Path) -> None:
    class Placed(Event, frozen=True):
        type = "order.placed"
        order_id: str
        user_id: str
        total_minor: int
        currency: str

    async with shop(tmp_path) as busy:
        await counting.keep_up(busy.ports)
        order = placed("old", 0, 1)
        await busy.store[ORDERS].add(order, Placed(order_id="old", user_id="ann", total_minor=1, currency="USD"))
        await counting.keep_up(busy.ports)
        assert await busy.days() == []


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mall(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Buying]:
    async with buying(tmp_path_factory.mktemp("mall"), MALL_ORDER_SETTLE_SECONDS="0.1") as running:
        yield running


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.requirement(47, 67, 68)
async def test_operators_read_a_day_in_figures(mall: Buying) -> None:
    product_id = await mall.product(10)
    await mall.check_out(await mall.with_cart(product_id, 2))
    cancelled = await mall.with_cart(product_id)
    order_id = (await mall.check_out(cancelled)).json["order_id"]
    await mall.call("order", "PUT", f"/api/v1/orders/{order_id}/cancel", {}, by=cancelled)
    day = (await mall.call("order", "GET", f"/api/v1/orders/{order_id}", token=mall.operator)).json["created_at"][:10]
    path = "/api/v1/stats/orders"

    async def told(query: str = "") -> Any:
        return (await mall.call("order", "GET", f"{path}{query}", token=mall.operator)).json

    async def is_counted() -> bool:
        seen = await told(f"?date={day}")
        return (seen["orders"]["paid"], seen["orders"]["cancelled"], seen["items_sold"]) == (1, 1, 2)

    await until(is_counted)
    figures = await told(f"?date={day}")
    assert figures["orders"] == {"pending": 0, "paid": 1, "shipped": 0, "completed": 0, "cancelled": 1, "failed": 0}
    assert figures["revenue"] == {"USD": 26.65 + 15.83}, "without a bus nobody has told the order of its refund"
    assert (await told())["date"] in {day, (await told())["date"]}
    assert (await told("?date=1999-12-31"))["orders"]["paid"] == 0
    for wrong in ("2026-02-30", "20261125", "yesterday", "2026-1-1", "9999-99-99", "２０２６-11-25"):
        refused = await mall.call("order", "GET", f"{path}?date={wrong}", token=mall.operator)
        assert (refused.status, refused.kind, refused.json["field"]) == (422, "order/date-invalid", "date"), wrong
    asked = await mall.call("order", "POST", f"{path}/rebuild", {}, token=mall.operator)
    assert (asked.status, asked.json) == (202, {"rebuild": 1})

    async def is_rebuilt() -> bool:
        return bool((await told(f"?date={day}"))["rebuilds"] == 1)

    await until(is_rebuilt)
    assert await told(f"?date={day}") == figures | {"rebuilds": 1}
    buyer = await mall.buyer()
    for method, where in (("GET", path), ("POST", f"{path}/rebuild")):
        assert (await mall.call("order", method, where, by=buyer)).status == 403
    assert new_id("x") != new_id("x")
