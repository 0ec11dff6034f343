"""The figures of days in the store, with the outbox and the orders from which they are made."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import partial

import msgspec

import contracts.order
from mallkit.events import events_of
from mallkit.paging import each
from mallkit.store import Absent, Kind, OutboxEntry, Step, Store
from svc_order.domain import statistics
from svc_order.domain.order import Order
from svc_order.domain.statistics import Day, Difference, Overtaken, Position, Told
from svc_order.repository.orders import ORDERS

DAYS: Kind[Day] = Kind(name="statistics_days", type=Day)
POSITIONS: Kind[Position] = Kind(name="statistics_positions", type=Position)
POSITION = "orders"
_EVENTS = events_of(contracts.order)


class Statistics:
    """The collections of days and positions, in the store that has the orders and the outbox."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._days = store[DAYS]
        self._positions = store[POSITIONS]

    async def position(self) -> Position | None:
        """None before the first reckoning."""
        try:
            return await self._positions.get(POSITION)
        except Absent:
            return None

    async def day(self, day: str) -> Day:
        """A day without orders where there is none."""
        try:
            return await self._days.get(day)
        except Absent:
            return Day(day)

    async def newest(self) -> int:
        """The place of the newest event in the outbox."""
        return await self._store.newest_event()

    async def told(self, after: int, limit: int) -> list[Told]:
        """Events of the outbox behind this place, oldest first."""
        return [_told(entry) for entry in await self._store.outbox(after, limit)]

    async def orders(self) -> AsyncGenerator[list[tuple[Order, int]]]:
        """All orders as of one moment with their revisions, in batches."""
        async with aclosing(self._store.rows((ORDERS,))) as batches:
            async for batch in batches:
                yield [(order, revision) for _, revision, order in batch]

    async def count(self, position: Position, differences: Sequence[Difference], upto: int) -> Position:
        """Adds to the days and moves the position, in one write."""
        adding = [self._days.changing(each.day, partial(_added, each), absent=Day(each.day)) for each in differences]
        moved = await self._store.together(*adding, self._moving(position.seq, upto))
        after: Position = moved[-1]
        return after

    async def replace_all(self, position: Position | None, days: Mapping[str, Day], after: Position) -> None:
        """These days and no others, with their position, in one write."""
        steps: list[Step] = [self._days.changing(day.id, partial(_instead, day), absent=day) for day in days.values()]
        steps += [self._days.removing(old.id) async for old in each(self._days, {}) if old.id not in days]

        def rule(found: Position) -> Position:
            if found is not after and (position is None or found.seq != position.seq):
                raise Overtaken
            return replace(after, asked=max(found.asked, after.asked))

        await self._store.together(*steps, self._positions.changing(POSITION, rule, absent=after))

    async def ask_rebuild(self) -> Position:
        """One more is asked for."""
        return await self._positions.change(POSITION, lambda found: replace(found, asked=found.asked + 1), absent=Position(POSITION, 0))

    def _moving(self, before: int, upto: int) -> Step:
        def rule(found: Position) -> Position:
            if found.seq != before:
                raise Overtaken
            return replace(found, seq=upto)

        return self._positions.changing(POSITION, rule)


def _added(difference: Difference, day: Day) -> Day:
    return statistics.add(day, difference)


def _instead(day: Day, _: Day) -> Day:
    return day


def _told(entry: OutboxEntry) -> Told:
    kind = _EVENTS.get(entry.type)
    return Told(entry.seq, entry.subject, entry.sequence, None if kind is None else msgspec.json.decode(entry.data, type=kind))
