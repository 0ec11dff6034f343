"""A counted supply given out under keys: the rules between the counter and its movements. Pure: no clock, no I/O.

Two documents tell one story. The movement (one for each key and thing) is history and says what became of the pieces; the counter says
how many there are and which movements are on their way. Whoever writes does it in an order from which `complete` and `follow` can end
the work of a process that stopped in between, and tell it from a late repetition of something that has long been done.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from msgspec.structs import replace

from mallkit.allotment_words import (
    EXPIRED,
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
)
from mallkit.errors import Stale
from mallkit.times import APART

Level = Callable[[Counter], int]
"""What is to be on hand, from the counter as it stands; raises what forbids it."""


def ask(movement: Movement, wish: Movement) -> Movement:
    """Whether the movement found under the key is the one wished for. Raises Gone, OtherWish."""
    if movement.state is State.RELEASED:
        raise Gone(key=movement.key)
    if movement.quantity != wish.quantity:
        raise OtherWish(key=movement.key)
    return movement


def reserve(counter: Counter, movement: Movement) -> Counter:
    """Holds the pieces of a movement that is only asked for. Raises Short."""
    if movement.state is not State.ASKED or movement.id in counter.open:
        return counter
    wanted = movement.quantity
    if wanted > counter.available:
        waiting = wanted <= counter.on_hand
        raise Short(thing=counter.id, wanted=wanted, available=counter.available, temporary=waiting)
    entries = {**counter.open, movement.id: Entry(wanted, State.HELD)}
    return replace(counter, available=counter.available - wanted, reserved=counter.reserved + wanted, open=entries)


def bind(movement: Movement, order: str) -> Movement:
    """Raises Gone when it was released, OtherWish when it is another order's, Unfinished."""
    if movement.state is State.RELEASED:
        raise Gone(key=movement.key)
    if movement.bound == order:
        return movement
    if movement.bound or movement.state not in (State.ASKED, State.HELD):
        raise OtherWish(key=movement.key)
    if movement.state is State.ASKED:
        raise Unfinished(key=movement.key)
    return replace(movement, bound=order)


def release(movement: Movement, reason: str) -> Movement:
    """Ends what is asked for or held; anything else stays as it is."""
    if movement.state in (State.ASKED, State.HELD):
        return replace(movement, state=State.RELEASED, reason=reason)
    return movement


def expire(movement: Movement, now: float) -> Movement:
    """As `release`, if the clock may: at its time, or if it was made at a time that is still to come."""
    made_ahead = movement.created_at > now + APART
    return release(movement, EXPIRED) if movement.due > 0 and (movement.due <= now or made_ahead) else movement


def settle(counter: Counter, movement_id: str) -> Counter:
    """The first half of taking: the pieces held leave the house."""
    entry = counter.open.get(movement_id)
    if entry is None or entry.state is not State.HELD:
        return counter
    entries = {**counter.open, movement_id: entry._replace(state=State.TAKEN)}
    return replace(counter, reserved=counter.reserved - entry.quantity, version=counter.version + 1, open=entries)


def come_back(movement: Movement | None, until: int | None, token: str) -> Entry | None:
    """What brings pieces that were taken back, until this many have come (None: all). Raises OtherWish for more than were taken."""
    if movement is None or movement.state not in (State.TAKEN, State.RETURNED):
        return None
    until = movement.quantity if until is None else until
    if not 0 <= until <= movement.quantity:
        raise OtherWish(key=movement.key, thing=movement.thing, taken=movement.quantity)
    return Entry(until - movement.returned, State.RETURNED, token, until) if until > movement.returned else None


def bring(counter: Counter, movement_id: str, entry: Entry | None) -> Counter:
    """The first half of bringing pieces in: announced, not yet counted."""
    if entry is None or movement_id in counter.open:
        return counter
    return replace(counter, open={**counter.open, movement_id: entry})


def set_to(on_hand: int, versions: Collection[int] | None) -> Level:
    """So many; raises Stale unless the counter has one of these versions."""

    def level(counter: Counter) -> int:
        if versions is not None and counter.version not in versions:
            raise Stale(version=counter.version)
        return on_hand

    return level


