"""How the rules of an allotment become the steps of one `together`, in the order from which a stopped one can be ended."""

from collections.abc import Callable, Sequence
from typing import Any

from mallkit.allotment_rules import Level, adjust, ask, bring, come_back, complete, follow, release, reserve, settle
from mallkit.allotment_words import Counter, Entry, Gone, Movement, State, movement_id
from mallkit.errors import Missing
from mallkit.ids import new_id
from mallkit.store import Absent, Collection, Step, Store


class Line:
    """One movement on its way through the steps: each leaves here what it saw, for the next one."""

    def __init__(self, movement: Movement) -> None:
        self.movement = movement
        self.counter = Counter(id=movement.thing)
        self.entry: Entry | None = None
        self.moved = False
        self.fell = False
        """Whether the thing became low in this very write."""

    def moves(self, rule: Callable[[Movement], Movement]) -> Callable[[Movement], Movement]:
        """A rule for the movement."""

        def seen(movement: Movement) -> Movement:
            self.movement = rule(movement)
            self.moved = self.movement is not movement
            return self.movement

        return seen

    def counts(self, rule: Callable[[Counter], Counter]) -> Callable[[Counter], Counter]:
        """A rule for the counter."""

        def seen(counter: Counter) -> Counter:
            self.counter = after = rule(counter)
            self.fell |= after.low and not counter.low
            self.entry = after.open.get(self.movement.id)
            return after

        return seen


class Steps:
    """The steps over one supply's two collections."""

    def __init__(self, store: Store, counters: Collection[Counter], movements: Collection[Movement]) -> None:
        self._store = store
        self._counters = counters
        self._movements = movements

    async def together(self, steps: Sequence[Step]) -> list[Any]:
        """Raises Missing for a thing that was never counted."""
        try:
            return await self._store.together(*steps)
        except Absent as error:
            raise Missing(thing=error.id) from error

    def asking(self, line: Line) -> Step:
        """Movement first: it is asked for, or it is there already."""
        wish = line.movement
        return self._movements.changing(wish.id, line.moves(lambda movement: ask(movement, wish)), absent=wish)

    def unused(self, key: str) -> Step:
        """Raises Gone when there is a tombstone: asked after the movements are there, for whoever undoes looks in the other order."""

        def check(tombstone: Movement | None) -> None:
            if tombstone is not None:
                raise Gone(key=key)

        return self._movements.checking(movement_id(key), check)

    def counting(self, line: Line, rule: Callable[[Counter], Counter], absent: Counter | None = None) -> list[Step]:
        """The counter with the movement's id, then the movement's new state, then the counter without the id."""
        thing, ending = line.movement.thing, line.counts(lambda counter: follow(counter, line.movement))
        return [
            self._counters.changing(thing, line.counts(rule), absent=absent),
            self._movements.changing(line.movement.id, line.moves(lambda movement: complete(movement, line.entry))),
            self._counters.changing(thing, ending),
        ]

    def reserving(self, line: Line) -> list[Step]:
        """Raises Short."""
        return self.counting(line, lambda counter: reserve(counter, line.movement))

    def settling(self, line: Line) -> list[Step]:
        """Takes."""
        return self.counting(line, lambda counter: settle(counter, line.movement.id))

    def receiving(self, line: Line, low_at: int) -> list[Step]:
        """Brings in what is only asked for; opens the counter."""
        entry = Entry(line.movement.quantity, State.RECEIVED, new_id())
        rule: Callable[[Counter], Counter] = lambda counter: bring(  # noqa: E731 - one step's rule, said where it is used
            counter, line.movement.id, entry if line.movement.state is State.ASKED else None
        )
        return [self.asking(line), *self.counting(line, rule, Counter(id=line.movement.thing, low_at=low_at))]

    def adjusting(self, line: Line, level: Level) -> list[Step]:
        """Brings what is on hand to a level. Raises what the level raises, BelowReserved."""
        first = self._movements.changing(line.movement.id, line.moves(lambda movement: movement), absent=line.movement)
        return [first, *self.counting(line, lambda counter: adjust(counter, line.movement, level))]

    def returning(self, line: Line, until: int | None) -> list[Step]:
        """Brings back until so many have come."""
        token = new_id()
        entry: Entry | None = None

        def check(movement: Movement | None) -> None:
            nonlocal entry
            entry = come_back(movement, until, token)

        looking = self._movements.checking(line.movement.id, check)
        return [looking, *self.counting(line, lambda counter: bring(counter, line.movement.id, entry))]

    def ending(self, line: Line, rule: Callable[[Movement], Movement]) -> list[Step]:
        """The movement ends by this rule, then its pieces go back: here the movement decides, for only it knows whether it is bound."""
        following = line.counts(lambda counter: follow(counter, line.movement))
        return [self._movements.changing(line.movement.id, line.moves(rule)), self._counters.changing(line.movement.thing, following)]

    def releasing(self, line: Line, reason: str) -> list[Step]:
        """Ends what is held."""
        return self.ending(line, lambda movement: release(movement, reason))

    def completing(self, line: Line) -> list[Step]:
        """Ends what stopped between the writes."""
        return self.counting(line, lambda counter: counter)
