"""The failure desk: what could not be taken in is kept, tried again by the job and by hand, once in effect whatever dies."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from mallkit.consumers import INBOX, Undecodable
from mallkit.desk import FAILURES, SUCCESS_KEPT
from mallkit.desk_endpoints import FailureFinished, FailureInWork, FailureStatus, FailureUnknown
from mallkit.desk_rules import MOST_TRIES, WORK_SECONDS
from mallkit.errors import Unavailable
from tests.mallkit.ledger import NOW, Clock, Ledger, OutOfInk, ledger, sold

PENDING, PROCESSING, SUCCESS, FAILED = FailureStatus
TRACE = "4bea7748385ec2ea52b6ba3135c76a28"
POINTS = [
    f"desk.{step}:{when}-commit" for step in ("filed", "begun", "postponed", "ended", "purged") for when in ("before", "after")
]  # fmt: skip


async def statuses(books: Ledger) -> list[FailureStatus]:
    """Newest first."""
    return [each.status for each in (await books.desk.page(None, None, 200)).items]


@pytest.mark.requirement(60)
async def test_a_failure_tells_all_of_it(books: Ledger) -> None:
    body = sold(traceparent=f"00-{TRACE}-00f067aa0ba902b7-01")
    failure_id = await books.file(body, error=OutOfInk("the pen is dry"))
    found = await books.store[FAILURES].get(failure_id)
    assert failure_id.startswith("ledger.")
    assert (found.message, found.error, found.error_message) == (body, "ledger/out-of-ink", "the pen is dry")
    assert (found.retry_count, found.status, found.created, found.updated) == (0, PENDING, books.clock.now, books.clock.now)
    assert (found.consumer, found.event_id, found.event_type, found.source, found.subject) == ("add_up", "e1", "book.sold", "shop", "b1")
    assert found.trace_id == TRACE
    assert books.clock.now < found.due < books.clock.now + 2


@pytest.mark.parametrize(
    "traceparent", ["", "nonsense", f"00-{TRACE}", "00-" + "<script>" * 4 + "-00f067aa0ba902b7-01", f"00-{'0' * 32}-00f067aa0ba902b7-01"]
)
async def test_a_trace_id_is_one_or_nothing(books: Ledger, traceparent: str) -> None:
    await books.file(sold(traceparent=traceparent))
    assert [each.trace_id for each in (await books.desk.page(None, None, 9)).items] == [""]


async def test_the_text_of_a_fault_of_ours_is_not_kept(books: Ledger) -> None:
    found = await books.store[FAILURES].get(await books.file(sold(), error=KeyError("4242424242424242")))
    assert (found.error, found.error_message) == ("KeyError", "the consumer failed")


async def test_the_same_event_fails_once_for_each_consumer(books: Ledger) -> None:
    for _ in range(3):
        assert await books.file(sold()) == await books.file(sold())
        await books.file(sold(), "keep_newest")
    assert await statuses(books) == [PENDING, PENDING]
    assert b'mall_failures_filed_total{error="unavailable"} 2.0' in books.metrics.render()[0]


@pytest.mark.requirement(45)
async def test_what_fails_twice_succeeds_by_the_job(books: Ledger) -> None:
    books.ports.trouble["b1"] = [Unavailable(), KeyError()]
    failure_id = await books.file(sold())
    seen = []
    for _ in range(8):
        books.clock.now += 1.3
        await books.desk.work()
        found = await books.store[FAILURES].get(failure_id)
        seen.append((found.status, found.retry_count, found.error))
    assert seen[0] == (PENDING, 1, "unavailable")
    assert (PENDING, 2, "KeyError") in seen
    assert seen[-1] == (SUCCESS, 3, "KeyError")
    assert (await books.line()).sold == 1


@pytest.mark.requirement(43)
async def test_the_job_leaves_it_to_people_after_so_many_tries(books: Ledger) -> None:
    books.ports.trouble["b1"] = [Unavailable() for _ in range(MOST_TRIES + 1)]
    failure_id = await books.file(sold())
    for _ in range(MOST_TRIES + 5):
        books.clock.now += 800
        await books.desk.work()
    found = await books.store[FAILURES].get(failure_id)
    assert (found.status, found.retry_count, len(books.ports.trouble["b1"])) == (FAILED, MOST_TRIES, 1)
    assert (await books.desk.retry(failure_id)).status is FAILED
    assert (await books.desk.retry(failure_id)).status is SUCCESS
    assert (await books.line()).sold == 1


@pytest.mark.requirement(44)
async def test_by_hand_it_is_tried_at_once_and_refused_by_name_when_it_cannot_be(books: Ledger) -> None:
    books.ports.trouble["b1"] = [Unavailable()]
    failure_id = await books.file(sold())
    assert (await books.desk.retry(failure_id)).status is PENDING
    assert (await books.desk.retry(failure_id)).status is SUCCESS
    with pytest.raises(FailureFinished):
        await books.desk.retry(failure_id)
    with pytest.raises(FailureUnknown):
        await books.desk.retry("ledger.nothing")
    assert (await books.line()).sold == 1


async def test_what_is_in_work_is_refused_until_it_is_abandoned(books: Ledger) -> None:
    failure_id, gate = await books.file(sold()), asyncio.Event()
    books.ports.gates["b1"] = gate
    first = asyncio.create_task(books.desk.retry(failure_id))
    await books.ports.waiting.wait()
    with pytest.raises(FailureInWork):
        await books.desk.retry(failure_id)
    assert await books.desk.retry_all() == 0
    books.clock.now += WORK_SECONDS
    assert (await books.desk.retry(failure_id)).status is SUCCESS
    gate.set()
    assert (await first).status is SUCCESS
    assert (await books.line()).sold == 1


async def test_one_that_hangs_keeps_no_other_waiting(books: Ledger) -> None:
    await books.file(sold("slow", "e1"))
    books.clock.now += 1
    other, gate = await books.file(sold("b2", "e2")), asyncio.Event()
    books.ports.gates["slow"] = gate
    books.clock.now += 2
    round_of_work = asyncio.create_task(books.desk.work())
    async with asyncio.timeout(10):
        while (await books.store[FAILURES].get(other)).status is not SUCCESS:
            await asyncio.sleep(0.005)
    gate.set()
    await round_of_work
    assert await statuses(books) == [SUCCESS, SUCCESS]


async def test_a_retry_that_is_repeated_has_its_effect_once(books: Ledger) -> None:
    failure_id = await books.file(sold())
    told = await asyncio.gather(*(books.desk.retry(failure_id) for _ in range(10)), books.desk.work(), return_exceptions=True)
    assert {type(each) for each in told if isinstance(each, Exception)} <= {FailureInWork, FailureFinished}
    assert await statuses(books) == [SUCCESS]
    assert (await books.line()).sold == 1


async def test_of_two_copies_one_tries(tmp_path: Path) -> None:
    clock = Clock()
    async with ledger(tmp_path, clock) as one, ledger(tmp_path, clock) as two:
        failure_id = await one.file(sold())
        clock.now += 2
        for copy in (one, two):
            copy.ports.trouble["b1"] = [Unavailable()]
        await asyncio.gather(one.desk.work(), two.desk.work())
        assert len(one.ports.trouble["b1"] + two.ports.trouble["b1"]) == 1
        assert (await one.store[FAILURES].get(failure_id)).retry_count == 1


async def test_an_event_that_had_its_effect_after_all_is_only_marked(books: Ledger) -> None:
    await books.take(sold(), "add_up")
    assert (await books.desk.retry(await books.file(sold()))).status is SUCCESS
    assert (await books.line()).sold == 1


@pytest.mark.requirement(44)
async def test_all_are_tried_again(books: Ledger) -> None:
    for number in range(5):
        await books.file(sold(event_id=f"e{number}"))
    await books.desk.retry(await books.file(sold(event_id="done")))
    await books.desk.file(b"no event", None, "", Undecodable("no event"))
    books.ports.trouble["b1"] = [Unavailable()]
    assert await books.desk.retry_all() == 6
    await books.desk.work()
    assert sorted(await statuses(books)) == [FAILED, PENDING, *[SUCCESS] * 5]
    assert (await books.line()).sold == 5


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.requirement(187)
async def test_a_desk_that_is_killed_at_any_point_has_the_effect_once(tmp_path: Path, point: str) -> None:
    child = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.mallkit.ledger_child", "desk", str(tmp_path), point)
    assert await child.wait() == -signal.SIGKILL
    clock = Clock(NOW + 60)
    async with ledger(tmp_path, clock) as books:
        if await statuses(books) == []:  # not filed, so not acknowledged: it comes again; or purged, so done
            assert (await books.line()).sold == (1 if point.startswith("desk.purged") else 0)
            return
        if point == "desk.ended:after-commit":
            assert (await statuses(books), (await books.line()).sold) == ([SUCCESS], 1), "one write"
        for _ in range(3):
            await books.desk.work()
            clock.now += WORK_SECONDS
        assert await statuses(books) == [SUCCESS]
        assert (await books.line()).sold == 1


@pytest.mark.requirement(86)
async def test_old_successes_are_forgotten_and_nothing_else(books: Ledger) -> None:
    for number in range(3):
        await books.desk.retry(await books.file(sold(event_id=f"old{number}")))
    await books.desk.file(b"no event", None, "", Undecodable("no event"))
    await books.file(sold(event_id="waits"))
    books.clock.now += SUCCESS_KEPT + 1
    await books.desk.retry(await books.file(sold(event_id="young")))
    await books.desk.purge()
    assert sorted(await statuses(books)) == [FAILED, PENDING, SUCCESS]
    assert {each.id for each in (await books.store[INBOX].find()).items} == {
        f"add_up/{event}" for event in ("old0", "old1", "old2", "young")
    }


async def test_the_list_is_newest_first_page_by_page(books: Ledger) -> None:
    made = []
    for number in range(25):
        books.clock.now += 0.001 * (number % 3)  # some at the same moment
        made.append(await books.file(sold(event_id=f"e{number}")))
    await books.desk.retry(made[7])
    seen, after = [], None
    while True:
        page = await books.desk.page(PENDING, after, 4)
        seen += [(each.created, each.id) for each in page.items]
        if page.next is None:
            break
        after = page.items[-1].place
    assert seen == sorted(seen, reverse=True)
    assert {key for _, key in seen} == {*made} - {made[7]}
    assert len(seen) == 24


@pytest.mark.requirement(81)
async def test_the_desk_is_measured(books: Ledger) -> None:
    books.ports.trouble["b1"] = [Unavailable()]
    await books.file(sold("b2", "e2"))
    failure_id = await books.file(sold())
    await books.desk.retry(failure_id)
    await books.desk.retry(failure_id)
    await books.desk.measure()
    shown = books.metrics.render()[0].decode().splitlines()
    assert {
        'mall_failures_filed_total{error="unavailable"} 2.0',
        'mall_failures_retried_total{outcome="pending"} 1.0',
        'mall_failures_retried_total{outcome="success"} 1.0',
        'mall_failures{status="pending"} 1.0',
        'mall_failures{status="processing"} 0.0',
        'mall_failures{status="success"} 1.0',
        'mall_failures{status="failed"} 0.0',
    } <= set(shown)
