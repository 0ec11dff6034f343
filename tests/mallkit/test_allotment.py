"""What stands under a key: it gives once, it gives all or nothing, and what is undone stays undone."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mallkit.allotment import (
    Allotment,
    Allotments,
    BelowReserved,
    Counter,
    Gone,
    Movement,
    OtherWish,
    Short,
    State,
    balance,
    kinds,
)
from mallkit.errors import Invalid, Missing, ShopError, Stale
from mallkit.sqlite import open_store
from mallkit.store import MOST_IN_A_PAGE, Store

COUNTERS, MOVEMENTS = kinds("stock")
NOW = 1_000.0
LATER = NOW + 900


@dataclass(frozen=True)
class House:
    """A supply with two things in it: five cups, three pots."""

    allotments: Allotments
    store: Store

    async def pieces(self, thing: str) -> tuple[int, int]:
        """Available and reserved."""
        counter = await self.store[COUNTERS].get(thing)
        return counter.available, counter.reserved

    async def agrees(self) -> bool:
        """Whether the movements alone tell what the counters say, and nothing but holds is on its way."""
        movements = (await self.store[MOVEMENTS].find(limit=MOST_IN_A_PAGE)).items
        counters = (await self.store[COUNTERS].find(limit=MOST_IN_A_PAGE)).items
        held = {movement.id for movement in movements if movement.state is State.HELD}
        return {key for counter in counters for key in counter.open} == held and all(
            balance(movement for movement in movements if movement.thing == counter.id).agrees(counter) for counter in counters
        )


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_store(tmp_path / "house.sqlite", [COUNTERS, MOVEMENTS]) as store:
        house = House(Allotments(store, COUNTERS, MOVEMENTS, lambda: NOW), store)
        await house.allotments.receive("first-cups", "cup", 5)
        await house.allotments.receive("first-pots", "pot", 3)
        yield house
        assert await house.agrees()


async def test_hold_bind_take(house: House) -> None:
    stock = house.allotments
    left = await stock.hold("k1", {"pot": 1, "cup": 2}, expires_at=LATER)
    assert {thing: (counter.available, counter.reserved) for thing, counter in left.items()} == {"cup": (3, 2), "pot": (2, 1)}
    assert (await stock.bind("k1", "o1")).state is State.HELD
    taken = await stock.take("k1")
    assert taken.state is State.TAKEN
    assert [(line.thing, line.quantity, line.bound) for line in taken.lines] == [("cup", 2, "o1"), ("pot", 1, "o1")]
    assert await house.pieces("cup") == (3, 0)
    assert await house.pieces("pot") == (2, 0)


async def test_every_verb_again_answers_the_same_and_changes_nothing(house: House) -> None:
    stock = house.allotments
    lines = {"cup": 2, "pot": 1}
    assert await stock.hold("k1", lines, expires_at=LATER) == await stock.hold("k1", lines, expires_at=LATER + 5)
    assert await stock.bind("k1", "o1") == await stock.bind("k1", "o1")
    assert await stock.take("k1") == await stock.take("k1")
    assert (await stock.hold("k1", lines, expires_at=LATER))["cup"].available == 3
    assert await stock.bind("k1", "o1") == await stock.take("k1") == await stock.release("k1")
    assert await stock.give_back("k1") == await stock.give_back("k1") == await stock.take("k1")
    assert await house.pieces("cup") == (5, 0)
    assert await stock.release("k2") == await stock.release("k2") == Allotment("k2", ())
    before = await stock.counters(["cup"])
    assert await stock.receive("first-cups", "cup", 5) == before["cup"]
    assert await stock.adjust("a1", "cup", 9, versions={2, 4}) == await stock.adjust("a1", "cup", 9, versions={2, 4})
    assert await house.pieces("cup") == (9, 0)


async def test_all_lines_or_none(house: House) -> None:
    with pytest.raises(Short) as error:
        await house.allotments.hold("k1", {"cup": 2, "pot": 4}, expires_at=LATER)
    assert error.value.facts == {"thing": "pot", "wanted": 4, "available": 3, "temporary": False}
    with pytest.raises(Missing) as missing:
        await house.allotments.hold("k1", {"cup": 2, "unheard-of": 1}, expires_at=LATER)
    assert missing.value.facts == {"thing": "unheard-of"}
    assert await house.pieces("cup") == (5, 0)
    assert await house.allotments.of("k1") is None
    await house.allotments.hold("k1", {"cup": 5}, expires_at=LATER)


async def test_a_shortage_that_only_holds_cause_is_temporary(house: House) -> None:
    await house.allotments.hold("k1", {"cup": 4}, expires_at=LATER)
    for wanted, temporary in ((2, True), (5, True), (6, False)):
        with pytest.raises(Short) as error:
            await house.allotments.hold("k2", {"cup": wanted}, expires_at=LATER)
        assert error.value.facts["temporary"] is temporary
    await house.allotments.take("k1")
    with pytest.raises(Short) as error:
        await house.allotments.hold("k2", {"cup": 2}, expires_at=LATER)
    assert error.value.facts["temporary"] is False


@pytest.mark.parametrize("undo", ["release", "give_back"])
async def test_an_undo_that_comes_first_is_remembered(house: House, undo: str) -> None:
    undone: Allotment = await getattr(house.allotments, undo)("k1", reason="cancelled")
    assert undone.state is State.RELEASED
    for late in (house.allotments.hold("k1", {"cup": 1}, expires_at=LATER), house.allotments.bind("k1", "o1")):
        with pytest.raises(Gone):
            await late
    assert (await house.allotments.take("k1")).state is State.RELEASED
    assert (await house.store[MOVEMENTS].get("k1/")).reason == "cancelled"
    assert await house.pieces("cup") == (5, 0)


async def test_what_was_released_stays_released(house: House) -> None:
    stock = house.allotments
    await stock.hold("k1", {"cup": 2}, expires_at=LATER)
    await stock.bind("k1", "o1")
    assert (await stock.release("k1", "refused")).lines[0].reason == "refused"
    assert (await stock.take("k1")).state is State.RELEASED
    assert (await stock.give_back("k1")).state is State.RELEASED
    for late in (stock.hold("k1", {"cup": 2}, expires_at=LATER), stock.bind("k1", "o1")):
        with pytest.raises(Gone):
            await late
    assert await house.pieces("cup") == (5, 0)


async def test_a_key_belongs_to_its_lines_and_its_order(house: House) -> None:
    stock = house.allotments
    await stock.hold("k1", {"cup": 2}, expires_at=LATER)
    for other in ({"cup": 1}, {"pot": 1}, {"cup": 2, "pot": 1}):
        with pytest.raises(OtherWish):
            await stock.hold("k1", other, expires_at=LATER)
    await stock.bind("k1", "o1")
    with pytest.raises(OtherWish):
        await stock.bind("k1", "o2")
    with pytest.raises(OtherWish):
        await stock.receive("first-cups", "cup", 6)
    with pytest.raises(Missing):
        await stock.take("never")


async def test_pieces_come_back_singly_but_never_more_than_went(house: House) -> None:
    stock = house.allotments
    await stock.hold("k1", {"cup": 4, "pot": 1}, expires_at=LATER)
    await stock.take("k1")
    for _ in range(2):
        assert (await stock.give_back("k1", {"cup": 1})).state is State.TAKEN
        assert await house.pieces("cup") == (2, 0)
    await stock.give_back("k1", {"cup": 3})
    assert await house.pieces("cup") == (4, 0)
    assert await house.pieces("pot") == (2, 0)
    for wrong in ({"cup": 5}, {"pot": -1}, {"lid": 1}):
        with pytest.raises(OtherWish):
            await stock.give_back("k1", wrong)
    assert (await stock.give_back("k1")).state is State.RETURNED
    assert await house.pieces("cup") == (5, 0)
    assert await house.pieces("pot") == (3, 0)


async def test_stock_is_set_with_what_is_held_in_mind(house: House) -> None:
    stock = house.allotments
    await stock.hold("k1", {"cup": 2}, expires_at=LATER)
    seen = (await stock.counters(["cup"]))["cup"]
    with pytest.raises(BelowReserved) as error:
        await stock.adjust("a1", "cup", 1, versions={seen.version})
    assert error.value.facts == {"reserved": 2, "on_hand": 5}
    adjusted = await stock.adjust("a2", "cup", 2, versions={seen.version}, reason="counted")
    assert (adjusted.available, adjusted.reserved) == (0, 2)
    with pytest.raises(Stale):
        await stock.adjust("a3", "cup", 9, versions={seen.version})
    assert (await stock.adjust("a4", "cup", 9)).available == 7
    with pytest.raises(Missing):
        await stock.adjust("a5", "unheard-of", 1)
    movement = await house.store[MOVEMENTS].get("a2/cup")
    assert (movement.quantity, movement.reason, movement.state) == (-3, "counted", State.ADJUSTED)


async def test_holds_do_not_make_a_seen_stock_stale_but_sales_do(house: House) -> None:
    stock = house.allotments
    seen = (await stock.counters(["cup"]))["cup"].version
    await stock.hold("k1", {"cup": 1}, expires_at=LATER)
    await stock.adjust("a1", "cup", 6, versions={seen})
    await stock.take("k1")
    with pytest.raises(Stale):
        await stock.adjust("a2", "cup", 6, versions={seen + 1})


async def test_a_hold_for_an_order_is_bound_from_the_start(house: House) -> None:
    stock = house.allotments
    await stock.hold("k1", {"cup": 2}, expires_at=NOW, order="o1")
    assert await stock.expire(LATER) == 0
    assert (await stock.bind("k1", "o1")).state is State.HELD
    with pytest.raises(OtherWish):
        await stock.bind("k1", "o2")
    assert (await stock.take("k1")).state is State.TAKEN


async def test_the_clock_ends_unbound_holds_once(house: House) -> None:
    stock = house.allotments
    for key, expires_at in (("due", NOW), ("bound", NOW), ("taken", NOW), ("later", LATER)):
        await stock.hold(key, {"cup": 1}, expires_at=expires_at)
    await stock.bind("bound", "o1")
    await stock.take("taken")
    assert await stock.expire(NOW - 1) == 0
    ended = await asyncio.gather(*(stock.expire(NOW) for _ in range(5)))
    assert sum(ended) == 1
    assert await house.pieces("cup") == (2, 2)
    with pytest.raises(Gone):
        await stock.bind("due", "o2")
    assert await stock.expire(LATER) == 1


async def test_a_hundred_wishes_for_five_cups(house: House) -> None:
    holds = [house.allotments.hold(f"k{n}", {"cup": 1, "pot": 1}, expires_at=LATER) for n in range(100)]
    answers = await asyncio.gather(*holds, return_exceptions=True)
    assert sum(isinstance(answer, dict) for answer in answers) == 3
    assert sum(isinstance(answer, Short) for answer in answers) == 97
    assert await house.pieces("cup") == (2, 3)


async def test_one_key_fifty_times_at_once(house: House) -> None:
    stock = house.allotments
    await asyncio.gather(*(stock.hold("k1", {"cup": 2}, expires_at=LATER) for _ in range(50)))
    assert await house.pieces("cup") == (3, 2)
    await asyncio.gather(*(stock.take("k1") for _ in range(50)))
    assert await house.pieces("cup") == (3, 0)
    await asyncio.gather(*(stock.give_back("k1") for _ in range(50)))
    assert await house.pieces("cup") == (5, 0)


async def test_all_verbs_at_once_end_in_one_true_state(house: House) -> None:
    stock = house.allotments
    for n in range(20):
        key = f"k{n}"
        holding = stock.hold(key, {"cup": 1}, expires_at=LATER)
        wishes = [holding, stock.take(key), stock.release(key), stock.bind(key, "o"), stock.expire(LATER), stock.give_back(key)]
        answers = await asyncio.gather(*wishes[n % 3 :], *wishes[: n % 3], return_exceptions=True)
        assert all(isinstance(answer, ShopError | Allotment | dict | int) for answer in answers)
        assert await house.pieces("cup") == (5, 0)
        assert await house.agrees()


@pytest.mark.parametrize("lines", [{}, {"cup": 0}, {"cup": -1}, {"": 1}])
async def test_a_hold_of_nothing_is_invalid(house: House, lines: dict[str, int]) -> None:
    with pytest.raises(Invalid):
        await house.allotments.hold("k1", lines, expires_at=LATER)
    for key in ("", "a/b"):
        with pytest.raises(Invalid):
            await house.allotments.hold(key, {"cup": 1}, expires_at=LATER)
    with pytest.raises(Invalid):
        await house.allotments.receive("r1", "cup", -1)


async def test_a_first_stock_can_be_saved_with_what_it_is_the_stock_of(house: House) -> None:
    other = Movement(id="note/", key="note", thing="", quantity=0, state=State.RELEASED, created_at=NOW)
    await house.store.together(house.store[MOVEMENTS].adding(other), *house.allotments.receiving("first-lids", "lid", 7))
    assert await house.allotments.counters(["lid", "none"]) == {"lid": Counter(id="lid", available=7, version=2)}
