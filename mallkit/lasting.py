"""Work that outlives the request that began it: answered in time if possible, finished in any case."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import TypeVar

import structlog

from mallkit import deadline
from mallkit.errors import ShopError

log = structlog.get_logger()
T = TypeVar("T")


class Lasting:
    """The work of one service that nobody may be waiting for any more."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[object]] = set()

    async def within(self, seconds: float, work: Coroutine[object, object, T], name: str) -> T:
        """What `work` gives or raises. Raises TimeoutError after `seconds`; the work goes on without the request's deadline."""
        task = self._start(work, name)
        try:
            async with asyncio.timeout(max(seconds, 0)):
                return await asyncio.shield(task)
        except (TimeoutError, asyncio.CancelledError):
            if not task.done():
                task.add_done_callback(_report)
            raise

    def begin(self, work: Coroutine[object, object, object], name: str) -> None:
        """Work that nobody waits for: what it raises is logged."""
        self._start(work, name).add_done_callback(_report)

    def _start(self, work: Coroutine[object, object, T], name: str) -> "asyncio.Task[T]":
        task = asyncio.create_task(_undated(work), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def rest(self, seconds: float) -> None:
        """Waits for what still runs, then cancels it: jobs on the store's record finish it later."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)


@asynccontextmanager
async def lasting(drain_seconds: float) -> AsyncIterator[Lasting]:
    """For the life of a service; leaving it drains."""
    work = Lasting()
    try:
        yield work
    finally:
        await work.rest(drain_seconds)


async def _undated(work: Coroutine[object, object, T]) -> T:
    deadline.lift()
    return await work


def _report(task: asyncio.Task[object]) -> None:
    if task.cancelled():
        return
    error = task.exception()
    if isinstance(error, ShopError):
        log.warning("work.refused", work=task.get_name(), reason=error.slug)
    elif error is not None:
        log.error("work.failed", work=task.get_name(), exc_info=error)
