"""A counted supply given out under keys: the counter, its movements, and the refusals."""

from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct, field

from mallkit.errors import Invalid, Refused
from mallkit.store import Kind

NEVER = -1
"""A level that no thing falls to."""
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


class BelowZero(Refused):
    """`on_hand` pieces are there, `delta` would take away more."""

    slug = "allotment/below-zero"
    title = "There are not that many pieces"


class Entry(NamedTuple):
    """A movement on its way, in the counter: HELD (reserved), TAKEN (no longer reserved), or pieces that come in.

    Pieces that come in (RECEIVED, RETURNED) count only when the entry goes, and only if the movement names the same `token`.
    """

    quantity: int
    state: State
    token: str = ""
    until: int = 0
    """For RETURNED: how many of the movement's pieces will have come back then."""


class Counter(Struct, frozen=True, kw_only=True):
    """How many there are of a thing; `id` is the thing's."""

    id: str
    available: int = 0
    reserved: int = 0
    version: int = 1
    """Grows whenever `on_hand` changes; holds do not change it."""
    open: dict[str, Entry] = field(default_factory=dict)
    """Movements on their way, by their ids."""
    low_at: int = NEVER
    """With so many available, or fewer, the thing is low."""

    @property
    def on_hand(self) -> int:
        """What is in the house, held or not."""
        return self.available + self.reserved

    @property
    def low(self) -> bool:
        """Indexed: a write touches that index only when a thing becomes low, or is no longer."""
        return self.available <= self.low_at


class Movement(Struct, frozen=True, kw_only=True):
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


def kinds(prefix: str) -> tuple[Kind[Counter], Kind[Movement]]:
    """The two collections of one supply: `<prefix>_counters` and `<prefix>_movements`."""
    return (
        Kind(name=f"{prefix}_counters", type=Counter, fields={"low": bool}),
        Kind(name=f"{prefix}_movements", type=Movement, fields={"due": float}),
    )
