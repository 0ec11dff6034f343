"""A shop of books whose relay runs; also a process that is to die: `python -m tests.mallkit.publisher FOLDER POINT`, the bus by BUS_URL."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from mallkit import background, steps
from mallkit.bus import Bus
from mallkit.leases import LEASES, Leases, owner_named
from mallkit.metrics import ServerMetrics
from mallkit.redis_bus import open_bus
from mallkit.relay import PACE, Pace, Relay
from mallkit.sqlite import open_store
from mallkit.store import Store
from tests.mallkit.books import BOOKS, Book, Sold

SOURCE = "shop"


@dataclass
class Shop:
    """One copy."""

    store: Store
    relay: Relay
    leases: Leases
    metrics: ServerMetrics
    _running: AsyncExitStack

    async def sell(self, *ids: str) -> None:
        """One event a book, all in one write."""
        books = self.store[BOOKS]
        await self.store.together(*(books.adding(Book(id=key), Sold(book_id=key, left=0)) for key in ids))

    async def start(self) -> None:
        """Publishing."""
        await self._running.enter_async_context(background.running(self.relay.run))

    async def stop(self) -> None:
        """As a copy that is told to."""
        await self._running.aclose()
        await self.leases.give_up()

    def shown(self, name: str) -> float:
        """A metric's value."""
        lines = self.metrics.render()[0].decode().splitlines()
        return float(next(line.rpartition(" ")[2] for line in lines if line.startswith(f"{name} ")))


@asynccontextmanager
async def shop(folder: Path, bus: Bus, copy: str = "1", pace: Pace = PACE) -> AsyncIterator[Shop]:
    """Not publishing yet."""
    async with open_store(folder / "shop.db", (BOOKS, LEASES)) as store, AsyncExitStack() as running:
        leases, metrics = Leases(store[LEASES], owner_named(copy)), ServerMetrics()
        yield Shop(store, Relay(SOURCE, store, bus, leases, metrics, pace=pace), leases, metrics, running)


async def main(folder: Path, point: str) -> None:
    """Sells three books and publishes until it dies."""
    async with open_bus(os.environ["BUS_URL"], os.environ["BUS_PASSWORD"]) as bus, shop(folder, bus) as opened:
        steps.arm(point)
        await opened.sell("a", "b", "c")
        await opened.start()
        await asyncio.sleep(60)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
