"""What `find` and `count` mean in SQL: conditions, order, and the cursor that says where a page ended."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from mallkit.errors import Invalid
from mallkit.sqlite_table import Table, plain
from mallkit.store import MOST_IN_A_PAGE, AnyOf, Prefix, Range, Term

_BOUNDS = (("ge", ">="), ("gt", ">"), ("le", "<="), ("lt", "<"))
_LAST = "\U0010ffff"
"""Sorts after every character, in UTF-8 as in code points."""
_CURSOR = msgspec.json.Decoder(tuple[str, str, str])
_INTEGERS = range(-(2**63), 2**63)


class Condition:
    """A WHERE clause under construction, with its values."""

    def __init__(self, table: Table[Any], where: Mapping[str, Any], all_of: Mapping[str, Sequence[Term]]) -> None:
        self.clauses: list[str] = []
        self.values: list[Any] = []
        self._table = table
        for name, wanted in where.items():
            self._where(name, wanted)
        for many, terms in all_of.items():
            for term in terms:
                self._has(many, term)

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

    def _has(self, many: str, term: Term) -> None:
        side = self._table.sides.get(many)
        if side is None:
            message = f"{self._table.kind.name} does not declare {many!r} as many"
            raise ValueError(message)
        if isinstance(term, Prefix):
            self.add(f"rowid IN (SELECT doc FROM {side} WHERE term >= ? AND term < ?)", term.text, term.text + _LAST)  # noqa: S608
        else:
            self.add(f"rowid IN (SELECT doc FROM {side} WHERE term = ?)", term)  # noqa: S608 - declared names only


def field_type(table: Table[Any], name: str) -> type:
    """The declared type. Raises ValueError for a field that the kind does not declare."""
    try:
        return table.types[name]
    except KeyError:
        message = f"{table.kind.name} does not declare the field {name!r}"
        raise ValueError(message) from None


def page_sql(table: Table[Any], condition: Condition, order: str, after: str | None, limit: int) -> str:
    """The statement of one page, one row more than asked for; LIMIT and OFFSET are its last two values. Adds the cursor's condition."""
    if not 0 <= limit <= MOST_IN_A_PAGE:
        message = f"a page has 0 to {MOST_IN_A_PAGE} documents, not {limit}"
        raise ValueError(message)
    name, down = order.lstrip("-"), order.startswith("-")
    field_type(table, name)
    sign, way = ("<", " DESC") if down else (">", "")
    if after is not None:
        value, last = _position(table, order, name, after)
        condition.add(f"id {sign} ?", last) if name == "id" else condition.add(f'("{name}", id) {sign} (?, ?)', value, last)
    by = f"id{way}" if name == "id" else f'"{name}"{way}, id{way}'
    return f'SELECT _version, _doc, id, "{name}" FROM {table.name}{condition.sql} ORDER BY {by} LIMIT ? OFFSET ?'  # noqa: S608


def cursor(order: str, row: Sequence[Any]) -> str:
    """Where a page ended: the order, the last value in it, the last id."""
    value = row[3] if isinstance(row[3], str) else repr(row[3])
    return base64.urlsafe_b64encode(msgspec.json.encode((order, value, row[2]))).decode().rstrip("=")


def _position(table: Table[Any], order: str, name: str, after: str) -> tuple[Any, str]:
    try:
        made_for, text, last = _CURSOR.decode(base64.b64decode(after + "=" * (-len(after) % 4), altchars=b"-_", validate=True))
        kind = table.types[name]
        value = text if kind is str else float(text) if kind is float else int(text)
    except ValueError as error:
        raise _not_ours() from error
    if made_for != order or (isinstance(value, int) and value not in _INTEGERS):
        raise _not_ours()
    return value, last


def _not_ours() -> Invalid:
    return Invalid("the cursor is not one that this list gave")
