"""Breaking the log of actions of a running mall by hand: an entry changed, taken out, cut off; the head set back."""

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Protocol

from mallkit.actions import ACTIONS, CHAIN, HEADS
from tests.auditing.broken import broken, removed

SERVICE = "product"
Broken = tuple[AbstractContextManager[None], str]
"""What breaks a mall, and the id that the audit names."""


class Mall(Protocol):
    """Where its stores lie."""

    @property
    def folder(self) -> Path: ...


def ids(mall: Mall) -> list[str]:
    """In the order of the chain."""
    with closing(sqlite3.connect(mall.folder / f"{SERVICE}.db", timeout=5)) as store:
        return [row[0] for row in store.execute("SELECT id FROM actions ORDER BY number").fetchall()]


def changed(mall: Mall) -> Broken:
    """Somebody else is said to have done it."""
    return broken(mall.folder, SERVICE, ACTIONS.name, ids(mall)[0], lambda it: it.update(actor="somebody-else")), f"{SERVICE}/1"


def outcome_changed(mall: Mall) -> Broken:
    """It is said to have failed."""
    return broken(mall.folder, SERVICE, ACTIONS.name, ids(mall)[1], lambda it: it.update(status=404)), f"{SERVICE}/2"


def taken_out(mall: Mall) -> Broken:
    """As if it had not been."""
    return removed(mall.folder, SERVICE, ACTIONS.name, ids(mall)[0]), f"{SERVICE}/1"


def cut_off(mall: Mall) -> Broken:
    """The newest one."""
    known = ids(mall)
    return removed(mall.folder, SERVICE, ACTIONS.name, known[-1]), f"{SERVICE}/{len(known)}"


def set_back(mall: Mall) -> Broken:
    """The head alone."""
    return broken(mall.folder, SERVICE, HEADS.name, CHAIN, lambda it: it.update(number=0)), f"{SERVICE}/{len(ids(mall))}"


BREAKS: Mapping[str, tuple[str, Callable[[Mall], Broken]]] = {
    "an action is said to be another's": ("action-chain", changed),
    "an outcome is said to be another": ("action-chain", outcome_changed),
    "an action is taken out": ("action-chain", taken_out),
    "the newest actions are cut off": ("action-chain", cut_off),
    "the head of the actions is set back": ("action-chain", set_back),
}
