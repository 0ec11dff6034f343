"""Figures of the orders of one day, kept up by their events and reckoned anew from the orders: both ways give the same. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from contracts.order_events import (
    OrderCancelled,
    OrderCompleted,
    OrderFailed,
    OrderPaid,
    OrderPlaced,
    OrderRefunded,
    OrderShipped,
    PiecesReturned,
)
from contracts.order_words import Status
from mallkit.endpoint import Event
from mallkit.errors import Refused
from svc_order.domain.order import MONEY_TAKEN, Order


class Overtaken(Refused):
    """Another copy has moved the position meanwhile: what was reckoned is not written."""

    slug = "order/statistics-overtaken"
    title = "Another copy has counted meanwhile"


@dataclass(frozen=True)
class Day:
    """Of the orders placed on the day `id` (YYYY-MM-DD, UTC). Nothing stands here that is 0."""

    id: str
    orders: dict[str, int] = field(default_factory=dict)
    """Status → how many; a *paying* order counts as pending."""
    revenue: dict[str, int] = field(default_factory=dict)
    """Currency → minor units paid, less those refunded."""
    items: int = 0


@dataclass(frozen=True)
class Position:
    """Up to which event of the outbox the days tell; `rebuilds` of those `asked` for are done."""

    id: str
    seq: int
    asked: int = 0
    rebuilds: int = 0


@dataclass(frozen=True)
class Told:
    """An event of the outbox; `revision` is the order's after the write that saved it."""

    seq: int
    order_id: str
    revision: int
    event: Event | None
    """None for one that the figures do not depend on."""


@dataclass(frozen=True)
class Difference:
    """What an event or an order adds to its day."""

    day: str
    orders: dict[str, int]
    currency: str = ""
    minor: int = 0
    items: int = 0


def of_event(event: Event | None) -> Difference | None:
    """What it changes; None for nothing, and for an event of a release that did not name the day."""
    difference = _OF.get(type(event), _nothing)(event)
    return difference if difference.day else None


def _nothing(_: object) -> Difference:
    return Difference("", {})


def _cancelled(event: OrderCancelled) -> Difference:
    before = Status.PAID if event.owes_rest else Status.PENDING
    return Difference(event.day, {before: -1, Status.CANCELLED: 1}, items=-event.pieces)


def _shipped(event: OrderShipped) -> Difference:
    return Difference(event.day, {Status.PAID: -1, Status.SHIPPED: 1} if event.complete else {})


_OF: dict[type, Callable[[Any], Difference]] = {
    OrderPlaced: lambda event: Difference(event.day, {Status.PENDING: 1}),
    OrderPaid: lambda event: Difference(event.day, {Status.PENDING: -1, Status.PAID: 1}, event.currency, event.total_minor, event.pieces),
    OrderCancelled: _cancelled,
    OrderFailed: lambda event: Difference(event.day, {Status.PENDING: -1, Status.FAILED: 1}),
    OrderShipped: _shipped,
    OrderCompleted: lambda event: Difference(event.day, {Status.SHIPPED: -1, Status.COMPLETED: 1}),
    PiecesReturned: lambda event: Difference(event.day, {}, items=-event.pieces),
    OrderRefunded: lambda event: Difference(event.day, {}, event.currency, -event.amount_minor),
}
"""Event → what it adds to its day."""


def of_order(order: Order) -> Difference | None:
    """What it counts for, as it stands; None for a tombstone."""
    if not order.user_id:
        return None
    shown = Status.PENDING if order.status is Status.PAYING else order.status
    paid = order.total_minor if order.transaction_id else 0
    sold = order.ordered.total() - order.returned.total() if order.status in MONEY_TAKEN else 0
    return Difference(order.day, {shown: 1}, order.currency, paid - sum(order.refunds.values()), sold)


def add(day: Day, difference: Difference) -> Day:
    """The day with the difference."""
    orders, revenue = Counter(day.orders), Counter(day.revenue)
    for status, number in difference.orders.items():
        orders[str(status)] += number
    revenue[difference.currency] += difference.minor
    return Day(day.id, _not_nothing(orders), _not_nothing(revenue), day.items + difference.items)


def add_all(days: dict[str, Day], differences: Iterable[Difference | None]) -> None:
    """Each to its day."""
    for difference in differences:
        if difference is not None:
            days[difference.day] = add(days.get(difference.day, Day(difference.day)), difference)


def _not_nothing(counts: Counter[str]) -> dict[str, int]:
    return {name: number for name, number in sorted(counts.items()) if number}
