"""Leases: which copy of a service does a piece of work that only one should do at a time.

A lease saves double work; it is never what keeps an effect from happening twice.
"""

import socket
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from mallkit.background import Job, every
from mallkit.store import Absent, Collection, Kind, StoreUnavailable
from mallkit.times import has_come

SECONDS = 10.0
"""How long a dead copy keeps its work from the others."""
RENEWED_BEFORE = 0.6
"""A lease is written anew when less than this share of it is left."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The work `id` belongs to `owner` until then, seconds since 1970."""

    id: str
    owner: str
    until: float


LEASES: Kind[Lease] = Kind(name="leases", type=Lease)


def owner_named(copy: str) -> str:
    """This copy's name: the same after it was started again, so that it goes on with its own work at once."""
    return f"{socket.gethostname()}:{copy}"


class Leases:
    """The leases of one copy."""

    def __init__(self, leases: Collection[Lease], owner: str, clock: Callable[[], float] = time.time) -> None:
        self._leases = leases
        self._clock = clock
        self._held: dict[str, float] = {}
        self.owner = owner

    async def hold(self, work: str) -> bool:
        """Whether the work is this copy's now: taken, renewed, or somebody else's."""
        now = self._clock()
        until = self._held.get(work, 0.0)
        if now + SECONDS * RENEWED_BEFORE < until <= now + SECONDS:
            return True
        if until == 0.0 and await self._is_others(work, now):
            return False
        wanted = Lease(work, self.owner, now + SECONDS)

        def rule(found: Lease) -> Lease:
            return found if self._goes_on(found, now) else wanted

        written = await self._leases.change(work, rule, absent=wanted)
        if written.owner != self.owner:
            self._held.pop(work, None)
            return False
        self._held[work] = written.until
        return True

    async def give_up(self) -> None:
        """All of them, for a copy that stops: another one need not wait. What cannot be written now lapses by itself."""
        held, self._held = self._held, {}
        for work in held:
            with suppress(StoreUnavailable):
                await self._leases.change(work, lambda found: found if found.owner != self.owner else Lease(found.id, self.owner, 0.0))

    def job(self, seconds: float, work: Callable[[], Awaitable[object]], name: str) -> Job:
        """As `background.every`, in the one copy that holds the lease of this name."""

        async def round_of_work() -> None:
            if await self.hold(name):
                await work()

        return every(seconds, round_of_work, name)

    async def _is_others(self, work: str, now: float) -> bool:
        """A look that writes nothing."""
        try:
            return self._goes_on(await self._leases.get(work), now)
        except Absent:
            return False

    def _goes_on(self, found: Lease, now: float) -> bool:
        """Whether somebody else's lease still runs. One that runs longer than any can was written by a clock gone wrong."""
        return found.owner != self.owner and not has_come(found.until, now, SECONDS)
