"""What the order service needs of the world."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from mallkit.calls import Neighbour
from mallkit.endpoint import Event
from mallkit.store import Page, Step
from svc_order.domain.order import Order
from svc_order.domain.shipping import Parcel
from svc_order.domain.statistics import Day, Difference, Position, Told
from svc_order.domain.timeline import Origin

Rule = Callable[[Order], Order | tuple[Order, Event]]


class OrderStore(Protocol):
    """Orders, asked for in the service's words."""

    async def get(self, order_id: str) -> Order:
        """Raises Missing."""
        ...

    async def place(self, wished: Order) -> Order:
        """As it was placed the first time."""
        ...

    async def change(self, order_id: str, rule: Rule) -> Order:
        """Applies a rule to the newest version. Raises Missing."""
        ...

    async def ship(self, parcel: Parcel, rule: Rule) -> Order:
        """Applies a rule, and keeps the parcel's number for its shipment alone, in one write. Raises Missing, TrackingNumberTaken."""
        ...

    async def undo(self, order_id: str, origin: Origin) -> Order:
        """Cancels, or leaves a tombstone."""
        ...

    async def of_user(self, user_id: str, *, after: str | None, limit: int, offset: int) -> tuple[Page[Order], int]:
        """Newest first, with the count of all."""
        ...

    async def all_of_them(self, where: Mapping[str, Any], *, after: str | None, limit: int) -> Page[Order]:
        """Newest first; a page may have fewer than asked for."""
        ...

    def each_of_user(self, user_id: str) -> AsyncGenerator[Order]:
        """All of them, oldest first."""
        ...

    def noting_refund(self, order_id: str, refund_id: str, minor: int, origin: Origin) -> Step:
        """For the write that notes the event too."""
        ...

    async def owing(self, now: float, longest: float, limit: int) -> list[Order]:
        """Orders that owe something, and are due; none waits longer than so many seconds."""
        ...

    async def overdue(self, now: float, longest: float, limit: int) -> list[Order]:
        """Orders whose time to be paid is over, or further ahead than so many seconds."""
        ...


class StatisticsStore(Protocol):
    """The figures of days, the position up to which they tell, and what they are made of."""

    async def position(self) -> Position | None:
        """None before the first reckoning."""
        ...

    async def day(self, day: str) -> Day:
        """A day without orders where there is none."""
        ...

    async def newest(self) -> int:
        """The place of the newest event in the outbox."""
        ...

    async def told(self, after: int, limit: int) -> list[Told]:
        """Events of the outbox behind this place, oldest first."""
        ...

    def orders(self) -> AsyncGenerator[list[tuple[Order, int]]]:
        """All orders as of one moment with their revisions, in batches. Whoever stops half way closes it."""
        ...

    async def count(self, position: Position, differences: Sequence[Difference], upto: int) -> Position:
        """Adds to the days and moves the position, in one write. Raises Overtaken where it has moved meanwhile."""
        ...

    async def replace_all(self, position: Position | None, days: Mapping[str, Day], after: Position) -> None:
        """These days and no others, with their position, in one write. Raises Overtaken where it has moved meanwhile."""
        ...

    async def ask_rebuild(self) -> Position:
        """One more is asked for."""
        ...


@dataclass(frozen=True)
class Ports:
    """`clock` gives seconds since 1970; `pay_within` seconds an order that is paid later waits for its payment.

    `trace_id`: of the request or event that is being worked on; empty where there is none.
    """

    orders: OrderStore
    statistics: StatisticsStore
    payments: Neighbour
    products: Neighbour
    clock: Callable[[], float]
    pay_within: float
    trace_id: Callable[[], str] = lambda: ""
