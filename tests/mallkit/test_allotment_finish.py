"""A store without transactions may stop between any two writes, and mix the writes of several callers: nothing is lost or doubled."""

import asyncio
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mallkit.allotment import Allotments, Counter, Entry, Gone, Movement, State, balance, kinds
from mallkit.allotment_rules import move_by
from mallkit.errors import ShopError
from mallkit.sqlite import open_store
from mallkit.store import MOST_IN_A_PAGE, Collection, Kind, Step, Store, StoredRow, StoreUnavailable

COUNTERS, MOVEMENTS = kinds("stock")
NOW, LATER = 1_000.0, 2_000.0
LINES = {"cup": 2, "pot": 1}


class Stepwise:
    """A store that writes the steps of a `together` one by one, each only when it may, and stops for good when told to."""

    def __init__(self, store: Store, steps: int | None = None) -> None:
        self.store = store
        self.left = steps
        self.turn: asyncio.Semaphore | None = None
        self.waiting = False

    def __getitem__(self, kind: Kind[Any]) -> Collection[Any]:
        return self.store[kind]

    async def together(self, *steps: Step) -> list[Any]:
        results = []
        for step in steps:
            if self.turn is not None:
                self.waiting = True
                await self.turn.acquire()
                self.waiting = False
            if self.left == 0:
                raise StoreUnavailable
            if self.left is not None:
                self.left -= 1
            results += await self.store.together(step)
        return results

    async def ping(self) -> None:
        await self.store.ping()

    async def outbox(self, after: int, limit: int) -> list[Any]:
        return await self.store.outbox(after, limit)

    async def newest_event(self) -> int:
        return await self.store.newest_event()

    def on_events(self, tell: Callable[[], None]) -> None:
        self.store.on_events(tell)

    def rows(self, kinds: Sequence[Kind[Any]], *, at_once: int = 100) -> AsyncGenerator[list[StoredRow], None]:
        return self.store.rows(kinds, at_once=at_once)


def allotments(store: Store) -> Allotments:
    return Allotments(store, COUNTERS, MOVEMENTS, lambda: NOW)


@asynccontextmanager
async def house() -> AsyncIterator[Store]:
    with tempfile.TemporaryDirectory() as folder:
        async with open_store(Path(folder) / "house.sqlite", [COUNTERS, MOVEMENTS]) as store:
            await allotments(store).receive("cups", "cup", 5)
            await allotments(store).receive("pots", "pot", 5)
            yield store


async def books(store: Store) -> tuple[list[Counter], list[Movement]]:
    counters = (await store[COUNTERS].find(limit=MOST_IN_A_PAGE)).items
    assert all(counter.available >= 0 and counter.reserved >= 0 for counter in counters)
    return counters, (await store[MOVEMENTS].find(limit=MOST_IN_A_PAGE)).items


async def settle_up(store: Store) -> list[Movement]:
    """What the jobs make of it; afterwards counters and movements tell the same, and only holds are open."""
    while await allotments(store).finish():
        pass
    await allotments(store).expire(LATER)
    counters, movements = await books(store)
    for counter in counters:
        assert balance(movement for movement in movements if movement.thing == counter.id).agrees(counter), (counter, movements)
        assert set(counter.open) == {move.id for move in movements if move.thing == counter.id and move.state is State.HELD}
    return movements


Verb: TypeAlias = Callable[[Allotments], Coroutine[Any, Any, object]]
VERBS: dict[str, Verb] = {
    "hold": lambda stock: stock.hold("k1", LINES, expires_at=LATER),
    "bind": lambda stock: stock.bind("k1", "o1"),
    "take": lambda stock: stock.take("k1"),
    "release": lambda stock: stock.release("k1"),
    "give_back": lambda stock: stock.give_back("k1"),
    "give_back_one": lambda stock: stock.give_back("k1", {"cup": 1}),
    "receive": lambda stock: stock.receive("r1", "cup", 3),
    "adjust": lambda stock: stock.adjust("a1", "pot", 4, versions={2}),
    "adjust_by": lambda stock: stock.adjust_to("a1", "pot", move_by(-1)),
    "expire": lambda stock: stock.expire(LATER),
    "finish": lambda stock: stock.finish(),
}
LIVES = [
    ["hold"],
    ["hold", "take"],
    ["hold", "bind", "take", "give_back_one", "give_back"],
    ["hold", "release"],
    ["hold", "bind", "give_back"],
    ["hold", "expire"],
    ["receive"],
    ["adjust"],
    ["adjust_by"],
]


@pytest.mark.parametrize("life", LIVES, ids=" ".join)
async def test_a_verb_that_stopped_anywhere_is_ended_by_its_repetition_or_by_the_job(life: list[str]) -> None:
    *before, last = life
    steps = 0
    while True:
        async with house() as store:
            for verb in before:
                await VERBS[verb](allotments(store))
            stopping = Stepwise(store, steps)
            try:
                await VERBS[last](allotments(stopping))
            except StoreUnavailable:
                stopped = True
            else:
                stopped = False
            if steps % 2:
                await allotments(store).finish()
            again = await VERBS[last](allotments(store))
            assert again == await VERBS[last](allotments(store)) or last == "expire"
            movements = await settle_up(store)
            wanted = {
                "hold": "released",
                "expire": "released",
                "give_back_one": "taken",
                "receive": "received",
                "adjust": "adjusted",
                "adjust_by": "adjusted",
            }
            finals = {"take": "taken", "release": "released", "give_back": "returned" if "take" in life else "released"}
            assert {move.state for move in movements if move.key not in ("cups", "pots")} == {State((wanted | finals)[last])}
        if not stopped:
            break
        steps += 1
    assert steps > 0


