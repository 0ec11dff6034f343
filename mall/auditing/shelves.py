"""Where a reading puts its rows: in memory while they are few, and what is more in a file that is gone when the reading is.

So a mall of a million orders can be audited in the memory of a small one.
"""

import sqlite3
from collections.abc import ItemsView, Iterator, MutableMapping, ValuesView
from typing import Any, Generic, TypeVar

import msgspec

from contracts import audit

R = TypeVar("R")
M = TypeVar("M", bound=audit.Movement)
MOST_IN_MEMORY = 20_000
"""Rows of one shelf."""
KIB_OF_CACHE = 16 * 1024


class Archive:
    """A file without a name: SQLite writes it once its cache is full, into the folder for temporary files, and removes it when closed."""

    def __init__(self) -> None:
        # Read by a thread and filled by the event loop, never at the same time.
        self._connection = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode=OFF", "synchronous=OFF", f"cache_size=-{KIB_OF_CACHE}"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._tables = 0

    def table(self, columns: str) -> str:
        """The name of a new one."""
        self._tables += 1
        name = f"t{self._tables}"
        self._connection.execute(f"CREATE TABLE {name} ({columns}) WITHOUT ROWID")
        return name

    def ask(self, sql: str, *values: Any) -> sqlite3.Cursor:  # noqa: ANN401 - what SQLite takes
        """One statement."""
        return self._connection.execute(sql, values)

    def put(self, sql: str, rows: Iterator[tuple[Any, ...]]) -> None:
        """One statement for each row. Raises sqlite3.Error, where the disk is full; then nothing more can be read here."""
        self._connection.execute("BEGIN")
        self._connection.executemany(sql, rows)
        self._connection.execute("COMMIT")


class Shelf(MutableMapping[str, R]):
    """A mapping from ids to rows of one type, which msgspec can write. Values are copies: what is changed is put again."""

    def __init__(self, archive: Archive, kind: type[R], most: int = MOST_IN_MEMORY) -> None:
        self._archive, self._most = archive, most
        self._held: dict[str, R] = {}
        self._table = ""
        """In the archive; empty while everything is held."""
        self._encode, self._decode = msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder(kind).decode

    def __setitem__(self, key: str, row: R) -> None:
        self._held[key] = row
        if len(self._held) >= self._most:
            self._put_away()

    def __getitem__(self, key: str) -> R:
        if key in self._held:
            return self._held[key]
        if self._table:
            for (doc,) in self._archive.ask(f"SELECT doc FROM {self._table} WHERE id = ?", key):  # noqa: S608 - a name of its own
                return self._decode(doc)
        raise KeyError(key)

    def __delitem__(self, key: str) -> None:
        self[key]
        self._held.pop(key, None)
        if self._table:
            self._archive.ask(f"DELETE FROM {self._table} WHERE id = ?", key)  # noqa: S608 - a name of its own

    def __iter__(self) -> Iterator[str]:
        return (key for key, _ in self.items())

    def __len__(self) -> int:
        if not self._table:
            return len(self._held)
        self._put_away()
        return int(self._archive.ask(f"SELECT count(*) FROM {self._table}").fetchone()[0])  # noqa: S608 - a name of its own

    def items(self) -> ItemsView[str, R]:
        """One after the other: not all of them need be in memory."""
        return _Items(self)

    def values(self) -> ValuesView[R]:
        """As `items`."""
        return _Values(self)

    def each(self) -> Iterator[tuple[str, R]]:
        """Ids and rows."""
        if not self._table:
            yield from self._held.items()
            return
        self._put_away()
        for key, doc in self._archive.ask(f"SELECT id, doc FROM {self._table}"):  # noqa: S608 - a name of its own
            yield key, self._decode(doc)

    def _put_away(self) -> None:
        if not self._table:
            self._table = self._archive.table("id TEXT PRIMARY KEY, doc BLOB NOT NULL")
        rows = ((key, self._encode(row)) for key, row in self._held.items())
        self._archive.put(f"INSERT OR REPLACE INTO {self._table} VALUES (?, ?)", rows)  # noqa: S608 - a name of its own
        self._held.clear()


class _Items(ItemsView[str, R]):
    _mapping: Shelf[R]

    def __iter__(self) -> Iterator[tuple[str, R]]:
        return self._mapping.each()


class _Values(ValuesView[R]):
    _mapping: Shelf[R]

    def __iter__(self) -> Iterator[R]:
        return (row for _, row in self._mapping.each())


class Moves(Generic[M]):
    """Movements, found by their key (a checkout's id, mostly) or by what they move. One id under a key stands once: the last one put."""

    def __init__(self, kind: type[M], archive: Archive | None = None, most: int = MOST_IN_MEMORY) -> None:
        self._archive, self._most = archive or Archive(), most
        self._held: dict[tuple[str, str], M] = {}
        self._table = self._archive.table("key TEXT, id TEXT, thing TEXT NOT NULL, doc BLOB NOT NULL, PRIMARY KEY (key, id)")
        self._indexed = False
        self._encode, self._decode = msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder(kind).decode

    def put(self, row: M) -> None:
        """Adds it, or replaces the one that there is."""
        self._held[row.key, row.id] = row
        if len(self._held) >= self._most:
            self._put_away()

    def drop(self, key: str) -> None:
        """All under the key."""
        self._put_away()
        self._archive.ask(f"DELETE FROM {self._table} WHERE key = ?", key)  # noqa: S608 - a name of its own

    def of(self, key: str) -> list[M]:
        """Those under the key, by id."""
        return list(self._those("WHERE key = ? ORDER BY id", key))

    def of_thing(self, thing: str) -> Iterator[M]:
        """Those that move it."""
        self._index()
        return self._those("WHERE thing = ?", thing)

    def things(self) -> Iterator[str]:
        """Whatever is moved; a tombstone moves nothing."""
        self._index()
        return (thing for (thing,) in self._archive.ask(f"SELECT DISTINCT thing FROM {self._table} WHERE thing != ''"))  # noqa: S608 - a name of its own

    def __iter__(self) -> Iterator[M]:
        """All, those under one key next to each other."""
        return self._those("ORDER BY key, id")

    def __len__(self) -> int:
        self._put_away()
        return int(self._archive.ask(f"SELECT count(*) FROM {self._table}").fetchone()[0])  # noqa: S608 - a name of its own

    def _those(self, which: str, *values: str) -> Iterator[M]:
        self._put_away()
        return (self._decode(doc) for (doc,) in self._archive.ask(f"SELECT doc FROM {self._table} {which}", *values))  # noqa: S608 - as above

    def _index(self) -> None:
        """Made when it is first asked for: after most rows are there that is cheaper."""
        if not self._indexed:
            self._put_away()
            self._archive.ask(f"CREATE INDEX {self._table}_of_thing ON {self._table} (thing)")
            self._indexed = True

    def _put_away(self) -> None:
        if self._held:
            rows = ((row.key, row.id, row.thing, self._encode(row)) for row in self._held.values())
            self._archive.put(f"INSERT OR REPLACE INTO {self._table} VALUES (?, ?, ?, ?)", rows)  # noqa: S608 - a name of its own
            self._held.clear()
