"""A SQLite store's tables: made when the file is opened, and brought to what the kinds declare now."""

import os
import sqlite3
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from mallkit.sqlite_derived import fill_lists, make_count, make_side
from mallkit.sqlite_table import COLUMN, Table
from mallkit.store import CannotOpen

T = TypeVar("T")
OURS = 0x4D414C4C
"""The application id in the file's header."""
LAYOUT = 1
"""Of the tables that every store has; a file of a higher one belongs to a newer release."""
SIDES = 2
"""The layout of side tables and counts; those of another one are made anew from the documents."""
BUSY_SECONDS = 10.0
_COMMON = (
    "CREATE TABLE IF NOT EXISTS _kinds (name TEXT NOT NULL PRIMARY KEY, version INTEGER NOT NULL, shape TEXT NOT NULL)",
    # Whoever purges must leave the newest row: `seq` goes on from the greatest one.
    """CREATE TABLE IF NOT EXISTS _outbox (seq INTEGER PRIMARY KEY, id TEXT NOT NULL, type TEXT NOT NULL, subject TEXT NOT NULL,
    sequence INTEGER NOT NULL, traceparent TEXT NOT NULL, at REAL NOT NULL, data BLOB NOT NULL)""",
)


def connect(path: Path) -> sqlite3.Connection:
    """A connection for the writer, from whichever thread."""
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=256)
    for pragma in ("synchronous=FULL", "temp_store=MEMORY", "cache_size=-8192", "wal_autocheckpoint=1000", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def open_prepared(path: Path, tables: Sequence[Table[Any]]) -> sqlite3.Connection:
    """A writer's connection to a file whose tables are what the kinds declare. Raises CannotOpen."""
    connection: sqlite3.Connection | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # its owner's only; SQLite gives the WAL the same mode
        connection = connect(path)
        _recognise(connection, path)
        _write_ahead(connection)
        _bring_up(connection, path, tables)
    except (OSError, sqlite3.Error, CannotOpen) as error:
        if connection is not None:
            connection.close()
        if isinstance(error, CannotOpen):
            raise
        message = f"{path} cannot be opened as a store: {error}"
        raise CannotOpen(message) from error
    return connection


def _recognise(connection: sqlite3.Connection, path: Path) -> None:
    owner, layout = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version"))
    if owner != OURS and connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
        message = f"{path} is another program's database: name another file"
        raise CannotOpen(message)
    if layout > LAYOUT:
        message = f"{path} was written by a newer release (layout {layout}, this one knows {LAYOUT}): start that release"
        raise CannotOpen(message)


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch to WAL, which lasts. SQLite does not wait when two processes switch at once, so this does."""
    deadline = time.monotonic() + BUSY_SECONDS
    while connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _bring_up(connection: sqlite3.Connection, path: Path, tables: Sequence[Table[Any]]) -> None:
    with suppress(sqlite3.OperationalError):  # a new file has no _kinds yet
        if not _outdated(connection, path, tables):
            return
    connection.execute("PRAGMA temp_store=FILE")  # what has to be sorted now may be larger than the memory
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement in (*_COMMON, f"PRAGMA application_id={OURS}", f"PRAGMA user_version={LAYOUT}"):
            connection.execute(statement)
        for table in _outdated(connection, path, tables):
            _shape(connection, path, table)
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        connection.execute("PRAGMA temp_store=MEMORY")


def _outdated(connection: sqlite3.Connection, path: Path, tables: Sequence[Table[Any]]) -> list[Table[Any]]:
    known = {name: (version, shape) for name, version, shape in connection.execute("SELECT name, version, shape FROM _kinds")}
    for table in tables:
        version = known.get(table.kind.name, (0, ""))[0]
        if version > table.kind.version:
            message = f"{path}: {table.kind.name} was written by a newer release (version {version}, this one knows {table.kind.version})"
            raise CannotOpen(message)
    return [table for table in tables if known.get(table.kind.name) != (table.kind.version, _shape_of(table))]


def _shape_of(table: Table[Any]) -> str:
    kind = table.kind
    fields = sorted((name, of.__name__) for name, of in kind.fields.items())
    shape: tuple[Any, ...] = (fields, sorted(kind.unique), sorted(kind.indexes), sorted(kind.many))
    if kind.many or kind.counted:  # without them as before, so that large files need not be written anew
        shape = (*shape, sorted(kind.many_by.items()), sorted(kind.counted), SIDES)
    return msgspec.json.encode(shape).decode()


def _shape(connection: sqlite3.Connection, path: Path, table: Table[Any]) -> None:
    """One collection's table, columns, indexes and side tables; stored documents are indexed anew."""
    kind, name = table.kind, table.name
    connection.execute(
        f"CREATE TABLE IF NOT EXISTS {name} (id TEXT NOT NULL UNIQUE, _rev INTEGER NOT NULL, _version INTEGER NOT NULL, _doc TEXT NOT NULL)"
    )
    _drop_derived(connection, kind.name)
    present = {row[1]: row[2] for row in connection.execute(f"PRAGMA table_info({name})")}
    for field, of in kind.fields.items():
        if field in present and present[field] != COLUMN[of].split()[0]:
            connection.execute(f'ALTER TABLE {name} DROP COLUMN "{field}"')
            del present[field]
        if field not in present:
            connection.execute(f'ALTER TABLE {name} ADD COLUMN "{field}" {COLUMN[of]}')
    for side in table.sides.values():
        make_side(connection, table, side)
    _fill(connection, path, table)
    _index(connection, path, table)
    for count in table.counts:
        make_count(connection, table, count)
    row = (kind.name, kind.version, _shape_of(table))
    connection.execute("INSERT OR REPLACE INTO _kinds (name, version, shape) VALUES (?, ?, ?)", row)


def _drop_derived(connection: sqlite3.Connection, kind: str) -> None:
    """Whatever can be made anew from the documents; names of collections have no double underscores."""
    ours = (
        "SELECT type, name FROM sqlite_schema WHERE type IN ('index', 'trigger') AND tbl_name = ? AND sql > '' "
        "OR type = 'table' AND substr(name, 1, ?) = ?"
    )
    for what, name in connection.execute(ours, (kind, len(kind) + 2, f"{kind}__")).fetchall():
        connection.execute(f'DROP {what} "{name}"')


def _fill(connection: sqlite3.Connection, path: Path, table: Table[Any]) -> None:
    """Columns and side tables from the documents, some at a time: a store may be larger than the memory."""
    some = f"SELECT rowid, _version, _doc FROM {table.name} WHERE rowid > ? ORDER BY rowid LIMIT 1000"  # noqa: S608 - declared names only
    rows = connection.execute(some, (-1,)).fetchall()
    while rows:
        for rowid, version, text in rows:
            try:
                doc = table.decode(version, text)
                _fill_one(connection, table, rowid, doc)
            except (msgspec.MsgspecError, TypeError) as error:
                message = f"{path}: row {rowid} of {table.kind.name} is not what this release expects: {error}"
                raise CannotOpen(message) from error
        rows = connection.execute(some, (rows[-1][0],)).fetchall()
    for side in table.sides.values():
        fill_lists(connection, table, side)


def _fill_one(connection: sqlite3.Connection, table: Table[T], rowid: int, doc: T) -> None:
    columns = ", ".join(f'"{field}" = ?' for field in table.kind.fields)
    if columns:
        connection.execute(f"UPDATE {table.name} SET {columns} WHERE rowid = ?", (*table.values(doc), rowid))  # noqa: S608 - declared names only
    for side in table.sides.values():
        connection.executemany(side.add, [(rowid, term) for term in sorted(table.terms(doc, side))])


def _index(connection: sqlite3.Connection, path: Path, table: Table[Any]) -> None:
    kind = table.kind
    for fields in kind.unique:
        try:
            _create_index(connection, "UNIQUE INDEX", table, "unique", fields)
        except sqlite3.IntegrityError as error:
            message = f"{path}: {kind.name} holds documents with the same {'_'.join(fields)}, which is now to be unique"
            raise CannotOpen(message) from error
    for columns in table.indexes:
        _create_index(connection, "INDEX", table, "by", columns)


def _create_index(connection: sqlite3.Connection, what: str, table: Table[Any], use: str, fields: tuple[str, ...]) -> None:
    columns = ", ".join(f'"{field}"' for field in fields)
    connection.execute(f'CREATE {what} "{table.kind.name}__{use}__{"__".join(fields)}" ON {table.name} ({columns})')