MIXED = st.lists(
    st.sampled_from(["hold", "hold", "bind", "take", "release", "give_back", "give_back_one", "expire", "finish"]), min_size=2, max_size=4
)


@settings(max_examples=60, deadline=None)
@given(
    before=st.sampled_from([[], ["hold"], ["hold", "bind"], ["hold", "bind", "take"]]),
    mixed=MIXED,
    cuts=st.lists(st.none() | st.integers(0, 12), min_size=4, max_size=4),
    turns=st.lists(st.integers(0, 3), min_size=1, max_size=60),
)
async def test_callers_whose_writes_mix_lose_and_double_nothing(
    before: list[str], mixed: list[str], cuts: list[int | None], turns: list[int]
) -> None:
    async with house() as store:
        for verb in before:
            await VERBS[verb](allotments(store))
        callers = [Stepwise(store, cut) for _, cut in zip(mixed, cuts, strict=False)]
        for caller in callers:
            caller.turn = asyncio.Semaphore(0)
        tasks = [asyncio.create_task(_answer(VERBS[verb](allotments(caller)))) for verb, caller in zip(mixed, callers, strict=True)]
        for turn in turns:
            await _let(callers[turn % len(tasks)], tasks[turn % len(tasks)])
            await books(store)
        for caller in callers:
            _open(caller)
        await asyncio.gather(*tasks)
        movements = await settle_up(store)
        assert all(0 <= movement.returned <= movement.quantity for movement in movements)


async def _answer(verb: Coroutine[Any, Any, object]) -> None:
    try:
        await verb
    except ShopError:
        return


async def _let(caller: Stepwise, task: asyncio.Task[None]) -> None:
    """One more write of this caller, and all that it does until the next one."""
    await _until(lambda: caller.waiting or task.done())
    if caller.turn is not None and not task.done():
        caller.waiting = False
        caller.turn.release()
        await _until(lambda: caller.waiting or task.done())


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0)


def _open(caller: Stepwise) -> None:
    turn, caller.turn = caller.turn, None
    assert turn is not None
    turn.release()  # it may be waiting there


@pytest.mark.parametrize("undo", ["release", "give_back"])
async def test_a_hold_that_looked_before_the_undo_came_is_refused(undo: str) -> None:
    async with house() as store:
        late = Stepwise(store)
        late.turn = asyncio.Semaphore(0)
        hold = asyncio.create_task(VERBS["hold"](allotments(late)))
        await _until(lambda: late.waiting)
        await VERBS[undo](allotments(store))
        _open(late)
        with pytest.raises(Gone):
            await hold
        assert all(counter.reserved == 0 for counter in (await books(store))[0])
        await settle_up(store)


CASES = [
    (State.ASKED, Entry(2, State.HELD), (3, 2), State.HELD, (3, 2)),
    (State.HELD, Entry(2, State.HELD), (3, 2), State.HELD, (3, 2)),
    (State.HELD, Entry(2, State.TAKEN), (3, 0), State.TAKEN, (3, 0)),
    (State.TAKEN, Entry(2, State.TAKEN), (3, 0), State.TAKEN, (3, 0)),
    (State.TAKEN, Entry(2, State.HELD), (1, 2), State.TAKEN, (3, 0)),
    (State.RELEASED, Entry(2, State.HELD), (3, 2), State.RELEASED, (5, 0)),
    (State.RELEASED, Entry(2, State.TAKEN), (3, 0), State.RELEASED, (5, 0)),
    (State.TAKEN, Entry(2, State.RETURNED, "mine", 2), (3, 0), State.RETURNED, (5, 0)),
    (State.RETURNED, Entry(2, State.RETURNED, "t1", 2), (3, 0), State.RETURNED, (5, 0)),
    (State.RETURNED, Entry(2, State.RETURNED, "late", 2), (5, 0), State.RETURNED, (5, 0)),
    (State.ASKED, Entry(2, State.RECEIVED, "mine"), (5, 0), State.RECEIVED, (7, 0)),
    (State.RECEIVED, Entry(2, State.RECEIVED, "t1"), (5, 0), State.RECEIVED, (7, 0)),
    (State.RECEIVED, Entry(2, State.RECEIVED, "late"), (7, 0), State.RECEIVED, (7, 0)),
    (State.ASKED, Entry(-2, State.ADJUSTED), (3, 0), State.ADJUSTED, (3, 0)),
]


@pytest.mark.parametrize(("state", "entry", "pieces", "final", "afterwards"), CASES)
async def test_what_the_job_makes_of_each_state_in_between(
    state: State, entry: Entry, pieces: tuple[int, int], final: State, afterwards: tuple[int, int]
) -> None:
    async with house() as store:
        came = state in (State.RETURNED, State.RECEIVED)
        returned = 2 if state is State.RETURNED else 0
        movement = Movement(
            id="k/cup", key="k", thing="cup", quantity=2, state=state, created_at=NOW, returned=returned, token="t1" if came else ""
        )
        counter = Counter(id="cup", available=pieces[0], reserved=pieces[1], open={"k/cup": entry})
        await store.together(store[MOVEMENTS].adding(movement), store[COUNTERS].changing("cup", lambda _: counter))
        await allotments(store).finish()
        assert (await store[MOVEMENTS].get("k/cup")).state is final
        left = await store[COUNTERS].get("cup")
        assert (left.available, left.reserved) == afterwards
        assert await allotments(store).finish() == 0
        await settle_up(store)
