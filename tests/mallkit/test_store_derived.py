"""What a SQLite store keeps beside its documents: counts that are right, and lists that files of earlier releases get when opened."""

import asyncio
import sqlite3
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mallkit.sqlite import open_store
from mallkit.store import Kind, Store
from tests.mallkit.books import BOOKS, Book

UNCOUNTED: Kind[Book] = Kind(name="books", type=Book, fields=BOOKS.fields, indexes=BOOKS.indexes)
"""As a release before this one declared it."""
CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["put", "remove", "fail", "several"]), st.sampled_from(["b1", "b2", "b3"]), st.sampled_from("xyz"), st.booleans()
    ),
    max_size=25,
)


class Refused(Exception):
    """By a rule."""


async def _do(store: Store, what: str, book: Book) -> None:
    books = store[BOOKS]
    putting = books.changing(book.id, lambda _: book, absent=book)
    if what == "put":
        await store.together(putting)
    elif what == "remove":
        await books.remove(book.id)
    elif what == "several":
        await store.together(books.removing(book.id), putting, books.changing(book.id, lambda found: replace(found, price=1)))
    else:

        def refuse(_: Book | None) -> None:
            raise Refused

        with pytest.raises(Refused):
            await store.together(putting, books.checking(book.id, refuse))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=CHANGES)
async def test_counts_are_what_counting_gives(changes: list[tuple[str, str, str, bool]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with open_store(Path(folder) / "books.sqlite", [BOOKS]) as store:
            there: dict[str, Book] = {}
            for what, key, shelf, rare in changes:
                await _do(store, what, book := Book(id=key, shelf=shelf, rare=rare))
                if what in ("put", "several"):
                    there[key] = book
                elif what == "remove":
                    there.pop(key, None)
            books, now = store[BOOKS], there.values()
            assert await books.counts("shelf") == Counter(book.shelf for book in now)
            assert await books.counts("rare", {"shelf": "x"}) == Counter(book.rare for book in now if book.shelf == "x")
            assert await books.count({"shelf": "y"}) == sum(book.shelf == "y" for book in now)
            assert await books.count({"shelf": "y", "rare": True}) == sum(book.shelf == "y" and book.rare for book in now)


async def test_counts_know_what_a_release_wrote_that_did_not_count(tmp_path: Path) -> None:
    path = tmp_path / "books.sqlite"
    for number, kind in enumerate((UNCOUNTED, BOOKS, UNCOUNTED, BOOKS)):
        async with open_store(path, [kind]) as store:
            await store[kind].add(Book(id=f"b{number}", words=frozenset({"tea"})))
            assert await store[kind].count({"shelf": "a"}) == number + 1
            assert await store[kind].counts("shelf") == {"a": number + 1}
    async with open_store(path, [BOOKS]) as store:
        assert await store[BOOKS].count(all_of={"words": ["tea"]}) == 4


async def test_a_file_with_the_lists_of_an_earlier_release_gets_those_of_this_one(tmp_path: Path) -> None:
    path = tmp_path / "books.sqlite"
    async with open_store(path, [BOOKS]) as store:
        await store.together(*(store[BOOKS].adding(Book(id=f"b{n}", price=n % 3, words=frozenset({"tea", f"w{n}"}))) for n in range(9)))
    await asyncio.to_thread(_as_it_was, path)
    async with open_store(path, [BOOKS]) as store:
        page = await store[BOOKS].find(order="price", all_of={"words": ["tea"]})
        assert [book.id for book in page.items] == ["b0", "b3", "b6", "b1", "b4", "b7", "b2", "b5", "b8"]
        await store[BOOKS].change("b3", lambda book: replace(book, words=frozenset({"pot"})))
        assert await store[BOOKS].count(all_of={"words": ["tea"]}) == 8
        assert await store[BOOKS].count(all_of={"words": ["w3"]}) == 0
        assert await store[BOOKS].counts("shelf") == {"a": 9}


def _as_it_was(path: Path) -> None:
    """Layout 1 of the side tables: (term, doc), an index by doc, no lists, no counts."""
    raw = sqlite3.connect(path)
    beside = "SELECT type, name FROM sqlite_schema WHERE type = 'trigger' OR type = 'table' AND instr(name, '__') > 0"
    for what, name in raw.execute(beside).fetchall():
        raw.execute(f'DROP {what} "{name}"')
    raw.execute('CREATE TABLE "books__words" (term TEXT NOT NULL, doc INTEGER NOT NULL, PRIMARY KEY (term, doc)) WITHOUT ROWID')
    raw.execute('CREATE INDEX "books__words__doc" ON "books__words" (doc)')
    raw.execute("""INSERT INTO "books__words" SELECT value, books.rowid FROM books, json_each(books._doc, '$.words')""")
    shape = '[[["price","int"],["rare","bool"],["shelf","str"],["weight","float"]],[],[["shelf","id"],["shelf","price"]],["words"]]'
    raw.execute("UPDATE _kinds SET shape = ?", (shape,))
    raw.commit()
    raw.close()
