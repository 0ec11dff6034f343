"""Checkouts and the price book in the store, asked for in the service's words."""

import time
from collections.abc import AsyncGenerator, Callable

from mallkit.dues import Dues
from mallkit.errors import Missing
from mallkit.paging import each
from mallkit.store import Absent, Collection, Kind, Range
from mallkit.times import NEVER
from svc_checkout.domain.book import BOOK, Book
from svc_checkout.domain.checkout import Checkout

CHECKOUTS: Kind[Checkout] = Kind(name="checkouts", type=Checkout, fields={"lease": float, "user_id": str})
BOOKS: Kind[Book] = Kind(name="price_book", type=Book)
FRESH_SECONDS = 1.0
"""How old the price book may be that a copy goes by: another copy's change is seen after that."""


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
