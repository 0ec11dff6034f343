"""The store on one SQLite file, shared by any number of processes: writes in one thread, reads inline.

WAL with synchronous=FULL: an acknowledged write has reached the disk, as far as the disk tells SQLite the truth.
"""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Generic, TypeAlias, TypeVar

from mallkit.endpoint import Event
from mallkit.sqlite_merge import merged_page
from mallkit.sqlite_query import Condition, Order, check_limit, cursor, field_type, page_sql, place_of
from mallkit.sqlite_rows import read_rows
from mallkit.sqlite_schema import connect, open_prepared
from mallkit.sqlite_search import BOUNDS, Bounds, Question, Rows, Search
from mallkit.sqlite_table import Table
from mallkit.sqlite_writer import Writer
from mallkit.store import (
    NOTHING,
    Absent,
    Adding,
    Changing,
    Checking,
    Kind,
    OutboxEntry,
    Page,
    Removing,
    Rule,
    Step,
    Store,
    StoredRow,
    StoreUnavailable,
    Term,
)
from mallkit.tracing import current_traceparent

T = TypeVar("T")
V = TypeVar("V")
Watch: TypeAlias = Callable[[sqlite3.Connection], None]
READ_BUSY_SECONDS = 1.0
"""A reader waits for nobody in WAL, but for the moment when another process opens or closes the file."""


def _nobody(_: sqlite3.Connection) -> None:
    """Who watches, mostly."""


@asynccontextmanager
async def open_store(path: Path, kinds: Sequence[Kind[Any]], *, bounds: Bounds = BOUNDS, watch: Watch = _nobody) -> AsyncIterator[Store]:
    """The store in this file, made or brought up to what the kinds declare. Leaving writes what was handed over. Raises CannotOpen.

    `bounds` are those of searches; `watch` sees every connection that reads, for who wants to know what reading costs.
    """
    tables = {kind: Table(kind) for kind in kinds}
    connection = await asyncio.to_thread(open_prepared, path, list(tables.values()))
    reader = Reader(path, watch)
    writer = Writer(lambda: connect(path), connection, tables)
    try:
        yield SqliteStore(path, Access(reader, writer, bounds), tables)
    finally:
        reader.close()  # first: whoever closes last puts the WAL back into the file, and a reader cannot
        await writer.close()


