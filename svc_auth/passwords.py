"""Passwords hashed by argon2id in a few threads: slow for whoever guesses, and never more at once than the machine can bear."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import VerifyMismatchError

from mallkit.errors import Unavailable

T = TypeVar("T")
THREADS = 2
MEMORY_KIB = 19 * 1024
PASSES = 2
LANES = 1
NOBODY = f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}$" + "A" * 22 + "$" + "A" * 43
"""A hash that no password has, checked where there is no account: an unknown address takes as long as a wrong password."""


class ArgonPasswords:
    """`ports.Passwords`."""

    def __init__(self, pool: ThreadPoolExecutor, most_waiting: int) -> None:
        self._pool = pool
        self._most = THREADS + most_waiting
        self._inside = 0
        self._hasher = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES, type=Type.ID)

    async def hash(self, password: str) -> str:
        """About 20 ms of one core, and 19 MiB for that time."""
        return await self._in_pool(lambda: self._hasher.hash(password))

    async def match(self, hashed: str | None, password: str) -> bool:
        """As long as `hash`."""

        def verify() -> bool:
            try:
                return self._hasher.verify(hashed or NOBODY, password)
            except VerifyMismatchError:
                return False

        return await self._in_pool(verify)

    async def _in_pool(self, work: Callable[[], T]) -> T:
        if self._inside >= self._most:
            message = "too many passwords are being checked at this moment"
            raise Unavailable(message)
        self._inside += 1
        job = self._pool.submit(work)
        loop = asyncio.get_running_loop()
        # A caller that leaves frees no thread: the place is free when the work itself is done.
        job.add_done_callback(lambda _: loop.call_soon_threadsafe(self._leave))
        return await asyncio.wrap_future(job)

    def _leave(self) -> None:
        self._inside -= 1


@contextmanager
def password_pool(most_waiting: int) -> Iterator[ArgonPasswords]:
    """The hasher with its threads; leaving drops what still waits."""
    pool = ThreadPoolExecutor(THREADS, thread_name_prefix="passwords")
    try:
        yield ArgonPasswords(pool, most_waiting)
    finally:
        pool.shutdown(cancel_futures=True)
