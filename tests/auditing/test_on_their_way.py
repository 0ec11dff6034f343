"""Movements on their way between two writes, as a store without transactions shows them: reckoned as they will be, never as a loss."""

from contracts.audit import Counter, Entry, Movement
from mall.auditing.audit import INVARIANTS
from mall.auditing.books import Books
from mall.auditing.invariants import examine

RECEIVED = Movement(id="first/tea", revision=1, key="first", thing="tea", quantity=10, state="received")


def suspects(counter: Counter, *movements: Movement) -> list[str]:
    books = Books(counters={counter.id: counter})
    for movement in movements:
        books.movements.put(movement)
    found = examine(books, [each for each in INVARIANTS if each.name == "stock-balance"])
    return [suspect.told for finding in found for suspect in finding.suspects]


def movement(state: str, **more: object) -> Movement:
    return Movement(**({"id": "c/tea", "revision": 1, "key": "c", "thing": "tea", "quantity": 3, "state": state} | more))  # type: ignore[arg-type]  # as the case says


def counter(available: int, reserved: int, entry: Entry | None = None) -> Counter:
    return Counter(id="tea", revision=1, available=available, reserved=reserved, open={"c/tea": entry} if entry else {})


def test_pieces_that_are_reserved_before_the_movement_says_so_are_held() -> None:
    assert suspects(counter(7, 3, Entry(3, "held")), RECEIVED, movement("asked")) == []


def test_pieces_that_left_before_the_movement_says_so_are_sold() -> None:
    assert suspects(counter(7, 0, Entry(3, "taken")), RECEIVED, movement("held")) == []


def test_pieces_that_come_back_count_once() -> None:
    coming = Entry(3, "returned", "t", 3)
    assert suspects(counter(7, 0, coming), RECEIVED, movement("taken")) == []
    assert suspects(counter(7, 0, coming), RECEIVED, movement("returned", returned=3, token="t")) == []


def test_a_late_duplicate_gives_its_pieces_back() -> None:
    assert suspects(counter(7, 3, Entry(3, "held")), RECEIVED, movement("released")) == []


def test_pieces_that_left_and_that_nobody_counts_are_missed() -> None:
    assert suspects(counter(7, 0), RECEIVED, movement("held")) != []
    assert suspects(counter(7, 0, Entry(3, "taken")), RECEIVED) != []