class Reader:
    """A connection that can only read, used in the event loop's thread: a read by key takes some 10 µs."""

    def __init__(self, path: Path, watch: Watch) -> None:
        self._watch = watch
        self._address = f"{path.absolute().as_uri()}?mode=ro"
        self._connection: sqlite3.Connection | None = None
        self._closed = False

    def rows(self, sql: str, values: Sequence[Any]) -> list[Any]:
        """All rows: a statement left half read would hold an old state of the file. Raises StoreUnavailable."""
        try:
            return self._open().execute(sql, values).fetchall()
        except sqlite3.ProgrammingError:  # a value that SQLite does not take: the caller's mistake
            raise
        except sqlite3.Error as error:
            self._forget()
            raise StoreUnavailable from error

    def at_once(self, read: Callable[[Rows], V]) -> V:
        """What `read` reads is all of one moment."""
        self.rows("BEGIN", ())
        try:
            return read(self.rows)
        finally:
            if self._connection is not None:  # else the failure has ended it
                self._connection.execute("COMMIT")

    def close(self) -> None:
        """Further reads are refused."""
        self._closed = True
        self._forget()

    def _open(self) -> sqlite3.Connection:
        if self._closed:
            message = "the store is closed"
            raise StoreUnavailable(message)
        if self._connection is None:
            self._connection = sqlite3.connect(
                self._address, uri=True, timeout=READ_BUSY_SECONDS, isolation_level=None, cached_statements=256
            )
            for pragma in ("temp_store=MEMORY", "cache_size=-8192", "mmap_size=67108864"):
                self._connection.execute(f"PRAGMA {pragma}")
            self._watch(self._connection)
        return self._connection

    def _forget(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()


@dataclass(frozen=True, slots=True)
class Access:
    """To one file."""

    reader: Reader
    writer: Writer
    bounds: Bounds


class SqliteStore:
    """`mallkit.store.Store` on a file."""

    def __init__(self, path: Path, access: Access, tables: Mapping[Kind[Any], Table[Any]]) -> None:
        self._path = path
        self._tables = tables
        self._reader = access.reader
        self._writer = access.writer
        self._collections = {kind: SqliteCollection(table, access) for kind, table in tables.items()}

    def __getitem__(self, kind: Kind[V]) -> "SqliteCollection[V]":
        return self._collections[kind]

    async def together(self, *steps: Step) -> list[Any]:
        """In one commit."""
        return await self._writer.write(steps, current_traceparent()) if steps else []

    async def ping(self) -> None:
        """Reads the file, and asks whether the writer still takes items."""
        self._reader.rows("SELECT name FROM _kinds LIMIT 1", ())
        if not self._writer.alive:
            raise StoreUnavailable

    def rows(self, kinds: Sequence[Kind[Any]], *, at_once: int = 100) -> AsyncGenerator[list[StoredRow], None]:
        """From a connection of its own."""
        return read_rows(self._path, [self._tables[kind] for kind in kinds], at_once)

    async def newest_event(self) -> int:
        """The table is its own index."""
        return int(self._reader.rows("SELECT coalesce(max(seq), 0) FROM _outbox", ())[0][0])

    def on_events(self, tell: Callable[[], None]) -> None:
        """Commits of other processes are not told: who must know of them looks."""
        self._writer.on_events = tell

    async def outbox(self, after: int, limit: int) -> list[OutboxEntry]:
        """The numbers grow in the order of the commits."""
        sql = "SELECT seq, id, type, subject, sequence, data, traceparent, at FROM _outbox WHERE seq > ? ORDER BY seq LIMIT ?"
        return [
            OutboxEntry(seq, key, of, subject, sequence, content, parent, datetime.fromtimestamp(at, UTC))
            for seq, key, of, subject, sequence, content, parent, at in self._reader.rows(sql, (after, limit))
        ]


class SqliteCollection(Generic[T]):
    """`mallkit.store.Collection` on a table."""

    def __init__(self, table: Table[T], access: Access) -> None:
        self._table = table
        self._reader = access.reader
        self._writer = access.writer
        self._bounds = access.bounds

    async def add(self, doc: T, *events: Event) -> T:
        """Insert."""
        await self._write(self.adding(doc, *events))
        return doc

    async def get(self, id: str) -> T:  # noqa: A002 - the document's own word
        """Read by key."""
        rows = self._reader.rows(self._table.get, (id,))
        if not rows:
            raise Absent(self._table.kind.name, id)
        return self._table.decode(*rows[0])

    async def find(  # noqa: PLR0913 - as the port
        self,
        where: Mapping[str, Any] = NOTHING,
        *,
        order: str = "id",
        after: str | None = None,
        limit: int = 50,
        offset: int = 0,
        all_of: Mapping[str, Sequence[Term]] = NOTHING,
    ) -> Page[T]:
        """A page."""
        check_limit(limit)
        by = Order.read(self._table, order)
        place = None if after is None else place_of(self._table, by, after)
        if any(all_of.values()):
            question = Question(by, place, where, all_of, limit, offset)
            found, end = self._reader.at_once(lambda rows: Search(rows, self._table, question, self._bounds).page())
            return Page([self._table.decode(*one) for one in found], None if end is None else cursor(by, end))
        merged = merged_page(self._table, where, by, place)
        if merged is None:
            condition = Condition(self._table, where)
            merged = page_sql(self._table, condition, by, place), condition.values
        rows = self._reader.rows(merged[0], (*merged[1], limit + 1, offset))
        items = [self._table.decode(version, text) for _, _, version, text in rows[:limit]]
        return Page(items, cursor(by, rows[limit - 1][:2]) if len(rows) > limit > 0 else None)

    async def count(self, where: Mapping[str, Any] = NOTHING, all_of: Mapping[str, Sequence[Term]] = NOTHING) -> int:
        """How many."""
        condition = Condition(self._table, where)
        for many, terms in all_of.items():
            for term in terms:
                condition.has(many, term)
        known = self._table.counted(where) if where and not any(all_of.values()) else None
        what, source = ("count(*)", self._table.name) if known is None else ("coalesce(sum(n), 0)", known.name)
        return int(self._reader.rows(f"SELECT {what} FROM {source}{condition.sql}", condition.values)[0][0])  # noqa: S608

    async def counts(self, by: str, where: Mapping[str, Any] = NOTHING) -> dict[Any, int]:
        """How many of each."""
        condition, of = Condition(self._table, where), field_type(self._table, by)
        known = self._table.counted({by, *where})
        what, source = ("count(*)", self._table.name) if known is None else ("sum(n)", known.name)
        sql = f'SELECT "{by}", {what} FROM {source}{condition.sql} GROUP BY "{by}"'  # noqa: S608 - declared names only
        return {of(value): number for value, number in self._reader.rows(sql, condition.values) if number}

    async def change(self, id: str, rule: Rule[T], *, absent: T | None = None) -> T:  # noqa: A002 - as get
        """The rule runs in the writer's thread, inside the transaction: nobody comes between, in no process."""
        changed: T = await self._write(self.changing(id, rule, absent=absent))
        return changed

    async def remove(self, id: str, *events: Event) -> bool:  # noqa: A002 - as get
        """Delete."""
        return bool(await self._write(self.removing(id, *events)))

    def adding(self, doc: T, *events: Event) -> Step:
        """`add` as a step."""
        return Adding(self._table.kind, doc, events)

    def changing(self, id: str, rule: Rule[T], *, absent: T | None = None) -> Step:  # noqa: A002 - as get
        """`change` as a step."""
        return Changing(self._table.kind, id, rule, absent)

    def removing(self, id: str, *events: Event) -> Step:  # noqa: A002 - as get
        """`remove` as a step."""
        return Removing(self._table.kind, id, events)

    def checking(self, id: str, check: Callable[[T | None], None]) -> Step:  # noqa: A002 - as get
        """A look as a step."""
        return Checking(self._table.kind, id, check)

    async def _write(self, step: Step) -> Any:  # noqa: ANN401 - the step's own result
        return (await self._writer.write((step,), current_traceparent()))[0]
