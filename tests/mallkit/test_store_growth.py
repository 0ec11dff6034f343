"""What reading costs does not grow with what is stored: counted in instructions of SQLite's machine, which no busy machine changes."""

import asyncio
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mallkit.sqlite import open_store
from mallkit.sqlite_schema import open_prepared
from mallkit.sqlite_search import Bounds
from mallkit.sqlite_unit import OUTBOX, Unit
from mallkit.store import AnyOf, Collection, Forgetting, Page, Prefix
from tests.mallkit.books import BOOKS, Book

FEW, MANY = 1_200, 9_600
STEP = 10
SHELVES = 20


@dataclass
class Counter:
    """Instructions of every connection that reads, by the ten."""

    steps: int = 0

    def watch(self, connection: sqlite3.Connection) -> None:
        """From now on."""
        connection.set_progress_handler(self._step, STEP)

    def _step(self) -> int:
        self.steps += STEP
        return 0


def _book(number: int) -> Book:
    words = {"tea", "green" if number % 2 else "black", f"word{number % 40:02}", f"n{number}", *(["cup"] if number % 10 == 0 else [])}
    return Book(id=f"b{number:06}", price=number % 97, weight=number % 89, shelf=f"s{number % SHELVES}", words=frozenset(words))


@pytest.fixture(scope="module")
def shelves(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A store of few books, and one of many."""
    folder = tmp_path_factory.mktemp("shelves")
    paths = [folder / f"{size}.sqlite" for size in (FEW, MANY)]

    async def shelve() -> None:
        for path, size in zip(paths, (FEW, MANY), strict=True):
            async with open_store(path, [BOOKS]) as store:
                await store.together(*(store[BOOKS].adding(_book(number)) for number in range(size)))

    asyncio.run(shelve())
    return paths


Asked = Callable[[Collection[Book]], Any]
QUESTIONS: dict[str, Asked] = {
    "newest": lambda books: books.find(order="-id", limit=10),
    "by a field": lambda books: books.find(order="price", limit=10),
    "of a shelf, by price": lambda books: books.find({"shelf": "s3"}, order="-price", limit=10),
    "how many of a shelf": lambda books: books.count({"shelf": "s3", "rare": False}),
    "how many of every shelf": lambda books: books.counts("shelf"),
    "a common word": lambda books: books.find(order="-id", limit=10, all_of={"words": ["tea"]}),
    "a common word by price": lambda books: books.find(order="price", limit=10, all_of={"words": ["tea"]}),
    "a common word by weight": lambda books: books.find(order="-weight", limit=10, all_of={"words": ["tea"]}),
    "a rare word": lambda books: books.find(order="-id", limit=10, all_of={"words": ["n7"]}),
    "two words": lambda books: books.find(order="-id", limit=10, all_of={"words": ["tea", "cup"]}),
    "two words by price": lambda books: books.find(order="price", limit=10, all_of={"words": ["cup", Prefix("bla")]}),
    "the beginning of a word": lambda books: books.find(order="-id", limit=10, all_of={"words": [Prefix("gre")]}),
    "the beginning of forty": lambda books: books.find(order="price", limit=10, all_of={"words": [Prefix("word")]}),
    "the beginning of all": lambda books: books.find(order="-id", limit=10, all_of={"words": [Prefix("n")]}),
    "a word on one shelf of many": lambda books: books.find({"shelf": "s4"}, order="price", limit=5, all_of={"words": ["black"]}),
    "a word on two shelves": lambda books: books.find({"shelf": AnyOf(["s4", "s5"])}, order="-id", limit=10, all_of={"words": ["tea"]}),
    "a word on a shelf": lambda books: books.find({"shelf": "s4"}, order="-id", limit=10, all_of={"words": ["tea"]}),
}


@pytest.mark.parametrize("name", QUESTIONS)
async def test_a_page_costs_the_same_among_eight_times_as_many(name: str, shelves: list[Path]) -> None:
    spent = []
    for path in shelves:
        counter = Counter()
        async with open_store(path, [BOOKS], bounds=Bounds(in_vain=100, walked=100, collected=50), watch=counter.watch) as store:
            found = await QUESTIONS[name](store[BOOKS])
        assert not isinstance(found, Page) or found.items
        spent.append(counter.steps)
    few, many = spent
    assert many <= 2 * few, spent


async def test_forgetting_published_events_looks_only_at_those_that_go(tmp_path: Path) -> None:
    """Halving: some instructions for each doubling of what is stored, not for each event."""
    spent = []
    for size in (FEW, MANY):
        connection = open_prepared(tmp_path / f"{size}.sqlite", [])
        rows = [(f"e{number}", "t", "s", 1, "", float(number), b"{}") for number in range(size)]
        connection.execute("BEGIN")
        connection.executemany(OUTBOX, rows)
        counter = Counter()
        counter.watch(connection)
        gone = Unit(connection.cursor(), {}, "").run((Forgetting(upto=size, before=100.5, most=60), Forgetting(upto=size, before=50.0)))
        spent.append(counter.steps)
        assert gone == [60, 0]
        assert connection.execute("SELECT min(at) FROM _outbox").fetchone() == (60.0,)
        connection.close()
    assert spent[1] <= 2 * spent[0], spent
