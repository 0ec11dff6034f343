"""What every store promises of reads: conditions, order, pages that neither skip nor repeat, terms, counts."""

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mallkit.errors import Invalid
from mallkit.store import AnyOf, Prefix, Range, Store
from mallkit.terms import terms
from tests.mallkit.books import BOOKS, NOTES, Book, Note, Opener

SHELF = [
    Book(id="b1", shelf="a", price=5, weight=0.5, rare=True),
    Book(id="b2", shelf="b", price=5, weight=2.5),
    Book(id="b3", shelf="a", price=-1, weight=1e300),
    Book(id="b4", shelf="Ä", price=2**62, rare=True),
    Book(id="b5", shelf="a' OR 1=1 --", price=0, weight=-0.25),
]
CONDITIONS: list[tuple[Mapping[str, Any], Callable[[Book], bool]]] = [
    ({}, lambda _: True),
    ({"shelf": "a"}, lambda book: book.shelf == "a"),
    ({"shelf": "a", "price": 5}, lambda book: book.shelf == "a" and book.price == 5),
    ({"shelf": "a' OR 1=1 --"}, lambda book: book.id == "b5"),
    ({"rare": True}, lambda book: book.rare),
    ({"rare": False, "price": Range(ge=0, lt=5)}, lambda book: book.id == "b5"),
    ({"weight": Range(gt=0.5)}, lambda book: book.weight > 0.5),
    ({"price": Range(gt=5)}, lambda book: book.price > 5),
    ({"price": Range(le=-1)}, lambda book: book.price <= -1),
    ({"shelf": AnyOf(["a", "Ä", "none"])}, lambda book: book.shelf in ("a", "Ä")),
    ({"shelf": AnyOf([])}, lambda _: False),
    ({"id": AnyOf(["b2", "b5", "b9"])}, lambda book: book.id in ("b2", "b5")),
    ({"id": Range(ge="b2", lt="b4")}, lambda book: book.id in ("b2", "b3")),
]


async def shelve(store: Store) -> None:
    await store.together(*map(store[BOOKS].adding, SHELF))


@pytest.mark.parametrize(("where", "fits"), CONDITIONS)
async def test_conditions(store: Store, where: Mapping[str, Any], fits: Callable[[Book], bool]) -> None:
    await shelve(store)
    found = await store[BOOKS].find(where)
    assert [book.id for book in found.items] == [book.id for book in SHELF if fits(book)]
    assert found.next is None
    assert await store[BOOKS].count(where) == len(found.items)


@pytest.mark.parametrize("field", ["id", "shelf", "price", "weight", "rare"])
async def test_order_goes_by_field_then_id_both_ways(store: Store, field: str) -> None:
    await shelve(store)
    wanted = sorted(SHELF, key=lambda book: (_bytes(getattr(book, field)), book.id))
    assert (await store[BOOKS].find(order=field)).items == wanted
    assert (await store[BOOKS].find(order=f"-{field}")).items == wanted[::-1]


def _bytes(value: Any) -> Any:
    return value.encode() if isinstance(value, str) else value


async def test_offset_and_limit(store: Store) -> None:
    await shelve(store)
    page = await store[BOOKS].find(limit=2, offset=2)
    assert [book.id for book in page.items] == ["b3", "b4"]
    assert [book.id for book in (await store[BOOKS].find(after=page.next)).items] == ["b5"]
    assert (await store[BOOKS].find(offset=9)).items == []
    assert await store[BOOKS].find(limit=0) == await store[BOOKS].find({"shelf": "none"})


async def test_counts_per_value(store: Store) -> None:
    await shelve(store)
    assert await store[BOOKS].counts("shelf") == {"a": 2, "b": 1, "Ä": 1, "a' OR 1=1 --": 1}
    assert await store[BOOKS].counts("rare", {"price": 5}) == {True: 1, False: 1}


async def test_an_undeclared_field_is_the_callers_mistake(store: Store) -> None:
    books = store[BOOKS]
    for asked in (books.find({"isbn": "1"}), books.find(order="-isbn"), books.find(all_of={"isbn": ["1"]}), books.counts("copies")):
        with pytest.raises(ValueError, match="does not declare"):
            await asked
    with pytest.raises(ValueError, match="1000"):
        await books.find(limit=1001)
    with pytest.raises(TypeError):
        await books.find({"price": "5"})


async def test_a_cursor_that_is_not_ours_is_refused(store: Store) -> None:
    await shelve(store)
    ours = (await store[BOOKS].find(order="price", limit=1)).next
    assert ours is not None
    huge = "WyJwcmljZSIsIjk5OTk5OTk5OTk5OTk5OTk5OTk5IiwiYjEiXQ"  # ["price", "99999999999999999999", "b1"]
    for cursor in ("", "x", "é", "W10", "a" * 5000, ours + "x", ours[:-3], ours + "\n", huge):
        with pytest.raises(Invalid):
            await store[BOOKS].find(order="price", after=cursor)
    for other in ("id", "-price", "shelf"):
        with pytest.raises(Invalid):
            await store[BOOKS].find(order=other, after=ours)


