"""What of a collection is due: leases, deadlines and next tries that have come, whatever the clock has done in between."""

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from mallkit.store import NOTHING, Collection, Range
from mallkit.times import APART, NEVER

T = TypeVar("T")


class Dues(Generic[T]):
    """Those that fit `where`, by a field that holds a time set ahead; the field needs an index."""

    def __init__(self, things: Collection[T], field: str, where: Mapping[str, Any] = NOTHING) -> None:
        self._things = things
        self._field = field
        self._where = where

    async def come(self, now: float, longest: float, limit: int) -> list[T]:
        """Longest waiting first, then those that a clock gone wrong has set further ahead than `longest` seconds; `limit` of each."""
        return [*await self._within(Range(le=now), limit), *await self._within(Range(gt=now + longest + APART, lt=NEVER), limit)]

    async def _within(self, times: Range, limit: int) -> list[T]:
        return (await self._things.find({**self._where, self._field: times}, order=self._field, limit=limit)).items
