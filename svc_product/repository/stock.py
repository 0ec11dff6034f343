"""The pieces of every product: an allotment whose things are products and whose keys are holds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from contracts import product as contract
from contracts.product import HoldGone, OutOfStock
from mallkit import allotment
from mallkit.allotment import Allotments, Gone, Line, OtherWish, Short, State, Unfinished
from mallkit.allotment_rules import Level, move_by, set_to
from mallkit.errors import KeyReused, Missing, ShopError, Unavailable
from mallkit.store import Kind, Page, Step, Store
from svc_product.domain.stock import StockEntry, within_bounds
from svc_product.ports import Pieces

COUNTERS, MOVEMENTS = allotment.kinds("stock")
LOG: Kind[StockEntry] = Kind(name="stock_log", type=StockEntry, fields={"product_id": str, "at": float}, indexes=(("product_id", "at"),))
FIRST = "first"
"""The key under which every product receives the pieces that it is opened with."""
T = TypeVar("T")


class Stock:
    """Counted, held, sold."""

    def __init__(self, store: Store, clock: Callable[[], float], on_low: Callable[[Pieces], None]) -> None:
        self._allotments = Allotments(store, COUNTERS, MOVEMENTS, clock, on_low)
        self._log = store[LOG]
        self._clock = clock

    def receiving(self, product_id: str, pieces: int, low_at: int) -> list[Step]:
        """The first stock of a new product, for `together`."""
        return self._allotments.receiving(FIRST, product_id, pieces, reason="opened", low_at=low_at)

    def marking(self, product_id: str, low_at: Callable[[], int]) -> Step:
        """From here the product is low with so many available, for `together`."""
        return self._allotments.marking(product_id, low_at)

    async def of(self, product_ids: Sequence[str]) -> Mapping[str, Pieces]:
        """By product id."""
        return await self._allotments.counters(product_ids)

    async def low(self, after: str | None, limit: int) -> Page[Pieces]:
        """Products that are low, by id."""
        page = await self._allotments.low(after, limit)
        return Page(list(page.items), page.next)

    async def set_on_hand(self, entry: StockEntry, on_hand: int, versions: frozenset[int] | None) -> Pieces:
        """With its entry in the log. Raises Stale unless the stock has one of these versions, BelowReserved, Missing."""
        return await self._adjust(entry, set_to(on_hand, versions))

    async def adjust(self, entry: StockEntry, delta: int) -> Pieces:
        """Once for the entry's id, with the entry in the log. Raises BelowZero, BelowReserved, Missing, Invalid for too many."""
        return await self._adjust(entry, within_bounds(move_by(delta)))

    async def _adjust(self, entry: StockEntry, level: Level) -> Pieces:
        def logging(line: Line) -> list[Step]:
            def rule(found: StockEntry) -> StockEntry:
                if found is not entry:
                    return found  # it came before
                return replace(entry, delta=line.movement.quantity, on_hand=line.counter.on_hand)

            return [self._log.changing(entry.id, rule, absent=entry)]

        try:
            return await self._allotments.adjust_to(entry.id, entry.product_id, level, reason=entry.reason, beside=logging)
        except allotment.BelowReserved as refusal:
            raise contract.BelowReserved(refusal.detail, **refusal.facts) from None
        except allotment.BelowZero as refusal:
            raise contract.BelowZero(refusal.detail, **refusal.facts) from None

    async def log(self, product_id: str, after: str | None, limit: int) -> Page[StockEntry]:
        """Newest first."""
        return await self._log.find({"product_id": product_id}, order="-at", after=after, limit=limit)

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

    async def return_pieces(self, hold_id: str, lines: Mapping[str, int]) -> str:
        """The hold's state; so many of what it gave are back in all. Raises KeyReused for what it never gave."""
        try:
            return (await self._allotments.give_back(hold_id, lines, "returned")).state
        except ENDED as refusal:
            raise _translated(refusal, hold_id) from None

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
