"""Jobs live as long as their app; one that dies is told at once, one failing round is told and forgiven."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from itertools import pairwise

import msgspec
import pytest
import structlog

from mallkit import logs
from mallkit.background import JITTER, every, pause, running, side_by_side


@pytest.fixture(autouse=True)
def configured() -> Iterator[None]:
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    logs.configure("order", "info")
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


async def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.001)


def events(capfd: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [msgspec.json.decode(line) for line in capfd.readouterr().out.splitlines()]


async def test_a_job_that_raises_is_told_at_once_and_the_others_go_on(capfd: pytest.CaptureFixture[str]) -> None:
    beats = 0

    async def dies() -> None:
        message = "no more"
        raise LookupError(message)

    async def lives() -> None:
        nonlocal beats
        while True:
            beats += 1
            await asyncio.sleep(0)

    async with running(dies, lives) as jobs:
        await until(lambda: not jobs.alive()["dies"])
        [told] = events(capfd)  # while the app still runs, not at its end
        assert (told["event"], told["job"], told["level"]) == ("job.died", "dies", "error")
        assert "LookupError: no more" in str(told["exception"])
        before = beats
        await until(lambda: beats > before)
        assert jobs.alive() == {"dies": False, "lives": True}


async def test_leaving_cancels_the_jobs_and_waits_for_their_cleaning_up(capfd: pytest.CaptureFixture[str]) -> None:
    cleaned = False

    async def tidy() -> None:
        nonlocal cleaned
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.01)
            cleaned = True

    async with running(tidy) as jobs:
        await asyncio.sleep(0)
        assert jobs.alive() == {"tidy": True}
    assert cleaned
    assert events(capfd) == []


async def test_an_error_in_the_app_stops_the_jobs_and_is_not_swallowed() -> None:
    stopped = asyncio.Event()

    async def waits() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    async def app() -> None:
        async with running(waits):
            await asyncio.sleep(0)
            message = "start failed"
            raise ConnectionError(message)

    with pytest.raises(ConnectionError):
        await app()
    assert stopped.is_set()


async def test_our_own_cancellation_is_not_swallowed() -> None:
    async def waits() -> None:
        await asyncio.Event().wait()

    async def app() -> None:
        async with running(waits):
            await asyncio.Event().wait()

    task = asyncio.create_task(app())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_job_that_fails_while_it_stops_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    async def untidy() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            message = "cannot close"
            raise OSError(message)

    async with running(untidy):
        await asyncio.sleep(0)
    assert [line["event"] for line in events(capfd)] == ["job.died"]


async def test_a_job_that_has_done_its_work_counts_as_alive(capfd: pytest.CaptureFixture[str]) -> None:
    done = asyncio.Event()

    async def once() -> None:
        done.set()

    async with running(once) as jobs:
        await asyncio.wait_for(done.wait(), 5)
        await asyncio.sleep(0)
        assert jobs.alive() == {"once": True}
    assert events(capfd) == []


async def test_a_job_that_somebody_else_cancels_is_dead_and_told(capfd: pytest.CaptureFixture[str]) -> None:
    async def cancels_itself() -> None:
        raise asyncio.CancelledError

    async with running(cancels_itself) as jobs:
        await until(lambda: not jobs.alive()["cancels_itself"])
        assert [line["event"] for line in events(capfd)] == ["job.died"]


async def test_two_jobs_of_one_name_are_refused() -> None:
    async def purge() -> None: ...

    with pytest.raises(ValueError, match="purge"):
        async with running(purge, purge):
            pass


async def test_a_failing_round_is_told_and_the_next_one_comes(capfd: pytest.CaptureFixture[str]) -> None:
    rounds = 0

    async def poll() -> None:
        nonlocal rounds
        rounds += 1
        if rounds == 2:
            message = "neighbour away"
            raise ConnectionError(message)

    async with running(every(0.001, poll, "feed")) as jobs:
        await until(lambda: rounds >= 4)
        assert jobs.alive() == {"feed": True}
    [told] = events(capfd)
    assert (told["event"], told["job"]) == ("job.failed", "feed")
    assert "neighbour away" in str(told["exception"])


async def test_rounds_keep_their_distance() -> None:
    loop = asyncio.get_running_loop()
    at: list[float] = []

    async def note() -> None:
        at.append(loop.time())

    async with running(every(0.05, note, "note")):
        await until(lambda: len(at) == 4)
    gaps = [later - earlier for earlier, later in pairwise(at)]
    assert min(gaps) >= 0.05 * (1 - JITTER) - 0.002  # the loop's clock may fire that much early


def test_copies_started_together_drift_apart() -> None:
    pauses = [pause(10) for _ in range(1000)]
    assert 10 * (1 - JITTER) <= min(pauses) < 9.2
    assert 10.8 < max(pauses) <= 10 * (1 + JITTER)


async def test_one_trouble_keeps_no_other_waiting_and_is_told() -> None:
    ended: list[str] = []
    gate = asyncio.Event()

    async def well() -> None:
        await gate.wait()
        ended.append("well")

    async def ill() -> None:
        gate.set()
        raise LookupError

    with pytest.raises(LookupError):
        await side_by_side([ill(), well()])
    assert ended == ["well"]
