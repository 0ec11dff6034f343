"""What an invariant is: a pure look at the books that tells what does not fit, and how long that may stand before it counts."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from contracts.audit import Row
from contracts.order import Status
from mall.auditing.books import Books

MONEY_TAKEN = frozenset({Status.PAID, Status.SHIPPED, Status.COMPLETED})


class Patience(Enum):
    """How long a suspect may be just something on its way."""

    NONE = "none"
    """It stands inside one moment of one service: it counts at once."""
    GRACE = "grace"
    """It lies between services that were not read at one moment, or waits for a job."""
    PUBLISH = "publish"
    """It is an event on its way to the bus."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """Something that does not fit. `versions` are those of all rows that say so: with another one it is another suspect.

    Without versions it is what should have ended: it stays the same suspect however often somebody has tried to end it.
    """

    invariant: str
    id: str
    told: str
    patience: Patience
    versions: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str, tuple[str, ...]]:
        """By which it is found again in the next reading."""
        return self.invariant, self.id, self.versions


class Tell(Protocol):
    """How a check names what does not fit: an id, a sentence with the figures, and the rows that were looked at."""

    def __call__(self, id: str, told: str, *rows: Row | None) -> None:  # noqa: A002 - the thing's own word
        """Absent rows are None."""
        ...


@dataclass(frozen=True)
class Invariant:
    """A check gives the number of things that it looked at; its docstring says what must hold."""

    name: str
    patience: Patience
    check: Callable[[Books, Tell], int]

    @property
    def meaning(self) -> str:
        """One sentence."""
        return (self.check.__doc__ or "").strip()


@dataclass(frozen=True, slots=True)
class Finding:
    """What one invariant's look at the books gave."""

    invariant: Invariant
    checked: int
    suspects: tuple[Suspect, ...]


def examine(books: Books, invariants: Sequence[Invariant]) -> list[Finding]:
    """All invariants, in their order."""
    return [_look(books, invariant) for invariant in invariants]


def _look(books: Books, invariant: Invariant) -> Finding:
    found: list[Suspect] = []

    def tell(id: str, told: str, *rows: Row | None) -> None:  # noqa: A002 - as Tell
        found.append(Suspect(invariant.name, id, told, invariant.patience, _versions(rows)))

    return Finding(invariant, invariant.check(books, tell), tuple(found))


def _versions(rows: Iterable[Row | None]) -> tuple[str, ...]:
    return tuple(sorted(f"{type(row).__name__.lower()} {row.id}@{row.revision}" for row in rows if row is not None))
