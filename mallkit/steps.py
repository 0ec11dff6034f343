"""Named boundaries of what a service does, at which a drill can end the process, or let an undo overtake its do. In dev and test only.

A step that is taken elsewhere (a call) has the points `name:before` and `name:after`, and `name:late` where something undoes it; a
step that is a write has `name:before-commit` and `name:after-commit`. Nothing is armed, nothing is spent.
"""

import asyncio
import os
import signal
from collections.abc import Coroutine, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any, Final, TypeVar

from mallkit.errors import Missing, Timeout

T = TypeVar("T")
BEFORE, AFTER, LATE, BEFORE_COMMIT, AFTER_COMMIT = "before", "after", "late", "before-commit", "after-commit"
LATE_AT_THE_LATEST: Final = 30.0
"""Seconds; a do that waits for its undo goes on after so long though none came: another copy may have undone it."""

armed: Final[dict[str, int]] = {}
"""Point → how many passes are left until it does its harm. Empty but in a drill."""
_points: Final[dict[str, None]] = {}
_undone: Final[dict[tuple[str, str], asyncio.Event]] = {}
"""Undo step and what it undoes → whether it was taken, for the calls that are held back."""
_late: Final[set[asyncio.Task[None]]] = set()
_writing: ContextVar[str] = ContextVar("writing", default="")
_quiet: Final = nullcontext()


class LostOnTheWay(Timeout):
    """What the caller of a step sees whose call a drill has held back."""

    slug = "timeout"


def points() -> list[str]:
    """Every point of the steps that this process has declared."""
    return list(_points)


def arm(point: str, passes: int = 1) -> None:
    """The process ends at this pass of the point, or holds that call back. Raises Missing for a point that there is none of."""
    if point not in _points:
        raise Missing("there is no such point", point=point)
    armed[point] = passes


def disarm() -> None:
    """No harm any more."""
    armed.clear()


def reached(point: str) -> None:
    """Ends the process with SIGKILL if the point is armed and this is the pass."""
    if _is_due(point):
        os.kill(os.getpid(), signal.SIGKILL)


def writing() -> str:
    """The write step inside which the running task hands something to the store; empty for none."""
    return _writing.get()


class Call:
    """A step taken elsewhere: by a neighbour, the bank, the bus. `undone_by` names the step that takes it back.

    `await SEAL.taking(ports.carts(...), of=checkout_id)`: `of` tells whose step it is, so that a do that is held back waits for its own
    undo and not for anybody's.
    """

    __slots__ = ("name", "undone_by")

    def __init__(self, name: str, undone_by: str = "") -> None:
        self.name = _declared(name, BEFORE, AFTER, *((LATE,) if undone_by else ()))
        self.undone_by = undone_by

    def taking(self, do: Coroutine[Any, Any, T], of: str = "") -> Coroutine[Any, Any, T]:
        """The call, between its points."""
        return self._taking(do, of) if armed or _undone else do

    async def _taking(self, do: Coroutine[Any, Any, T], of: str) -> T:
        if self.undone_by and _is_due(f"{self.name}:{LATE}"):
            self._hold_back(do, of)
            raise LostOnTheWay
        reached(f"{self.name}:{BEFORE}")
        answer = await do
        reached(f"{self.name}:{AFTER}")
        if (self.name, of) in _undone:
            _undone.pop((self.name, of)).set()
        return answer

    def _hold_back(self, do: Coroutine[Any, Any, Any], of: str) -> None:
        undone = _undone.setdefault((self.undone_by, of), asyncio.Event())

        async def arrive() -> None:
            try:
                async with asyncio.timeout(LATE_AT_THE_LATEST):
                    await undone.wait()
            except TimeoutError:
                _undone.pop((self.undone_by, of), None)
            try:
                await do
            except Exception as refusal:  # noqa: BLE001 - the late do is refused, that is the point; nobody waits for it
                told[self.name] = type(refusal).__name__
            else:
                told[self.name] = "done"

        task = asyncio.create_task(arrive(), name=f"late {self.name}")
        _late.add(task)
        task.add_done_callback(_late.discard)


told: Final[dict[str, str]] = {}
"""Step whose call was held back → what became of it when it arrived: the refusal's class, or `done`."""


class Write:
    """A step that is a write of this service's own store."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = _declared(name, BEFORE_COMMIT, AFTER_COMMIT)

    def writing(self) -> AbstractContextManager[None]:
        """`with BOOKED.writing(): await ports.accounts.change(...)`; the store passes the points around its commit."""
        return self._marked() if armed else _quiet

    @contextmanager
    def _marked(self) -> Iterator[None]:
        before = _writing.set(self.name)
        try:
            yield
        finally:
            _writing.reset(before)


def _declared(name: str, *kinds: str) -> str:
    if f"{name}:{kinds[0]}" in _points:
        message = f"two steps are named {name}"
        raise ValueError(message)
    _points.update(dict.fromkeys(f"{name}:{kind}" for kind in kinds))
    return name


def _is_due(point: str) -> bool:
    left = armed.get(point)
    if left is None:
        return False
    if left > 1:
        armed[point] = left - 1
        return False
    armed.pop(point, None)
    return True