async def test_terms_must_all_be_there(store: Store) -> None:
    teas = {"t1": "Green Tea 绿茶", "t2": "Black tea 红茶", "t3": "Teapot 茶壶 green", "t4": "Coffee 咖啡"}
    await store.together(*(store[BOOKS].adding(Book(id=key, words=terms(text))) for key, text in teas.items()))

    async def found(*wanted: str | Prefix) -> list[str]:
        page = await store[BOOKS].find(all_of={"words": wanted})
        assert await store[BOOKS].count(all_of={"words": wanted}) == len(page.items)
        return [book.id for book in page.items]

    assert await found("tea") == ["t1", "t2"]
    assert await found(Prefix("tea")) == ["t1", "t2", "t3"]
    assert await found(Prefix("tea"), "green") == ["t1", "t3"]
    assert await found("绿茶") == ["t1"]
    assert await found("茶壶", Prefix("gr")) == ["t3"]
    assert await found("咖啡", "tea") == []
    assert await found(Prefix("%")) == []
    await store[BOOKS].change("t4", lambda book: Book(id=book.id, words=frozenset({"tea"})))
    assert await found("tea") == ["t1", "t2", "t4"]
    assert await found("咖啡") == []


async def test_terms_go_with_conditions_order_and_pages(store: Store) -> None:
    words = frozenset({"tea"})
    await store.together(*(store[BOOKS].adding(Book(id=f"b{n}", price=n % 3, rare=n % 2 == 0, words=words)) for n in range(12)))
    first = await store[BOOKS].find({"rare": True}, order="-price", limit=4, all_of={"words": ["tea"]})
    rest = await store[BOOKS].find({"rare": True}, order="-price", after=first.next, all_of={"words": ["tea"]})
    assert [book.id for book in first.items + rest.items] == ["b8", "b2", "b4", "b10", "b6", "b0"]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    prices=st.lists(st.integers(0, 4), max_size=25),
    later=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 99)), max_size=10),
    order=st.sampled_from(["price", "-price", "id", "-id", "-weight", "shelf"]),
    limit=st.integers(1, 7),
)
async def test_pages_show_all_that_was_there_once(
    opener: Opener, prices: list[int], later: list[tuple[int, int]], order: str, limit: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with opener(Path(folder)) as store:
            books = store[BOOKS]
            there = {
                f"o{n:02}": Book(id=f"o{n:02}", price=price, weight=price / 3, shelf="ab"[price % 2]) for n, price in enumerate(prices)
            }
            await store.together(*map(books.adding, there.values()))
            seen: list[Book] = []
            page = await books.find(order=order, limit=limit)
            seen += page.items
            for n, (price, place) in enumerate(later):  # ties before and behind the cursor
                await books.add(Book(id=f"o{place:02}n{n}", price=price, weight=price / 3))
                if page.next is not None:
                    page = await books.find(order=order, after=page.next, limit=limit)
                    seen += page.items
            while page.next is not None:
                page = await books.find(order=order, after=page.next, limit=limit)
                seen += page.items
            assert len({book.id for book in seen}) == len(seen)
            assert {book.id for book in seen} >= set(there)
            field, down = order.lstrip("-"), order.startswith("-")
            keys = [(getattr(book, field), book.id) for book in seen]
            assert keys == sorted(keys, reverse=down)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    books=st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 4)), max_size=25),
    shelves=st.lists(st.sampled_from("abcde"), max_size=6),
    order=st.sampled_from(["price", "-price", "id", "-id", "weight", "shelf"]),
    limit=st.integers(1, 7),
)
async def test_pages_of_any_of_some_values_are_those_of_one_list(
    opener: Opener, books: list[tuple[str, int]], shelves: list[str], order: str, limit: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with opener(Path(folder)) as store:
            there = [Book(id=f"b{n:02}", shelf=shelf, price=price, weight=price / 3) for n, (shelf, price) in enumerate(books)]
            await store.together(*map(store[BOOKS].adding, there))
            where = {"shelf": AnyOf(shelves)}
            page = await store[BOOKS].find(where, order=order, limit=limit)
            seen = page.items
            while page.next is not None:
                page = await store[BOOKS].find(where, order=order, after=page.next, limit=limit)
                seen += page.items
            field = order.lstrip("-")
            fits = [book for book in there if book.shelf in shelves]
            assert seen == sorted(fits, key=lambda book: (getattr(book, field), book.id), reverse=order.startswith("-"))
            assert (await store[BOOKS].find(where, order=order, limit=limit, offset=2)).items == seen[2 : 2 + limit]


async def test_a_kind_without_fields_has_pages_too(store: Store) -> None:
    await store.together(*(store[NOTES].adding(Note(f"n{n}", "")) for n in range(5)))
    first = await store[NOTES].find(limit=3)
    assert [note.id for note in (await store[NOTES].find(after=first.next)).items] == ["n3", "n4"]
