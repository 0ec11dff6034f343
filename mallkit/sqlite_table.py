"""One collection as one SQLite table: which columns, which statements, how a document becomes a row and back."""

from collections.abc import Mapping
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
        self.sides = {many: f'"{name}__{many}"' for many in kind.many}
        self._fields = tuple(kind.fields.items())
        self._updates: dict[tuple[str, ...], str] = {}
        self._decoder = msgspec.json.Decoder(kind.type)

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

    def terms(self, doc: T) -> dict[str, set[str]]:
        """The multi-valued attributes, by name."""
        return {name: set(getattr(doc, name)) for name in self.kind.many}

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
