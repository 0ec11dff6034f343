"""Tables beside a collection's own that can be made anew from it: the lists of its terms, and counts that triggers keep."""

import sqlite3
from typing import Any

from mallkit.sqlite_table import COLUMN, Count, Side, Table


def make_side(connection: sqlite3.Connection, table: Table[Any], side: Side) -> None:
    """The tables of a multi-valued attribute, empty."""
    connection.execute(f"CREATE TABLE {side.of} (doc INTEGER NOT NULL, term TEXT NOT NULL, PRIMARY KEY (doc, term)) WITHOUT ROWID")
    for order, name in side.lists.items():
        value = "" if order == "id" else f'"{order}" {COLUMN[table.types[order]]}, '
        connection.execute(
            f"CREATE TABLE {name} (term TEXT NOT NULL, {value}id TEXT NOT NULL, doc INTEGER NOT NULL, "
            f"PRIMARY KEY (term, {side.key(order)})) WITHOUT ROWID"
        )


def fill_lists(connection: sqlite3.Connection, table: Table[Any], side: Side) -> None:
    """From the terms of each document and its columns, sorted first: written in their own order they fill page after page."""
    for order, name in side.lists.items():
        key = ", ".join(f"m.{column}" for column in side.key(order).split(", "))
        connection.execute(
            f"INSERT INTO {name} (term, {side.key(order)}, doc) SELECT t.term, {key}, t.doc "  # noqa: S608 - declared names only
            f"FROM {side.of} AS t CROSS JOIN {table.name} AS m ON m.rowid = t.doc ORDER BY t.term, {key}"
        )


def make_count(connection: sqlite3.Connection, table: Table[Any], count: Count) -> None:
    """The table, counted, and the triggers that go on counting."""
    columns = ", ".join(f'"{field}"' for field in count.fields)
    typed = ", ".join(f'"{field}" {COLUMN[table.types[field]]}' for field in count.fields)
    connection.execute(f"CREATE TABLE {count.name} ({typed}, n INTEGER NOT NULL, PRIMARY KEY ({columns})) WITHOUT ROWID")
    connection.execute(
        f"INSERT INTO {count.name} ({columns}, n) SELECT {columns}, count(*) FROM {table.name} GROUP BY {columns}"  # noqa: S608 - as above
    )
    more, less = _more(count), _less(count)
    moved = " OR ".join(f'old."{field}" IS NOT new."{field}"' for field in count.fields)
    for use, when, does in (
        ("add", "AFTER INSERT", more),
        ("drop", "AFTER DELETE", less),
        ("move", f"AFTER UPDATE OF {columns}", f"{less} {more}"),
    ):
        only = f"WHEN {moved}" if use == "move" else ""
        connection.execute(f'CREATE TRIGGER "{count.plain_name}__{use}" {when} ON {table.name} {only} BEGIN {does} END')


def _more(count: Count) -> str:
    columns, values = (", ".join(f'{of}"{field}"' for field in count.fields) for of in ("", "new."))
    return f"INSERT INTO {count.name} ({columns}, n) VALUES ({values}, 1) ON CONFLICT DO UPDATE SET n = n + 1;"  # noqa: S608 - as above


def _less(count: Count) -> str:
    these = " AND ".join(f'"{field}" = old."{field}"' for field in count.fields)
    return f"UPDATE {count.name} SET n = n - 1 WHERE {these};"  # noqa: S608 - as above
