"""What every store promises of writes: atomic, exclusive, with their events, and undone as a whole."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from mallkit.ids import new_id
from mallkit.store import Absent, Kind, Step, Store, StoreUnavailable, Taken
from mallkit.tracing import server_span
from tests.mallkit.books import BOOKS, EDITIONS, NOTES, Book, Note, Opener, Sold, copies


class Refusal(Exception):
    """A rule says no."""


def refuse(_: Book) -> Book:
    raise Refusal


async def test_what_was_added_is_read_back(store: Store) -> None:
    book = Book(id="b1", isbn="978", price=3, weight=1.5, rare=True, words=frozenset({"green", "茶叶"}))
    assert await store[BOOKS].add(book) == book
    assert await store[BOOKS].get("b1") == book


async def test_an_unknown_id_is_absent(store: Store) -> None:
    with pytest.raises(Absent) as error:
        await store[BOOKS].get("nobody")
    assert (error.value.collection, error.value.id) == ("books", "nobody")
    with pytest.raises(Absent):
        await store[BOOKS].change("nobody", Book.print)


async def test_an_id_is_taken_once(store: Store) -> None:
    await store[BOOKS].add(Book(id="b1"))
    with pytest.raises(Taken) as error:
        await store[BOOKS].add(Book(id="b1", price=9))
    assert (error.value.collection, error.value.index) == ("books", "id")
    assert (await store[BOOKS].get("b1")).price == 0


async def test_a_conflict_names_its_unique_index(store: Store) -> None:
    editions = store[EDITIONS]
    await editions.add(Book(id="e1", isbn="1", shelf="a", price=1))
    with pytest.raises(Taken) as error:
        await editions.add(Book(id="e2", isbn="1", shelf="a", price=2))
    assert error.value.index == "isbn"
    await editions.add(Book(id="e3", isbn="3", shelf="b", price=1))
    with pytest.raises(Taken) as error:
        await editions.change("e3", lambda book: replace(book, shelf="a"))
    assert error.value.index == "shelf_price"
    assert (await editions.get("e3")).shelf == "b"


async def test_of_many_who_want_one_unique_value_one_gets_it(store: Store) -> None:
    wishes = [store[EDITIONS].add(Book(id=f"e{n}", isbn="same", price=n)) for n in range(50)]
    answers = await asyncio.gather(*wishes, return_exceptions=True)
    assert sum(isinstance(answer, Book) for answer in answers) == 1
    assert sum(isinstance(answer, Taken) for answer in answers) == 49


async def test_a_hundred_changes_at_once_are_all_there(store: Store) -> None:
    await store[BOOKS].add(Book(id="b1"))
    answers = await asyncio.gather(*(store[BOOKS].change("b1", Book.print) for _ in range(100)))
    assert sorted(map(copies, answers)) == list(range(1, 101))
    assert (await store[BOOKS].get("b1")).copies == 100


async def test_a_rule_that_refuses_undoes_only_itself(store: Store) -> None:
    books = store[BOOKS]
    await books.add(Book(id="b1", copies=5))

    def sell(book: Book) -> tuple[Book, Sold]:
        return book.sell() if book.copies else refuse(book).sell()

    answers = await asyncio.gather(*(books.change("b1", sell) for _ in range(40)), return_exceptions=True)
    assert sum(isinstance(answer, Refusal) for answer in answers) == 35
    assert (await books.get("b1")).copies == 0
    assert [msgspec.json.decode(entry.data)["left"] for entry in await store.outbox(0, 100)] == [4, 3, 2, 1, 0]


async def test_the_very_same_document_writes_nothing(store: Store) -> None:
    await store[BOOKS].add(Book(id="b1", copies=1))
    same = await store[BOOKS].change("b1", lambda book: book)
    await store[BOOKS].change("b1", Book.sell)
    assert same.copies == 1
    assert [entry.sequence for entry in await store.outbox(0, 10)] == [2]


async def test_change_can_begin_with_what_is_absent(store: Store) -> None:
    start = Book(id="b1", copies=10)
    answers = await asyncio.gather(*(store[BOOKS].change("b1", Book.print, absent=start) for _ in range(20)))
    assert sorted(map(copies, answers)) == list(range(11, 31))
    assert await store[BOOKS].change("b2", lambda book: book, absent=replace(start, id="b2")) == await store[BOOKS].get("b2")


async def test_events_are_saved_with_their_write(store: Store) -> None:
    with server_span("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "GET /books"):
        await store[BOOKS].add(Book(id="b1", copies=2), Sold(book_id="b1", left=2))
    await store[BOOKS].change("b1", Book.sell)
    assert await store[BOOKS].remove("b1", Sold(book_id="b1", left=0))
    entries = await store.outbox(0, 10)
    assert [(entry.type, entry.subject, entry.sequence) for entry in entries] == [("book.sold", "b1", n) for n in (1, 2, 3)]
    assert [msgspec.json.decode(entry.data, type=Sold).left for entry in entries] == [2, 1, 0]
    assert [entry.traceparent[:5] for entry in entries] == ["00-0a", "", ""]
    assert len({entry.id for entry in entries}) == 3
    assert all(abs(datetime.now(UTC) - entry.at) < timedelta(minutes=1) for entry in entries)
    assert [entry.sequence for entry in await store.outbox(entries[0].seq, 1)] == [2]


async def test_events_of_a_write_that_failed_are_not_saved(store: Store) -> None:
    event = Sold(book_id="b1", left=0)
    await store[BOOKS].add(Book(id="b1"))
    with pytest.raises(Taken):
        await store[BOOKS].add(Book(id="b1"), event)
    assert not await store[BOOKS].remove("nobody", event)
    with pytest.raises(Refusal):
        await store.together(store[BOOKS].changing("b1", Book.sell), store[BOOKS].changing("b1", refuse))
    assert await store.outbox(0, 10) == []


async def test_an_event_alone_counts_the_revision_up(store: Store) -> None:
    await store[BOOKS].add(Book(id="b1"))
    for _ in range(2):
        await store[BOOKS].change("b1", lambda book: (book, Sold(book_id="b1", left=0)))
    assert [entry.sequence for entry in await store.outbox(0, 10)] == [2, 3]


async def test_steps_see_the_earlier_ones_and_answer_in_order(store: Store) -> None:
    books, notes = store[BOOKS], store[NOTES]
    seen: list[int] = []

    def sell(book: Book) -> tuple[Book, Sold]:
        seen.append(book.copies)
        return book.sell()

    steps: list[Step] = [
        books.adding(Book(id="b1", copies=3)),
        books.changing("b1", sell),
        books.changing("b1", sell),
        notes.changing("n1", lambda note: replace(note, text=str(seen)), absent=Note("n1", "")),
        notes.removing("n2"),
        books.checking("b1", lambda book: seen.append(copies(book))),
        notes.adding(Note("n2", "late")),
        notes.removing("n2"),
    ]
    results = await store.together(*steps)
    assert [getattr(result, "copies", result) for result in results] == [
        3,
        2,
        1,
        Note("n1", "[3, 2]"),
        False,
        None,
        Note("n2", "late"),
        True,
    ]
    assert seen == [3, 2, 1]
    assert (await books.get("b1")).copies == 1
    assert await notes.count() == 1
    assert [entry.sequence for entry in await store.outbox(0, 10)] == [2, 3]
    assert await store.together() == []


async def test_one_refusal_undoes_all_steps(store: Store) -> None:
    books, notes = store[BOOKS], store[NOTES]
    seen: list[Book] = []
    await books.add(Book(id="b1", copies=3, words=frozenset({"old"})))
    failing: list[Step] = [
        books.changing("b1", refuse),
        books.changing("nobody", Book.print),
        books.checking("b1", lambda book: seen.append(refuse(book or Book(id="")))),
        books.adding(Book(id="b1")),
    ]
    changed = books.changing("b1", lambda book: replace(book, words=frozenset({"new"}), price=7))
    others = [notes.add(Note(f"n{n}", "")) for n in range(20)]
    whole = [store.together(notes.adding(Note(f"x{n}", "")), changed, step) for n, step in enumerate(failing)]
    answers = await asyncio.gather(*others, *whole, return_exceptions=True)
    assert [type(answer) for answer in answers[20:]] == [Refusal, Absent, Refusal, Taken]
    assert await notes.count() == 20
    assert await books.get("b1") == Book(id="b1", copies=3, words=frozenset({"old"}))
    assert await books.count(all_of={"words": ["old"]}) == 1
    assert await books.count(all_of={"words": ["new"]}) == 0


async def test_a_unique_value_can_change_hands_in_one_together(store: Store) -> None:
    editions = store[EDITIONS]
    await editions.add(Book(id="e1", isbn="1", price=1))
    await editions.add(Book(id="e2", isbn="2", price=2))
    await store.together(
        editions.changing("e1", lambda book: replace(book, isbn="free")),
        editions.changing("e2", lambda book: replace(book, isbn="1")),
        editions.changing("e1", lambda book: replace(book, isbn="2")),
    )
    assert [(await editions.get(key)).isbn for key in ("e1", "e2")] == ["2", "1"]
    await store.together(editions.removing("e1"), editions.adding(Book(id="e3", isbn="2", price=3)))
    assert await editions.count() == 2


async def test_an_event_that_cannot_be_encoded_leaves_no_document_behind(store: Store) -> None:
    """One of many writes in a commit: the others stand."""
    notes, odd = store[NOTES], Sold(book_id="n7", left=1j)  # type: ignore[arg-type]  # JSON has no such number
    works = [notes.add(Note(f"n{n}", ""), odd if n == 7 else Sold(book_id=f"n{n}", left=1)) for n in range(40)]
    answers = await asyncio.gather(*works, return_exceptions=True)
    assert [type(answer) for answer in answers if isinstance(answer, Exception)] == [TypeError]
    assert {entry.subject for entry in await store.outbox(0, 100)} == {note.id for note in (await notes.find(limit=100)).items}
    assert await notes.count() == 39


async def test_a_removed_document_is_gone(store: Store) -> None:
    await store[BOOKS].add(Book(id="b1", words=frozenset({"tea"})))
    assert await store[BOOKS].remove("b1")
    assert not await store[BOOKS].remove("b1")
    assert await store[BOOKS].count(all_of={"words": ["tea"]}) == 0
    with pytest.raises(Absent):
        await store[BOOKS].get("b1")


async def test_a_caller_that_goes_away_leaves_the_others_alone(store: Store) -> None:
    await store[BOOKS].add(Book(id="b1"))
    going = [asyncio.create_task(store[BOOKS].change("b1", Book.print)) for _ in range(60)]
    await asyncio.sleep(0)
    for task in going[::2]:
        task.cancel()
    answers = await asyncio.gather(*going, return_exceptions=True)
    assert all(isinstance(answer, asyncio.CancelledError) for answer in answers[::2])
    assert all(isinstance(answer, Book) for answer in answers[1::2])
    assert (await store[BOOKS].get("b1")).copies >= 30


async def test_closing_writes_what_was_handed_over(opener: Opener, tmp_path: Path) -> None:
    async with opener(tmp_path) as store:
        writes = [asyncio.ensure_future(store[NOTES].add(Note(f"n{n}", ""))) for n in range(300)]
        await asyncio.sleep(0)
    await asyncio.gather(*writes)
    for closed in (store.ping(), store[NOTES].get("n1"), store[NOTES].add(Note("late", ""))):
        with pytest.raises(StoreUnavailable):
            await closed
    async with opener(tmp_path) as store:
        await store.ping()
        assert await store[NOTES].count() == 300


async def test_a_value_of_the_wrong_type_is_the_callers_mistake(store: Store) -> None:
    wrong = [Book(id="b1", price=None), Book(id="b2", shelf=7), Book(id="b3", price=2**70)]  # type: ignore[arg-type]  # that is the point
    answers = await asyncio.gather(*map(store[BOOKS].add, wrong), store[NOTES].add(Note("n1", "")), return_exceptions=True)
    assert [type(answer) for answer in answers] == [TypeError, TypeError, OverflowError, Note]
    assert await store[BOOKS].count() == 0


@pytest.mark.parametrize(
    "declared",
    [
        {"name": "Wrong Name"},
        {"fields": {"id": str}},
        {"fields": {"text": bytes}},
        {"unique": (("text",),)},
        {"indexes": (("text",),)},
        {"version": 2},
    ],
)
def test_a_declaration_that_contradicts_itself_is_refused(declared: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"name|declared"):
        Kind(**{"name": "notes", "type": Note, **declared})  # type: ignore[arg-type]  # that is the point


def test_ids_grow() -> None:
    made = [new_id() for _ in range(10_000)]
    assert made == sorted(set(made))
    assert all(len(each) == 36 and each[14] == "7" and each[19] in "89ab" for each in made)
