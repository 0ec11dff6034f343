"""Named points: where a drill may end a process, and what is on the disk when it did; nothing is spent where none is armed."""

import asyncio
import signal
import sys
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from mallkit import steps
from mallkit.errors import Missing, Refused
from mallkit.steps import Call, LostOnTheWay, Write
from tests.mallkit import stepper
from tests.mallkit.books import NOTES, sqlite

DO = Call("test.do", undone_by="test.undo")
UNDO = Call("test.undo")
PATIENCE = 5.0


@pytest.fixture(autouse=True)
def _no_harm_is_left() -> Iterator[None]:
    yield
    steps.disarm()
    steps.told.clear()


async def run(folder: Path, point: str, passes: int = 1) -> tuple[int, set[str]]:
    """How the process ended, and what it has left in its store."""
    sent = ("-m", "tests.mallkit.stepper", str(folder), point, str(passes))
    child = await asyncio.create_subprocess_exec(sys.executable, *sent)
    ended = await child.wait()
    async with sqlite(folder) as store:
        return ended, {note.id for note in (await store[NOTES].find()).items}


@pytest.mark.parametrize(
    ("point", "passes", "left"),
    [
        ("stepper.noted:before-commit", 1, set()),
        ("stepper.noted:after-commit", 1, {"own-1"}),
        ("stepper.noted:before-commit", 2, {"own-1", "call-1"}),
        ("stepper.called:before", 1, {"own-1"}),
        ("stepper.called:after", 1, {"own-1", "call-1"}),
        ("stepper.called:after", 2, {"own-1", "call-1", "own-2", "call-2"}),
    ],
)
async def test_a_process_ends_at_its_point(tmp_path: Path, point: str, passes: int, left: set[str]) -> None:
    assert await run(tmp_path, point, passes) == (-signal.SIGKILL, left)


async def test_a_point_that_is_not_passed_often_enough_ends_nothing(tmp_path: Path) -> None:
    ended, left = await run(tmp_path, "stepper.noted:after-commit", stepper.ROUNDS + 1)
    assert (ended, len(left)) == (0, 2 * stepper.ROUNDS)


def test_only_a_point_that_there_is_can_be_armed() -> None:
    with pytest.raises(Missing):
        steps.arm("test.do:before-commit")
    steps.arm("test.do:late")
    assert steps.armed == {"test.do:late": 1}
    steps.disarm()
    assert steps.armed == {}


def test_every_name_is_given_once() -> None:
    with pytest.raises(ValueError, match=r"test\.do"):
        Call("test.do")
    with pytest.raises(ValueError, match=r"stepper\.noted"):
        Write("stepper.noted")


async def test_what_is_not_armed_costs_nothing() -> None:
    doing = arrived([], "do")
    assert DO.taking(doing, of="c1") is doing
    await doing
    written = Write("test.unarmed")
    assert written.writing() is DO_NOTHING.writing()
    with written.writing():
        assert steps.writing() == ""


DO_NOTHING = Write("test.nothing")


async def arrived(order: list[str], what: str, refusal: Exception | None = None) -> str:
    order.append(what)
    if refusal is not None:
        raise refusal
    return what


async def lost(do: Coroutine[Any, Any, str], of: str) -> None:
    steps.arm("test.do:late")
    with pytest.raises(LostOnTheWay):
        await DO.taking(do, of=of)


async def has_been_told() -> str:
    async with asyncio.timeout(PATIENCE):
        while "test.do" not in steps.told:
            await asyncio.sleep(0)
    return steps.told["test.do"]


@pytest.mark.parametrize(("refusal", "told"), [(Refused("undone before"), "Refused"), (None, "done")])
async def test_a_late_do_arrives_after_its_undo(refusal: Exception | None, told: str) -> None:
    order: list[str] = []
    await lost(arrived(order, "do", refusal), "c1")
    assert await UNDO.taking(arrived(order, "undo of another"), of="c2") == "undo of another"
    with pytest.raises(Refused):  # an undo that was refused has undone nothing
        await UNDO.taking(arrived(order, "undo in vain", Refused()), of="c1")
    await asyncio.sleep(0)
    assert order == ["undo of another", "undo in vain"]
    assert await UNDO.taking(arrived(order, "undo"), of="c1") == "undo"
    assert await has_been_told() == told
    assert order[2:] == ["undo", "do"]


async def test_only_the_armed_pass_is_held_back() -> None:
    order: list[str] = []
    await lost(arrived(order, "late"), "c1")
    assert await DO.taking(arrived(order, "again"), of="c1") == "again"
    await UNDO.taking(arrived(order, "undo"), of="c1")
    assert await has_been_told() == "done"
    assert order == ["again", "undo", "late"]
