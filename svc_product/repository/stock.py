"""The pieces of every product: an allotment whose things are products and whose keys are holds."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from contracts import product as contract
from contracts.product import HoldGone, OutOfStock
from mallkit import allotment
from mallkit.allotment import Allotments, Gone, OtherWish, Short, State, Unfinished
from mallkit.errors import KeyReused, Missing, ShopError, Unavailable
from mallkit.store import Step, Store
from svc_product.ports import Pieces

COUNTERS, MOVEMENTS = allotment.kinds("stock")
FIRST = "first"
"""The key under which every product receives the pieces that it is opened with."""
T = TypeVar("T")


class Stock:
    """Counted, held, sold."""

    def __init__(self, store: Store, clock: Callable[[], float], new_id: Callable[[], str]) -> None:
        self._allotments = Allotments(store, COUNTERS, MOVEMENTS, clock)
        self._clock = clock
        self._new_id = new_id

    def receiving(self, product_id: str, pieces: int) -> list[Step]:
        """The first stock of a new product, for `together`."""
        return self._allotments.receiving(FIRST, product_id, pieces, reason="opened")

    async def of(self, product_ids: Sequence[str]) -> Mapping[str, Pieces]:
        """By product id."""
        return await self._allotments.counters(product_ids)

    async def set_on_hand(self, product_id: str, on_hand: int, versions: frozenset[int] | None, reason: str) -> Pieces:
        """A movement of its own. Raises Stale unless the stock has one of these versions, BelowReserved, Missing."""
        try:
            return await self._allotments.adjust(self._new_id(), product_id, on_hand, versions=versions, reason=reason)
        except allotment.BelowReserved as refusal:
            raise contract.BelowReserved(refusal.detail, **refusal.facts) from None

    async def hold(self, hold_id: str, lines: Mapping[str, int], seconds: float, order_id: str) -> Mapping[str, Pieces]:
        """All lines or none; the pieces afterwards. Raises OutOfStock, HoldGone, Missing, KeyReused for other lines."""
        try:
            return await self._allotments.hold(hold_id, lines, expires_at=self._clock() + seconds, order=order_id)
        except Short as short:
            facts = dict(short.facts)
            raise OutOfStock(_told(facts), product_id=facts.pop("thing"), **facts) from None
        except ENDED as refusal:
            raise _translated(refusal, hold_id) from None

    async def is_known(self, hold_id: str) -> bool:
        """Whether this hold was asked for, or undone, before."""
        return await self._allotments.of(hold_id) is not None

    async def bind(self, hold_id: str, order_id: str) -> str:
        """The hold's state; the clock no longer ends it. Raises HoldGone, KeyReused for another order."""
        try:
            return (await self._allotments.bind(hold_id, order_id)).state
        except ENDED as refusal:
            raise _translated(refusal, hold_id) from None

    async def take(self, hold_id: str) -> str:
        """The hold's state; its pieces are sold. Raises HoldGone."""
        try:
            state = (await self._allotments.take(hold_id)).state
        except (*ENDED, Missing) as refusal:
            raise _translated(refusal, hold_id) from None
        if state is State.RELEASED:
            raise HoldGone(hold_id=hold_id)
        return state

    async def release(self, hold_id: str) -> str:
        """The hold's state; what was held can be bought again, and a hold still on its way is refused."""
        return (await self._allotments.release(hold_id, "released")).state

    async def give_back(self, hold_id: str) -> str:
        """The hold's state; what was held or sold can be bought again."""
        return (await self._allotments.give_back(hold_id, reason="given back")).state

    async def settle(self) -> None:
        """Ends holds whose time is over, and completes what a stopped process left undone."""
        await self._allotments.expire(self._clock())
        await self._allotments.finish()


ENDED = (Gone, OtherWish, Unfinished)


def _translated(refusal: ShopError, hold_id: str) -> ShopError:
    if isinstance(refusal, OtherWish):
        message = "this hold is for other lines or for another order"
        return KeyReused(message, hold_id=hold_id)
    if isinstance(refusal, Unfinished):
        return Unavailable(refusal.detail, hold_id=hold_id)
    return HoldGone(hold_id=hold_id)


def _told(facts: Mapping[str, object]) -> str:
    return f"{facts['available']} left of {facts['thing']}, {facts['wanted']} wanted"
