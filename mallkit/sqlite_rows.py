"""Whole collections of a SQLite store as of one moment, read beside the writer and outside the event loop's thread."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from mallkit.sqlite_table import Table
from mallkit.store import StoredRow, StoreUnavailable

BUSY_SECONDS = 5.0


async def read_rows(path: Path, tables: Sequence[Table[Any]], at_once: int) -> AsyncGenerator[list[StoredRow], None]:
    """The documents of these tables in batches. Raises StoreUnavailable.

    While it is read, SQLite cannot fold the write-ahead log back into the file: whoever reads does not stop half way for long.
    """
    snapshot = _Snapshot(path, tables, at_once)
    try:
        while batch := await asyncio.to_thread(snapshot.batch):
            yield batch
    finally:
        await asyncio.to_thread(snapshot.close)


class _Snapshot:
    """A connection of its own inside one read transaction. Used from several threads, by one at a time."""

    def __init__(self, path: Path, tables: Sequence[Table[Any]], at_once: int) -> None:
        self._address = f"{path.absolute().as_uri()}?mode=ro"
        self._tables = tables
        self._at_once = at_once
        self._connection: sqlite3.Connection | None = None
        self._lock = threading.Lock()
        """Who gave up waiting for a batch closes while the batch is still being read."""
        self._batches: Iterator[list[StoredRow]] = self._read()

    def batch(self) -> list[StoredRow]:
        """The next documents, none at the end."""
        with self._lock:
            try:
                return next(self._batches, [])
            except sqlite3.Error as error:
                raise StoreUnavailable from error

    def close(self) -> None:
        """Ends the transaction."""
        with self._lock, suppress(sqlite3.Error):
            if self._connection is not None:
                self._connection.close()

    def _read(self) -> Iterator[list[StoredRow]]:
        connection = self._connection = sqlite3.connect(
            self._address, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        connection.execute("BEGIN")
        for table in self._tables:  # the first SELECT fixes the moment for all of them
            cursor = connection.execute(f"SELECT _rev, _version, _doc FROM {table.name}")  # noqa: S608 - declared names only
            while found := cursor.fetchmany(self._at_once):
                yield [(table.kind, revision, table.decode(version, text)) for revision, version, text in found]
