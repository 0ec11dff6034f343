"""A small collection, and a store of it, for the tests of the store."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

from mallkit.endpoint import Event
from mallkit.sqlite import open_store
from mallkit.store import Kind, Store


class Sold(Event, frozen=True):
    """A copy went."""

    type: ClassVar[str] = "book.sold"
    book_id: str
    left: int


@dataclass(frozen=True, kw_only=True)
class Book:
    """Stock and words."""

    id: str
    isbn: str = ""
    shelf: str = "a"
    price: int = 0
    weight: float = 0.0
    rare: bool = False
    copies: int = 0
    words: frozenset[str] = frozenset()

    def sell(self) -> tuple["Book", Sold]:
        """One copy."""
        return replace(self, copies=self.copies - 1), Sold(book_id=self.id, left=self.copies - 1)

    def print(self) -> "Book":
        """One copy more."""
        return replace(self, copies=self.copies + 1)


@dataclass(frozen=True)
class Note:
    """Something without fields."""

    id: str
    text: str


BOOKS: Kind[Book] = Kind(
    name="books",
    type=Book,
    fields={"shelf": str, "price": int, "weight": float, "rare": bool},
    indexes=(("shelf", "price"), ("shelf", "id")),
    many=("words",),
    many_by={"words": ("price",)},
    counted=(("shelf", "rare"),),
)
EDITIONS: Kind[Book] = Kind(
    name="editions", type=Book, fields={"isbn": str, "shelf": str, "price": int}, unique=(("isbn",), ("shelf", "price"))
)
NOTES: Kind[Note] = Kind(name="notes", type=Note)
KINDS = (BOOKS, EDITIONS, NOTES)

Opener: TypeAlias = Callable[[Path], AbstractAsyncContextManager[Store]]


def sqlite(folder: Path) -> AbstractAsyncContextManager[Store]:
    """On a file in the folder."""
    return open_store(folder / "books.sqlite", KINDS)


def copies(book: Any) -> int:
    """Of an answer."""
    assert isinstance(book, Book)
    return book.copies
