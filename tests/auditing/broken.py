"""Breaking a stored document by hand, as no service would: what the file says, and its revision, are put back afterwards."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

Document = dict[str, Any]


@contextmanager
def broken(folder: Path, service: str, collection: str, key: str, harm: Callable[[Document], object]) -> Iterator[None]:
    """The document of this id as `harm` leaves it; its indexed columns stay, so that no job finds it and mends it."""
    with closing(sqlite3.connect(folder / f"{service}.db", timeout=5, isolation_level=None)) as store:
        ((text,),) = store.execute(f'SELECT _doc FROM "{collection}" WHERE id = ?', (key,)).fetchall()  # noqa: S608 - our own names
        document = json.loads(text)
        harm(document)
        _write(store, collection, key, json.dumps(document))
        try:
            yield
        finally:
            _write(store, collection, key, text)


def document_of(folder: Path, service: str, collection: str, key: str) -> Document:
    """As it is stored."""
    with closing(sqlite3.connect(folder / f"{service}.db", timeout=5)) as store:
        ((text,),) = store.execute(f'SELECT _doc FROM "{collection}" WHERE id = ?', (key,)).fetchall()  # noqa: S608 - our own names
    return dict(json.loads(text))


def waits(account: Document, _: object) -> None:
    """Its attempt waits for the buyer to act."""
    account["attempts"][0].update(status="requires_action", action={"url": "x", "until": 9e9})


def _write(store: sqlite3.Connection, collection: str, key: str, text: str) -> None:
    store.execute(f'UPDATE "{collection}" SET _doc = ?, _rev = _rev + 1 WHERE id = ?', (text, key))  # noqa: S608 - our own names


@contextmanager
def added(folder: Path, service: str, collection: str, document: Document, **columns: str) -> Iterator[None]:
    """One document more, with its id; `columns` are the indexed fields that somebody looks for."""
    fields = {"id": document["id"], "_rev": 1, "_version": 1, "_doc": json.dumps(document), **columns}
    names, places = ", ".join(f'"{name}"' for name in fields), ", ".join("?" * len(fields))
    with closing(sqlite3.connect(folder / f"{service}.db", timeout=5, isolation_level=None)) as store:
        store.execute(f'INSERT INTO "{collection}" ({names}) VALUES ({places})', tuple(fields.values()))  # noqa: S608 - our own names
        try:
            yield
        finally:
            store.execute(f'DELETE FROM "{collection}" WHERE id = ?', (document["id"],))  # noqa: S608 - our own names


@contextmanager
def removed(folder: Path, service: str, collection: str, key: str) -> Iterator[None]:
    """One document less."""
    with closing(sqlite3.connect(folder / f"{service}.db", timeout=5, isolation_level=None)) as store:
        columns = [row[1] for row in store.execute(f'PRAGMA table_info("{collection}")')]
        (row,) = store.execute(f'SELECT * FROM "{collection}" WHERE id = ?', (key,)).fetchall()  # noqa: S608 - our own names
        store.execute(f'DELETE FROM "{collection}" WHERE id = ?', (key,))  # noqa: S608 - our own names
        names, places = ", ".join(f'"{name}"' for name in columns), ", ".join("?" * len(columns))
        try:
            yield
        finally:
            store.execute(f'INSERT INTO "{collection}" ({names}) VALUES ({places})', row)  # noqa: S608 - our own names
