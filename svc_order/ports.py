"""What the order service needs of the world."""

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Protocol

from mallkit.calls import Neighbour
from mallkit.endpoint import Event
from mallkit.store import Page, Step
from svc_order.domain import Order


class OrderStore(Protocol):
    """Orders, asked for in the service's words."""

    async def get(self, order_id: str) -> Order:
        """Raises Missing."""
        ...

    async def place(self, wished: Order) -> Order:
        """As it was placed the first time."""
        ...

    async def change(self, order_id: str, rule: Callable[[Order], Order | tuple[Order, Event]]) -> Order:
        """Applies a rule to the newest version. Raises Missing."""
        ...

    async def undo(self, order_id: str, now: float) -> Order:
        """Cancels, or leaves a tombstone."""
        ...

    async def of_user(self, user_id: str, *, after: str | None, limit: int, offset: int) -> tuple[Page[Order], int]:
        """Newest first, with the count of all."""
        ...

    def each_of_user(self, user_id: str) -> AsyncGenerator[Order]:
        """All of them, oldest first."""
        ...

    def noting_refund(self, order_id: str, refund_id: str, minor: int) -> Step:
        """For the write that notes the event too."""
        ...

    async def owing(self, now: float, longest: float, limit: int) -> list[Order]:
        """Orders that owe something, and are due; none waits longer than so many seconds."""
        ...

    async def overdue(self, now: float, longest: float, limit: int) -> list[Order]:
        """Orders whose time to be paid is over, or further ahead than so many seconds."""
        ...


@dataclass(frozen=True)
class Ports:
    """`clock` gives seconds since 1970; `pay_within` seconds an order that is paid later waits for its payment."""

    orders: OrderStore
    payments: Neighbour
    products: Neighbour
    clock: Callable[[], float]
    pay_within: float
