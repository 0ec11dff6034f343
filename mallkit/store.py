"""The port to a service's store: collections of aggregates, saved together with the events they caused.

Types only; `mallkit.sqlite` is the driver that is there by default.
"""

import builtins
import re
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from mallkit.endpoint import Event as Event  # noqa: PLC0414 - services take it from the port
from mallkit.errors import Unavailable

T = TypeVar("T")
V = TypeVar("V")
NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
NOTHING: Mapping[str, Any] = MappingProxyType({})
MOST_IN_A_PAGE = 1000

Rule: TypeAlias = Callable[[T], T | tuple[T, *tuple[Event, ...]]]
"""Pure: from the newest version to the next one, with the events it causes. Returning the very same object writes nothing."""
Upcaster: TypeAlias = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Kind(Generic[T]):
    """Declares a collection. Raises ValueError when the declaration contradicts itself."""

    name: str
    """Lower case, digits and single underscores."""
    type: builtins.type[T]
    """A frozen dataclass or msgspec Struct with an attribute `id: str`."""
    fields: Mapping[str, builtins.type[Any]] = field(default_factory=dict)
    """Attributes (or properties) that `where` and `order` may name: str, int, float or bool, never None."""
    unique: tuple[tuple[str, ...], ...] = ()
    """Fields whose values together occur once; `Taken.index` is their names joined by an underscore."""
    indexes: tuple[tuple[str, ...], ...] = ()
    """Fields that `find` asks for together; the id is appended, or named last for what is asked for in the order of ids."""
    many: tuple[str, ...] = ()
    """Attributes of several strings that `all_of` may name."""
    many_by: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Of those, fields in whose order `all_of` finds as fast as by id; each costs a row for every string of a document."""
    counted: tuple[tuple[str, ...], ...] = ()
    """Fields by which documents are counted while they are written: `count` and `counts` by these read no documents."""
    version: int = 1
    """Of the document's shape. Raise it, and give an upcaster, when stored documents no longer fit the type or its indexed properties."""
    upcasters: Mapping[int, Upcaster] = field(default_factory=dict)
    """From version n to n+1, on plain JSON values."""

    def __post_init__(self) -> None:
        for name in (self.name, *self.fields, *self.many):
            if not NAME.fullmatch(name):
                message = f"{name!r} of collection {self.name!r} is not a name of lower-case words"
                raise ValueError(message)
        wrong = [name for name, kind in self.fields.items() if kind not in (str, int, float, bool) or name == "id"]
        indexed = (index[:-1] if index[1:] and index[-1] == "id" else index for index in self.indexes)
        named = (*self.unique, *indexed, *self.counted, *self.many_by.values())
        wrong += [name for index in named for name in index if name not in self.fields] + [*(self.many_by.keys() - self.many)]
        wrong += [f"version {n}" for n in range(1, self.version) if n not in self.upcasters]
        if wrong:
            message = f"collection {self.name!r} is declared wrongly at {', '.join(wrong)}"
            raise ValueError(message)


class Absent(Exception):
    """No such document."""

    def __init__(self, collection: str, id: str) -> None:  # noqa: A002 - the document's own word
        super().__init__(f"{collection} has no {id!r}")
        self.collection = collection
        self.id = id


class Taken(Exception):
    """Another document has this value already; `index` names the unique index, `id` the primary key."""

    def __init__(self, collection: str, index: str) -> None:
        super().__init__(f"{collection} has another document with this {index}")
        self.collection = collection
        self.index = index


class StoreUnavailable(Unavailable):
    """It cannot be read or written for now; of a write it is not known whether it happened."""

    slug = "store-unavailable"
    title = "The store is not available"


class CannotOpen(Exception):
    """What stands at this address is not this store, or is newer than this program; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Prefix:
    """A term of `all_of` that need only begin like this."""

    text: str


Term: TypeAlias = str | Prefix


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """A value of `where`: between bounds, each optional."""

    ge: Any = None
    gt: Any = None
    le: Any = None
    lt: Any = None


@dataclass(frozen=True, slots=True)
class AnyOf:
    """A value of `where`: one of these; of none, nothing is found."""

    values: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Part of a list; `next` is the cursor for `after`, None at the end."""

    items: list[T]
    next: str | None


@dataclass(frozen=True, slots=True)
class Adding(Generic[T]):
    """A step: insert. Its result is the document."""

    kind: Kind[T]
    doc: T
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class Changing(Generic[T]):
    """A step: apply a rule to the newest version. Its result is the document afterwards."""

    kind: Kind[T]
    id: str
    rule: Rule[T]
    absent: T | None = None


@dataclass(frozen=True, slots=True)
class Removing(Generic[T]):
    """A step: delete. Its result is whether there was something to delete."""

    kind: Kind[T]
    id: str
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class Checking(Generic[T]):
    """A step that writes nothing: `check` sees the document, or None, as the earlier steps left it, and may raise."""

    kind: Kind[T]
    id: str
    check: Callable[[T | None], None]


