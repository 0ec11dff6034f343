"""Pieces of a counted supply, given out under keys: stock, coupon uses, flash-sale pieces. The verbs, over a store.

Every verb may be repeated with the same key: it answers the same and changes nothing more. Each is one `together`: one commit where
the store has transactions; elsewhere `Allotments.finish` ends what stopped in between.
"""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Any

from msgspec.structs import replace

from mallkit.allotment_ends import Ends
from mallkit.allotment_rules import (
    Allotment,
    Balance,
    Level,
    balance,
    bind,
    come_back,
    mark_low,
    set_to,
)
from mallkit.allotment_steps import Line, Steps
from mallkit.allotment_words import (
    NEVER,
    BelowReserved,
    BelowZero,
    Counter,
    Entry,
    Gone,
    Movement,
    OtherWish,
    Short,
    State,
    Unfinished,
    kinds,
    movement_id,
)
from mallkit.errors import Invalid, Missing
from mallkit.steps import Write
from mallkit.store import MOST_IN_A_PAGE, AnyOf, Kind, Page, Range, Step, Store

__all__ = [
    "NEVER",
    "Allotment",
    "Allotments",
    "Balance",
    "BelowReserved",
    "BelowZero",
    "Counter",
    "Entry",
    "Gone",
    "Line",
    "Movement",
    "OtherWish",
    "Short",
    "State",
    "Unfinished",
    "balance",
    "kinds",
    "movement_id",
]
Beside = Callable[[Line], Sequence[Step]]
"""Further steps, written together with an adjustment. When their rules run, the line tells what came of it."""
WAITING = (State.ASKED, State.HELD)
HOLD, BIND, TAKE, RELEASE = Write("allotment.hold"), Write("allotment.bind"), Write("allotment.take"), Write("allotment.release")
GIVE_BACK, ADJUST = Write("allotment.give-back"), Write("allotment.adjust")


def _nothing(_: Line) -> Sequence[Step]:
    return ()