def move_by(delta: int) -> Level:
    """So many more, or fewer; raises BelowZero for more than there are."""

    def level(counter: Counter) -> int:
        if counter.on_hand + delta < 0:
            raise BelowZero(on_hand=counter.on_hand, delta=delta)
        return counter.on_hand + delta

    return level


def adjust(counter: Counter, movement: Movement, level: Level) -> Counter:
    """Brings what is on hand to a level, for a movement only asked for. Raises what the level raises, BelowReserved."""
    if movement.state is not State.ASKED or movement.id in counter.open:
        return counter
    on_hand = level(counter)
    if on_hand < counter.reserved:
        raise BelowReserved(reserved=counter.reserved, on_hand=counter.on_hand)
    entries = {**counter.open, movement.id: Entry(on_hand - counter.on_hand, State.ADJUSTED)}
    return replace(counter, available=on_hand - counter.reserved, version=counter.version + 1, open=entries)


def mark_low(counter: Counter, low_at: int) -> Counter:
    """Low from here on with so many available."""
    return counter if counter.low_at == low_at else replace(counter, low_at=low_at)


def complete(movement: Movement, entry: Entry | None) -> Movement:
    """The movement's next state while its entry stands in the counter."""
    if entry is None:
        return movement
    waiting = movement.state in (State.ASKED, State.HELD)
    if entry.state is State.RETURNED:
        if movement.returned != entry.until - entry.quantity or movement.state is not State.TAKEN:
            return movement
        state = State.RETURNED if entry.until == movement.quantity else State.TAKEN
        return replace(movement, state=state, returned=entry.until, token=entry.token)
    if not waiting or movement.state is entry.state:
        return movement
    quantity = entry.quantity if entry.state is State.ADJUSTED else movement.quantity
    return replace(movement, state=entry.state, quantity=quantity, token=entry.token)


def follow(counter: Counter, movement: Movement) -> Counter:
    """Ends the entry of a movement that has come as far as the entry says. A late repetition's pieces go back."""
    entry = counter.open.get(movement.id)
    if entry is None or complete(movement, entry) is not movement or movement.state is State.HELD:
        return counter
    available, reserved, changed = counter.available, counter.reserved, 0
    if entry.state is State.HELD:
        available, reserved = available + entry.quantity, reserved - entry.quantity
    elif (entry.state is State.TAKEN and movement.state is State.RELEASED) or (
        entry.state in (State.RECEIVED, State.RETURNED) and movement.token == entry.token
    ):
        available, changed = available + entry.quantity, 1
    entries = {key: value for key, value in counter.open.items() if key != movement.id}
    return replace(counter, available=available, reserved=reserved, version=counter.version + changed, open=entries)


@dataclass(frozen=True, slots=True)
class Balance:
    """What the movements of one thing say: received = available + reserved + sold - returned."""

    received: int
    reserved: int
    sold: int
    returned: int

    @property
    def available(self) -> int:
        """What must be left."""
        return self.received - self.reserved - self.sold + self.returned

    def agrees(self, counter: Counter) -> bool:
        """Whether the counter tells the same, nothing being on its way but holds."""
        return (self.available, self.reserved) == (counter.available, counter.reserved)


def balance(movements: Iterable[Movement]) -> Balance:
    """Reckons a thing's movements up."""
    sums = dict.fromkeys(State, 0)
    returned = 0
    for movement in movements:
        sums[movement.state] += movement.quantity
        returned += movement.returned
    sold = sums[State.TAKEN] + sums[State.RETURNED]
    return Balance(sums[State.RECEIVED] + sums[State.ADJUSTED], sums[State.HELD], sold, returned)


@dataclass(frozen=True, slots=True)
class Allotment:
    """What stands under a key: a movement for each thing, none when the key was undone before it was used."""

    key: str
    lines: tuple[Movement, ...]

    @property
    def state(self) -> State:
        """The whole key's: its lines go together, except that pieces may come back singly."""
        states = {line.state for line in self.lines}
        for state in (State.RELEASED, State.ASKED, State.HELD, State.TAKEN, State.RETURNED):
            if state in states:
                return state
        return State.RELEASED

    def fits(self, lines: Mapping[str, int]) -> bool:
        """Whether these are its things and quantities; a hold that stopped while asking may have asked for some of them only."""
        known = {line.thing: line.quantity for line in self.lines}
        return known == lines or (self.state is State.ASKED and known.items() <= lines.items())
