"""Rows that are put away into a file are those that were put in, in whatever order they come, are replaced and are taken out."""

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from contracts.audit import Counter, Entry, Movement
from mall.auditing.shelves import Archive, Moves, Shelf

IDS = st.text("abc", min_size=1, max_size=2)
ROWS = st.builds(
    Counter,
    id=IDS,
    revision=st.integers(1, 9),
    available=st.integers(-(2**60), 2**60),
    reserved=st.integers(0, 9),
    open=st.dictionaries(IDS, st.builds(Entry, st.integers(1, 9), st.sampled_from(("held", "taken"))), max_size=2),
)
MOVES = st.builds(
    Movement, id=IDS, revision=st.integers(1, 9), key=IDS, thing=st.sampled_from(("", "tea", "pot")), quantity=st.integers(1, 9), state=IDS
)


class ShelfAsDict(RuleBasedStateMachine):
    """Beside a dict."""

    def __init__(self) -> None:
        super().__init__()
        self.shelf, self.known = Shelf(Archive(), Counter, 3), dict[str, Counter]()

    @rule(row=ROWS)
    def put(self, row: Counter) -> None:
        self.shelf[row.id] = self.known[row.id] = row

    @rule(key=IDS)
    def take_out(self, key: str) -> None:
        assert self.shelf.pop(key, None) == self.known.pop(key, None)

    @rule(key=IDS)
    def look(self, key: str) -> None:
        assert (self.shelf.get(key), key in self.shelf) == (self.known.get(key), key in self.known)

    @invariant()
    def both_are_the_same(self) -> None:
        assert dict(self.shelf.items()) == self.known
        assert sorted(self.shelf) == sorted(self.known)
        assert {row.id: row for row in self.shelf.values()} == self.known
        assert len(self.shelf) == len(self.known)


TestShelfAsDict = ShelfAsDict.TestCase


@given(rows=st.lists(MOVES, max_size=12), more=st.lists(MOVES, max_size=12), gone=st.none() | IDS, most=st.integers(1, 9))
def test_movements_are_found_by_key_and_by_thing(rows: list[Movement], more: list[Movement], gone: str | None, most: int) -> None:
    moves = Moves(Movement, most=most)
    for row in rows:
        moves.put(row)
    list(moves.of_thing("tea"))  # what comes after the index is found as well
    for row in more:
        moves.put(row)
    if gone is not None:
        moves.drop(gone)
    known = {(row.key, row.id): row for row in (*rows, *more) if row.key != gone}
    assert list(moves) == [known[place] for place in sorted(known)]
    assert len(moves) == len(known)
    for key in {row.key for row in (*rows, *more)}:
        assert moves.of(key) == [known[place] for place in sorted(known) if place[0] == key]
    assert sorted(moves.things()) == sorted({row.thing for row in known.values()} - {""})
    for thing in ("tea", "pot"):
        assert {(row.key, row.id): row for row in moves.of_thing(thing)} == {at: row for at, row in known.items() if row.thing == thing}
