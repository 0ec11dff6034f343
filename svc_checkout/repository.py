"""Checkouts, the price book and coupons in the store, asked for in the service's words."""

import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from contracts.checkout import OrderFailed
from contracts.coupon import CouponBelowUsed, CouponExists, CouponUsedByYou, CouponUsedUp
from mallkit import allotment
from mallkit.allotment import Allotments, BelowReserved, Counter, Gone, Line, OtherWish, Short, Unfinished
from mallkit.allotment_rules import set_to
from mallkit.dues import Dues
from mallkit.errors import Missing, Stale, Unavailable
from mallkit.paging import each
from mallkit.store import Absent, Collection, Kind, Page, Range, Step, Store, Taken
from mallkit.times import NEVER
from svc_checkout.domain.book import BOOK, Book
from svc_checkout.domain.checkout import Checkout
from svc_checkout.domain.coupon import Coupon

CHECKOUTS: Kind[Checkout] = Kind(name="checkouts", type=Checkout, fields={"lease": float, "user_id": str})
BOOKS: Kind[Book] = Kind(name="price_book", type=Book)
COUPONS: Kind[Coupon] = Kind(name="coupons", type=Coupon)
COUNTERS, MOVEMENTS = allotment.kinds("coupon")
KINDS = (CHECKOUTS, BOOKS, COUPONS, COUNTERS, MOVEMENTS)
FIRST = "first"
"""The key under which every limit is received."""
HELD_SECONDS = 86_400.0
"""Holds are bound to their orders from the start: this would only end one that was not."""
FRESH_SECONDS = 1.0
"""How old the price book, and a coupon, may be that a copy goes by: another copy's change is seen after that."""
REMEMBERED = 1000
"""Coupons, and purchases that hold one, of which a copy keeps something in memory."""


class Checkouts:
    """The collection of checkouts."""

    def __init__(self, checkouts: Collection[Checkout]) -> None:
        self._checkouts = checkouts
        self._leases = Dues(checkouts, "lease")

    async def start(self, wished: Checkout) -> Checkout:
        """As it was recorded the first time: `wished` itself, or the one that has its id."""
        return await self._checkouts.change(wished.id, lambda found: found, absent=wished)

    async def get(self, checkout_id: str) -> Checkout:
        """Raises Missing."""
        try:
            return await self._checkouts.get(checkout_id)
        except Absent:
            raise Missing("there is no such checkout") from None

    async def change(self, checkout_id: str, rule: Callable[[Checkout], Checkout]) -> Checkout:
        """Applies a rule to the newest version. Raises Missing."""
        try:
            return await self._checkouts.change(checkout_id, rule)
        except Absent:
            raise Missing("there is no such checkout") from None

    def changing(self, checkout_id: str, rule: Callable[[Checkout], Checkout]) -> Step:
        """`change`, to be written with something else of this store."""
        return self._checkouts.changing(checkout_id, rule)

    async def unfinished(self, limit: int) -> list[Checkout]:
        """Whoever works on them, longest waiting first."""
        return (await self._checkouts.find({"lease": Range(lt=NEVER)}, order="lease", limit=limit)).items

    def of_user(self, user_id: str) -> AsyncGenerator[Checkout]:
        """All of them."""
        return each(self._checkouts, {"user_id": user_id})

    async def left_behind(self, now: float, lease: float, limit: int) -> list[Checkout]:
        """Unfinished checkouts whose lease of at most so many seconds has ended, longest waiting first."""
        return await self._leases.come(now, lease, limit)


class Books:
    """The one price book. Every purchase reads it, so each copy keeps it in memory for a moment."""

    def __init__(self, books: Collection[Book], clock: Callable[[], float] = time.monotonic) -> None:
        self._books = books
        self._clock = clock
        self._seen = Book()
        self._until = float("-inf")

    async def current(self) -> Book:
        """As it was at most a second ago."""
        now = self._clock()
        if now > self._until:
            try:
                self._seen = await self._books.get(BOOK)
            except Absent:
                self._seen = Book()
            self._until = now + FRESH_SECONDS
        return self._seen

    async def change(self, rule: Callable[[Book], Book]) -> Book:
        """Applies a rule to the newest version; this copy goes by it at once."""
        try:
            return await self._books.change(BOOK, rule, absent=Book())
        finally:
            self._until = float("-inf")


