"""Consumers: once in effect, whatever the order and the number of deliveries; effect and note in one write."""

import asyncio
import random
import signal
import sys
from contextlib import aclosing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mallkit.consumers import INBOX, FutureEvent, Inbox, Mode, Undecodable, UnknownEvent, consumes
from mallkit.events import Envelope
from mallkit.store import Absent, Taken
from tests.mallkit.books import Sold
from tests.mallkit.ledger import CONTRACT, LINES, Burnt, Ledger, Lent, Line, add_up, ledger, message, sold

MANY = 12


async def notes(books: Ledger) -> set[str]:
    async with aclosing(books.store.rows([INBOX])) as batches:
        return {seen.id for batch in [rows async for rows in batches] for _, _, seen in batch}


@pytest.mark.parametrize("seed", range(5))
async def test_each_event_counts_once_whatever_the_order_and_number(books: Ledger, seed: int) -> None:
    bodies = [sold(event_id=f"e{number}", sequence=number) for number in range(MANY)] * 3
    random.Random(seed).shuffle(bodies)
    told = [await books.take(body, "add_up") for body in bodies]
    assert sum(fresh for (fresh,) in told) == MANY
    assert (await books.line()).sold == MANY


@pytest.mark.parametrize("seed", range(5))
async def test_the_newest_of_a_subject_stays_whatever_the_order_and_number(books: Ledger, seed: int) -> None:
    bodies = [sold(event_id=f"e{number}", sequence=number, left=100 - number) for number in range(1, MANY + 1)] * 2
    random.Random(seed).shuffle(bodies)
    for body in bodies:
        await books.take(body, "keep_newest")
    assert (await books.line()).left == 100 - MANY


async def test_an_older_event_is_dropped_and_another_subjects_is_not(books: Ledger) -> None:
    assert await books.take(sold("b1", "e5", 5, 50), "keep_newest") == [True]
    assert await books.take(sold("b1", "e4", 4, 40), "keep_newest") == [False]
    assert await books.take(sold("b1", "e5", 5, 50), "keep_newest") == [False]
    assert await books.take(sold("b2", "e4", 4, 40), "keep_newest") == [True]
    assert ((await books.line("b1")).left, (await books.line("b2")).left) == (50, 40)


async def test_consumers_of_one_event_do_not_share_their_notes(books: Ledger) -> None:
    assert await books.take(sold()) == [True, True]
    assert await books.take(sold()) == [False, False]


async def test_of_deliveries_at_once_in_two_copies_one_has_the_effect(tmp_path: Path) -> None:
    async with ledger(tmp_path) as one, ledger(tmp_path) as two:
        told = await asyncio.gather(*(copy.take(sold(), "add_up") for copy in (one, two) * 10))
        assert sum(fresh for (fresh,) in told) == 1
        assert (await one.line()).sold == 1


@consumes(Sold, Mode.EACH)
async def look_away(_event: Sold, _: Envelope, _ports: object) -> None:
    """No business of this service."""


async def test_what_is_no_business_of_the_service_leaves_no_note(books: Ledger) -> None:
    envelope = books.inbox.read(sold())
    assert not await books.inbox.take(envelope, look_away)
    assert await notes(books) == set()
    assert not await books.inbox.take(envelope, look_away, books.store[LINES].adding(Line("also")))
    assert {line.id for line in (await books.store[LINES].find()).items} == {"also"}


async def test_an_effect_that_fails_half_way_leaves_nothing(books: Ledger) -> None:
    with pytest.raises(Absent):
        await books.take(message(Burnt(book_id="never sold", pages=3)))
    with pytest.raises(Absent):
        await books.store[LINES].get("ash-never sold")
    assert await notes(books) == set()


