"""How tests take messages from a bus, and wait for them with a deadline."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import TypeVar

from mallkit.bus import Bus, BusUnavailable, Delivery, Subscription

T = TypeVar("T")

PATIENCE = 15.0
"""Seconds after which what should have come will not come."""
QUIET, LONG_QUIET = 0.3, 0.8
"""Seconds without a message after which there are none left; the long one is longer than reclaiming takes."""


def numbered(numbers: Iterable[int], of: str = "m") -> list[bytes]:
    """Messages that can be told apart."""
    return [f"{of}{number}".encode() for number in numbers]


async def take(subscription: Subscription, count: int) -> list[Delivery]:
    """So many different messages, at least; not acknowledged."""
    found: list[Delivery] = []
    async with asyncio.timeout(PATIENCE):
        while len({delivery.body for delivery in found}) < count:
            found += await subscription.next()
    return found


async def take_all(subscription: Subscription, quiet: float = QUIET, *, least: int = 1) -> list[bytes]:
    """At least so many, and then until nothing comes any more; acknowledged. Getting connected may take its time."""
    found: list[bytes] = []
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                async with asyncio.timeout(quiet if len(found) >= least else PATIENCE):
                    deliveries = await subscription.next()
            except TimeoutError:
                return found
            found += [delivery.body for delivery in deliveries]
            await subscription.acknowledge(deliveries)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Raises TimeoutError when it does not come true."""
    async with asyncio.timeout(PATIENCE):
        while not await condition():
            await asyncio.sleep(0.02)


async def persistently(work: Callable[[], Awaitable[T]]) -> T:
    """Again until the bus is there."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return await work()
        except BusUnavailable:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def consuming(bus: Bus, group: str, consumer: str, taken: list[bytes]) -> AsyncIterator[None]:
    """A consumer that acknowledges everything from "shop" and goes on after trouble, while the context lives."""
    subscription = bus.subscribe(["shop"], group, consumer)

    async def forever() -> None:
        while True:
            try:
                deliveries = await subscription.next()
                taken.extend(delivery.body for delivery in deliveries)
                await subscription.acknowledge(deliveries)
            except BusUnavailable:
                await asyncio.sleep(0.02)

    task = asyncio.create_task(forever())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
