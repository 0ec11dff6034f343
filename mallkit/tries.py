"""Limits on tries within a minute, counted in this process's memory: each copy of the service counts for itself, and a restart forgets."""

from collections import OrderedDict, deque
from collections.abc import Callable
from math import ceil

from mallkit.errors import ShopError

WINDOW = 60.0
MOST_KEYS = 10_000
"""Who tried least lately is forgotten above it, so that memory stays bounded whoever comes."""
MOST_OF_AN_ADDRESS = 64
"""Characters of a network address that tell two apart."""


class Window:
    """Tries of each over the last minute; `refusal` makes what is raised, from the seconds to wait."""

    def __init__(self, limit: int, refusal: Callable[[int], ShopError]) -> None:
        self._limit = limit
        self._refusal = refusal
        self._tries: OrderedDict[str, deque[float]] = OrderedDict()

    def check(self, who: str, now: float) -> None:
        """Raises the refusal, with the seconds until the oldest try leaves the window."""
        tries = self._tries.get(who)
        if tries is None:
            return
        while tries and abs(now - tries[0]) >= WINDOW:  # before it, or noted by a clock that was ahead
            tries.popleft()
        if not tries:
            del self._tries[who]
        elif len(tries) >= self._limit:
            raise self._refusal(max(1, ceil(tries[0] + WINDOW - now)))

    def note(self, who: str, now: float) -> None:
        """Keeps no more times than the limit needs."""
        tries = self._tries.setdefault(who, deque(maxlen=self._limit))
        tries.append(now)
        self._tries.move_to_end(who)
        if len(self._tries) > MOST_KEYS:
            self._tries.popitem(last=False)
