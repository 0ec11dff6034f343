"""Opening a SQLite store: older files are brought up to what is declared now, foreign and newer ones are refused by name."""

import asyncio
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from mallkit.sqlite import open_store
from mallkit.store import CannotOpen, Kind, StoreUnavailable, Taken
from tests.mallkit.books import NOTES, Note


@dataclass(frozen=True)
class Person:
    """As it was at first."""

    id: str
    name: str
    age: int = 0

    @property
    def initial(self) -> str:
        """Of the name."""
        return self.name[:1]

    @property
    def words(self) -> list[str]:
        """Of the name."""
        return self.name.split()


@dataclass(frozen=True)
class Named:
    """As it is later."""

    id: str
    names: list[str]
    title: str = field(default="", kw_only=True)

    @property
    def last(self) -> str:
        """Of the names."""
        return self.names[-1]


OLD: Kind[Person] = Kind(name="people", type=Person)
PEOPLE = [Person("p1", "Ada Lovelace", 36), Person("p2", "Alan Turing", 41), Person("p3", "Grace Hopper", 85)]


def kind(**declared: Any) -> Kind[Person]:
    return Kind(name="people", type=Person, **declared)


def newer() -> Kind[Named]:
    def split(raw: dict[str, Any]) -> dict[str, Any]:
        return {"id": raw["id"], "names": raw["name"].split()}

    return Kind(name="people", type=Named, fields={"last": str}, version=3, upcasters={1: split, 2: lambda raw: raw | {"title": "Dr"}})


@pytest.fixture
async def file(tmp_path: Path) -> Path:
    path = tmp_path / "some" / "people.sqlite"
    async with open_store(path, [OLD]) as store:
        await store.together(*map(store[OLD].adding, PEOPLE))
    return path


async def test_new_fields_terms_and_indexes_know_the_old_documents(file: Path) -> None:
    more = kind(fields={"initial": str, "age": int}, unique=(("age",),), indexes=(("initial", "age"),), many=("words",))
    async with open_store(file, [more, NOTES]) as store:
        people = store[more]
        assert [person.id for person in (await people.find({"initial": "A"}, order="-age")).items] == ["p2", "p1"]
        assert await people.count(all_of={"words": ["Ada"]}) == 1
        with pytest.raises(Taken) as error:
            await people.add(Person("p4", "Nobody", 36))
        assert error.value.index == "age"
        await store[NOTES].add(Note("n1", ""))
    async with open_store(file, [OLD]) as store:  # the release before: it knows nothing of them
        await store[OLD].add(Person("p4", "Nobody Else", 36))
        await store[OLD].change("p1", lambda person: Person(person.id, "Ada King", 37))
    less = kind(fields={"initial": str, "age": int}, many=("words",))
    async with open_store(file, [less]) as store:
        assert await store[less].counts("age") == {36: 1, 37: 1, 41: 1, 85: 1}
        assert await store[less].count(all_of={"words": ["Lovelace"]}) == 0
        assert await store[less].count(all_of={"words": ["King"]}) == 1


async def test_a_field_may_change_its_type(file: Path) -> None:
    async with open_store(file, [kind(fields={"age": int})]):
        pass

    @dataclass(frozen=True)
    class Worded(Person):
        @property
        def age_text(self) -> str:
            return f"{self.age}"

    first: Kind[Worded] = Kind(name="people", type=Worded, fields={"age_text": str, "age": float})
    async with open_store(file, [first]) as store:
        assert [person.id for person in (await store[first].find(order="age")).items] == ["p1", "p2", "p3"]
        assert await store[first].count({"age_text": "36"}) == 1


async def test_documents_of_an_older_shape_are_brought_up_when_read(file: Path) -> None:
    later = newer()
    async with open_store(file, [later]) as store:
        people = store[later]
        assert await people.get("p1") == Named("p1", ["Ada", "Lovelace"], title="Dr")
        assert [person.id for person in (await people.find(order="last")).items] == ["p3", "p1", "p2"]
        changed = await people.change("p2", lambda person: Named(person.id, [*person.names, "OBE"], title=person.title))
        assert await people.get("p2") == changed
        assert await people.count({"last": "OBE"}) == 1


async def test_a_newer_shape_is_refused_by_name(file: Path) -> None:
    later = newer()
    async with open_store(file, [OLD]) as old:
        async with open_store(file, [later]) as store:
            await store[later].add(Named("p9", ["New"]))
        with pytest.raises(StoreUnavailable, match="newer release"):
            await old[OLD].get("p9")
    with pytest.raises(CannotOpen, match=r"people was written by a newer release \(version 3, this one knows 1\)"):
        async with open_store(file, [OLD]):
            pass


async def test_a_newer_layout_is_refused(file: Path) -> None:
    raw = sqlite3.connect(file)
    raw.execute("PRAGMA user_version=9")
    raw.close()
    with pytest.raises(CannotOpen, match="layout 9"):
        async with open_store(file, [OLD]):
            pass


async def test_what_is_no_store_is_left_alone(tmp_path: Path) -> None:
    text, foreign = tmp_path / "text.sqlite", tmp_path / "foreign.sqlite"
    text.write_text("This is a letter, not a database. " * 200)
    raw = sqlite3.connect(foreign)
    raw.execute("CREATE TABLE theirs (x)")
    raw.close()
    for path, reason in ((text, "not a database"), (foreign, "another program"), (tmp_path, "cannot be opened")):
        before = path.read_bytes() if path.is_file() else b""
        with pytest.raises(CannotOpen, match=reason):
            async with open_store(path, [OLD]):
                pass
        assert (path.read_bytes() if path.is_file() else b"") == before


async def test_documents_that_cannot_meet_the_declaration_stop_the_start_and_change_nothing(file: Path) -> None:
    async with open_store(file, [OLD]) as store:
        await store[OLD].add(Person("p4", "Augusta Ada", 36))
    twice = kind(fields={"age": int}, unique=(("age",),))
    with pytest.raises(CannotOpen, match="same age"):
        async with open_store(file, [twice]):
            pass
    with pytest.raises(CannotOpen, match="row 1 of people"):
        async with open_store(file, [Kind(name="people", type=Named, many=("names",))]):
            pass
    async with open_store(file, [OLD]) as store:
        assert await store[OLD].count() == 4


async def test_a_store_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "own.db"
    async with open_store(path, [NOTES]) as store:
        await store[NOTES].add(Note("n1", "text"))
        files = await asyncio.to_thread(lambda: list(tmp_path.iterdir()))
        assert {each.name: each.stat().st_mode & 0o777 for each in sorted(files)} == dict.fromkeys(
            ("own.db", "own.db-wal", "own.db-shm"), 0o600
        )
