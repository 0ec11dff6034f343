"""What every store promises of whole collections: all documents as of one moment, with their revisions, beside its writers."""

import asyncio
from contextlib import aclosing

import pytest

from mallkit.store import Store, StoredRow
from tests.mallkit.books import BOOKS, EDITIONS, NOTES, Book, Note


async def all_of(store: Store, at_once: int = 100) -> list[StoredRow]:
    return [row async for batch in store.rows([BOOKS, NOTES], at_once=at_once) for row in batch]


async def test_every_document_is_told_with_its_kind_and_revision(store: Store) -> None:
    await store[BOOKS].add(Book(id="b1"))
    await store[BOOKS].change("b1", Book.print)
    await store[NOTES].add(Note("n1", "green"))
    await store[EDITIONS].add(Book(id="e1", isbn="not asked for"))
    book, note = await all_of(store)
    assert (book[0], book[2]) == (BOOKS, Book(id="b1", copies=1))
    assert note == (NOTES, 1, Note("n1", "green"))
    assert book[1] == 2


async def test_an_empty_store_tells_nothing(store: Store) -> None:
    assert await all_of(store) == []


@pytest.mark.requirement(166)
async def test_what_is_written_meanwhile_belongs_to_another_moment(store: Store) -> None:
    for number in range(10):
        await store[BOOKS].add(Book(id=f"b{number}"))
    seen: list[StoredRow] = []
    async with aclosing(store.rows([BOOKS, NOTES], at_once=3)) as batches:
        async for batch in batches:
            assert len(batch) <= 3
            seen += batch
            for number in range(10):
                await store[BOOKS].change(f"b{number}", Book.print)
            await store[NOTES].add(Note(f"n{len(seen)}", "late"))
    assert [(kind, revision, document.copies) for kind, revision, document in seen] == [(BOOKS, 1, 0)] * 10


async def test_whoever_stops_half_way_leaves_the_store_as_it_was(store: Store) -> None:
    for number in range(10):
        await store[BOOKS].add(Book(id=f"b{number}"))
    async with aclosing(store.rows([BOOKS], at_once=1)) as batches:
        async for _ in batches:
            break
    await store[BOOKS].change("b1", Book.print)
    assert len(await all_of(store)) == 10


async def test_a_reader_that_is_given_up_while_it_reads_is_closed(store: Store) -> None:
    for number in range(200):
        await store[BOOKS].add(Book(id=f"b{number}", words=frozenset({"x" * 500})))
    for _ in range(5):
        reading = asyncio.create_task(all_of(store, at_once=1))
        await asyncio.sleep(0)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
    assert len(await all_of(store)) == 200
