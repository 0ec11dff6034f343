"""The copies of one service as a caller sees them: whom to ask next, so that a copy that is dead or stands still costs little."""

import time
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final

from mallkit.http1 import Address, address_of

SHORTEST, LONGEST = 1.0, 8.0
"""Seconds for which a copy that failed is asked last: doubled with each failure in a row."""


class Copy:
    """One of them, and how it did lately."""

    __slots__ = ("_failures", "address", "last_until", "under_way")

    def __init__(self, address: Address) -> None:
        self.address: Final = address
        self.under_way = 0
        self.last_until = 0.0
        self._failures = 0

    def answered(self) -> None:
        """It is well."""
        self._failures, self.last_until = 0, 0.0

    def failed(self) -> None:
        """It could not be reached, or gave no whole answer."""
        self.last_until = time.monotonic() + min(SHORTEST * 2**self._failures, LONGEST)
        self._failures = min(self._failures + 1, 10)


class Copies:
    """At least one. The copy with the fewest requests under way is next, in turn where they are equal; those that failed come last."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._copies = deque(Copy(address_of(url)) for url in urls)

    def __len__(self) -> int:
        return len(self._copies)

    def __iter__(self) -> Iterator[Address]:
        return iter([copy.address for copy in self._copies])

    def take(self) -> Copy:
        """The copy to ask; whoever took it counts `under_way` down when the request has ended."""
        copies = self._copies
        chosen = copies[0]
        if len(copies) > 1:
            now = time.monotonic()
            chosen = min(copies, key=lambda copy: (copy.last_until > now, copy.under_way))
            copies.remove(chosen)
            copies.append(chosen)  # behind its equals
        chosen.under_way += 1
        return chosen
