"""Searching by terms: whatever way a page is found, it is what a plain look at every document would have given."""

import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mallkit.sqlite import open_store
from mallkit.sqlite_search import Bounds
from mallkit.store import AnyOf, Collection, Prefix, Range, Store, Term
from tests.mallkit.books import BOOKS, Book

WAYS = {
    "lists are merged": Bounds(in_vain=10_000, walked=10_000, merged=100, collected=0),
    "documents are sorted": Bounds(in_vain=10_000, walked=10_000, merged=0, collected=10_000),
    "the collection is walked": Bounds(in_vain=10_000, walked=10_000, merged=0, collected=0),
    "pages end early": Bounds(in_vain=3, walked=3, merged=2, collected=1),
    "pages go on while they find something": Bounds(in_vain=2, walked=7, merged=2, collected=1),
}
WORDS = st.sampled_from(["a", "ab", "abc", "b", "ba", "茶", "茶壶", "z"])
TERMS: st.SearchStrategy[Term] = st.one_of(WORDS, st.sampled_from(["", "a", "ab", "b", "茶", "zz"]).map(Prefix))
DOCUMENTS = st.lists(
    st.builds(
        Book,
        id=st.text("abc", min_size=1, max_size=3),
        price=st.integers(0, 3),
        weight=st.sampled_from([0.0, 0.5]),
        shelf=st.sampled_from("xy"),
        rare=st.booleans(),
        words=st.frozensets(WORDS, max_size=5),
    ),
    max_size=25,
    unique_by=lambda book: book.id,
)
CONDITIONS: st.SearchStrategy[Mapping[str, Any]] = st.sampled_from(
    [{}, {"shelf": "x"}, {"price": 2}, {"price": Range(ge=1), "rare": True}, {"id": Range(gt="b")}, {"shelf": AnyOf(["x", "y"])}]
)
ORDERS = st.sampled_from(["id", "-id", "price", "-price", "weight", "-shelf"])


def fits(book: Book, where: Mapping[str, Any], terms: Sequence[Term]) -> bool:
    """As the port says it."""
    has = all(any(word.startswith(term.text) for word in book.words) if isinstance(term, Prefix) else term in book.words for term in terms)
    return has and all(_is(getattr(book, name), wanted) for name, wanted in where.items())


def _is(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, Range):
        return (wanted.ge is None or value >= wanted.ge) and (wanted.gt is None or value > wanted.gt)
    return value in wanted.values if isinstance(wanted, AnyOf) else bool(value == wanted)


def expected(there: Sequence[Book], where: Mapping[str, Any], terms: Sequence[Term], order: str) -> list[str]:
    """All ids, in order."""
    field = order.lstrip("-")
    fitting = [book for book in there if fits(book, where, terms)]
    return [book.id for book in sorted(fitting, key=lambda book: (getattr(book, field), book.id), reverse=order.startswith("-"))]


async def pages(books: Collection[Book], where: Mapping[str, Any], terms: Sequence[Term], order: str, limit: int) -> list[str]:
    """The ids on all pages, one after the other."""
    seen: list[str] = []
    page = await books.find(where, order=order, limit=limit, all_of={"words": terms})
    seen += [book.id for book in page.items]
    while page.next is not None:
        page = await books.find(where, order=order, limit=limit, all_of={"words": terms}, after=page.next)
        assert len(page.items) <= limit
        seen += [book.id for book in page.items]
    return seen


