"""What `find` and `count` mean in SQL: conditions, order, and the cursor that says where a page ended."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec

from mallkit.errors import Invalid
from mallkit.sqlite_table import Side, Table, plain
from mallkit.store import MOST_IN_A_PAGE, AnyOf, Prefix, Range, Term

Place: TypeAlias = tuple[Any, str]
"""Of a document in a list: the value that the list is sorted by, and the id."""
_BOUNDS = (("ge", ">="), ("gt", ">"), ("le", "<="), ("lt", "<"))
LAST = "\U0010ffff"
"""Sorts after every character, in UTF-8 as in code points."""
_CURSOR = msgspec.json.Decoder(tuple[str, str, str])
_INTEGERS = range(-(2**63), 2**63)


class Condition:
    """A WHERE clause under construction, with its values."""

    def __init__(self, table: Table[Any], where: Mapping[str, Any]) -> None:
        self.clauses: list[str] = []
        self.values: list[Any] = []
        self._table = table
        for name, wanted in where.items():
            self._where(name, wanted)

    @property
    def sql(self) -> str:
        """With a leading space, or nothing."""
        return " WHERE " + " AND ".join(self.clauses) if self.clauses else ""

    def add(self, clause: str, *values: object) -> None:
        """One more thing that must hold."""
        self.clauses.append(clause)
        self.values += values

    def _where(self, name: str, wanted: Any) -> None:  # noqa: ANN401 - what a field holds, Range or AnyOf
        kind = field_type(self._table, name)
        if isinstance(wanted, Range):
            for bound, sign in _BOUNDS:
                value = getattr(wanted, bound)
                if value is not None:
                    self.add(f'"{name}" {sign} ?', plain(kind, value, name))
        elif isinstance(wanted, AnyOf):
            self.add(f'"{name}" IN ({", ".join("?" * len(wanted.values))})', *(plain(kind, value, name) for value in wanted.values))
        else:
            self.add(f'"{name}" = ?', plain(kind, wanted, name))

    def has(self, many: str, term: Term) -> None:
        """The document has the term."""
        listed = side_of(self._table, many).lists["id"]
        if isinstance(term, Prefix):
            self.add(f"rowid IN (SELECT doc FROM {listed} WHERE term >= ? AND term < ?)", term.text, term.text + LAST)  # noqa: S608
        else:
            self.add(f"rowid IN (SELECT doc FROM {listed} WHERE term = ?)", term)  # noqa: S608 - declared names only


@dataclass(frozen=True, slots=True)
class Order:
    """How a list is sorted, as `find` is told: by a field or by `-field`, ties by id."""

    text: str
    name: str
    down: bool

    @classmethod
    def read(cls, table: Table[Any], text: str) -> "Order":
        """Raises ValueError for a field that the kind does not declare."""
        name = text.lstrip("-")
        field_type(table, name)
        return cls(text, name, text.startswith("-"))

    @property
    def way(self) -> str:
        """For ORDER BY."""
        return " DESC" if self.down else ""

    def by(self, prefix: str = "") -> str:
        """The whole ORDER BY."""
        columns = ["id"] if self.name == "id" else [f'"{self.name}"', "id"]
        return ", ".join(f"{prefix}{column}{self.way}" for column in columns)

    def behind(self, place: Place, prefix: str = "") -> tuple[str, tuple[Any, ...]]:
        """The clause for what comes after a place, with its values."""
        sign = "<" if self.down else ">"
        return self._beside(place, sign, prefix)

    def up_to(self, place: Place, prefix: str = "") -> tuple[str, tuple[Any, ...]]:
        """The clause for what comes before a place, or stands there."""
        return self._beside(place, ">=" if self.down else "<=", prefix)

    def _beside(self, place: Place, sign: str, prefix: str) -> tuple[str, tuple[Any, ...]]:
        if self.name == "id":
            return f"{prefix}id {sign} ?", place[1:]
        return f'({prefix}"{self.name}", {prefix}id) {sign} (?, ?)', place


def side_of(table: Table[Any], many: str) -> Side:
    """Raises ValueError for an attribute that the kind does not declare as many."""
    try:
        return table.sides[many]
    except KeyError:
        message = f"{table.kind.name} does not declare {many!r} as many"
        raise ValueError(message) from None


def field_type(table: Table[Any], name: str) -> type:
    """The declared type. Raises ValueError for a field that the kind does not declare."""
    try:
        return table.types[name]
    except KeyError:
        message = f"{table.kind.name} does not declare the field {name!r}"
        raise ValueError(message) from None


def check_limit(limit: int) -> None:
    """Raises ValueError for a page that is too long."""
    if not 0 <= limit <= MOST_IN_A_PAGE:
        message = f"a page has 0 to {MOST_IN_A_PAGE} documents, not {limit}"
        raise ValueError(message)


def page_sql(table: Table[Any], condition: Condition, order: Order, after: Place | None) -> str:
    """The statement of one page; LIMIT and OFFSET are its last two values. Adds the place's condition."""
    if after is not None:
        clause, values = order.behind(after)
        condition.add(clause, *values)
    return f'SELECT "{order.name}", id, _version, _doc FROM {table.name}{condition.sql} ORDER BY {order.by()} LIMIT ? OFFSET ?'  # noqa: S608


def cursor(order: Order, place: Place) -> str:
    """Where a page ended: the order, the last value in it, the last id."""
    value = place[0] if isinstance(place[0], str) else repr(place[0])
    return base64.urlsafe_b64encode(msgspec.json.encode((order.text, value, place[1]))).decode().rstrip("=")


def place_of(table: Table[Any], order: Order, after: str) -> Place:
    """What a cursor says. Raises Invalid for one that is not ours."""
    try:
        made_for, text, last = _CURSOR.decode(base64.b64decode(after + "=" * (-len(after) % 4), altchars=b"-_", validate=True))
        kind = table.types[order.name]
        value = text if kind is str else float(text) if kind is float else int(text)
    except ValueError as error:
        raise _not_ours() from error
    if made_for != order.text or (isinstance(value, int) and value not in _INTEGERS):
        raise _not_ours()
    return value, last


def _not_ours() -> Invalid:
    return Invalid("the cursor is not one that this list gave")
