"""The log of actions: a chain in which nothing can be changed, taken out or cut off unseen, whoever writes at once."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mallkit.action_rules import Entry, Head, faults, hash_of, headed, linked
from mallkit.actions import ACTIONS, CHAIN, HEADS, KINDS, ActionLog
from mallkit.endpoint import ADMIN, CUSTOMER, OPERATOR, OPERATORS, POST, PUT, SERVICE, Caller, Done, Endpoint, Id, Role, Wish
from mallkit.sqlite import open_store
from mallkit.store import Store, StoreUnavailable

BOSS = Caller("boss", Role.ADMIN, "s1")


class SetStock(Wish, frozen=True):
    """Two ids and a text that is nobody's business."""

    thing_id: Id
    shelf: Id
    reason: str = ""


SET = Endpoint(method=PUT, path="/things/{thing_id}/shelves/{shelf}", takes=SetStock, gives=Done, may=OPERATORS)
WISH = SetStock(thing_id="t1", shelf="top", reason="found behind the shelf")


def chain(length: int) -> tuple[list[Entry], Head]:
    """As the log writes it: actions and outcomes in turn."""
    head, entries = Head(id=CHAIN), list[Entry]()
    for n in range(1, length + 1):
        plain = Entry(id=f"e{n}", at=float(n), of=f"e{n - 1}" if n % 2 == 0 else "", actor="ann", ids={"thing_id": str(n)}, status=200)
        entries.append(linked(plain, head))
        head = headed(entries[-1], head)
    return entries, head


@given(length=st.integers(0, 12), shuffle=st.randoms())
def test_a_chain_that_nobody_touched_has_no_fault(length: int, shuffle: Any) -> None:
    entries, head = chain(length)
    shuffle.shuffle(entries)
    assert list(faults(entries, head if length else None)) == []


OTHERS: dict[str, Any] = {
    "number": (0, 2, 99), "previous": ("", "0" * 64), "hash": ("", "0" * 64), "at": (0.0, 7.5), "of": ("", "e9"), "actor": ("", "bob"),
    "role": ("admin",), "method": ("PUT",), "path": ("/x",), "ids": ({}, {"thing_id": "other"}, {"more": "x"}), "trace_id": ("x",),
    "status": (0, 404),
}  # fmt: skip
CHANGES = [(field, value) for field, values in OTHERS.items() for value in values]


@given(length=st.integers(1, 12), place=st.integers(0, 11), change=st.sampled_from(CHANGES), forged=st.booleans())
def test_whatever_is_changed_by_hand_shows(length: int, place: int, change: tuple[str, Any], forged: bool) -> None:  # noqa: FBT001 - a case
    """Also where whoever changes it knows how to reckon the hash: then the next entry, or the head, tells."""
    entries, head = chain(length)
    at = place % length
    before = entries[at]
    changed = msgspec.structs.replace(before, **{change[0]: change[1]})
    entries[at] = msgspec.structs.replace(changed, hash=hash_of(changed)) if forged and change[0] != "hash" else changed
    assert (list(faults(entries, head)) == []) == (entries[at] == before)


def test_every_field_of_an_entry_is_tried() -> None:
    assert OTHERS.keys() == set(Entry.__struct_fields__) - {"id"}


@given(length=st.integers(1, 12), places=st.sets(st.integers(0, 11), min_size=1))
def test_whatever_is_taken_out_or_cut_off_shows(length: int, places: set[int]) -> None:
    entries, head = chain(length)
    gone = {place % length for place in places}
    left = [entry for n, entry in enumerate(entries) if n not in gone]
    assert min(number for number, _ in faults(left, head)) == min(gone) + 1


def test_a_head_that_is_lost_set_back_or_another_shows() -> None:
    entries, head = chain(3)
    for other in (None, chain(2)[1], msgspec.structs.replace(head, hash="0" * 64), chain(4)[1]):
        assert list(faults(entries, other))
    assert list(faults([], chain(3)[1])) == [(1, "entries 1 to 3 are missing")]
    assert list(faults([], None)) == []


def test_what_a_later_version_adds_changes_no_hash_of_older_entries() -> None:
    class Later(Entry, frozen=True, kw_only=True, omit_defaults=True):
        more: str = ""

    entry = chain(1)[0][0]
    assert hash_of(msgspec.convert(msgspec.to_builtins(entry), Later)) == entry.hash