@pytest.mark.parametrize("way", WAYS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(there=DOCUMENTS, asked=st.lists(st.tuples(CONDITIONS, st.lists(TERMS, min_size=1, max_size=3), ORDERS), min_size=1, max_size=8))
async def test_pages_are_what_a_look_at_every_document_gives(
    way: str, there: list[Book], asked: list[tuple[Mapping[str, Any], list[Term], str]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with open_store(Path(folder) / "books.sqlite", [BOOKS], bounds=WAYS[way]) as store:
            books = store[BOOKS]
            await store.together(*map(books.adding, there))
            for where, terms, order in asked:
                wanted = expected(there, where, terms, order)
                assert await pages(books, where, terms, order, 2) == wanted
                assert await books.count(where, all_of={"words": terms}) == len(wanted)
                middle = await books.find(where, order=order, limit=2, offset=1, all_of={"words": terms})
                assert [book.id for book in middle.items] == wanted[1:3]
                assert (middle.next is not None) == (len(wanted) > 3)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(there=DOCUMENTS, later=DOCUMENTS, gone=st.sets(st.text("abc", min_size=1, max_size=2)))
async def test_what_is_changed_and_removed_is_found_as_it_is_now(there: list[Book], later: list[Book], gone: set[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with open_store(Path(folder) / "books.sqlite", [BOOKS]) as store:
            books, now = store[BOOKS], {book.id: book for book in there}
            await store.together(*map(books.adding, there))
            for book in later:
                await books.change(book.id, partial(_instead, book), absent=book)
                now[book.id] = book
            for key in gone:
                await books.remove(key)
                now.pop(key, None)
            for order in ("id", "-price", "weight"):
                for term in ("a", "茶", Prefix("a")):
                    assert await pages(books, {}, [term], order, 3) == expected(list(now.values()), {}, [term], order)


def _instead(book: Book, _: Book) -> Book:
    return book


async def shelve(store: Store, count: int) -> None:
    """The even ones are green, the odd ones black, all of them tea; every hundredth is rare, and the cheapest."""
    shelf = [
        Book(id=f"b{number:05}", price=0 if number % 100 == 99 else number % 50 + 1, words=_words(number), shelf="ab"[number % 10 == 0])
        for number in range(count)
    ]
    await store.together(*map(store[BOOKS].adding, shelf))


def _words(number: int) -> frozenset[str]:
    return frozenset({"tea", "black" if number % 2 else "green", f"n{number}", *(["rare"] if number % 100 == 99 else [])})


async def test_a_shelf_with_few_leads_a_common_word(tmp_path: Path) -> None:
    async with open_store(tmp_path / "books.sqlite", [BOOKS], bounds=Bounds(in_vain=60, walked=60)) as store:
        await shelve(store, 2000)
        for where in ({"shelf": "b"}, {"shelf": AnyOf(["b", "c"])}, {"shelf": "b", "price": Range(ge=0)}):
            for order in ("id", "-id", "price"):
                page = await store[BOOKS].find(where, order=order, limit=20, all_of={"words": ["tea"]})
                assert len(page.items) == 20
                assert {book.shelf for book in page.items} == {"b"}


async def test_words_that_never_meet_end_a_page_early_and_it_goes_on_to_the_end(tmp_path: Path) -> None:
    async with open_store(tmp_path / "books.sqlite", [BOOKS], bounds=Bounds(in_vain=50, walked=50)) as store:
        await shelve(store, 400)
        page = await store[BOOKS].find(all_of={"words": ["green", "black"]})
        rounds = 1
        assert page.items == []
        while page.next is not None:
            page = await store[BOOKS].find(all_of={"words": ["green", "black"]}, after=page.next)
            assert page.items == []
            rounds += 1
        assert rounds == 5  # the 200 that are green, fifty at a time, and the end


async def test_a_page_goes_on_while_it_finds_something(tmp_path: Path) -> None:
    async with open_store(tmp_path / "books.sqlite", [BOOKS], bounds=Bounds(in_vain=30, walked=100)) as store:
        await shelve(store, 2000)
        find = partial(store[BOOKS].find, limit=10, all_of={"words": ["green"]})
        page = await find({"price": Range(ge=49)})  # each 25th of the green ones
        assert [book.id for book in page.items] == ["b00048", "b00098", "b00148", "b00198"], "of the first 120"
        more = await find({"price": Range(ge=49)}, after=page.next)
        assert [book.id for book in more.items] == ["b00248", "b00298", "b00348", "b00398", "b00448"]
        vain = await find({"price": Range(ge=60)})
        assert vain.items == []
        assert vain.next is not None
        assert (await find({"price": Range(ge=49)}, after=vain.next)).items[0].id == "b00098", "it looked at thirty"


async def test_a_sparse_word_leads_a_common_one_so_that_the_page_is_full(tmp_path: Path) -> None:
    async with open_store(tmp_path / "books.sqlite", [BOOKS], bounds=Bounds(in_vain=15, walked=15)) as store:
        await shelve(store, 2000)
        asked: list[list[Term]] = [["tea", "rare"], ["rare", "tea"], ["tea", Prefix("rar")], ["black", Prefix("tea"), "rare"]]
        for terms in asked:
            for order in ("id", "-id", "price"):
                page = await store[BOOKS].find(order=order, limit=10, all_of={"words": terms})
                assert len(page.items) == 10
                assert all("rare" in book.words for book in page.items)
