"""The SQLite file among several processes: shared, killed, locked, out of space."""

import asyncio
import random
import signal
import sqlite3
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import pytest

from mallkit.store import MOST_IN_A_PAGE, CannotOpen, Store, StoreUnavailable
from tests.mallkit.books import BOOKS, NOTES, Book, Note, sqlite

ROOT = Path(__file__).parents[2]


async def keeper(verb: str, folder: Path, number: int) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.mallkit.keeper", verb, str(folder), str(number), cwd=ROOT, stdout=PIPE, limit=2**24
    )


async def told(process: Process) -> list[str]:
    """What it says until it ends."""
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    return out.decode().split("\n")[:-1]


async def all_ids(store: Store) -> set[str]:
    found: set[str] = set()
    page = await store[NOTES].find(limit=MOST_IN_A_PAGE)
    found |= {note.id for note in page.items}
    while page.next is not None:
        page = await store[NOTES].find(after=page.next, limit=MOST_IN_A_PAGE)
        found |= {note.id for note in page.items}
    return found


async def test_processes_that_share_a_file_lose_no_change(tmp_path: Path) -> None:
    processes = [await keeper("print_copies", tmp_path, 150) for _ in range(2)]
    async with sqlite(tmp_path) as store:
        mine = [store[BOOKS].change("shared", Book.print, absent=Book(id="shared")) for _ in range(150)]
        await asyncio.gather(*mine)
        assert [await told(process) for process in processes] == [["done"], ["done"]]
        assert (await store[BOOKS].get("shared")).copies == 450


async def test_processes_may_make_the_file_at_the_same_moment(tmp_path: Path) -> None:
    processes = [await keeper("stay", tmp_path, n) for n in range(4)]
    assert [await told(process) for process in processes] == [["0"], ["1"], ["2"], ["3"]]


@pytest.mark.parametrize("round_", range(3))
async def test_no_acknowledged_write_is_lost_by_kill_9(tmp_path: Path, round_: int) -> None:
    process = await keeper("write_until_killed", tmp_path, 16)
    assert process.stdout is not None
    acknowledged = [await process.stdout.readline() for _ in range(random.Random(round_).randrange(200, 600))]
    process.send_signal(signal.SIGKILL)
    *rest, broken = (await process.communicate())[0].split(b"\n")
    keys = {line.decode().strip() for line in [*acknowledged, *rest]}
    assert len(broken) < 36
    async with sqlite(tmp_path) as store:
        there = await all_ids(store)
        assert keys <= there
        assert await store[BOOKS].count() == len(there) <= len(keys) + 16
        assert {entry.subject for entry in await store.outbox(0, 10**6)} == there
        assert await store[BOOKS].count(all_of={"words": [min(there)]}) == 1


@pytest.mark.parametrize("room", [40_000, 400_000])
async def test_a_full_disk_is_told_and_forgotten(tmp_path: Path, room: int) -> None:
    async with sqlite(tmp_path):
        pass
    (line,) = await told(await keeper("fill_the_disk", tmp_path, room))
    written, tried, readable, afterwards = map(int, line.split())
    assert written < tried == 960
    assert readable == written
    assert afterwards == 10
    async with sqlite(tmp_path) as store:
        assert await store[BOOKS].count() == await store[NOTES].count() == written + 10
        assert len(await store.outbox(0, 10**6)) == written + 10


async def test_a_write_waits_for_another_process_to_finish(tmp_path: Path) -> None:
    async with sqlite(tmp_path) as store:
        other = sqlite3.connect(tmp_path / "books.sqlite", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        write = asyncio.ensure_future(store[NOTES].add(Note("n1", "")))
        await asyncio.wait({write}, timeout=0.2)
        assert not write.done()
        assert await store[NOTES].count() == 0
        other.execute("COMMIT")
        other.close()
        await asyncio.wait_for(write, 10)


async def test_the_store_works_on_once_the_cause_of_a_failure_is_gone(tmp_path: Path) -> None:
    async with sqlite(tmp_path) as store:
        operator = sqlite3.connect(tmp_path / "books.sqlite", isolation_level=None)
        operator.execute("ALTER TABLE notes RENAME TO elsewhere")
        with pytest.raises(StoreUnavailable):
            await store.together(store[BOOKS].adding(Book(id="b1")), store[NOTES].adding(Note("n1", "")))
        with pytest.raises(StoreUnavailable):
            await store[NOTES].count()
        operator.execute("ALTER TABLE elsewhere RENAME TO notes")
        operator.close()
        await store[NOTES].add(Note("n1", ""))
        assert (await store[BOOKS].count(), await store[NOTES].count()) == (0, 1)


async def test_a_damaged_file_is_told_as_unavailable_without_its_reason(tmp_path: Path) -> None:
    async with sqlite(tmp_path) as store:
        await store[NOTES].add(Note("n1", "x" * 100_000))
    file = tmp_path / "books.sqlite"
    async with sqlite(tmp_path) as store:
        with file.open("r+b") as raw:
            raw.seek(4096)
            raw.write(b"\xff" * (file.stat().st_size - 4096))
        for attempt in (lambda: store[NOTES].add(Note("n2", "")), lambda: store[NOTES].get("n1"), store.ping):
            with pytest.raises(StoreUnavailable) as error:
                await attempt()
            assert error.value.detail == "The store is not available"
    with pytest.raises(CannotOpen, match="cannot be opened as a store"):
        async with sqlite(tmp_path):
            pass