def content_of(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.glob("toy.db*"))


async def kept(store: Store) -> tuple[list[Entry], Head]:
    return (await store[ACTIONS].find({}, order="number", limit=1000)).items, await store[HEADS].get(CHAIN)


async def test_two_copies_that_write_at_once_write_one_chain(tmp_path: Path) -> None:
    path = tmp_path / "toy.db"
    async with open_store(path, KINDS) as one, open_store(path, KINDS) as other:
        logs = ActionLog(one), ActionLog(other)

        async def act(number: int) -> None:
            mine = logs[number % 2]
            await mine.ended(await mine.note(SET, Caller(f"boss{number}", Role.OPERATOR), WISH), 204)

        await asyncio.gather(*(act(n) for n in range(60)))
        entries, head = await kept(one)
        assert (len(entries), head.number) == (120, 120)
        assert list(faults(entries, head)) == []


async def test_an_action_is_told_with_its_outcome_newest_first_and_without_the_body(tmp_path: Path) -> None:
    async with open_store(tmp_path / "toy.db", KINDS) as store:
        log = ActionLog(store, lambda: 1000.0)
        first, second = await log.note(SET, BOSS, WISH), await log.note(SET, Caller("ann", Role.OPERATOR), WISH)
        await log.ended(first, 409)
        (newest, unknown), (oldest, ended) = (await log.page(None, None, 10))[0]
        assert (newest.id, unknown, oldest.id) == (second, None, first)
        assert ended is not None
        assert (ended.status, oldest.actor, oldest.role, oldest.method, oldest.path) == (409, "boss", "admin", "PUT", SET.path)
        assert oldest.ids == {"thing_id": "t1", "shelf": "top"}
        assert [entry.id for entry, _ in (await log.page("boss", None, 10))[0]] == [first]
        assert [entry.id for entry, _ in (await log.page(None, second, 10))[0]] == [first]
        assert await log.page("boss", first, 10) == ([], False)
        page, more = await log.page(None, None, 1)
        assert ([entry.id for entry, _ in page], more) == ([second], True)
    content = content_of(tmp_path)
    assert (b"behind" in content, b"boss" in content) == (False, True)


async def test_what_cannot_be_written_raises_and_leaves_the_chain_whole(tmp_path: Path) -> None:
    async with open_store(tmp_path / "toy.db", KINDS) as store:
        log = ActionLog(store)
        action_id = await log.note(SET, BOSS, WISH)
        with closing(sqlite3.connect(tmp_path / "toy.db", isolation_level=None, timeout=1)) as by_hand:
            by_hand.execute("ALTER TABLE actions RENAME TO elsewhere")
            with pytest.raises(StoreUnavailable) as held:
                await log.note(SET, BOSS, WISH)
            by_hand.execute("ALTER TABLE elsewhere RENAME TO actions")
            assert held.value.__cause__ is not None, "a failure that somebody holds on to keeps no lock"
            by_hand.execute("ALTER TABLE actions RENAME TO elsewhere")
            await log.ended(action_id, 200)  # the effect stands: nobody is told otherwise
            by_hand.execute("ALTER TABLE elsewhere RENAME TO actions")
        await log.note(SET, BOSS, WISH)
        entries, head = await kept(store)
        assert (len(entries), list(faults(entries, head))) == (2, [])


@pytest.mark.parametrize(
    ("method", "may", "others", "noted"),
    [
        (POST, OPERATORS, False, True),
        (POST, (ADMIN,), False, True),
        (POST, (OPERATOR, ADMIN, SERVICE), False, True),
        (POST, (CUSTOMER, OPERATOR, ADMIN), False, False),
        (POST, (CUSTOMER, OPERATOR, ADMIN), True, True),
        (POST, (SERVICE,), False, False),
        (POST, (Role.ANYONE,), False, False),
        (SET.method.GET, OPERATORS, False, False),
    ],
)
def test_which_calls_are_actions(method: Any, may: tuple[Role, ...], others: bool, noted: bool) -> None:  # noqa: FBT001 - a case
    path = "/things" if method is POST else SET.path
    assert Endpoint(method=method, path=path, takes=SetStock, gives=Done, may=may, others=others).noted is noted
