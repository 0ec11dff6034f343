"""Whom a caller asks next: everybody in turn, whoever is busy later, whoever failed last."""

import time
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from mallkit.copies import LONGEST, SHORTEST, Copies, Copy

URLS = [f"http://127.0.0.1:{port}" for port in (8004, 8104, 8204)]


def asked(copies: Copies) -> int:
    """The port of a copy that is asked and answers."""
    copy = copies.take()
    copy.answered()
    copy.under_way -= 1
    return copy.address.port


def test_copies_that_are_equal_are_taken_in_turn() -> None:
    copies = Copies(URLS)
    assert [asked(copies) for _ in range(6)] == [8004, 8104, 8204] * 2
    assert [address.port for address in copies] == [8004, 8104, 8204]


def test_the_only_copy_is_always_taken() -> None:
    copies = Copies(URLS[:1])
    for _ in range(3):
        copies.take().failed()
    assert copies.take().address.port == 8004


@given(st.lists(st.booleans(), max_size=60), st.integers(1, 3))
def test_nobody_is_asked_who_has_more_to_do_than_another(steps: list[bool], number: int) -> None:
    copies, taken = Copies(URLS[:number]), list[Copy]()
    for takes in steps:
        if takes or not taken:
            taken.append(copies.take())
        else:
            taken.pop(0).under_way -= 1
    counts = Counter(copy.address for copy in taken)
    chosen = copies.take().address
    assert counts[chosen] == min(counts[address] for address in copies)


def test_a_copy_that_failed_is_asked_last_until_some_time_has_passed() -> None:
    copies = Copies(URLS[:2])
    bad = copies.take()
    bad.failed()
    bad.under_way -= 1
    began = time.monotonic()
    while asked(copies) != bad.address.port:
        assert time.monotonic() - began < 5
    assert time.monotonic() - began > SHORTEST - 0.1


def test_it_is_left_alone_longer_with_each_failure_and_forgiven_with_an_answer() -> None:
    copies = Copies(URLS[:2])
    copy = copies.take()
    for expected in (1.0, 2.0, 4.0, 8.0, LONGEST, LONGEST):
        before = time.monotonic()
        copy.failed()
        assert before + expected <= copy.last_until <= time.monotonic() + expected
    copy.answered()
    copy.failed()
    assert copy.last_until <= time.monotonic() + SHORTEST


def test_where_all_have_failed_somebody_is_asked_all_the_same() -> None:
    copies = Copies(URLS)
    for _ in range(3):
        copy = copies.take()
        copy.failed()
        copy.under_way -= 1
    assert {copies.take().address.port for _ in range(3)} == {8004, 8104, 8204}
