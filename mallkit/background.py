"""Background work that belongs to the app: it starts and stops with it, and never dies silently."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager

import structlog

log = structlog.get_logger()

Job = Callable[[], Coroutine[object, object, None]]
"""A coroutine function without parameters; its `__name__` is the job's name in logs and in `/live`."""

JITTER = 0.1
"""Rounds come this share earlier or later, so that copies started together do not knock together."""


class Running:
    """The jobs of an app while they run."""

    def __init__(self, jobs: tuple[Job, ...]) -> None:
        self._alive = {job.__name__: True for job in jobs}
        if len(self._alive) < len(jobs):
            message = f"two jobs have one name: {sorted(job.__name__ for job in jobs)}"
            raise ValueError(message)
        self._stopping = False
        self._tasks = [asyncio.create_task(job(), name=job.__name__) for job in jobs]
        for task in self._tasks:
            task.add_done_callback(self._report)

    def alive(self) -> dict[str, bool]:
        """By job name; False once it has died. A job that has returned has done its work and counts as alive."""
        return dict(self._alive)

    async def stop(self) -> None:
        """Cancels the jobs and waits until each has cleaned up; our own cancellation is not swallowed."""
        self._stopping = True
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _report(self, task: asyncio.Task[object]) -> None:
        name = task.get_name()
        if task.cancelled():
            if not self._stopping:
                self._alive[name] = False
                log.error("job.died", job=name, cause="cancelled by somebody else")
            return
        error = task.exception()
        if error is not None:
            self._alive[name] = False
            log.error("job.died", job=name, exc_info=error)


@asynccontextmanager
async def running(*jobs: Job) -> AsyncIterator[Running]:
    """Runs the jobs until the context is left. Raises ValueError if two have one name."""
    state = Running(jobs)
    try:
        yield state
    finally:
        await state.stop()


async def side_by_side(works: Iterable[Awaitable[object]]) -> None:
    """A job's round over many things: one's trouble keeps no other waiting. Raises the first trouble when all have ended."""
    for outcome in await asyncio.gather(*works, return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome


def every(seconds: float, work: Callable[[], Awaitable[object]], name: str) -> Job:
    """A job that does `work` at once and then again and again, `seconds` (±10 %) after each round's end.

    A round that fails is logged as job.failed and the next one comes all the same: the job does not die of it.
    """

    async def rounds() -> None:
        while True:
            try:
                await work()
            except Exception:
                log.exception("job.failed", job=name)
            await asyncio.sleep(pause(seconds))

    rounds.__name__ = name
    return rounds


def once(work: Callable[[], Awaitable[object]], name: str) -> Job:
    """A job that does `work` at the start and has done its part then. Trouble is logged: whoever comes round later does the rest."""

    async def start() -> None:
        try:
            await work()
        except Exception:
            log.exception("job.failed", job=name)

    start.__name__ = name
    return start


def pause(seconds: float) -> float:
    """How long to wait this time."""
    return seconds * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 (spreads load, hides nothing)
