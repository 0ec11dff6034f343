"""Orders in the store, asked for in the service's words."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any

from mallkit.dues import Dues
from mallkit.errors import Missing
from mallkit.paging import each
from mallkit.store import Absent, Kind, Page, Step, Store
from svc_order.domain import paying, placing, shipping
from svc_order.domain.order import Order
from svc_order.domain.shipping import Parcel
from svc_order.domain.timeline import Origin
from svc_order.ports import Rule

ORDERS: Kind[Order] = Kind(
    name="orders",
    type=Order,
    fields={"user_id": str, "status": str, "created": float, "owing": bool, "wakes": float},
    indexes=(("user_id", "created"), ("status", "created"), ("owing", "wakes")),
    counted=(("user_id",),),
)
PARCELS: Kind[Parcel] = Kind(name="parcels", type=Parcel)


class Orders:
    """The collections of orders and of parcels."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._orders = store[ORDERS]
        self._parcels = store[PARCELS]
        self._owing = Dues(self._orders, "wakes", {"owing": True})
        self._unpaid = Dues(self._orders, "wakes", {"owing": False})

    async def get(self, order_id: str) -> Order:
        """Raises Missing, for tombstones too."""
        try:
            return (await self._orders.get(order_id)).placed()
        except Absent:
            raise _missing() from None

    async def place(self, wished: Order) -> Order:
        """As it was placed the first time."""
        return await self._orders.change(wished.id, lambda found: placing.place(found, wished), absent=wished)

    async def change(self, order_id: str, rule: Rule) -> Order:
        """Applies a rule to the newest version. Raises Missing."""
        try:
            return await self._orders.change(order_id, rule)
        except Absent:
            raise _missing() from None

    async def ship(self, parcel: Parcel, rule: Rule) -> Order:
        """The parcel first: whatever the order then says, nobody else has taken its number in between."""
        labelling = self._parcels.changing(parcel.id, lambda found: shipping.label(found, parcel), absent=parcel)
        try:
            _, order = await self._store.together(labelling, self._orders.changing(parcel.order_id, rule))
        except Absent:
            raise _missing() from None
        if not isinstance(order, Order):
            raise TypeError(order)
        return order

    async def undo(self, order_id: str, origin: Origin) -> Order:
        """Cancels, or leaves a tombstone that a late placing finds."""
        tombstone = placing.tombstone(order_id, origin.at)
        return await self._orders.change(order_id, lambda order: placing.undo(order, origin), absent=tombstone)

    async def of_user(self, user_id: str, *, after: str | None, limit: int, offset: int) -> tuple[Page[Order], int]:
        """Newest first, with the count of all."""
        where = {"user_id": user_id}
        page = await self._orders.find(where, order="-created", after=after, limit=limit, offset=offset)
        return page, await self._orders.count(where)

    async def all_of_them(self, where: Mapping[str, Any], *, after: str | None, limit: int) -> Page[Order]:
        """Newest first, tombstones left out."""
        page = await self._orders.find(where, order="-created", after=after, limit=limit)
        return Page([order for order in page.items if order.user_id], page.next)

    def each_of_user(self, user_id: str) -> AsyncGenerator[Order]:
        """All of them, oldest first."""
        return each(self._orders, {"user_id": user_id}, order="created")

    def noting_refund(self, order_id: str, refund_id: str, minor: int, origin: Origin) -> Step:
        """For the write that notes the event too."""
        return self._orders.changing(order_id, lambda order: paying.note_refund(order, refund_id, minor, origin))

    async def owing(self, now: float, longest: float, limit: int) -> list[Order]:
        """Orders that owe something and are due, longest waiting first."""
        return await self._owing.come(now, longest, limit)

    async def overdue(self, now: float, longest: float, limit: int) -> list[Order]:
        """Orders whose time to be paid is over, or further ahead than so many seconds, longest waiting first."""
        return await self._unpaid.come(now, longest, limit)


def _missing() -> Missing:
    return Missing("there is no such order")
