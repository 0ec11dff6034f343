"""One unit of work inside an open SQLite transaction: steps in order, each seeing the earlier ones, with their outbox."""

import sqlite3
import time
from collections.abc import Mapping
from typing import Any

import msgspec

from mallkit.endpoint import Event
from mallkit.events import type_of
from mallkit.ids import new_id
from mallkit.sqlite_table import Side, Table
from mallkit.store import Absent, Adding, Changing, Checking, Forgetting, Kind, Removing, Step, Taken

OLDEST, NEWEST = "SELECT min(seq) FROM _outbox", "SELECT max(seq) FROM _outbox"
FROM_HERE = "SELECT seq, at FROM _outbox WHERE seq >= ? ORDER BY seq LIMIT 1"
FORGET = "DELETE FROM _outbox WHERE seq IN (SELECT seq FROM _outbox WHERE seq <= ? AND at < ? ORDER BY seq LIMIT ?)"
OUTBOX = "INSERT INTO _outbox (id, type, subject, sequence, traceparent, at, data) VALUES (?, ?, ?, ?, ?, ?, ?)"


class Row:
    """A document within the unit: what the table holds (`rowid` 0 and `stored` None when nothing) and what it is to become."""

    __slots__ = ("doc", "rev", "rowid", "stored", "table", "written")

    def __init__(self, table: Table[Any], rowid: int, rev: int, stored: Any) -> None:  # noqa: ANN401 - a document
        self.table = table
        self.rowid = rowid
        self.rev = rev
        self.written = rev
        self.stored = stored
        self.doc = stored


