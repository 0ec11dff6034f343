"""All shoppers of one load: how many, how often they come, when they go home."""

import asyncio
import math
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp

from mall.load.cards import Wallet
from mall.load.ledger import Ledger
from mall.load.shopper import HABITS, Shopper

INSISTS = 60.0
"""Seconds that people go on asking for an answer after the last visit has begun."""


@dataclass(frozen=True)
class Terms:
    """At most `rate` visits a second, `count` visits, `seconds`. `habits`: way of buying → weight; `regrets`: share of cancels."""

    gateway: str
    shoppers: int = 10
    rate: float = 10.0
    count: int = 1000
    seconds: float = 60.0
    seed: int = 1
    habits: dict[str, int] = field(default_factory=lambda: dict(HABITS))
    regrets: float = 0.05


class Crowd:
    """`products`, if given, is all that they buy; what they look at is the whole catalogue. `coupons`: codes that some of them have."""

    def __init__(self, terms: Terms, session: aiohttp.ClientSession, products: tuple[str, ...] = ()) -> None:
        self.terms = terms
        self.session = session
        self.products = products
        self.coupons: tuple[str, ...] = ()
        self.ledger = Ledger()
        self.wallet = Wallet(terms.seed)
        self.run = secrets.token_hex(4)
        """So that two loads on one mall have accounts and keys of their own."""
        self.insists_until = math.inf
        self._closed = asyncio.Event()
        self._next = 0.0
        self._ends = math.inf

    async def shop(self, tell: Callable[[str], None] | None = None) -> None:
        """Returns when everybody has gone home; `tell` hears once a second how it stands."""
        self._next = time.monotonic()
        self._ends = self._next + self.terms.seconds
        telling = asyncio.create_task(self._tell(tell)) if tell else None
        living = [asyncio.create_task(Shopper(number, self).live()) for number in range(self.terms.shoppers)]
        closing = asyncio.create_task(self._close_in_time())
        try:
            await asyncio.gather(*living)
        finally:
            for task in (telling, closing, *living):
                if task is not None:
                    task.cancel()

    def close(self) -> None:
        """No further visits; who waits for an answer goes on asking for a while."""
        self._closed.set()
        self.insists_until = min(self.insists_until, time.monotonic() + INSISTS)

    async def next_visit(self) -> bool:
        """Waits for one's turn; False when the mall has closed."""
        if self.ledger.visits >= self.terms.count:
            self.close()
        if self._closed.is_set():
            return False
        self.ledger.visits += 1
        begins, self._next = self._next, max(self._next, time.monotonic()) + 1 / self.terms.rate
        wait = begins - time.monotonic()
        if wait > 0:
            try:
                await asyncio.wait_for(self._closed.wait(), wait)
            except TimeoutError:
                return True
        self.ledger.visits -= self._closed.is_set()
        return not self._closed.is_set()

    async def _close_in_time(self) -> None:
        await asyncio.sleep(self.terms.seconds)
        self.close()

    async def _tell(self, tell: Callable[[str], None]) -> None:
        began = time.monotonic()
        while True:
            await asyncio.sleep(1)
            tell(f"{time.monotonic() - began:5.0f} s  {self.ledger.line()}")


@asynccontextmanager
async def lines() -> AsyncIterator[aiohttp.ClientSession]:
    """Connections for as many shoppers as there are."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield session
