"""A counted supply given out under keys: the counter, its movements, and the rules between them. Pure: no clock, no I/O.

Two documents tell one story. The movement (one for each key and thing) is history and says what became of the pieces; the counter says
how many there are and which movements are on their way. Whoever writes does it in an order from which `complete` and `follow` can end
the work of a process that stopped in between, and tell it from a late repetition of something that has long been done.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import NamedTuple

from mallkit.errors import Invalid, Refused, Stale
from mallkit.times import APART

EXPIRED = "expired"
"""The reason of a movement that the clock released."""


class State(StrEnum):
    """Of a movement: asked → held → taken → returned, asked or held → released; received and adjusted are final."""

    ASKED = "asked"
    HELD = "held"
    TAKEN = "taken"
    RELEASED = "released"
    RETURNED = "returned"
    RECEIVED = "received"
    ADJUSTED = "adjusted"


class Short(Refused):
    """`thing`, `wanted`, `available`; `temporary` when only others' holds are in the way."""

    slug = "allotment/short"
    title = "There are not enough pieces"


class Gone(Refused):
    """The key was released, or undone before it was used: it gives nothing any more."""

    slug = "allotment/gone"
    title = "What was held under this key has ended"


class OtherWish(Refused):
    """The key belongs to other lines, or to another order."""

    slug = "allotment/other-wish"
    title = "This key was used for something else"


class Unfinished(Refused):
    """The hold under this key is not complete: whoever began it repeats it first."""

    slug = "allotment/unfinished"
    title = "The hold under this key is not complete"
    retry_after = 1


class BelowReserved(Refused):
    """`reserved` pieces are held: there cannot be fewer on hand."""

    slug = "allotment/below-reserved"
    title = "There cannot be fewer pieces on hand than are held"


class Entry(NamedTuple):
    """A movement on its way, in the counter: HELD (reserved), TAKEN (no longer reserved), or pieces that come in.

    Pieces that come in (RECEIVED, RETURNED) count only when the entry goes, and only if the movement names the same `token`.
    """

    quantity: int
    state: State
    token: str = ""
    until: int = 0
    """For RETURNED: how many of the movement's pieces will have come back then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """How many there are of a thing; `id` is the thing's."""

    id: str
    available: int = 0
    reserved: int = 0
    version: int = 1
    """Grows whenever `on_hand` changes; holds do not change it."""
    open: dict[str, Entry] = field(default_factory=dict)
    """Movements on their way, by their ids."""

    @property
    def on_hand(self) -> int:
        """What is in the house, held or not."""
        return self.available + self.reserved


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """What became of `quantity` pieces of a thing under a key. Times are seconds since 1970.

    A movement without a thing is a tombstone: its key was undone before it was used. `quantity` of an adjustment may be negative.
    """

    id: str
    key: str
    thing: str
    quantity: int
    state: State
    created_at: float
    bound: str = ""
    """The order for which the pieces are held: the clock no longer ends it."""
    expires_at: float = 0.0
    reason: str = ""
    returned: int = 0
    token: str = ""
    """The attempt that brought the pieces in."""

    @property
    def due(self) -> float:
        """When the clock ends it; 0 for never."""
        return 0.0 if self.bound or self.state not in (State.ASKED, State.HELD) else self.expires_at


def movement_id(key: str, thing: str = "") -> str:
    """Of a key's movement; without a thing, of its tombstone. Raises Invalid for a key with a slash: another's ids could begin like it."""
    if "/" in key or not key:
        message = "a key is not empty and has no slash"
        raise Invalid(message)
    return f"{key}/{thing}"


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


def adjust(counter: Counter, movement: Movement, on_hand: int, versions: Collection[int] | None) -> Counter:
    """Sets what is on hand, for a movement only asked for. Raises Stale unless the version is one of these, BelowReserved."""
    if movement.state is not State.ASKED or movement.id in counter.open:
        return counter
    if versions is not None and counter.version not in versions:
        raise Stale(version=counter.version)
    if on_hand < counter.reserved:
        raise BelowReserved(reserved=counter.reserved, on_hand=counter.on_hand)
    entries = {**counter.open, movement.id: Entry(on_hand - counter.on_hand, State.ADJUSTED)}
    return replace(counter, available=on_hand - counter.reserved, version=counter.version + 1, open=entries)


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