class Unit:
    """Steps of one caller. A document that several steps change is written once, at the end."""

    def __init__(self, cursor: sqlite3.Cursor, tables: Mapping[Kind[Any], Table[Any]], traceparent: str) -> None:
        self._cursor = cursor
        self._tables = tables
        self._traceparent = traceparent
        self._seen: dict[tuple[str, str], Row] = {}
        self._several = False
        self.announced = False
        """Whether events were saved."""

    def run(self, steps: tuple[Step, ...]) -> list[Any]:
        """The steps' results. On an exception the caller undoes what was written."""
        self._several = len(steps) > 1
        results = [self._apply(step) for step in steps]
        for row in self._seen.values():
            self._write(row)
        return results

    def _apply(self, step: Step) -> Any:  # noqa: ANN401 - a step's own result
        if isinstance(step, Forgetting):
            return self._forget(step)
        table = self._tables[step.kind]
        if isinstance(step, Changing):
            return self._change(table, step)
        if isinstance(step, Adding):
            return self._add(table, step)
        if isinstance(step, Removing):
            return self._remove(table, step)
        return self._check(table, step)

    def _forget(self, step: Forgetting) -> int:
        """Entries stand in the order of time: the last one that is old enough is found by halving, and mostly there is none."""
        oldest, newest = (self._cursor.execute(sql).fetchone()[0] for sql in (OLDEST, NEWEST))
        if oldest is None:
            return 0
        most = min(step.upto, newest - 1)
        low, high = oldest, most + 1
        while low < high:
            seq, at = self._cursor.execute(FROM_HERE, ((low + high) // 2,)).fetchone()
            low, high = (seq + 1, high) if at < step.before else (low, (low + high) // 2)
        return self._cursor.execute(FORGET, (min(low - 1, most), step.before, step.most)).rowcount

    def _load(self, table: Table[Any], key: str) -> Row:
        row = self._seen.get((table.name, key))
        if row is None:
            found = self._cursor.execute(table.load, (key,)).fetchone()
            row = Row(table, found[0], found[1], table.decode(found[2], found[3])) if found else Row(table, 0, 0, None)
        return row

    def _keep(self, row: Row, key: str) -> None:
        # A unique value may pass from one document to another between two steps: such kinds are written at once, in the steps' order.
        if row.table.kind.unique or not self._several:
            self._write(row)
        if self._several:
            self._seen[row.table.name, key] = row

    def _change(self, table: Table[Any], step: Changing[Any]) -> Any:  # noqa: ANN401 - a document
        row = self._load(table, step.id)
        before = row.doc if row.doc is not None else step.absent
        if before is None:
            raise Absent(table.kind.name, step.id)
        after = step.rule(before)
        events: tuple[Event, ...] = ()
        if isinstance(after, tuple):
            after, *rest = after
            events = tuple(rest)
        if after is row.doc and not events:
            return after
        row.doc = after
        row.rev += 1
        entries = self._entries(row, events)
        self._keep(row, step.id)
        self._announce(entries)
        return after

    def _add(self, table: Table[Any], step: Adding[Any]) -> Any:  # noqa: ANN401 - a document
        key = step.doc.id
        held = self._seen.get((table.name, key))
        if held is not None and held.doc is not None:
            raise Taken(table.kind.name, "id")
        row = Row(table, 0, 1, None)
        row.doc = step.doc
        entries = self._entries(row, step.events)
        self._write(row)
        if self._several:
            self._seen[table.name, key] = row
        self._announce(entries)
        return step.doc

    def _remove(self, table: Table[Any], step: Removing[Any]) -> bool:
        row = self._load(table, step.id)
        self._seen.pop((table.name, step.id), None)
        if row.doc is None:
            return False
        row.rev += 1
        self._announce(self._entries(row, step.events))
        if row.rowid:
            self._unindex(row)
            self._cursor.execute(table.delete, (row.rowid,))
        return True

    def _check(self, table: Table[Any], step: Checking[Any]) -> None:
        step.check(self._load(table, step.id).doc)

    def _write(self, row: Row) -> None:
        """The row as it is to become, if it is not so already. Raises Taken."""
        if row.doc is row.stored and row.rev == row.written:
            return
        table, doc = row.table, row.doc
        try:
            if row.rowid:
                sql, changed = table.update(table.values(row.stored), table.values(doc))
                self._cursor.execute(sql, (row.rev, table.kind.version, table.encode(doc), *changed, row.rowid))
            else:
                self._cursor.execute(table.insert, (doc.id, row.rev, table.kind.version, table.encode(doc), *table.values(doc)))
                row.rowid = self._cursor.lastrowid or 0
        except sqlite3.IntegrityError as error:
            if error.sqlite_errorcode not in (sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY):
                raise
            raise Taken(table.kind.name, table.conflict(str(error))) from error
        if table.sides:
            self._index(row)
        row.stored, row.written = doc, row.rev

    def _index(self, row: Row) -> None:
        """Writes only what differs. What a document had is read: an older release may have found other terms in it."""
        for side in row.table.sides.values():
            after = row.table.terms(row.doc, side)
            before = self._stored_terms(side, row.rowid) if row.stored is not None else set()
            keys = row.table.keys(row.doc, side)
            stood = row.table.keys(row.stored, side) if row.stored is not None else keys
            self._rewrite(side, row.rowid, (before, after))
            for order, key in keys.items():
                moved = before & after if stood[order] != key else set()
                if gone := (before - after) | moved:
                    self._cursor.executemany(side.delist(order), [(term, *stood[order]) for term in gone])
                self._cursor.executemany(side.enlist(order), [(term, *key, row.rowid) for term in (after - before) | moved])

    def _unindex(self, row: Row) -> None:
        for side in row.table.sides.values():
            before = self._stored_terms(side, row.rowid)
            self._rewrite(side, row.rowid, (before, set()))
            for order, key in row.table.keys(row.stored, side).items():
                self._cursor.executemany(side.delist(order), [(term, *key) for term in before])

    def _rewrite(self, side: Side, rowid: int, terms: tuple[set[str], set[str]]) -> None:
        before, after = terms
        if gone := before - after:
            self._cursor.executemany(side.drop, [(rowid, term) for term in gone])
        self._cursor.executemany(side.add, [(rowid, term) for term in sorted(after - before)])

    def _stored_terms(self, side: Side, rowid: int) -> set[str]:
        return {term for (term,) in self._cursor.execute(side.stored, (rowid,))}

    def _entries(self, row: Row, events: tuple[Event, ...]) -> list[tuple[Any, ...]]:
        """Made before anything is written: an event that cannot be encoded must not leave its document behind."""
        return [
            (new_id(), type_of(event), event.subject, row.rev, self._traceparent, time.time(), msgspec.json.encode(event))
            for event in events
        ]

    def _announce(self, entries: list[tuple[Any, ...]]) -> None:
        for entry in entries:
            self.announced = True
            self._cursor.execute(OUTBOX, entry)
