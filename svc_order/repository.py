"""Orders in the store, asked for in the service's words."""

from collections.abc import AsyncGenerator, Callable

from mallkit.dues import Dues
from mallkit.endpoint import Event
from mallkit.errors import Missing
from mallkit.paging import each
from mallkit.store import Absent, Collection, Kind, Page, Step
from svc_order import domain
from svc_order.domain import Order

ORDERS: Kind[Order] = Kind(
    name="orders",
    type=Order,
    fields={"user_id": str, "status": str, "created": float, "owing": bool, "wakes": float},
    indexes=(("user_id", "created"), ("owing", "wakes")),
    counted=(("user_id",),),
)


class Orders:
    """The collection of orders."""

    def __init__(self, orders: Collection[Order]) -> None:
        self._orders = orders
        self._owing = Dues(orders, "wakes", {"owing": True})
        self._unpaid = Dues(orders, "wakes", {"owing": False})

    async def get(self, order_id: str) -> Order:
        """Raises Missing, for tombstones too."""
        try:
            order = await self._orders.get(order_id)
        except Absent:
            raise _missing() from None
        if not order.user_id:
            raise _missing()
        return order

    async def place(self, wished: Order) -> Order:
        """As it was placed the first time."""
        return await self._orders.change(wished.id, lambda found: domain.place(found, wished), absent=wished)

    async def change(self, order_id: str, rule: Callable[[Order], Order | tuple[Order, Event]]) -> Order:
        """Applies a rule to the newest version. Raises Missing."""
        try:
            return await self._orders.change(order_id, rule)
        except Absent:
            raise _missing() from None

    async def undo(self, order_id: str, now: float) -> Order:
        """Cancels, or leaves a tombstone that a late placing finds."""
        return await self._orders.change(order_id, lambda order: domain.undo(order, now), absent=domain.tombstone(order_id, now))

    async def of_user(self, user_id: str, *, after: str | None, limit: int, offset: int) -> tuple[Page[Order], int]:
        """Newest first, with the count of all."""
        where = {"user_id": user_id}
        page = await self._orders.find(where, order="-created", after=after, limit=limit, offset=offset)
        return page, await self._orders.count(where)

    def each_of_user(self, user_id: str) -> AsyncGenerator[Order]:
        """All of them, oldest first."""
        return each(self._orders, {"user_id": user_id}, order="created")

    def noting_refund(self, order_id: str, refund_id: str, minor: int) -> Step:
        """For the write that notes the event too."""
        return self._orders.changing(order_id, lambda order: domain.note_refund(order, refund_id, minor))

    async def owing(self, now: float, longest: float, limit: int) -> list[Order]:
        """Orders that owe something and are due, longest waiting first."""
        return await self._owing.come(now, longest, limit)

    async def overdue(self, now: float, longest: float, limit: int) -> list[Order]:
        """Orders whose time to be paid is over, or further ahead than so many seconds, longest waiting first."""
        return await self._unpaid.come(now, longest, limit)


def _missing() -> Missing:
    return Missing("there is no such order")
