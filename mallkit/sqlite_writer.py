"""The one thread of a process that writes a SQLite store: whatever queued up is committed together."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, TypeAlias

from mallkit import steps as named_steps
from mallkit.sqlite_table import Table
from mallkit.sqlite_unit import Unit
from mallkit.store import Forgetting, Kind, Step, StoreUnavailable

MOST_IN_A_COMMIT = 256
_OF_ONE_ITEM = (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.ProgrammingError, sqlite3.InterfaceError)
"""SQLite's complaints about the values of one item; every other one is about the file."""


@dataclass(slots=True)
class Item:
    """What one caller waits for."""

    steps: tuple[Step, ...]
    answer: asyncio.Future[list[Any]]
    traceparent: str
    step: str = ""
    """The named step that this write is, while a drill runs."""


Outcome: TypeAlias = tuple[asyncio.Future[list[Any]], list[Any] | None, Exception | None]


def _settle(outcomes: list[Outcome]) -> None:
    for answer, results, error in outcomes:
        if answer.done():  # its caller was cancelled; the write stands
            continue
        if error is not None:
            answer.set_exception(error)
        elif results is not None:
            answer.set_result(results)


def _alone(steps: tuple[Step, ...]) -> bool:
    """Whether these steps are one statement as far as undoing goes: SQLite itself undoes a statement that fails."""
    return len(steps) == 1 and (isinstance(steps[0], Forgetting) or not steps[0].kind.many)


class Writer:
    """Takes items from the event loop, answers there, one call for a whole commit."""

    def __init__(
        self, connect: Callable[[], sqlite3.Connection], connection: sqlite3.Connection, tables: Mapping[Kind[Any], Table[Any]]
    ) -> None:
        self._connect = connect
        self._connection: sqlite3.Connection | None = connection
        self._tables = tables
        self._queue: SimpleQueue[Item | None] = SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._closed = False
        self._announced = False
        self.on_events: Callable[[], None] = _nobody
        """Called in the event loop after a commit that saved events."""
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether items are taken."""
        return not self._closed and self._thread.is_alive()

    def write(self, steps: tuple[Step, ...], traceparent: str) -> asyncio.Future[list[Any]]:
        """The steps' results, once they are on the disk."""
        if self._closed:
            message = "the store is closed"
            raise StoreUnavailable(message)
        item = Item(steps, self._loop.create_future(), traceparent, named_steps.writing() if named_steps.armed else "")
        self._queue.put(item)
        return item.answer

    async def close(self) -> None:
        """Write what was handed over before, then stop."""
        self._closed = True
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        going = True
        while going:
            batch: list[Item] = []
            while going and len(batch) < MOST_IN_A_COMMIT and not (batch and self._queue.empty()):
                item = self._queue.get()
                if item is None:
                    going = False
                else:
                    batch.append(item)
            if batch:
                self._loop.call_soon_threadsafe(_settle, self._commit(batch))
                if self._announced:
                    self._announced = False
                    self._loop.call_soon_threadsafe(self.on_events)
        if self._connection is not None:
            self._connection.close()

    def _commit(self, batch: list[Item]) -> list[Outcome]:
        try:
            if self._connection is None:
                self._connection = self._connect()
            cursor = self._connection.cursor()
            cursor.execute("BEGIN IMMEDIATE")
            outcomes = [self._one(cursor, item, whole=len(batch) == 1) for item in batch]
            if self._connection.in_transaction:
                _reached(batch, named_steps.BEFORE_COMMIT)
                cursor.execute("COMMIT")
                _reached(batch, named_steps.AFTER_COMMIT)
        except Exception as error:  # noqa: BLE001 - whatever it is, those who wait must hear of it, and the thread must go on
            self._forget_connection()
            return [(item.answer, None, _unavailable(error)) for item in batch]
        return outcomes

    def _one(self, cursor: sqlite3.Cursor, item: Item, *, whole: bool) -> Outcome:
        """One item's outcome, its effects undone if it failed. Raises when the file itself failed."""
        guarded = not whole and not _alone(item.steps)
        if guarded:
            cursor.execute("SAVEPOINT item")
        try:
            unit = Unit(cursor, self._tables, item.traceparent)
            results = unit.run(item.steps)
        except Exception as error:
            if isinstance(error, sqlite3.Error) and not isinstance(error, _OF_ONE_ITEM):
                raise
            if guarded:
                cursor.execute("ROLLBACK TO item")
                cursor.execute("RELEASE item")
            elif whole:
                cursor.execute("ROLLBACK")
            return item.answer, None, error
        if guarded:
            cursor.execute("RELEASE item")
        self._announced = self._announced or unit.announced
        return item.answer, results, None

    def _forget_connection(self) -> None:
        """After a failure the connection's state is not known: what was not committed is undone, the next commit opens another.

        Closing alone undoes nothing, and keeps the file locked, as long as the traceback of the failure holds a cursor.
        """
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.rollback()
            with suppress(sqlite3.Error):
                connection.close()


def _nobody() -> None:
    """Whom nobody told to listen."""


def _reached(batch: list[Item], kind: str) -> None:
    if named_steps.armed:
        for item in batch:
            if item.step:
                named_steps.reached(f"{item.step}:{kind}")


def _unavailable(cause: Exception) -> StoreUnavailable:
    """One for each caller, so that their tracebacks do not grow into each other; the cause is for the log only."""
    error = StoreUnavailable()
    error.__cause__ = cause
    return error