class Allotments:
    """The verbs. Everything may raise StoreUnavailable. `clock` gives seconds since 1970; `on_low` hears of things that became low."""

    def __init__(
        self,
        store: Store,
        counters: Kind[Counter],
        movements: Kind[Movement],
        clock: Callable[[], float] = time.time,
        on_low: Callable[[Counter], None] = lambda _: None,
    ) -> None:
        self._counters = store[counters]
        self._movements = store[movements]
        self._steps = Steps(store, self._counters, self._movements)
        self._clock = clock
        self._on_low = on_low
        self._ends = Ends(self._counters, self._movements, self._steps)

    async def counters(self, things: Sequence[str]) -> dict[str, Counter]:
        """Those that there are, by thing."""
        found: dict[str, Counter] = {}
        for start in range(0, len(things), MOST_IN_A_PAGE):
            some = AnyOf(things[start : start + MOST_IN_A_PAGE])
            found.update((counter.id, counter) for counter in (await self._counters.find({"id": some}, limit=MOST_IN_A_PAGE)).items)
        return found

    async def of(self, key: str) -> Allotment | None:
        """What stands under the key; None when it was never used."""
        first = movement_id(key)
        page = await self._movements.find({"id": Range(ge=first, lt=first[:-1] + "0")}, limit=MOST_IN_A_PAGE)  # "0" comes after "/"
        return Allotment(key, tuple(line for line in page.items if line.thing)) if page.items else None

    async def hold(
        self, key: str, lines: Mapping[str, int], *, expires_at: float, order: str = "", beside: Sequence[Step] = ()
    ) -> dict[str, Counter]:
        """Reserves all lines (thing → pieces) or none; the counters afterwards. The steps `beside` are written with it, or not at all.

        The clock ends it unless it is bound before, or held for `order` from the start.
        Raises Short, Gone when the key was undone, OtherWish when it was used for other lines, Missing for an unknown thing.
        """
        wishes = self._wishes(key, lines, expires_at=expires_at, bound=order)
        if await self._held(key, lines):
            await self._write(beside)
            return await self.counters(sorted(lines))
        return await self._reserve(key, wishes, beside)

    async def hold_first(
        self, key: str, lines: Mapping[str, int], *, expires_at: float, order: str = "", beside: Sequence[Step] = ()
    ) -> dict[str, Counter]:
        """As `hold`, without the look at what was held before, for who knows that nothing was. Gone when the key was undone."""
        return await self._reserve(key, self._wishes(key, lines, expires_at=expires_at, bound=order), beside)

    def _wishes(self, key: str, lines: Mapping[str, int], *, expires_at: float, bound: str) -> list[Movement]:
        """Raises Invalid."""
        wishes = [self._wish(key, thing, lines[thing], expires_at=expires_at, bound=bound) for thing in sorted(lines)]
        if not wishes or any(wish.quantity < 1 or not wish.thing for wish in wishes):
            message = "a hold has lines of at least one piece"
            raise Invalid(message)
        return wishes

    async def _reserve(self, key: str, wishes: Sequence[Movement], beside: Sequence[Step]) -> dict[str, Counter]:
        held = [Line(wish) for wish in wishes]
        reserving = chain.from_iterable(self._steps.reserving(line) for line in held)
        with HOLD.writing():
            results = await self._steps.together([*map(self._steps.asking, held), self._steps.unused(key), *reserving, *beside])
        if _allotment(key, held).state is State.RELEASED:
            raise Gone(key=key)
        self._tell_low(held)
        return {counter.id: counter for counter in results if isinstance(counter, Counter)}

    async def bind(self, key: str, order: str) -> Allotment:
        """From here the clock does not end the hold. Raises Gone when it ended or never was, OtherWish for another order, Unfinished."""
        found = await self.of(key)
        if found is None or not found.lines:
            raise Gone(key=key)
        if all(bind(line, order) is line for line in found.lines):
            return found
        bound = [Line(line) for line in found.lines]
        rule = partial(bind, order=order)
        with BIND.writing():
            await self._steps.together([self._movements.changing(line.movement.id, line.moves(rule)) for line in bound])
        return _allotment(key, bound)

    async def take(self, key: str, beside: Sequence[Step] = (), things: Collection[str] = ()) -> Allotment:
        """What is held leaves the house, with the steps `beside`; of what was released meanwhile the answer's state says so.

        `things` spares a read: the caller knows that these, and no others, were held under the key.
        Raises Missing, Unfinished.
        """
        found = Allotment(key, tuple(self._wish(key, thing, 0) for thing in things)) if things else await self.of(key)
        if found is None:
            raise Missing(key=key)
        taken = [Line(line) for line in found.lines]
        with TAKE.writing():
            await self._write([*(step for line in taken if line.movement.state in WAITING for step in self._steps.settling(line)), *beside])
        after = _allotment(key, taken)
        if after.state is State.ASKED:
            raise Unfinished(key=key)
        return after

    async def release(self, key: str, reason: str = "") -> Allotment:
        """Ends what is held; what was taken stays taken. Of a key never used a tombstone stays: it gives nothing any more."""
        with RELEASE.writing():
            return await self._undo(key, reason, lambda line: self._steps.releasing(line, reason) if line.movement.state in WAITING else [])

    async def give_back(self, key: str, lines: Mapping[str, int] | None = None, reason: str = "") -> Allotment:
        """Releases what is held and brings back what was taken; of a key never used a tombstone stays.

        `lines` (thing → pieces) narrows it: so many of what was taken are back *in all* after this call; of what is held, the whole line.
        Raises OtherWish for things or pieces that the key never gave.
        """

        def undoing(line: Line) -> list[Step]:
            thing, state = line.movement.thing, line.movement.state
            if lines is not None and thing not in lines:
                return []
            if state in WAITING:
                return self._steps.releasing(line, reason)
            until = None if lines is None else lines[thing]
            return self._steps.returning(line, until) if come_back(line.movement, until, "") else []

        with GIVE_BACK.writing():
            undone = await self._undo(key, reason, undoing)
        if lines and undone.lines and not set(lines) <= {line.thing for line in undone.lines}:
            raise OtherWish(key=key)
        return undone

    async def adjust(self, key: str, thing: str, on_hand: int, *, versions: Collection[int] | None = None, reason: str = "") -> Counter:
        """Sets what is on hand, held pieces included. Raises Stale unless the counter has one of these versions, BelowReserved, Missing."""
        return await self.adjust_to(key, thing, set_to(on_hand, versions), reason=reason)

    async def adjust_to(self, key: str, thing: str, level: Level, *, reason: str = "", beside: Beside = _nothing) -> Counter:
        """Brings what is on hand to a level: `set_to(…)`, or `move_by(…)`. Raises what the level raises, BelowReserved, Missing."""
        line = Line(self._wish(key, thing, 0, reason=reason))
        with ADJUST.writing():
            await self._steps.together([*self._steps.adjusting(line, level), *beside(line)])
        self._tell_low([line])
        return line.counter

    def marking(self, thing: str, low_at: Callable[[], int]) -> Step:
        """From here the thing is low with so many available, or fewer; for `together`. The counter must be there."""
        return self._counters.changing(thing, lambda counter: mark_low(counter, low_at()))

    async def low(self, after: str | None, limit: int) -> Page[Counter]:
        """The things that are low, by their ids."""
        return await self._counters.find({"low": True}, after=after, limit=limit)

    async def receive(self, key: str, thing: str, quantity: int, *, reason: str = "") -> Counter:
        """Adds pieces; the first time opens the counter. Raises OtherWish for another quantity."""
        counter: Counter = (await self._steps.together(self.receiving(key, thing, quantity, reason=reason)))[-1]
        return counter

    def receiving(self, key: str, thing: str, quantity: int, *, reason: str = "", low_at: int = NEVER) -> list[Step]:
        """`receive`, for `together`. A counter that is opened is low from `low_at`."""
        if quantity < 0:
            message = "nobody receives less than nothing"
            raise Invalid(message)
        return self._steps.receiving(Line(self._wish(key, thing, quantity, reason=reason)), low_at)

    async def expire(self, now: float) -> int:
        """Releases holds that are unbound and due; how many movements. A job, in any number of copies."""
        return await self._ends.expire(now)

    async def finish(self) -> int:
        """Ends what stopped between two writes; how many movements. A job: each call looks at the next 200 counters, going round."""
        return await self._ends.finish()

    async def _held(self, key: str, lines: Mapping[str, int]) -> bool:
        """Whether the hold has been made before. Raises Gone, OtherWish."""
        found = await self.of(key)
        if found is None:
            return False
        if found.state is State.RELEASED:
            raise Gone(key=key)
        if not found.fits(lines):
            raise OtherWish(key=key)
        return found.state is not State.ASKED

    async def _undo(self, key: str, reason: str, steps: Callable[[Line], list[Step]]) -> Allotment:
        """Until nothing is left to undo: a hold, or a taking, may come in between."""
        while True:
            found = await self.of(key)
            if found is None:
                tombstone = self._wish(key, "", 0, state=State.RELEASED, reason=reason)
                await self._movements.change(tombstone.id, _as_it_is, absent=tombstone)
                continue
            left = [step for line in found.lines for step in steps(Line(line))]
            if not left:
                return found
            await self._steps.together(left)

    def _tell_low(self, lines: Sequence[Line]) -> None:
        for line in lines:
            if line.fell:
                self._on_low(line.counter)

    async def _write(self, steps: Sequence[Step]) -> None:
        if steps:
            await self._steps.together(steps)

    def _wish(self, key: str, thing: str, quantity: int, **rest: Any) -> Movement:  # noqa: ANN401 - fields of Movement
        wish = Movement(id=movement_id(key, thing), key=key, thing=thing, quantity=quantity, state=State.ASKED, created_at=self._clock())
        return replace(wish, **rest)


def _as_it_is(movement: Movement) -> Movement:
    return movement


def _allotment(key: str, lines: Sequence[Line]) -> Allotment:
    return Allotment(key, tuple(line.movement for line in lines))
