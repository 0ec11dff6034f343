"""One collection as one SQLite table: which columns, which statements, how a document becomes a row and back."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Generic, TypeVar

import msgspec

from mallkit.store import Kind, StoreUnavailable

T = TypeVar("T")
COLUMN = {
    str: "TEXT NOT NULL DEFAULT ''",
    int: "INTEGER NOT NULL DEFAULT 0",
    float: "REAL NOT NULL DEFAULT 0",
    bool: "INTEGER NOT NULL DEFAULT 0",
}
_ENCODER = msgspec.json.Encoder()


class Side:
    """The terms of one multi-valued attribute: which each document has, and for each term the documents in every order declared.

    `of` has rows (doc, term); `lists`, by the order's field, have (term, value of the field, id, doc), by `id` without the value. `doc` is
    the document's rowid.
    """

    def __init__(self, kind: Kind[Any], many: str) -> None:
        self.many = many
        self.of = f'"{kind.name}__{many}"'
        self.lists = {name: f'"{kind.name}__{many}__by__{name}"' for name in ("id", *kind.many_by.get(many, ()))}
        self.add = f"INSERT INTO {self.of} (doc, term) VALUES (?, ?)"  # noqa: S608 - declared names only
        self.drop = f"DELETE FROM {self.of} WHERE doc = ? AND term = ?"  # noqa: S608 - declared names only
        first, later = (
            f"SELECT term FROM {self.lists['id']} WHERE term {sign} AND term < ?2 ORDER BY term LIMIT 1"  # noqa: S608 - as above
            for sign in (">= ?1", "> w.term")
        )
        self.words = (
            f"WITH RECURSIVE w(term) AS (SELECT ({first}) UNION ALL SELECT ({later}) FROM w WHERE w.term IS NOT NULL LIMIT ?3) "  # noqa: S608
            "SELECT term FROM w WHERE term IS NOT NULL"
        )
        self.stored = f"SELECT term FROM {self.of} WHERE doc = ?"  # noqa: S608 - declared names only

    def key(self, order: str) -> str:
        """The columns of a list after its term: together with the term they are its primary key."""
        return "id" if order == "id" else f'"{order}", id'

    def enlist(self, order: str) -> str:
        """The statement that takes (term, key, doc)."""
        values = "?, ?, ?" if order == "id" else "?, ?, ?, ?"
        return f"INSERT INTO {self.lists[order]} (term, {self.key(order)}, doc) VALUES ({values})"  # noqa: S608 - declared names only

    def delist(self, order: str) -> str:
        """The statement that takes (term, key)."""
        columns = "id = ?" if order == "id" else f'"{order}" = ? AND id = ?'
        return f"DELETE FROM {self.lists[order]} WHERE term = ? AND {columns}"  # noqa: S608 - declared names only


class Count:
    """A table of how many documents there are for each combination of some fields; triggers keep it, whoever writes."""

    def __init__(self, kind: Kind[Any], fields: tuple[str, ...]) -> None:
        self.fields = fields
        self.plain_name = f"{kind.name}__counted__{'__'.join(fields)}"
        self.name = f'"{self.plain_name}"'


def plain(wanted: type, value: Any, name: str) -> Any:  # noqa: ANN401 - what a field holds
    """The value as SQLite keeps it; enumerations become what they stand for. Raises TypeError for another type, None included."""
    if type(value) is wanted and wanted is not bool:
        return value
    if wanted is str and isinstance(value, str):
        return str.__str__(value)
    if wanted in (int, bool) and isinstance(value, int):
        return int(value)
    if wanted is float and isinstance(value, float | int):
        return float(value)
    message = f"{name} must be {wanted.__name__}, is {value!r}"
    raise TypeError(message)


def indexes_of(kind: Kind[Any]) -> list[tuple[str, ...]]:
    """The columns of every index that is not unique: those declared, and one for each field that none begins with; ids come last."""
    covered = set(kind.indexes) | {(field,) for field in kind.fields if (field,) not in kind.unique}
    kept = [index for index in sorted(covered) if not any(other != index and other[: len(index)] == index for other in covered)]
    return [index if index[-1] == "id" else (*index, "id") for index in kept]


class Table(Generic[T]):
    """What a kind means in SQL. Its statements are made once, so that SQLite's own cache finds them again."""

    def __init__(self, kind: Kind[T]) -> None:
        name, fields = kind.name, tuple(kind.fields)
        self.kind = kind
        self.name = f'"{name}"'
        self.types: Mapping[str, type] = {"id": str, **kind.fields}
        self.get = f'SELECT _version, _doc FROM "{name}" WHERE id = ?'  # noqa: S608 - declared names only
        self.load = f'SELECT rowid, _rev, _version, _doc FROM "{name}" WHERE id = ?'  # noqa: S608 - declared names only
        columns = ", ".join(["id", "_rev", "_version", "_doc", *(f'"{field}"' for field in fields)])
        self.insert = f'INSERT INTO "{name}" ({columns}) VALUES ({", ".join("?" * (4 + len(fields)))})'  # noqa: S608 - declared names only
        self.delete = f'DELETE FROM "{name}" WHERE rowid = ?'  # noqa: S608 - declared names only
        self.sides = {many: Side(kind, many) for many in kind.many}
        self.counts = [Count(kind, fields) for fields in kind.counted]
        self.indexes = indexes_of(kind)
        self._fields = tuple(kind.fields.items())
        self._updates: dict[tuple[str, ...], str] = {}
        self._decoder = msgspec.json.Decoder(kind.type)

    def by_rowid(self, rowids: Sequence[int]) -> tuple[str, Sequence[int]]:
        """The statement for these documents, each with its rowid, and its values."""
        some = ", ".join("?" * len(rowids))
        return f"SELECT rowid, _version, _doc FROM {self.name} WHERE rowid IN ({some})", rowids  # noqa: S608 - declared names only

    def encode(self, doc: T) -> str:
        """The document as JSON text, which an operator's tools can read too."""
        return _ENCODER.encode(doc).decode()

    def decode(self, version: int, text: str) -> T:
        """The document, brought up to the present version."""
        if version == self.kind.version:
            return self._decoder.decode(text)
        if version > self.kind.version:
            message = "a document was written by a newer release"
            raise StoreUnavailable(message)
        raw = msgspec.json.decode(text)
        for step in range(version, self.kind.version):
            raw = self.kind.upcasters[step](raw)
        return self._decoder.decode(_ENCODER.encode(raw))

    def values(self, doc: T) -> list[Any]:
        """The indexed fields, in the declared order."""
        return [plain(wanted, getattr(doc, name), f"{self.kind.name}.{name}") for name, wanted in self._fields]

    def terms(self, doc: T, side: Side) -> set[str]:
        """Of one multi-valued attribute."""
        return set(getattr(doc, side.many))

    def keys(self, doc: T, side: Side) -> dict[str, tuple[Any, ...]]:
        """Where a document stands in the side's lists: the list's order → its key there."""
        key = str(getattr(doc, "id"))  # noqa: B009 - T is not known to have one
        others = {name: (plain(self.types[name], getattr(doc, name), name), key) for name in side.lists if name != "id"}
        return {"id": (key,), **others}

    def is_sorted(self, fields: Collection[str], order: str) -> bool:
        """Whether an index has all documents with one value of each of these fields in this order."""
        rest = ("id",) if order == "id" else (order, "id")
        return any(set(index[: len(fields)]) == set(fields) and index[len(fields) :] == rest for index in self.indexes)

    def counted(self, fields: Collection[str]) -> Count | None:
        """The smallest count that knows all these fields, if there is one."""
        fitting = [count for count in self.counts if set(fields) <= set(count.fields)]
        return min(fitting, key=lambda count: len(count.fields), default=None)

    def update(self, before: list[Any], after: list[Any]) -> tuple[str, list[Any]]:
        """The statement that writes only what differs (an index whose column is named is rewritten), and those values."""
        changed = tuple(name for (name, _), old, new in zip(self._fields, before, after, strict=True) if old != new)
        sql = self._updates.get(changed)
        if sql is None:
            columns = ", ".join(f"{column} = ?" for column in ("_rev", "_version", "_doc", *(f'"{name}"' for name in changed)))
            sql = self._updates[changed] = f"UPDATE {self.name} SET {columns} WHERE rowid = ?"  # noqa: S608 - declared names only
        return sql, [new for old, new in zip(before, after, strict=True) if old != new]

    def conflict(self, error: str) -> str:
        """Which unique index SQLite's message names: `UNIQUE constraint failed: orders.a, orders.b` → `a_b`."""
        return "_".join(column.rpartition(".")[2] for column in error.partition(": ")[2].split(", "))