@dataclass(frozen=True, slots=True)
class Forgetting:
    """A step: remove outbox entries up to `upto` that are older than `before` (seconds since 1970), `most` of them, the newest one never.

    Its result is how many.
    """

    upto: int
    before: float
    most: int = 1000


Step: TypeAlias = Adding[Any] | Changing[Any] | Removing[Any] | Checking[Any] | Forgetting


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """An event that was saved with its aggregate, in CloudEvents' terms; `seq` is its place in this store's outbox."""

    seq: int
    id: str
    type: str
    subject: str
    sequence: int
    """The aggregate's revision: greater in every later write of the same document."""
    data: bytes
    traceparent: str
    at: datetime


StoredRow: TypeAlias = tuple[Kind[Any], int, Any]
"""A document as `Store.rows` gives it: its kind, its revision (1, then one more with each write), itself."""


class Collection(Protocol[T]):
    """The documents of one kind. Everything may raise StoreUnavailable."""

    async def add(self, doc: T, *events: Event) -> T:
        """Insert. Raises Taken."""
        ...

    async def get(self, id: str) -> T:  # noqa: A002 - the document's own word
        """Read the newest version. Raises Absent."""
        ...

    async def find(  # noqa: PLR0913 - the five ways to narrow a list, all optional and by name
        self,
        where: Mapping[str, Any] = NOTHING,
        *,
        order: str = "id",
        after: str | None = None,
        limit: int = 50,
        offset: int = 0,
        all_of: Mapping[str, Sequence[Term]] = NOTHING,
    ) -> Page[T]:
        """A page of the documents that fit.

        `where`: field (or `id`) → value, Range or AnyOf. `order`: a field, `-field` for descending; ties go by id. `after`: the `next`
        of a page asked for in the same order. `limit`: at most 1000. `all_of`: multi-valued attribute → terms that must all be there;
        with it a page may end early, even empty, and `next` goes on: a store looks at so many documents a page and no more.
        Raises mallkit.errors.Invalid for a cursor that is not ours.
        """
        ...

    async def count(self, where: Mapping[str, Any] = NOTHING, all_of: Mapping[str, Sequence[Term]] = NOTHING) -> int:
        """How many documents fit."""
        ...

    async def counts(self, by: str, where: Mapping[str, Any] = NOTHING) -> dict[Any, int]:
        """How many documents fit, per value of a field."""
        ...

    async def change(self, id: str, rule: Rule[T], *, absent: T | None = None) -> T:  # noqa: A002 - as get
        """Apply the rule to the newest version, atomically, and save what it returns with its events.

        `absent` is what the rule starts from when there is no such document; the result is then inserted, changed or not.
        Without it raises Absent; raises Taken, and whatever the rule raises, with nothing written.
        """
        ...

    async def remove(self, id: str, *events: Event) -> bool:  # noqa: A002 - as get
        """Delete; the events are saved only if there was something to delete, which is also the answer."""
        ...

    def adding(self, doc: T, *events: Event) -> Step:
        """`add`, for `together`."""
        ...

    def changing(self, id: str, rule: Rule[T], *, absent: T | None = None) -> Step:  # noqa: A002 - as get
        """`change`, for `together`."""
        ...

    def removing(self, id: str, *events: Event) -> Step:  # noqa: A002 - as get
        """`remove`, for `together`."""
        ...

    def checking(self, id: str, check: Callable[[T | None], None]) -> Step:  # noqa: A002 - as get
        """A look at a document between the steps of `together`; raising there undoes all of them."""
        ...


class Store(Protocol):
    """All collections of one service."""

    def __getitem__(self, kind: Kind[V]) -> Collection[V]: ...

    async def together(self, *steps: Step) -> list[Any]:
        """The steps' results in order. Each step sees the effects of the earlier ones; an exception undoes all of them.

        One commit where the engine has transactions; in the given order where it has not.
        """
        ...

    async def ping(self) -> None:
        """Raise StoreUnavailable unless the store can be read."""
        ...

    async def outbox(self, after: int, limit: int) -> list[OutboxEntry]:
        """Saved events with `seq` above `after`, oldest first."""
        ...

    async def newest_event(self) -> int:
        """The greatest `seq` in the outbox, 0 when nothing ever happened."""
        ...

    def on_events(self, tell: Callable[[], None]) -> None:
        """`tell` is called, in the event loop, after each commit of this process that saved events."""
        ...

    def rows(self, kinds: Sequence[Kind[Any]], *, at_once: int = 100) -> AsyncGenerator[list[StoredRow], None]:
        """All documents of these collections as of one moment, in batches. Whoever stops half way closes it: `aclosing(store.rows(…))`."""
        ...
