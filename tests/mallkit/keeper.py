"""A process that shares the tests' store: `python -m tests.mallkit.keeper VERB FOLDER [NUMBER]`; tells what it did, a line each."""

import asyncio
import resource
import sys
from itertools import count
from pathlib import Path

from mallkit.ids import new_id
from mallkit.store import Store, StoreUnavailable
from tests.mallkit.books import BOOKS, NOTES, Book, Note, Sold, sqlite

TASKS = 16


def tell(line: object) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def print_copies(store: Store, number: int) -> None:
    """Counts one book up."""
    for _ in range(number):
        await store[BOOKS].change("shared", Book.print, absent=Book(id="shared"))
    tell("done")


async def write_until_killed(store: Store, number: int) -> None:
    """Tells each id once its write is acknowledged."""

    async def write() -> None:
        for n in count():
            key = new_id()
            book, note = (
                store[BOOKS].adding(Book(id=key, words=frozenset({key})), Sold(book_id=key, left=n)),
                store[NOTES].adding(Note(key, "")),
            )
            await store.together(book, note)
            tell(key)

    await asyncio.gather(*(write() for _ in range(number)))


async def fill_the_disk(store: Store, number: int) -> None:
    """Writes pairs while no file may grow beyond `number` bytes, and again when they may."""
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)

    async def write(key: str) -> bool:
        steps = store[BOOKS].adding(Book(id=key, isbn="x" * 3000), Sold(book_id=key, left=0)), store[NOTES].adding(Note(key, "y" * 3000))
        try:
            await store.together(*steps)
        except StoreUnavailable:
            return False
        return True

    resource.setrlimit(resource.RLIMIT_FSIZE, (number, unlimited[1]))
    small = [await asyncio.gather(*(write(f"s{n}-{task}") for task in range(TASKS))) for n in range(60)]
    readable = await store[BOOKS].count()
    resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    large = [await write(f"l{n}") for n in range(10)]
    tell(f"{sum(map(sum, small))} {sum(map(len, small))} {readable} {sum(large)}")


async def stay(store: Store, number: int) -> None:
    """Only opens."""
    await store.ping()
    tell(number)


VERBS = {verb.__name__: verb for verb in (print_copies, write_until_killed, fill_the_disk, stay)}


async def main() -> None:
    verb, folder, number = sys.argv[1:]
    async with sqlite(Path(folder)) as store:
        await VERBS[verb](store, int(number))


if __name__ == "__main__":
    asyncio.run(main())
