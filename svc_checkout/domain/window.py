"""From when until when something holds. Pure."""

from dataclasses import dataclass
from enum import Enum

from contracts.promotion import WindowWrong
from mallkit.times import NEVER


class When(Enum):
    """How a moment lies to a window."""

    BEFORE = "before"
    WITHIN = "within"
    AFTER = "after"


@dataclass(frozen=True)
class Window:
    """From `since`, up to and without `until` (seconds since 1970)."""

    since: float = 0.0
    until: float = NEVER

    def when(self, now: float) -> When:
        """How `now` lies to it."""
        if now < self.since:
            return When.BEFORE
        return When.WITHIN if now < self.until else When.AFTER

    def holds(self, now: float) -> bool:
        """Whether it is open."""
        return self.when(now) is When.WITHIN


ALWAYS = Window()


def window(since: float, until: float) -> Window:
    """Raises WindowWrong where it would never be open."""
    if not since < until:
        message = "valid_until is not after valid_from"
        raise WindowWrong(message)
    return Window(since, until)