class Coupons:
    """Coupons, and their uses: an allotment whose things are codes, and users of codes, and whose keys are checkouts."""

    def __init__(
        self, store: Store, clock: Callable[[], float], new_id: Callable[[], str], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._coupons = store[COUPONS]
        self._allotments = Allotments(store, COUNTERS, MOVEMENTS, clock)
        self._clock = clock
        self._new_id = new_id
        self._monotonic = monotonic
        self._seen: dict[str, tuple[Coupon, float]] = {}
        self._held: dict[str, tuple[str, ...]] = {}
        """What this copy holds for purchases that it works on: spares a read, nothing depends on it."""

    async def create(self, wished: Coupon) -> Coupon:
        """With its uses in one write; as it was given out the first time, when it was by the same command. Raises CouponExists."""
        try:
            await self._store.together(self._coupons.adding(wished), *self._allotments.receiving(FIRST, wished.id, wished.limit))
        except Taken:
            found = await self._coupons.get(wished.id)
            if found.command != wished.command:
                raise CouponExists(code=wished.id) from None
            return found
        return wished

    async def get(self, code: str) -> Coupon:
        """Raises Missing."""
        try:
            return await self._coupons.get(code)
        except Absent:
            raise Missing("there is no such coupon") from None

    async def current(self, code: str) -> Coupon:
        """As it was at most a second ago, like the price book. How often it may still be used is not asked here. Raises Missing."""
        now = self._monotonic()
        seen, until = self._seen.get(code, (None, 0.0))
        if seen is None or now > until:
            seen = await self.get(code)
            if len(self._seen) >= REMEMBERED:
                self._seen.clear()
            self._seen[code] = seen, now + FRESH_SECONDS
        return seen

    async def page(self, after: str | None, limit: int) -> Page[Coupon]:
        """By code."""
        return await self._coupons.find(after=after, limit=limit)

    async def uses(self, things: Sequence[str]) -> Mapping[str, Counter]:
        """Of those that were ever counted."""
        return await self._allotments.counters(things)

    async def change(self, code: str, rule: Callable[[Coupon], Coupon], limit: int | None) -> Coupon:
        """Applies a rule; a limit is set in one write with its counter. Raises Missing, CouponBelowUsed."""
        found: Coupon | None = None
        try:
            while found is None:
                found = await (self._coupons.change(code, rule) if limit is None else self._limited(code, rule, limit))
        except Absent:
            raise Missing("there is no such coupon") from None
        finally:
            self._seen.pop(code, None)
        return found

    async def _limited(self, code: str, rule: Callable[[Coupon], Coupon], limit: int) -> Coupon | None:
        """None where a use was given out meanwhile: what is used is then to be looked at again."""
        before, counter = await self._coupons.get(code), (await self.uses([code]))[code]
        used = before.limit - counter.on_hand

        def limited(found: Coupon) -> Coupon:
            if found.limit != before.limit:  # the counter, which is of this very version, counts from another limit
                raise Stale
            return replace(rule(found), limit=limit)

        def beside(_: Line) -> list[Step]:
            return [self._coupons.changing(code, limited)]

        try:
            level = set_to(limit - used, {counter.version})
            await self._allotments.adjust_to(self._new_id(), code, level, reason="limit", beside=beside)
        except Stale:
            return None
        except BelowReserved:
            raise CouponBelowUsed(used=used + counter.reserved) from None
        return await self._coupons.get(code)

    async def hold(self, coupon: Coupon, purchase: Checkout, *beside: Step) -> None:
        """One use of every limit that it has, or of none, in one write with further steps.

        Raises CouponUsedUp, CouponUsedByYou, OrderFailed, Unavailable.
        """
        lines = dict.fromkeys(coupon.things(purchase.user_id), 1)
        # A purchase goes forward once, and asks for a coupon once: its key can have been undone before, but not held.
        hold = partial(self._allotments.hold_first, purchase.id, lines, order=purchase.order_id, beside=beside)
        try:
            try:
                await hold(expires_at=self._clock() + HELD_SECONDS)
            except Missing:
                await self._open(coupon, purchase.user_id)
                await hold(expires_at=self._clock() + HELD_SECONDS)
        except Short as short:
            refusal = CouponUsedUp if short.facts["thing"] == coupon.id else CouponUsedByYou
            raise refusal(temporary=short.facts["temporary"]) from None
        except Unfinished as refused:
            raise Unavailable(refused.detail) from None
        except (Gone, OtherWish):
            raise OrderFailed("the purchase was undone before it held the coupon") from None
        if len(self._held) >= REMEMBERED:
            self._held.clear()
        self._held[purchase.id] = tuple(lines)

    async def _open(self, coupon: Coupon, user_id: str) -> None:
        """A user is counted from the first use on, and only while there are uses left: nobody else makes this grow. Raises CouponUsedUp."""
        code, of_user = coupon.things(user_id)
        uses = (await self.uses([code]))[code]
        if not uses.available:
            raise CouponUsedUp(temporary=uses.reserved > 0)
        await self._allotments.receive(FIRST, of_user, coupon.per_user, reason="opened")

    async def take(self, key: str, *beside: Step) -> bool:
        """What is held is used, in one write with further steps; False where nothing ever was. Raises Unavailable."""
        try:
            await self._allotments.take(key, beside, self._held.pop(key, ()))
        except Missing:
            return False
        except Unfinished as refusal:
            raise Unavailable(refusal.detail) from None
        return True

    async def release(self, key: str) -> None:
        """What is held can be used again; of a key that was never used a tombstone stays."""
        await self._allotments.release(key, "released")

    async def give_back(self, key: str) -> bool:
        """What is held or used can be used again; False where nothing ever was, and no tombstone is left then."""
        if await self._allotments.of(key) is None:
            return False
        await self._allotments.give_back(key, reason="given back")
        return True

    async def settle(self) -> None:
        """Ends holds whose time is over, and completes what a stopped process left undone."""
        await self._allotments.expire(self._clock())
        await self._allotments.finish()