async def test_steps_that_are_handed_in_are_written_with_the_effect_or_not_at_all(books: Ledger) -> None:
    envelope, lines = books.inbox.read(sold()), books.store[LINES]
    assert await books.inbox.take(envelope, add_up, lines.adding(Line("also")))
    assert not await books.inbox.take(envelope, add_up, lines.adding(Line("also, though it was seen")))
    with pytest.raises(Taken):
        await books.inbox.take(books.inbox.read(sold(event_id="e2")), add_up, lines.adding(Line("also")))
    assert (await books.line()).sold == 1
    assert {line.id for line in (await lines.find()).items} == {"b1", "also", "also, though it was seen"}


async def killed_taking(folder: Path, point: str) -> int:
    child = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.mallkit.ledger_child", "take", str(folder), point)
    return await child.wait()


@pytest.mark.requirement(187)
@pytest.mark.parametrize(("point", "before"), [("consumer.taken:before-commit", 0), ("consumer.taken:after-commit", 1)])
async def test_a_consumer_that_is_killed_in_between_has_left_all_or_nothing(tmp_path: Path, point: str, before: int) -> None:
    assert await killed_taking(tmp_path, point) == -signal.SIGKILL
    async with ledger(tmp_path) as books:
        assert ((await books.line()).sold, len(await notes(books))) == (before, before)
        assert await books.take(sold(), "add_up") == [not before]
        assert (await books.line()).sold == 1


@pytest.mark.requirement(86)
async def test_notes_of_single_events_are_forgotten_and_the_newest_of_a_subject_is_not(books: Ledger) -> None:
    for number in range(250):
        await books.take(sold(event_id=f"e{number}", sequence=number + 1))
    books.clock.now += 100
    await books.take(sold("b2", "young"))
    await books.inbox.purge(books.clock.now - 50)
    assert await notes(books) == {"add_up/young", "keep_newest/shop/b1", "keep_newest/shop/b2"}


async def test_what_nobody_here_takes_is_known_all_the_same(books: Ledger) -> None:
    assert await books.take(message(Lent(book_id="b"))) == []


async def test_messages_that_cannot_be_taken_are_refused_by_name(books: Ledger) -> None:
    read, consumers_of = books.inbox.read, books.inbox.consumers_of
    with pytest.raises(Undecodable):
        read(b'{"specversion": "1.0"}')
    with pytest.raises(UnknownEvent, match=r"book\.eaten of shop"):
        consumers_of(read(sold(type="book.eaten")))
    with pytest.raises(FutureEvent, match="version 1 is the newest"):
        consumers_of(read(sold(type="book.sold.v2")))
    with pytest.raises(Undecodable, match="left"):
        await books.take(sold().replace(b'"left":0', b'"left":"none"'))
    assert await notes(books) == set()


async def test_an_older_version_is_taken_with_what_it_does_not_tell(books: Ledger) -> None:
    await books.take(sold())
    older = message(Burnt(book_id="b1"), event_id="old", type="book.burnt").replace(b',"pages":0', b"")
    assert await books.take(older) == [True]
    assert await books.line("ash-b1") == Line("ash-b1", sold=0)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # reading changes nothing
@given(st.binary() | st.text().map(str.encode) | st.recursive(st.text(max_size=5), st.lists).map(str).map(str.encode))
async def test_no_bytes_break_the_reading(books: Ledger, body: bytes) -> None:
    with pytest.raises(Undecodable):
        books.inbox.read(body)


@pytest.mark.parametrize("body", [b"[" * 100_000, sold().replace(b'{"book_id', b"[" * 100_000)], ids=["outside", "inside"])
async def test_json_that_is_nested_too_deeply_is_undecodable(books: Ledger, body: bytes) -> None:
    with pytest.raises(Undecodable):
        books.inbox.read(body)


async def test_two_consumers_of_one_name_are_refused(books: Ledger) -> None:
    twin = consumes(Sold, Mode.LATEST)(add_up.take)
    with pytest.raises(ValueError, match="one name"):
        Inbox(books.store, {"shop": CONTRACT}, [add_up, twin])
