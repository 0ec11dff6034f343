"""What jobs do with an allotment: holds end when their time is over, and what stopped between two writes comes to its end."""

from collections.abc import Sequence
from functools import partial

from mallkit.allotment_rules import complete, expire, follow
from mallkit.allotment_steps import Line, Steps
from mallkit.allotment_words import Counter, Movement
from mallkit.steps import Write
from mallkit.store import MOST_IN_A_PAGE, AnyOf, Collection, Range, Step
from mallkit.times import APART

AT_ONCE = 200
EXPIRE = Write("allotment.expire")


class Ends:
    """Over one supply's two collections."""

    def __init__(self, counters: Collection[Counter], movements: Collection[Movement], steps: Steps) -> None:
        self._counters = counters
        self._movements = movements
        self._steps = steps
        self._walked: str | None = None
        self._latest = float("inf")
        """When the clock was looked at last, to see whether it has gone back."""

    async def expire(self, now: float) -> int:
        """Releases holds that are unbound and due; how many movements. A job, in any number of copies."""
        ended = 0
        while due := (await self._movements.find({"due": Range(gt=0.0, le=now)}, order="due", limit=AT_ONCE)).items:
            ended += await self._expire(due, now)
        if now < self._latest:
            ended += await self._expire_made_ahead(now)
        self._latest = now
        return ended

    async def _expire_made_ahead(self, now: float) -> int:
        """Once at first, and when the clock has gone back: ends holds made by a clock that was ahead, which would last as much longer."""
        ended, after, more = 0, None, True
        while more:
            page = await self._movements.find({"due": Range(gt=now)}, order="due", after=after, limit=AT_ONCE)
            ended += await self._expire([hold for hold in page.items if hold.created_at > now + APART], now)
            after, more = page.next, page.next is not None
        return ended

    async def _expire(self, due: Sequence[Movement], now: float) -> int:
        lines = [Line(movement) for movement in due]
        rule = partial(expire, now=now)
        with EXPIRE.writing():
            await self._write([step for line in lines for step in self._steps.ending(line, rule)])
        return sum(line.moved for line in lines)

    async def finish(self) -> int:
        """Ends what stopped between two writes; how many movements. A job: each call looks at the next 200 counters, going round."""
        page = await self._counters.find(after=self._walked, limit=AT_ONCE)
        self._walked = page.next
        stopped = [line for counter in page.items if counter.open for line in await self._stopped(counter)]
        await self._write([step for line in stopped for step in self._steps.completing(line)])
        return len(stopped)

    async def _stopped(self, counter: Counter) -> list[Line]:
        """Movements of a counter that are not where its entries say."""
        ids, known = list(counter.open), dict[str, Movement]()
        for start in range(0, len(ids), MOST_IN_A_PAGE):
            some = AnyOf(ids[start : start + MOST_IN_A_PAGE])
            known.update((line.id, line) for line in (await self._movements.find({"id": some}, limit=MOST_IN_A_PAGE)).items)
        return [
            Line(movement)
            for movement in known.values()
            if complete(movement, counter.open[movement.id]) is not movement or follow(counter, movement) is not counter
        ]

    async def _write(self, steps: Sequence[Step]) -> None:
        if steps:
            await self._steps.together(steps)
