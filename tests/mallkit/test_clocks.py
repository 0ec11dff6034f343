"""A wall clock that jumps an hour ahead and comes back: nothing that was set meanwhile keeps anybody waiting for that hour."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mallkit.allotment import Allotments, kinds
from mallkit.dues import Dues
from mallkit.idempotency import ANSWERS, LEASE_SECONDS, Answer, Asked, Idempotency
from mallkit.identity import Identity, Issuer
from mallkit.raw import Reply
from mallkit.sqlite import open_store
from mallkit.store import Kind, Store
from mallkit.times import APART, NEVER, has_come

NOW, HOUR, LONGEST = 1_800_000_000.0, 3600.0, 30.0
COUNTERS, MOVEMENTS = kinds("stock")


@dataclass(frozen=True)
class Errand:
    """Something to do."""

    id: str
    due: float
    mine: bool = True


ERRANDS: Kind[Errand] = Kind(name="errands", type=Errand, fields={"due": float, "mine": bool}, indexes=(("mine", "due"),))


@dataclass
class Clock:
    """A wall clock that somebody sets."""

    now: float = NOW

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def store_in(folder: Path) -> AsyncIterator[Store]:
    async with open_store(folder / "clocks.db", (ERRANDS, COUNTERS, MOVEMENTS, ANSWERS)) as store:
        yield store


@given(ahead=st.floats(-2 * HOUR, 2 * HOUR), jump=st.floats(-HOUR, HOUR), longest=st.floats(0, LONGEST))
def test_nothing_is_waited_for_longer_than_it_was_set_ahead(ahead: float, jump: float, longest: float) -> None:
    moment = NOW + jump + min(ahead, longest)  # as a clock that is `jump` wrong sets it
    assert has_come(moment, NOW, longest) or has_come(moment, NOW + longest + APART, longest)
    assert not NOW < moment <= NOW + longest or not has_come(moment, NOW, longest)
    assert not has_come(NEVER, NOW, longest)


async def test_what_is_due_comes_in_order_and_what_is_too_far_ahead_comes_after_it(tmp_path: Path) -> None:
    dues = {"late": -5.0, "now": 0.0, "soon": 1.0, "last": LONGEST, "apart": LONGEST + APART, "beyond": LONGEST + APART + 1, "far": HOUR}
    async with store_in(tmp_path) as store:
        for name, ahead in dues.items():
            await store[ERRANDS].add(Errand(name, NOW + ahead))
        await store[ERRANDS].add(Errand("never", NEVER))
        await store[ERRANDS].add(Errand("not mine", NOW, mine=False))
        errands = Dues(store[ERRANDS], "due", {"mine": True})
        assert [errand.id for errand in await errands.come(NOW, LONGEST, 10)] == ["late", "now", "beyond", "far"]
        assert [errand.id for errand in await errands.come(NOW, LONGEST, 1)] == ["late", "beyond"]


async def test_a_hold_made_by_a_clock_that_was_ahead_ends_when_the_clock_is_back(tmp_path: Path) -> None:
    clock = Clock()
    async with store_in(tmp_path) as store:
        stock = Allotments(store, COUNTERS, MOVEMENTS, clock)
        await stock.receive("first", "cup", 10)
        await stock.hold("before", {"cup": 1}, expires_at=clock() + 1800)
        assert await stock.expire(clock()) == 0
        clock.now += HOUR
        await stock.hold("ahead", {"cup": 2}, expires_at=clock() + 900)
        await stock.hold("bound", {"cup": 4}, expires_at=clock() + 900, order="o1")
        assert await stock.expire(clock()) == 1, "before: its time is over by this clock"
        clock.now -= HOUR
        await stock.hold("back", {"cup": 1}, expires_at=clock() + 900)
        assert await stock.expire(clock()) == 1
        assert {key: (await stock.take(key)).state.value for key in ("ahead", "bound", "back")} == {
            "ahead": "released",
            "bound": "taken",
            "back": "taken",
        }


async def test_a_copy_that_starts_after_the_jump_ends_such_a_hold_too(tmp_path: Path) -> None:
    async with store_in(tmp_path) as store:
        ahead = Allotments(store, COUNTERS, MOVEMENTS, Clock(NOW + HOUR))
        await ahead.receive("first", "cup", 500)
        for number in range(250):
            await ahead.hold(f"h{number}", {"cup": 1}, expires_at=NOW + HOUR + 900)
        after = Allotments(store, COUNTERS, MOVEMENTS, Clock())
        await after.hold("mine", {"cup": 1}, expires_at=NOW + 900)
        assert await after.expire(NOW) == 250
        assert (await after.counters(["cup"]))["cup"].reserved == 1


@pytest.mark.parametrize(("until", "taken_over"), [(NOW + HOUR, True), (NOW + LEASE_SECONDS, False), (NOW - 1, True)])
async def test_a_key_claimed_by_a_clock_that_was_ahead_is_free(tmp_path: Path, until: float, taken_over: bool) -> None:  # noqa: FBT001
    async with store_in(tmp_path) as store:
        await store[ANSWERS].add(Answer("k1", "print", "dead", until, until - LEASE_SECONDS))
        answers = Idempotency(store[ANSWERS], Clock())
        runs: list[str] = []

        async def work() -> Reply:
            runs.append("ran")
            return Reply(200, b"{}", {})

        if taken_over:
            assert (await answers.once(Asked("k1", "print"), work, 1.0)).status == 200
        else:
            with pytest.raises(Exception, match="still running"):
                await answers.once(Asked("k1", "print"), work, 0.05)
        assert runs == ["ran"] * taken_over


class Signs:
    """An issuer that numbers its tokens."""

    def __init__(self) -> None:
        self.signed = 0

    async def token(self) -> tuple[str, float]:
        self.signed += 1
        return f"token{self.signed}", 900.0


@pytest.mark.requirement(187)
async def test_a_token_of_our_own_that_is_not_let_in_is_not_shown_for_ever() -> None:
    """Auth's clock jumped a moment after ours: the token that it made in between ended an hour ago for everybody but us."""
    identity = Identity(cast("Issuer", Signs()), Clock(NOW))
    shown = await identity.bearer()
    identity.turned_away("Bearer another")
    assert await identity.bearer() == shown
    async with asyncio.timeout(10):
        while await identity.bearer() == shown:
            identity.turned_away(shown)
            await asyncio.sleep(0.05)
    newer = await identity.bearer()
    identity.turned_away(newer)
    assert await identity.bearer() == newer, "auth is asked once a second at most"


async def test_a_token_of_our_own_from_the_future_is_not_shown_any_more() -> None:
    clock = Clock(NOW + HOUR)
    identity = Identity(cast("Issuer", Signs()), clock)
    assert [await identity.bearer(), await identity.bearer()] == ["Bearer token1"] * 2
    clock.now = NOW
    assert [await identity.bearer(), await identity.bearer()] == ["Bearer token2"] * 2
    clock.now = NOW - APART / 2
    assert await identity.bearer() == "Bearer token2", "clocks are set by a little all the time"
    clock.now = NOW + 800
    assert await identity.bearer() == "Bearer token3"
